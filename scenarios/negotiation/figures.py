"""Plots of negotiations: outcomes against what can be reached, players, and learning.

Figures are Matplotlib objects of their own: nothing global is touched, no display is needed.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

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
)
from societies.runs.run import Run
from societies.runs.runs import Given, Runs
from societies.scenarios.negotiation import measures as measured
from societies.scenarios.negotiation.contexts import optimal_points, outcomes

MOST_CONTEXTS = 9
"""Contexts that are drawn each for itself."""
MOST_PLAYERS = 12
"""Players whose names fit beside a heat map."""
LIGHT, SKY = "#DCDCDC", "#56B4E9"
NARROW: dict[str, Any] = {"columnspacing": 1.0, "handlelength": 1.2, "markerscale": 0.5}
"""Of legends."""
ENDINGS = {"agreed": BLUE, "mismatch": VERMILION, "turn_limit": GREY, "aborted": "black"}
FOR_A_PLAYER = {**ENDINGS, "aborted_by_partner": SKY}
"""How games end for one of the two."""


def draw(run: Run, folder: str | Path, suffix: Suffix = "png") -> list[Path]:
    """Draw the plots of one run into a folder; return the files.

    `outcomes.png` (all games against the frontiers of their contexts), `frontiers.png` (the first
    contexts, each for itself), `players.png` (scores and endings), and, if there are more than two,
    `tournament.png`; with several iterations `learning.png`.
    """
    games = measured.games(run)
    if games.is_empty():
        return []
    footer = _footer(run, games)
    figures = {
        "outcomes": outcomes_figure(games, footer),
        "frontiers": frontiers_figure(games, footer),
        "players": players_figure(run, games, footer),
    }
    if len({*games["red"], *games["blue"]}) > 2:
        figures["tournament"] = tournament_figure(run, footer)
    if games["iteration"].n_unique() > 1:
        figures["learning"] = learning_figure(run, footer)
    return _save(figures, Path(folder), suffix, run)


def plot_learning(runs: Given, folder: str | Path) -> Path:
    """Draw the learning curve of several runs, in the order given, into a folder."""
    names, played = zip(*Runs.of(runs).labelled(), strict=True)
    footer = f"runs {names[0]} to {names[-1]}"
    return _save({"learning": learning_figure(runs, footer)}, Path(folder), "png", *played)[0]


# -- figures ----------------------------------------------------------------------------------


def outcomes_figure(games: pl.DataFrame, footer: str) -> Figure:
    """Draw where games end, over where the frontiers of their contexts lie."""
    figure = blank(9.6, 4.8, footer)
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
    draw_outcomes(left, games)
    draw_joint_shares(right, games)
    return figure


def frontiers_figure(games: pl.DataFrame, footer: str) -> Figure:
    """Draw the first contexts each for itself: allocations, frontier, and how games ended."""
    keys = ["counts", "red_values", "blue_values", "weight"]
    groups = [group for _, group in games.group_by(keys, maintain_order=True)][:MOST_CONTEXTS]
    columns = min(3, len(groups))
    rows = -(-len(groups) // columns)
    figure = blank(3.4 * columns + 1.2, 3.3 * rows + 0.3, footer)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, group in zip(panels, groups, strict=False):
        draw_frontier(axes, group)
    for axes in panels[len(groups) :]:
        axes.set_axis_off()
    handles = [
        Line2D([], [], ls="", marker="o", color=colour, label=ending.replace("_", " "))
        for ending, colour in ENDINGS.items()
    ]
    frontier = Line2D([], [], marker="o", ms=4, color=GREY, mfc="white", label="Pareto frontier")
    allocation = Line2D([], [], ls="", marker="o", ms=4, color=LIGHT, label="allocation")
    figure.legend(
        handles=[allocation, frontier, *handles],
        loc="outside right center",  # the red line stands above
        frameon=False,
        fontsize=7,
        handletextpad=0.3,
    )
    return figure


def players_figure(run: Run, games: pl.DataFrame, footer: str) -> Figure:
    """Draw every player's mean score with its interval, and how its games ended."""
    table = measured.players(run)
    if table["iteration"].n_unique() > 1:
        table = table.filter(pl.col("iteration") == pl.col("iteration").max())
    figure = blank(9.6, 1.7 + 0.36 * table.height, footer)
    left, right = figure.subplots(1, 2, sharey=True)
    draw_scores(left, table)
    draw_endings(right, games, table["player"].to_list())
    return figure


def tournament_figure(run: Run, footer: str) -> Figure:
    """Draw every player's mean score against every other as a heat map."""
    meetings = measured.meetings(run)
    names = measured.players(run)["player"].unique(maintain_order=True).to_list()[:MOST_PLAYERS]
    figure = blank(2.6 + 0.75 * len(names), 1.6 + 0.55 * len(names), footer)
    draw_meetings(figure.subplots(), meetings, names)
    return figure


def learning_figure(runs: Given, footer: str) -> Figure:
    """Draw score, agreement and Pareto rate over the iterations."""
    table = measured.measures(runs)
    figure = blank(9.6, 4.0, footer)
    left, right = figure.subplots(1, 2)
    _prepare(left, "Score", "iteration", "mean reward per seat")
    left.plot(table["iteration"], table["score"], "o-", color=BLUE, ms=4)
    interval = [table[end].fill_null(float("nan")) for end in ("low", "high")]
    left.fill_between(table["iteration"], *interval, color=BLUE, alpha=0.18, lw=0)
    left.vlines(table["iteration"], *interval, color=BLUE, lw=1.2)
    left.text(0.99, 1.02, "with its 95% interval", **_above(left))
    _prepare(right, "Deals", "iteration", "part of the games")
    for column, colour, mark in (("agreement", BLUE, "o-"), ("pareto", GREEN, "s--")):
        rate = table.drop_nulls(column)
        right.plot(rate["iteration"], rate[column], mark, color=colour, ms=4, label=column)
    right.plot(table["iteration"], table["errors"], "^:", color=VERMILION, ms=4, label="errors")
    right.set_ylim(-0.02, 1.02)
    right.yaxis.set_major_formatter(PercentFormatter(1))
    legend(right, **NARROW)
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


# -- panels -----------------------------------------------------------------------------------


def draw_outcomes(axes: Axes, games: pl.DataFrame) -> None:
    """Draw deals as bubbles over the Pareto-optimal points of the contexts that were played.

    Optimal is meant as in column `pareto`: by the rewards of the game's objective.
    """
    _prepare(axes, "Outcomes", "red's points", "blue's points")
    frontier = Counter(
        points
        for row in games.iter_rows(named=True)
        for points in optimal_points(measured.context_of(row), row["weight"])
    )
    _bubbles(axes, frontier, label="frontier", facecolors="none", color=GREY)
    deals = games.filter("agreed")
    largest = max(_ends(deals).values(), default=1)
    for optimal, colour, label in (
        (True, BLUE, "Pareto-optimal deal"),
        (False, VERMILION, "other deal"),
        (None, SKY, "deal (strict: none is better)"),
    ):
        part = _ends(deals.filter(pl.col("pareto").eq_missing(pl.lit(optimal))))
        _bubbles(axes, part, largest, label=label, color=colour, alpha=0.75, linewidths=0)
    failed = games.height - int(games["agreed"].sum())
    axes.annotate(f"no deal: {failed} of {games.height}", (0, 0), (4, 5), **_note())
    axes.plot(0, 0, "x", color="black", ms=7, clip_on=False, zorder=4)
    _square(axes)
    legend(axes, **NARROW, ncols=3)


def draw_joint_shares(axes: Axes, games: pl.DataFrame) -> None:
    """Draw how much of the largest joint value the games reached."""
    _prepare(axes, "Joint value reached", "part of the joint ceiling", "games")
    shares = games["joint_share"].drop_nulls().to_list()
    bins = [step / 20 for step in range(22)]
    axes.hist(shares, bins=[edge - 0.025 for edge in bins], color=BLUE, rwidth=0.9)
    mean = sum(shares) / len(shares) if shares else 0.0
    axes.axvline(mean, color="black", lw=1, ls=":")
    axes.text(mean, 0.98, f" mean {mean:.0%} ", ha="right", **_inside(axes))
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))


def draw_frontier(axes: Axes, games: pl.DataFrame) -> None:
    """Draw one context: every allocation, the Pareto frontier, and where its games ended."""
    row = games.row(0, named=True)
    context = measured.context_of(row)
    things = ", ".join(
        f"{count} {plain(name, 12)}"
        for count, name in zip(row["counts"], row["resources"], strict=True)
    )
    _prepare(axes, "", "red's points", "blue's points")
    axes.set_title(plain(things, 46), fontsize=8, parse_math=False)
    every = sorted(set(outcomes(context)))
    axes.scatter(
        [red for red, _ in every], [blue for _, blue in every], s=14, color=LIGHT, zorder=1
    )
    frontier = optimal_points(context, row["weight"])
    axes.plot(*zip(*frontier, strict=True), "o-", color=GREY, ms=4, lw=1, mfc="white", zorder=2)
    for ending, colour in ENDINGS.items():
        ends = games.filter(pl.col("reason") == ending)
        counts = _ends(ends)
        _bubbles(axes, counts, games.height, color=colour, alpha=0.7, linewidths=0, zorder=3)
        for place, number in counts.items():
            if number > 1:
                axes.annotate(f"x{number}", place, (5, 4), **_note(colour))
    _square(axes)


def draw_scores(axes: Axes, table: pl.DataFrame) -> None:
    """Draw the players' mean scores, best first."""
    _prepare(axes, "Mean score", "reward per seat, with its 95% interval", "")
    places = range(table.height)
    axes.plot(table["score"], places, "o", color=BLUE, ms=5)
    for place, row in zip(places, table.iter_rows(named=True), strict=True):
        if row["low"] is not None:
            axes.hlines(place, row["low"], row["high"], color=BLUE, lw=1.6)
    axes.set_yticks(places, [plain(name, 18) for name in table["player"]], parse_math=False)
    axes.set_ylim(table.height - 0.4, -0.6)


def draw_endings(axes: Axes, games: pl.DataFrame, players: Sequence[str]) -> None:
    """Draw, as stacked bars, how the games of each player ended."""
    _prepare(axes, "Endings", "part of the player's games", "")
    for place, player in enumerate(players):
        own = games.filter((pl.col("red") == player) | (pl.col("blue") == player))
        counts = Counter(_ending(row, player) for row in own.iter_rows(named=True))
        left = 0.0
        for ending, colour in FOR_A_PLAYER.items():
            width = counts[ending] / own.height
            axes.barh(place, width, left=left, color=colour, height=0.62)
            left += width
    met = {_ending(row, player) for row in games.iter_rows(named=True) for player in players}
    for ending in filter(met.__contains__, FOR_A_PLAYER):
        axes.barh([0], [0], color=FOR_A_PLAYER[ending], label=ending.replace("_", " "))
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    legend(axes, **NARROW, ncols=5)


def draw_meetings(axes: Axes, meetings: pl.DataFrame, names: Sequence[str]) -> None:
    """Draw the mean scores of the row's player against the column's."""
    axes.set_title("Mean score of the row's player against the column's", fontsize=10)
    scores = {(row["player"], row["partner"]): row["score"] for row in meetings.to_dicts()}
    grid = [[scores.get((one, other)) for other in names] for one in names]
    known = [score for row in grid for score in row if score is not None]
    norm = Normalize(min(known), max(known))
    values = [[float("nan") if score is None else score for score in row] for row in grid]
    axes.set_facecolor(LIGHT)
    axes.imshow(values, cmap="viridis", norm=norm, aspect="auto")
    for row, scores_of in enumerate(grid):
        for column, score in enumerate(scores_of):
            dark = score is not None and norm(score) < 0.6
            text = "" if score is None else f"{score:.1f}"
            colour = "white" if dark else "black"
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)
    labels = [plain(name, 14) for name in names]
    axes.set_xticks(
        range(len(names)), labels, fontsize=8, rotation=30, ha="right", parse_math=False
    )
    axes.set_yticks(range(len(names)), labels, fontsize=8, parse_math=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _ending(row: dict[str, Any], player: str) -> str:
    """Return how a game ended for a player; a partner's faults are told apart from its own."""
    by = row["aborted_by"]
    return "aborted_by_partner" if by and row[by] != player else str(row["reason"])


# -- helpers ----------------------------------------------------------------------------------


def _save(figures: dict[str, Figure], folder: Path, suffix: Suffix, *runs: Run) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    return [save(figure, folder / f"{name}.{suffix}", *runs) for name, figure in figures.items()]


def _footer(run: Run, games: pl.DataFrame) -> str:
    path = run.path.resolve()
    weights = ", ".join(f"{weight:g}" for weight in games["weight"].unique().sort())
    errors = int((games["corrections"] > 0).sum()) / games.height
    return (
        f"run {path.parent.name}/{path.name} · {games.height:,} games, {errors:.1%} with a "
        f"corrected turn · objective weight {weights}"
    )


def _prepare(axes: Axes, title: str, across: str, up: str) -> None:
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_xlabel(across, fontsize=8)
    axes.set_ylabel(up, fontsize=8)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def _bubbles(axes: Axes, counts: Counter[Any], largest: int = 0, **style: Any) -> None:
    """Draw a circle per point whose area grows with its count, up to that of the largest."""
    if counts:
        largest = largest or max(counts.values())
        across, up = zip(*counts, strict=True)
        sizes = [18 + 230 * count / largest for count in counts.values()]
        style.setdefault("zorder", 3)
        axes.scatter(across, up, s=sizes, clip_on=False, **style)


def _ends(games: pl.DataFrame) -> Counter[tuple[int, int]]:
    """Return how many games ended with which points of red and blue."""
    return Counter(games.select("red_points", "blue_points").iter_rows())


def _square(axes: Axes) -> None:
    """Give both axes the same scale, from 0."""
    most = max(axes.get_xlim()[1], axes.get_ylim()[1])
    axes.set_xlim(-0.04 * most, most)
    axes.set_ylim(-0.04 * most, most)
    axes.set_aspect("equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))


def _note(colour: str = "black") -> dict[str, Any]:
    return {"textcoords": "offset points", "fontsize": 7, "color": colour}


def _above(axes: Axes) -> dict[str, Any]:
    return {"transform": axes.transAxes, "ha": "right", "fontsize": 7, "color": GREY}


def _inside(axes: Axes) -> dict[str, Any]:
    return {"transform": axes.get_xaxis_transform(), "va": "top", "fontsize": 8}
