"""How an answer in a LaTeX box is read from a reply: in the asked form, or not at all.

A reply that a careful person would not read in exactly one way is unreadable. Readers return the
answer and whether it stands in the asked form; goodwill is for the form alone: markup, a full stop,
a label before the value.
"""

import re
from collections.abc import Iterator

from societies.agents.answers.answer import AnswerError
from societies.agents.answers.mathematics.equality import fraction, number, unwrapped
from societies.agents.answers.numbers import MARKUP

BOX = re.compile(r"\\(?:boxed|fbox)\{")
ANNOUNCED = re.compile(
    r"(?:\b(?:answer|result)[*_`]*(?:[ \t]*[:=][*_`]*[ \t]*|[ \t]+is:?[ \t]+)|^it is )([^\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
"""What is announced, wherever it stands."""
NAMED = re.compile(
    r"^[*_`#> \t-]*(?:final )?answer[*_`]*[ \t]*:[*_`]*[ \t]*(.*)$", re.IGNORECASE | re.MULTILINE
)
"""A line `Answer: ...`, and the rest of it."""
NEGATED = re.compile(
    r"(?:\b(?:never|neither|nor)|not|n['\u2019]t)(?: +even)?(?: +(?:be|equal(?: +to)?))?"
    r"[\s:*$\\(\[]*$",
    re.IGNORECASE,
)
WITHDRAWN = re.compile(
    r"\b(?:wrong|incorrect|mistaken?|actually|wait|not (?:right|correct|sure|certain|think))\b"
    r"|^[\s$*.,)\]]*(?:\?|or\b)|n['\u2019]t think",
    re.IGNORECASE,
)
"""Behind an answer: it is doubted, taken back, or one of two."""
EITHER = re.compile(r"[\s$,*\\)(\]\[]*(?:(?:or|and)\b)?[\s$,*\\)(\]\[]*", re.IGNORECASE)
CLOSED = re.compile(r"[\s$*.\\)\]]*")
"""What may stand between a box and the end of its sentence."""
NAMES_THE_ANSWER = re.compile(
    r"\banswer(?: to (?:the|this|your) (?:question|problem|exercise|expression))?[*_`]*"
    r"(?:[ \t]*[:=]|[ \t]+is:?)[*_`$\\(\[\s]*$",
    re.IGNORECASE,
)
"""Before a box: it holds the answer, not a step on the way to it."""
GOING_ON = re.compile(
    r"\b(?:but|however|check\w*|verif\w+|let|then|next|now|again|except|though|although)\b",
    re.IGNORECASE,
)
"""Behind an answer, in a reply that was cut off: it might have been corrected."""
SLOTS = {"", "...", "\u2026", "\\ldots", "\\dots", "your answer", "your number", "answer", "number"}
"""What stands in the box of a form line: given back, it is no answer."""
NO_BOX = "there is no \\boxed{...} with the answer"


def boxes(text: str) -> Iterator[tuple[int, int, str | None]]:
    r"""Yield start, end and content of every `\boxed{...}` or `\fbox{...}`, in order.

    The content of one whose braces do not balance is None; nothing is looked for behind it.
    """
    end = 0
    while found := BOX.search(text, end):
        closing = _closing_brace(text, found.end() - 1)
        if closing is None:
            yield found.start(), len(text), None
            return
        end = closing + 1
        yield found.start(), end, text[found.end() : closing].strip()


def boxed(text: str) -> str | None:
    """Return what stands in the last box; None if there is none, or if it is never closed."""
    found = [content for _, _, content in boxes(text)]
    return found[-1] if found else None


def _closing_brace(text: str, opening: int) -> int | None:
    """Return where the brace that opens at `opening` is closed."""
    depth, position = 0, opening
    while position < len(text):
        letter = text[position]
        if letter == "\\":
            position += 1
        elif letter == "{":
            depth += 1
        elif letter == "}":
            depth -= 1
            if not depth:
                return position
        position += 1
    return None


def last_box(text: str) -> str | None:
    r"""Return what stands in the last `\boxed{...}` of a reply; None if there is no box.

    Raises:
        AnswerError: the box is never closed, holds the form line's own words, is denied or taken
            back, or is one of two alternatives.
    """
    found = list(boxes(text))
    if not found:
        return None
    start, end, content = found[-1]
    if content is None:
        raise AnswerError("the last \\boxed{ is never closed")
    if unwrapped(content).strip("<>[]?_ ").casefold() in SLOTS:
        raise AnswerError(f"\\boxed{{{content}}} is the form, not an answer")
    if NEGATED.search(text[:start]) or WITHDRAWN.search(text[end:]):
        raise AnswerError("the answer in the box is denied, or taken back")
    others = [box for box in found[:-1] if box[2] != content]
    if others and EITHER.fullmatch(text[others[-1][1] : start]):
        raise AnswerError("there are two boxes with different answers; give one")
    return content


def ends_with_box(text: str) -> bool:
    r"""Whether a boxed answer's whole form stands in a reply that was cut off.

    Either the reply ends with a closed box; or it announces one box as the answer in a sentence of
    its own (`The answer is \boxed{42}. It ...`), and what stands behind does not go on reckoning: a
    later box might have been the last one.
    """
    found = list(boxes(text))
    if not found or found[-1][2] is None:
        return False
    start, end, content = found[-1]
    closing = CLOSED.match(text, end)
    rest = text[closing.end() if closing else end :]
    if not rest:
        return True
    closed = text[end : len(text) - len(rest)]
    return (
        all(box[2] == content for box in found)
        and bool({".", "\n"} & set(closed))
        and NAMES_THE_ANSWER.search(text[:start]) is not None
        and not GOING_ON.search(rest)
    )


def read_mathematics(text: str) -> tuple[str, bool]:
    """Return what stands in the last box of a reply.

    Raises:
        AnswerError: there is none, or it is no answer (see `last_box`).
    """
    box = last_box(text)
    if box is None:
        raise AnswerError(NO_BOX)
    return box, True


def read_number(text: str) -> tuple[str, bool]:
    """Return the number in the box of a reply, or else the one that it announces, or is.

    Raises:
        AnswerError: there is none, or it is not one plain number or fraction.
    """
    box = last_box(text)
    if box is not None:
        value, plain = _number(box)
        _, end, _ = list(boxes(text))[-1]
        behind = {
            number(words.strip(MARKUP).rstrip(".")) for words in ANNOUNCED.findall(text[end:])
        }
        if behind - {value, None}:
            raise AnswerError("another number is announced than the one in the box")
        return value, plain
    announced = [words for words in ANNOUNCED.findall(text) if words.strip(MARKUP)]
    numbers = {_number(words)[0] for words in announced or [text]}
    if len(numbers) > 1:
        raise AnswerError(f"different answers are announced: {' and '.join(sorted(numbers))}")
    return numbers.pop(), False


def _number(words: str) -> tuple[str, bool]:
    """Return one number in canonical form, and whether it was written plainly."""
    bare = unwrapped(words).replace("\\$", "").strip(MARKUP).rstrip(".").strip(MARKUP)
    plain = number(bare.replace("{,}", ","))
    if plain is not None:
        return plain, True
    bare = re.sub(r"^[A-Za-z]\s*=\s*", "", bare)
    found = number(bare) or fraction(bare)
    if found is None:
        raise AnswerError(f"{words.strip()[:60]!r} is not one number without a unit")
    return found, False


def read_words(text: str) -> tuple[str, bool]:
    """Return the words in the box of a reply, or else those on its one line `Answer: ...`.

    Raises:
        AnswerError: there are none, or they are not one answer.
    """
    box = last_box(text)
    if box is not None:
        return unwrapped(box), True
    named = {unwrapped(words).strip(MARKUP) for words in NAMED.findall(text)}
    found = {words for words in named if words.strip("<>[]?. ").casefold() not in SLOTS}
    if len(found) != 1:
        raise AnswerError(NO_BOX)
    return found.pop(), False
