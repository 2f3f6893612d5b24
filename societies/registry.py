"""The registry: scenarios by name, built in or of other packages, or by the path of a folder."""

import os
import re
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from societies.errors import InputError
from societies.imports import import_folder
from societies.scenario import Scenario
from societies.words import nearest

FOLDER = Path(__file__).parent / "scenarios"
STARTER = FOLDER / "_starter"
"""A small scenario to start one's own from (`societies init --scenario`); it is not listed."""
ENTRY_POINTS = "societies.scenarios"


@lru_cache(maxsize=1)
def _installed() -> dict[str, Any]:
    """Return the entry points of other packages' scenarios."""
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}


def names() -> list[str]:
    """Return the names of all scenarios."""
    built_in = (path.parent.name for path in FOLDER.glob("[a-z]*/__init__.py"))
    return sorted({*built_in, *_installed()})


def is_path(name: str) -> bool:
    """Whether a scenario is given by the path of its folder: it has a slash, or is `.` or `..`."""
    return os.sep in name or name in (os.curdir, os.pardir)


def find(name: str) -> Scenario:
    """Return the scenario of that name, or in the folder of that path.

    Raises:
        InputError: there is none.
    """
    if is_path(name):
        return _in_folder(Path(name).resolve())
    if re.fullmatch(r"[a-z][a-z0-9_]*", name) and (FOLDER / name / "__init__.py").exists():
        module = import_module(f"societies.scenarios.{name}")
        return cast(Scenario, module.SCENARIO)
    if name in _installed():
        return cast(Scenario, _installed()[name].load())
    raise InputError(f"no scenario is called {name!r}{nearest(name, names())}")


def _in_folder(folder: Path) -> Scenario:
    """Return the scenario that a folder holds, called by the folder's path."""
    scenario = getattr(import_folder(folder), "SCENARIO", None)
    if not isinstance(scenario, Scenario):
        file = folder / "__init__.py"
        raise InputError(f"{file} has no SCENARIO: write SCENARIO = Scenario.here('what it is')")
    return replace(scenario, address=str(folder))
