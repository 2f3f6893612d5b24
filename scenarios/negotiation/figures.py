"""Pictures of negotiations: outcomes against what can be reached, players, and learning."""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from societies.analysis.figures import (
    BLUE,
    GREEN,
    GREY,
    VERMILION,
    legend,
    plain,
)
from societies.analysis.kit import Frame, Runs, lines, overview, page, panel
from societies.scenarios.negotiation.contexts import (
    Points,
    context_of,
    optimal_points,
    outcomes,
)
from societies.scenarios.negotiation.measures import games, measures, meetings, players

MOST_CONTEXTS = 9
"""Contexts that are drawn each for itself."""
MOST_PLAYERS = 12
"""Players whose names fit beside a heat map."""
LIGHT, SKY = "#DCDCDC", "#56B4E9"
NARROW: dict[str, Any] = {"columnspacing": 1.0, "handlelength": 1.2}
"""Of legends."""
ENDINGS = {"agreed": BLUE, "mismatch": VERMILION, "turn_limit": GREY, "aborted": "black"}
FOR_A_PLAYER = {**ENDINGS, "aborted_by_partner": SKY}
"""How games end for one of the two."""
DEALS = (
    (True, BLUE, "Pareto-optimal deal"),
    (False, VERMILION, "other deal"),
    (None, SKY, "deal (strict: none is better)"),
)
CONTEXT = ("counts", "red_values", "blue_values", "weight")
"""What is one bargaining problem."""


def _is_played(runs: Runs) -> bool:
    return not games(runs).is_empty()


@panel(
    "Outcomes",
    "Deals by what they are worth to both, over the points that were Pareto-optimal under the "
    "objective of the game; areas are numbers of games, and all contexts are drawn in one.",
    shown=_is_played,
)
def draw_outcomes(axes: Axes, runs: Runs) -> None:
    """Draw deals as discs in the rings of the Pareto-optimal points of their contexts."""
    played = games(runs)
    reachable = Counter(
        points
        for row in played.iter_rows(named=True)
        for points in optimal_points(context_of(row), row["weight"])
    )
    deals = played.filter("agreed")
    ends = [_ends(deals.filter(pl.col("pareto").eq_missing(pl.lit(each)))) for each, *_ in DEALS]
    most = max(n for counts in (reachable, *ends) for n in counts.values())
    _bubbles(axes, reachable, most, label="frontier", facecolors="none", color=GREY)
    colours = [_dot(GREY, "frontier", ms=6, mfc="none")]
    for counts, (_, shade, label) in zip(ends, DEALS, strict=True):
        if counts:
            _bubbles(axes, counts, most, label=label, color=shade, alpha=0.75, linewidths=0)
            colours.append(_dot(shade, label, ms=6))
    axes.annotate(f"no deal: {played.height - deals.height:,}", (0, 0), (6, 5), **_note())
    axes.plot(0, 0, "x", color="black", ms=7, clip_on=False, zorder=4)
    _square(axes)
    below: dict[str, Any] = {"xycoords": "axes fraction", "ha": "center", "va": "top"}
    axes.annotate(_pooled(played), (0.5, 0), (0, -32), **below, **_note(GREY))
    _size_legend(axes, most)
    legend(axes, handles=colours, **NARROW)


def _pooled(played: Frame) -> str:
    """Return what is drawn in one: how many games, of how many contexts, under which objective."""
    weights = ", ".join(f"{weight:g}" for weight in played["weight"].unique().sort())
    number = played.select(CONTEXT).n_unique()
    pooled = f"{number:,} contexts, pooled" if number > 1 else "one context"
    corrected = int((played["corrections"] > 0).sum()) / played.height
    runs = played["run"].n_unique()
    several = f" of {runs} runs" if runs > 1 else ""
    return (
        f"{played.height:,} games{several} ({corrected:.1%} with a corrected turn)\n"
        f"of {pooled}; weight of the partner's points {weights}"
    )


@panel(
    "Joint value reached",
    "How much of the most that both could get together the games reached; 0 without a deal.",
    shown=_is_played,
)
def draw_joint_values(axes: Axes, runs: Runs) -> None:
    """Draw how much of the largest joint value the games reached."""
    shares = games(runs)["joint_share"].drop_nulls().to_list()
    axes.hist(shares, bins=[step / 20 - 0.025 for step in range(22)], color=BLUE, rwidth=0.9)
    mean = sum(shares) / len(shares) if shares else 0.0
    axes.axvline(mean, color="black", lw=1, ls=":")
    place: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "va": "top", "fontsize": 8}
    axes.text(mean, 0.98, f" mean {mean:.0%} ", ha="right", **place)
    axes.set_xlabel(str(games.column("joint_share")), fontsize=9)
    axes.set_ylabel("games", fontsize=9)
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))


def _problems(runs: Runs) -> list[Frame]:
    """Return the games of each of the first contexts."""
    grouped = games(runs).group_by(CONTEXT, maintain_order=True)
    return [group for _, group in grouped][:MOST_CONTEXTS]


def _grid(runs: Runs) -> tuple[int, int]:
    """Return how many rows and columns the first contexts are drawn in."""
    number = len(_problems(runs))
    columns = min(3, number)
    return -(-number // columns), columns


def _size_of_frontiers(runs: Runs) -> tuple[float, float]:
    rows, columns = _grid(runs)
    return 3.4 * columns + 1.2, 3.3 * rows + 0.3


@page(
    "Frontiers",
    f"The first contexts (at most {MOST_CONTEXTS}), each for itself: every allocation, the Pareto "
    "frontier under the game's objective, and where the games ended.",
    size=_size_of_frontiers,
    shown=_is_played,
)
def draw_frontiers(figure: FigureBase, runs: Runs) -> None:
    """Draw the first contexts each for itself: allocations, frontier, and how games ended."""
    every: Any = figure.subplots(*_grid(runs), squeeze=False)
    for axes in every.flat:
        axes.set_axis_off()
    for axes, group in zip(every.flat, _problems(runs), strict=False):
        axes.set_axis_on()
        draw_frontier(axes, group)
    frontier = Line2D([], [], marker="o", ms=4, color=GREY, mfc="white", label="Pareto frontier")
    figure.legend(
        handles=[_dot(LIGHT, "allocation", ms=4), frontier, *_endings(ENDINGS)],
        loc="outside right center",  # the red line stands above
        frameon=False,
        fontsize=7,
        handletextpad=0.3,
    )


def draw_frontier(axes: Axes, played: Frame) -> None:
    """Draw one context: every allocation, the Pareto frontier, and where its games ended."""
    row = played.row(0, named=True)
    context = context_of(row)
    things = zip(row["counts"], row["resources"], strict=True)
    title = ", ".join(f"{count} {plain(name, 12)}" for count, name in things)
    axes.set_title(plain(title, 46), fontsize=8, parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    across, up = zip(*set(outcomes(context)), strict=True)
    axes.scatter(across, up, s=14, color=LIGHT, zorder=1)
    frontier = optimal_points(context, row["weight"])
    falls = all(one[1] > other[1] for one, other in pairwise(frontier))
    mark = "o-" if falls else "o"  # under a strict objective it is no line: nobody is dominated
    axes.plot(*zip(*frontier, strict=True), mark, color=GREY, ms=4, lw=1, mfc="white", zorder=2)
    for ending, shade in ENDINGS.items():
        counts = _ends(played.filter(pl.col("reason") == ending))
        _bubbles(axes, counts, played.height, color=shade, alpha=0.7, linewidths=0)
        for place, number in counts.items():
            if number > 1:
                axes.annotate(f"x{number}", place, (5, 4), **_note(shade))
    _square(axes)


def _ranking(runs: Runs) -> Frame:
    """Return the measures of the players of a run, best first; of its last iteration."""
    table = players(runs.only)
    return table.filter(pl.col("iteration") == pl.col("iteration").max())


def _name_players(axes: Axes, table: Frame) -> None:
    """Name the players of a ranking beside the axes, the best above."""
    names = [plain(name, 18) for name in table["player"]]
    axes.set_yticks(range(table.height), names, parse_math=False)
    axes.set_ylim(table.height - 0.4, -0.6)


@panel("Mean score", "Players, best first, with 95 % intervals over contexts.")
def draw_scores(axes: Axes, runs: Runs) -> None:
    """Draw the players' mean scores, best first."""
    table = _ranking(runs)
    axes.plot(table["score"], range(table.height), "o", color=BLUE, ms=5)
    known = table.with_row_index("place").drop_nulls("low")
    axes.hlines(known["place"], known["low"], known["high"], color=BLUE, lw=1.6)
    interval = "with its 95% interval" if known.height else f"no interval: {table['note'][0]}"
    axes.set_xlabel(f"{players.column('score')}, {interval}", fontsize=9)
    _name_players(axes, table)


@panel("Endings", "How the games of each player ended; its partner's faults are told apart.")
def draw_endings(axes: Axes, runs: Runs) -> None:
    """Draw, as stacked bars, how the games of each player ended."""
    table, played = _ranking(runs), games(runs).to_dicts()
    ended = {
        player: Counter(
            _ending(row, player) for row in played if player in (row["red"], row["blue"])
        )
        for player in table["player"]
    }
    for place, counts in enumerate(ended.values()):
        left = 0.0
        for ending, shade in FOR_A_PLAYER.items():
            width = counts[ending] / counts.total()
            axes.barh(place, width, left=left, color=shade, height=0.62)
            left += width
    met = [ending for ending in FOR_A_PLAYER if any(counts[ending] for counts in ended.values())]
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of the player's games", fontsize=9)
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    _name_players(axes, table)
    legend(axes, handles=_endings(met, "s"), **NARROW, ncols=5)


@page(
    "Players",
    "Mean scores, best first, with 95 % intervals over contexts; and how games ended.",
    size=lambda runs: (9.6, 1.7 + 0.36 * _ranking(runs).height),
    shown=lambda runs: len(runs) == 1 and _is_played(runs),
    parts=(draw_scores, draw_endings),
)
def draw_players(figure: FigureBase, runs: Runs) -> None:
    """Draw every player's mean score with its interval, and how its games ended."""
    left, right = figure.subplots(1, 2, sharey=True)
    draw_scores(left, runs)
    draw_endings(right, runs)


def _names(runs: Runs) -> list[str]:
    """Return the names of the players of a run, best first, as many as can be drawn."""
    names: list[str] = players(runs.only)["player"].unique(maintain_order=True).to_list()
    return names[:MOST_PLAYERS]


@panel(
    "Mean score of the row's player against the column's",
    "Over both seats, best players first.",
    size=lambda runs: (2.6 + 0.75 * len(_names(runs)), 1.6 + 0.55 * len(_names(runs))),
    shown=lambda runs: len(runs) == 1 and len(_names(runs)) > 2,
)
def draw_tournament(axes: Axes, runs: Runs) -> None:
    """Draw every player's mean score against every other as a heat map, with the numbers."""
    names = _names(runs)
    scores = {(row["player"], row["partner"]): row["score"] for row in meetings(runs).to_dicts()}
    grid = [[scores.get((one, other), float("nan")) for other in names] for one in names]
    norm = Normalize(min(scores.values()), max(scores.values()))
    axes.set_facecolor(LIGHT)
    axes.imshow(grid, cmap="viridis", norm=norm, aspect="auto")
    for (one, other), score in scores.items():
        if one in names and other in names:
            shade = "white" if norm(score) < 0.6 else "black"
            place: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8}
            axes.text(names.index(other), names.index(one), f"{score:.1f}", color=shade, **place)
    labels = [plain(name, 14) for name in names]
    axes.set_xticks(range(len(names)), labels, rotation=30, ha="right", parse_math=False)
    axes.set_yticks(range(len(names)), labels, parse_math=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


@panel("Score with its 95% interval", "Mean reward per seat; band: 95 % interval over contexts.")
def draw_score(axes: Axes, runs: Runs) -> None:
    """Draw the mean score over the iterations."""
    axes.set_ylabel(str(measures.column("score")), fontsize=9)
    table = measures(runs).rename({"low": "score_low", "high": "score_high"})
    lines(axes, table, "iteration", "score")


@panel("Deals", "Parts of the games that ended in a deal, and that were Pareto-optimal or faulty.")
def draw_deals(axes: Axes, runs: Runs) -> None:
    """Draw agreement, Pareto rate and errors over the iterations."""
    table = measures(runs)
    for name, shade, mark in (
        ("agreement", BLUE, "o-"),
        ("pareto", GREEN, "s--"),
        ("errors", VERMILION, "^:"),
    ):
        rate = table.drop_nulls(name)
        axes.plot(rate["iteration"], rate[name], mark, color=shade, ms=4, label=name)
    axes.set_xlabel("iteration", fontsize=9)
    axes.set_ylabel("share of the games", fontsize=9)
    axes.set_ylim(-0.02, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend(axes, **NARROW)


@page(
    "Learning",
    "Score with its 95 % interval over contexts, agreement, Pareto rate and errors over the "
    "iterations: several runs in the order in which they are given, or what a run logs as such.",
    size=(9.6, 4.0),
    shown=lambda runs: games(runs)["iteration"].n_unique() > 1,
    parts=(draw_score, draw_deals),
)
def draw_learning(figure: FigureBase, runs: Runs) -> None:
    """Draw the learning curve of several runs, in the order given."""
    left, right = figure.subplots(1, 2)
    draw_score(left, runs)
    draw_deals(right, runs)


def _ending(row: dict[str, Any], player: str) -> str:
    """Return how a game ended for a player; a partner's faults are told apart from its own."""
    by = row["aborted_by"]
    return "aborted_by_partner" if by and row[by] != player else str(row["reason"])


def _ends(played: Frame) -> Counter[Points]:
    """Return how many games ended with which points of red and blue."""
    return Counter(played.select("red_points", "blue_points").iter_rows())


def _area(games: int, most: int) -> float:
    """Return the area of the circle of so many games, in square points."""
    return 12 + 340 * games / most


def _bubbles(axes: Axes, counts: Counter[Points], most: int, **style: Any) -> None:
    """Draw a circle per point whose area grows with its number of games."""
    if counts:
        sizes = [_area(count, most) for count in counts.values()]
        across, up = zip(*counts, strict=True)
        axes.scatter(across, up, s=sizes, clip_on=False, zorder=3, **style)


def _size_legend(axes: Axes, most: int) -> None:
    """Say beside the axes for how many games a circle of a size stands."""
    circles = [
        _dot("black", f"{games:,}", ms=_area(games, most) ** 0.5, mfc="none")
        for games in sorted({1, -(-most // 4), most})
    ]
    beside = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0), "title": "games", "ncols": 1}
    legend(axes, handles=circles, labelspacing=1.6, handlelength=3, title_fontsize=7, **beside)
    sizes = axes.get_legend()
    axes.add_artist(sizes)  # type: ignore[arg-type]  # the next legend replaces it otherwise


def _dot(shade: Any, label: str, **style: Any) -> Line2D:
    return Line2D([], [], ls="", color=shade, label=label, **{"marker": "o", **style})


def _endings(names: Iterable[str], marker: str = "o") -> list[Line2D]:
    """Return what a legend of endings holds."""
    told = {name: name.replace("_", " ") for name in names}
    return [_dot(FOR_A_PLAYER[name], told[name], ms=6, marker=marker) for name in told]


def _square(axes: Axes) -> None:
    """Give both axes the same scale, from 0, and name them."""
    most = max(axes.get_xlim()[1], axes.get_ylim()[1])
    axes.set(xlim=(-0.04 * most, most), ylim=(-0.04 * most, most), aspect="equal")
    axes.set_xlabel("red's points", fontsize=9)
    axes.set_ylabel("blue's points", fontsize=9)
    axes.tick_params(labelsize=8)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))


def _note(shade: str = "black") -> dict[str, Any]:
    return {"textcoords": "offset points", "fontsize": 7, "color": shade}


OUTCOMES = overview(
    "outcomes",
    "Outcomes",
    "Deals against what could be reached, and the joint value that they reached.",
    [[draw_outcomes, draw_joint_values]],
    size=(10.4, 5.2),
)
PANELS = (OUTCOMES, draw_frontiers, draw_players, draw_tournament, draw_learning)
