"""What the public goods game logs."""

from societies.kit import ActionRecord


class Contribution(ActionRecord):
    """A player (column `agent`) gave to the pot, and got its share of it."""

    table = "contributions"
    told = "{agent} gives {amount:g} of a pot of {pot:g} and ends with {payoff:.2f}"

    round: int
    amount: float
    pot: float
    """What all gave together."""
    payoff: float
    """What the player has at the end of the round."""
