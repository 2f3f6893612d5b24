"""How donors' replies are read (output grammar of the protocol)."""

import re
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field

from societies.agents.answers import Answer, AnswerError

OPENING = "My strategy will be"
MARKUP = " \t\r\n*_`$"
PLAIN = re.compile(r"\s*(\d+(?:\.\d+)?)")
PLAIN_OR_COMMA = re.compile(r"\s*(\d+(?:[.,]\d+)?)")
GROUPED = re.compile(r"(\d{1,3}(?:,\d{3})+(?:\.\d+)?)(?![\d,])")
AMBIGUOUS = re.compile(r"\w|[.,]\d")
DEED = re.compile(r"\b(donate|punish)\b[^\n\d]*(\d[^\n]*)", re.IGNORECASE)


class StrategyAnswer(Answer):
    """A strategy: what follows the fixed opening, with the opening; before it is the rationale."""

    strategy: str
    rationale: str

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:  # noqa: ARG003
        """Split at the first opening; a reply without one is a strategy as a whole."""
        before, opening, after = text.partition(OPENING)
        if not text.strip():
            raise AnswerError("the reply is empty")
        if not opening:
            return cls(strategy=text.strip(), rationale="").marked("lenient")
        return cls(strategy=f"{opening}{after}".strip(), rationale=before.strip())


class GiftAnswer(Answer):
    """What a donor does: an action and an amount in units."""

    action: Literal["donate", "punish"] = "donate"
    amount: float = Field(ge=0)
    justification: str = ""

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read `Answer:` and an amount; with costly punishment, the action's word before it.

        In fidelity `released` the leading digits are taken whatever follows them, and however
        large the amount is; otherwise it must be a number of units that the donor has.
        """
        before, marker, after = text.partition("Answer:")
        if not marker:
            raise AnswerError("there is no line that starts with 'Answer:'")
        protocol = situation["protocol"]
        action: Literal["donate", "punish"] = "donate"
        if protocol.costly_punishment:
            action, after = _deed(after)
        if protocol.fidelity == "released":
            amount, lenient = _leading_digits(after, protocol.costly_punishment), False
        else:
            amount, lenient = _units(after, protocol.costly_punishment)
            amount = _within(amount, situation["resources"])
        justification = before.replace("Justification:", "", 1).strip()
        answer = cls(action=action, amount=amount, justification=justification)
        return answer.marked("lenient") if lenient else answer


def _deed(text: str) -> tuple[Literal["donate", "punish"], str]:
    """Return the action named on a line, and that line from its number on."""
    found = DEED.search(text)
    if found is None:
        raise AnswerError("'Answer:' is not followed by donate or punish and then a number")
    return ("donate" if found[1].lower() == "donate" else "punish"), found[2]


def _leading_digits(text: str, decimal_comma: bool) -> float:
    """Return the number a text begins with, as the released code reads it."""
    found = (PLAIN_OR_COMMA if decimal_comma else PLAIN).match(text)
    if found is None:
        raise AnswerError("'Answer:' is not followed by a non-negative number")
    return float(found[1].replace(",", "."))


def _units(text: str, decimal_comma: bool) -> tuple[float, bool]:
    """Return the number of units a text begins with, and whether goodwill was needed."""
    bare = text.lstrip(MARKUP)
    lenient = bare != text.lstrip()
    grouped = GROUPED.match(bare)
    if grouped and decimal_comma:
        raise AnswerError(f"{grouped[1]} can be read in two ways; write it without separators")
    if grouped:
        return float(grouped[1].replace(",", "")), True
    found = (PLAIN_OR_COMMA if decimal_comma else PLAIN).match(bare)
    if found is None:
        raise AnswerError("'Answer:' is not followed by a non-negative number of units")
    rest = bare[found.end() :]
    if rest.lstrip().startswith("%"):
        raise AnswerError("the amount must be a number of units, not a percentage")
    if AMBIGUOUS.match(rest):
        raise AnswerError(f"{(found[1] + rest).split()[0]!r} is not a plain number of units")
    return float(found[1].replace(",", ".")), lenient


def _within(amount: float, resources: float) -> float:
    """Return the amount, at most the resources (which the prompt shows with two decimals)."""
    if amount > max(resources, round(resources, 2)):
        raise AnswerError(f"{amount:g} is more than the {resources:.2f} units that you have")
    return min(amount, resources)
