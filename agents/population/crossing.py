"""Factorial designs: which combination of crossed values the next person has."""

from collections.abc import Hashable, Mapping, Sequence
from itertools import product

from societies.agents.persona.persona import Fact, Level


class Crossing:
    """Hands out the combinations of crossed values, within every stratum in turn.

    Within a stratum (people alike in all other factors) no combination comes more than once more
    often than another, in every prefix. As far as that leaves a choice, the combination is taken
    that is rarest in the group, then among all, then with the model, and the first of those.

    Args:
        cross: the values of every factor; the first one varies fastest.
    """

    def __init__(self, cross: Mapping[str, Sequence[Fact | Level]]) -> None:
        orders = [range(len(values)) for values in reversed(list(cross.values()))]
        self._cells = [places[::-1] for places in product(*orders)]
        self._counts: dict[Hashable, list[int]] = {}

    def next(self, listed: int, group: int, model: int) -> tuple[int, ...]:
        """Return the place of each factor's value for the next person of a stratum."""
        if len(self._cells) == 1:
            return self._cells[0]
        margins = [
            self._counts.setdefault(key, [0] * len(self._cells))
            for key in ((listed, group, model), ("group", group), "all", ("model", model))
        ]
        rarest = min(range(len(self._cells)), key=lambda cell: [count[cell] for count in margins])
        for count in margins:
            count[rarest] += 1
        return self._cells[rarest]
