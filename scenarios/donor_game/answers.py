"""How donors' replies are read (output grammar of the protocol)."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field

from societies.agents.answers.answer import Answer, AnswerError
from societies.agents.answers.numbers import (
    PLAIN,
    PLAIN_OR_COMMA,
    at_most,
    disagreeing,
    line_has_ended,
    read_number,
    split_at,
)

Action = Literal["donate", "punish"]

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
        """Split at the first opening, in whatever case it is written."""
        if not text.strip():
            raise AnswerError("the reply is empty")
        before, opening, after = text.partition(OPENING)
        if situation["protocol"].fidelity == "released":
            if not opening:
                return cls(strategy=text.strip(), rationale="").marked("lenient")
            return cls(strategy=f"{opening}{after}".strip(), rationale=before.strip())
        found = re.search(re.escape(OPENING), text, re.IGNORECASE)
        if found is None:
            raise AnswerError(f"no sentence begins with the words: {OPENING}")
        strategy, rationale = text[found.start() :].strip(), text[: found.start()].strip()
        answer = cls(strategy=strategy, rationale=rationale).within(situation)
        return answer if strategy.startswith(OPENING) else answer.marked("lenient")


class GiftAnswer(Answer):
    """What a donor does: an action and an amount in units."""

    action: Action = "donate"
    amount: float = Field(ge=0)
    justification: str = ""

    structured: ClassVar[bool] = True

    def within(self, situation: Mapping[str, Any]) -> Self:
        """Refuse what the donor does not have, and punishment where there is none."""
        protocol = situation["protocol"]
        if self.action == "punish" and not protocol.costly_punishment:
            raise AnswerError("there is no punishment in this game")
        if protocol.fidelity == "released":
            return self
        amount = _within(self.amount, situation["resources"])
        return self if amount == self.amount else self.model_copy(update={"amount": amount})

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read what follows the first `Answer:`; with costly punishment, an action's word first.

        In fidelity `released` the leading digits are taken whatever follows them, and however
        large the amount is; otherwise it must be a number of units that the donor has, and what
        could be meant in two ways is refused.
        """
        before, *after = split_at(MARKER, text)
        protocol = situation["protocol"]
        if protocol.fidelity == "released":
            action, amount, lenient = _released(text.partition(MARKER)[2], protocol)
        else:
            said = [_said(each, situation) for each in after]
            action, amount, lenient = said[0]
            if any(other[:2] != (action, amount) for other in said):
                raise AnswerError(disagreeing(MARKER))
        justification = before.replace("Justification:", "", 1).strip()
        answer = cls(action=action, amount=amount, justification=justification)
        return answer.marked("lenient") if lenient else answer

    @classmethod
    def is_whole(cls, text: str, situation: Mapping[str, Any]) -> bool:  # noqa: ARG003
        """Whether the line with the answer has ended: the last digit may not have come."""
        return line_has_ended(MARKER, text)


def _said(text: str, situation: Mapping[str, Any]) -> tuple[Action, float, bool]:
    """Return action and amount that follow `Answer:`, and whether goodwill was needed."""
    punishing = situation["protocol"].costly_punishment
    action, text, worded = _deed(text) if punishing else ("donate", text, False)
    amount, marked_up = read_number(text, MARKER, "units", decimal_comma=punishing)
    return action, _within(amount, situation["resources"]), worded or marked_up


def _released(text: str, protocol: Any) -> tuple[Action, float, bool]:
    """Return action and amount as the released code reads what follows the first `Answer:`."""
    if not protocol.costly_punishment:
        return "donate", _leading_digits(text, False), False
    action, text, lenient = _released_deed(text)
    return action, _leading_digits(text, True), lenient


def _deed(text: str) -> tuple[Action, str, bool]:
    """Return the action named on a line, that line from its number on, and whether words part them.

    A line that names both actions before the number, or says what is not done, is refused.
    """
    found = _find_deed(DEED, text)
    line_start = text.rfind("\n", 0, found.start()) + 1
    if DOUBT.search(text[line_start : found.start()]) or DOUBT.search(found[2]):
        raise AnswerError("say only what you do: donate or punish, and then the number of units")
    if GLUED.search(found[2]):
        raise AnswerError(f"{found[2][-1]}{found[3].split()[0]} is not a non-negative number")
    return _action(found[1]), found[3], re.search(r"[\w*`$]", found[2]) is not None


def _released_deed(text: str) -> tuple[Action, str, bool]:
    """Return the first action followed by a number on its line, and that line from there on."""
    found = _find_deed(RELEASED_DEED, text)
    return _action(found[1]), found[3], False


def _find_deed(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.search(text)
    if found is None:
        raise AnswerError("'Answer:' is not followed by donate or punish and then a number")
    return found


def _action(word: str) -> Action:
    return "donate" if word.lower() == "donate" else "punish"


def _leading_digits(text: str, decimal_comma: bool) -> float:
    """Return the number a text begins with, as the released code reads it."""
    found = (PLAIN_OR_COMMA if decimal_comma else PLAIN).match(text)
    if found is None:
        raise AnswerError("'Answer:' is not followed by a non-negative number")
    return float(found[1].replace(",", "."))


def _within(amount: float, resources: float) -> float:
    """Return the amount, at most the resources (which the prompt shows with two decimals)."""
    if (kept := at_most(amount, resources)) is None:
        raise AnswerError(f"{amount:g} is more than the {resources:.2f} units that you have")
    return kept
