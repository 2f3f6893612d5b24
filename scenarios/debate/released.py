"""How the published code of Du et al. 2023 reads answers, slips included (`fidelity: released`)."""

import re
from collections.abc import Callable

from societies.agents.answers.answer import AnswerError
from societies.scenarios.debate import equality
from societies.scenarios.debate.tasks import Question

LETTER = re.compile(r"\(([A-Za-z])\)")
DIGITS_IN_BRACES = re.compile(r"\{([0-9.,$]*)\}")
TAIL = " \t\r\n.$*}])\\"
"""What may follow the answer at the end of a reply in the asked form."""


def read(text: str, question: Question) -> tuple[str, bool]:
    """Return the answer where the code looks for one, and whether it ends the reply, as asked.

    Raises:
        AnswerError: there is none.
    """
    found = READERS[question.kind](text)
    if found is None:
        raise AnswerError("no answer is found where the released code looks for one")
    answer, end = found
    return answer, not text[end:].strip(TAIL)


def _arithmetic(text: str) -> tuple[str, int] | None:
    """Return the last blank-separated token that is a number; commas are dots before."""
    for word in reversed(list(re.finditer(r"\S+", text.replace(",", ".")))):
        if re.fullmatch(r"[-+]?[0-9.]+", word[0]) and (
            value := equality.number(word[0].rstrip("."))
        ):
            return value, word.end()
    return None


def _word_problem(text: str) -> tuple[str, int] | None:
    """Return the last group of digits in braces, without its marks; else the last number."""
    braces = list(DIGITS_IN_BRACES.finditer(text))
    digits = re.sub(r"[^0-9.]", "", braces[-1][1]) if braces else ""
    if value := equality.number(digits):
        return value, braces[-1].end()
    plain = list(re.finditer(r"[0-9]+\.?[0-9]*", text))
    value = equality.number(plain[-1][0].rstrip(".")) if plain else None
    return (value, plain[-1].end()) if value else None


def _choice(text: str) -> tuple[str, int] | None:
    """Return the last letter in parentheses, whichever it is."""
    letters = list(LETTER.finditer(text))
    return (letters[-1][1].upper(), letters[-1].end()) if letters else None


READERS: dict[str, Callable[[str], tuple[str, int] | None]] = {
    "arithmetic": _arithmetic,
    "gsm": _word_problem,
    "choice": _choice,
}
