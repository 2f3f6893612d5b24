"""Inputs: the files that a run was made of, kept in its directory by content hash.

A scenario file names files relative to itself. A run's own `scenario.yaml` names copies of them in
its `inputs/`, beside the templates and instruments that we ship: the directory alone can be
executed again, on another machine, and whatever became of the files since.
"""

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, SerializationInfo, ValidationInfo

from societies.agents.files.documents import dump_yaml, text, yaml_document
from societies.agents.instruments import files as instruments
from societies.agents.templates.prompts import Prompts
from societies.config.schema import RunConfig
from societies.errors import RunFailedError
from societies.record.whole import write_whole
from societies.scenario import Scenario

WHOLE_RUN = ("limits", "log", "name")
"""Top-level keys that decide no request and no record: a fork has its own from the start."""
FOLDER = "inputs"
KEPT = re.compile(r"([0-9a-f]{16})-.+")
"""The name of a kept file: the start of its SHA-256 digest, and what it was called."""

ODD = re.compile(r"[^\w.-]")
"""What file names of ours do not hold."""
MOST_LETTERS = 80


def locate(given: str, folder: Path) -> Path:
    """Return where a file lies that a scenario file in `folder` names.

    Raises:
        ValueError: a run kept it, and it is missing or is not what was kept.
    """
    path = (folder / Path(given).expanduser()).absolute()
    if not is_kept(path):
        return path
    if not path.is_file():
        raise ValueError(f"{path} is missing: the run was made with it, so restore it")
    if not path.name.startswith(_digest(path.read_bytes())):
        raise ValueError(f"{path} was changed: the run was made with another text, so restore it")
    return path


def is_kept(path: Path) -> bool:
    """Whether a path is that of an input that a run kept."""
    return path.parent.name == FOLDER and KEPT.fullmatch(path.name) is not None


def _located(value: Any, info: ValidationInfo) -> Any:
    """Return the full path of a file that a configuration names."""
    if not isinstance(value, str):
        return value
    return str(locate(value, (info.context or {}).get("folder", Path())))


def _kept(value: str, info: SerializationInfo) -> str:
    """Return a file as a configuration names it: the copy, where copies are made."""
    inputs = (info.context or {}).get("inputs")
    return inputs.keep_file(Path(value)) if inputs else value


InputFile = Annotated[str, BeforeValidator(_located), PlainSerializer(_kept)]
"""A file that a protocol names, relative to the scenario file: its full path, once loaded."""


class Inputs:
    """The inputs of a run that is being made.

    Args:
        path: the run's directory.
    """

    def __init__(self, path: Path) -> None:
        self.folder = path / FOLDER

    def keep_file(self, path: Path) -> str:
        """Keep a file, and return how the run names it."""
        return self.keep(_own_name(path), path.read_bytes())

    def keep(self, name: str, content: bytes) -> str:
        """Keep what a file of that name holds, and return how the run names it.

        Raises:
            RunFailedError: it cannot be written.
        """
        kept = self.folder / f"{_digest(content)}-{ODD.sub('_', name)[-MOST_LETTERS:]}"
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise RunFailedError(f"{kept} cannot be written: {error.strerror}") from error
        if not kept.exists():
            write_whole(kept, content)
        return f"{FOLDER}/{kept.name}"


def keep(config: RunConfig, scenario: Scenario, path: Path) -> dict[str, Any]:
    """Copy what a run is made of into its directory; return its configuration, which names it.

    Args:
        config: the run's configuration.
        scenario: its scenario, whose templates are kept with it.
        path: the run's directory.

    Raises:
        RunFailedError: a copy cannot be written.
    """
    inputs = Inputs(path)
    data = config.model_dump(mode="json", context={"inputs": inputs})
    templates = Prompts([scenario.folder / "prompts"], config.prompts).texts()
    data["prompts"] = {
        name: inputs.keep(f"{name}.j2", text.encode()) for name, text in templates.items()
    }
    data["instruments"] = {
        name: inputs.keep(f"{name}.yaml", _instrument(config, name).encode())
        for name in (*config.instruments, *_shipped(data))
    }
    if file := config.population.file:
        name = Path(_own_name(Path(file.path))).stem
        rows = inputs.keep(f"{name}.jsonl", f"{file.rows or ''}\n".encode())
        data["population"]["file"] |= {"path": rows, "rows": None}
    return data


def identity(path: Path) -> str:
    """Return eight hexadecimal digits that tell what the run in a directory is made of.

    They follow from its `scenario.yaml`: every setting, and its inputs, which are named by their
    content. Where it lies and what decides no record makes no difference.
    """
    file = path / "scenario.yaml"
    data = yaml_document(text(file), file).data
    made = {key: value for key, value in data.items() if key not in WHOLE_RUN}
    made["scenario"] = Path(made["scenario"]).name
    return _digest(json.dumps(made, sort_keys=True).encode())[:8]


def settings(config: RunConfig, scenario: Scenario) -> dict[str, Any]:
    """Return a configuration as data by which runs are compared.

    Templates and instruments that are as we ship them are left out, and a file that a run kept has
    the name that its content gives it: where runs lie makes no difference.
    """
    data = config.model_dump(mode="json", context={"inputs": Named()})
    shipped = Prompts([scenario.folder / "prompts"]).texts()
    data["prompts"] = {n: text for n, text in config.prompts.items() if shipped.get(n) != text}
    for name in set(config.instruments) & set(instruments.names()):
        if config.instruments[name] == instruments.shipped(name):
            del data["instruments"][name]
    return data


class Named:
    """Names the files that a run kept, and makes no copies."""

    def keep_file(self, path: Path) -> str:
        """Return how the run names a file."""
        return f"{FOLDER}/{path.name}" if is_kept(path) else str(path)


def _own_name(path: Path) -> str:
    """Return what a file was called before a run kept it."""
    return path.name.partition("-")[2] if is_kept(path) else path.name


def _instrument(config: RunConfig, name: str) -> str:
    return dump_yaml(config.instrument(name).model_dump(mode="json"))


def _shipped(data: dict[str, Any]) -> list[str]:
    """Return the names of our own instruments that a configuration's designs ask."""
    asked = set(_asked(data)) - set(data["instruments"])
    return sorted(asked & set(instruments.names()))


def _asked(data: Any) -> list[str]:
    """Return whatever a configuration names as an instrument."""
    if isinstance(data, list):
        return [name for each in data for name in _asked(each)]
    if not isinstance(data, dict):
        return []
    own = [data["instrument"]] if isinstance(data.get("instrument"), str) else []
    return own + [name for each in data.values() for name in _asked(each)]


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:16]
