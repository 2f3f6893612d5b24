"""A run on disk: its tables, calls and summary, read lazily."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from societies.agents.models.base import Completion
from societies.config import RunConfig
from societies.errors import InputError
from societies.journal import Journal
from societies.loading import load
from societies.records import CORE_RECORDS, Record, schema
from societies.registry import Scenario, nearest


@dataclass(frozen=True)
class RecordedCall:
    """One call as the run holds it: the full prompt, the settings and the reply."""

    key: str
    request: str
    sampling: dict[str, Any]
    messages: list[tuple[str, str]]
    """Role and content, in order."""
    completion: Completion


class Run:
    """A run's directory.

    Args:
        path: the directory that holds `run.json`.

    Raises:
        InputError: it is not a run's directory.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not (self.path / "run.json").is_file():
            raise InputError(f"{self.path} is not a run: there is no run.json in it")

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}, {self.status})"

    @property
    def about(self) -> dict[str, Any]:
        """What `run.json` says: status, versions, seed, totals."""
        file = self.path / "run.json"
        try:
            content: Any = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{file} is damaged: {error}; its journal is not affected") from error
        if not isinstance(content, dict) or not content.keys() >= {"status", "run", "began"}:
            raise InputError(f"{file} is damaged: it does not say what became of the run")
        return content

    @property
    def status(self) -> str:
        """`running`, `finished`, `interrupted` or `failed`."""
        return str(self.about["status"])

    @property
    def config(self) -> RunConfig:
        """The resolved configuration."""
        return self._loaded[0]

    @property
    def scenario(self) -> Scenario:
        """The scenario that was run."""
        return self._loaded[1]

    @property
    def record_types(self) -> tuple[type[Record], ...]:
        """The record types that the run logs."""
        return (*CORE_RECORDS, *self.scenario.load_society().records)

    @property
    def tables(self) -> list[str]:
        """The names of the run's tables."""
        folder = self.path / "log"
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def table(self, name: str) -> pl.LazyFrame:
        """Return a table, unread until it is collected.

        Raises:
            InputError: the run has no such table.
        """
        if name not in self.tables:
            raise InputError(f"run {self.path} has no table {name!r}{nearest(name, self.tables)}")
        segments = sorted((self.path / "log" / name).glob("*.parquet"))
        if not segments:
            raise InputError(
                f"table {name!r} of {self.path} is not written yet: the run just began"
            )
        for segment in segments:
            try:
                pl.read_parquet_schema(segment)
            except (OSError, pl.exceptions.PolarsError) as error:
                raise InputError(
                    f"{segment} is damaged ({error}); write the tables anew from the journal: "
                    f"delete {self.path / 'log'}, then societies resume {self.path}"
                ) from error
        return pl.scan_parquet(segments)

    def rows(self, name: str) -> pl.LazyFrame:
        """Return a table in program order, with every column that is recorded today.

        Columns, and tables, that an earlier version did not record are null, or empty; so is a
        table of which a run that just began, or was stopped, has no row yet.

        Raises:
            InputError: the run has no such table.
        """
        kinds = {record.table: record for record in self.record_types}
        if name not in kinds:
            return self.table(name)
        columns = schema(kinds[name])
        if not any((self.path / "log" / name).glob("*.parquet")):
            return pl.LazyFrame(schema=columns)
        table = self.table(name)
        known = table.collect_schema().names()
        missing = [pl.lit(None, kind).alias(at) for at, kind in columns.items() if at not in known]
        return table.with_columns(missing).sort("seq")

    def call(self, key: str) -> RecordedCall:
        """Return one journalled call.

        Raises:
            InputError: there is no call of that key.
        """
        with self.journal() as journal:
            entry = journal.find(key)
            if entry is None:
                raise InputError(
                    f"run {self.path} has no call {key!r}; table 'calls' lists the keys, "
                    f"such as {next(journal.keys(), 'none')!r}"
                )
            return RecordedCall(
                key=key,
                request=entry.request,
                sampling=journal.sampling(entry.model),
                messages=[journal.message(digest) for digest in entry.messages],
                completion=entry.completion,
            )

    def journal(self) -> Journal:
        """Open the run's journal for reading.

        Raises:
            InputError: there is none.
        """
        path = self.path / "journal.ndjson"
        if not path.is_file():
            raise InputError(f"{self.path} has no journal.ndjson")
        return Journal(path, writable=False)

    def story(self) -> Iterator[str]:
        """Yield the run as readable lines: every message and action in program order."""
        from societies.transcript import transcript

        return transcript(self)

    @cached_property
    def _loaded(self) -> tuple[RunConfig, Scenario]:
        if not (self.path / "scenario.yaml").is_file():
            raise InputError(f"{self.path} has no scenario.yaml: it cannot be run or read any more")
        return load(self.path / "scenario.yaml")
