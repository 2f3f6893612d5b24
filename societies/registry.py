"""The registry: scenarios by name, built in or brought by other packages."""

import re
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from societies.errors import InputError
from societies.scenario import Scenario
from societies.words import nearest

FOLDER = Path(__file__).parent / "scenarios"
ENTRY_POINTS = "societies.scenarios"


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
