"""People from a file: read by Polars when a scenario is loaded, held by the run as JSON lines."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from societies.agents.errors import SocietyError
from societies.agents.persona import TRAITS
from societies.agents.population.spec import FileSource, Listed

DIRECT = {"text", "summary", "identity", "group"}
LISTS = {"goals", "secrets", "life.loves", "life.hates"}
BLOCKS = {"big_five", "values", "social", "life", "attributes"}


def read_rows(path: Path) -> str:
    """Return a file's rows as JSON lines.

    Raises:
        SocietyError: the file cannot be read, or is of a kind that is not known.
    """
    import polars as pl

    readers: dict[str, Callable[[Path], pl.DataFrame]] = {
        ".csv": pl.read_csv,
        ".parquet": pl.read_parquet,
        ".jsonl": pl.read_ndjson,
        ".ndjson": pl.read_ndjson,
    }
    reader = readers.get(path.suffix)
    if reader is None:
        raise SocietyError(f"{path}: people come from {', '.join(readers)}, not {path.suffix!r}")
    try:
        return reader(path).write_ndjson()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise SocietyError(f"{path} cannot be read: {error}") from error


def people(source: FileSource) -> list[Listed]:
    """Return the people of a file that was read.

    Raises:
        SocietyError: a row is no person; the text names it.
    """
    listed = []
    for number, line in enumerate((source.rows or "").splitlines(), start=1):
        try:
            listed.append(Listed.model_validate(_person(json.loads(line), source.columns)))
        except ValidationError as error:
            detail = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in detail["loc"][:2])
            raise SocietyError(
                f"{source.path}, person {number}, {place}: {detail['msg']}, "
                f"found {detail['input']!r}"
            ) from error
    return listed


def _person(row: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    """Return a row as the data of a persona; empty fields are left out."""
    person: dict[str, Any] = {}
    for column, value in row.items():
        if value is None:
            continue
        key = columns.get(column, column)
        block, _, name = key.partition(".")
        if key in TRAITS:
            block, name = "big_five", key
        if key in LISTS and isinstance(value, str):
            value = [part.strip() for part in value.split(";")]
        if key in DIRECT or (key in LISTS and not name):
            person[key] = str(value) if key in DIRECT else value
        elif block in BLOCKS and name:
            person.setdefault(block, {})[name] = value
        else:
            person.setdefault("attributes", {})[key] = value
    return person
