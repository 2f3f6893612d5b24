"""How donors' replies are read (output grammar of the protocol)."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from societies.agents.answers.numbers import (
    PLAIN,
    PLAIN_OR_COMMA,
    at_most,
    disagreeing,
    line_has_ended,
    read_number,
    split_at,
)
from societies.kit import Answer, AnswerError, Field

MARKER = "Answer:"
OPENING = "My strategy will be"
WORD = re.compile(r"\w")
DEED = re.compile(r"\b(donate|punish)\b([^\n\d]*)(\d[^\n]*)", re.IGNORECASE)
RELEASED_DEED = re.compile(r"(donate|punish)([^\n\d]*)(\d[^\n]*)", re.IGNORECASE)
DOUBT = re.compile(r"donat|punish|n['\u2019]t\b|\bn(?:o|ot|ever|obody|one|othing)\b", re.IGNORECASE)
GLUED = re.compile(r"[\w.,\-\u2010-\u2015\u2212]$")


class StrategyAnswer(Answer):
    """A strategy: what follows the fixed opening, with the opening; before it is the rationale.

    In fidelity `released` a reply without the opening is a strategy as a whole, whatever it says;
    otherwise it is none.
    """

    strategy: str
    rationale: str

    structured: ClassVar[bool] = True

    def within(self, situation: Mapping[str, Any]) -> Self:  # noqa: ARG002
        """Refuse a strategy that says nothing."""
        if not WORD.search(self.strategy.casefold().removeprefix(OPENING.casefold())):
            raise AnswerError(f"{OPENING!r} is not followed by a strategy")
        return self

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Split at the first opening, in whatever case it is written (not so in `released`)."""
        if not text.strip():
            raise AnswerError("the reply is empty")
        released = situation["protocol"].fidelity == "released"
        found = re.search(OPENING, text, re.NOFLAG if released else re.IGNORECASE)
        if found is None and not released:
            raise AnswerError(f"no sentence begins with the words: {OPENING}")
        start = found.start() if found else 0
        answer = cls(strategy=text[start:].strip(), rationale=text[:start].strip())
        if not released:
            answer.within(situation)
        return answer if answer.strategy.startswith(OPENING) else answer.marked("lenient")


class GiftAnswer(Answer):
    """What a donor does: an action and an amount in units."""

    action: Literal["donate", "punish"] = "donate"
    amount: float = Field(ge=0)
    justification: str = ""

    structured: ClassVar[bool] = True

    def within(self, situation: Mapping[str, Any]) -> Self:
        """Refuse what the donor does not have, and punishment where there is none."""
        if self.action == "punish" and not situation["protocol"].costly_punishment:
            raise AnswerError("there is no punishment in this game")
        amount = _owned(self.amount, situation)
        return self if amount == self.amount else self.model_copy(update={"amount": amount})

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read what follows the first `Answer:`; with costly punishment, an action's word first.

        In fidelity `released` the leading digits are taken whatever follows them, and however
        large the amount is; otherwise it must be a number of units that the donor has, and what
        could be meant in two ways is refused.
        """
        before, *after = split_at(MARKER, text)
        if situation["protocol"].fidelity == "released":
            after = [MARKER.join(after)]
        justification = before.replace("Justification:", "", 1).strip()
        found = []
        for each in after:
            action, amount, lenient = _said(each, situation["protocol"])
            amount = _owned(amount, situation)
            gift = cls(action=action, amount=amount, justification=justification)
            found.append(gift.marked("lenient" if lenient else "clean"))
        if any(other != found[0] for other in found[1:]):
            raise AnswerError(disagreeing(MARKER))
        return found[0]

    @classmethod
    def is_whole(cls, text: str, situation: Mapping[str, Any]) -> bool:  # noqa: ARG003
        """Whether the line with the answer has ended: the last digit may not have come."""
        return line_has_ended(MARKER, text)


def _owned(amount: float, situation: Mapping[str, Any]) -> float:
    """Return the amount, at most the resources (which the prompt shows with two decimals)."""
    resources: float = situation["resources"]
    if situation["protocol"].fidelity == "released":
        return amount
    if (kept := at_most(amount, resources)) is None:
        raise AnswerError(f"{amount:g} is more than the {resources:.2f} units that you have")
    return kept


def _said(text: str, protocol: Any) -> tuple[Literal["donate", "punish"], float, bool]:
    """Return action and amount that follow `Answer:`, and whether goodwill was needed."""
    punishing, released = protocol.costly_punishment, protocol.fidelity == "released"
    word, between, number = _deed(text, released) if punishing else ("donate", "", text)
    action: Literal["donate", "punish"] = "punish" if word.lower() == "punish" else "donate"
    if released:
        found = (PLAIN_OR_COMMA if punishing else PLAIN).match(number)
        if found is None:
            raise AnswerError("'Answer:' is not followed by a non-negative number")
        return action, float(found[1].replace(",", ".")), False
    amount, marked_up = read_number(number, MARKER, "units", decimal_comma=punishing)
    return action, amount, marked_up or re.search(r"[\w*`$]", between) is not None


def _deed(text: str, released: bool) -> tuple[str, str, str]:
    """Return the action named on a line, what stands between it and its number, and the rest.

    A line that names both actions before the number, or says what is not done, is refused, but
    not in fidelity `released`.
    """
    found = (RELEASED_DEED if released else DEED).search(text)
    if found is None:
        raise AnswerError("'Answer:' is not followed by donate or punish and then a number")
    word, between, number = found.groups()
    before = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
    if not released and (DOUBT.search(before) or DOUBT.search(between)):
        raise AnswerError("say only what you do: donate or punish, and then the number of units")
    if not released and GLUED.search(between):
        raise AnswerError(f"{between[-1]}{number.split()[0]} is not a non-negative number")
    return word, between, number
