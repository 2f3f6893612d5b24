"""Structured answers: replies that are JSON objects, by an answer type's schema or by request."""

import ast
import json
import warnings
from collections.abc import Mapping
from functools import cache
from typing import Any, Self

from pydantic import ValidationError

from societies.agents.answers.answer import Answer, AnswerError

FREE_KEYWORDS = {"default", "description", "title"}
"""Keywords of a JSON schema that say nothing about what is valid."""


class ObjectAnswer(Answer):
    """Base of answers that their prompt asks for as a JSON object: a key for every field."""

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read the object's keys into the fields of the same names."""
        content, clean = read_object(text)
        try:
            answer = cls.model_validate_json(json.dumps(content))
        except ValidationError as error:
            problems = error.errors(include_url=False)
            told = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in problems)
            raise AnswerError("; ".join(told)) from error
        answer = answer.within(situation)
        return answer if clean else answer.marked("lenient")

    @classmethod
    def is_whole(cls, text: str, situation: Mapping[str, Any]) -> bool:  # noqa: ARG003
        """Whether the object is closed."""
        return holds_object(text)


def read_object(text: str) -> tuple[dict[str, Any], bool]:
    """Return the JSON object in a reply, and whether the reply was nothing else.

    Python's quotes and literals, bare keys, code fences and trailing commas are read with goodwill;
    nothing is ever evaluated. What was cut off, says two things or cannot be parsed is not guessed.

    Raises:
        AnswerError: there is no complete object, or more than one.
    """
    try:
        content = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        content = None
    if isinstance(content, dict):
        return content, True
    start, end = text.find("{"), text.rfind("}")
    if start < 0:
        raise AnswerError("there is no JSON object in the reply")
    if end < start:
        raise AnswerError("the JSON object is cut off: there is no closing brace")
    found = _objects(text) or [_literal(text[start : end + 1])]
    if not found[0] or any(other != found[0] for other in found):
        raise AnswerError("the reply is not one JSON object")
    return found[0], False


def holds_object(text: str) -> bool:
    """Whether every object that a reply begins is complete."""
    return bool(_objects(text))


def _objects(text: str) -> list[dict[str, Any]]:
    """Return the objects of a reply, from its first brace on; none if one of them is no JSON."""
    decoder = json.JSONDecoder(object_pairs_hook=_once, strict=False)
    found, start = [], text.find("{")
    while start >= 0:
        try:
            content, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            return []
        found.append(content)
        start = text.find("{", end)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON in which no key stands twice with different values."""
    content = dict(pairs)
    if any(content[key] != value for key, value in pairs):
        raise ValueError("a key stands in the JSON object twice, with different values")
    return content


def _literal(text: str) -> dict[str, Any]:
    """Return an object that is written as Python writes it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a backslash that is no escape
            content = _value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError, Warning) as error:
        raise AnswerError(
            "the JSON object is cut off, or cannot be parsed: write one object, every key once"
        ) from error
    if not isinstance(content, dict):
        raise AnswerError("the reply is not one JSON object")
    return content


def _value(node: ast.expr) -> Any:
    """Return the value of a literal: nothing is evaluated.

    Raises:
        ValueError: it is none.
    """
    match node:
        case ast.Constant(value=str() | int() | float() | None as value):
            return value
        case ast.Name(id="true" | "false" | "null" as name):
            return json.loads(name)
        case ast.List(elts=items):
            return [_value(item) for item in items]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.Dict(keys=keys, values=values):
            return _once(
                [(_key(key), _value(value)) for key, value in zip(keys, values, strict=True)]
            )
    raise ValueError(f"{ast.unparse(node)[:40]} is no value of JSON")


def _key(node: ast.expr | None) -> str:
    """Return a key, which may stand without quotes."""
    match node:
        case ast.Constant(value=str() as key) | ast.Name(id=key):
            return key
    raise ValueError("a key of the JSON object is no text")


@cache
def response_schema(answer: type[Answer]) -> dict[str, Any]:
    """Return an answer type's JSON schema as providers take it: closed, every key required."""
    schema: dict[str, Any] = _closed(answer.model_json_schema())
    return schema


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {
        name: {key: _closed(value) for key, value in content.items()}
        if name == "properties"
        else _closed(content)
        for name, content in schema.items()
        if name not in FREE_KEYWORDS
    }
    if "properties" in closed:
        closed |= {"required": list(closed["properties"]), "additionalProperties": False}
    return closed
