"""Plans: how many model calls a run makes when every answer is readable, before it is made."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from societies.agents.persona.portraits import commissions
from societies.agents.population import Person, Population
from societies.config.probes import Probe
from societies.config.schema import RunConfig
from societies.scenario import Attendance, Scenario

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plan:
    """How many model calls a run makes; None where that depends on the run."""

    own: int | None
    """Those of the scenario itself."""
    probes: int | None = 0
    personas: int | None = 0
    """Those that write personas."""

    @property
    def total(self) -> int | None:
        """All of them."""
        parts = [part for part in (self.own, self.probes, self.personas) if part is not None]
        return sum(parts) if len(parts) == 3 else None

    def __str__(self) -> str:
        beside = [
            f"{number:,} {what}"
            for number, what in ((self.probes, "by probes"), (self.personas, "to write personas"))
            if number
        ]
        if self.total is not None:
            among = f", {' and '.join(beside)} among them" if beside else ""
            return f"{self.total:,} model calls if every answer is readable{among}"
        return " and ".join(["model calls in a number that depends on the run", *beside])


def plan(config: RunConfig, scenario: Scenario) -> Plan:
    """Return how many calls a run makes, through all its interventions.

    Scenarios count who is added and removed themselves; what other changes set must change nothing.
    """
    stages = config.stages()
    own = _agreed([scenario.calls(stage) for stage in stages])
    there = _agreed([scenario.attendance(stage) for stage in stages])
    populations = [stage.population for stage in stages]
    portrayed = any(population.written_as for population in populations)
    known = there is not None and _agreed(populations) is not None
    personas = (_persona_calls(config, there) if known and there else None) if portrayed else 0
    return Plan(own, _probe_calls(config, there), personas)


def _agreed(values: Sequence[T]) -> T | None:
    """Return the value that all are, if they are."""
    return values[0] if all(value == values[0] for value in values) else None


def _persona_calls(config: RunConfig, there: Attendance) -> int:
    """Return how many calls write personas: a person's versions of one description share one."""
    style, calls = config.population.written_as, 0
    for person in _people(config, there):
        personas = [person.persona.only(blocks) for blocks in there.versions] or [person.persona]
        desks = {
            tuple((each.prompt, each.about.model_dump_json()) for each in commissions(one, style))
            for one in personas
        }
        calls += sum(len(desk) for desk in desks)
    return calls


def _people(config: RunConfig, there: Attendance) -> Iterable[Person]:
    population = Population(config.population, config.model, config.seed)
    return (population.next_person() for _ in range(there.people))


def _probe_calls(config: RunConfig, there: Attendance | None) -> int | None:
    """Return how many calls the probes make; None if it depends on who is there when."""
    calls = 0
    for probe in config.probes:
        asked = _times_asked(probe, config, there)
        if asked is None:
            return None
        calls += asked * probe.calls(config.questions_of(probe).questions())
    return calls


def _times_asked(probe: Probe, config: RunConfig, there: Attendance | None) -> int | None:
    """Return how often anybody is asked."""
    if there is None or probe.of.names:
        return None
    joining, present = there.joining, there.present
    if probe.of.groups:
        if {there.people} != {joining, *present}:
            return None
        joining = sum(person.group in probe.of.groups for person in _people(config, there))
        present = [joining] * len(present)
    due = sum(here for step, here in enumerate(present, start=1) if probe.is_due(step))
    return joining * (probe.before + probe.after) + due
