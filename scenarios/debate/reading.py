"""How a debater's answer is read from its reply, by the kind of question."""

import re
from collections.abc import Callable

from societies.agents.answers.answer import AnswerError
from societies.agents.answers.letters import ends_with_letter, read_letter
from societies.agents.answers.mathematics import (
    ends_with_box,
    number,
    read_mathematics,
    read_number,
    read_words,
)
from societies.agents.answers.refusals import is_refusal
from societies.scenarios.debate.questions import Question

TRANSLATION = re.compile(
    r"^[*_`#> \t-]*translation[*_`]*[ \t]*:[*_` \t]*", re.IGNORECASE | re.MULTILINE
)
ANY_LETTER = re.compile(r"\(([A-Za-z])\)")
DIGITS_IN_BRACES = re.compile(r"\{([0-9.,$]*)\}")
TAIL = " \t\r\n.$*}])\\"
"""What may follow the answer at the end of a reply in the form that the released code asks for."""


def read_answer(text: str, question: Question, fidelity: str = "paper") -> tuple[str, bool]:
    """Return the answer in a reply and whether it stands in the asked form.

    Raises:
        AnswerError: there is none, or more than one.
    """
    if fidelity == "released" and question.kind in RELEASED:
        return _read_released(text, question.kind)
    if question.kind == "choice":
        return read_letter(text, question.options)
    return READERS.get(question.kind, read_words)(text)


def is_whole(text: str, question: Question) -> bool:
    """Whether the answer's whole form stands in a reply that was cut off."""
    if question.kind == "translation":
        return False
    return ends_with_letter(text) if question.kind == "choice" else ends_with_box(text)


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


READERS: dict[str, Callable[[str], tuple[str, bool]]] = {
    "arithmetic": read_number,
    "gsm": read_number,
    "math": read_mathematics,
    "translation": _translation,
}
"""By kind of question; words are read from the others."""

# -- the published code of Du et al. 2023, slips included (`fidelity: released`) -------------------


def _read_released(text: str, kind: str) -> tuple[str, bool]:
    """Return the answer where the code looks for one, and whether it ends the reply, as asked."""
    found = RELEASED[kind](text)
    if found is None:
        raise AnswerError("no answer is found where the released code looks for one")
    answer, end = found
    return answer, not text[end:].strip(TAIL)


def _released_arithmetic(text: str) -> tuple[str, int] | None:
    """Return the last blank-separated token that is a number; commas are dots before."""
    for word in reversed(list(re.finditer(r"\S+", text.replace(",", ".")))):
        if re.fullmatch(r"[-+]?[0-9.]+", word[0]) and (value := number(word[0].rstrip("."))):
            return value, word.end()
    return None


def _released_word_problem(text: str) -> tuple[str, int] | None:
    """Return the last group of digits in braces, without its marks; else the last number."""
    braces = list(DIGITS_IN_BRACES.finditer(text))
    digits = re.sub(r"[^0-9.]", "", braces[-1][1]) if braces else ""
    if value := number(digits):
        return value, braces[-1].end()
    plain = list(re.finditer(r"[0-9]+\.?[0-9]*", text))
    value = number(plain[-1][0].rstrip(".")) if plain else None
    return (value, plain[-1].end()) if value else None


def _released_choice(text: str) -> tuple[str, int] | None:
    """Return the last letter in parentheses, whichever it is."""
    letters = list(ANY_LETTER.finditer(text))
    return (letters[-1][1].upper(), letters[-1].end()) if letters else None


RELEASED: dict[str, Callable[[str], tuple[str, int] | None]] = {
    "arithmetic": _released_arithmetic,
    "gsm": _released_word_problem,
    "choice": _released_choice,
}
