"""A run's tables in memory, and how two records differ."""

from collections.abc import Callable, Iterable

import polars as pl

from societies.execute.replay import first_difference
from societies.record.journal import Journal
from societies.record.log import logical
from societies.record.types import CORE_RECORDS
from societies.runs.run import Run

Tables = dict[str, pl.DataFrame]


def tables_of(run: Run) -> Tables:
    """Return the tables of a finished run, without the columns that measure the clock.

    Raises:
        AssertionError: the run is not finished.
    """
    if run.status != "finished":
        raise AssertionError(f"{run} cannot be checked: only a finished run can")
    return collected(run.tables, run.table)


def collected(names: Iterable[str], table: Callable[[str], pl.LazyFrame]) -> Tables:
    """Return tables without the clock's columns and the run's name; the scenario's own first."""
    core = [record.table for record in CORE_RECORDS]
    ordered = sorted(names, key=lambda name: (name in core, name))
    return {name: logical(table(name)).drop("run").collect() for name in ordered}


def check_same(before: Tables, after: Tables, how: str) -> None:
    """Compare two records in every logical column.

    Args:
        before: the tables of the run that is checked.
        after: the tables of its re-execution.
        how: completes the sentence "The record is another ...".

    Raises:
        AssertionError: they differ; the text names table, row and column.
    """
    if before.keys() != after.keys():
        raise AssertionError(
            f"The record is another {how}: its tables are {', '.join(after)} "
            f"instead of {', '.join(before)}"
        )
    for name, table in before.items():
        if not table.equals(after[name], null_equal=True):
            difference = first_difference(table, after[name])
            raise AssertionError(f"The record is another {how}: table {name!r}, {difference}")


def told_in(journal: Journal, key: str) -> list[str]:
    """Return what an agent is told in a call: its prompt, without its own earlier replies."""
    entry = journal.find(key)
    messages = map(journal.message, entry.messages if entry else ())
    return [content for role, content in messages if role != "assistant"]
