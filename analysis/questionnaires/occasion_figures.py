"""Pictures of answers over occasions: drift, and the first occasion against the last."""

from collections.abc import Sequence
from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from societies.analysis.figures import GREY, colour, groups_of, say, style, words
from societies.analysis.panels import Size, page
from societies.analysis.questionnaires.change import SERIES, at_occasion, unshown, with_requests
from societies.analysis.questionnaires.consistency import trait_scores
from societies.analysis.questionnaires.occasions import mean_drift
from societies.analysis.questionnaires.series import (
    Series,
    drawn,
    each_series,
    name_groups,
    name_left_out,
    names,
    repeated,
    was_repeated,
)
from societies.analysis.questionnaires.shown import NOTHING
from societies.runs.run import Run
from societies.runs.runs import Runs

ACROSS = 5
"""Traits that stand side by side."""
CHANGE = mean_drift.column("change")
NO_SCORES = "there are no scores on two occasions: too few answers have a value"


def _rows(run: Run) -> list[tuple[str, Series, list[str]]]:
    """Return the rows of traits that are drawn, each with its series and what that is called."""
    several = repeated(run)
    table, found = mean_drift(run), []
    for series, name in zip(drawn(several), names(several), strict=False):
        part = series.of(table) if table.height else table
        known = _followed(part)
        traits = known["trait"].unique(maintain_order=True).to_list() if known.height else [""]
        found += [(name, series, traits[at : at + ACROSS]) for at in range(0, len(traits), ACROSS)]
    return found


def _followed(part: pl.DataFrame) -> pl.DataFrame:
    """Return the changes of groups that were scored on several occasions."""
    if part.is_empty():
        return part
    return part.drop_nulls("change").filter(pl.len().over(*SERIES) > 1)


def _drift_size(runs: Runs) -> Size:
    return 10.0, 0.9 + 2.3 * len(_rows(runs.only))


@page(
    "Drift",
    "Mean change of every trait since the agents' first occasion, in widths of the scale, with its "
    "95 % interval over agents, a line per group. Dotted lines are how far 95 % of means would "
    "stray if answers differed only as repeats of one occasion do; where nothing was repeated, "
    "there are none. In an interview the repeats are the occasions, and all of this is noise.",
    _drift_size,
    lambda runs: was_repeated(runs.only),
)
def draw_drift(figure: FigureBase, runs: Runs) -> None:
    """Draw every trait's mean change on axes of its own."""
    run = runs.only
    rows = _rows(run)
    grid = figure.add_gridspec(len(rows), max(len(traits) for *_, traits in rows))
    table = mean_drift(run)
    groups = groups_of(table) if table.height else []
    for number, (name, series, traits) in enumerate(rows):
        part = series.of(table) if table.height else table
        axes: Axes | None = None
        for place, trait in enumerate(traits):
            axes = figure.add_subplot(grid[number, place if trait else slice(None)], sharey=axes)
            first = place == 0
            title = "\n".join(filter(None, [words(trait) or "Drift", name if first else ""]))
            style(axes, title, "\n(".join(str(CHANGE).split(" (")) if first else "")
            axes.tick_params(labelleft=first)
            _draw_trait(axes, part.filter(pl.col("trait") == trait) if trait else part, groups)
    if _followed(table).height:
        _name_lines(figure, groups, noisy=bool(table.height and table["noise"].is_not_null().any()))
    name_left_out(figure, names(repeated(run)))


def _draw_trait(axes: Axes, part: pl.DataFrame, groups: Sequence[str]) -> None:
    """Draw the groups' mean changes of one trait, with their intervals and the noise."""
    axes.set_xlabel("occasion", fontsize=8)
    known = _followed(part)
    if known.is_empty():
        unshown_too = part.height and NOTHING in part["note"].to_list()
        say(axes, NOTHING if unshown_too else NO_SCORES)
        return axes.set_axis_off()
    axes.axhline(0, color=GREY, lw=0.8)
    for place, group in enumerate(groups):
        line = known.filter(pl.col("group") == group)
        across, shade = line["occasion"].to_list(), colour(place)
        axes.plot(across, line["change"], "o-", ms=3, lw=1.2, color=shade, label=group)
        # Nothing is uncertain of the first occasion, from which changes count.
        start = pl.when(pl.col("occasion") == pl.col("occasion").min()).then(0.0)
        ends = line.select(
            [
                start.otherwise(pl.col(end).fill_null(float("nan"))).alias(end)
                for end in ("low", "high")
            ]
        )
        axes.fill_between(across, ends["low"], ends["high"], color=shade, alpha=0.18, lw=0)
        noise = line.drop_nulls("noise")
        for sign in (1, -1) if noise.height else ():
            axes.plot(noise["occasion"], sign * noise["noise"], ":", color=shade, lw=1)
    return axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))


def _name_lines(figure: FigureBase, groups: Sequence[str], *, noisy: bool) -> None:
    """Put up one legend for all axes."""
    named = [(colour(place), group) for place, group in enumerate(groups) if group]
    lines: list[Any] = [
        Line2D([], [], color=shade, marker="o", ms=3, label=group) for shade, group in named
    ]
    if noisy:
        lines.append(Line2D([], [], color=GREY, ls=":", label="noise of repeats"))
    if lines:
        figure.legend(handles=lines, loc="outside right center", frameon=False, fontsize=8)


@each_series(
    "First and last occasion",
    "Item means of every agent and trait on its last occasion against those on its first; on the "
    "line nothing changed.",
    repeated,
    (8.0, 4.6),
    was_repeated,
)
def draw_before_after(axes: Axes, run: Run, series: Series) -> None:
    """Draw every agent's scores on its last occasion against its first."""
    known = trait_scores(run).drop_nulls("item_mean")
    scores, groups = series.of(with_requests(run, known)), groups_of(known)
    if unshown(scores):
        say(axes, NOTHING)  # an empty scale would look like no change
        return axes.set_axis_off()
    keys, occasion = ["group", "trait", "agent"], pl.col("occasion")
    scores = scores.filter(occasion.n_unique().over(keys) > 1)
    first = at_occasion(scores, keys, occasion.min()).select(*keys, first="item_mean")
    last = at_occasion(scores, keys, occasion.max()).select(*keys, last="item_mean")
    ends = first.join(last, on=keys)
    for place, group in enumerate(groups):
        part = ends.filter(pl.col("group") == group)
        shade, label = colour(place), group or "everybody"
        axes.scatter(part["first"], part["last"], s=12, color=shade, label=label, alpha=0.7, lw=0)
    if ends.is_empty():
        return say(axes, "no agent has scores on two occasions: too few answers have a value")
    axes.axline((1, 1), slope=1, color=GREY, lw=1)
    axes.set_aspect("equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="score on the first occasion", ylabel="score on the last occasion")
    return name_groups(axes)
