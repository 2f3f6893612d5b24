"""What code a run was made by: package, version, and the commit of the folder that it lies in."""

import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any

from societies.calls.provider import provider_of
from societies.config.schema import RunConfig
from societies.imports import PREFIX
from societies.scenario import Scenario

OURS = "societies"
GIT_SECONDS = 20
"""How long git may take to look at a folder."""

Code = dict[str, Any]
"""`package`, `version`, `commit` and `changed`, each None where there is no such thing."""


def code_of(config: RunConfig, scenario: Scenario) -> dict[str, Any]:
    """Return what code a run is made by, as `run.json` keeps it.

    Returns:
        `scenario`, and in `models`, by their names, those whose code (a mind's, a provider's) is
        neither ours nor the scenario's.
    """
    module = scenario.society.partition(":")[0]
    models: dict[str, Code] = {}
    for spec in (spec for stage in config.stages() for _, spec in stage.models()):
        provider = provider_of(spec.name)
        own = (provider.options(spec, scenario) or type(provider)).__module__
        folder = Path(sys.modules[own].__file__ or "").parent
        ours = own.partition(".")[0] == OURS
        if not ours and not folder.is_relative_to(scenario.folder):
            models[spec.name] = _code(own, folder)
    return {"scenario": _code(module, scenario.folder), "models": models}


def _code(module: str, folder: Path) -> Code:
    package = _package(module)
    commit, changed = _commit(folder)
    return {
        "package": package,
        "version": version(package) if package else None,
        "commit": commit,
        "changed": changed,
    }


def _package(module: str) -> str | None:
    """Return the installed package that a module is of."""
    first = module.partition(".")[0]
    if first.startswith(PREFIX):
        return None
    try:
        version(first)
    except PackageNotFoundError:
        return next(iter(packages_distributions().get(first, [])), None)
    return first


def _commit(folder: Path) -> tuple[str | None, bool | None]:
    """Return the commit of a folder that git keeps, and whether Python code in it is another."""
    if not _git(folder, "ls-files", "--", "*.py"):
        return None, None
    state = _git(folder, "status", "--porcelain=v2", "--branch", "--untracked-files=all", "*.py")
    lines = (state or "").splitlines()
    commits = [line.split()[-1] for line in lines if line.startswith("# branch.oid ")]
    if not commits or not commits[0].isalnum():
        return None, None
    return commits[0], any(not line.startswith("#") for line in lines)


def _git(folder: Path, *words: str) -> str | None:
    """Return what git says of a folder, which it only reads; None if it says nothing."""
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", str(folder), *words]
    try:
        done = subprocess.run(  # noqa: S603 - git, with words of ours
            command, capture_output=True, text=True, timeout=GIT_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout
