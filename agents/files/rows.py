"""Rows of a table that a user brings, read when a scenario is loaded."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from societies.agents.errors import SocietyError
from societies.agents.files import documents

if TYPE_CHECKING:
    import polars as pl

Rows = list[dict[str, Any]]
Line = tuple[int, list[str]]
"""The fields of one row, and the line of the file on which it begins."""

NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
MOST_DIGITS = 18


def read(path: Path) -> Rows:
    """Return the rows of a CSV, Parquet, JSON or JSON lines file; absent values are None.

    A column of a CSV file holds numbers if every field looks the same when the number is written
    out again (`007` and `2.50` do not), and text otherwise.

    Raises:
        SocietyError: there is no such file, it is of another kind, or it is damaged; the text says
            where.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise SocietyError(f"{path}: tables come as {', '.join(READERS)}, not {path.suffix!r}")
    if not path.is_file():
        raise SocietyError(f"{path} cannot be read: there is no such file")
    try:
        rows: Rows = reader(path)
    except (OSError, ValueError) as error:
        raise SocietyError(f"{path} cannot be read: {error}") from error
    return rows


def table(content: str) -> list[Line]:
    """Return the rows of a text with commas between fields; blank lines are none.

    Raises:
        ValueError: a quotation mark stands where none can.
    """
    return list(_lines(content))


def _lines(content: str) -> Iterator[Line]:
    # A stream keeps the breaks within quoted fields, and no other character ends its lines.
    reader = csv.reader(StringIO(content, newline=""), strict=True)
    number = 1
    try:
        for fields in reader:
            if len(fields) > 1 or any(field.strip() for field in fields):
                yield number, fields
            number = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"line {number}: {error}") from error


def named(header: Sequence[str], found: Sequence[Line]) -> list[dict[str, str]]:
    """Return rows by the names of their columns.

    Raises:
        ValueError: a row has more or fewer fields than there are columns; the text names its line.
    """
    for number, fields in found:
        if len(fields) != len(header):
            plural = "" if len(fields) == 1 else "s"
            columns = f"{len(header)} column{'' if len(header) == 1 else 's'}"
            raise ValueError(f"line {number}: {len(fields)} field{plural}, and {columns}")
    return [dict(zip(header, fields, strict=True)) for _, fields in found]


def check_header(header: Sequence[str]) -> None:
    """Refuse a first line that cannot name columns.

    Raises:
        ValueError: it names none, one twice or a number, or its names are parted by another mark.
    """
    for mark, name in ((";", "semicolons"), ("\t", "tabs")):
        if any(mark in column for column in header):
            raise ValueError(
                f"line 1: the columns seem to be parted by {name}; save it with commas between them"
            )
    for number, column in enumerate(header, start=1):
        hint = "the first line has to name the columns"
        if not column.strip():
            raise ValueError(f"line 1: column {number} has no name; {hint}")
        if _is_number(column.strip()):
            raise ValueError(f"line 1: column {number} is called {column!r}; {hint}")
        if column in header[: number - 1]:
            raise ValueError(f"line 1: two columns are called {column!r}; {hint}")
    check_blanks(header)


def check_blanks(names: Iterable[str]) -> None:
    """Refuse names of columns with blanks around them: ` age` would be another one than `age`.

    Raises:
        ValueError: there is one.
    """
    for name in names:
        if name != name.strip():
            raise ValueError(f"a column is called {name!r}: take the blanks off")


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _csv(path: Path) -> Rows:
    lines = table(documents.text(path))
    if not lines:
        raise ValueError("it is empty; the first line has to name the columns")
    (_, header), *found = lines
    check_header(header)
    read_as_text = named(header, found)
    for number, fields in found:
        if not any(field.strip() for field in fields):
            raise ValueError(f"line {number}: every field is empty; delete the line")
    numeric = {
        column
        for column in header
        if all(row[column] == "" or _round_trips(row[column]) for row in read_as_text)
    }
    return [
        {column: _value(field, column in numeric) for column, field in row.items()}
        for row in read_as_text
    ]


def _round_trips(field: str) -> bool:
    """Whether a field, read as a number and written out again, is the same text."""
    if len(field) > MOST_DIGITS or not NUMBER.fullmatch(field):
        return False
    return str(_number(field)) == field


def _number(field: str) -> int | float:
    return float(field) if "." in field else int(field)


def _value(field: str, is_number: bool) -> str | float | None:
    if field == "":
        return None
    return _number(field) if is_number else field


def _parquet(path: Path) -> Rows:
    import polars as pl

    try:
        return _dicts(pl.read_parquet(path, glob=False))
    except pl.exceptions.PolarsError as error:
        raise ValueError(_plain(error)) from error


def _json_lines(path: Path) -> Rows:
    rows = []
    for place, found in documents.json_lines(documents.text(path)):
        if not isinstance(found, dict):
            raise ValueError(f"{place} is no JSON object")  # noqa: TRY004 - the file's value
        rows.append(found)
    return rows


def _json(path: Path) -> Rows:
    found = documents.json_value(documents.text(path))
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ValueError("it should be one list of objects")
    return found


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
