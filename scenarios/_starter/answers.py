"""How a contribution is read."""

from societies.kit import Field, NumberAnswer, Situation


class Gift(NumberAnswer, marker="Answer:"):
    """How many units a player gives; what stands above the marker is its `reason`."""

    amount: float = Field(ge=0)

    def most(self, situation: Situation) -> float:
        """Nobody gives more than it has."""
        return float(situation.protocol.endowment)


NOTHING = Gift(amount=0.0)
