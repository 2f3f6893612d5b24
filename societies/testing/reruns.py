"""Checks that execute a run again: at other speeds, by steps, from its journal, after a cut."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import societies
from societies.agents.errors import SocietyError
from societies.errors import ReplayDiffersError
from societies.execute.run import Watch, release, unwatched
from societies.runs.run import Run
from societies.society import load_society
from societies.testing.models import slow_models
from societies.testing.tables import check_same, collected, tables_of


@contextmanager
def executed_again(
    run: Run, watch: Watch = unwatched, in_flight: int | None = None
) -> Iterator[Run]:
    """Run the resolved configuration of a run once more, in a temporary directory.

    What the run may use in all (`limits.max_calls` and the like) does not count here.

    Raises:
        SocietyError: as `societies.run`.
    """
    with TemporaryDirectory(prefix="societies-") as folder:
        config = run.config.model_dump(mode="json")
        config["limits"] = {"in_flight": in_flight or run.config.limits.in_flight}
        yield societies.run(config, out=folder, watch=watch)


def check_determinism(run: Run, in_flight: Sequence[int] = (1, 8, 64), seed: int = 0) -> None:
    """Check that the record does not depend on how many calls are under way, or on their latency.

    Args:
        run: a finished run with scripted minds.
        in_flight: the limits to run again at, each with other random latencies.
        seed: of the latencies.

    Raises:
        AssertionError: the record is another; the text names the first row that differs.
    """
    before = tables_of(run)
    with _run_again(run, "when executed again") as again:
        check_same(before, tables_of(again), "when executed again")
    for limit in in_flight:
        how = f"with {limit} calls in flight and random latencies"
        watch = slow_models(seed + limit)
        with _run_again(run, how, watch, limit) as again:
            check_same(before, tables_of(again), how)


@contextmanager
def _run_again(
    run: Run, how: str, watch: Watch = unwatched, in_flight: int | None = None
) -> Iterator[Run]:
    """Execute a run again; that it fails now is a breach, too."""
    try:
        with executed_again(run, watch, in_flight) as again:
            yield again
    except SocietyError as error:
        raise AssertionError(f"The run fails {how}: {error}") from error


def check_other_process(run: Run) -> None:
    """Check that the run's resolved file gives the same record in another process.

    Strings hash differently there: a scenario that walks through a `set` of names is the same
    within a process only.

    Raises:
        AssertionError: the record is another, or the run fails.
    """
    how = "in another process (is a set walked through in its own order?)"
    with TemporaryDirectory(prefix="societies-") as folder:
        file = str(run.path / "scenario.yaml")
        command = [sys.executable, "-m", "societies.cli.main", "run", file, "--out", folder]
        paths = os.pathsep.join(path or os.curdir for path in sys.path)
        hashing = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
        environment = {**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": hashing}
        done = subprocess.run(  # noqa: S603 - our own command line
            [*command, "--quiet"], capture_output=True, text=True, env=environment, check=False
        )
        if done.returncode:
            raise AssertionError(f"The run fails in another process: {done.stderr.strip()}")
        again = Run(done.stdout.splitlines()[-1])
        check_same(tables_of(run), tables_of(again), how)


def check_steps(run: Run) -> None:
    """Check that stepping by hand (Mesa's `step()`) gives the record of the run.

    Raises:
        AssertionError: the record is another, or stepping fails.
    """
    society = load_society(run.scenario)(run.config)
    try:
        while society.running:
            society.step()
        stepped = collected(run.tables, society.log.table)
    except SocietyError as error:
        raise AssertionError(f"The run fails when stepped by hand: {error}") from error
    finally:
        release(society)
    check_same(tables_of(run), stepped, "when stepped by hand")


def check_replay(run: Run) -> None:
    """Check that the run's journal alone reproduces its record.

    Raises:
        AssertionError: a request or a row is another.
    """
    try:
        societies.replay(run.path)
    except SocietyError as error:
        raise AssertionError(f"The run is not replayed from its journal: {error}") from error


def check_resume(run: Run, cuts: int = 3, seed: int = 0) -> None:
    """Check that a run that was cut off goes on as if nothing had happened.

    Args:
        run: a finished run with scripted minds.
        cuts: how many places of the journal to cut at; every other one is within a line.
        seed: of the places.

    Raises:
        AssertionError: the record is another, or something was asked twice.
    """
    lines = (run.path / "journal.ndjson").read_bytes().splitlines(keepends=True)
    random = Random(seed)
    for number in range(cuts):
        kept = lines[: max(1, random.randrange(len(lines)))]  # an emptied journal is refused
        torn = lines[len(kept)][: random.randrange(1, len(lines[len(kept)]))] if number % 2 else b""
        with TemporaryDirectory(prefix="societies-") as folder:
            _check_cut(run, Path(folder) / "run", kept, torn)


def _check_cut(run: Run, path: Path, kept: list[bytes], torn: bytes) -> None:
    """Resume a copy of the run whose journal ends after the lines `kept`."""
    path.mkdir()
    shutil.copy(run.path / "scenario.yaml", path)
    if (inputs := run.path / "inputs").is_dir():
        shutil.copytree(inputs, path / "inputs")
    (path / "journal.ndjson").write_bytes(b"".join(kept) + torn)
    about = json.dumps({**run.about, "status": "interrupted"})
    (path / "run.json").write_text(about, encoding="utf-8")
    how = f"when resumed after line {len(kept)} of its journal"
    try:
        resumed = societies.resume(path)
    except ReplayDiffersError as error:
        raise AssertionError(f"The run asks something else {how}: {error}") from error
    except SocietyError as error:
        raise AssertionError(f"The run fails {how}: {error}") from error
    check_same(tables_of(run), tables_of(resumed), how)
    paid = sum(line.startswith(b'{"call"') for line in kept)
    spared = resumed.about["totals"]["journalled"]
    if spared != paid:
        raise AssertionError(
            f"{paid} calls were journalled, and {spared} of them were used {how}: "
            "the others were asked again"
        )
