"""Joint tables raked to margins: iterative proportional fitting (Deming & Stephan 1940).

No library rakes here, since none that was looked at (November 2026) is both light and candid about
margins that cannot be met: ipfn 1.4.4 (of 2021) calls contradicting margins converged and prints
so, weightipy 0.4.2 prints a line and goes on, samplics 0.6.1 returns its last weights without a
word, balance 0.23 only warns and brings scikit-learn, IPython and Plotly, svy 0.35 rakes survey
samples and brings a compiled engine and PyArrow; SciPy and statsmodels have none.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, product
from math import prod, sqrt
from random import Random
from typing import TYPE_CHECKING

from societies.agents.errors import SocietyError
from societies.agents.persona.persona import Fact
from societies.agents.population.spec import Margins

if TYPE_CHECKING:
    import numpy as np

ROUNDS = 2000
TOLERANCE = 1e-6
MOST_CELLS = 100_000
"""Cells beyond which raking would take minutes."""
GOLDEN = (sqrt(5) - 1) / 2


class CellSampler:
    """Draws the cell that a person falls into.

    Raises:
        SocietyError: the margins cannot all be met; the text names the one that fails.
    """

    def __init__(self, spec: Margins) -> None:
        self.spec = spec
        self.cells, start = _cells(spec)
        self.shares = rake(spec, self.cells, start)
        self._bounds = list(accumulate(self.shares))

    def draw(self, index: int, random: Random) -> dict[str, Fact]:
        """Return the attributes of person `index`.

        With quotas the cells are filled along a golden-ratio sequence, which keeps every prefix of
        the population close to the asked shares; its start is drawn from `random`, the same for
        everybody. Otherwise the cell itself is drawn.
        """
        position = random.random()
        if self.spec.quotas:
            position = (position + index * GOLDEN) % 1
        place = bisect_right(self._bounds, position * self._bounds[-1])
        return dict(self.cells[min(place, len(self.cells) - 1)])


def rake(
    spec: Margins, cells: Sequence[dict[str, Fact]], start: "Sequence[float]"
) -> "list[float]":
    """Return the cells' shares, scaled until they meet every margin.

    Raises:
        SocietyError: a category that is asked for is in no cell, or the margins contradict each
            other (or the table's zeros).
    """
    import numpy as np

    shares = np.array(start, dtype=float) / sum(start)
    targets = [_target(spec, name, cells, shares) for name in spec.margins]
    for _ in range(ROUNDS):
        before = shares.copy()
        for members, target in targets:
            held = np.bincount(members, weights=shares, minlength=len(target))
            scale = np.divide(target, held, out=np.zeros_like(target), where=held > 0)
            shares = shares * scale[members]
        if np.abs(shares - before).max() < TOLERANCE**2:
            break
    for name, (members, target) in zip(spec.margins, targets, strict=True):
        held = np.bincount(members, weights=shares, minlength=len(target))
        worst = int(np.abs(held - target).argmax())
        if abs(held[worst] - target[worst]) > TOLERANCE:
            raise SocietyError(
                f"margin {name!r} cannot be met together with the others: category "
                f"{list(spec.margins[name])[worst]!r} should have {target[worst]:.1%} and gets "
                f"{held[worst]:.1%}; make the margins agree, or allow more cells in the table"
            )
    return list(map(float, shares))


def _cells(spec: Margins) -> tuple[list[dict[str, Fact]], list[float]]:
    """Return the cells of the joint table, and what they weigh before raking."""
    if spec.table:
        cells = [{name: row[name] for name in spec.attributes if name in row} for row in spec.table]
        for cell, row in zip(cells, spec.table, strict=True):
            missing = [name for name in spec.attributes if name not in cell]
            if missing:
                raise SocietyError(f"row {row} of the joint table does not say {missing[0]!r}")
        return cells, [float(row.get("weight", 1.0)) for row in spec.table]
    categories: dict[str, dict[str, None]] = {name: {} for name in spec.attributes}
    for name, weights in spec.margins.items():
        for category in weights:
            for attribute, part in zip(name.split(","), category.split(","), strict=True):
                categories[attribute.strip()][part.strip()] = None
    number = prod(map(len, categories.values()))
    if number > MOST_CELLS:
        raise SocietyError(
            f"the margins' attributes have {number:,} combinations, and at most {MOST_CELLS:,} are "
            "raked: leave out an attribute, or list the possible cells in the table"
        )
    combinations = product(*categories.values())
    cells = [dict(zip(categories, combination, strict=True)) for combination in combinations]
    return cells, [1.0] * len(cells)


def _target(
    spec: Margins, name: str, cells: Sequence[dict[str, Fact]], shares: "np.ndarray"
) -> "tuple[np.ndarray, np.ndarray]":
    """Return each cell's category in a margin, and the categories' shares."""
    import numpy as np

    attributes = [part.strip() for part in name.split(",")]
    categories = [tuple(part.strip() for part in each.split(",")) for each in spec.margins[name]]
    places = {category: place for place, category in enumerate(categories)}
    members = []
    for cell in cells:
        category = tuple(str(cell[attribute]) for attribute in attributes)
        if category not in places:
            raise SocietyError(
                f"margin {name!r} gives no share for {', '.join(category)!r}, which is in the table"
            )
        members.append(places[category])
    target = np.array(list(spec.margins[name].values()), dtype=float)
    target = target / target.sum()
    held = np.bincount(members, weights=shares, minlength=len(target))
    for category, share, has in zip(categories, target, held, strict=True):
        if share > 0 and has <= 0:
            raise SocietyError(
                f"margin {name!r} asks for {share:.1%} of {', '.join(category)!r}, "
                "which is in no cell of the joint table"
            )
    return np.array(members), target
