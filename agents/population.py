"""Populations: who the agents are, person by person, from a description in YAML."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import Field, model_validator

from societies.agents.models.base import ModelSpec
from societies.agents.persona import Persona, PersonaSpec
from societies.agents.streams import stream
from societies.agents.strict import Strict


class Group(Strict):
    """A share of the population with a persona and a language model of its own."""

    share: float = Field(gt=0)
    """Relative size: shares are divided by their sum."""
    name: str = Field(default="", pattern=r"^[\w -]*$")
    persona: PersonaSpec = PersonaSpec()
    """Laid over the population's persona, key by key."""
    model: ModelSpec | None = None
    """The group's language model; the run's own when absent."""


class PopulationSpec(Strict):
    """How many agents there are, and who they are."""

    size: int = Field(ge=1, le=1_000_000)
    persona: PersonaSpec = PersonaSpec()
    """What everybody shares."""
    groups: list[Group] = Field(default_factory=list)
    """Mixes personas and models by share; empty: everybody is alike."""

    @model_validator(mode="after")
    def name_groups_apart(self) -> Self:
        """Refuse two groups of one name: tables could not tell them apart."""
        names = [group.name for group in self.groups if group.name]
        doubles = sorted({name for name in names if names.count(name) > 1})
        if doubles:
            raise ValueError(f"two groups are called {doubles[0]!r}; give each its own name")
        return self


@dataclass(frozen=True, slots=True)
class Person:
    """One member of the population: who, and with which language model."""

    index: int
    group: str
    persona: Persona
    model: ModelSpec


class Population:
    """An endless, seeded sequence of persons.

    Person i depends on the seed and on i alone, so that growing a population keeps the people who
    are already in it, and newcomers in a later generation are simply the next persons.
    """

    def __init__(self, spec: PopulationSpec, model: ModelSpec, seed: int) -> None:
        self.spec = spec
        self.model = model
        self.seed = seed
        self._groups: Sequence[Group] = spec.groups or [Group(share=1)]
        self._counts = [0] * len(self._groups)
        self._drawn = 0

    @property
    def drawn(self) -> int:
        """How many persons were drawn so far."""
        return self._drawn

    def next_person(self) -> Person:
        """Return the next person of the sequence."""
        index, group = self._drawn, self._next_group()
        self._drawn += 1
        position = self._groups.index(group)
        persona = group.persona.over(self.spec.persona)
        return Person(
            index=index,
            group=group.name or (f"group {position + 1}" if self.spec.groups else ""),
            persona=persona.draw(stream(self.seed, "person", index)),
            model=group.model or self.model,
        )

    def _next_group(self) -> Group:
        """Pick the group that lags furthest behind its share: exact shares in every prefix."""
        total = sum(group.share for group in self._groups)
        lags = [
            group.share / total * (self._drawn + 1) - count
            for group, count in zip(self._groups, self._counts, strict=True)
        ]
        chosen = max(range(len(lags)), key=lags.__getitem__)
        self._counts[chosen] += 1
        return self._groups[chosen]
