"""A run whose process was killed: `show` says so, and how to go on."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import societies
from societies.cli.main import app
from societies.record.journal import Journal
from societies.runs.run import Run
from tests.conftest import SMALL

COMMAND = [sys.executable, "-m", "societies.cli.main", "run", "donor_game/demo"]
SETS = [part for key, value in SMALL.items() for part in ("--set", f"{key}={value}")]
GONE = "its process is gone; go on with: societies resume {}"


def shown(path: Path) -> str:
    done = CliRunner().invoke(app, ["show", str(path)])
    assert done.exit_code == 0, done.exception
    return done.stdout


@pytest.fixture
def killed(run_small: Callable[..., Run]) -> Run:
    """A run as it lies on the disk when its process is killed."""
    run = run_small()
    kept = {"began", "run", "scenario", "seed", "versions"}
    about = {key: value for key, value in run.about.items() if key in kept}
    write(run, {**about, "status": "running"})
    return run


def write(run: Run, about: dict) -> None:
    (run.path / "run.json").write_text(json.dumps(about), encoding="utf-8")


def test_a_run_that_is_killed_before_it_wrote_a_table_says_so(tmp_path: Path) -> None:
    slow = [*SETS, "--set", "model.options.latency=60"]
    process = subprocess.Popen([*COMMAND, "--out", tmp_path, "--quiet", *slow])
    path = tmp_path / "donor_game-demo" / "1"
    while not (path / "run.json").is_file() and process.poll() is None:
        time.sleep(0.02)
    assert Run(path).left_behind is None
    assert "gone" not in shown(path)
    process.send_signal(signal.SIGKILL)
    process.wait()
    told = f"{GONE.format(path)} (0 calls are in its journal; the tables may end before it)"
    assert told in shown(path)


def test_it_says_so_for_programs(killed: Run) -> None:
    done = CliRunner().invoke(app, ["show", str(killed.path), "--json"])
    assert json.loads(done.stdout)["left_behind"] == GONE.format(killed.path)
    assert "(39 calls are in its journal;" in shown(killed.path)


def test_a_run_that_somebody_is_at_work_on_is_not_gone(killed: Run) -> None:
    with Journal(killed.path / "journal.ndjson"):
        assert killed.left_behind is None
        assert "gone" not in shown(killed.path)
    assert killed.left_behind


def test_of_another_machine_only_what_is_known_is_said(killed: Run) -> None:
    write(killed, {**killed.about, "machine": "elsewhere"})
    told = (
        "it began on elsewhere, and no process of this machine is at work on it: if none is there"
    )
    assert killed.left_behind.startswith(told)
    assert f"societies resume {killed.path}" in killed.left_behind


def test_it_is_resumed_and_not_gone_any_more(killed: Run) -> None:
    done = societies.resume(killed.path)
    assert (done.status, done.left_behind) == ("finished", None)
    assert done.about["totals"]["journalled"] == 39
    assert "machine" not in done.about
