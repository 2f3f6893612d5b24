"""What negotiations log."""

from typing import ClassVar, Literal

from societies.record.types import Record
from societies.scenarios.negotiation.answers import Kind


class ContextRecord(Record):
    """What a game is about; the two values are private to their seats."""

    table: ClassVar[str] = "contexts"

    game: int
    red: str
    """The player in the red seat."""
    blue: str
    opener: Literal["red", "blue"]
    """Who speaks first."""
    resources: list[str]
    counts: list[int]
    red_values: list[int]
    blue_values: list[int]
    weight: float
    """The objective: weight of the partner's points in the own reward."""

    def story(self, agent: str) -> str:  # noqa: ARG002
        """Tell who meets over what."""
        things = zip(self.counts, self.resources, strict=True)
        return (
            f"game {self.game}: {self.red} (red, {self._private(self.red_values)}) and {self.blue} "
            f"(blue, {self._private(self.blue_values)}) share "
            f"{', '.join(f'{count} {name}' for count, name in things)}; {self.opener} opens"
        )

    def _private(self, values: list[int]) -> str:
        return ", ".join(
            f"{name} {value}" for name, value in zip(self.resources, values, strict=True)
        )


class Proposal(Record):
    """A player (column `agent`) proposed its own share; its partner is not shown it."""

    table: ClassVar[str] = "proposals"

    game: int
    turn: int
    seat: Literal["red", "blue"]
    share: list[int]
    text: str
    outcome: Literal["clean", "lenient", "repaired", "defaulted"]

    def story(self, agent: str) -> str:
        """Tell it in a line."""
        return f"{agent} proposes in private: {self.text}"


class Correction(Record):
    """A faulty turn of a player (column `agent`): it was asked to send it again."""

    table: ClassVar[str] = "corrections"

    game: int
    turn: int
    attempt: int
    seat: Literal["red", "blue"]
    kind: Kind
    text: str
    """The faulty turn as it was sent."""

    def story(self, agent: str) -> str:
        """Tell it in a line."""
        return f"{agent} breaks a rule ({self.kind}): {' '.join(self.text.split())!r}"


class Outcome(Record):
    """How a game ended."""

    table: ClassVar[str] = "outcomes"

    game: int
    red: str
    blue: str
    reason: Literal["agreed", "mismatch", "turn_limit", "aborted"]
    """`mismatch`: the proposals do not add up; `aborted`: too many faulty turns in a row."""
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

    def story(self, agent: str) -> str:  # noqa: ARG002
        """Tell it in a line."""
        scores = f"red {self.red_score:g}, blue {self.blue_score:g}"
        return f"{self.reason} after {self.turns} turns: {scores}"


class Sample(Record):
    """One seat's dialogue (column `agent`) as a model may learn it: corrections are left out."""

    table: ClassVar[str] = "samples"

    game: int
    seat: Literal["red", "blue"]
    score: float
    agreed: bool
    messages: list[str]
    """System prompt, then in turn what it received (user) and what it answered (assistant)."""

    def story(self, agent: str) -> str:
        """Tell it in a line."""
        return f"{agent} scores {self.score:g} ({len(self.messages) // 2} own turns)"


class Verdict(Record):
    """Which messages of a seat the judge (column `agent`) finds inconsistent."""

    table: ClassVar[str] = "verdicts"

    game: int
    seat: Literal["red", "blue"]
    player: str
    messages: int
    """How many messages were judged."""
    flagged: list[int]
    """Turn numbers of the inconsistent ones."""
    reason: str
    outcome: Literal["clean", "lenient", "repaired", "defaulted"]

    def story(self, agent: str) -> str:
        """Tell it in a line."""
        found = ", ".join(map(str, self.flagged))
        verdict = f"inconsistent in turn {found}" if found else "nothing inconsistent"
        return f"{agent} judges {self.seat}: {verdict} ({self.messages} messages judged)"
