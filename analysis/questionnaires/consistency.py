"""Consistency of personas: trait scores and how far they depend on how one asks.

Definitions are those of the papers that `scenarios/interview/README.md` names; those that they do
not give are ours and said to be. Differences are in units of the scale's width: 0 is none, 1 the
largest possible. Everything is computed per population group from table `responses` alone.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations
from statistics import fmean, pstdev
from typing import Any

import numpy as np
import polars as pl

from societies.analysis.agreement import cronbach_alpha
from societies.analysis.measures import Column, measure_each
from societies.analysis.quality import quality_of, shares
from societies.analysis.questionnaires.columns import WHOM, WIDTHS
from societies.runs.results import MODEL
from societies.runs.run import Run

SCALE = ["group", "instrument", "kind", "trait"]
"""What a trait score belongs to; an instrument's statements and actions are scored apart."""
PERSON = ["agent", "person", "big_five", "attributes"]
OCCASION = ["probe", "moment", "occasion"]
SESSION = ["probe", "moment", "context"]
"""What is measured by itself: what one probe asked at one moment, in one context.

What an interview asks has neither probe nor moment: its repeats are retests within one session.
"""
ADMINISTRATION = [
    "template",
    "option_order",
    "scale_direction",
    "wording",
    "label_style",
    "batch",
    "context",
    "repeat",
]
MINIMUM = 3
"""Agents below which no reliability is computed."""

Row = dict[str, Any]


@measure_each(WHOM)
def responses(run: Run) -> pl.DataFrame:
    """Return all answers with the agent's group, the scale's width and midpoint, and the outcome.

    Column `model` tells variants of one model apart, as in all tables that compare models.
    Column `side` is 1 if the answer is on the trait's high side, -1 on its low side, 0 between.
    Rows are in program order, whatever order they lie in on the disk.
    """
    agents = run.table("agents").select("agent", "group", "person", "big_five", "attributes")
    choice = pl.col("kind") == "choose"
    return (
        run.rows("responses")
        .with_columns(MODEL)
        .join(agents, on="agent", how="left")
        .with_columns(
            width=pl.when(choice).then(1.0).otherwise(pl.col("points") - 1.0),
            middle=pl.when(choice).then(0.5).otherwise((pl.col("points") + 1) / 2),
        )
        .with_columns(side=(pl.col("score") - pl.col("middle")).sign())
        .sort("seq")
        .collect()
    )


@measure_each(WHOM)
def quality(run: Run, by: Sequence[str] = ("group", "instrument", "kind")) -> pl.DataFrame:
    """Return how many answers there are, and the shares of those that are not clean."""
    repaired = (pl.col("outcome") == "repaired").mean().alias("repaired")
    return responses(run).group_by(by, maintain_order=True).agg(*shares(), repaired).sort(by)


@measure_each(
    WHOM,
    score=Column("score by the instrument's rule: mean, sum, or high choices in percent"),
    item_mean=Column("mean of the keyed answers", "options, from 1"),
    items=Column("items"),
    missing=Column("items without a value"),
    width=Column("width of the scale", "options"),
)
def trait_scores(run: Run) -> pl.DataFrame:
    """Return every agent's trait scores, one row per administration and occasion.

    `score` follows the instrument's own rule (mean, sum, or share of high choices in percent);
    `item_mean` is the mean of the keyed answers. Where the instrument centres, as questionnaires of
    values do, both are less the respondent's own mean over all items of the administration. Both
    are null where more items are missing than the instrument allows.
    """
    keys = [*SCALE, "model", *PERSON, *OCCASION, *ADMINISTRATION]
    asked = ["instrument", "agent", *OCCASION, *ADMINISTRATION]
    answers = _scored(run).with_columns(own=pl.col("score").mean().over(asked))
    table = (
        _with_combined(run, answers)
        .group_by(keys, maintain_order=True)
        .agg(
            *shares(),
            item_mean=pl.col("score").mean(),
            own=pl.col("own").first(),
            items=pl.len(),
            missing=pl.col("score").null_count(),
            width=pl.col("width").first(),
        )
    )
    rules = {name: _rule(run, name) for name in table["instrument"].unique()}
    own_rules = [rules[name] for name in table["instrument"]]
    scoring = pl.Series([scoring for scoring, _ in own_rules], dtype=pl.String)
    allowed = pl.Series([missing for _, missing in own_rules], dtype=pl.Float64)
    enough = pl.col("missing") / pl.col("items") <= allowed
    mean = pl.col("item_mean") - pl.when(scoring == "centred").then(pl.col("own")).otherwise(0)
    return (
        table.with_columns(item_mean=pl.when(enough).then(mean))
        .drop("own")
        .with_columns(
            score=pl.when(scoring == "sum")
            .then(pl.col("item_mean") * pl.col("items"))
            .when(scoring == "share")
            .then(pl.col("item_mean") * 100)
            .otherwise(pl.col("item_mean"))
        )
    )


@measure_each(
    WHOM,
    agents=Column("agents"),
    alpha=Column("Cronbach's alpha over agents, of items averaged over administrations"),
    alpha_low=Column("lower end of the 95 % interval of alpha"),
    alpha_high=Column("upper end of the 95 % interval of alpha"),
    order_difference=Column("difference between the two option orders", WIDTHS),
    order_flips=Column("items answered on opposite sides in the two option orders", "share"),
    order_half_flips=Column("items answered in the middle in one option order alone", "share"),
    direction_difference=Column("difference between the two scale directions", WIDTHS),
    paraphrase_difference=Column("difference between original and paraphrase", WIDTHS),
    paraphrase_flips=Column("items whose paraphrase is answered on the opposite side", "share"),
    paraphrase_half_flips=Column("items answered in the middle in one wording alone", "share"),
    template_difference=Column("difference between two templates", WIDTHS),
    template_spread=Column("standard deviation of an agent's score over templates", WIDTHS),
    template_flips=Column("items answered on opposite sides in some templates", "share"),
    template_half_flips=Column("items answered in the middle in some templates alone", "share"),
    retest=Column("correlation of repeats over agents, in fresh context"),
    retest_difference=Column("difference between repeats, in fresh context: the noise", WIDTHS),
)
def reliability(run: Run) -> pl.DataFrame:
    """Return the reliability block of every trait score, for each session by itself.

    A session is what one probe asked at one moment, in one context (`probe`, `moment`, `context`);
    what an interview asks is one, repeats included. The more administrations items are averaged
    over, the higher is alpha. Differences are mean absolute ones of paired answers. A flip is an
    item answered on opposite sides of the scale's middle; in a half flip one answer is the middle
    itself, and another is not. A column is null where the design does not vary what it needs.
    """
    answers = _with_combined(run, _scored(run))
    rows = []
    keys = [*SCALE, *SESSION]
    for key, part in answers.group_by(keys, maintain_order=True):
        order = _pairs(part, "option_order", "forward", "reversed")
        direction = _pairs(part, "scale_direction", "ascending", "descending")
        wording = _pairs(part, "wording", "original", "paraphrase")
        fresh = part.filter(pl.col("context") == "fresh")
        alpha = cronbach_alpha(_matrix(part))
        rows.append(
            {
                **dict(zip(keys, key, strict=True)),
                "agents": part["agent"].n_unique(),
                "alpha": alpha.value,
                "alpha_low": alpha.low,
                "alpha_high": alpha.high,
                "order_difference": _difference(order),
                **_flips("order", order),
                "direction_difference": _difference(direction),
                "paraphrase_difference": _difference(wording),
                **_flips("paraphrase", wording),
                "template_difference": _template_difference(part),
                "template_spread": _template_spread(part),
                **_template_flips(part),
                "retest": _retest(fresh),
                "retest_difference": _difference(_pairs(fresh, "repeat", 1, 2)),
                **quality_of(part),
            }
        )
    return _frame(rows, SCALE)  # the sort is stable: sessions stay in the order of the run


@measure_each(
    WHOM,
    sample=Column("reference sample"),
    z=Column("score against the sample", "its standard deviations"),
)
def z_scores(run: Run) -> pl.DataFrame:
    """Return trait scores against every reference sample of their instrument.

    Samples are comparisons, not norms; each row names its instrument and sample. `z` is null where
    the score is.
    """
    scores = trait_scores(run)
    frames = [scores.head(0).with_columns(sample=pl.lit(""), z=pl.lit(0.0))]
    for name in scores["instrument"].unique(maintain_order=True):
        for sample, moments in getattr(run.config.instrument(name), "references", {}).items():
            for trait, (mean, sd) in moments.items():
                part = scores.filter(pl.col("instrument") == name, pl.col("trait") == trait)
                z = (pl.col("item_mean") - mean) / sd
                frames.append(part.with_columns(sample=pl.lit(sample), z=z))
    return pl.concat(frames)


def has_scores(run: Run) -> bool:
    """Whether a run has answers to items that belong to a trait; open questions have none."""
    scored = run.rows("responses").filter(pl.col("trait") != "")
    return not scored.head(1).collect().is_empty()


def correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return Pearson's correlation; None for fewer than three pairs, or where one is constant."""
    if len(first) < MINIMUM or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def _scored(run: Run) -> pl.DataFrame:
    """Return the first answers to items that belong to a trait."""
    return responses(run).filter(pl.col("trait") != "", pl.col("asking") == 1)


def _with_combined(run: Run, answers: pl.DataFrame) -> pl.DataFrame:
    """Add the answers that belong to broader traits once more, under the broader trait's name."""
    frames = [answers]
    for name in answers["instrument"].unique(maintain_order=True):
        instrument = _instrument(run, name)
        for broad, parts in getattr(instrument, "combined", {}).items():
            own = (pl.col("instrument") == name) & pl.col("trait").is_in(parts)
            frames.append(answers.filter(own).with_columns(trait=pl.lit(broad)))
    return pl.concat(frames)


def _instrument(run: Run, name: str) -> Any:
    """Return an instrument; None for open questions, which belong to no instrument."""
    try:
        return run.config.instrument(name)
    except OSError:
        return None


def _rule(run: Run, name: str) -> tuple[str, float]:
    instrument = _instrument(run, name)
    return (instrument.scoring, instrument.missing) if instrument else ("mean", 0.25)


def _matrix(part: pl.DataFrame) -> list[list[float]]:
    """Return agents by items, each the mean over administrations; agents with gaps are left out."""
    wide = (
        part.group_by("agent", "item", maintain_order=True)
        .agg(pl.col("score").mean())
        .pivot("item", index="agent", values="score")
        .drop_nulls()
    )
    return [list(row) for row in wide.drop("agent").iter_rows()]


def _pairs(part: pl.DataFrame, column: str, one: Any, other: Any) -> pl.DataFrame:
    """Return answers to one item that differ only in `column`."""
    keys = [name for name in ("agent", "item", *OCCASION, *ADMINISTRATION) if name != column]
    if column == "repeat":
        keys.remove("occasion")
    columns = [*keys, "score", "side", "width"]
    first = part.filter(pl.col(column) == one).select(columns)
    second = part.filter(pl.col(column) == other).select(*keys, "score", "side")
    both = first.join(second, on=keys, suffix="_other", maintain_order="left")
    return both.drop_nulls(["score", "score_other"])


def _difference(pairs: pl.DataFrame) -> float | None:
    """Return the mean absolute difference of paired answers, in scale widths (section 3)."""
    found = ((pairs["score"] - pairs["score_other"]).abs() / pairs["width"]).mean()
    return _number(found)


def _flips(name: str, pairs: pl.DataFrame) -> Row:
    """Return the flips between paired answers."""
    return _flip_shares(name, pairs.select("side", "side_other").to_numpy())


def _flip_shares(name: str, sides: Any) -> Row:
    """Return how often an item's answers (a row; -1, 0 or 1) lie on opposite sides of the middle.

    And how often they do not, but some are in the middle, and others are not: flips of a kind of
    their own, by the same rule for orders, wordings and templates.
    """
    if sides.shape[1] < 2 or not len(sides):
        return {f"{name}_flips": None, f"{name}_half_flips": None}
    opposite = (sides.min(axis=1) < 0) & (sides.max(axis=1) > 0)
    moved = sides.min(axis=1) != sides.max(axis=1)
    return {
        f"{name}_flips": float(opposite.mean()),
        f"{name}_half_flips": float((moved & ~opposite).mean()),
    }


def _template_spread(part: pl.DataFrame) -> float | None:
    if part["template"].n_unique() < 2:
        return None
    means = part.group_by("agent", "template").agg(pl.col("score").mean()).drop_nulls()
    several = means.filter(pl.len().over("agent") > 1)  # a single score is no sign of agreement
    spreads = [pstdev(scores["score"]) for _, scores in several.group_by("agent")]
    return fmean(spreads) / float(part["width"][0]) if spreads else None


def _by_template(part: pl.DataFrame) -> pl.DataFrame:
    """Return items by templates; label styles, which belong to templates, are averaged."""
    keys = [name for name in ("agent", "item", *OCCASION, *ADMINISTRATION) if name != "label_style"]
    keys.remove("template")
    means = part.group_by([*keys, "template"], maintain_order=True).agg(pl.col("score").mean())
    return means.pivot("template", index=keys, values="score").drop(keys).drop_nulls()


def _template_difference(part: pl.DataFrame) -> float | None:
    """Return the mean absolute difference of items between two templates, in scale widths."""
    wide = _by_template(part)
    differences = [
        (wide[one] - wide[other]).abs().mean() for one, other in combinations(wide.columns, 2)
    ]
    known = [float(found) for found in differences if isinstance(found, float)]
    return fmean(known) / float(part["width"][0]) if known else None


def _template_flips(part: pl.DataFrame) -> Row:
    """Return the flips between all templates (TRAIT, Lee et al. 2024)."""
    wide = _by_template(part)
    return _flip_shares("template", np.sign(wide.to_numpy() - float(part["middle"][0])))


def _retest(part: pl.DataFrame) -> float | None:
    """Return the correlation over agents of the first repeat's score with the second's."""
    means = (
        part.filter(pl.col("repeat") <= 2)
        .group_by("agent", "repeat", maintain_order=True)
        .agg(pl.col("score").mean())
        .pivot("repeat", index="agent", values="score")
        .drop_nulls()
    )
    if means.width < 3:
        return None
    return correlation(means["1"].to_list(), means["2"].to_list())


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _frame(rows: Iterable[Row], keys: Sequence[str]) -> pl.DataFrame:
    frame = pl.DataFrame(list(rows), infer_schema_length=None)
    return frame.sort(keys, maintain_order=True) if frame.height else frame
