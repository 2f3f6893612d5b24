"""How answers moved from the first position to the last (Yang et al. 2024, arXiv 2412.19513)."""

import polars as pl

from societies.analysis.kit import Column, Runs, measure
from societies.analysis.statistics import relative_score
from societies.analysis.tables import Defaulted
from societies.scenarios.debate.positions import SEAT, held


@measure(
    first=Column("first position"),
    last=Column("last position"),
    agents=Column("agents, each in one question"),
)
def transitions(runs: Runs) -> pl.DataFrame:
    """Return how agents' answers moved from their first to their last position.

    A position is `right`, `wrong` or `unreadable`. A debate that ended in its first round kept its
    positions; runs of one round, and kinds of tasks that are not right or wrong, have no row.
    """
    return (
        _ends(runs)
        .group_by("run", "first", "last")
        .agg(pl.len().alias("agents"))
        .sort("run", "first", "last")
    )


@measure(
    agents=Column("agents, each in one question"),
    first=Column("accuracy of the first position"),
    last=Column("accuracy of the last position"),
    confidence=Column("CL", "share of the right ones that stayed right"),
    critique=Column("CS", "share of the wrong ones that became right"),
    relative=Column("RSS", "0.5 is unchanged accuracy"),
)
def flips(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return what the flips amount to (Yang et al. 2024, arXiv 2412.19513).

    RSS is (Acc2 - Acc1^2) / (2 Acc1 (1 - Acc1)), undefined if Acc1 is 0 or 1. `defaulted` is the
    share of all agents whose first or last position has no readable reply.

    Args:
        runs: one run or several.
        defaulted: `exclude` leaves these agents out; otherwise what could not be read is wrong.
    """
    ends = _ends(runs)
    lost = (pl.col("first") == "unreadable") | (pl.col("last") == "unreadable")
    shares = ends.group_by("run").agg(lost.mean().alias("defaulted"))
    right_first, right_last = pl.col("first") == "right", pl.col("last") == "right"
    table = (
        (ends if defaulted == "include" else ends.filter(~lost))
        .group_by("run", maintain_order=True)
        .agg(
            pl.len().alias("agents"),
            right_first.mean().alias("first_accuracy"),
            right_last.mean().alias("last_accuracy"),
            right_last.filter(right_first).mean().alias("confidence"),
            right_last.filter(~right_first).mean().alias("critique"),
        )
        .rename({"first_accuracy": "first", "last_accuracy": "last"})
    )
    scores = [relative_score(*row) for row in table.select("first", "last").iter_rows()]
    relative = pl.Series("relative", scores, dtype=pl.Float64)
    return table.with_columns(relative).join(shares, on="run", how="left", maintain_order="left")


def _ends(runs: Runs) -> pl.DataFrame:
    """Return the first and the last position of everybody, in runs of several rounds."""
    state = (
        pl.when(pl.col("answer").is_null())
        .then(pl.lit("unreadable"))
        .when(pl.col("right"))
        .then(pl.lit("right"))
        .otherwise(pl.lit("wrong"))
    )
    return (
        held(runs)
        .drop_nulls("right")
        .filter(pl.col("round").max().over("run") > 1)
        .group_by(SEAT, maintain_order=True)
        .agg(state.first().alias("first"), state.last().alias("last"))
    )
