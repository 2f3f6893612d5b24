"""The tables of one run or of several, with labels that tell the runs apart."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import polars as pl

from societies.config.schema import RunConfig
from societies.errors import InputError
from societies.runs.course import Course
from societies.runs.results import summarise
from societies.runs.run import Run

Runs = Run | Sequence[Run]

Defaulted = Literal["include", "exclude"]
"""Whether decisions count that no readable reply stands behind."""


def labelled(runs: Runs) -> list[tuple[str, Run]]:
    """Return the runs with labels that tell them apart.

    The column `run` of a log cannot: the cells of a sweep, and forks, have it in common.

    Raises:
        InputError: there is no run, or one of them twice.
    """
    found = [runs] if isinstance(runs, Run) else list(runs)
    paths = [run.path.resolve() for run in found]
    labels = [f"{path.parent.name}/{path.name}" for path in paths]
    if len(set(labels)) < len(labels):
        labels = [str(path) for path in paths]
    if not found or len(set(labels)) < len(labels):
        problem = f"{max(labels, key=labels.count)} is given twice" if found else "none is given"
        raise InputError(f"give runs, and each of them once: {problem}")
    return list(zip(labels, found, strict=True))


def rows_of(runs: Runs, name: str) -> pl.LazyFrame:
    """Return a table of all the runs, in program order, with the runs' labels."""
    return pl.concat(
        [run.rows(name).with_columns(run=pl.lit(label)) for label, run in labelled(runs)],
        how="diagonal",
    )


def under_rules(
    runs: Runs, name: str, **rules: tuple[Callable[[RunConfig], Any], type[pl.DataType]]
) -> pl.DataFrame:
    """Return a table of all the runs, with columns for the rules in force at each of its rows.

    Args:
        runs: one run or several.
        name: the table's.
        rules: for each column what it takes from a configuration, and the column's type.
    """
    frames = []
    for label, run in labelled(runs):
        table, course = run.rows(name).with_columns(run=pl.lit(label)).collect(), Course(run)
        columns = [
            pl.Series(column, course.read(table["seq"], value), dtype=kind)
            for column, (value, kind) in rules.items()
        ]
        frames.append(table.with_columns(columns))
    return pl.concat(frames, how="diagonal")


def summary(run: Run) -> pl.DataFrame:
    """Return the result table of a run, as `societies show` prints it.

    Raises:
        InputError: its scenario has none.
    """
    table: pl.DataFrame | None = summarise(run)
    if table is None:
        raise InputError(f"scenario {run.scenario.name} has no result table: read the run's tables")
    return table
