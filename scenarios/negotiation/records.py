"""What negotiations log."""

from typing import Literal

from societies.agents.answers import answer
from societies.kit import Record
from societies.record.types import mark
from societies.scenarios.negotiation.answers import Kind
from societies.scenarios.negotiation.contexts import Seat

Reason = Literal["agreed", "mismatch", "turn_limit", "aborted"]
"""`mismatch`: the proposals do not add up; `aborted`: too many faulty turns in a row."""


def seated(player: str, seat: str) -> str:
    """Return a player with its seat, if it is not called by it."""
    return player if player == seat else f"{player} ({seat})"


class ContextRecord(Record):
    """What a game is about; the two values are private to their seats."""

    table = "contexts"
    concerns = ("red", "blue")

    game: int
    red: str
    """The player in the red seat."""
    blue: str
    opener: Seat
    """Who speaks first."""
    resources: list[str]
    counts: list[int]
    red_values: list[int]
    blue_values: list[int]
    weight: float
    """The objective: weight of the partner's points in the own reward."""

    def story(self, agent: str) -> str:  # noqa: ARG002 - it is nobody's act
        """Tell what there is to share, who sits where, and what only each of them knows."""
        things = ", ".join(
            f"{n} {name}" for n, name in zip(self.counts, self.resources, strict=True)
        )
        lines = [f"to share: {things}; {self.opener} opens"]
        for seat, player, values in (
            ("red", self.red, self.red_values),
            ("blue", self.blue, self.blue_values),
        ):
            worth = zip(self.resources, values, strict=True)
            private = ", ".join(f"{name} {value}" for name, value in worth)
            lines.append(f"{seated(player, seat)} [private values: {private}]")
        return "\n".join(lines)


class Proposal(Record):
    """A player (column `agent`) proposed its own share; its partner is not shown it."""

    table = "proposals"

    game: int
    turn: int
    seat: Seat
    share: list[int]
    text: str
    outcome: answer.Outcome

    def story(self, agent: str) -> str:
        """Tell it in a line."""
        return f"{agent} proposes in private{mark(self.outcome)}: {self.text}"


class Correction(Record):
    """A faulty turn of a player (column `agent`): it was asked to send it again."""

    table = "corrections"

    game: int
    turn: int
    attempt: int
    seat: Seat
    kind: Kind
    text: str
    """The faulty turn as it was sent."""

    def story(self, agent: str) -> str:
        """Tell it in a line."""
        return f"{agent} breaks a rule ({self.kind}): {' '.join(self.text.split())!r}"


class Outcome(Record):
    """How a game ended."""

    table = "outcomes"
    concerns = ("red", "blue")

    game: int
    red: str
    blue: str
    reason: Reason
    agreed: bool
    turns: int
    corrections: int
    red_share: list[int] | None
    """What red proposed to get, deal or not; null without a proposal."""
    blue_share: list[int] | None
    red_points: int
    """What the deal is worth to red; 0 without one."""
    blue_points: int
    red_score: float
    """Red's reward: own points plus the objective's weight times the partner's."""
    blue_score: float

    def story(self, agent: str) -> str:  # noqa: ARG002 - it is nobody's act
        """Tell it in a line."""
        red, blue = seated(self.red, "red"), seated(self.blue, "blue")
        scores = f"{red} {self.red_score:g}, {blue} {self.blue_score:g}"
        return f"{self.reason} after {self.turns} turns: {scores}"


class Sample(Record):
    """One seat's dialogue (column `agent`) as a model may learn it: corrections are left out."""

    table = "samples"

    game: int
    seat: Seat
    score: float
    agreed: bool
    messages: list[str]
    """System prompt, then in turn what it received (user) and what it answered (assistant)."""

    def story(self, agent: str) -> str:
        """Tell it in a line."""
        return f"{agent} scores {self.score:g} ({len(self.messages) // 2} own turns)"


class Verdict(Record):
    """Which messages of a seat the judge (column `agent`) finds inconsistent."""

    table = "verdicts"
    concerns = ("player",)

    game: int
    seat: Seat
    player: str
    messages: int
    """How many messages were judged."""
    flagged: list[int]
    """Turn numbers of the inconsistent ones."""
    reason: str
    outcome: answer.Outcome

    def story(self, agent: str) -> str:
        """Tell it in a line."""
        found = ", ".join(map(str, self.flagged))
        verdict = f"inconsistent in turn {found}" if found else "nothing inconsistent"
        told = f"{agent} judges {seated(self.player, self.seat)}: {verdict}"
        reason = f"\nreason: {self.reason}" if self.reason else ""
        return f"{told} ({self.messages} messages judged){mark(self.outcome)}{reason}"
