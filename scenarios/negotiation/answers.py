"""How turns are read (output grammar of the protocol), and the judge's verdicts."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import Field

from societies.agents.answers import Answer, AnswerError

MESSAGE = "[message]"
PROPOSE = "[propose]"
TERMINATOR = re.compile(r"\[END\]|\[end\]")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
FLAGGED = re.compile(r"Inconsistent:[ \t*]*([^\n]*)")

Kind = Literal[
    "no_tag",
    "proposal_first",
    "several_tags",
    "message_after_proposal",
    "item_order",
    "number_count",
    "out_of_range",
]


class TurnError(AnswerError):
    """A turn breaks the grammar.

    Args:
        kind: which rule it breaks.
        text: what to tell the speaker.
    """

    def __init__(self, kind: Kind, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class TurnAnswer(Answer):
    """One turn: words to the partner, or a private proposal of one's own share."""

    action: Literal["message", "propose"]
    text: str
    """What stands behind the tag: a message whole, a proposal's first line."""
    share: list[int] = Field(default_factory=list)
    """What a proposer claims for itself, in the order of the resources."""

    @property
    def turn(self) -> str:
        """The turn as it stands in the dialogue: with its tag, without the terminator."""
        return f"{MESSAGE if self.action == 'message' else PROPOSE} {self.text}".strip()

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read `[message] ...` or `[propose] ...` (core protocol, 2.2).

        Raises:
            TurnError: the turn breaks the grammar, or comes out of turn.
        """
        turn = TERMINATOR.split(text, maxsplit=1)[0].strip()
        tag = next((tag for tag in (MESSAGE, PROPOSE) if turn.startswith(tag)), None)
        if tag is None:
            raise TurnError("no_tag", f"a turn starts with {MESSAGE} or with {PROPOSE}")
        if tag == PROPOSE and not situation["history"]:
            raise TurnError(
                "proposal_first", f"nobody has said anything yet: talk first, with {MESSAGE}"
            )
        body = turn.removeprefix(tag)
        if MESSAGE in body or PROPOSE in body:
            raise TurnError("several_tags", "a turn has one tag only, at its beginning")
        if tag == MESSAGE:
            if situation["proposed"]:
                raise TurnError(
                    "message_after_proposal",
                    f"your partner has made its proposal: you can only answer with {PROPOSE}",
                )
            return cls(action="message", text=body.strip())
        line = body.partition("\n")[0].strip()
        share = read_share(line, situation["resources"], situation["counts"])
        return cls(action="propose", text=line, share=share)


def read_share(line: str, resources: Sequence[str], counts: Sequence[int]) -> list[int]:
    """Read how much of each resource a proposer claims for itself.

    Raises:
        TurnError: the resources are not all named in order, there is not exactly one whole number
            for each, or a number is not between 0 and what there is.
    """
    asked = ", ".join(f"{name} (a number)" for name in resources)
    place = 0
    for name in resources:
        found = line.lower().find(name.lower(), place)
        if found < 0:
            raise TurnError("item_order", f"a proposal names, in this order: {asked}")
        place = found + len(name)
    numbers = NUMBER.findall(line)
    if len(numbers) != len(resources) or any("." in number for number in numbers):
        raise TurnError(
            "number_count",
            f"a proposal has exactly {len(resources)} whole numbers in digits: {asked}",
        )
    share = [int(number) for number in numbers]
    for name, part, count in zip(resources, share, counts, strict=True):
        if not 0 <= part <= count:
            raise TurnError("out_of_range", f"{part} of {name} cannot be had: there are {count}")
    return share


def kind_of_violation(text: str, situation: Mapping[str, Any]) -> Kind:
    """Return which rule a faulty turn breaks.

    Raises:
        ValueError: it breaks none.
    """
    try:
        TurnAnswer.read(text, situation)
    except TurnError as violation:
        return violation.kind
    raise ValueError(f"this turn breaks no rule: {text!r}")


class VerdictAnswer(Answer):
    """Which of a negotiator's messages a judge finds inconsistent."""

    flagged: list[int]
    reason: str = ""

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read `Inconsistent:` and the numbers of messages, or `none`.

        Raises:
            AnswerError: there is no such line, or a number is no message of that negotiator.
        """
        found = FLAGGED.search(text)
        if found is None:
            raise AnswerError("there is no line that starts with 'Inconsistent:'")
        numbers = sorted({int(number) for number in re.findall(r"\d+", found[1])})
        if not numbers and "none" not in found[1].lower():
            raise AnswerError("'Inconsistent:' is followed by neither numbers nor the word none")
        strange = [number for number in numbers if number not in situation["judged"]]
        if strange:
            raise AnswerError(f"{strange[0]} is not the number of a message that you judge")
        return cls(flagged=numbers, reason=text[: found.start()].strip())
