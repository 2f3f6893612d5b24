"""Rows of a table that a user brings, read when a scenario is loaded."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from societies.agents.errors import SocietyError

if TYPE_CHECKING:
    import polars as pl

Rows = list[dict[str, Any]]


def read(path: Path) -> Rows:
    """Return the rows of a CSV, Parquet, JSON or JSON lines file; absent values are None.

    Raises:
        SocietyError: there is no such file, it is of another kind, or it is damaged; the text says
            where.
    """
    reader = READERS.get(path.suffix)
    if reader is None:
        raise SocietyError(f"{path}: tables come as {', '.join(READERS)}, not {path.suffix!r}")
    if not path.is_file():
        raise SocietyError(f"{path} cannot be read: there is no such file")
    try:
        rows: Rows = reader(path)
    except UnicodeDecodeError as error:
        raise SocietyError(f"{path} cannot be read: it is not UTF-8; save it so") from error
    except (OSError, ValueError) as error:
        raise SocietyError(f"{path} cannot be read: {error}") from error
    return rows


def _csv(path: Path) -> Rows:
    import polars as pl

    path.read_text(encoding="utf-8")
    try:
        frame = pl.read_csv(path, infer_schema_length=None)
    except pl.exceptions.PolarsError as error:
        raise ValueError(_plain(error)) from error
    for name in frame.columns:
        twice = re.fullmatch(r"(.*)_duplicated_\d+", name)
        if twice and twice[1] in frame.columns:
            raise ValueError(f"two columns are called {twice[1]!r}")
    return _dicts(frame)


def _parquet(path: Path) -> Rows:
    import polars as pl

    try:
        return _dicts(pl.read_parquet(path))
    except pl.exceptions.PolarsError as error:
        raise ValueError(_plain(error)) from error


def _json_lines(path: Path) -> Rows:
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if line.strip():
            rows.append(_object(line, f"line {number}"))
    return rows


def _json(path: Path) -> Rows:
    found = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ValueError("it should be one list of objects")
    return found


def _object(line: str, place: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = {**json.loads(line, parse_constant=_refuse)}
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error
    except TypeError as error:
        raise ValueError(f"{place} is no JSON object") from error
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no value; leave it out, or write null")


def _dicts(frame: "pl.DataFrame") -> Rows:
    """Return a frame's rows; what is not a number is absent."""
    import polars.selectors as cs

    return frame.with_columns(cs.float().fill_nan(None)).to_dicts()


def _plain(error: Exception) -> str:
    """Return what a Polars error found, without its advice on Polars' arguments."""
    return " ".join(str(error).split("\n\n", 1)[0].split())


READERS: dict[str, Callable[[Path], Rows]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json,
}
