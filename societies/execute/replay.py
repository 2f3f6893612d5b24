"""Replaying: a run executed again from its journal alone, and compared."""

import tempfile
from pathlib import Path
from shlex import quote

import polars as pl
from polars.testing import assert_frame_equal

from societies.errors import InputError, ReplayDiffersError
from societies.execute.run import Watch, make_society, release, unwatched
from societies.record.log import logical
from societies.record.types import schema
from societies.runs.run import Run


def replay(path: str | Path, *, watch: Watch = unwatched) -> Run:
    """Re-execute a finished run from its journal alone and compare the records.

    Of a run that another version made, what both have is compared: see `left_out`.

    Raises:
        InputError: there is no run, or it is not finished.
        ReplayDiffersError: a request or a record differs; the text says which and how.
    """
    found = Run(path)
    if found.status != "finished":
        raise InputError(
            f"{found.path} is {found.status}, and only a finished run can be replayed; "
            f"first finish it: societies resume {quote(str(found.path))}"
        )
    config, scenario = found.config, found.scenario
    with (
        tempfile.TemporaryDirectory(prefix="societies-") as folder,
        found.journal() as journal,
    ):
        society = make_society(
            config, scenario, journal, Path(folder) / "log", found.name, live=False
        )
        try:
            with watch(society):
                society.run()
            society.calls.check_all_used()
        finally:
            release(society)
        for record in found.record_types:
            if record.table in found.tables:
                segments = Path(folder) / "log" / record.table
                _compare(record.table, found.table(record.table), segments)
    return found


def left_out(run: Run) -> list[str]:
    """Return what a replay of a run cannot compare, in words: what only one version records."""
    told = []
    for record in run.record_types:
        if record.table not in run.tables:
            told.append(f"table {record.table!r} is not recorded")
            continue
        recorded, now = run.table(record.table).collect_schema().names(), list(schema(record))
        for name in dict.fromkeys([*now, *recorded]):
            column = f"column {name!r} of table {record.table!r}"
            if name not in recorded:
                told.append(f"{column} is not recorded")
            elif name not in now:
                told.append(f"{column} is recorded no more")
    return told


def _compare(name: str, recorded: pl.LazyFrame, segments: Path) -> None:
    """Raise unless a table of the run and its replay agree in every logical column of both."""
    played = pl.scan_parquet(sorted(segments.glob("*.parquet")), glob=False)
    there = played.collect_schema().names()
    both = [name for name in recorded.collect_schema().names() if name in there]
    before, after = (logical(table.select(both)).collect() for table in (recorded, played))
    try:
        assert_frame_equal(before, after, check_exact=True)
    except AssertionError as error:
        difference = first_difference(before, after)
        raise ReplayDiffersError(f"table {name!r} is not reproduced: {difference}") from error


def first_difference(before: pl.DataFrame, after: pl.DataFrame) -> str:
    """Say where two versions of a table that are not the same differ first."""
    if before.columns != after.columns:
        return f"its columns were {before.columns} and are {after.columns}"
    for was, now in zip(before.iter_rows(named=True), after.iter_rows(named=True), strict=False):
        columns = [name for name in was if was[name] != now[name]]
        if columns:
            first = columns[0]
            differs = f"column {first!r}: recorded {was[first]!r}, now {now[first]!r}"
            if first == "request":
                differs = "it is asked something else: its prompt, or its model, is another"
            return f"row seq {was['seq']} (scope {was['scope']}, agent {was['agent']}), {differs}"
    return f"{before.height} rows were recorded, and now {after.height}"
