"""A run on disk: its tables, calls and summary, read lazily."""

import json
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from shlex import quote
from typing import Any

import polars as pl

from societies.agents.models.base import Completion
from societies.config.schema import RunConfig
from societies.errors import InputError
from societies.loading.inputs import identity
from societies.loading.load import load
from societies.record.artifacts import Artifacts
from societies.record.journal import Journal
from societies.record.lock import is_written, this_machine
from societies.record.log import checksum
from societies.record.types import CORE_RECORDS, Record, schema
from societies.runs import run_json
from societies.runs.memory import Memory
from societies.scenario import Scenario, resolve
from societies.words import nearest


@dataclass(frozen=True)
class RecordedCall:
    """One call as the run holds it: the full prompt, the settings and the reply."""

    key: str
    request: str
    sampling: dict[str, Any]
    messages: list[tuple[str, str]]
    """Role and content, in order."""
    completion: Completion


class Run(Memory):
    """A run's directory.

    Args:
        path: the directory that holds `run.json`, or at least `scenario.yaml` and the journal.

    Raises:
        InputError: it is not a run's directory.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._sound: set[tuple[str, int, int]] = set()
        rest = ("scenario.yaml", "journal.ndjson")
        if not (self.path / "run.json").is_file() and not all(
            (self.path / name).is_file() for name in rest
        ):
            raise InputError(f"{self.path} is not a run: there is no run.json in it")

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}, {self.remembered.get('status', 'run.json is damaged')})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        told: str = resolve("societies.runs.html:run_html")(self)  # by name: it reads runs
        return told

    @property
    def about(self) -> dict[str, Any]:
        """What `run.json` says: status, versions, seed, totals.

        Raises:
            InputError: it is damaged, or missing.
        """
        file = self.path / "run.json"
        remedy = (
            f"write it anew from the journal: societies rebuild {self._quoted}, or, if the run had "
            f"not come to its end, societies resume {self._quoted}"
        )
        try:
            content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            run_json.check(content)
        except FileNotFoundError as error:
            raise InputError(f"{file} is missing; {remedy}") from error
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"{file} is damaged: {error}; {remedy}") from error
        return content

    @property
    def remembered(self) -> dict[str, Any]:
        """What `run.json` says; nothing if it is damaged or missing."""
        try:
            return self.about
        except InputError:
            return {}

    @property
    def name(self) -> str:
        """What it is called, as in column `run` of its tables: `donor_game-demo/1@1f3a9c2b`.

        Behind its place stands what it is made of: the same settings, inputs and seed give the
        same digits, anything else others. A replay has the same name, a fork another.
        """
        told = self.remembered.get("run")
        return told or f"{self.config.name}/{self.path.name}@{identity(self.path)}"

    @property
    def status(self) -> str:
        """`running`, `finished`, `interrupted` or `failed`."""
        return str(self.about["status"])

    @property
    def left_behind(self) -> str | None:
        """What is known of a run that never came to an end and that nobody is at work on.

        None if it ended, if a process is at work on it, or if that cannot be told.
        """
        about = self.remembered
        if about.get("status") != "running":
            return None
        if is_written(self.path / "journal.ndjson") is not False:
            return None
        elsewhere = about.get("machine") not in (None, this_machine())
        gone = (
            f"it began on {about['machine']}, and no process of this machine is at work on it: if "
            "none is there either"
            if elsewhere
            else "its process is gone"
        )
        return f"{gone}; go on with: societies resume {self._quoted}"

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
        from societies.society import load_society  # it brings Mesa, which takes a second

        return (*CORE_RECORDS, *load_society(self.scenario).records)

    @property
    def tables(self) -> list[str]:
        """The names of the run's tables, also of those that were written and are gone."""
        folder = self.path / "log"
        there = (path.name for path in folder.iterdir()) if folder.is_dir() else ()
        return sorted({*there, *self.written})

    @property
    def written(self) -> dict[str, Any]:
        """What was written of each table: `rows`, `segments`, and the `checksums` of these.

        Nothing is known of a run that is under way, or that an earlier version made.
        """
        written: dict[str, Any] = self.remembered.get("tables", {})
        return written

    def table(self, name: str) -> pl.LazyFrame:
        """Return a table, unread until it is collected.

        Raises:
            InputError: the run has no such table, or it is not what was written.
        """
        if name not in self.tables:
            raise InputError(f"run {self.path} has no table {name!r}{nearest(name, self.tables)}")
        segments = self._sound_segments(name)
        if not segments:
            raise InputError(
                f"table {name!r} of {self.path} is not written yet: the run just began"
            )
        return pl.scan_parquet(segments, glob=False)

    def check(self) -> None:
        """Check that every table is what was written.

        Raises:
            InputError: one is not; the text names it, and says what to do.
        """
        for name in self.tables:
            self._sound_segments(name)

    @property
    def is_whole(self) -> bool:
        """Whether all its tables are there, as they were written."""
        try:
            self.check()
        except InputError:
            return False
        return {record.table for record in self.record_types} <= set(self.tables)

    def check_journal(self) -> None:
        """Check that what was asked can be looked up.

        Raises:
            InputError: the journal is missing, or was emptied.
        """
        path, about = self.path / "journal.ndjson", self.remembered
        again = (
            "everything would be asked, and paid for, again: put a copy of it there; or, if that "
            f"is meant, begin anew: societies run {quote(str(self.path / 'scenario.yaml'))}"
        )
        if not path.is_file():
            raise InputError(f"{self.path} has no journal.ndjson: {again}")
        calls = (about.get("totals") or {}).get("calls", 0)
        if not path.stat().st_size and (calls or not about):
            counted = f"{calls:,} calls were made" if about else "run.json does not say why"
            raise InputError(f"{path} is empty, and {counted}: {again}")

    def put_damage_aside(self) -> None:
        """Keep a `run.json` that cannot be read beside the one that is written in its place."""
        file = self.path / "run.json"
        if file.exists():
            file.replace(self.path / "run.json.damaged")

    def _sound_segments(self, name: str) -> list[Path]:
        """Return the files of a table, once each was found to be what was written.

        Raises:
            InputError: one is missing, there are more, or one is damaged.
        """
        segments = sorted((self.path / "log" / name).glob("*.parquet"))
        written = self.written.get(name)
        if written is None:
            checksums: list[str | None] = [None] * len(segments)
        elif len(segments) != written["segments"]:
            raise InputError(
                f"table {name!r} of {self.path} was written in {written['segments']} segments "
                f"({written['rows']:,} rows), and there are {len(segments)}; {self._remedy}"
            )
        else:
            checksums = written["checksums"]
        for segment, expected in zip(segments, checksums, strict=True):
            self._check(segment, expected)
        return segments

    def _check(self, segment: Path, expected: str | None) -> None:
        """Raise unless a segment is what was written, or, if that is not known, can be read."""
        state = segment.stat()
        known = (str(segment), state.st_mtime_ns, state.st_size)
        if known in self._sound:
            return
        problem: object = None
        try:
            if expected is None:
                pl.read_parquet(segment, glob=False)
            elif checksum(segment.read_bytes()) != expected:
                problem = "its checksum is not that of what was written"
        except (OSError, pl.exceptions.PolarsError) as error:
            problem = error
        if problem:
            raise InputError(f"{segment} is damaged ({problem}); {self._remedy}")
        self._sound.add(known)

    @property
    def _remedy(self) -> str:
        verb = "rebuild" if self.remembered.get("status") == "finished" else "resume"
        return f"write the tables anew from the journal: societies {verb} {self._quoted}"

    @property
    def _quoted(self) -> str:
        """Its path as a shell reads it."""
        return quote(str(self.path))

    def rows(self, name: str) -> pl.LazyFrame:
        """Return a table in program order, with every column that is recorded today.

        Columns, and tables, that an earlier version did not record are null, or empty; so is a
        table of which a run that just began, or was stopped, has no row yet.

        Raises:
            InputError: the run has no such table.
        """
        there = any((self.path / "log" / name).glob("*.parquet"))
        record = _known(name, self.scenario) if there else None
        if record is None:
            record = {each.table: each for each in self.record_types}.get(name)
        if record is None:
            return self.table(name)
        columns = schema(record)
        if not there and not self.written.get(name, {}).get("segments"):
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
                    f"run {self.path} has no call {quote(key)}; table 'calls' lists the keys, "
                    f"such as {quote(next(journal.keys(), 'none'))}"
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

    @property
    def artifacts(self) -> Artifacts:
        """The files that the run made, by the hash of their content."""
        return Artifacts(self.path / "artifacts", writable=False)

    @cached_property
    def _loaded(self) -> tuple[RunConfig, Scenario]:
        if not (self.path / "scenario.yaml").is_file():
            raise InputError(f"{self.path} has no scenario.yaml: it cannot be run or read any more")
        return load(self.path / "scenario.yaml")


def _known(table: str, scenario: Scenario) -> type[Record] | None:
    """Return the record of a table that is there, if it can be told without the society.

    That is one of every society, or the only one of that name in the scenario's `records.py`.
    """
    package = scenario.society.partition(":")[0].rpartition(".")[0]
    own: list[type[Record]] = []
    if (scenario.folder / "records.py").is_file():
        own = [
            each
            for each in vars(import_module(f"{package}.records")).values()
            if isinstance(each, type) and issubclass(each, Record)
        ]
    found = {each for each in (*CORE_RECORDS, *own) if getattr(each, "table", None) == table}
    return found.pop() if len(found) == 1 else None
