"""Pictures of cooperation in the donor game: of one run, over its generations.

Names of agents are data: they are drawn as they are, never read as mathematics.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl
from matplotlib.collections import PolyCollection
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter, StrMethodFormatter

from societies.analysis.figures import BLUE, GREEN, GREY, VERMILION, legend, plain
from societies.analysis.kit import Axes, FigureBase, Frame, Runs, lines, overview, page, panel
from societies.analysis.replication import across_runs
from societies.analysis.statistics import lorenz_curve
from societies.scenarios.donor_game.lineage_figure import draw_lineage
from societies.scenarios.donor_game.looks import (
    LEGIBLE,
    NARROW,
    UNDEFINED,
    UNFINISHED,
    Kinds,
    Shades,
    height,
    over_generations,
    players,
    say_alone,
)
from societies.scenarios.donor_game.measures import (
    WHEN,
    answer_quality,
    endowments,
    final_resources,
    generosity_selection,
    gini,
    lineage,
    population,
    punishment_share,
)

LOG_FROM = 20
"""Largest mean over smallest mean from which resources are drawn on a logarithmic scale."""
MOST_NAMES = 80
"""Agents beyond which names are not legible, and left out."""


@panel(
    "Final resources",
    "What agents own at the end of a game, mean over the games: every agent's, the mean of all, "
    "and, in colour, of every group or language model; dotted: what they began with. The agents of "
    "a generation play with each other, so that one run defines no interval: repeat it with other "
    "seeds, and see `replication.across_runs`.",
)
def draw_resources(axes: Axes, runs: Runs) -> None:
    """Draw final resources: the agents', and their mean."""
    over_generations(axes, runs, str(final_resources.column("resources")))
    table, agents, start = final_resources(runs), population(runs), endowments(runs)
    if table.is_empty():
        return say_alone(axes, UNFINISHED)
    shade = "black" if _draw_agents(axes, runs, agents) else BLUE
    axes.plot(table["generation"], table["resources"], "o-", ms=4, color=shade, label="mean")
    dotted: dict[str, Any] = {"color": "black", "lw": 0.9, "ls": ":", "label": "endowment"}
    if start["endowment"].n_unique() == 1:
        axes.axhline(start["endowment"][0], **dotted)
    else:
        ends = start["generation"] - 0.5, start["generation"] + 0.5
        axes.hlines(start["endowment"], *ends, **dotted)
    _scale(axes, table["resources"].to_list(), agents["resources"].to_list())
    legend(axes, **NARROW)
    return None


def _draw_agents(axes: Axes, runs: Runs, agents: Frame) -> bool:
    """Draw every agent's resources; the mean of each kind, too, and return True, if it has some."""
    kinds = Kinds(runs)
    dots: dict[str, Any] = {"s": 9, "alpha": 0.55, "lw": 0, "clip_on": False}
    if not kinds.are_several:
        axes.scatter(agents["generation"], agents["resources"], color=GREY, label="agent", **dots)
        return False
    told = agents.with_columns(kind=pl.col("agent").replace_strict(kinds.of))
    for kind in kinds.names:
        part, shade = told.filter(kind=kind), kinds.colour(kind)
        mark = kinds.mark(kind)
        axes.scatter(part["generation"], part["resources"], color=shade, marker=mark, **dots)
        mean = part.group_by("generation").agg(pl.col("resources").mean()).sort("generation")
        style: dict[str, Any] = {"color": shade, "marker": mark, "lw": 0.9, "ms": 3}
        axes.plot(mean["generation"], mean["resources"], label=plain(kind, 18), **style)
    return True


def _tall(runs: Runs) -> tuple[float, float]:
    """Return the size of the heat map: its names need a row each."""
    rows = lineage(runs)["agent"].n_unique()
    return 6.4, 1.6 + 0.13 * max(12, min(MOST_NAMES, rows))


@panel(
    "Donation fraction",
    "What part of its holdings every agent gave, mean over its moves in a generation; a row per "
    "agent, in order of birth. Colours span the range of the run's own fractions, as in the "
    "picture of the lineage. A strip on the left tells groups and language models apart.",
    size=_tall,
)
def draw_donations(axes: Axes, runs: Runs) -> None:
    """Draw the donation fraction of every agent in every generation it lived in."""
    over_generations(axes, runs, "agent, in order of birth")
    table, shades, kinds = players(runs), Shades(runs), Kinds(runs)
    rows = {name: row for row, name in enumerate(dict.fromkeys(lineage(runs)["agent"]))}
    lives = table[["generation", "agent"]].rows()
    cells = [_corners(g - 0.5, g + 0.5, rows[agent]) for g, agent in lives]
    colours = [shades(fraction) for fraction in table["fraction"]]
    width = 0.4 if len(rows) <= MOST_NAMES else 0
    axes.add_collection(PolyCollection(cells, facecolors=colours, edgecolors="white", lw=width))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    _name_rows(axes, list(rows))
    handles: list[Any] = kinds.handles(marker="s")
    if kinds.are_several:
        _strip(axes, [kinds.colour(kinds.of[name]) for name in rows])
    if table["fraction"].has_nulls():
        handles.append(Patch(color=UNDEFINED, label="held nothing, or no valid move"))
    if handles:
        legend(axes, handles=handles, **NARROW)
    shades.explain(axes)


def _name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Name the rows of the heat map, or number them where names would not be legible."""
    if len(names) <= MOST_NAMES and height(axes) >= LEGIBLE * len(names):
        labels = [plain(name) for name in names]
        axes.set_yticks(range(len(names)), labels, fontsize=LEGIBLE, parse_math=False)
        return
    numbers = range(0, len(names), 1 + len(names) // 15)
    axes.set_yticks(numbers, [f"{row + 1}" for row in numbers])


def _strip(axes: Axes, colours: Sequence[str]) -> None:
    """Colour the left end of every row."""
    left, right = axes.get_xlim()
    axes.set_xlim(left - 0.02 * (right - left), right)
    cells = [_corners(0, 0.018, row) for row in range(len(colours))]
    transform = axes.get_yaxis_transform()
    axes.add_collection(PolyCollection(cells, facecolors=colours, lw=0, transform=transform))


@panel(
    "Selection for generosity",
    "How much more the survivors gave than the eliminated, over the mean of all; n/a: nobody was"
    " selected, or nobody gave.",
    size=(6.4, 3.8),
)
def draw_selection(axes: Axes, runs: Runs) -> None:
    """Draw how much more the survivors gave than the eliminated."""
    over_generations(axes, runs, str(generosity_selection.column("selection")))
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
    over_generations(axes, runs, str(punishment_share.column("share")))
    known = punishment_share(runs).drop_nulls("share")
    axes.bar(known["generation"], known["share"], color=VERMILION, width=0.7)
    axes.set_ylim(0, max([0.05, *(1.15 * share for share in known["share"])]))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


@panel(
    "Inequality of final resources",
    "Gini coefficient of all agents of a generation; 0: all own the same. Of several runs, the "
    "mean with its 95 % interval over runs (Student's t), a line per condition. The agents of one "
    "run play with each other, so that it defines no interval.",
)
def draw_gini(axes: Axes, runs: Runs) -> None:
    """Draw the inequality of final resources: of a run, or the mean of several."""
    if len(runs) > 1:
        axes.set_ylabel(str(gini.column("gini")), fontsize=9)
        ends = {"mean": "gini", "low": "gini_low", "high": "gini_high"}
        table = across_runs(runs, gini, "gini", by="generation").rename(ends)
        lines(axes, table, x="generation", y="gini")
        axes.set_ylim(bottom=0)
        return
    over_generations(axes, runs, str(gini.column("gini")))
    known = _known(axes, runs, gini(runs), "gini")
    if not known.is_empty():  # an empty line that is not clipped breaks the layout
        axes.plot(known["generation"], known["gini"], "o-", ms=4, color=GREEN, clip_on=False)
    axes.set_ylim(0, max([0.3, *(1.15 * value for value in known["gini"])]))
    note: dict[str, Any] = {"ha": "right", "va": "top", "fontsize": 7, "color": GREY}
    axes.text(1, 0.99, "one run defines no interval", transform=axes.transAxes, **note)


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
    _ = runs.only
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
    parts=(draw_gini, draw_lorenz),
)
def draw_inequality(figure: FigureBase, runs: Runs) -> None:
    """Draw the Gini coefficient over the generations beside Lorenz curves."""
    left, right = figure.subplots(1, 2)
    draw_gini(left, runs)
    draw_lorenz(right, runs)


def _known(axes: Axes, runs: Runs, table: Frame, figure: str) -> Frame:
    """Return where a figure is known; write n/a elsewhere, which no one would tell from 0."""
    begun = answer_quality(runs).select(WHEN).join(table, on=WHEN, how="left").sort(WHEN)
    for generation in begun.filter(pl.col(figure).is_null())["generation"]:
        axes.text(generation, 0, "n/a", ha="center", va="bottom", fontsize=7, color=GREY)
    return begun.drop_nulls(figure)


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


def _corners(left: float, right: float, row: int) -> list[tuple[float, float]]:
    """Return the corners of a cell of the heat map."""
    top, bottom = row - 0.5, row + 0.5
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


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
