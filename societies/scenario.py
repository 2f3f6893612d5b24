"""A scenario as data: what it is called, and what it brings."""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from inspect import isabstract
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, Self, TypeVar

from societies.agents.models.scripted import Mind
from societies.config.schema import Protocol, RunConfig
from societies.errors import InputError
from societies.imports import import_part, told
from societies.words import Place

Part = TypeVar("Part")


@dataclass(frozen=True)
class Scenario:
    """What a scenario declares of itself; heavy parts are named, and imported when used."""

    name: str
    title: str
    """What it is, in one line."""
    folder: Path
    """Where its YAML files and `prompts/` lie."""
    society: str
    """`module:Class` of its `Society`; the one class of a module, if only that is named."""
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
    """`module:PANELS`, the pictures of the scenario's runs (`analysis.panels.Picture`)."""
    headings: Mapping[str, str] = field(default_factory=dict)
    """What parts of scopes are called in transcripts: with `{"g": "generation"}`, what is told of
    scope `g3` stands under "generation 3". Parts that are not named stand as they are."""
    teller: str = ""
    """The module with the one `telling.Teller` that tells its runs, if lines need what came
    before."""
    address: str = ""
    """The path of its folder, if YAML files call it by that and not by its name."""

    @classmethod
    def here(cls, title: str, **given: Any) -> Self:
        """Return the scenario of the folder whose `__init__.py` calls this, by its files.

        Of `protocol.py` it takes the `Protocol` and, where there are such, `ROLES`, `check`
        and `people`; of `minds.py` every `Mind`. The other files are imported when they are used:
        the `Society` of `society.py`, `summary` and `findings` of `measures.py`, `violations` of
        `conserved.py` (or of `measures.py`), `PANELS` of `figures.py`, the `Teller` of
        `transcript.py`.

        Args:
            title: what it is, in one line.
            given: fields of `Scenario` that do not follow from the files.

        Raises:
            InputError: `society.py` is missing, or a file does not hold what it should.
        """
        caller = sys._getframe(1).f_globals
        package, folder = caller["__name__"], Path(caller["__file__"]).parent
        return cls(title=title, **{**_parts(package, folder), **given})

    def files(self) -> list[Path]:
        """Return the shipped YAML files."""
        return sorted(self.folder.glob("*.yaml"))

    def problems(self, config: RunConfig) -> list[tuple[Place, str]]:
        """Return what `check` finds wrong.

        Raises:
            InputError: it fails; the text says in which line.
        """
        with told(self.folder):
            return list(self.check(config))

    def taking_part(self, config: RunConfig) -> int:
        """Return how many people take part, as `people` says.

        Raises:
            InputError: it fails; the text says in which line.
        """
        with told(self.folder):
            return self.people(config)

    def part(self, name: Literal["summary", "findings", "plots", "conserved"]) -> Any:
        """Import and return what the field of that name refers to; None if there is nothing.

        Raises:
            InputError: it cannot be imported.
        """
        reference: str = getattr(self, name)
        module, _, function = reference.partition(":")
        if not module:
            return None
        imported = import_part(self.folder, module)
        if function.endswith(MAYBE):
            return getattr(imported, function.removesuffix(MAYBE), None)
        return getattr(imported, function)


def resolve(reference: str) -> Any:
    """Import `module:name` and return what it names."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)


MAYBE = "?"
"""Ends a reference to what a module may have, or not."""


def _parts(package: str, folder: Path) -> dict[str, Any]:
    """Return what the files of a scenario's folder bring, by the fields of `Scenario`."""
    if not (folder / "society.py").is_file():
        raise InputError(f"{folder}: there is no society.py, which holds the scenario's Society")
    found = {"name": folder.name, "folder": folder, "society": f"{package}.society"}
    found |= _protocol_parts(folder, f"{package}.protocol")
    if (folder / "minds.py").is_file():
        found["minds"] = _minds(import_part(folder, f"{package}.minds"))
    if (folder / "transcript.py").is_file():
        found["teller"] = f"{package}.transcript"
    conserved = "conserved" if (folder / "conserved.py").is_file() else "measures"
    for field_name, file, function in (
        ("summary", "measures", "summary"),
        ("findings", "measures", "findings"),
        ("conserved", conserved, "violations"),
        ("plots", "figures", "PANELS"),
    ):
        if (folder / f"{file}.py").is_file():
            found[field_name] = f"{package}.{file}:{function}{MAYBE}"
    return found


def _protocol_parts(folder: Path, module: str) -> dict[str, Any]:
    """Return what `protocol.py` brings; a scenario without one has no parameters."""
    if not (folder / "protocol.py").is_file():
        return {"protocol": Protocol}
    imported = import_part(folder, module)
    fields = {
        "roles": "ROLES",
        "check": "check",
        "people": "people",
    }
    brought = {key: getattr(imported, name, None) for key, name in fields.items()}
    own = {key: value for key, value in brought.items() if value is not None}
    return {"protocol": only(imported, Protocol), **own}


def _minds(module: ModuleType) -> dict[str, type[Mind]]:
    """Return the minds of a module by the names under which `scripted/<name>` finds them."""
    minds: dict[str, type[Mind]] = {}
    for mind in _defined(module, Mind):
        if isabstract(mind):
            continue
        if other := minds.get(mind.mind_name()):
            raise InputError(
                f"{module.__file__}: {other.__name__} and {mind.__name__} are both called "
                f"scripted/{mind.mind_name()}: set `called` in one of them"
            )
        minds[mind.mind_name()] = mind
    return dict(sorted(minds.items()))


def only(module: ModuleType, base: type[Part]) -> type[Part]:
    """Return the one subclass of `base` that a module defines; one that others extend is none.

    Raises:
        InputError: there is none, or there are several.
    """
    found = _defined(module, base)
    last = [one for one in found if not any(one in other.__mro__[1:] for other in found)]
    if len(last) != 1:
        names = ", ".join(each.__name__ for each in last) or "none"
        raise InputError(
            f"{module.__file__}: there should be one subclass of {base.__name__}, found: {names}"
        )
    return last[0]


def _defined(module: ModuleType, base: type[Part]) -> list[type[Part]]:
    """Return the subclasses of `base` that a module defines itself, in order."""
    return [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, base) and each.__module__ == module.__name__
    ]
