"""Pictures of cooperation in the donor game: of one run, over its generations.

Names of agents are data: they are drawn as they are, never read as mathematics.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import Normalize
from matplotlib.patches import Patch
from matplotlib.path import Path as Curve
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

from societies.analysis.figures import BLUE, GREEN, GREY, VERMILION, legend, plain, say
from societies.analysis.kit import Axes, FigureBase, Frame, Runs, overview, page, panel
from societies.analysis.statistics import lorenz_curve
from societies.scenarios.donor_game.measures import (
    GIVEN,
    WHEN,
    WHO,
    answer_quality,
    donation_fractions,
    endowments,
    final_resources,
    generosity_selection,
    gini,
    lineage,
    population,
    punishment_share,
)

UNDEFINED = "#D9D9D9"
FRACTIONS = ScalarMappable(Normalize(0, 1), "viridis")

LOG_FROM = 20
"""Largest mean over smallest mean from which resources are drawn on a logarithmic scale."""
MOST_NAMES = 80
"""Agents beyond which names are not legible, and left out."""
LEGIBLE = 7
"""Points of height that a name needs."""
UNFINISHED = "no generation is finished"

NARROW: dict[str, Any] = {"columnspacing": 1.2, "handlelength": 1.5}
"""Of legends."""


@panel(
    "Final resources",
    "What agents own at the end of a game, mean over the games: every agent's, and the mean of all;"
    " dotted: what they began with.",
)
def draw_resources(axes: Axes, runs: Runs) -> None:
    """Draw final resources: the agents', and their mean."""
    _over_generations(axes, runs, str(final_resources.column("resources")))
    table, agents, start = final_resources(runs), population(runs), endowments(runs)
    if table.is_empty():
        return _say(axes, UNFINISHED)
    dots: dict[str, Any] = {"s": 9, "color": GREY, "alpha": 0.55, "lw": 0, "clip_on": False}
    axes.scatter(agents["generation"], agents["resources"], label="agent", **dots)
    axes.plot(table["generation"], table["resources"], "o-", ms=4, color=BLUE, label="mean")
    dotted: dict[str, Any] = {"color": "black", "lw": 0.9, "ls": ":", "label": "endowment"}
    if start["endowment"].n_unique() == 1:
        axes.axhline(start["endowment"][0], **dotted)
    else:
        ends = start["generation"] - 0.5, start["generation"] + 0.5
        axes.hlines(start["endowment"], *ends, **dotted)
    _scale(axes, table["resources"].to_list(), agents["resources"].to_list())
    legend(axes, **NARROW)
    return None


def _tall(runs: Runs) -> tuple[float, float]:
    """Return the size of the heat map: its names need a row each."""
    rows = lineage(runs)["agent"].n_unique()
    return 6.4, 1.6 + 0.13 * max(12, min(MOST_NAMES, rows))


@panel(
    "Donation fraction",
    "What part of its holdings every agent gave, mean over its moves in a generation.",
    size=_tall,
)
def draw_donations(axes: Axes, runs: Runs) -> None:
    """Draw the donation fraction of every agent in every generation it lived in."""
    _over_generations(axes, runs, "agent, in order of birth")
    players = _players(runs)
    rows = {name: row for row, name in enumerate(dict.fromkeys(lineage(runs)["agent"]))}
    cells = [_cell(g, rows[agent]) for g, agent in players[["generation", "agent"]].rows()]
    colours = [_colour(fraction) for fraction in players["fraction"]]
    width = 0.4 if len(rows) <= MOST_NAMES else 0
    axes.add_collection(PolyCollection(cells, facecolors=colours, edgecolors="white", lw=width))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    numbers = range(0, len(rows), 1 + len(rows) // 15)
    axes.set_yticks(numbers, [f"{row + 1}" for row in numbers])
    if len(rows) <= MOST_NAMES and _height(axes) >= LEGIBLE * len(rows):
        labels = [plain(name) for name in rows]
        axes.set_yticks(range(len(rows)), labels, fontsize=6, parse_math=False)
    if players["fraction"].has_nulls():
        without = Patch(color=UNDEFINED, label="held nothing, or no valid move")
        legend(axes, handles=[without], **NARROW)
    _fraction_bar(axes)


@panel(
    "Selection for generosity",
    "How much more the survivors gave than the eliminated, over the mean of all; n/a: nobody was"
    " selected, or nobody gave.",
    size=(6.4, 3.8),
)
def draw_selection(axes: Axes, runs: Runs) -> None:
    """Draw how much more the survivors gave than the eliminated."""
    _over_generations(axes, runs, str(generosity_selection.column("selection")))
    known = _known(axes, runs, generosity_selection(runs), "selection")
    colours = [BLUE if value > 0 else VERMILION for value in known["selection"]]
    axes.bar(known["generation"], known["selection"], color=colours, width=0.7)
    axes.axhline(0, color="black", lw=0.8)
    reach = max([0.1, *(1.25 * abs(value) for value in known["selection"])])
    axes.set_ylim(-reach, reach)
    corner: dict[str, Any] = {"transform": axes.transAxes, "fontsize": 8}
    axes.text(0.01, 0.98, "generous survive", color=BLUE, va="top", **corner)
    axes.text(0.01, 0.02, "generous die out", color=VERMILION, va="bottom", **corner)


@panel(
    "Punishment",
    "Part of the encounters in which the donor punished, of those in which it might.",
    size=(6.4, 3.8),
    shown=lambda runs: punishment_share(runs)["share"].is_not_null().any(),
)
def draw_punishment(axes: Axes, runs: Runs) -> None:
    """Draw the part of encounters in which the donor punished."""
    _over_generations(axes, runs, str(punishment_share.column("share")))
    known = punishment_share(runs).drop_nulls("share")
    axes.bar(known["generation"], known["share"], color=VERMILION, width=0.7)
    axes.set_ylim(0, max([0.05, *(1.15 * share for share in known["share"])]))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


@panel("Inequality of final resources", "Of all agents of a generation; 0: all own the same.")
def draw_gini(axes: Axes, runs: Runs) -> None:
    """Draw the inequality of final resources."""
    _over_generations(axes, runs, str(gini.column("gini")))
    known = _known(axes, runs, gini(runs), "gini")
    if not known.is_empty():  # an empty line that is not clipped breaks the layout
        axes.plot(known["generation"], known["gini"], "o-", ms=4, color=GREEN, clip_on=False)
    axes.set_ylim(0, max([0.3, *(1.15 * value for value in known["gini"])]))


@panel(
    "Lorenz curves",
    "Part of all final resources that the poorest own, in the first and the last finished"
    " generation.",
)
def draw_lorenz(axes: Axes, runs: Runs) -> None:
    """Draw the Lorenz curves of the first and of the last finished generation."""
    axes.set_xlabel("part of the agents, poorest first", fontsize=9)
    axes.set_ylabel("part of all final resources", fontsize=9)
    axes.plot([0, 1], [0, 1], color="black", lw=0.9, ls=":", label="equality")
    owned = population(runs).sort("generation").group_by("generation", maintain_order=True)
    curves = owned.agg("resources").rows()
    for (generation, resources), colour in zip(
        dict(curves[:1] + curves[-1:]).items(), (GREY, GREEN), strict=False
    ):
        if curve := lorenz_curve(resources):
            told = f"generation {generation}"
            axes.plot(*curve, "o-", ms=3, color=colour, clip_on=False, label=told)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.legend(loc="upper left", frameon=False, fontsize=8)


@page(
    "Inequality",
    "Gini coefficient of every generation, and Lorenz curves of the first and the last.",
    size=(9.6, 4.2),
)
def draw_inequality(figure: FigureBase, runs: Runs) -> None:
    """Draw the Gini coefficient over the generations beside Lorenz curves."""
    left, right = figure.subplots(1, 2)
    draw_gini(left, runs)
    draw_lorenz(right, runs)


@panel(
    "Lineage of strategies",
    "Agents by rank, coloured by what they gave; newcomers who heard the same advisers share a"
    " bundle of curves.",
    size=(9.6, 5.8),
)
def draw_lineage(axes: Axes, runs: Runs) -> None:
    """Draw who lived on and who learnt from whom."""
    _over_generations(axes, runs, "rank in the generation (1 is best)")
    players = _players(runs).drop_nulls("rank")
    if players.is_empty():
        return _say(axes, UNFINISHED)
    ranks = {(g, agent): rank for g, agent, rank in players[["generation", "agent", "rank"]].rows()}
    curves = [curve for bundle in _bundles(lineage(runs), ranks) for curve in bundle]
    thin: dict[str, Any] = {"lw": 0.8, "alpha": 0.6, "zorder": 1}
    axes.add_collection(PathCollection(curves, facecolors="none", edgecolors=GREY, **thin))
    lives = [
        [(generation, rank), (generation + 1, ranks[generation + 1, agent])]
        for (generation, agent), rank in ranks.items()
        if (generation + 1, agent) in ranks
    ]
    axes.add_collection(LineCollection(lives, colors="black", lw=1.2, zorder=2))
    colours: Any = [_colour(fraction) for fraction in players["fraction"]]
    ringed: dict[str, Any] = {"s": 60, "edgecolors": "black", "lw": 0.6, "zorder": 3}
    axes.scatter(players["generation"], players["rank"], c=colours, **ringed)
    last = max(ranks.values())
    if _height(axes) >= 2 * LEGIBLE * last:
        _name_newborn(axes, ranks)
    axes.set_ylim(last + 0.6, 0.2)
    axes.set_yticks(range(1, last + 1, 1 + last // 25))
    lines = axes.plot([], [], color="black", lw=1.2, label="survives")
    lines += axes.plot([], [], color=GREY, lw=0.8, label="newcomers learn from survivors")
    legend(axes, handles=lines, **NARROW)
    _fraction_bar(axes)
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
                fontsize=6,
                parse_math=False,
                path_effects=[withStroke(linewidth=1.5, foreground="white")],
                zorder=4,
            )


def _over_generations(axes: Axes, runs: Runs, label: str) -> None:
    """Label axes whose abscissa is the generation, of all that have begun in the run."""
    axes.set_xlabel("generation", fontsize=9)
    axes.set_ylabel(label, fontsize=9)
    generations = answer_quality(runs.only)["generation"].to_list() or [1]
    axes.set_xlim(min(generations) - 0.6, max(generations) + 0.6)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12, min_n_ticks=1))


def _players(runs: Runs) -> Frame:
    """Return what every agent gave, and how it ended, in every generation that it lived in."""
    gave, ended = donation_fractions(runs), population(runs)
    return gave.join(ended, on=WHO, how="full", coalesce=True).sort("generation", "agent")


def _known(axes: Axes, runs: Runs, table: Frame, figure: str) -> Frame:
    """Return where a figure is known; write n/a elsewhere, which no one would tell from 0."""
    begun = answer_quality(runs).select(WHEN).join(table, on=WHEN, how="left").sort(WHEN)
    for generation in begun.filter(pl.col(figure).is_null())["generation"]:
        axes.text(generation, 0, "n/a", ha="center", va="bottom", fontsize=7, color=GREY)
    return begun.drop_nulls(figure)


def _height(axes: Axes) -> float:
    """Return about how high axes are, in points."""
    return 72 * axes.get_window_extent().height / axes.figure.dpi


def _scale(axes: Axes, means: Sequence[float], values: Sequence[float]) -> None:
    """Choose a scale that shows every agent's resources, 0 included."""
    positive = [value for value in values if value > 0]
    if positive and max(means) >= LOG_FROM * min(means):
        if len(positive) == len(values):
            axes.set_yscale("log")
        else:
            axes.set_yscale("symlog", linthresh=min(positive))
    else:
        axes.set_ylim(0, 1.06 * max(values) or 1.0)
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))


def _cell(generation: int, row: int) -> list[tuple[float, float]]:
    """Return the corners of a cell of the heat map."""
    left, right, top, bottom = generation - 0.5, generation + 0.5, row - 0.5, row + 0.5
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _colour(fraction: float | None) -> Any:
    return UNDEFINED if fraction is None else FRACTIONS.cmap(fraction)


def _fraction_bar(axes: Axes) -> None:
    bar = axes.figure.colorbar(
        FRACTIONS, ax=axes, format=PercentFormatter(1), pad=0.02, aspect=25, fraction=0.05
    )
    bar.set_label(str(GIVEN), fontsize=8)
    bar.ax.tick_params(labelsize=8)
    bar.outline.set_visible(False)


def _say(axes: Axes, text: str) -> None:
    say(axes, text)
    axes.set_yticks([])


PANELS = (
    overview(
        "overview",
        "Cooperation",
        "All measures of a donor game on one page.",
        rows=(
            (draw_resources, draw_donations),
            (draw_selection, draw_gini, draw_punishment, draw_lorenz),
            (draw_lineage,),
        ),
        size=(12.0, 12.4),
        heights=(4.0, 3.2, 4.8),
    ),
    draw_resources,
    draw_donations,
    draw_selection,
    draw_inequality,
    draw_lineage,
    draw_punishment,
)
