"""Interventions: what a run changes from a scope on, as a scenario file says it.

An intervention takes place in program order: when `play()` schedules the first interaction whose
scope is `at`, or lies below it. Interactions scheduled before that see nothing of it, whenever they
are carried out. A fork of a run is the run with one more intervention, of the kind `set`.
"""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from societies.agents.models.base import ModelSpec
from societies.agents.strict import Strict

EVERYBODY = "*"

Kind = Literal["say", "model", "remove", "add", "set"]
KINDS: tuple[Kind, ...] = ("say", "model", "remove", "add", "set")

CHANGEABLE = ("model", "population", "protocol")
"""Top-level keys whose values `set` may change while a run is under way."""


class Say(Strict):
    """An announcement that no agent makes."""

    text: str = Field(min_length=1)
    to: list[str] = Field(default=[EVERYBODY], min_length=1)
    """Who hears it, by name; `*` is everybody who is there."""
    lasting: bool = False
    """Whether it stands above every later question, not only above the next one."""


class NewModel(ModelSpec):
    """A language model that answers from now on for some agents."""

    agents: list[str] = Field(default=[EVERYBODY], min_length=1)
    """For whom, by name; `*` is everybody who is there."""

    def spec(self) -> ModelSpec:
        """Return the model without the agents it is for."""
        return ModelSpec.model_validate(self.model_dump(exclude={"agents"}))


class Intervention(Strict):
    """One change at one scope: exactly one of say, model, remove, add, set."""

    at: str = Field(min_length=1)
    """The scope at which it takes place, such as `g3/game1` (keys and tables name scopes)."""
    say: Say | None = None
    model: NewModel | None = None
    remove: list[str] | None = Field(default=None, min_length=1)
    """Names of agents who leave."""
    add: int | None = Field(default=None, ge=1)
    """How many agents join."""
    set: dict[str, Any] | None = None
    """Values by dotted key, below `model`, `population` or `protocol`."""

    @field_validator("at")
    @classmethod
    def check_scope(cls, at: str) -> str:
        """Refuse what can be no scope."""
        if "#" in at or at != at.strip("/ "):
            raise ValueError(
                f"{at!r} is no scope: write it as table 'calls' does, such as g3/game1, without "
                "the '#' of a call's key and without a '/' at the end"
            )
        return at

    @model_validator(mode="after")
    def check_kind(self) -> Self:
        """Refuse an intervention that says nothing, or several things."""
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"give exactly one of {', '.join(KINDS)} (found: {found})")
        return self

    @model_serializer(mode="wrap")
    def drop_absent(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write the one kind that is given, not the four that are not."""
        return {name: value for name, value in serialize(self).items() if value is not None}

    @property
    def kind(self) -> Kind:
        """Which kind of change it is."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    def starts_with(self, scope: str) -> bool:
        """Whether an interaction of that scope is at, or below, the intervention's scope."""
        return scope == self.at or scope.startswith(f"{self.at}/")


def unchangeable(sets: Mapping[str, Any]) -> dict[str, str]:
    """Return the keys that cannot be set while a run is under way, each with the reason."""
    refused = {}
    for key in sets:
        if key == "population.size":
            refused[key] = "the number of agents cannot change during a run (`add` and `remove` do)"
        elif key.partition(".")[0] not in CHANGEABLE:
            known = ", ".join(CHANGEABLE)
            refused[key] = (
                f"it cannot change during a run, start a new one (what can change lies below: "
                f"{known})"
            )
    return refused
