"""Importing: a scenario's folder, a package's modules when they are named; where code is wrong."""

import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from societies.agents.errors import SocietyError
from societies.errors import InputError
from societies.words import nearest

PREFIX = "societies_folder_"
"""What the private names begin with under which folders are imported."""


def import_folder(folder: Path) -> ModuleType:
    """Import a folder that need not be installed as a package under a private name.

    Relative imports work in it. Nothing is put on the module search path, and two folders of the
    same name are two packages.

    Args:
        folder: its resolved path.

    Raises:
        InputError: it is gone, has no `__init__.py`, or cannot be imported.
    """
    if not folder.is_dir():
        raise InputError(
            f"there is no folder {folder}: if the scenario was moved, put it back, or write where "
            "it lies now"
        )
    file = folder / "__init__.py"
    if not file.is_file():
        raise InputError(
            f"folder {folder} is no scenario: there is no __init__.py in it, with a SCENARIO "
            "(`societies init --scenario NAME` writes a whole one)"
        )
    digest = blake2b(str(folder).encode(), digest_size=6).hexdigest()
    called = re.sub(r"\W", "_", folder.name)
    name = f"{PREFIX}{called}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, file, submodule_search_locations=[str(folder)])
    if spec is None or spec.loader is None:
        raise InputError(f"{file} cannot be imported")
    module = sys.modules[name] = module_from_spec(spec)
    try:
        with told(folder):
            spec.loader.exec_module(module)
    except InputError:
        for each in [each for each in sys.modules if f"{each}.".startswith(f"{name}.")]:
            del sys.modules[each]
        raise
    return module


def import_part(folder: Path, module: str) -> ModuleType:
    """Import a module of a scenario that lies in `folder`.

    Raises:
        InputError: it cannot be imported; the text says in which line.
    """
    with told(folder):
        return import_module(module)


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Say where in `folder` an import, or code of a scenario, fails.

    Raises:
        InputError: it does.
    """
    try:
        yield
    except SocietyError:
        raise
    except Exception as error:
        place = place_in(folder, error) or folder
        found = f"{place}: {type(error).__name__}: {error}{_hint(folder, error)}"
        raise InputError(found) from error


def place_in(folder: Path, error: BaseException) -> str | None:
    """Return the last file and line of a folder that an error came by; None if by none."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    within = [each for each in frames if Path(each.filename).is_relative_to(folder)]
    return f"{within[-1].filename}:{within[-1].lineno}" if within else None


def _hint(folder: Path, error: Exception) -> str:
    """Say how a folder imports its own modules, where it tries to by their bare names."""
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return ""
    first = error.name.partition(".")[0]
    if first != folder.name and not (folder / f"{first}.py").is_file():
        return ""
    inner = "module" if first == folder.name else first
    return f": within a scenario's folder imports are relative: `from .{inner} import ...`"


def inner(path: Iterable[str]) -> list[str]:
    """Return the names of a package's modules, by its `__path__`."""
    return sorted(each.name for each in iter_modules(path))


def import_inner(package: str, path: Iterable[str], name: str) -> ModuleType:
    """Import a module of a package, as its `__getattr__`.

    Raises:
        AttributeError: there is none of that name; the text names the nearest.
    """
    if name not in inner(path):
        hint = "" if name.startswith("__") else nearest(name, dir(sys.modules[package]))
        raise AttributeError(f"module {package!r} has no attribute {name!r}{hint}")
    return import_module(f"{package}.{name}")
