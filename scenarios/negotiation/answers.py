"""How turns are read (output grammar of the protocol), and the judge's verdicts."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from societies.agents.answers.numbers import disagreeing, line_has_ended, split_at
from societies.kit import Answer, AnswerError, Field

MESSAGE = "[message]"
PROPOSE = "[propose]"
TERMINATOR = re.compile(r"\[END\]|\[end\]")
DIGITS = 9
"""Digits of the longest number that is read."""
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
SLOT = "(what you say to your partner)"
"""What stands in the asked form where the words belong."""
PARTNER = re.compile(r"\b(?:you|yours?|partner|opponent|they|them|theirs?)\b", re.IGNORECASE)
VERDICT = "Inconsistent:"
BESIDE_NUMBERS = re.compile(r"[,;&#]|\b(?:and|turns?|messages?)\b", re.IGNORECASE)

Kind = Literal[
    "no_tag",
    "proposal_first",
    "several_tags",
    "message_after_proposal",
    "item_order",
    "number_count",
    "out_of_range",
    "whose",
    "slot",
    "cut_off",
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

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read `[message] ...` or `[propose] ...` (Liao et al. 2024, section 3).

        In fidelity `released` a proposal's numbers are taken in order, whoever they are for.

        Raises:
            TurnError: the turn breaks the grammar, or comes out of turn.
        """
        strict = getattr(situation.get("protocol"), "fidelity", "paper") == "paper"
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
            if strict and body.strip() == SLOT:
                raise TurnError("slot", "say something to your partner in place of the brackets")
            return cls(action="message", text=body.strip())
        line = body.partition("\n")[0].strip()
        share = read_share(line, situation["resources"], situation["counts"], strict=strict)
        return cls(action="propose", text=line, share=share)

    @classmethod
    def is_whole(cls, text: str, situation: Mapping[str, Any]) -> bool:  # noqa: ARG003
        """Whether the turn was ended."""
        return TERMINATOR.search(text) is not None


def read_share(
    line: str, resources: Sequence[str], counts: Sequence[int], *, strict: bool = True
) -> list[int]:
    """Read how much of each resource a proposer claims for itself.

    Not `strict` it is read as the released code does: names in order, and as many numbers.

    Raises:
        TurnError: the resources are not all named in order, there is not exactly one whole number
            for each, a number is not between 0 and what there is, or it may be the partner's.
    """
    asked = ", ".join(f"{name} (a number)" for name in resources)
    places, place = [], 0
    for name in resources:
        found = line.lower().find(name.lower(), place)
        if found < 0:
            raise TurnError("item_order", f"a proposal names, in this order: {asked}")
        places.append(found)
        place = found + len(name)
    numbers = list(NUMBER.finditer(line))
    odd = [number for number in numbers if "." in number[0] or len(number[0]) > DIGITS]
    if odd or len(numbers) != len(resources):
        told = f"a proposal has exactly {len(resources)} whole numbers in digits: {asked}"
        raise TurnError("number_count", told)
    if strict and not _one_each(places, [number.start() for number in numbers]):
        raise TurnError("number_count", f"a proposal has one number for each: {asked}")
    if strict and PARTNER.search(line, 0, numbers[-1].end()):
        raise TurnError("whose", f"a proposal says only what you claim for yourself: {asked}")
    share = [int(number[0]) for number in numbers]
    for name, part, count in zip(resources, share, counts, strict=True):
        if not 0 <= part <= count:
            raise TurnError("out_of_range", f"{part} of {name} cannot be had: there are {count}")
    return share


def _one_each(names: Sequence[int], numbers: Sequence[int]) -> bool:
    """Whether, by their places in a line, it is plain which number belongs to which name.

    It is where every name has its number behind it, or every one before it; and where all names
    stand before all numbers, or behind them.
    """
    places = [*((place, "n") for place in names), *((place, "#") for place in numbers)]
    order, n = "".join(kind for _, kind in sorted(places)), len(names)
    return order in ("n#" * n, "#n" * n, "n" * n + "#" * n, "#" * n + "n" * n)


def kind_of_violation(text: str, situation: Mapping[str, Any]) -> Kind:
    """Return which rule a faulty turn breaks; one that breaks none was cut off."""
    try:
        TurnAnswer.read(text, situation)
    except TurnError as violation:
        return violation.kind
    return "cut_off"


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
        reason, *after = split_at(VERDICT, text)
        said = [_flagged(each.partition("\n")[0]) for each in after]
        numbers, lenient = said[-1]
        if any(other != numbers for other, _ in said):
            raise AnswerError(disagreeing(VERDICT))
        strange = [number for number in numbers if number not in situation["judged"]]
        if strange:
            raise AnswerError(f"{strange[0]} is not the number of a message that you judge")
        verdict = cls(flagged=numbers, reason=reason.strip(" \t\r\n*_"))
        return verdict.marked("lenient") if lenient else verdict

    @classmethod
    def is_whole(cls, text: str, situation: Mapping[str, Any]) -> bool:  # noqa: ARG003
        """Whether the line with the verdict has ended."""
        return line_has_ended(VERDICT, text)


def _flagged(line: str) -> tuple[list[int], bool]:
    """Return the numbers of a verdict, and whether goodwill was needed.

    Raises:
        AnswerError: there is something else than numbers, or the word none.
    """
    bare = line.strip(" \t\r*_`.[]()")
    if bare.casefold() == "none":
        return [], line.strip() != "none"
    words = BESIDE_NUMBERS.sub(" ", bare).split()
    if not words or not all(word.isdecimal() and len(word) <= DIGITS for word in words):
        raise AnswerError("'Inconsistent:' is not followed by numbers alone, or by the word none")
    numbers = sorted(set(map(int, words)))
    return numbers, not (line.strip() == bare and bare[0].isdigit())
