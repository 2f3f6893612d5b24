"""What an interview comes to: scores, induction and reliability in one table."""

import polars as pl

from societies.analysis.measures import measure_each
from societies.analysis.questionnaires.consistency import (
    SCALE,
    SESSION,
    has_scores,
    reliability,
    trait_scores,
)
from societies.analysis.questionnaires.personas import taken_on
from societies.analysis.questionnaires.portraits import portrait_accuracy
from societies.runs.run import Run

VARIED = [
    *("order_difference", "order_flips", "order_half_flips", "direction_difference"),
    *("template_difference", "template_spread", "template_flips", "template_half_flips"),
    *("paraphrase_difference", "paraphrase_flips", "paraphrase_half_flips"),
    *("retest", "retest_difference"),
]
"""Measures that need a design which varies something."""


@measure_each(main=True)
def summary(run: Run) -> pl.DataFrame:
    """Return the result table of an interview: scores, induction and reliability per trait.

    Measures of what the design does not vary, such as templates, have no column, and neither has
    what tells sessions apart where there is one probe, moment or context only. An interview
    without scored answers has the results of its self-descriptions instead.
    """
    if not has_scores(run):
        return portrait_accuracy(run)
    scale = [*SCALE, *SESSION]
    keys = [*scale, "model"]
    means = trait_scores(run).group_by(keys, maintain_order=True).agg(pl.col("score").mean())
    taken = taken_on(run)
    common = [name for name in keys if name in taken.columns]
    columns = taken.select(*common, "induction", "as_told", "taken")
    found = means.join(columns, on=common, how="left", maintain_order="left").join(
        reliability(run), on=scale, how="left", maintain_order="left"
    )
    unknown = [each.name for each in found if each.name in VARIED and each.is_null().all()]
    same = [name for name in SESSION if found[name].n_unique() == 1]
    return found.drop("model", *unknown, *same).sort(SCALE, maintain_order=True)
