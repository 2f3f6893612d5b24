"""Tables of runs as files for other programs: CSV.

What agents wrote is data. A spreadsheet takes a cell for a formula, which it computes or fetches
something by, if it begins with `=`, `+`, `-`, `@`, a tab or a carriage return (OWASP, "CSV
Injection"): such cells get an apostrophe before them, unless they are plain numbers.
"""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import polars as pl
from pydantic_core import to_json

from societies.errors import InputError
from societies.record.whole import write_whole
from societies.runs.runs import Runs

FORMULA = r"^[=+\-@\t\r]"
"""What a spreadsheet takes for a formula."""
NUMBER = r"^[+\-]?[0-9]+\.?[0-9]*(?:[eE][+\-]?[0-9]+)?$"
"""What it takes for a number, however it begins."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A table that was written as a file."""

    path: Path
    rows: int
    defused: int
    """Cells that begin as formulas do, and have an apostrophe before them."""


def export_csv(runs: Runs, folder: Path, *, raw: bool = False) -> list[Exported]:
    """Write every table of runs as `<table>.csv`; with a column per parameter that differs.

    Lists are told as JSON, an empty cell is null, an empty text is `""`; UTF-8, commas, a header.

    Args:
        runs: the runs, which are of one scenario.
        folder: where the files are written; it is made if it is not there.
        raw: whether texts that a spreadsheet takes for formulas stay as they are.

    Raises:
        InputError: a file is there already, and nothing was written; or a table is damaged.
        RunFailedError: a file cannot be written.
    """
    names = dict.fromkeys(name for run in runs for name in run.tables)
    paths = {name: folder / f"{name}.csv" for name in names}
    if existing := [path for path in paths.values() if path.exists()]:
        raise InputError(f"{existing[0]} exists; name another folder (--out), or move it away")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made: {error.strerror}") from error
    return [_write(runs.table(name).collect(), path, raw=raw) for name, path in paths.items()]


def _write(table: pl.DataFrame, path: Path, *, raw: bool) -> Exported:
    flat = table.with_columns(_as_json(column) for column in table if column.dtype.is_nested())
    risky = {} if raw else {column.name: _risky(column) for column in flat if _is_text(column)}
    told = flat.with_columns(
        pl.when(mask).then(pl.lit("'") + pl.col(name)).otherwise(pl.col(name)).alias(name)
        for name, mask in risky.items()
    )
    content = BytesIO()
    told.write_csv(content)
    write_whole(path, content.getbuffer())
    return Exported(path, table.height, sum(int(mask.sum()) for mask in risky.values()))


def _is_text(column: pl.Series) -> bool:
    return column.dtype == pl.String


def _risky(column: pl.Series) -> pl.Series:
    """Return which cells a spreadsheet takes for formulas."""
    found = column.str.contains(FORMULA) & ~column.str.contains(NUMBER)
    return found.fill_null(value=False)


def _as_json(column: pl.Series) -> pl.Series:
    told = [None if value is None else to_json(value).decode() for value in column.to_list()]
    return pl.Series(column.name, told, dtype=pl.String)
