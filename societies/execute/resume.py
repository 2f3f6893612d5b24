"""Resuming: what is journalled is not asked again."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from societies.errors import InputError, ReplayDiffersError
from societies.execute.directory import set_aside, write_config
from societies.execute.run import Watch, check_ready, execute, unwatched
from societies.loading.load import load
from societies.record.journal import Journal
from societies.runs.run import Run

ADDRESS_KEYS = {"api_base", "api_key_env", "timeout"}
"""What says where and how patiently a model is reached, and not what it is asked."""

KEPT = ("parent", "unanswered", "code", "earlier_code")
"""What `run.json` says of a run's past, which stays true when it is resumed."""


def resume(
    path: str | Path, *, sets: Mapping[str, Any] | None = None, watch: Watch = unwatched
) -> Run:
    """Finish a run: what is journalled is not asked again.

    A finished run whose tables, or `run.json`, are damaged or gone has them written anew from its
    journal.

    Args:
        path: the run's directory.
        sets: limits to raise, or where models are reached now, by dotted key; written into the
            run's configuration.
        watch: makes the context in which the society is run.

    Raises:
        InputError: there is no run, it cannot be run any more, or its journal was emptied.
        ReplayDiffersError: the run asks something else than it did; its log is left as it was.
        RunInterruptedError: it was stopped again.
        SocietyError: it failed again.
    """
    found = Run(path)
    about = found.remembered
    if about.get("status") == "finished" and found.is_whole:
        return found
    found.check_journal()
    check_resumable(sets or {})
    config, scenario = load(found.path / "scenario.yaml", sets)
    origin: dict[str, Any] = {"began": about.get("began")}
    origin |= {key: about[key] for key in KEPT if about.get(key)}
    check_ready(config, origin.get("parent", {}).get("interventions", 0))
    with Journal(found.path / "journal.ndjson") as journal:
        if sets:
            write_config(found.path, config)
        if not about:
            found.put_damage_aside()
        with log_aside(found.path):
            execute(found.path, config, scenario, watch, journal, origin)
    return found


def check_resumable(sets: Mapping[str, Any]) -> None:
    """Raise if a value is set over a run that would change what it asks.

    Raises:
        InputError: one is.
    """
    for key in sets:
        way, _, last = key.rpartition(".")
        is_address = last in ADDRESS_KEYS and "options" not in way.split(".")
        if not key.startswith("limits.") and not is_address:
            raise InputError(
                f"--set {key}: a resumed run can take other limits.*, and another "
                f"{', '.join(sorted(ADDRESS_KEYS))} of a model; all else would change what it asks"
            )


@contextmanager
def log_aside(path: Path) -> Iterator[None]:
    """Keep a run's log until it is written anew; put it back if the run asks something else."""
    log, aside = path / "log", path / "log.before"
    set_aside(log, aside)
    try:
        yield
    except ReplayDiffersError:
        shutil.rmtree(log, ignore_errors=True)
        aside.rename(log)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
