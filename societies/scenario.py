"""A scenario as data: what it is called, and what it brings."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from societies.agents.models.scripted import Mind
from societies.agents.persona.persona import Block
from societies.config.schema import Protocol, RunConfig
from societies.words import Place


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who is there in a run, as far as the population goes; staff, such as a judge, is not."""

    people: int
    """How many people of the population take part in all, newcomers included."""
    present: Sequence[int]
    """How many agents are there after each Mesa step."""
    agents: int | None = None
    """How many agents these people are; one each when absent."""
    versions: Sequence[Sequence[Block]] = ()
    """Where agents are versions of a person: which persona blocks each version keeps."""

    @property
    def joining(self) -> int:
        """How many agents join in all."""
        return self.people if self.agents is None else self.agents


@dataclass(frozen=True)
class Scenario:
    """What a scenario declares of itself; heavy parts are named, and imported when used."""

    name: str
    title: str
    """What it is, in one line."""
    folder: Path
    """Where its YAML files and `prompts/` lie."""
    society: str
    """`module:Class` of its `Society`."""
    protocol: type[Protocol]
    minds: Mapping[str, type[Mind]] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    """Roles that may have a language model of their own (`model.roles`)."""
    check: Callable[[RunConfig], Iterable[tuple[Place, str]]] = lambda _: ()
    """Yields what is wrong between sections: the place, and what to do about it."""
    calls: Callable[[RunConfig], int | None] = lambda _: None
    """How many model calls a run makes when every answer is readable, probes left aside."""
    attendance: Callable[[RunConfig], Attendance | None] = lambda _: None
    """Who is there when, so that the calls of probes and for personas can be foretold; None if that
    depends on the run."""
    conserved: str = ""
    """`module:function` that yields, for a run, a sentence per breach of what cannot change."""
    supports: tuple[Literal["add", "remove"], ...] = ()
    """Interventions in the population that its society's hooks carry out."""
    summary: str = ""
    """`module:function` that makes the scenario's result table from a run."""
    sections: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Columns of the result table that belong together, by what they are called: a terminal shows
    them as tables of their own."""
    findings: str = ""
    """`module:function` that tells in sentences what the result table of a run comes to."""
    plots: str = ""
    """`module:function` that draws the scenario's plots from a run into a folder."""

    def files(self) -> list[Path]:
        """Return the shipped YAML files."""
        return sorted(self.folder.glob("*.yaml"))


def resolve(reference: str) -> Any:
    """Import `module:name` and return what it names."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)
