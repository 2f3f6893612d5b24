"""Scenario files as text: where every key stands, and what the command line sets over it."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from societies import registry
from societies.agents.errors import SocietyError
from societies.agents.files import documents
from societies.config.values import set_value
from societies.errors import InputError
from societies.scenario import Scenario
from societies.words import Place, nearest


@dataclass
class Source:
    """A configuration as data, with the place in a file that every value came from."""

    data: dict[str, Any]
    path: Path | None = None
    node: yaml.Node | None = None
    """What was parsed: it knows the line and column of each key, and of each item of a list."""
    overridden: dict[Place, str] = field(default_factory=dict)
    """What was set from outside, by its path from the top: how to name it."""

    @property
    def folder(self) -> Path:
        """What relative paths in it begin at: where the file lies, or the working directory."""
        return self.path.parent if self.path else Path()

    def where(self, place: Place) -> str:
        """Return where a value stands: `file:line:column: key`, or the override that set it."""
        key = ".".join(map(str, place))
        prefixes = [place[:length] for length in range(len(place), -1, -1)]
        for prefix in prefixes:
            if origin := self.overridden.get(prefix):
                return origin if prefix == place else f"{origin}: {key}"
        if inner := self._set_below(place):
            return f"{inner}: {key}"
        for prefix in prefixes:
            if mark := self._mark(prefix):
                return f"{self.path}:{mark.line + 1}:{mark.column + 1}: {key or 'the file'}"
        return f"{self.path}: {key}" if self.path else key

    def _mark(self, place: Place) -> yaml.Mark | None:
        """Return where a key, or an item of a list, stands in the file, if it does.

        Looked up when it is asked for: with aliases a short file has more places than memory holds.
        """
        node, mark = self.node, self.node.start_mark if self.node else None
        for part in map(str, place):
            found = _child(node, part)
            if found is None:
                return None
            mark, node = found
        return mark

    def _set_below(self, place: Place) -> str | None:
        """Return what was set from outside below a place that no file has."""
        if not place or self._mark(place):
            return None
        below = (name for inner, name in self.overridden.items() if inner[: len(place)] == place)
        return next(below, None)

    def set(self, key: str, value: Any, origin: str) -> None:
        """Set `a.b.c` to a value; mappings on the way are made if absent.

        Raises:
            InputError: the key leads through something that is not a mapping or list.
        """
        self.overridden[set_value(self.data, key, value, origin)] = origin


def read(given: str | Path | Mapping[str, Any]) -> Source:
    """Read a scenario from a file, from a shipped name such as `donor_game/demo`, or from data.

    Raises:
        InputError: there is no such file, or it is not YAML that holds a mapping.
    """
    if isinstance(given, Mapping):
        if documents.is_too_deep(dict(given)):
            raise InputError(f"the configuration cannot be used: {documents.TOO_DEEP}")
        return Source(data=deepcopy(dict(given)))
    path = find_file(given)
    try:
        document = documents.yaml_document(documents.text(path), path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    except SocietyError as error:
        raise InputError(str(error)) from error
    data, node = document.data, document.node
    if data is None:
        raise InputError(f"{path} is empty; `societies init` copies a scenario to start from")
    if not isinstance(data, dict) or node is None:
        raise InputError(f"{path} holds a {type(data).__name__}, not the keys of a scenario")
    return Source(data=data, path=path, node=node)


def find_file(given: str | Path) -> Path:
    """Return the file that a path (`.yaml` may be left out) or a shipped name means.

    Raises:
        InputError: there is none.
    """
    path = Path(given)
    if path.is_file():
        return path
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a YAML file in it")
    name, _, stem = str(given).partition("/")
    if stem and name in registry.names():
        files = {file.stem: file for file in registry.find(name).files()}
        if stem in files:
            return files[stem]
    if (file := path.with_name(f"{path.name}.yaml")).is_file():
        return file
    shipped = [
        f"{name}/{file.stem}" for name in registry.names() for file in registry.find(name).files()
    ]
    raise InputError(
        f"there is no file {str(given)!r}, and no shipped scenario file of that name"
        + nearest(str(given), shipped)
    )


def _child(node: yaml.Node | None, part: str) -> tuple[yaml.Mark, yaml.Node] | None:
    """Return where a key of a mapping, or an item of a list, stands, and its value."""
    if isinstance(node, yaml.MappingNode):
        for key, value in reversed(node.value):  # a merged key stands before one's own
            if str(key.value) == part:
                return key.start_mark, value
    elif isinstance(node, yaml.SequenceNode) and part.isascii() and part.isdecimal():
        for item in node.value[int(part) : int(part) + 1]:
            return item.start_mark, item
    return None


def find_scenario(read: Source, name: str) -> Scenario:
    """Return the scenario of a file; a path is relative to the file, or to here if set over it.

    Run directories are passed on between people, and are looked into without being run: their files
    name a folder by its whole path, so that none brings code of its own.

    Raises:
        InputError: there is none.
    """
    is_own = read.path is not None and ("scenario",) not in read.overridden
    base = read.path.parent if read.path and is_own else Path()
    if registry.is_path(name):
        in_run = is_own and any((base / file).exists() for file in ("run.json", "journal.ndjson"))
        if in_run and not Path(name).is_absolute():
            raise InputError(
                f"{read.where(('scenario',))}: {name!r} is relative, in a run's directory, which "
                "brings no code of its own: write the whole path of the scenario's folder"
            )
        name = read.data["scenario"] = str((base / name).resolve())
    try:
        return registry.find(name)
    except InputError as error:
        beside = (base / name / "__init__.py").is_file() and not registry.is_path(name)
        hint = f"; for the folder, write ./{name}" if beside else ""
        raise InputError(f"{read.where(('scenario',))}: {error}{hint}") from error
