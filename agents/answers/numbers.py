"""Numbers in replies: read strictly, so that no number is taken that was not meant."""

import re
from collections.abc import Mapping
from math import inf
from typing import Any, ClassVar, Self

from societies.agents.answers.answer import Answer, AnswerError, Situation

MARKUP = " \t\r\n*_`$"
PLAIN = re.compile(r"\s*(\d+(?:\.\d+)?)")
PLAIN_OR_COMMA = re.compile(r"\s*(\d+(?:[.,]\d+)?)")
GROUPED = re.compile(r"([1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?)(?!\d|,\d)")
AMBIGUOUS = re.compile(
    r"""[^\W_] | [.,'\u2019]\d                           # 5k, 1.2.3, 1'200
    | [^\S\n]*[*_`]*[^\S\n]*(?:                          # then, on the same line:
        \d | [-\u2010-\u2015\u2212+*/\xd7\xf7=^:][^\S\n]*\d  # 5 000, 5-10, 10 * 0.5
        | (?:to|or)[^\S\n]+\d+(?:\.\d+)?(?!\w)           # 5 to 10, but not: 5 to 3_4
        | %|per\s?cent\b|hundred|thousand|million|billion
    )""",
    re.VERBOSE | re.IGNORECASE,
)


class NumberAnswer(Answer):
    """Base of answers that are one number, not negative, behind a marker.

    A subclass has one field of its own, the number:

    >>> class Gift(NumberAnswer, marker="Answer:"):
    ...     amount: float
    """

    marker: ClassVar[str] = "Answer:"
    """What stands before the number; set by `class Gift(NumberAnswer, marker="I give")`."""
    unit: ClassVar[str] = "units"
    """What is counted, in words; set like the marker."""
    structured: ClassVar[bool] = True

    reason: str = ""
    """What the reply says above the marker."""

    def __init_subclass__(cls, *, marker: str = "", unit: str = "", **others: Any) -> None:
        super().__init_subclass__(**others)
        cls.marker, cls.unit = marker or cls.marker, unit or cls.unit

    def most(self, situation: Situation) -> float:  # noqa: ARG002 - subclasses use it
        """Return the largest number that is possible; by default any is."""
        return inf

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read the number behind the marker; what could be meant in two ways is refused."""
        reason, *after = split_at(cls.marker, text)
        found = [read_number(each, cls.marker, cls.unit) for each in after]
        value, lenient = found[0]
        if any(other != value for other, _ in found):
            raise AnswerError(disagreeing(cls.marker))
        given = {"reason": reason.strip(), cls._number(): value}
        answer = cls.model_validate(given, strict=False)  # 7.0 is an integer, too
        answer = answer.within(situation)
        return answer.marked("lenient") if lenient else answer

    def within(self, situation: Mapping[str, Any]) -> Self:
        """Refuse more than is possible."""
        name, most = self._number(), self.most(Situation(situation))
        value: float = getattr(self, name)
        if (kept := at_most(value, most)) is None:
            raise AnswerError(f"{value:g} is more than {most:.2f} {self.unit}, the most possible")
        return self if kept == value else self.model_copy(update={name: kept})

    @classmethod
    def is_whole(cls, text: str, situation: Mapping[str, Any]) -> bool:  # noqa: ARG003
        """Whether the line with the number has ended: the last digit may not have come."""
        return line_has_ended(cls.marker, text)

    @classmethod
    def _number(cls) -> str:
        own = [name for name in cls.model_fields if name != "reason"]
        if len(own) != 1:
            raise TypeError(f"{cls.__name__} should have one field of its own, found: {own}")
        return own[0]


def split_at(marker: str, text: str) -> list[str]:
    """Return what stands before a marker, and behind each time that it stands there.

    Raises:
        AnswerError: it stands nowhere.
    """
    parts = text.split(marker)
    if len(parts) == 1:
        raise AnswerError(f"there is no line that starts with {marker!r}")
    return parts


def disagreeing(marker: str) -> str:
    """Say that what stands behind a marker is not always the same."""
    return f"several lines start with {marker!r}, and they are not the same"


def line_has_ended(marker: str, text: str) -> bool:
    """Whether the last line with a marker has ended, if something follows the marker."""
    return "\n" in text.rpartition(marker)[2].lstrip()


def read_number(
    text: str, marker: str, unit: str, *, decimal_comma: bool = False
) -> tuple[float, bool]:
    """Return the number that a text begins with, and whether goodwill was needed.

    Args:
        text: what stands behind a marker.
        marker: how to name it in errors.
        unit: what is counted, for errors.
        decimal_comma: whether 1,5 is a number.

    Raises:
        AnswerError: there is none, it is a percentage, or what follows might be part of it.
    """
    bare = text.lstrip(MARKUP)
    lenient = bare != text.lstrip()
    grouped = GROUPED.match(bare)
    if grouped and decimal_comma:
        raise AnswerError(f"{grouped[1]} can be read in two ways; write it without separators")
    found = grouped or (PLAIN_OR_COMMA if decimal_comma else PLAIN).match(bare)
    if found is None:
        raise AnswerError(f"{marker!r} is not followed by a non-negative number of {unit}")
    rest = bare[found.end() :]
    if rest.lstrip(MARKUP).startswith("%"):
        raise AnswerError(f"the amount must be a number of {unit}, not a percentage")
    if AMBIGUOUS.match(rest):
        line = (found[1] + rest).splitlines()[0]
        raise AnswerError(f"{line[:40]!r} is not a plain number of {unit}")
    if grouped:
        return float(grouped[1].replace(",", "")), True
    return float(found[1].replace(",", ".")), lenient


def at_most(value: float, most: float) -> float | None:
    """Return a number, at most another one, which prompts show with two decimals; None if above."""
    return None if value > max(most, round(most, 2)) else min(value, most)
