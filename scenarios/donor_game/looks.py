"""How generations and agents look in pictures: their axes, colours and marks."""

from collections.abc import Mapping
from math import ceil, floor
from typing import Any

from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from societies.analysis.factors import kinds
from societies.analysis.figures import colour, colour_bar, plain, say
from societies.analysis.kit import Axes, Frame, Runs
from societies.scenarios.donor_game.measures import (
    GIVEN,
    WHO,
    answer_quality,
    donation_fractions,
    population,
)

UNDEFINED = "#D9D9D9"
NARROW: dict[str, Any] = {"columnspacing": 1.2, "handlelength": 1.5}
"""Of legends."""
LEGIBLE = 7
"""Points of height that a name needs."""
UNFINISHED = "no generation is finished"
MARKS = "osD^vPX"
"""Of kinds of agents; those beyond them have the last one."""
STEP = 0.05
"""Donation fractions are coloured from and to a multiple of this."""


def over_generations(axes: Axes, runs: Runs, label: str) -> None:
    """Label axes whose abscissa is the generation, of all that have begun in the run."""
    axes.set_xlabel("generation", fontsize=9)
    axes.set_ylabel(label, fontsize=9)
    generations = answer_quality(runs.only)["generation"].to_list() or [1]
    axes.set_xlim(min(generations) - 0.6, max(generations) + 0.6)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12, min_n_ticks=1))


def players(runs: Runs) -> Frame:
    """Return what every agent gave, and how it ended, in every generation that it lived in."""
    gave, ended = donation_fractions(runs), population(runs)
    return gave.join(ended, on=WHO, how="full", coalesce=True).sort("generation", "agent")


def height(axes: Axes) -> float:
    """Return about how high axes are, in points."""
    return 72 * axes.get_window_extent().height / axes.figure.dpi


def say_alone(axes: Axes, text: str) -> None:
    """Write instead of a plot why there is none."""
    say(axes, text)
    axes.set_yticks([])


class Shades:
    """The colours of donation fractions, over the range of a run's own.

    Args:
        runs: the run.
    """

    def __init__(self, runs: Runs) -> None:
        known = players(runs)["fraction"].drop_nulls().to_list() or [0.0, 1.0]
        self._low = floor(min(known) / STEP) * STEP
        self._reach = max(ceil(max(known) / STEP) * STEP - self._low, STEP)
        self._scale = ScalarMappable(Normalize(self._low, self._low + self._reach), "viridis")

    def __call__(self, fraction: float | None) -> Any:
        """Return the colour of a fraction; grey of one that is not defined."""
        return (
            UNDEFINED
            if fraction is None
            else self._scale.cmap((fraction - self._low) / self._reach)
        )

    def explain(self, axes: Axes) -> None:
        """Put a bar beside axes that tells what the colours mean."""
        form = PercentFormatter(1, decimals=0)
        colour_bar(axes, self._scale, str(GIVEN), format=form)


class Kinds:
    """Which agents are of one kind (group, language model), and what tells the kinds apart.

    Args:
        runs: the run.
    """

    def __init__(self, runs: Runs) -> None:
        self.of: Mapping[str, str] = dict(kinds(runs).select("agent", "kind").iter_rows())
        self.names = sorted(set(self.of.values()))

    @property
    def are_several(self) -> bool:
        """Whether there is anything to tell apart."""
        return len(self.names) > 1

    def colour(self, kind: str) -> str:
        """Return the colour of a kind."""
        return colour(self.names.index(kind))

    def mark(self, kind: str) -> str:
        """Return the mark of a kind."""
        return MARKS[min(self.names.index(kind), len(MARKS) - 1)]

    def handles(self, **style: Any) -> list[Line2D]:
        """Return what a legend of kinds holds; nothing if all agents are of one."""
        told = self.names if self.are_several else []
        return [Line2D([], [], **self._handle(kind, style)) for kind in told]

    def _handle(self, kind: str, style: Mapping[str, Any]) -> dict[str, Any]:
        own = {"color": self.colour(kind), "marker": self.mark(kind), "label": plain(kind, 24)}
        return {"ls": "", "ms": 4, **own, **style}
