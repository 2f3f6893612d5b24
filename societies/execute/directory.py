"""The directory of a run: made, and kept true whatever happens."""

import json
import platform
import shutil
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from societies.agents.errors import OutsideInteractionError, SocietyError
from societies.agents.files.documents import dump_yaml
from societies.agents.secrets import without_secrets
from societies.config.schema import RunConfig
from societies.errors import InputError, RunFailedError
from societies.loading.inputs import keep
from societies.record.whole import write_whole
from societies.registry import find
from societies.society import Society

TOLD_CHANGES = 50
"""Changes of a model's in-flight limit that `run.json` tells, the latest ones."""
PACKAGES = ("societies", "mesa", "polars", "pydantic", "litellm", "jinja2")


def new_directory(out: Path, config: RunConfig) -> Path:
    """Make and return `<out>/<name>/<seed>`, or `<seed>-2` and so on if that exists.

    It holds the resolved configuration and its inputs, which rerun it anywhere.

    Raises:
        InputError: it cannot be made.
    """
    folder, number = out / config.name, 1
    while True:
        suffix = "" if number == 1 else f"-{number}"
        path = folder / f"{config.seed}{suffix}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.mkdir()
        except OSError as error:
            place = Path(error.filename)
            if isinstance(error, FileExistsError) and place == path:
                number += 1
                continue
            leads_nowhere = place.is_symlink() and not place.exists()
            why = f"{place} is a link to nothing" if leads_nowhere else error.strerror
            raise InputError(f"the run's directory {path} cannot be made: {why}") from error
        write_config(path, config)
        return path


def write_config(path: Path, config: RunConfig) -> None:
    """Write the resolved configuration, and the inputs that it names, which rerun the run."""
    write(path / "scenario.yaml", dump_yaml(keep(config, find(config.scenario), path)))


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises:
        RunFailedError: the disk is full, or the directory is read-only.
    """
    try:
        write_whole(path, text.encode())
    except RunFailedError as failure:
        failure.run = path.parent
        raise


def set_aside(log: Path, aside: Path) -> None:
    """Move the log away; if an earlier resume was killed, what it had moved away is kept."""
    if aside.exists():
        shutil.rmtree(log, ignore_errors=True)
    elif log.exists():
        log.rename(aside)
    else:
        aside.mkdir()


def write_about(path: Path, config: RunConfig, name: str, status: str, **facts: Any) -> None:
    """Write `run.json`: what became of a run."""
    about = {
        "status": status,
        "run": name,
        "scenario": config.scenario,
        "seed": config.seed,
        "versions": _versions(),
        **facts,
    }
    write(path / "run.json", json.dumps(about, indent=2) + "\n")


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def now() -> str:
    """Return the time as `run.json` holds it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def keep_traceback(path: Path, error: SocietyError, config: RunConfig) -> Path | None:
    """Write where a scenario's own code failed, for whoever maintains it; return the file.

    Nothing is written of what is told in full: an error that came from no other.
    """
    failure = error if isinstance(error, OutsideInteractionError) else error.__cause__
    if failure is None:
        return None
    lines = traceback.format_exception(failure)
    names = {spec.api_key_env for _, spec in config.models()}
    write(path / "error.txt", without_secrets("".join(lines), names))
    return path / "error.txt"


def facts(society: Society | None, origin: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `run.json` says of what a society has done so far, if it could be made."""
    if society is None:
        given_up = {"totals": None, "unanswered": origin.get("unanswered", 0)}
        return {**given_up, "rows": 0, "tables": {}, "limit_reached": None, "in_flight": {}}
    return {
        "totals": asdict(society.calls.totals),
        "unanswered": society.calls.unanswered,
        "rows": society.log.rows,
        "tables": society.log.written(),
        "limit_reached": society.halt.limit,
        "in_flight": throttle_courses(society),
    }


def throttle_courses(society: Society) -> dict[str, Any]:
    """Return how the in-flight limit of each hosted model moved last, and how often in all."""
    return {
        model: {
            "changes": throttle.changes,
            "lowest": min(change.in_flight for change in throttle.course),
            "highest": max(change.in_flight for change in throttle.course),
            "latest": [
                {
                    "seconds": round(change.moment - society.drive.began, 3),
                    "in_flight": change.in_flight,
                    "reason": change.reason,
                }
                for change in list(throttle.course)[-TOLD_CHANGES:]
            ],
        }
        for model, throttle in society.calls.throttles.items()
    }
