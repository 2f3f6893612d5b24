"""Scripted minds for the public goods game."""

from societies.kit import Field, Mind, Random, Seen, part


class Conditional(Mind):
    """Gives what the others gave on average, less a little; kind people start higher."""

    start: float = Field(default=0.5, ge=0, le=1)
    kindness: float = Field(default=0.3, ge=0, le=1)
    bias: float = Field(default=0.9, ge=0, le=1)

    def give(self, seen: Seen, random: Random) -> str:
        """Answer template `give`."""
        own = self.start + self.kindness * seen.persona.score("agreeableness")
        if seen.others:
            own = self.bias * sum(seen.others) / len(seen.others) / seen.protocol.endowment
        share = part(random.gauss(own, 0.05))
        return f"I give about {share:.0%}.\nAnswer: {share * seen.protocol.endowment:.2f}"


class FreeRider(Mind):
    """Gives nothing."""

    def give(self, seen: Seen, random: Random) -> str:  # noqa: ARG002 - a fixed policy
        """Answer template `give`."""
        return "I keep it.\nAnswer: 0"
