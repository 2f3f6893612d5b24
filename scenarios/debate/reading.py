"""How a debater's answer is read from its reply: in the asked form, or not at all.

A reply that a careful person would not read in exactly one way is unreadable. Goodwill (`lenient`)
is for the form alone: markup, a full stop, a label before the value.
"""

import re
from collections.abc import Sequence

from societies.agents.answers.answer import AnswerError
from societies.agents.answers.refusals import is_refusal
from societies.scenarios.debate import equality, released
from societies.scenarios.debate.tasks import Question

NUMBERS = ("arithmetic", "gsm")
MARKUP = " \t\r\n*_`$"
LABEL = re.compile(
    r"^[*_`#> \t-]*(?:(?:so|thus|hence|therefore),? +)?"
    r"(?:(?:(?:my|the) )?(?:(?:final|correct|right|best|updated) )?(?:answer|result|option|choice)"
    r"|it)[*_`]*(?:[ \t]*[:=][*_`]*[ \t]*|[ \t]+is:?[ \t]+)(?:(?:option|choice)[ \t]+)?(.*)$",
    re.IGNORECASE | re.MULTILINE,
)
"""A line that announces the answer, and the rest of it."""
ANNOUNCED = re.compile(
    r"(?:\b(?:answer|result)[*_`]*(?:[ \t]*[:=][*_`]*[ \t]*|[ \t]+is:?[ \t]+)|^it is )([^\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
"""What is announced, wherever it stands."""
POINTING = re.compile(
    r"\b(?:answers?|options?|choices?|choose|pick|select|go|correct|right|best|is|be|so|thus|hence"
    r"|therefore|but)\b",
    re.IGNORECASE,
)
"""Words by which a sentence says that the letter at its end is the answer."""
LISTED = re.compile(r"^\W*\([A-Za-z]\)[^\n]*\n+\W*$", re.MULTILINE)
NAMED = re.compile(
    r"^[*_`#> \t-]*(?:final )?answer[*_`]*[ \t]*:[*_`]*[ \t]*(.*)$", re.IGNORECASE | re.MULTILINE
)
"""A line `Answer: ...`, and the rest of it."""
LETTER = re.compile(r"(?<!\w)\(([A-Za-z])\)")
DISMISSED = re.compile(r"\b(?:not|neither|nor|than)\s+(?:option\s+)?\([A-Za-z]\)", re.IGNORECASE)
BARE_LETTER = re.compile(r"\(?([A-Za-z])(?:\)[.:]?|[.:]|$)\s*(.*)", re.DOTALL)
PRAISED = re.compile(r"\s+is\s+(?:the\s+)?(?:right|correct|best)(?:\s+(?:answer|option|one))?")
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
OPTION_NAMED = re.compile(
    r"\b(?:answer|option|choice)[*_`]*(?::|[ \t]+is:?)[*_` \t]*\([A-Za-z]\)[*_`]*\.[\s*_`]*$",
    re.IGNORECASE,
)
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
TRANSLATION = re.compile(
    r"^[*_`#> \t-]*translation[*_`]*[ \t]*:[*_` \t]*", re.IGNORECASE | re.MULTILINE
)


def read_answer(text: str, question: Question, fidelity: str = "paper") -> tuple[str, bool]:
    """Return the answer in a reply and whether it stands in the asked form.

    Raises:
        AnswerError: there is none, or more than one.
    """
    if fidelity == "released" and question.kind in released.READERS:
        return released.read(text, question)
    if question.kind == "choice":
        return _choice(text, question)
    if question.kind == "translation":
        return _translation(text)
    if question.kind in NUMBERS:
        return read_number(text)
    box = last_box(text)
    if box is not None:
        return (box if question.kind == "math" else equality.unwrapped(box)), True
    if question.kind == "math":
        raise AnswerError("there is no \\boxed{...} with the answer")
    return _named(text), False


def is_whole(text: str, question: Question) -> bool:
    r"""Whether the answer's whole form stands in a reply that was cut off.

    Either the reply ends with a closed box, or with a whole sentence that names an option; or it
    announces one box as the answer in a sentence of its own (`The answer is \boxed{42}. It ...`),
    and what stands behind does not go on reckoning: a later box might have been the last one.
    """
    if question.kind == "translation":
        return False
    boxes = list(equality.boxes(text))
    if not boxes or boxes[-1][2] is None:
        return question.kind == "choice" and bool(OPTION_NAMED.search(text))
    start, end, content = boxes[-1]
    closing = CLOSED.match(text, end)
    rest = text[closing.end() if closing else end :]
    if not rest:
        return True
    closed = text[end : len(text) - len(rest)]
    return (
        all(box[2] == content for box in boxes)
        and bool({".", "\n"} & set(closed))
        and NAMES_THE_ANSWER.search(text[:start]) is not None
        and not GOING_ON.search(rest)
    )


def last_box(text: str) -> str | None:
    r"""Return what stands in the last `\boxed{...}` of a reply; None if there is no box.

    Raises:
        AnswerError: the box is never closed, holds the form line's own words, is denied or taken
            back, or is one of two alternatives.
    """
    boxes = list(equality.boxes(text))
    if not boxes:
        return None
    start, end, content = boxes[-1]
    if content is None:
        raise AnswerError("the last \\boxed{ is never closed")
    if equality.unwrapped(content).strip("<>[]?_ ").casefold() in SLOTS:
        raise AnswerError(f"\\boxed{{{content}}} is the form, not an answer")
    if NEGATED.search(text[:start]) or WITHDRAWN.search(text[end:]):
        raise AnswerError("the answer in the box is denied, or taken back")
    others = [box for box in boxes[:-1] if box[2] != content]
    if others and EITHER.fullmatch(text[others[-1][1] : start]):
        raise AnswerError("there are two boxes with different answers; give one")
    return content


def read_number(text: str) -> tuple[str, bool]:
    """Return the number in the box of a reply, or else the one that it announces, or is.

    Raises:
        AnswerError: there is none, or it is not one plain number or fraction.
    """
    box = last_box(text)
    if box is not None:
        found, plain = _number(box)
        _, end, _ = list(equality.boxes(text))[-1]
        behind = {
            equality.number(words.strip(MARKUP).rstrip("."))
            for words in ANNOUNCED.findall(text[end:])
        }
        if behind - {found, None}:
            raise AnswerError("another number is announced than the one in the box")
        return found, plain
    announced = [words for words in ANNOUNCED.findall(text) if words.strip(MARKUP)]
    numbers = {_number(words)[0] for words in announced or [text]}
    if len(numbers) > 1:
        raise AnswerError(f"different answers are announced: {' and '.join(sorted(numbers))}")
    return numbers.pop(), False


def _number(words: str) -> tuple[str, bool]:
    """Return one number in canonical form, and whether it was written plainly."""
    bare = equality.unwrapped(words).replace("\\$", "").strip(MARKUP).rstrip(".").strip(MARKUP)
    plain = equality.number(bare.replace("{,}", ","))
    if plain is not None:
        return plain, True
    bare = re.sub(r"^[A-Za-z]\s*=\s*", "", bare)
    found = equality.number(bare) or equality.fraction(bare)
    if found is None:
        raise AnswerError(f"{words.strip()[:60]!r} is not one number without a unit")
    return found, False


def read_choice(words: str, question: Question) -> str | None:
    """Return the option that is named by its letter, by its own text, or by both."""
    bare = equality.unwrapped(words).strip(MARKUP)
    found = BARE_LETTER.fullmatch(bare)
    letter = found[1].upper() if found else ""
    named = _options_called(bare, question)
    if found and letter in question.letters and _is_said_of(letter, found[2], question):
        named.add(letter)
    return named.pop() if len(named) == 1 else None


def _options_called(words: str, question: Question) -> set[str]:
    """Return the options whose own text this is; with a number, also the one that it counts to."""
    said, *texts = (
        equality.plain_words(text) or text.casefold() for text in (words, *question.options)
    )
    named = {
        letter
        for letter, option in zip(question.letters, texts, strict=True)
        if said and said == option
    }
    count = equality.number(said)
    if named and count and count.isdigit() and 0 < int(count) <= len(question.letters):
        named.add(question.letters[int(count) - 1])
    return named


def _is_said_of(letter: str, rest: str, question: Question) -> bool:
    """Whether what follows a letter is nothing, the option's own text, or that it is right."""
    option = question.options[question.letters.index(letter)]
    words = equality.plain_words(rest)
    return (
        not words or words == equality.plain_words(option) or bool(PRAISED.fullmatch(f" {words}"))
    )


def _choice(text: str, question: Question) -> tuple[str, bool]:
    """Return the option letter in parentheses at the end of a reply, or else the announced one."""
    box = last_box(text)
    kept = DISMISSED.sub("", text)
    letters = [match for match in LETTER.finditer(kept) if match[1].upper() in question.letters]
    if box is None and letters:
        if _is_the_answer(letters, kept, question):
            return letters[-1][1].upper(), letters[-1][1].isupper()
        found = set[str]()
    else:
        announced = [box] if box is not None else [*LABEL.findall(text), text]
        found = {letter for words in announced if (letter := read_choice(words, question))}
    if len(found) != 1:
        options = f"(A) to ({question.letters[-1]})"
        raise AnswerError(
            f"the reply does not end with one option letter in parentheses, {options}"
        )
    return found.pop(), False


def _is_the_answer(letters: Sequence[re.Match[str]], text: str, question: Question) -> bool:
    """Whether the last letter in parentheses is what a reply ends with, and the only one there."""
    last, letter = letters[-1], letters[-1][1].upper()
    before, behind = text[: last.start()], text[last.end() :]
    start = max(before.rfind(mark) for mark in ("\n", ". ", "! ", "? ")) + 1
    sentence = before[start:].strip(MARKUP)
    others = (
        option
        for name, option in zip(question.letters, question.options, strict=True)
        if name != letter
    )
    said = equality.plain_words(sentence)
    return (
        all(match[1].upper() == letter for match in letters if match.start() >= start)
        and (not sentence or POINTING.search(sentence) is not None)
        and not any(said.endswith(f" {equality.plain_words(option)}") for option in others)
        and not NEGATED.search(before)
        and not LISTED.search(before)
        and not behind.lstrip(MARKUP).startswith("?")
        and _is_said_of(letter, behind, question)
    )


def _translation(text: str) -> tuple[str, bool]:
    """Return what stands behind the last `Translation:` at the beginning of a line."""
    marks = list(TRANSLATION.finditer(text))
    if not marks:
        raise AnswerError("there is no line that begins with 'Translation:'")
    lines = [line for line in text[marks[-1].end() :].split("\n") if line.strip()]
    if len(lines) > 1:
        raise AnswerError("there is more than one line behind 'Translation:'")
    words = " ".join(" ".join(lines).split()).strip("*_` ")
    if not words or words.strip("[]<>").casefold() in {"your translation", "...", "\u2026"}:
        raise AnswerError("there is nothing behind 'Translation:'")
    if is_refusal(words):
        raise AnswerError("what stands behind 'Translation:' is a refusal")
    return words, marks[-1][0].strip() == "Translation:"


def _named(text: str) -> str:
    """Return what follows `Answer:` on its line."""
    named = {equality.unwrapped(words).strip(MARKUP) for words in NAMED.findall(text)}
    found = {words for words in named if words.strip("<>[]?. ").casefold() not in SLOTS}
    if len(found) != 1:
        raise AnswerError("there is no \\boxed{...} with the answer")
    return found.pop()
