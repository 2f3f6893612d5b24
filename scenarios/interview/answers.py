"""How self-descriptions, verdicts and guesses are read: as JSON."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field

from societies.agents.answers import Answer, AnswerError
from societies.agents.structured import read_object

STATEMENTS = 10
"""Statements of each kind that are asked for."""


class TwentyStatements(Answer):
    """Who somebody is: what is openly known, and what is hidden."""

    known: list[str] = Field(min_length=1, max_length=50)
    hidden: list[str] = Field(min_length=1, max_length=50)

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:  # noqa: ARG003
        """Read the object with `known` and `hidden`; another number than ten each is noted."""
        said = cls.model_validate(_object(text, ("known", "hidden")))
        asked = len(said.known) == len(said.hidden) == STATEMENTS
        return said if asked else said.marked("lenient")


class Verdicts(Answer):
    """Whether each statement is true of the person."""

    verdicts: list[bool]

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read one yes or no for each statement, in order."""
        given = _object(text, ("verdicts",))["verdicts"]
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
        found = _object(text, ("name",))
        return cls(name=str(found["name"]), reason=str(found.get("reason", "")))


def _object(text: str, keys: tuple[str, ...]) -> dict[str, Any]:
    """Return the JSON object in a reply; raise if it lacks a key."""
    found, _ = read_object(text)
    for key in keys:
        if key not in found:
            raise AnswerError(f"the JSON object has no key {key!r}")
    return found
