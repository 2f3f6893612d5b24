"""Measures of the public goods game, and what cannot change in it."""

from collections.abc import Iterator

import polars as pl

from societies.runs.course import Course
from societies.runs.run import Run


def summary(run: Run) -> pl.DataFrame:
    """Return what was given and earned per round, and how many answers were defaulted."""
    lost = (pl.col("outcome") == "defaulted").sum().alias("defaulted")
    rounds = run.table("contributions").group_by("round").agg(pl.mean("amount", "payoff"), lost)
    return rounds.sort("round").collect()


def violations(run: Run) -> Iterator[str]:
    """Yield where more or less was paid out than the pot holds."""
    course, table = Course(run), run.table("contributions").sort("seq").collect()
    for (number,), rows in table.group_by("round", maintain_order=True):
        rules = course.protocol(rows["seq"][0])
        made = rows.height * rules.endowment + (rules.multiplier - 1) * rows["amount"].sum()
        if abs(rows["payoff"].sum() - made) > 1e-9 * made:
            yield f"round {number}: {rows['payoff'].sum()} units are paid out of {made}"
