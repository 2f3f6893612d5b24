"""Running, resuming and replaying: from a configuration to a run's directory."""

import json
import platform
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import mesa
import polars as pl
from polars.testing import assert_frame_equal

from societies.agents.documents import dump_yaml
from societies.agents.errors import ModelError, PromptError, SocietyError
from societies.agents.secrets import without_secrets
from societies.config import RunConfig
from societies.errors import (
    InputError,
    ReplayDiffersError,
    RunFailedError,
    RunInterruptedError,
)
from societies.journal import Journal
from societies.loading import load
from societies.models import check_access
from societies.registry import Scenario
from societies.run_directory import Run
from societies.runlog import RunLog, logical
from societies.society import Society

Watch = Callable[[Society], AbstractContextManager[Any]]
"""Makes the context in which a society is run, such as a progress display."""

ADDRESS_KEYS = {"api_base", "api_key_env", "timeout"}
"""What says where and how patiently a model is reached, and not what it is asked."""

TOLD_CHANGES = 50
"""Changes of a model's in-flight limit that `run.json` tells, the latest ones."""
PACKAGES = ("societies", "mesa", "polars", "pydantic", "litellm", "jinja2")


def unwatched(society: Society) -> AbstractContextManager[Any]:  # noqa: ARG001
    """Show nothing."""
    return nullcontext()


def run(
    given: str | Path | Mapping[str, Any],
    *,
    out: str | Path = "runs",
    sets: Mapping[str, Any] | None = None,
    watch: Watch = unwatched,
    **overrides: Any,
) -> Run:
    """Run a scenario and return its run on disk.

    Args:
        given: a YAML file, a shipped name such as `donor_game/demo`, or the data itself.
        out: where the run's directory is made, as `<out>/<name>/<seed>`.
        sets: values to set over the file, by dotted key (`{"model.name": ...}`).
        watch: makes the context in which the society is run.
        overrides: values to set over the file, by top-level key (`seed=3`).

    Raises:
        InputError: the configuration is wrong; no directory was made.
        RunInterruptedError: the run was stopped, and can be resumed.
        SocietyError: the run failed, and can be resumed once the cause is removed.
    """
    config, scenario = load(given, {**overrides, **(sets or {})})
    check_ready(config)
    path = new_directory(Path(out), config)
    with Journal(path / "journal.ndjson") as journal:
        execute(path, config, scenario, watch, journal, origin={"began": now()})
    return Run(path)


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
    for key in sets or {}:
        way, _, last = key.rpartition(".")
        is_address = last in ADDRESS_KEYS and "options" not in way.split(".")
        if not key.startswith("limits.") and not is_address:
            raise InputError(
                f"--set {key}: a resumed run can take other limits.*, and another "
                f"{', '.join(sorted(ADDRESS_KEYS))} of a model; all else would change what it asks"
            )
    config, scenario = load(found.path / "scenario.yaml", sets)
    origin: dict[str, Any] = {"began": about.get("began")}
    origin |= {key: about[key] for key in ("parent", "unanswered") if about.get(key)}
    check_ready(config, origin.get("parent", {}).get("interventions", 0))
    log, aside = found.path / "log", found.path / "log.before"
    with Journal(found.path / "journal.ndjson") as journal:
        if sets:
            _write_config(found.path, config)
        if not about:
            found.put_damage_aside()
        set_aside(log, aside)
        try:
            execute(found.path, config, scenario, watch, journal, origin)
        except ReplayDiffersError:
            shutil.rmtree(log, ignore_errors=True)
            aside.rename(log)
            raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return found


def replay(path: str | Path, *, watch: Watch = unwatched) -> Run:
    """Re-execute a finished run from its journal alone and compare the records.

    Raises:
        InputError: there is no run, or it is not finished.
        ReplayDiffersError: a request or a record differs; the text says which and how.
    """
    found = Run(path)
    if found.status != "finished":
        raise InputError(
            f"{found.path} is {found.status}, and only a finished run can be replayed; "
            f"first finish it: societies resume {found.path}"
        )
    config, scenario = found.config, found.scenario
    with (
        tempfile.TemporaryDirectory(prefix="societies-") as folder,
        found.journal() as journal,
    ):
        society = make_society(config, scenario, journal, Path(folder) / "log", live=False)
        try:
            with watch(society):
                society.run()
            society.calls.check_all_used()
        finally:
            release(society)
        for record in found.record_types:
            segments = Path(folder) / "log" / record.table
            _compare(record.table, found.table(record.table), segments)
    return found


def release(society: Society) -> None:
    """Let go of a society that has been run.

    Mesa 3.3 keeps every model alive in a class-level table of agent counters (its issue 3179).
    """
    society.calls.close()
    counters = getattr(mesa.Agent, "_ids", None)
    if isinstance(counters, dict):
        counters.pop(society, None)


def _write_config(path: Path, config: RunConfig) -> None:
    _write(path / "scenario.yaml", dump_yaml(config.model_dump(mode="json")))


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises:
        RunFailedError: the disk is full, or the directory is read-only.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        failure = RunFailedError(f"{path} cannot be written: {error.strerror}")
        failure.run = path.parent
        raise failure from error


def check_ready(config: RunConfig, passed: int = 0) -> None:
    """Check that the hosted models of a run can be reached as far as keys go.

    Args:
        config: the run's configuration.
        passed: how many interventions lie in what a parent run has already paid for.

    Raises:
        InputError: one cannot.
    """
    try:
        for stage in config.stages()[passed:]:
            check_access(stage)
    except ModelError as error:
        raise InputError(str(error)) from error


def make_society(
    config: RunConfig, scenario: Scenario, journal: Journal, log: Path, *, live: bool
) -> Society:
    """Return a society that is ready to be run and logs into a folder."""
    kind = scenario.load_society()
    name = f"{config.name}/{config.seed}"
    return kind(
        config,
        journal=journal,
        log=RunLog(log, name, kind.records, config.log.segment_rows),
        live=live,
    )


def execute(
    path: Path,
    config: RunConfig,
    scenario: Scenario,
    watch: Watch,
    journal: Journal,
    origin: Mapping[str, Any],
) -> None:
    """Run a society in its directory, and keep `run.json` true whatever happens.

    `origin` says when the run began, of a fork, from where, and how many requests were given up in
    vain before; it stays in `run.json`.
    """
    started = time.monotonic()
    status, reason = "failed", None
    journal.adopted = origin.get("parent", {}).get("calls", 0)
    society: Society | None = None
    write_about(path, config, "running", **origin)
    try:
        society = make_society(config, scenario, journal, path / "log", live=True)
        society.calls.give_up(origin.get("unanswered", 0))
        with watch(society):
            society.run()
            status = "finished"
    except RunInterruptedError as error:
        status, reason, error.run = "interrupted", str(error), path
        raise
    except KeyboardInterrupt as error:
        status, reason = "interrupted", "abandoned from the keyboard, calls in flight are lost"
        abandoned = RunInterruptedError(reason)
        abandoned.run = path
        raise abandoned from error
    except SocietyError as error:
        reason, error.run = str(error), path
        _keep_traceback(path, error, config)
        raise
    finally:
        facts = {
            **origin,
            "reason": reason,
            "ended": now(),
            "seconds": round(time.monotonic() - started, 3),
            "torn_bytes_dropped": journal.torn,
            "totals": asdict(society.calls.totals) if society else None,
            "unanswered": society.calls.unanswered if society else origin.get("unanswered", 0),
            "rows": society.log.rows if society else 0,
            "tables": society.log.written() if society else {},
            "limit_reached": society.calls.limit_reached if society else None,
            "in_flight": _throttle_courses(society) if society else {},
        }
        write_about(path, config, status, **facts)
        if society:
            release(society)


def _throttle_courses(society: Society) -> dict[str, Any]:
    """Return how the in-flight limit of each hosted model moved last, and how often in all."""
    return {
        model: {
            "changes": throttle.changes,
            "lowest": min(change.in_flight for change in throttle.course),
            "highest": max(change.in_flight for change in throttle.course),
            "latest": [
                {
                    "seconds": round(change.moment - society.began, 3),
                    "in_flight": change.in_flight,
                    "reason": change.reason,
                }
                for change in list(throttle.course)[-TOLD_CHANGES:]
            ],
        }
        for model, throttle in society.calls.throttles.items()
    }


def _keep_traceback(path: Path, error: SocietyError, config: RunConfig) -> None:
    """Write where a scenario's own code failed, for whoever maintains it."""
    if error.__cause__ is not None:
        lines = traceback.format_exception(error.__cause__)
        names = {spec.api_key_env for _, spec in config.models()}
        _write(path / "error.txt", without_secrets("".join(lines), names))


def new_directory(out: Path, config: RunConfig) -> Path:
    """Make and return `<out>/<name>/<seed>`, or `<seed>-2` and so on if that exists.

    It holds the resolved configuration, which alone reruns it.

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
        _write_config(path, config)
        return path


def set_aside(log: Path, aside: Path) -> None:
    """Move the log away; if an earlier resume was killed, what it had moved away is kept."""
    if aside.exists():
        shutil.rmtree(log, ignore_errors=True)
    elif log.exists():
        log.rename(aside)
    else:
        aside.mkdir()


def write_about(path: Path, config: RunConfig, status: str, **facts: Any) -> None:
    """Write `run.json`: what became of a run."""
    about = {
        "status": status,
        "run": f"{config.name}/{config.seed}",
        "scenario": config.scenario,
        "seed": config.seed,
        "versions": _versions(),
        **facts,
    }
    _write(path / "run.json", json.dumps(about, indent=2) + "\n")


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


def _compare(name: str, recorded: pl.LazyFrame, segments: Path) -> None:
    """Raise unless a table of the run and its replay agree in every logical column."""
    before = logical(recorded).collect()
    after = logical(pl.scan_parquet(sorted(segments.glob("*.parquet")), glob=False)).collect()
    try:
        assert_frame_equal(before, after, check_exact=True)
    except AssertionError as error:
        difference = first_difference(before, after)
        raise ReplayDiffersError(f"table {name!r} is not reproduced: {difference}") from error


def first_difference(before: pl.DataFrame, after: pl.DataFrame) -> str:
    """Say where two versions of a table that are not the same differ first."""
    if before.columns != after.columns:
        return f"its columns were {before.columns} and are {after.columns}"
    for was, now in zip(before.iter_rows(named=True), after.iter_rows(named=True), strict=False):
        columns = [name for name in was if was[name] != now[name]]
        if columns:
            first = columns[0]
            differs = f"column {first!r}: recorded {was[first]!r}, now {now[first]!r}"
            if first == "request":
                differs = "it is asked something else: its prompt, or its model, is another"
            return f"row seq {was['seq']} (scope {was['scope']}, agent {was['agent']}), {differs}"
    return f"{before.height} rows were recorded, and now {after.height}"


__all__ = ["PromptError", "SocietyError", "replay", "resume", "run"]
