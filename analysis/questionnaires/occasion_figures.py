"""Plots of one series of answers over occasions: drift, and the first against the last."""

import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from societies.analysis.figures import GREY, colour, finish, groups_of, say, words
from societies.analysis.questionnaires.change import at_occasion, unshown, with_requests
from societies.analysis.questionnaires.consistency import trait_scores
from societies.analysis.questionnaires.panels import Panel
from societies.analysis.questionnaires.shown import NOTHING
from societies.runs.run import Run


def draw_drift(axes: Axes, run: Run, panel: Panel) -> None:
    """Draw the mean change of every trait since the agents' first occasion, one line per trait."""
    scores, groups = _scores(run, panel)
    if unshown(scores):
        _say_nothing(axes)
        return finish(axes, "Drift")
    own = ["group", "trait", "agent"]
    means = (
        scores.group_by([*own, "occasion"]).agg(pl.col("item_mean").mean()).sort("occasion", *own)
    )
    changes = means.with_columns(
        change=pl.col("item_mean") - pl.col("item_mean").first().over(own),
        start=pl.col("occasion").first().over(own),
    ).filter(pl.col("start") == pl.col("start").min())
    for place, group in enumerate(groups):
        part = changes.filter(pl.col("group") == group)
        for number, trait in enumerate(part["trait"].unique(maintain_order=True)):
            line = part.filter(pl.col("trait") == trait).group_by("occasion")
            points = line.agg(pl.col("change").mean()).sort("occasion")
            label = (group or "everybody") if number == 0 else None
            across, up = points["occasion"].to_list(), points["change"].to_list()
            axes.plot(across, up, "o-", ms=3, color=colour(place), lw=1.2, alpha=0.7, label=label)
            if len(groups_of(changes)) == 1:
                axes.text(across[-1], up[-1], f" {words(trait)}", fontsize=7, va="center")
    if changes.is_empty():
        say(axes, "there are no scores: too few answers have a value")
    axes.axhline(0, color=GREY, lw=0.8)
    axes.set(xlabel="occasion", ylabel="mean change since the first occasion")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return finish(axes, "Drift, one line per trait")


def draw_before_after(axes: Axes, run: Run, panel: Panel) -> None:
    """Draw every agent's scores on its last occasion against its first."""
    scores, groups = _scores(run, panel)
    if unshown(scores):
        _say_nothing(axes)
        return finish(axes, "First and last occasion")
    keys, occasion = ["group", "trait", "agent"], pl.col("occasion")
    scores = scores.filter(occasion.n_unique().over(keys) > 1)
    first = at_occasion(scores, keys, occasion.min()).select(*keys, first="item_mean")
    last = at_occasion(scores, keys, occasion.max()).select(*keys, last="item_mean")
    ends = first.join(last, on=keys)
    for place, group in enumerate(groups):
        part = ends.filter(pl.col("group") == group)
        if part.is_empty():
            continue
        axes.scatter(
            part["first"], part["last"], s=12, color=colour(place), label=group or "everybody",
            alpha=0.7, lw=0,
        )  # fmt: skip
    if ends.is_empty():
        say(axes, "no agent has scores on two occasions: too few answers have a value")
        return finish(axes, "First and last occasion")
    axes.axline((1, 1), slope=1, color=GREY, lw=1)
    axes.set_aspect("equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="score on the first occasion", ylabel="score on the last occasion")
    return finish(axes, "First and last occasion, one dot per agent and trait")


def _say_nothing(axes: Axes) -> None:
    """Write that nothing was shown, where an empty scale would look like no change."""
    say(axes, NOTHING)
    axes.set_axis_off()


def _scores(run: Run, panel: Panel) -> tuple[pl.DataFrame, list[str]]:
    """Return the known scores of one series, with what was sent for them, and all groups' names."""
    known = trait_scores(run).drop_nulls("item_mean")
    return panel.of(with_requests(run, known)), groups_of(known)
