"""People from a file: read when a scenario is loaded, held by the run as JSON lines."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from societies.agents.errors import SocietyError
from societies.agents.files import rows
from societies.agents.persona.persona import LEVELS, TRAITS
from societies.agents.population.spec import FileSource, Listed
from societies.agents.strict import explained

DIRECT = {"text", "summary", "identity", "group"}
LISTS = {"goals", "secrets", "life.loves", "life.hates"}
BLOCKS = {"big_five", "values", "social", "life", "attributes"}

USUAL = {"name", "id", "age", "gender", "sex"}
"""Attributes that nearly every file of people has, and that are nobody's name or answer."""
SCORE = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
"""A score as people write it; Python takes more for one: `1_0`, `nan`, other scripts' digits."""

Place = tuple[str, str]
"""A block of the persona and a key of it; the key is empty where the block is the value."""


def read_rows(path: Path, known: Collection[str] = ()) -> str:
    """Return a file's rows as JSON lines.

    Args:
        path: where the file lies.
        known: what the population's settings mention (`mentioned`).

    Raises:
        SocietyError: the file cannot be read, is of a kind that is not known, or its first line
            cannot be told from a person.
    """
    found = rows.read(path)
    names = list(dict.fromkeys(column for row in found for column in row))
    try:
        rows.check_blanks(names)
        if path.suffix.lower() == ".csv":
            _check_names(names, known)
    except ValueError as error:
        raise SocietyError(f"{path} cannot be read: {error}") from error
    return "\n".join(
        json.dumps(row, default=str, ensure_ascii=False, separators=(",", ":")) for row in found
    )


def mentioned(population: Mapping[str, Any]) -> Iterator[str]:
    """Yield the attributes and columns that a population's settings mention, valid or not."""
    yield from _mapping(_mapping(population.get("file")).get("columns"))
    for key in ("attributes", "cross"):
        yield from _mapping(population.get(key))
    for names in _mapping(_mapping(population.get("margins")).get("margins")):
        yield from (name.strip() for name in str(names).split(","))
    rules, groups = population.get("exclude"), population.get("groups")
    for rule in rules if isinstance(rules, list) else ():
        yield from _mapping(rule)
    for holder in (population, *(groups if isinstance(groups, list) else ())):
        yield from _mapping(_mapping(_mapping(holder).get("persona")).get("attributes"))


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _check_names(names: Sequence[str], known: Collection[str]) -> None:
    """Refuse a first line that may be a person: whoever has no header would lose somebody.

    Raises:
        ValueError: no column has a name that is known, or one is called like a score.
    """
    levels = [name for name in names if name.casefold() in LEVELS]
    if levels or not any(name in known or name in USUAL or _is_placed(name) for name in names):
        told = f"one is called {levels[0]!r}" if levels else "none of them is known"
        raise ValueError(
            f"line 1 should name the columns, and {told} ({', '.join(map(repr, names))}): write a "
            "header such as identity,openness,age as the first line; if this is one, say what a "
            "column fills, as in columns: {hobby: attributes.hobby}"
        )


def _is_placed(column: str) -> bool:
    return _place(column) != ("attributes", column)


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
    if "" in found:
        raise SocietyError(f"{source.path} has a column without a name: name it, or take it out")
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
    written = text.strip()
    return float(written) if SCORE.fullmatch(written) else written
