"""What tests share: runs of the donor game, and comparing their records."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

import societies
from societies.record.log import checksum, logical
from societies.runs.run import Run

SMALL: dict[str, Any] = {
    "population.size": 4,
    "protocol.generations": 2,
    "protocol.rounds": 4,
    "protocol.survivors": 2,
}
"""A donor game of four agents, two generations and four rounds: 6 + 32 calls."""


@pytest.fixture
def run_small(tmp_path: Path) -> Callable[..., Run]:
    """Run a small donor game; dotted keys set over it."""

    def run(**sets: Any) -> Run:
        return societies.run("donor_game/demo", out=tmp_path / "runs", sets={**SMALL, **sets})

    return run


def set_prompt(run: Path, name: str, text: str) -> None:
    """Have a run's own file say another template than the one that the run was made with."""
    file = run / "scenario.yaml"
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    data["prompts"][name] = text
    file.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")


def forge(run: Run, table: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Change a table of a run, and what `run.json` says of it: as if it had been logged so."""
    folder = run.path / "log" / table
    rows = change(pl.read_parquet(folder))
    for segment in folder.glob("*.parquet"):
        segment.unlink()
    path = folder / "000000.parquet"
    rows.write_parquet(path)
    about = run.about
    about["tables"][table] = {
        "rows": rows.height,
        "segments": 1,
        "checksums": [checksum(path.read_bytes())],
    }
    (run.path / "run.json").write_text(json.dumps(about), encoding="utf-8")


def record(run: Run) -> dict[str, pl.DataFrame]:
    """Return all tables of a run without the clock's columns and the run's own name."""
    return {name: logical(run.table(name)).drop("run").collect() for name in run.tables}


def assert_same_record(one: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> None:
    """Compare two runs, table by table, in every logical column."""
    assert one.keys() == other.keys()
    for name, table in one.items():
        assert table.equals(other[name], null_equal=True), f"table {name} differs"
