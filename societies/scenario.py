"""A scenario as data: what it is called, and what it brings."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from societies.agents.models.scripted import Mind
from societies.config.schema import Protocol, RunConfig
from societies.words import Place


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
    people: Callable[[RunConfig], int] = lambda config: config.population.size
    """How many people of the population take part in all, newcomers included: as many have to be
    listed, where people are listed."""
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
