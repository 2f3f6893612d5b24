"""What `run.json` has to be like to be read: somebody may have written in it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Part(BaseModel):
    """A part of the file: what is in it is of its kind, and what else is in it is nobody's."""

    model_config = ConfigDict(strict=True)


class Totals(Part):
    """What a run used: as `calls.Totals`, and any of it may not have been known yet."""

    calls: Count = 0
    answers: Count = 0
    journalled: Count = 0
    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    reasoning_tokens: Count = 0
    cost: Amount = 0.0
    unpriced: Count = 0
    given_up: Count = 0


class Written(Part):
    """What was written of a table."""

    rows: Count
    segments: Count
    checksums: list[str]


class Parent(Part):
    """What a fork came from."""

    run: str
    path: str
    at: str
    calls: Count
    works: Count = 0
    interventions: Count = 0


class About(Part):
    """The keys of `run.json` that are read."""

    status: Literal["running", "finished", "interrupted", "failed"]
    run: str
    began: str | None
    machine: str | None = None
    """Where it runs, while it does."""
    scenario: str = ""
    reason: str | None = None
    seconds: Amount | None = None
    totals: Totals | None = None
    unanswered: Count = 0
    tables: dict[str, Written] = Field(default_factory=dict)
    parent: Parent | None = None


def check(content: Any) -> None:
    """Refuse what is not as it was written.

    Raises:
        ValueError: it is not; the text names the key, and what is wrong there.
    """
    try:
        About.model_validate(content)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        key, message = ".".join(map(str, found["loc"])), found["msg"]
        there = "" if found["type"] == "missing" else f", not {str(found['input'])[:60]!r}"
        raise ValueError(f"{key or 'all of it'}: {message}{there}") from error
    for name, written in content.get("tables", {}).items():
        if len(written["checksums"]) != written["segments"]:
            raise ValueError(f"tables.{name}.checksums: should be one for each of the segments")
