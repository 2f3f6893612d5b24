"""Running: from a configuration to a run's directory."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import mesa

from societies.agents.errors import ModelError, SocietyError
from societies.calls.provider import check_access
from societies.config.schema import RunConfig
from societies.errors import InputError, RunInterruptedError
from societies.execute.code import code_of
from societies.execute.directory import facts, keep_traceback, new_directory, now, write_about
from societies.imports import told
from societies.loading.load import load
from societies.record.journal import Journal
from societies.record.lock import this_machine
from societies.record.log import RunLog
from societies.runs.run import Run
from societies.scenario import Scenario
from societies.society import Society, load_society

Watch = Callable[[Society], AbstractContextManager[Any]]
"""Makes the context in which a society is run, such as a progress display."""


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


def check_ready(config: RunConfig, passed: int = 0) -> None:
    """Check that the models of a run can be reached as far as keys go.

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
    config: RunConfig, scenario: Scenario, journal: Journal, log: Path, name: str, *, live: bool
) -> Society:
    """Return a society that is ready to be run and logs into a folder, as the run of a name.

    Raises:
        InputError: the scenario's code fails; the text says in which line.
    """
    kind = load_society(scenario)
    with told(scenario.folder):
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
    parent = origin.get("parent", {})
    journal.adopted, journal.adopted_results = parent.get("calls", 0), parent.get("works", 0)
    society: Society | None = None
    name = Run(path).name
    origin = {**origin, **_code(config, scenario, origin)}
    write_about(path, config, name, "running", **origin, machine=this_machine())
    try:
        society = make_society(config, scenario, journal, path / "log", name, live=True)
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
        if kept := keep_traceback(path, error, config):
            error.args = (f"{error}; the whole traceback lies in {kept}",)
        raise
    finally:
        ended = {
            "reason": reason,
            "ended": now(),
            "seconds": round(time.monotonic() - started, 3),
            "torn_bytes_dropped": journal.torn,
        }
        write_about(path, config, name, status, **{**origin, **ended, **facts(society, origin)})
        if society:
            release(society)


def _code(config: RunConfig, scenario: Scenario, origin: Mapping[str, Any]) -> dict[str, Any]:
    """Return what code the run is made by, and by which others it was before it was resumed."""
    code, before = code_of(config, scenario), origin.get("code")
    earlier = [*origin.get("earlier_code", ()), *([before] if before not in (None, code) else ())]
    return {"code": code, **({"earlier_code": earlier} if earlier else {})}


def release(society: Society) -> None:
    """Let go of a society that has been run.

    Mesa 3.3 keeps every model alive in a class-level table of agent counters (its issue 3179).
    """
    society.calls.close()
    counters = getattr(mesa.Agent, "_ids", None)
    if isinstance(counters, dict):
        counters.pop(society, None)
