"""Disks that are full, and directories that are read-only: told in words, and nothing is lost."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import societies
from societies.errors import RunInterruptedError
from tests.conftest import SMALL

CAPABILITY_OF_ROOT = 1
"""CAP_DAC_OVERRIDE: with it, root writes whatever the permissions say (capabilities(7))."""
LIKE_A_USER = f"""
import ctypes, os, sys
ctypes.CDLL(None).prctl(24, {CAPABILITY_OF_ROOT}, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-m", "societies.cli.main", *sys.argv[1:]])
"""


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `societies` as somebody whom permissions bind, also where the tests run as root."""
    given = [sys.executable, "-c", LIKE_A_USER, *map(str, arguments)]
    return subprocess.run(given, capture_output=True, text=True, check=False)


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk of 132 kB: the inputs of a run, and little more."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=132k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("file systems cannot be mounted here")
    try:
        yield disk
    finally:
        subprocess.run([shutil.which("umount") or "umount", str(disk)], check=True)


@pytest.fixture
def read_only_run(tmp_path) -> Iterator[Path]:
    """A run that was paused, in a directory that nobody may write."""
    with pytest.raises(RunInterruptedError) as paused:
        societies.run("donor_game/demo", out=tmp_path, sets={**SMALL, "limits.max_calls": 10})
    run = paused.value.run
    places = [run.parent, run, *run.rglob("*")]
    for place in places:
        place.chmod(0o555 if place.is_dir() else 0o444)
    yield run
    for place in places:
        place.chmod(0o755)


def test_a_full_disk_stops_the_run_and_a_roomier_one_finishes_it(small_disk, tmp_path):
    failed = command("run", "donor_game/demo", "--out", small_disk, "--quiet")
    assert failed.returncode == 1
    assert "cannot be written: No space left on device" in failed.stderr
    assert "resume it with" in failed.stderr
    assert "Traceback" not in failed.stderr
    run = tmp_path / "moved"
    shutil.copytree(small_disk / "donor_game-demo" / "1", run)
    finished = societies.resume(run)
    assert finished.about["totals"]["journalled"] > 10
    societies.replay(run)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["resume", "{run}"], "Permission denied"),
        (["resume", "{run}", "--set", "limits.max_calls=20"], "Permission denied"),
        (
            ["run", "donor_game/demo", "--out", "{run}"],
            "{run}/donor_game-demo/1 cannot be made",
        ),
        (["show", "{run}", "--plots"], "{run}/plots: Permission denied"),
        (["population", "donor_game/demo", "--plot", "{run}/a.png"], "a.png: Permission denied"),
    ],
)
def test_what_may_not_be_written_is_named(read_only_run, arguments, told):
    before = {path: path.read_bytes() for path in read_only_run.rglob("*") if path.is_file()}
    refused = command(*(argument.format(run=read_only_run) for argument in arguments))
    assert refused.returncode in (1, 2)
    assert told.format(run=read_only_run) in refused.stderr
    assert "Traceback" not in refused.stderr
    after = {path: path.read_bytes() for path in read_only_run.rglob("*") if path.is_file()}
    assert after == before


def test_a_read_only_run_can_be_shown(read_only_run):
    shown = command("show", read_only_run)
    assert shown.returncode == 0, shown.stderr
    assert "interrupted" in shown.stdout
