"""Pictures of questionnaires: profiles, effects of how one asks, drift, inertia, personas.

They are of one run. Those that its answers allow are saved by
`panels.save_panels(figures.PANELS, run, folder)`.
"""

from collections.abc import Sequence
from itertools import chain

import numpy as np
import polars as pl
from matplotlib.axes import Axes

from societies.analysis.figures import (
    BLUE,
    GREY,
    VERMILION,
    colour,
    dodge,
    groups_of,
    plain,
    say,
    slant,
    words,
)
from societies.analysis.panels import panel
from societies.analysis.questionnaires.consistency import reliability, responses, trait_scores
from societies.analysis.questionnaires.occasion_figures import draw_before_after, draw_drift
from societies.analysis.questionnaires.persona_figures import (
    draw_permeability,
    draw_words_and_deeds,
)
from societies.analysis.questionnaires.portraits import portrait_accuracy
from societies.analysis.questionnaires.series import Series, each_series, name_groups, sessions
from societies.analysis.questionnaires.stripe_figures import draw_stripes
from societies.runs.run import Run
from societies.runs.runs import Runs

VARIED = {
    "retest_difference": "repeat",
    "order_difference": "option order",
    "direction_difference": "scale direction",
    "template_difference": "template",
    "paraphrase_difference": "wording",
}
"""Measures of reliability that are differences, and what was varied."""


@each_series(
    "Trait scores",
    "Trait scores of every group as a part of the scale, each an item mean: a dot is the median "
    "over agents and administrations, a line reaches from the 10th to the 90th percentile. A grey "
    "band is the mean and standard deviation of the instrument's first reference sample of people. "
    "Where there is none, nothing is known of whom the scores could be compared with: the "
    "instrument's file names no sample (`references`).",
    sessions,
    (8.0, 4.4),
)
def draw_profile(axes: Axes, run: Run, series: Series) -> None:
    """Draw every group's median trait scores with the agents' spread, as item means."""
    known = trait_scores(run).drop_nulls("item_mean")
    scores, groups = series.of(known), groups_of(known)
    labels = _scales(scores)
    spreads = _spreads(scores)
    for place, group in enumerate(groups):
        found = [
            (x, spreads[group, *scale])
            for x, scale in enumerate(labels)
            if (group, *scale) in spreads
        ]
        spots = [x + dodge(place, len(groups)) for x, _ in found]
        low, middle, high = ([ends[part] for _, ends in found] for part in range(3))
        shade = colour(place)
        axes.vlines(spots, low, high, color=shade, lw=2, alpha=0.5)
        axes.plot(spots, middle, "o", ms=5, color=shade, label=group or "everybody")
    if not labels:
        say(axes, "there are no scores: too few answers have a value")
    ticks = [_label(label, labels) for label in labels]
    axes.set_xticks(range(len(labels)), ticks)
    slant(axes, len(ticks))
    axes.set(ylim=(-0.04, 1.04), ylabel="part of the scale (median, 10-90 %)")
    _reference_bands(axes, run, labels)
    name_groups(axes)


@each_series(
    "What answers depend on",
    "Mean absolute difference between answers of one agent to one item that was asked in two ways, "
    "in widths of the scale; a dot per trait. `repeat`, where nothing was varied, is the noise "
    "that the others stand beside.",
    sessions,
    (8.0, 4.4),
)
def draw_effects(axes: Axes, run: Run, series: Series) -> None:
    """Draw how far answers depend on how one asks, beside what repeats differ by themselves."""
    table = reliability(run)
    block, groups = series.of(table), groups_of(table)
    shown = [name for name in VARIED if block[name].is_not_null().any()]
    for place, group in enumerate(groups):
        part = block.filter(pl.col("group") == group)
        values = [part[name].drop_nulls().to_list() for name in shown]
        spots = np.repeat(np.arange(len(shown)) + dodge(place, len(groups)), list(map(len, values)))
        label = group or "everybody"
        axes.plot(spots, [*chain(*values)], "o", ms=5, color=colour(place), alpha=0.6, label=label)
    if not shown:
        silent = series.of(responses(run))["value"].is_null().all()
        none = "the design varies neither order, direction, template, wording nor repeat"
        say(axes, "no answer has a value" if silent else none)
        return axes.set_axis_off()
    axes.set_xticks(range(len(shown)), [VARIED[name] for name in shown])
    axes.set_xlim(-0.6, len(shown) - 0.4)
    axes.set(ylabel="difference (scale widths), one dot per trait")
    axes.set_ylim(bottom=0)
    return name_groups(axes)


def _are_portrayed(runs: Runs) -> bool:
    """Whether agents described themselves, and a judge had something to say of it."""
    run = runs.only
    return "self_descriptions" in run.tables and not portrait_accuracy(run).is_empty()


@panel(
    "Portraits",
    "Share of the statements about themselves that a judge called true of agents of each group "
    "(such as an ablation of the persona's blocks), and of the personas that were recognised.",
    (6.4, 3.8),
    _are_portrayed,
)
def draw_portraits(axes: Axes, runs: Runs) -> None:
    """Draw the share of true self-descriptions and of correct guesses per group."""
    table = portrait_accuracy(runs.only)
    rows = range(table.height)
    measures = [
        ("true_statements", BLUE, "statements called true"),
        ("recognised", VERMILION, "persons recognised"),
    ]
    for place, (name, shade, label) in enumerate(measures):
        if name in table.columns and table[name].is_not_null().any():
            spots = [x + 0.38 * place - 0.19 for x in rows]
            axes.bar(spots, table[name], 0.36, color=shade, label=label)
    axes.set_xticks(list(rows), [plain(group) or "everybody" for group in table["group"]])
    axes.set(ylim=(0, 1.02), ylabel="share", xlabel="group")
    name_groups(axes)


def _reference_bands(axes: Axes, run: Run, labels: Sequence[tuple[str, str, str]]) -> None:
    """Draw mean and standard deviation of every instrument's first reference sample."""
    named: set[str] = set()
    for x, (instrument, _, trait) in enumerate(labels):
        samples = getattr(run.config.instrument(instrument), "references", {})
        for sample, moments in list(samples.items())[:1]:
            if trait in moments:
                mean, sd = moments[trait]
                width = len(run.config.instrument(instrument).scale) - 1
                low, high = (mean - sd - 1) / width, (mean + sd - 1) / width
                name = (
                    None
                    if instrument in named
                    else f"{instrument}, mean and SD:\n{plain(sample, 30)}"
                )
                named.add(instrument)
                band = [x - 0.42, x + 0.42]
                axes.fill_between(band, low, high, color=GREY, alpha=0.25, lw=0, label=name)


def _spreads(scores: pl.DataFrame) -> dict[tuple[str, ...], tuple[float, ...]]:
    """Return 10th, 50th and 90th percentile by group, instrument, kind and trait, 0 to 1."""
    lowest = pl.when(pl.col("kind") == "choose").then(0.0).otherwise(1.0)
    share = (pl.col("item_mean") - lowest) / pl.col("width")
    ends = [share.quantile(q, "linear").alias(f"{q}") for q in (0.1, 0.5, 0.9)]
    table = scores.group_by("group", "instrument", "kind", "trait").agg(ends)
    return {row[:4]: row[4:] for row in table.iter_rows()}


def _scales(scores: pl.DataFrame) -> list[tuple[str, str, str]]:
    """Return all instrument, kind and trait combinations, in the order of the instrument."""
    return list(
        scores.select("instrument", "kind", "trait").unique(maintain_order=True).iter_rows()
    )


def _label(label: tuple[str, str, str], labels: Sequence[tuple[str, str, str]]) -> str:
    """Return a trait's name, with its kind of item and its instrument where there are several."""
    instrument, kind, trait = label
    said = {"act": " (deeds)", "rate": " (words)", "choose": " (choices)"}[kind]
    several_kinds = len({kind for _, kind, _ in labels}) > 1
    several = len({instrument for instrument, _, _ in labels}) > 1
    name = words(trait) + (said if several_kinds else "")
    return f"{name}\n{plain(instrument, 20)}" if several else name


PANELS = (
    draw_profile,
    draw_effects,
    draw_words_and_deeds,
    draw_permeability,
    draw_stripes,
    draw_drift,
    draw_before_after,
    draw_portraits,
)
