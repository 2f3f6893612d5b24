"""Told to end, or left alone: what is in flight is kept, and a run's state is what it is."""

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import societies
from societies.errors import InputError
from societies.runs.run import Run
from tests.conftest import SMALL
from tests.test_resume import COMMAND, calls

SETS = [part for key, value in SMALL.items() for part in ("--set", f"{key}={value}")]
SLOW = [*SETS, "--set", "population.groups=[]", "--set", "model.options.latency=1.5"]
"""Four agents who are asked at once, and answer after one and a half seconds."""

ON_A_TERMINAL = f"""
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, {COMMAND!r} + sys.argv[1:])
"""
UNHEARD = f"""
import os, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
os.execv(sys.executable, {COMMAND!r} + sys.argv[1:])
"""
"""As nohup does."""


def wait_until_asked(run: Path) -> None:
    """Wait until a run has sent its first calls."""
    deadline = time.monotonic() + 60
    while not (run / "log" / "calls").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)


@pytest.mark.parametrize("sent", [["SIGHUP"], ["SIGHUP", "SIGHUP"], ["SIGTERM", "SIGHUP"]])
def test_what_is_in_flight_is_kept_however_a_run_is_told_to_end(tmp_path, sent):
    """Shells and systemd tell more than once; only Ctrl-C is meant to hurry."""
    command = [*COMMAND, "run", "donor_game/demo", "--out", str(tmp_path), *SLOW]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    run = tmp_path / "donor_game-demo" / "1"
    wait_until_asked(run)
    for name in sent:
        process.send_signal(getattr(signal, name))
        time.sleep(0.1)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 3, err
    assert f"stopped by {sent[0]}" in err
    assert f"societies resume {run}" in err
    assert Run(run).status == "interrupted"
    assert len(calls(run)) == 4


def test_a_closed_terminal_loses_nothing(tmp_path):
    """The kernel hangs up, and nothing can be printed any more."""
    screen, terminal = pty.openpty()
    given = ["run", "donor_game/demo", "--out", str(tmp_path), *SLOW]
    process = subprocess.Popen(
        [sys.executable, "-c", ON_A_TERMINAL, *given],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    run = tmp_path / "donor_game-demo" / "1"
    wait_until_asked(run)
    os.close(screen)
    assert process.wait(timeout=20) == 3
    assert Run(run).status == "interrupted"
    assert Run(run).about["reason"] == "stopped by SIGHUP"
    assert len(calls(run)) == 4


def test_a_run_that_is_to_survive_its_terminal_does(tmp_path):
    given = ["run", "donor_game/demo", "--out", str(tmp_path), "--quiet", *SETS]
    given += ["--set", "population.groups=[]", "--set", "model.options.latency=0.1"]
    process = subprocess.Popen([sys.executable, "-c", UNHEARD, *given], stdout=subprocess.PIPE)
    run = tmp_path / "donor_game-demo" / "1"
    while not (run / "log" / "calls").exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert Run(run).status == "finished"


@pytest.mark.parametrize("option", [[], ["--quiet"]])
@pytest.mark.parametrize(("sets", "code"), [([], 0), (["--set", "limits.max_calls=3"], 3)])
def test_a_run_that_nobody_listens_to_ends_as_it_would(tmp_path, option, sets, code):
    """As in `societies run … 2>&1 | head -1`, once head has read its line."""
    listener, pipe = os.pipe()
    os.close(listener)
    given = ["run", "donor_game/demo", "--out", str(tmp_path), *option, *SETS, *sets]
    process = subprocess.Popen([*COMMAND, *given], stdout=pipe, stderr=pipe)
    os.close(pipe)
    assert process.wait(timeout=60) == code
    assert Run(tmp_path / "donor_game-demo" / "1").status == (
        "finished" if code == 0 else "interrupted"
    )


def test_a_run_is_finished_whatever_becomes_of_who_watches_it(tmp_path):
    from contextlib import contextmanager

    @contextmanager
    def watch(society):
        yield
        raise OSError("the display is gone")

    with pytest.raises(OSError, match="display"):
        societies.run("donor_game/demo", out=tmp_path, sets=SMALL, watch=watch)
    assert Run(tmp_path / "donor_game-demo" / "1").status == "finished"


@pytest.mark.parametrize("place", ["out", "out/donor_game-demo"])
def test_a_link_to_nothing_is_told(tmp_path, place):
    """It is there, and it is no directory: the next number would be no better."""
    link = tmp_path / place
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(tmp_path / "nothing")
    told = f"{tmp_path}/out/donor_game-demo.* cannot be made: {link} "
    with pytest.raises(InputError, match=told):
        societies.run("donor_game/demo", out=tmp_path / "out", sets=SMALL)


def test_a_link_to_nothing_in_a_runs_place_is_passed_over(tmp_path):
    (tmp_path / "donor_game-demo").mkdir()
    (tmp_path / "donor_game-demo" / "1").symlink_to(tmp_path / "nothing")
    assert societies.run("donor_game/demo", out=tmp_path, sets=SMALL).path.name == "1-2"
