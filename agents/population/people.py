"""Persons, one after the other, as the population's description says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random
from typing import Any

from pydantic import ValidationError

from societies.agents.errors import SocietyError
from societies.agents.models.base import ModelSpec
from societies.agents.persona.persona import Block, Fact, Persona, PersonaSpec
from societies.agents.population.crossing import Crossing
from societies.agents.population.spec import (
    Condition,
    Distribution,
    Group,
    Listed,
    ModelShare,
    PopulationSpec,
    same,
)
from societies.agents.streams import stream
from societies.agents.strict import explained

REDRAWS = 1000
"""How often an impossible person is drawn again before the rules are called impossible."""


class PopulationError(SocietyError):
    """The population that is asked for cannot be drawn."""


@dataclass(frozen=True, slots=True)
class Person:
    """One member of the population: who, and with which language model."""

    index: int
    group: str
    persona: Persona
    model: ModelSpec
    kept: tuple[Block, ...] | None = None
    """The blocks that the persona is reduced to, in a version of the person; else None."""

    def only(self, blocks: Iterable[Block]) -> "Person":
        """Return a version of the person, with all other blocks of the persona left out."""
        kept = tuple(blocks)
        return replace(self, persona=self.persona.only(kept), kept=kept)


class Population:
    """An endless, seeded sequence of persons.

    Person i depends on the seed and on i alone, so that growing a population keeps the people who
    are already in it, and newcomers in a later generation are simply the next persons. Every part
    of a person is drawn from a stream of its own, so that describing one more attribute changes
    nobody's others.

    Raises:
        PopulationError: no population is as asked for (margins, traits, file).
    """

    def __init__(self, spec: PopulationSpec, model: ModelSpec, seed: int) -> None:
        self.spec = spec
        self.model = model
        self.seed = seed
        self._groups: Sequence[Group] = spec.groups or [Group(share=1)]
        self._turn = Turns([group.share for group in self._groups])
        self._models = [Turns([each.share for each in spec.models]) for _ in self._groups]
        self._crossing = Crossing(spec.cross)
        self._drawn = 0
        self._listed = self._people()
        self._checked = bool(spec.exclude)
        self._check_rules()
        if spec.traits or spec.margins:
            self._fit()

    @property
    def drawn(self) -> int:
        """How many persons were drawn so far."""
        return self._drawn

    def next_person(self) -> Person:
        """Return the next person of the sequence.

        Raises:
            PopulationError: the list is used up, or every draw is impossible.
        """
        index, place = self._drawn, self._turn.next()
        self._drawn += 1
        group = self._groups[place]
        listed = self._person_of_list(index)
        name = group.name or (f"group {place + 1}" if self.spec.groups else "")
        turn = self._models[place].next() if self.spec.models else 0
        share = self.spec.models[turn] if self.spec.models else None
        own = listed is not None and listed.model is not None
        stratum = (
            index % len(self._listed) if listed else 0,
            place,
            0 if own or group.model else turn,
        )
        crossed = self._crossing.next(*stratum)
        return Person(
            index=index,
            group=(listed.group if listed else "") or name,
            persona=self._draw(index, group, listed, crossed),
            model=_first_model(listed, group, share) or self.model,
        )

    def people(self, number: int) -> list[Person]:
        """Return the next `number` persons."""
        return [self.next_person() for _ in range(number)]

    def _fit(self) -> None:
        try:
            _ = self._traits, self._cells
        except PopulationError:
            raise
        except SocietyError as error:
            raise PopulationError(str(error)) from error

    def _check_rules(self) -> None:
        """Refuse a rule about something that nobody is told to have: it would exclude nobody."""
        spec = self.spec
        personas = [spec.persona, *(group.persona for group in self._groups), *self._listed]
        known = {name for persona in personas for name in _named(persona)}
        known |= {*spec.attributes, *(name.rpartition(".")[2] for name in spec.cross)}
        known |= {*(spec.traits.means if spec.traits else ())}
        known |= {*(spec.margins.attributes if spec.margins else ())}
        unknown = [name for rule in spec.exclude for name in rule if name not in known]
        if unknown:
            raise PopulationError(
                f"population.exclude has a rule about {unknown[0]!r}, which nobody has "
                f"(there are: {', '.join(sorted(known)) or 'none'})"
            )

    @cached_property
    def _traits(self) -> Any:
        from societies.agents.population.traits import TraitSampler

        return TraitSampler(self.spec.traits) if self.spec.traits else None

    @cached_property
    def _cells(self) -> Any:
        from societies.agents.population.margins import CellSampler

        return CellSampler(self.spec.margins) if self.spec.margins else None

    def _people(self) -> Sequence[Listed]:
        """Return the listed people, from the scenario file or from the file it names."""
        if self.spec.file is None:
            return self.spec.people
        from societies.agents.population.files import people

        listed = people(self.spec.file)
        if len(listed) < self.spec.size and not self.spec.repeat:
            raise PopulationError(
                f"{self.spec.file.path} has {len(listed)} people and the size is "
                f"{self.spec.size}; use a smaller size, or set repeat: true"
            )
        return listed

    def _person_of_list(self, index: int) -> Listed | None:
        if not self._listed:
            return None
        if index >= len(self._listed) and not self.spec.repeat:
            raise PopulationError(
                f"the population lists {len(self._listed)} people and one more is needed; "
                "add people, or set population.repeat: true to begin again with the first"
            )
        return self._listed[index % len(self._listed)]

    def _draw(
        self, index: int, group: Group, listed: Listed | None, crossed: Sequence[int]
    ) -> Persona:
        """Return a person that no rule excludes; `crossed` are the places of crossed values."""
        for attempt in range(REDRAWS if self._checked else 1):
            spec = group.persona.over(
                self._drawn_part(index, attempt, crossed).over(self.spec.persona)
            )
            spec = listed.over(spec) if listed else spec
            again = () if attempt == 0 else (attempt,)
            persona = spec.draw(stream(self.seed, "person", index, *again))
            if not any(matches(rule, persona) for rule in self.spec.exclude):
                return persona
        raise PopulationError(
            f"person {index} matches a rule of population.exclude in each of {REDRAWS} draws: "
            "the rules leave nobody (with quotas, leave impossible cells out of margins.table)"
        )

    def _drawn_part(self, index: int, attempt: int, crossed: Sequence[int]) -> PersonaSpec:
        """Return what distributions say about person `index`."""
        spec = self.spec
        if not (spec.attributes or spec.traits or spec.margins or spec.cross):
            return PersonaSpec()
        again = () if attempt == 0 else (attempt,)
        attributes: dict[str, Fact] = {}
        big_five: dict[Any, Any] = {}
        if spec.margins:
            owner = ("quotas",) if spec.margins.quotas else ("cell", index, *again)
            attributes |= self._cells.draw(index, stream(self.seed, "person", *owner))
        for name, distribution in spec.attributes.items():
            random = stream(self.seed, "person attribute", name, index, *again)
            attributes[name] = draw_value(distribution, random)
        if spec.traits:
            big_five |= self._traits.draw(stream(self.seed, "person traits", index, *again))
        for (name, levels), position in zip(spec.cross.items(), crossed, strict=True):
            block, _, key = name.rpartition(".")
            (big_five if block else attributes)[key] = levels[position]
        try:
            return PersonaSpec(big_five=big_five, attributes=attributes)
        except ValidationError as error:
            raise PopulationError(f"person {index} cannot be, {explained(error)}") from error


class Turns:
    """Whose turn it is, by share: whoever lags furthest behind, exact in every prefix."""

    def __init__(self, shares: Sequence[float]) -> None:
        total = sum(shares)
        self._shares = [share / total for share in shares]
        self._counts = [0] * len(shares)
        self._drawn = 0

    def next(self) -> int:
        """Return the position of whoever comes next."""
        self._drawn += 1
        lags = [
            share * self._drawn - count
            for share, count in zip(self._shares, self._counts, strict=True)
        ]
        chosen = max(range(len(lags)), key=lags.__getitem__)
        self._counts[chosen] += 1
        return chosen


def draw_value(distribution: Distribution, random: Random) -> Fact:
    """Return one value of an attribute."""
    if distribution.values is not None:
        return random.choice(distribution.values)
    if distribution.weights is not None:
        return random.choices(list(distribution.weights), list(distribution.weights.values()))[0]
    if distribution.between is not None:
        low, high = distribution.between
        return random.randint(low, high)
    mean, sd = distribution.normal or (0.0, 0.0)
    return round(random.gauss(mean, sd), 3)


def matches(rule: Mapping[str, Condition | Fact], persona: Persona) -> bool:
    """Whether a persona meets every condition of a rule."""
    for name, condition in rule.items():
        found = fact(persona, name)
        try:
            if isinstance(condition, Condition):
                holds = condition.holds(found)
            else:
                holds = found is not None and same(found, condition)
        except ValueError as error:
            raise PopulationError(
                f"population.exclude: {name} is {found!r}, which is neither below nor above a "
                "number: use is_in"
            ) from error
        if not holds:
            return False
    return True


def fact(persona: Persona, name: str) -> Any:
    """Return what a persona says under a name: an attribute, a social fact, a trait or a value."""
    for block in (persona.attributes, persona.social, persona.big_five, persona.values):
        if name in block:
            return block[name]  # type: ignore[index]
    return None


def _named(persona: PersonaSpec) -> list[str]:
    """Return the names under which a persona says something that rules may be about."""
    blocks = (persona.attributes, persona.social, persona.big_five, persona.values)
    return [str(name) for block in blocks for name in block]


def _first_model(listed: Listed | None, group: Group, share: ModelShare | None) -> ModelSpec | None:
    """Return the person's own model, the group's, or the one whose turn it is."""
    if listed and listed.model:
        return listed.model
    return group.model or (share.spec() if share else None)
