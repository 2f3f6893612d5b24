"""Means of a table's columns over runs, or over the agents of one, per condition."""

from collections.abc import Mapping, Sequence

import polars as pl

from societies.analysis.conditions import check_repetitions, tells_apart
from societies.analysis.factors import with_factors
from societies.analysis.measures import Frame
from societies.analysis.quality import outcomes
from societies.analysis.statistics import mean_interval
from societies.runs.runs import Runs


def means(
    runs: Runs,
    table: str,
    by: str | Sequence[str],
    of: Mapping[str, str],
    over: str = "agent",
) -> Frame:
    """Return means of columns of a table, with 95 % intervals (Student's t), per condition.

    A condition is what the runs were set to, their seeds aside (see `conditions`). Of one run, the
    interval is over its agents, who are independent of each other only if they do not meet; of
    several, over runs. Everybody counts alike, however many rows one has.

    Args:
        runs: the runs.
        table: a table's name.
        by: columns of it that rows are told apart by, such as `round`, or factors of the agents,
            such as `big_five.agreeableness` (see `factors`).
        of: for each figure of the result the column it is the mean of.
        over: the column that says whose a row is.

    Columns: the parameters that differ, those of `by`, `runs`, for each figure `FIGURE`,
    `FIGURE_low` and `FIGURE_high` (null where there is no interval), and, if the table has
    outcomes, `answers`, `lenient`, `invalid`, `defaulted`.

    Raises:
        InputError: two of the runs are the same (see `check_repetitions`).
    """
    check_repetitions(runs)
    rows, own = runs.table(table), runs.rows(table).collect_schema().names()
    told = [by] if isinstance(by, str) else list(by)
    if not set(told) <= set(own):
        rows = with_factors(rows, runs, *(name for name in told if name not in own))
    names = rows.collect_schema().names()
    apart = [name for name in names if name not in own and name not in told and tells_apart(name)]
    keys = [*apart, *told]
    figures = [pl.col(column).cast(pl.Float64).mean().alias(name) for name, column in of.items()]
    units = rows.group_by(*keys, "run", over).agg(figures).sort(*keys, "run", over)
    if len(runs) > 1:
        units = units.group_by(*keys, "run", maintain_order=True).agg(pl.col(*of).mean())
    found = _with_ends(units.collect(), keys, list(of), "runs" if len(runs) > 1 else f"{over}s")
    runs_there = pl.col("run").n_unique().cast(pl.Int64).alias("runs")
    counted = rows.group_by(keys).agg(runs_there, *(outcomes() if "outcome" in names else []))
    shares = found.join(counted.collect(), on=keys, nulls_equal=True, maintain_order="left")
    return shares.select(*keys, "runs", pl.exclude(*keys, "runs"))


def _with_ends(units: Frame, keys: Sequence[str], figures: Sequence[str], unit: str) -> Frame:
    """Return the means over units, each with the ends of its interval."""
    rows = []
    for key, part in units.group_by(keys, maintain_order=True):
        row = dict(zip(keys, key, strict=True))
        for name in figures:
            known = part[name].drop_nulls()
            ends = mean_interval(known.to_list(), unit=unit)
            row |= {name: known.mean(), f"{name}_low": ends.low, f"{name}_high": ends.high}
        rows.append(row)
    names = [f"{name}{end}" for name in figures for end in ("", "_low", "_high")]
    schema = {key: units.schema[key] for key in keys} | dict.fromkeys(names, pl.Float64)
    return pl.DataFrame(rows, schema=schema, orient="row")
