"""One game: who sits where, what was said, and what lies on the table face down."""

from dataclasses import dataclass, field
from typing import ClassVar

from societies.agents.agent import LLMAgent
from societies.scenarios.negotiation.answers import MESSAGE
from societies.scenarios.negotiation.contexts import Context, Counts, Seat


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a dialogue."""

    template_properties: ClassVar[tuple[str, ...]] = ("turn",)

    number: int
    """Its turn, from 1."""
    seat: Seat
    text: str

    @property
    def turn(self) -> str:
        """The turn as the partner receives it."""
        return f"{MESSAGE} {self.text}".strip()


@dataclass(slots=True)
class Side:
    """A player in a seat of one game."""

    seat: Seat
    agent: LLMAgent
    """The player's thread in this game, with a fresh conversation."""
    values: Counts
    share: Counts | None = None
    """What it proposed to get; hidden from the partner."""


@dataclass(slots=True)
class Game:
    """One game between two players."""

    number: int
    context: Context
    sides: tuple[Side, Side]
    """Red and blue."""
    opener: Seat
    judge: LLMAgent | None = None
    history: list[Said] = field(default_factory=list)
    turns: int = 0
    corrections: int = 0

    def order(self) -> tuple[Side, Side]:
        """Return who speaks first, and who second."""
        red, blue = self.sides
        return (red, blue) if self.opener == "red" else (blue, red)

    def agents(self) -> list[LLMAgent]:
        """Return everybody who takes part."""
        return [side.agent for side in self.sides] + ([self.judge] if self.judge else [])
