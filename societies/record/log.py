"""The run log: one typed table per record type, written in Parquet segments as the run goes."""

import time
from collections.abc import Callable, Iterable
from io import BytesIO
from operator import itemgetter
from pathlib import Path
from typing import Any
from zlib import crc32

import polars as pl

from societies.errors import RunFailedError
from societies.record.types import COMMON_COLUMNS, CORE_RECORDS, Record, schema
from societies.record.whole import write_whole

SEGMENT_ROWS = 20_000
FLUSH_SECONDS = 30.0
BLOCK_ROWS = 1024
"""Rows that become columns at a time: a column costs the same for few rows as for hundreds, and
20,000 rows would keep the event loop for half a second."""


class Table:
    """The rows of one record type that are not yet on disk."""

    def __init__(self, record: type[Record], folder: Path | None) -> None:
        self.name = record.table
        self.schema = schema(record)
        self.folder = folder
        self.segments = 0
        self.rows = 0
        """How many of its rows are written."""
        self.checksums: list[str] = []
        """The CRC-32 of each segment: Parquet reads most flipped bits as other numbers."""
        self.frames: list[pl.DataFrame] = []
        self._rows: list[tuple[Any, ...]] = []
        self._blocks: list[pl.DataFrame] = []
        self._waiting = 0
        self._pick = _picker(tuple(record.model_fields))
        if folder:
            folder.mkdir(parents=True)

    def append(self, common: tuple[Any, ...], record: Record) -> int:
        """Add one row; return how many rows wait.

        Raises:
            RunFailedError: it, or one shortly before it, does not fit.
        """
        self._rows.append(common + self._pick(record.__dict__))
        self._waiting += 1
        if len(self._rows) >= BLOCK_ROWS:
            self._make_block()
        return self._waiting

    def _make_block(self) -> None:
        if self._rows:
            self._blocks.append(self._frame(self._rows))
            self._rows.clear()

    def flush(self, *, even_if_empty: bool = False) -> None:
        """Write the waiting rows as the next segment.

        Raises:
            RunFailedError: a row does not fit, or the segment cannot be written; what is not
                written waits on.
        """
        try:
            self._make_block()
        finally:
            if self._blocks:
                self._put(pl.concat(self._blocks, rechunk=True))
        if even_if_empty and not self.segments:
            self._put(self._frame([]))

    def _put(self, frame: pl.DataFrame) -> None:
        """Keep a frame as the next segment."""
        if self.folder:
            self.checksums.append(_write(self.folder / f"{self.segments:06}.parquet", frame))
        else:
            self.frames.append(frame)
        self.segments += 1
        self.rows += frame.height
        self._blocks.clear()
        self._waiting = len(self._rows)

    def _frame(self, rows: list[tuple[Any, ...]]) -> pl.DataFrame:
        """Return rows as a data frame; the first one that fits into no column is named."""
        columns = zip(*rows, strict=True) if rows else ([] for _ in self.schema)
        typed = zip(self.schema.items(), columns, strict=True)
        try:
            # Series by series: with `schema=...` this takes over half as long again.
            return pl.DataFrame(
                [pl.Series(name, values, dtype=kind, strict=True) for (name, kind), values in typed]
            )
        except (OverflowError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
            if len(rows) > 1:
                for row in rows:
                    self._frame([row])
            _, seq, _, scope, agent = rows[0][: len(COMMON_COLUMNS)]
            raise RunFailedError(
                f"row seq {seq} (scope {scope}, agent {agent}) does not fit into table "
                f"{self.name!r}: {error}"
            ) from error


def _write(path: Path, frame: pl.DataFrame) -> str:
    """Write a segment whole or not at all; return its checksum.

    Raises:
        RunFailedError: the disk is full, or the directory is gone or read-only.
    """
    content = BytesIO()
    frame.write_parquet(content)
    write_whole(path, content.getbuffer())
    return checksum(content.getbuffer())


def checksum(content: bytes | memoryview) -> str:
    """Return the CRC-32 of a segment's bytes, in hexadecimal digits."""
    return f"{crc32(content):08x}"


def _picker(fields: tuple[str, ...]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """Return a function that takes the fields' values out of a record, in order."""
    if len(fields) == 1:
        return lambda values: (values[fields[0]],)
    return itemgetter(*fields) if fields else lambda _: ()


class RunLog:
    """Every message and every action of a run, in program order.

    Args:
        folder: where the tables are written; None keeps them in memory.
        run: the run's name, first column of every table.
        records: the scenario's record types, beside those every run has.
    """

    def __init__(
        self,
        folder: Path | None,
        run: str,
        records: Iterable[type[Record]],
        segment_rows: int = SEGMENT_ROWS,
    ) -> None:
        self.run = run
        self.rows = 0
        self._segment_rows = segment_rows
        self._flushed = time.monotonic()
        self._closed = False
        self._tables = {
            record.table: Table(record, folder / record.table if folder else None)
            for record in (*CORE_RECORDS, *records)
        }

    def write(self, record: Record, step: int, scope: str, agent: str | None) -> None:
        """Append one row to the record's table.

        Raises:
            KeyError: the record's type was not declared.
        """
        table = self._tables[record.table]
        waiting = table.append((self.run, self.rows, step, scope, agent), record)
        self.rows += 1
        if waiting >= self._segment_rows:
            table.flush()
        if not self.rows % 256 and time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def flush(self, *, even_if_empty: bool = False) -> None:
        """Write what waits, so that readers see it.

        Raises:
            RunFailedError: a table cannot be written, or one of its rows does not fit; the other
                tables are written.
        """
        self._flushed = time.monotonic()
        failures = []
        for table in self._tables.values():
            try:
                table.flush(even_if_empty=even_if_empty)
            except RunFailedError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def close(self) -> None:
        """Write everything; a table without rows gets an empty segment that carries its schema.

        Raises:
            RunFailedError: as for `flush`.
        """
        self._closed = True
        self.flush(even_if_empty=True)

    def written(self) -> dict[str, dict[str, Any]]:
        """Return what was written of each table: its rows, its segments, their checksums.

        Nothing, unless the log is closed: a run that was abandoned may still be writing.
        """
        if not self._closed:
            return {}
        return {
            name: {"rows": table.rows, "segments": table.segments, "checksums": table.checksums}
            for name, table in self._tables.items()
        }

    def table(self, name: str) -> pl.LazyFrame:
        """Return a table that is kept in memory."""
        table = self._tables[name]
        table.flush(even_if_empty=True)
        return pl.concat(table.frames).lazy()


def logical(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Drop the columns that measure the clock: what remains is the same at every re-execution."""
    from societies.record.types import WALL_PREFIX

    names = frame.collect_schema().names()
    return frame.select([name for name in names if not name.startswith(WALL_PREFIX)])


__all__ = ["COMMON_COLUMNS", "RunLog", "Table", "checksum", "logical"]
