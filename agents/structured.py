"""Structured answers: replies that are JSON objects, by an answer type's schema or by request."""

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from societies.agents.answers import Answer, AnswerError

if TYPE_CHECKING:
    from societies.agents.models.base import ModelSpec

FREE_KEYWORDS = {"default", "description", "title"}
"""Keywords of a JSON schema that say nothing about what is valid."""


def read_object(text: str) -> tuple[dict[str, Any], bool]:
    """Return the JSON object in a reply, and whether the reply was nothing else.

    Python's quotes and literals, code fences and trailing commas are read with goodwill; nothing
    is ever evaluated. What was cut off is not guessed.

    Raises:
        AnswerError: there is no complete object.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    if isinstance(content, dict):
        return content, True
    start, end = text.find("{"), text.rfind("}")
    if start < 0:
        raise AnswerError("there is no JSON object in the reply")
    if end < start:
        raise AnswerError("the JSON object is cut off: there is no closing brace")
    from json_repair import loads

    try:
        content = loads(text[start : end + 1], skip_json_loads=True)
    except (ValueError, RecursionError) as error:
        raise AnswerError("the JSON object is nested too deeply, or holds no number") from error
    if not isinstance(content, dict) or not content:
        raise AnswerError("the reply is not one JSON object")
    return content, False


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


def gives_objects(spec: "ModelSpec") -> bool:
    """Whether a model is to answer by JSON schema: as configured, or as LiteLLM knows it."""
    if spec.structured == "supported" and not spec.is_scripted:
        from societies.agents.models.hosted import supports_schema

        return supports_schema(spec)
    return spec.structured == "always" and not spec.is_scripted
