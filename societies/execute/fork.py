"""Forks: what would have happened if, from some scope on, something had been different.

A fork is a run of its own: its configuration is the parent's with one more intervention, its
journal begins with the parent's calls up to the scope, and it goes live from there.
"""

import os
import tempfile
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from shlex import quote
from typing import Any

import polars as pl

from societies.config.limits import Limits
from societies.config.schema import RunConfig
from societies.errors import InputError, ReplayDiffersError
from societies.execute.directory import new_directory, now
from societies.execute.run import Watch, check_ready, execute, make_society, release, unwatched
from societies.loading.inputs import WHOLE_RUN
from societies.loading.load import validate
from societies.loading.source import read
from societies.record.journal import Journal
from societies.runs.run import Run
from societies.scenario import Scenario

HINTS = 5


def fork(
    path: str | Path,
    at: str,
    *,
    sets: Mapping[str, Any] | None = None,
    out: str | Path = "runs",
    watch: Watch = unwatched,
) -> Run:
    """Re-execute a run from its journal up to a scope, and go live from there, changed.

    Args:
        path: the run's directory.
        at: the scope: the fork begins before the first interaction at or below it.
        sets: what changes there, by dotted key (`{"model.name": ...}`), below `model`,
            `population` or `protocol`; `limits`, `log` and `name` are the fork's as a whole.
        out: where the fork's directory is made, as `<out>/<name>/<seed>`.
        watch: makes the context in which the society is run.

    Raises:
        InputError: there is no run, no such scope, or a value that cannot be changed.
        ReplayDiffersError: the run asks something else before the scope than it did, or its
            journal misses a call there; no directory was made.
        RunInterruptedError: the fork was stopped, and can be resumed.
        SocietyError: the fork failed, and can be resumed once the cause is removed.
    """
    parent = Run(path)
    config, scenario = _forked(parent, at, sets or {})
    point = len(config.interventions)
    check_ready(config, point)
    with parent.journal() as recorded:
        keys = _prefix(parent, config, scenario, recorded)
        directory = new_directory(Path(out), config)
        with Journal(directory / "journal.ndjson") as journal:
            for key in keys:
                journal.adopt(recorded, key)
            origin: dict[str, Any] = {
                "path": os.path.relpath(parent.path, directory),
                "run": parent.name,
                "at": at,
                "calls": journal.size,
                **({"works": works} if (works := len(keys) - journal.size) else {}),
                "interventions": point,
            }
            execute(directory, config, scenario, watch, journal, {"began": now(), "parent": origin})
    return Run(directory)


def _forked(parent: Run, at: str, sets: Mapping[str, Any]) -> tuple[RunConfig, Scenario]:
    """Return the parent's configuration with one more intervention."""
    source = read(parent.path / "scenario.yaml")
    change: dict[str, Any] = {}
    interventions = source.data.setdefault("interventions", [])
    place = ("interventions", len(interventions))
    source.overridden[(*place, "at")] = f"--at {at}"
    for key, value in sets.items():
        if key.partition(".")[0] in WHOLE_RUN:
            source.set(key, value, f"--set {key}")
        else:
            change[key] = value
            source.overridden[(*place, "set", key)] = f"--set {key}"
    interventions.append({"at": at, "set": change})
    return validate(source, parent.scenario), parent.scenario


def _prefix(parent: Run, config: RunConfig, scenario: Scenario, journal: Journal) -> list[str]:
    """Re-execute the parent up to the fork; return the keys of what was done, calls first.

    Raises:
        InputError: the parent never comes to the fork's scope.
        ReplayDiffersError: it is not what was recorded.
    """
    number = len(config.interventions) - 1
    with tempfile.TemporaryDirectory(prefix="societies-") as folder:
        log = Path(folder) / "log"
        unlimited = config.model_copy(update={"limits": Limits()})
        society = make_society(unlimited, scenario, journal, log, parent.name, live=False)
        society.interventions.stop_at = number
        try:
            society.run()
        except ReplayDiffersError as error:
            if parent.status == "finished" or society.interventions.stopped:
                raise
            raise InputError(
                f"{parent.path} is {parent.status} and its journal ends before "
                f"{config.interventions[number].at}{_nearest_scopes(config, journal)}"
            ) from error
        finally:
            release(society)
        if not society.interventions.stopped:
            at = config.interventions[number].at
            hints = _nearest_scopes(config, journal)
            raise InputError(f"--at {at}: {parent.path} never comes to that scope{hints}")
        calls = (
            pl.scan_parquet(sorted((log / "calls").glob("*.parquet")), glob=False)
            .select("key")
            .collect()
        )
        done = set(society.calls.works)
        return [*calls["key"], *(key for key in journal.works() if key in done)]


def _nearest_scopes(config: RunConfig, journal: Journal) -> str:
    """Return a hint at the scopes that are most like the one that was not found."""
    at = config.interventions[-1].at
    depth = at.count("/")
    scopes = dict.fromkeys(_prefixes(key.partition("#")[0] for key in journal.keys()))  # noqa: SIM118
    alike = [scope for scope in scopes if scope.count("/") == depth] or list(scopes)
    near = get_close_matches(at, alike, n=HINTS, cutoff=0.0)
    return f"; nearest: {', '.join(map(quote, near))}" if near else ""


def _prefixes(scopes: Iterable[str]) -> Iterable[str]:
    """Yield every scope and every scope that it lies below."""
    for scope in scopes:
        parts = scope.split("/")
        for length in range(1, len(parts) + 1):
            yield "/".join(parts[:length])
