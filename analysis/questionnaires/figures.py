"""Plots of consistency: profiles, order and template effects, drift, before and after, inertia.

Figures are Matplotlib objects of their own: nothing global is touched, no display is needed.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from societies.analysis.figures import (
    BLUE,
    GREY,
    VERMILION,
    Suffix,
    colour,
    dodge,
    finish,
    groups_of,
    plain,
    save,
    say,
    slant,
    words,
)
from societies.analysis.quality import SHARES, pooled
from societies.analysis.questionnaires.consistency import (
    SESSION,
    has_scores,
    quality,
    reliability,
    responses,
    trait_scores,
)
from societies.analysis.questionnaires.occasion_figures import draw_before_after, draw_drift
from societies.analysis.questionnaires.panels import ALL, GRID, Panel, compose, panels, repeated
from societies.analysis.questionnaires.persona_figures import (
    draw_permeability,
    draw_words_and_deeds,
)
from societies.analysis.questionnaires.portraits import portrait_accuracy
from societies.analysis.questionnaires.stripe_figures import draw_stripes
from societies.errors import InputError
from societies.runs.run import Run

Draw = Callable[[Axes, Run, Panel], None]
Size = tuple[float, float]


def draw(run: Run, folder: str | Path, suffix: Suffix = "png") -> list[Path]:
    """Draw what the run has data for into a folder; return the files.

    `profile.png` (trait scores, with the reference band of the instrument's first sample),
    `effects.png` (how far answers depend on order, template, wording, repeat ...) and
    `permeability.png` (of agents with attributes), these three with a panel for each probe, moment
    and context; `stripes.png` (items by agents), with one for each instrument, kind and option
    order as well; `drift.png` and `before_after.png` (with several occasions), with a panel for
    each probe, instrument, kind and context; `words_and_deeds.png` (of pairs of both), and
    `portraits.png` (self-descriptions and guesses).

    Raises:
        InputError: the run has nothing of all that.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    figures = _of_scores(run) if has_scores(run) else {}
    if "self_descriptions" in run.tables and not portrait_accuracy(run).is_empty():
        figures["portraits"] = (lambda axes, run, _: draw_portraits(axes, run), (6.4, 3.8), [ALL])
    if not figures:
        raise InputError(f"{run.path} has no answers to scored items: there is nothing to draw")
    return [_save(run, target / f"{name}.{suffix}", *figure) for name, figure in figures.items()]


def _of_scores(run: Run) -> dict[str, tuple[Draw, Size, Sequence[Panel]]]:
    """Return the plots that the answers to scored items make possible: size and panels of each."""
    sessions = panels(run, SESSION)
    figures: dict[str, tuple[Draw, Size, Sequence[Panel]]] = {
        "profile": (draw_profile, (8.0, 4.4), sessions),
        "effects": (draw_effects, (8.0, 4.4), sessions),
    }
    scored = run.rows("responses").filter(pl.col("trait") != "")
    if (scored.select("pair").collect()["pair"] != "").any():
        words = (lambda axes, run, _: draw_words_and_deeds(axes, run), (8.0, 4.4), [ALL])
        figures["words_and_deeds"] = words
    attributes = run.table("agents").select("attributes").collect()["attributes"]
    if (attributes != "{}").any():
        figures["permeability"] = (draw_permeability, (9.6, 5.0), sessions)
    figures["stripes"] = (draw_stripes, (9.0, 5.4), panels(run, GRID))
    if several := repeated(run):
        figures["drift"] = (draw_drift, (8.0, 4.2), several)
        figures["before_after"] = (draw_before_after, (8.0, 4.6), several)
    return figures


def draw_profile(axes: Axes, run: Run, panel: Panel = ALL) -> None:
    """Draw every group's mean trait scores with the agents' spread, as item means."""
    known = trait_scores(run).drop_nulls("item_mean")
    scores, groups = panel.of(known), groups_of(known)
    labels = _scales(scores)
    for place, group in enumerate(groups):
        part = scores.filter(pl.col("group") == group)
        name: str | None = group or "everybody"
        for x, (instrument, kind, trait) in enumerate(labels):
            values = _share(
                part.filter(
                    pl.col("instrument") == instrument,
                    pl.col("kind") == kind,
                    pl.col("trait") == trait,
                )
            )
            if not values:
                continue
            offset = x + dodge(place, len(groups))
            low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
            shade = colour(place)
            axes.vlines(offset, low, high, color=shade, lw=2, alpha=0.5)
            axes.plot([offset], [middle], "o", ms=5, color=shade, label=name)
            name = None  # its first value stands for it in the legend
    if not labels:
        say(axes, "there are no scores: too few answers have a value")
    ticks = [_label(label, labels) for label in labels]
    axes.set_xticks(range(len(labels)), ticks)
    slant(axes, len(ticks))
    axes.set(ylim=(-0.04, 1.04), ylabel="part of the scale (median, 10-90 %)")
    banded = _reference_bands(axes, run, labels)
    finish(axes, "Trait scores" if banded else "Trait scores (no reference sample is known)")


def draw_effects(axes: Axes, run: Run, panel: Panel = ALL) -> None:
    """Draw how far answers depend on how one asks, beside what repeats differ by themselves."""
    table = reliability(run)
    block, groups = panel.of(table), groups_of(table)
    columns = {
        "retest_difference": "repeat",
        "order_difference": "option order",
        "direction_difference": "scale direction",
        "template_difference": "template",
        "paraphrase_difference": "wording",
    }
    shown = [name for name in columns if block[name].is_not_null().any()]
    for place, group in enumerate(groups):
        part = block.filter(pl.col("group") == group)
        offset = dodge(place, len(groups))
        for x, name in enumerate(shown):
            values = part[name].drop_nulls().to_list()
            label = (group or "everybody") if x == 0 else None
            spots = [x + offset] * len(values)
            axes.plot(spots, values, "o", ms=5, color=colour(place), alpha=0.6, label=label)
    axes.set_xticks(range(len(shown)), [columns[name] for name in shown])
    axes.set_xlim(-0.6, len(shown) - 0.4)
    axes.set(ylabel="difference (scale widths), one dot per trait")
    axes.set_ylim(bottom=0)
    if not shown:
        silent = panel.of(responses(run))["value"].is_null().all()
        none = "the design varies neither order, direction, template, wording nor repeat"
        say(axes, "no answer has a value" if silent else none)
    finish(axes, "What answers depend on")


def draw_portraits(axes: Axes, run: Run) -> None:
    """Draw the share of true self-descriptions and of correct guesses per group."""
    table = portrait_accuracy(run)
    rows = range(table.height)
    measures = [
        ("true_statements", BLUE, "statements called true"),
        ("recognised", VERMILION, "persons recognised"),
    ]
    for place, (name, shade, label) in enumerate(measures):
        if name in table.columns and table[name].is_not_null().any():
            axes.bar(
                [x + 0.38 * place - 0.19 for x in rows],
                table[name],
                0.36,
                color=shade,
                label=label,
            )
    axes.set_xticks(list(rows), [plain(group) or "everybody" for group in table["group"]])
    axes.set(ylim=(0, 1.02), ylabel="share", xlabel="persona blocks")
    finish(axes, "Portraits")


def _save(run: Run, path: Path, draws: Draw, size: Size, series: Sequence[Panel]) -> Path:
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    left_out = compose(figure, draws, run, series)
    footer = _footer(run) + (f"\nnot drawn: {left_out}" if left_out else "")
    figure.supxlabel(footer, x=0.99, ha="right", fontsize=7, color=GREY, parse_math=False)
    return save(figure, path, run)


def _footer(run: Run) -> str:
    """Return the run's name, and the shares that tell how its answers came about."""
    path = run.path.resolve()
    shares = pooled(quality(run))
    if not shares["answers"]:
        return f"run {path.parent.name}/{path.name}"
    parts = ", ".join(f"{shares[name]:.1%} {name}" for name in SHARES)
    return f"run {plain(path.parent.name, 60)}/{path.name} · {shares['answers']:,} answers: {parts}"


def _reference_bands(axes: Axes, run: Run, labels: Sequence[tuple[str, str, str]]) -> bool:
    """Draw mean and standard deviation of the first reference sample; return if there is one."""
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
    return bool(named)


def _share(part: pl.DataFrame) -> list[float]:
    """Return scores as parts of the scale, 0 to 1."""
    lowest = pl.when(pl.col("kind") == "choose").then(0.0).otherwise(1.0)
    return part.select((pl.col("item_mean") - lowest) / pl.col("width")).to_series().to_list()


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
