"""Trait scores of groups over occasions, beside what repeats of one occasion differ by."""

from math import sqrt
from typing import Any

import polars as pl

from societies.analysis.measures import Column, measure_each
from societies.analysis.quality import pooled
from societies.analysis.questionnaires.change import SERIES, unshown, with_requests
from societies.analysis.questionnaires.columns import WHOM, WIDTHS
from societies.analysis.questionnaires.consistency import ADMINISTRATION, trait_scores
from societies.analysis.questionnaires.paired import noted
from societies.analysis.questionnaires.shown import NOTHING
from societies.analysis.statistics import mean_interval
from societies.runs.run import Run

CELL = ["occasion", *(name for name in ADMINISTRATION if name != "repeat")]
"""What was asked alike, but for the repeat."""


@measure_each(
    WHOM,
    agents=Column("agents with a score on this occasion and the first"),
    occasion=Column("occasion"),
    change=Column("mean change since the first occasion", WIDTHS),
    low=Column("lower end of the 95 % interval, over agents", WIDTHS),
    high=Column("upper end of the 95 % interval, over agents", WIDTHS),
    noise=Column("95 % of mean changes stay within, if answers differ as repeats do", WIDTHS),
)
def mean_drift(run: Run) -> pl.DataFrame:
    """Return the mean change of every trait since the first occasion, per group and series.

    Agents count whose first occasion is the group's. `noise` is the half-width of the 95 % range
    (Student's t) that mean changes would have without any change of the agents: from the variance
    of their scores between repeats within an occasion, null where nothing was repeated. In an
    interview repeats are occasions themselves. Where all requests were identical on all
    occasions, there are no changes, and `note` says so.
    """
    rows: list[dict[str, Any]] = []
    scores = with_requests(run, trait_scores(run).drop_nulls("item_mean"))
    for key, part in scores.group_by(SERIES, maintain_order=True):
        same = unshown(part)
        variance, freedom = _repeats(part)
        for (occasion,), there in _changes(part).group_by("occasion", maintain_order=True):
            ends = mean_interval(there["change"].to_list(), unit="agents")
            rows.append(
                {
                    **dict(zip(SERIES, key, strict=True)),
                    "occasion": occasion,
                    "agents": there.height,
                    "change": None if same else there["change"].mean(),
                    "low": None if same else ends.low,
                    "high": None if same else ends.high,
                    "noise": None if same else _reach(there, variance, freedom),
                    "note": NOTHING if same else ends.note,
                    **pooled(part.filter(pl.col("occasion") == occasion)),
                }
            )
    return noted(rows)


def _changes(part: pl.DataFrame) -> pl.DataFrame:
    """Return every agent's change since the first occasion, which is its own first, too.

    `shares` adds up 1 / scores of both occasions: the variance of the change by that of a score.
    """
    means = (
        part.group_by("agent", "occasion", maintain_order=True)
        .agg((pl.col("item_mean") / pl.col("width")).mean().alias("mean"), pl.len())
        .sort("occasion", maintain_order=True)
    )
    own = pl.col("mean", "len").first().over("agent").name.prefix("first_")
    told = means.with_columns(own, start=pl.col("occasion").first().over("agent"))
    since = told.filter(pl.col("start") == pl.col("start").min())
    return since.select(
        "agent",
        "occasion",
        change=pl.col("mean") - pl.col("first_mean"),
        shares=1 / pl.col("len") + 1 / pl.col("first_len"),
    )


def _repeats(part: pl.DataFrame) -> tuple[float, int]:
    """Return the variance of scores between repeats of one occasion, and its degrees of freedom."""
    score = pl.col("item_mean") / pl.col("width")
    cells = part.group_by("agent", *CELL).agg(
        squares=score.var() * (pl.len() - 1), free=pl.len() - 1
    )
    several = cells.filter(pl.col("free") > 0)
    freedom = int(several["free"].sum())
    return (float(several["squares"].sum()) / freedom if freedom else 0.0), freedom


def _reach(there: pl.DataFrame, variance: float, freedom: int) -> float | None:
    """Return how far means of changes reach by noise alone; None where it is not known."""
    if not freedom or (there["occasion"] == 0).all():
        return None
    from scipy import special

    error = sqrt(variance * float(there["shares"].sum())) / there.height
    return float(special.stdtrit(freedom, 0.975)) * error
