"""Tables of runs: rows under the rules in force, and the result table."""

from collections.abc import Callable
from typing import Any, Literal

import polars as pl

from societies.analysis.measures import measure_each
from societies.config.schema import RunConfig
from societies.errors import InputError
from societies.runs.course import Course
from societies.runs.results import summarise
from societies.runs.run import Run
from societies.runs.runs import Runs

Defaulted = Literal["include", "exclude"]
"""Whether decisions count that no readable reply stands behind."""


def under_rules(
    runs: Runs, name: str, **rules: tuple[Callable[[RunConfig], Any], type[pl.DataType]]
) -> pl.DataFrame:
    """Return a table of all the runs, with columns for the rules in force at each of its rows.

    Args:
        runs: the runs.
        name: the table's.
        rules: for each column what it takes from a configuration, and the column's type.
    """
    frames = []
    for label, run in runs.labelled():
        table, course = run.rows(name).with_columns(run=pl.lit(label)).collect(), Course(run)
        columns = [
            pl.Series(column, course.read(table["seq"], value), dtype=kind)
            for column, (value, kind) in rules.items()
        ]
        frames.append(table.with_columns(columns))
    return pl.concat(frames, how="diagonal_relaxed")


@measure_each(main=True)
def summary(run: Run) -> pl.DataFrame:
    """Return the result table of a run, as `societies show` prints it.

    Raises:
        InputError: its scenario has none.
    """
    table: pl.DataFrame | None = summarise(run)
    if table is None:
        raise InputError(f"scenario {run.scenario.name} has no result table: read the run's tables")
    return table
