"""The course of a run: its configuration, as interventions changed it on the way."""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import polars as pl

from societies.config.schema import RunConfig
from societies.runs.run import Run

Value = TypeVar("Value")


class Course:
    """The rules in force at every row of a run.

    Rows and interventions are numbered in program order (`seq`): what stands behind an intervention
    was scheduled behind it.
    """

    def __init__(self, run: Run) -> None:
        config = run.config
        self._configs, self._since = [config], [-1]
        applied = run.rows("interventions").filter(pl.col("applied"), kind="set")
        for number, seq in _first_rows(applied):
            config = config.with_values(config.interventions[number].set or {})
            self._configs.append(config)
            self._since.append(seq)

    def config(self, seq: int) -> RunConfig:
        """Return the configuration in force at a row."""
        return self._configs[bisect_left(self._since, seq) - 1]

    def protocol(self, seq: int) -> Any:
        """Return the scenario's own parameters in force at a row."""
        return self.config(seq).protocol

    def read(self, seqs: Iterable[int], value: Callable[[RunConfig], Value]) -> list[Value]:
        """Return for each row what `value` takes from the configuration in force."""
        values = [value(config) for config in self._configs]
        return [values[bisect_left(self._since, seq) - 1] for seq in seqs]


def _first_rows(applied: pl.LazyFrame) -> list[tuple[int, int]]:
    """Return number and place of every intervention: its own row, before those of its agents."""
    rows = applied.sort("seq").unique("number", keep="first", maintain_order=True)
    return rows.select("number", "seq").collect().rows()
