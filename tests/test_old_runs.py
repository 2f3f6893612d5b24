"""Runs recorded by an earlier version still show, replay and resume: see `old_runs/record.py`."""

import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import societies

OLD = Path(__file__).parent / "old_runs"
NAMES = ("donor_game", "interview", "negotiation")
INTERRUPTED = "negotiation"


@pytest.fixture(params=NAMES)
def old(request, tmp_path) -> Path:
    """Return a copy of an old run, in a directory that it was not recorded in."""
    return Path(shutil.copytree(OLD / request.param, tmp_path / "moved" / request.param))


def finish(path: Path) -> societies.Run:
    """Finish a run, if it was interrupted, and return it."""
    return societies.resume(path, sets={"limits.max_calls": None})


def test_an_old_run_is_shown(old):
    shown = subprocess.run(
        [sys.executable, "-m", "societies.cli.main", "show", str(old), "--plots"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    assert f"{old.name}/7" in shown.stdout
    assert list(old.rglob("*.png"))


def test_what_an_old_run_paid_for_is_not_asked_again(old):
    before = societies.Run(old).table("calls").collect()
    run = finish(old)
    after = run.table("calls").collect()
    logical = [name for name in before.columns if not name.startswith("wall_")]
    assert before.height > 0
    assert after.head(before.height).select(logical).equals(before.select(logical))
    journalled = run.about["totals"]["journalled"]
    assert journalled == (before.height if old.name == INTERRUPTED else 0)


def test_an_old_run_is_replayed(old):
    run = societies.replay(finish(old).path)
    assert run.status == "finished"
    assert run.table("agents").select(pl.len()).collect().item() > 0
