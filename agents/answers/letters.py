"""How the letter of an option is read from a reply: in the asked form, or not at all.

The asked form is one letter in parentheses at the end, such as (B). An option's own text names it
with goodwill, and so does a letter alone, in a box or announced.
"""

import re
from collections.abc import Sequence

from societies.agents.answers.answer import AnswerError
from societies.agents.answers.mathematics.equality import number, plain_words, unwrapped
from societies.agents.answers.mathematics.reading import NEGATED, boxes, ends_with_box, last_box
from societies.agents.answers.numbers import MARKUP

LETTERS = "ABCDEFGHIJ"
"""Names of options, in their order."""
LABEL = re.compile(
    r"^[*_`#> \t-]*(?:(?:so|thus|hence|therefore),? +)?"
    r"(?:(?:(?:my|the) )?(?:(?:final|correct|right|best|updated) )?(?:answer|result|option|choice)"
    r"|it)[*_`]*(?:[ \t]*[:=][*_`]*[ \t]*|[ \t]+is:?[ \t]+)(?:(?:option|choice)[ \t]+)?(.*)$",
    re.IGNORECASE | re.MULTILINE,
)
"""A line that announces the answer, and the rest of it."""
POINTING = re.compile(
    r"\b(?:answers?|options?|choices?|choose|pick|select|go|correct|right|best|is|be|so|thus|hence"
    r"|therefore|but)\b",
    re.IGNORECASE,
)
"""Words by which a sentence says that the letter at its end is the answer."""
LISTED = re.compile(r"^\W*\([A-Za-z]\)[^\n]*\n+\W*$", re.MULTILINE)
LETTER = re.compile(r"(?<!\w)\(([A-Za-z])\)")
DISMISSED = re.compile(r"\b(?:not|neither|nor|than)\s+(?:option\s+)?\([A-Za-z]\)", re.IGNORECASE)
BARE_LETTER = re.compile(r"\(?([A-Za-z])(?:\)[.:]?|[.:]|$)\s*(.*)", re.DOTALL)
PRAISED = re.compile(r"\s+is\s+(?:the\s+)?(?:right|correct|best)(?:\s+(?:answer|option|one))?")
OPTION_NAMED = re.compile(
    r"\b(?:answer|option|choice)[*_`]*(?::|[ \t]+is:?)[*_` \t]*\([A-Za-z]\)[*_`]*\.[\s*_`]*$",
    re.IGNORECASE,
)


def named_letter(words: str, options: Sequence[str]) -> str | None:
    """Return the option that is named by its letter, by its own text, or by both."""
    letters = LETTERS[: len(options)]
    bare = unwrapped(words).strip(MARKUP)
    found = BARE_LETTER.fullmatch(bare)
    letter = found[1].upper() if found else ""
    named = _options_called(bare, options)
    if found and letter in letters and _is_said_of(letter, found[2], options):
        named.add(letter)
    return named.pop() if len(named) == 1 else None


def read_letter(text: str, options: Sequence[str]) -> tuple[str, bool]:
    """Return the letter in parentheses at the end of a reply, or else the option it announces.

    Beside it stands whether the reply follows the asked form.

    Raises:
        AnswerError: there is none, or more than one.
    """
    letters, box = LETTERS[: len(options)], last_box(text)
    kept = DISMISSED.sub("", text)
    found = [match for match in LETTER.finditer(kept) if match[1].upper() in letters]
    if box is None and found:
        if _is_the_answer(found, kept, options):
            return found[-1][1].upper(), found[-1][1].isupper()
        named = set[str]()
    else:
        announced = [box] if box is not None else [*LABEL.findall(text), text]
        named = {letter for words in announced if (letter := named_letter(words, options))}
    if len(named) != 1:
        raise AnswerError(
            f"the reply does not end with one option letter in parentheses, (A) to ({letters[-1]})"
        )
    return named.pop(), False


def ends_with_letter(text: str) -> bool:
    """Whether the whole form stands in a reply that was cut off: a sentence that names an option.

    A closed box at the end, or announced, is as good (see `ends_with_box`).
    """
    found = [content for _, _, content in boxes(text)]
    if found and found[-1] is not None:
        return ends_with_box(text)
    return bool(OPTION_NAMED.search(text))


def _options_called(words: str, options: Sequence[str]) -> set[str]:
    """Return the options whose own text this is; with a number, also the one that it counts to."""
    letters = LETTERS[: len(options)]
    said, *texts = (plain_words(text) or text.casefold() for text in (words, *options))
    named = {
        letter for letter, option in zip(letters, texts, strict=True) if said and said == option
    }
    count = number(said)
    if named and count and count.isdigit() and 0 < int(count) <= len(letters):
        named.add(letters[int(count) - 1])
    return named


def _is_said_of(letter: str, rest: str, options: Sequence[str]) -> bool:
    """Whether what follows a letter is nothing, the option's own text, or that it is right."""
    option = options[LETTERS.index(letter)]
    words = plain_words(rest)
    return not words or words == plain_words(option) or bool(PRAISED.fullmatch(f" {words}"))


def _is_the_answer(found: Sequence[re.Match[str]], text: str, options: Sequence[str]) -> bool:
    """Whether the last letter in parentheses is what a reply ends with, and the only one there."""
    last, letter = found[-1], found[-1][1].upper()
    before, behind = text[: last.start()], text[last.end() :]
    start = max(before.rfind(mark) for mark in ("\n", ". ", "! ", "? ")) + 1
    sentence = before[start:].strip(MARKUP)
    others = (option for name, option in zip(LETTERS, options, strict=False) if name != letter)
    said = plain_words(sentence)
    return (
        all(match[1].upper() == letter for match in found if match.start() >= start)
        and (not sentence or POINTING.search(sentence) is not None)
        and not any(said.endswith(f" {plain_words(option)}") for option in others)
        and not NEGATED.search(before)
        and not LISTED.search(before)
        and not behind.lstrip(MARKUP).startswith("?")
        and _is_said_of(letter, behind, options)
    )
