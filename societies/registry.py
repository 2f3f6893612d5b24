"""The registry: scenarios by name, built in or brought by other packages."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from societies import planning
from societies.agents.models.scripted import Mind
from societies.config.schema import Protocol, RunConfig
from societies.errors import InputError
from societies.planning import Attendance, Plan

if TYPE_CHECKING:
    from societies.runs.run import Run
    from societies.society import Society

FOLDER = Path(__file__).parent / "scenarios"
ENTRY_POINTS = "societies.scenarios"

Place = tuple[str | int, ...]


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

    def plan(self, config: RunConfig) -> Plan:
        """Return how many calls a run makes, with those of probes and for personas."""
        return planning.plan(config, self)

    def load_society(self) -> "type[Society]":
        """Import and return the scenario's society class."""
        return cast("type[Society]", resolve(self.society))

    def files(self) -> list[Path]:
        """Return the shipped YAML files."""
        return sorted(self.folder.glob("*.yaml"))

    def violations(self, run: "Run") -> list[str]:
        """Return how a run breaks what the scenario declares as conserved; empty if it does not."""
        return list(resolve(self.conserved)(run)) if self.conserved else []

    def summarise(self, run: "Run") -> Any:
        """Return the scenario's result table (a Polars frame), or None if it has none."""
        return resolve(self.summary)(run) if self.summary else None

    def conclude(self, run: "Run") -> list[str]:
        """Return what a run's result table comes to, in sentences; empty if nobody says."""
        return list(resolve(self.findings)(run)) if self.findings else []

    def plot(self, run: "Run", folder: Path) -> list[Path]:
        """Draw the scenario's plots into `folder`; return their files."""
        files: list[Path] = resolve(self.plots)(run, folder) if self.plots else []
        return files


def resolve(reference: str) -> Any:
    """Import `module:name` and return what it names."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)


@lru_cache(maxsize=1)
def _installed() -> dict[str, Any]:
    """Return the entry points of other packages' scenarios."""
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}


def names() -> list[str]:
    """Return the names of all scenarios."""
    built_in = (path.parent.name for path in FOLDER.glob("*/__init__.py"))
    return sorted({*built_in, *_installed()})


def find(name: str) -> Scenario:
    """Return the scenario of that name.

    Raises:
        InputError: there is none.
    """
    if re.fullmatch(r"[a-z][a-z0-9_]*", name) and (FOLDER / name / "__init__.py").exists():
        module = import_module(f"societies.scenarios.{name}")
        return cast(Scenario, module.SCENARIO)
    if name in _installed():
        return cast(Scenario, _installed()[name].load())
    raise InputError(f"no scenario is called {name!r}{nearest(name, names())}")


def nearest(name: str, valid: Iterable[str]) -> str:
    """Return a hint at the nearest valid name, and at all of them."""
    from difflib import get_close_matches

    choices = sorted(valid)
    close = get_close_matches(name, choices, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"{hint} (valid: {', '.join(choices) or 'none'})"
