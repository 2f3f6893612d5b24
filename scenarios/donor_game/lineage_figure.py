"""The picture of who lived on in the donor game, and who learnt from whom."""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.path import Path as Curve
from matplotlib.patheffects import withStroke

from societies.analysis.figures import GREY, legend, plain
from societies.analysis.kit import Axes, Runs, panel
from societies.scenarios.donor_game.looks import (
    LEGIBLE,
    NARROW,
    UNFINISHED,
    Kinds,
    Shades,
    height,
    over_generations,
    players,
    say_alone,
)
from societies.scenarios.donor_game.measures import lineage

WIDE = 4.5
"""Points of width that a letter of a name needs."""


@panel(
    "Lineage of strategies",
    "Agents by rank, coloured by what they gave, over the range of the run's own fractions; a mark "
    "per group or language model. Newcomers who heard the same advisers share a bundle of curves. "
    "Names stand where agents first appear, if there is room for all of them.",
    size=(9.6, 5.8),
)
def draw_lineage(axes: Axes, runs: Runs) -> None:
    """Draw who lived on and who learnt from whom."""
    over_generations(axes, runs, "rank in the generation (1 is best)")
    table, shades, kinds = players(runs).drop_nulls("rank"), Shades(runs), Kinds(runs)
    if table.is_empty():
        return say_alone(axes, UNFINISHED)
    ranks = {(g, agent): rank for g, agent, rank in table[["generation", "agent", "rank"]].rows()}
    curves = [curve for bundle in _bundles(lineage(runs), ranks) for curve in bundle]
    thin: dict[str, Any] = {"lw": 0.8, "alpha": 0.6, "zorder": 1}
    axes.add_collection(PathCollection(curves, facecolors="none", edgecolors=GREY, **thin))
    lives = [
        [(generation, rank), (generation + 1, ranks[generation + 1, agent])]
        for (generation, agent), rank in ranks.items()
        if (generation + 1, agent) in ranks
    ]
    axes.add_collection(LineCollection(lives, colors="black", lw=1.2, zorder=2))
    for kind in kinds.names:
        part = table.filter(pl.col("agent").replace_strict(kinds.of) == kind)
        colours: Any = [shades(fraction) for fraction in part["fraction"]]
        ringed: dict[str, Any] = {"s": 60, "edgecolors": "black", "lw": 0.6, "zorder": 3}
        axes.scatter(part["generation"], part["rank"], c=colours, marker=kinds.mark(kind), **ringed)
    last = max(ranks.values())
    if _has_room(axes, ranks):
        _name_newborn(axes, ranks)
    axes.set_ylim(last + 0.6, 0.2)
    axes.set_yticks(range(1, last + 1, 1 + last // 25))
    lines = axes.plot([], [], color="black", lw=1.2, label="survives")
    lines += axes.plot([], [], color=GREY, lw=0.8, label="newcomers learn from survivors")
    marks = kinds.handles(color="black", mfc="white", ms=6)
    legend(axes, handles=[*marks, *lines], **NARROW)
    shades.explain(axes)
    return None


def _bundles(lineage: pl.DataFrame, ranks: Mapping[tuple[int, str], int]) -> Iterable[list[Curve]]:
    """Yield the curves from advisers to those who learnt from exactly them, through one point."""
    groups: dict[tuple[int, tuple[str, ...]], list[str]] = {}
    heard = lineage.drop_nulls("adviser").group_by("generation", "agent", maintain_order=True)
    for generation, agent, advisers in heard.agg("adviser").rows():
        groups.setdefault((generation, tuple(sorted(advisers))), []).append(agent)
    for (generation, advisers), newcomers in groups.items():
        left = [ranks[generation - 1, name] for name in advisers if (generation - 1, name) in ranks]
        right = [ranks[generation, name] for name in newcomers if (generation, name) in ranks]
        if left and right:
            middle = (generation - 0.5, sum(left + right) / len(left + right))
            yield [_curve((generation - 1, rank), middle) for rank in left] + [
                _curve(middle, (generation, rank)) for rank in right
            ]


def _curve(start: tuple[float, float], end: tuple[float, float]) -> Curve:
    """Return a curve that leaves and arrives horizontally."""
    half = (start[0] + end[0]) / 2
    corners = [start, (half, start[1]), (half, end[1]), end]
    return Curve(corners, [Curve.MOVETO, Curve.CURVE4, Curve.CURVE4, Curve.CURVE4])


def _has_room(axes: Axes, ranks: Mapping[tuple[int, str], int]) -> bool:
    """Return whether every name is legible: no higher than its row, no wider than its column."""
    left, right = axes.get_xlim()
    column = 72 * axes.get_window_extent().width / axes.figure.dpi / (right - left)
    longest = max(len(plain(agent)) for _, agent in ranks)
    return height(axes) >= 2 * LEGIBLE * max(ranks.values()) and column >= WIDE * longest


def _name_newborn(axes: Axes, ranks: Mapping[tuple[int, str], int]) -> None:
    """Write the names of agents where they first appear."""
    named: set[str] = set()
    for (generation, agent), rank in sorted(ranks.items()):
        if agent not in named:
            named.add(agent)
            axes.annotate(
                plain(agent),
                (generation, rank),
                (0, 5),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=LEGIBLE,
                parse_math=False,
                path_effects=[withStroke(linewidth=2.5, foreground="white")],
                zorder=4,
            )
