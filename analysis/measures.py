"""Measures: functions of runs that say what the columns of their table mean."""

from collections import ChainMap
from collections.abc import Callable, Mapping
from functools import update_wrapper
from typing import Any, Concatenate, Generic, NamedTuple, ParamSpec

import polars as pl

from societies.runs.course import Course
from societies.runs.run import Run
from societies.runs.runs import Given, Runs

P = ParamSpec("P")
Frame = pl.DataFrame


class Column(NamedTuple):
    """What a column of a measure means, for the terminal, a report and the axes of a plot."""

    caption: str
    unit: str = ""

    def __str__(self) -> str:
        """Return both, as an axis is labelled."""
        return f"{self.caption} ({self.unit})" if self.unit else self.caption


COMMON = {
    "run": Column("run"),
    "low": Column("lower end of the 95 % interval"),
    "high": Column("upper end of the 95 % interval"),
    "note": Column("why there is no interval"),
    "answers": Column("answers"),
    "lenient": Column("answers read with goodwill as to their form", "share of answers"),
    "invalid": Column("answers with a reply that was none", "share of answers"),
    "repaired": Column("answers read only when asked again", "share of answers"),
    "refused": Column("answers refused", "share of answers"),
    "defaulted": Column("answers that no readable reply stands behind", "share of answers"),
}
"""Columns that mean the same wherever they stand."""


class Measure(Generic[P]):
    """A function that makes a table from runs: it takes a run, several, or where they lie.

    Args:
        function: makes the table of all runs together.
        columns: what its own columns mean.
        main: whether it is the result table of its scenario.
        alone: makes the table of a single run, if that has no column `run`.
    """

    def __init__(
        self,
        function: Callable[Concatenate[Runs, P], Frame],
        columns: Mapping[str, Column],
        *,
        main: bool = False,
        alone: Callable[Concatenate[Run, P], Frame] | None = None,
    ) -> None:
        self.columns = {**COMMON, **columns}
        self.main = main
        self._function, self._alone = function, alone
        named: Callable[..., Frame] = alone or function
        update_wrapper(self, named)

    def __call__(self, runs: Given, *args: P.args, **options: P.kwargs) -> Frame:
        """Return the table.

        Raises:
            InputError: there is no run, or one of them twice.
        """
        key = (self, args, *options.items())
        if isinstance(runs, Run) and (alone := self._alone) is not None:
            return runs.once(key, lambda: alone(runs, *args, **options))
        taken = Runs.of(runs)
        made = runs if isinstance(runs, Run) else taken
        return made.once(key, lambda: self._function(taken, *args, **options))

    def column(self, name: str) -> Column:
        """Return what a column means; of one that is not declared, its name in words."""
        return self.columns.get(name, Column(name.replace("_", " ")))


def measure(
    *shared: Mapping[str, Column], main: bool = False, **columns: Column
) -> Callable[[Callable[Concatenate[Runs, P], Frame]], Measure[P]]:
    """Make a measure of a function that takes `Runs`; its table has a first column `run`.

    Args:
        shared: what columns mean that several measures have.
        main: whether it is the result table of its scenario.
        columns: what its own columns mean.
    """
    told = dict(ChainMap(columns, *map(dict, shared)))
    return lambda function: Measure(function, told, main=main)


def measure_each(
    *shared: Mapping[str, Column], main: bool = False, **columns: Column
) -> Callable[[Callable[Concatenate[Run, P], Frame]], Measure[P]]:
    """Make a measure of a function that takes one run.

    Of several runs, its tables stand below each other, behind a column `run`; a run given by itself
    has none. Arguments as of `measure`.
    """
    told = dict(ChainMap(columns, *map(dict, shared)))

    def declare(function: Callable[Concatenate[Run, P], Frame]) -> Measure[P]:
        def together(runs: Runs, /, *args: P.args, **options: P.kwargs) -> Frame:
            tables = [
                function(run, *args, **options).select(
                    pl.lit(label).alias("run"), pl.exclude("run")
                )
                for label, run in runs.labelled()
            ]
            return pl.concat(tables, how="diagonal_relaxed")

        return Measure(together, told, main=main, alone=function)

    return declare


def rules_at(run: Run, seq: int) -> Any:
    """Return the scenario's parameters in force at a row of a run; of many, ask one `Course`."""
    return Course(run).protocol(seq)
