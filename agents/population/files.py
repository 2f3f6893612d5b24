"""People from a file: read when a scenario is loaded, held by the run as JSON lines."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from societies.agents.errors import SocietyError
from societies.agents.files import rows
from societies.agents.persona.persona import TRAITS
from societies.agents.population.spec import FileSource, Listed
from societies.agents.strict import explained

DIRECT = {"text", "summary", "identity", "group"}
LISTS = {"goals", "secrets", "life.loves", "life.hates"}
BLOCKS = {"big_five", "values", "social", "life", "attributes"}

Place = tuple[str, str]
"""A block of the persona and a key of it; the key is empty where the block is the value."""


def read_rows(path: Path) -> str:
    """Return a file's rows as JSON lines.

    Raises:
        SocietyError: the file cannot be read, or is of a kind that is not known.
    """
    return "\n".join(
        json.dumps(row, default=str, ensure_ascii=False, separators=(",", ":"))
        for row in rows.read(path)
    )


def people(source: FileSource) -> list[Listed]:
    """Return the people of a file that was read.

    Raises:
        SocietyError: a row is no person, or `columns` does not fit the file; the text says where.
    """
    read = [json.loads(line) for line in source.lines]
    places = _places(source, dict.fromkeys(column for row in read for column in row))
    listed = []
    for number, row in enumerate(read, start=1):
        try:
            listed.append(Listed.model_validate(_person(row, places)))
        except ValidationError as error:
            raise SocietyError(f"{source.path}, person {number}, {explained(error)}") from error
    return listed


def _places(source: FileSource, columns: Iterable[str]) -> dict[str, Place]:
    """Return where in a persona each column goes."""
    found = {column: _place(source.columns.get(column, column)) for column in columns}
    for column in source.columns:
        if found and column not in found:
            there = ", ".join(found)
            raise SocietyError(f"{source.path} has no column {column!r} (there are: {there})")
    taken: dict[Place, str] = {}
    for column, place in found.items():
        other = taken.setdefault(place, column)
        if other != column:
            raise SocietyError(
                f"{source.path}: columns {other!r} and {column!r} both fill "
                f"{'.'.join(part for part in place if part)}"
            )
    return found


def _place(key: str) -> Place:
    block, _, name = key.partition(".")
    if key in TRAITS:
        return "big_five", key
    if key in DIRECT or (key in LISTS and not name):
        return key, ""
    return (block, name) if block in BLOCKS and name else ("attributes", key)


def _person(row: Mapping[str, Any], places: Mapping[str, Place]) -> dict[str, Any]:
    """Return a row as the data of a persona; empty fields are left out."""
    person: dict[str, Any] = {}
    for column, value in row.items():
        if value is None:
            continue
        block, name = places[column]
        if name:
            person.setdefault(block, {})[name] = _value(block, name, value)
        else:
            person[block] = _value(block, name, value)
    return person


def _value(block: str, name: str, value: Any) -> Any:
    """Return a field as the persona's key wants it."""
    if (f"{block}.{name}" if name else block) in LISTS:
        parts = value if isinstance(value, list) else str(value).split(";")
        return [part for part in (str(each).strip() for each in parts) if part]
    if block in DIRECT or block == "life":
        return str(value)
    if block in ("big_five", "values") and isinstance(value, str):
        return _score(value)
    return value


def _score(text: str) -> str | float:
    """Return a score that stands in a column of words, or the words."""
    try:
        return float(text)
    except ValueError:
        return text.strip()
