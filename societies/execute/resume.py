"""Resuming: what is journalled is not asked again."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from societies.agents.models.tokens import message_tokens
from societies.config.schema import RunConfig
from societies.errors import InputError, ReplayDiffersError
from societies.execute.directory import set_aside, write_config
from societies.execute.run import Watch, check_ready, execute, unwatched
from societies.loading.load import load
from societies.record.journal import Journal
from societies.runs.run import Run

ADDRESS_KEYS = {"api_base", "api_key_env", "timeout"}
"""What says where and how patiently a model is reached, and not what it is asked."""
WINDOW_KEYS = {"context", "overflow"}
"""What changes nothing that was asked, as long as nothing was, or would have been, left out."""

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
        sets: limits to raise, where models are reached now, or their windows, by dotted key;
            written into the run's configuration.
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
        if _names(sets or {}, WINDOW_KEYS):
            _check_windows(Run(path).config, config, journal)
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
    able = ADDRESS_KEYS | WINDOW_KEYS
    for key in sets:
        if not key.startswith("limits.") and not _names({key: None}, able):
            raise InputError(
                f"--set {key}: a resumed run can take other limits.*, and another "
                f"{', '.join(sorted(able))} of a model; all else would change what it asks"
            )


def _names(sets: Mapping[str, Any], keys: set[str]) -> bool:
    """Whether one of these settings of a model is among what is set."""
    ways = (key.split(".") for key in sets)
    return any(
        last in keys and {"model", "models"} & {*way} and "options" not in way
        for *way, last in ways
    )


def _check_windows(before: RunConfig, config: RunConfig, journal: Journal) -> None:
    """Raise unless prompts that were sent are the same with other windows: none gives way.

    Raises:
        InputError: one would, or may have done so already.
    """
    if _rooms(before):
        raise InputError(
            "--set context or overflow: what was left out of this run's prompts depends on them "
            "(overflow: drop_oldest); go on from a scope with societies fork"
        )
    rooms = _rooms(config)
    for entry in journal.entries() if rooms else ():
        texts = (journal.message(digest)[1] for digest in entry.messages)
        room, tokens = rooms.get(entry.model), sum(map(message_tokens, texts))
        if room is not None and tokens > room:
            raise InputError(
                f"--set overflow: call {entry.key} was sent whole, and would not be again: it has "
                f"{tokens:,} tokens (estimated), and there is room for {room:,}; set a larger "
                "context, or go on from a scope with societies fork"
            )


def _rooms(config: RunConfig) -> dict[str, int]:
    """Return the room for prompts by the fingerprint of each model for which memories give way."""
    found: dict[str, int] = {}
    for stage in config.stages():
        for _, spec in stage.models():
            if spec.room is not None and spec.overflow == "drop_oldest":
                found[spec.fingerprint] = min(spec.room, found.get(spec.fingerprint, spec.room))
    return found


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
