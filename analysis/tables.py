"""The tables of one run or of several, with labels that tell the runs apart."""

from collections.abc import Sequence

import polars as pl

from societies.errors import InputError
from societies.records import schema
from societies.run_directory import Run

Runs = Run | Sequence[Run]


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
        [
            _begun(run, name).sort("seq").with_columns(run=pl.lit(label))
            for label, run in labelled(runs)
        ]
    )


def summary(run: Run) -> pl.DataFrame:
    """Return the result table of a run, as `societies show` prints it.

    Raises:
        InputError: its scenario has none.
    """
    table: pl.DataFrame | None = run.scenario.summarise(run)
    if table is None:
        raise InputError(f"scenario {run.scenario.name} has no result table: read the run's tables")
    return table


def _begun(run: Run, name: str) -> pl.LazyFrame:
    """Return a run's table; of a run that was stopped before its first row, an empty one."""
    there = any((run.path / "log" / name).glob("*.parquet"))
    if name in run.tables and not there and not run.written.get(name, {}).get("segments"):
        record = next(record for record in run.record_types if record.table == name)
        return pl.LazyFrame(schema=schema(record))
    return run.table(name)
