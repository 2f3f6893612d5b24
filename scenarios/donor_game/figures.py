"""Plots of cooperation in the donor game, one per measure, and an overview of all.

Figures are Matplotlib objects of their own: nothing global is touched, no display is needed. Names
of agents are data: they are drawn as they are, never read as mathematics.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.path import Path as Curve
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

from societies.analysis.figures import (
    BLUE,
    GREEN,
    GREY,
    VERMILION,
    Suffix,
    blank,
    legend,
    plain,
    save,
    style,
)
from societies.analysis.statistics import lorenz_curve
from societies.runs.run import Run
from societies.scenarios.donor_game.results import Results

UNDEFINED = "#D9D9D9"
FRACTIONS = ScalarMappable(Normalize(0, 1), "viridis")

LOG_FROM = 20
"""Largest mean over smallest mean from which resources are drawn on a logarithmic scale."""
MOST_NAMES = 80
"""Agents beyond which names are not legible, and left out."""

NARROW: dict[str, Any] = {"columnspacing": 1.2, "handlelength": 1.5}
"""Of legends."""

Draw = Callable[[Axes, Results], None]


def draw(run: Run, folder: str | Path, suffix: Suffix = "png") -> list[Path]:
    """Draw the plots of a donor game into a folder; return the files, the overview first.

    `overview.png`, `resources.png`, `donations.png`, `selection.png`, `inequality.png`,
    `lineage.png`, and, if the protocol has costly punishment, `punishment.png`.
    """
    results = Results.of(run)
    figures = {
        "overview": overview_figure(results),
        "resources": _single(results, draw_resources, 6.4, 4.2),
        "donations": _single(results, draw_donations, 6.4, _height(results)),
        "selection": _single(results, draw_selection, 6.4, 3.8),
        "inequality": inequality_figure(results),
        "lineage": _single(results, draw_lineage, 9.6, 5.8),
    }
    if results.punished:
        figures["punishment"] = _single(results, draw_punishment, 6.4, 3.8)
    Path(folder).mkdir(parents=True, exist_ok=True)
    return [
        save(figure, Path(folder) / f"{name}.{suffix}", run) for name, figure in figures.items()
    ]


# -- figures ----------------------------------------------------------------------------------


def overview_figure(results: Results) -> Figure:
    """Draw all measures of a run on one page."""
    figure = blank(12.0, 12.4, results.footer)
    third: Draw = draw_punishment if results.punished else draw_lorenz
    rows: Any = figure.subfigures(3, 1, height_ratios=(4.0, 3.2, 4.8))
    top, middle = rows[0].subplots(1, 2), rows[1].subplots(1, 3)
    draw_resources(top[0], results)
    draw_donations(top[1], results, names=False)
    for axes, draw in zip(middle, (draw_selection, draw_gini, third), strict=True):
        draw(axes, results)
    draw_lineage(rows[2].subplots(), results, names=False)
    return figure


def inequality_figure(results: Results) -> Figure:
    """Draw the Gini coefficient over the generations beside Lorenz curves."""
    figure = blank(9.6, 4.2, results.footer)
    left, right = figure.subplots(1, 2)
    draw_gini(left, results)
    draw_lorenz(right, results)
    return figure


def _single(results: Results, draw: Draw, width: float, height: float) -> Figure:
    figure = blank(width, height, results.footer)
    draw(figure.subplots(), results)
    return figure


def _height(results: Results) -> float:
    """Return the height of the heat map in inches: its names need a row each."""
    return 1.6 + 0.13 * max(12, min(MOST_NAMES, results.players["agent"].n_unique()))


# -- measures ---------------------------------------------------------------------------------


def draw_resources(axes: Axes, results: Results) -> None:
    """Draw final resources: the agents', and their mean."""
    _prepare(axes, "Final resources", "units (mean over games)", results)
    table = results.measures.drop_nulls("resources")
    if table.is_empty():
        return _say(axes, "no generation is finished")
    agents = results.players.drop_nulls("resources")
    axes.scatter(
        agents["generation"],
        agents["resources"],
        s=9,
        color=GREY,
        alpha=0.55,
        lw=0,
        label="agent",
        clip_on=False,
    )
    axes.plot(table["generation"], table["resources"], "o-", ms=4, color=BLUE, label="mean")
    start = results.endowments
    if start["endowment"].n_unique() == 1:
        axes.axhline(start["endowment"][0], color="black", lw=0.9, ls=":", label="endowment")
    else:
        ends = start["generation"] - 0.5, start["generation"] + 0.5
        axes.hlines(start["endowment"], *ends, color="black", lw=0.9, ls=":", label="endowment")
    _scale(axes, table["resources"].to_list(), agents["resources"].to_list())
    legend(axes, **NARROW)
    return None


def draw_donations(axes: Axes, results: Results, *, names: bool = True) -> None:
    """Draw the donation fraction of every agent in every generation it lived in."""
    _prepare(axes, "Donation fraction", "agent, in order of birth", results)
    players, rows = results.players, _births(results)
    cells = [_cell(g, rows[agent]) for g, agent in players[["generation", "agent"]].rows()]
    colours = [_colour(fraction) for fraction in players["fraction"]]
    legible = len(rows) <= MOST_NAMES
    width = 0.4 if legible else 0
    axes.add_collection(PolyCollection(cells, facecolors=colours, edgecolors="white", lw=width))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    numbers = range(0, len(rows), 1 + len(rows) // 15)
    axes.set_yticks(numbers, [f"{row + 1}" for row in numbers])
    if names and legible:
        labels = [plain(name) for name in rows]
        axes.set_yticks(range(len(rows)), labels, fontsize=6, parse_math=False)
    if players["fraction"].has_nulls():
        legend(
            axes, handles=[Patch(color=UNDEFINED, label="held nothing, or no valid move")], **NARROW
        )
    _fraction_bar(axes)


def draw_selection(axes: Axes, results: Results) -> None:
    """Draw how much more the survivors gave than the eliminated."""
    title = "Selection for generosity"
    _prepare(axes, title, "(survivors - eliminated) / mean", results)
    column = "generosity_selection"
    known = results.measures.drop_nulls(column)
    colours = [BLUE if value > 0 else VERMILION for value in known[column]]
    axes.bar(known["generation"], known[column], color=colours, width=0.7)
    axes.axhline(0, color="black", lw=0.8)
    reach = max([0.1, *(1.25 * abs(value) for value in known[column])])
    axes.set_ylim(-reach, reach)
    axes.text(0.01, 0.98, "generous survive", color=BLUE, **_corner(axes, "top"))
    axes.text(0.01, 0.02, "generous die out", color=VERMILION, **_corner(axes, "bottom"))
    _mark_undefined(axes, results, column)


def draw_punishment(axes: Axes, results: Results) -> None:
    """Draw the part of encounters in which the donor punished."""
    _prepare(axes, "Punishment", "part of encounters", results)
    known = results.measures.drop_nulls("punishment_share")
    axes.bar(known["generation"], known["punishment_share"], color=VERMILION, width=0.7)
    axes.set_ylim(0, max([0.05, *(1.15 * share for share in known["punishment_share"])]))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def draw_gini(axes: Axes, results: Results) -> None:
    """Draw the inequality of final resources."""
    _prepare(axes, "Inequality of final resources", "Gini coefficient", results)
    known = results.measures.drop_nulls("gini")
    if not known.is_empty():  # an empty line that is not clipped breaks the layout
        axes.plot(known["generation"], known["gini"], "o-", ms=4, color=GREEN, clip_on=False)
    axes.set_ylim(0, max([0.3, *(1.15 * value for value in known["gini"])]))
    _mark_undefined(axes, results, "gini")


def draw_lorenz(axes: Axes, results: Results) -> None:
    """Draw the Lorenz curves of the first and of the last finished generation."""
    style(axes, "Lorenz curves of final resources", "part of all units")
    axes.set_xlabel("part of the agents, poorest first", fontsize=9)
    axes.plot([0, 1], [0, 1], color="black", lw=0.9, ls=":", label="equality")
    finished = results.players.drop_nulls("resources")
    generations = finished["generation"].unique().sort().to_list()
    shown = dict.fromkeys(generations[:1] + generations[-1:])
    for generation, colour in zip(shown, (GREY, GREEN), strict=False):
        owned = finished.filter(pl.col("generation") == generation)["resources"].to_list()
        curve = lorenz_curve(owned)
        if curve:
            axes.plot(
                *curve, "o-", ms=3, color=colour, clip_on=False, label=f"generation {generation}"
            )
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.legend(loc="upper left", frameon=False, fontsize=8)


def draw_lineage(axes: Axes, results: Results, *, names: bool = True) -> None:
    """Draw who lived on and who learnt from whom: agents by rank, coloured by what they gave.

    Newcomers who heard the same advisers share a bundle of curves.
    """
    _prepare(axes, "Lineage of strategies", "rank in the generation (1 is best)", results)
    players = results.players.drop_nulls("rank")
    if players.is_empty():
        return _say(axes, "no generation is finished")
    ranks = {(g, agent): rank for g, agent, rank in players[["generation", "agent", "rank"]].rows()}
    curves = [curve for bundle in _bundles(results.lineage, ranks) for curve in bundle]
    axes.add_collection(
        PathCollection(curves, facecolors="none", edgecolors=GREY, lw=0.8, alpha=0.6, zorder=1)
    )
    lives = [
        [(generation, rank), (generation + 1, ranks[generation + 1, agent])]
        for (generation, agent), rank in ranks.items()
        if (generation + 1, agent) in ranks
    ]
    axes.add_collection(LineCollection(lives, colors="black", lw=1.2, zorder=2))
    colours: Any = [_colour(fraction) for fraction in players["fraction"]]
    axes.scatter(
        players["generation"],
        players["rank"],
        s=60,
        c=colours,
        edgecolors="black",
        lw=0.6,
        zorder=3,
    )
    if names and max(ranks.values()) <= 24:
        _name_newborn(axes, ranks)
    axes.set_ylim(max(ranks.values()) + 0.6, 0.2)
    axes.set_yticks(range(1, max(ranks.values()) + 1, 1 + max(ranks.values()) // 25))
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


# -- parts ------------------------------------------------------------------------------------


def _prepare(axes: Axes, title: str, unit: str, results: Results) -> None:
    """Style axes whose abscissa is the generation."""
    style(axes, title, unit)
    axes.set_xlabel("generation", fontsize=9)
    generations = results.measures["generation"].to_list() or [1]
    axes.set_xlim(min(generations) - 0.6, max(generations) + 0.6)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12, min_n_ticks=1))


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


def _births(results: Results) -> dict[str, int]:
    """Return every agent's row in the heat map: in the order in which strategies were devised."""
    return {name: row for row, name in enumerate(dict.fromkeys(results.lineage["agent"]))}


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
    bar.set_label("part of its holdings given", fontsize=8)
    bar.ax.tick_params(labelsize=8)
    bar.outline.set_visible(False)


def _corner(axes: Axes, vertical: str) -> dict[str, Any]:
    return {"transform": axes.transAxes, "va": vertical, "fontsize": 8}


def _mark_undefined(axes: Axes, results: Results, column: str) -> None:
    """Write n/a where a measure is undefined, which an empty place would not tell from 0."""
    for generation in results.measures.filter(pl.col(column).is_null())["generation"]:
        axes.text(generation, 0, "n/a", ha="center", va="bottom", fontsize=7, color=GREY)


def _say(axes: Axes, text: str) -> None:
    axes.text(0.5, 0.5, text, ha="center", va="center", color=GREY, transform=axes.transAxes)
    axes.set_yticks([])
