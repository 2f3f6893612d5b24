"""How self-descriptions, verdicts and guesses are read: as JSON."""

import json
from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field

from societies.agents.answers import Answer, AnswerError


class TwentyStatements(Answer):
    """Who somebody is: what is openly known, and what is hidden."""

    known: list[str] = Field(min_length=1, max_length=50)
    hidden: list[str] = Field(min_length=1, max_length=50)

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:  # noqa: ARG003
        """Read the object with `known` and `hidden`."""
        return cls.model_validate(read_object(text, ("known", "hidden")))


class Verdicts(Answer):
    """Whether each statement is true of the person."""

    verdicts: list[bool]

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read one yes or no for each statement, in order."""
        given = read_object(text, ("verdicts",))["verdicts"]
        if not isinstance(given, list) or len(given) != len(situation["statements"]):
            raise AnswerError(f"'verdicts' must list {len(situation['statements'])} entries")
        said = [str(entry.get("true") if isinstance(entry, dict) else entry) for entry in given]
        odd = [word for word in said if word.casefold() not in ("yes", "no", "true", "false")]
        if odd:
            raise AnswerError(f"{odd[0]!r} is neither yes nor no")
        return cls(verdicts=[word.casefold() in ("yes", "true") for word in said])


class Name(Answer):
    """Whom a judge takes a persona for."""

    name: str
    reason: str = ""

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:  # noqa: ARG003
        """Read the object with `name` and `reason`."""
        found = read_object(text, ("name",))
        return cls(name=str(found["name"]), reason=str(found.get("reason", "")))


def read_object(text: str, keys: tuple[str, ...]) -> dict[str, Any]:
    """Return the JSON object in a reply.

    Raises:
        AnswerError: there is none, or it lacks a key.
    """
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        raise AnswerError("there is no JSON object in the reply")
    try:
        found = json.loads(text[start : end + 1])
    except (json.JSONDecodeError, RecursionError) as error:
        raise AnswerError(f"the JSON object cannot be read: {error}") from error
    for key in keys:
        if key not in found:
            raise AnswerError(f"the JSON object has no key {key!r}")
    return found  # type: ignore[no-any-return]
