"""How self-descriptions, verdicts and guesses are read: as JSON."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from societies.agents.answers.structured import read_object
from societies.kit import AnswerError, Field, ObjectAnswer

STATEMENTS = 10
"""Statements of each kind that are asked for."""
SLOT = "the name"
"""What stands in the asked form where the name belongs."""

Statement = Annotated[str, Field(pattern=r"[^\W\d_]{2}")]
"""A text with a word in it."""


class TwentyStatements(ObjectAnswer):
    """Who somebody is: what is openly known, and what is hidden."""

    known: list[Statement] = Field(min_length=1, max_length=50)
    hidden: list[Statement] = Field(min_length=1, max_length=50)

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:  # noqa: ARG003
        """Read the object with `known` and `hidden`; another number than ten each is noted."""
        found, clean = _object(text, ("known", "hidden"))
        said = cls.model_validate(found)
        asked = len(said.known) == len(said.hidden) == STATEMENTS
        return said if clean and asked else said.marked("lenient")


class Verdicts(ObjectAnswer):
    """Whether each statement is true of the person."""

    verdicts: list[bool]

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read one yes or no for each statement, in order."""
        found, clean = _object(text, ("verdicts",))
        given = found["verdicts"]
        if not isinstance(given, list) or len(given) != len(situation["statements"]):
            raise AnswerError(f"'verdicts' must list {len(situation['statements'])} entries")
        said = [str(entry.get("true") if isinstance(entry, dict) else entry) for entry in given]
        odd = [word for word in said if word.casefold() not in ("yes", "no", "true", "false")]
        if odd:
            raise AnswerError(f"{odd[0]!r} is neither yes nor no")
        verdicts = cls(verdicts=[word.casefold() in ("yes", "true") for word in said])
        return verdicts if clean else verdicts.marked("lenient")


class Name(ObjectAnswer):
    """Whom a judge takes a persona for."""

    name: str
    reason: str = ""

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:  # noqa: ARG003
        """Read the object with `name` and `reason`."""
        found, clean = _object(text, ("name",))
        name = found["name"]
        if not isinstance(name, str) or name.strip().casefold() in ("", SLOT):
            raise AnswerError(f"'name' should be the name of one person, and is {name!r}")
        named = cls(name=name, reason=str(found.get("reason", "")))
        return named if clean else named.marked("lenient")


def _object(text: str, keys: tuple[str, ...]) -> tuple[dict[str, Any], bool]:
    """Return the JSON object in a reply, and whether it was all; raise if it lacks a key."""
    found, clean = read_object(text)
    for key in keys:
        if key not in found:
            raise AnswerError(f"the JSON object has no key {key!r}")
    return found, clean
