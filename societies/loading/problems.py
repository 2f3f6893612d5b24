"""What is wrong with a configuration, in places and words that a user can act on."""

import types
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from societies.agents.files.documents import HALF, is_broken
from societies.words import Place, nearest

Problem = tuple[Place, str]

SHOULD_BE = "Input should be "
MOST_DIGITS = 18
"""Numbers that are longer when written out are not suggested."""


def explain(model: type[BaseModel], error: ValidationError, data: Any) -> Iterator[Problem]:
    """Turn pydantic's errors into places and words.

    What fits no option of a union is told once, with all options; where one option came further
    than the others, it is the one that was meant.

    Args:
        model: what the data was validated as.
        error: what pydantic found.
        data: what was validated.
    """
    details = [(*_placed(detail, data), detail) for detail in error.errors(include_url=False)]
    unions: dict[Place, list[ErrorDetails]] = {}
    for place, union, detail in details:
        if union is None:
            yield place, _words(model, place, detail)
        elif place != union:
            unions[union] = []
            yield place, _words(model, place, detail)
        else:
            unions.setdefault(union, []).append(detail)
    deeper = {union for place, union, _ in details if place != union}
    for union, options in unions.items():
        if union not in deeper:
            yield union, _any_of(model, union, options)


def _placed(detail: ErrorDetails, data: Any) -> tuple[Place, Place | None]:
    """Return the place of an error in the data, and of the union that it lies in, if any.

    Pydantic's own places name the options of unions, too, which stand in no file.
    """
    place: list[str | int] = []
    union: Place | None = None
    for position, part in enumerate(detail["loc"]):
        is_last = position == len(detail["loc"]) - 1
        if isinstance(data, dict) and (part in data or str(part) in map(str, data)):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        elif not (is_last and detail["type"] == "missing"):
            if part != "[key]":
                union = tuple(place)
            continue
        place.append(part)
    return tuple(place), union


def _any_of(model: type[BaseModel], place: Place, options: list[ErrorDetails]) -> str:
    """Say that a value is none of what it might be."""
    if len(options) == 1:
        return _words(model, place, options[0])
    found = options[0]["input"]
    for detail in options:
        if detail["type"] in ("model_type", "dict_type", "int_type", "float_type"):
            hint = _hint(model, place, detail)
            if hint:
                return hint
    texts = [detail["msg"].removeprefix(SHOULD_BE) for detail in options]
    return f"{SHOULD_BE}{' or '.join(dict.fromkeys(texts))}, found {found!r}"


def _words(model: type[BaseModel], place: Place, detail: ErrorDetails) -> str:
    kind = detail["type"]
    if kind == "extra_forbidden":
        return f"unknown key{nearest(str(place[-1]), keys_at(model, place[:-1]))}"
    if kind == "missing":
        return "this key is required"
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    if kind == "invalid_key":
        return f"a key has to be text, found {detail['input']!r}: put it into quotes"
    if hint := _hint(model, place, detail):
        return hint
    if kind in {"model_type", "dict_type"}:
        return f"should hold keys and values, found {detail['input']!r}"
    return f"{detail['msg']}, found {detail['input']!r}"


def _hint(model: type[BaseModel], place: Place, detail: ErrorDetails) -> str:
    """Return what to write instead, if what was meant can be told."""
    kind, found = detail["type"], detail["input"]
    if found is None and (kind in {"model_type", "dict_type", "list_type"} or len(place) == 1):
        return "nothing stands here: leave the key out, or say what it holds"
    if kind == "model_type" and isinstance(found, str) and "name" in keys_at(model, place):
        return f"should hold keys and values: write {{name: {found}}}"
    if kind in {"int_type", "float_type"} and isinstance(found, str):
        number = _written_out(found)
        return f"YAML reads {found} as text: write {number}" if number else ""
    return ""


def _written_out(text: str) -> str:
    """Return a number such as 1e5, which YAML takes for text, as YAML takes it for a number."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return ""
    if "e" not in text.lower() or not number.is_finite():
        return ""
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > MOST_DIGITS:
        return ""
    return format(number, "f")


def half_characters(value: Any, place: Place = ()) -> Iterator[Problem]:
    """Yield where text holds half a character (a lone surrogate), which no file can hold."""
    if isinstance(value, str):
        if is_broken(value):
            yield place, HALF
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from half_characters(key, place)
            yield from half_characters(item, (*place, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from half_characters(item, (*place, position))


def keys_at(annotation: Any, place: Place) -> set[str]:
    """Return the valid keys of the mapping that stands at `place` below a model."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields
        if not place:
            return set(fields)
        below = fields.get(str(place[0]))
        return keys_at(below.annotation, place[1:]) if below else set()
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return keys_at(arguments[0], place)
    if origin in (Union, types.UnionType):
        return set().union(*(keys_at(option, place) for option in arguments))
    if origin in (list, dict) and place:
        return keys_at(arguments[-1], place[1:])
    return set()
