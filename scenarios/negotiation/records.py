"""What negotiations log."""

from typing import Literal

from societies.agents.answers import answer
from societies.kit import Record
from societies.scenarios.negotiation.answers import Kind
from societies.scenarios.negotiation.contexts import Seat

Reason = Literal["agreed", "mismatch", "turn_limit", "aborted"]
"""`mismatch`: the proposals do not add up; `aborted`: too many faulty turns in a row."""


class ContextRecord(Record):
    """What a game is about; the two values are private to their seats."""

    table = "contexts"

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
        """Tell who meets over what."""
        red, blue = (
            ", ".join(f"{name} {value}" for name, value in zip(self.resources, values, strict=True))
            for values in (self.red_values, self.blue_values)
        )
        things = zip(self.counts, self.resources, strict=True)
        return (
            f"game {self.game}: {self.red} (red, {red}) and {self.blue} (blue, {blue}) share "
            f"{', '.join(f'{count} {name}' for count, name in things)}; {self.opener} opens"
        )


class Proposal(Record):
    """A player (column `agent`) proposed its own share; its partner is not shown it."""

    table = "proposals"
    told = "{agent} proposes in private: {text}"

    game: int
    turn: int
    seat: Seat
    share: list[int]
    text: str
    outcome: answer.Outcome


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
    told = "{reason} after {turns} turns: red {red_score:g}, blue {blue_score:g}"

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
        return f"{agent} judges {self.seat}: {verdict} ({self.messages} messages judged)"
