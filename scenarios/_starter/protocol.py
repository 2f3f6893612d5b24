"""The parameters of the public goods game."""

from societies.kit import Field, Protocol


class PublicGoodsProtocol(Protocol):
    """Rules and sizes."""

    rounds: int = Field(default=10, ge=1)
    endowment: float = Field(default=20.0, gt=0)
    """Units that everybody gets anew in each round."""
    multiplier: float = Field(default=1.6, gt=0)
    """What a unit in the pot becomes before it is shared out equally."""
