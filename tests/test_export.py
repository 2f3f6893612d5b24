"""Tables for other programs: CSV files, and pandas."""

import csv
import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from societies.cli.main import app
from societies.errors import InputError
from societies.runs.export import export_csv
from societies.runs.run import Run
from societies.runs.runs import Runs
from tests.conftest import forge

CELLS = {
    "=1+1": "'=1+1",
    "+1 for that": "'+1 for that",
    "-5": "-5",
    "- a point": "'- a point",
    "@all": "'@all",
    "\tx": "'\tx",
    "\r=1": "'\r=1",
    "-1e3": "-1e3",
    "fine": "fine",
    "": "",
    None: "",
}
"""What models may write, and what stands in a file that a spreadsheet may open."""


@pytest.fixture
def run(run_small: Callable[..., Run]) -> Run:
    return run_small()


def cells(path: Path, column: str) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row[column] for row in csv.DictReader(file)]


def test_every_table_is_written_and_holds_what_the_run_holds(run: Run, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["export", str(run.path), "--csv", "--out", str(tmp_path / "x")])
    assert done.exit_code == 0, done.exception
    paths = [Path(line) for line in done.stdout.splitlines()]
    assert [path.stem for path in paths] == run.tables
    for path in paths:
        table = run.rows(path.stem).collect()
        again = pl.read_csv(path, infer_schema=False)
        assert (again.height, again.columns) == (table.height, table.columns)
    donations = run.rows("donations").collect()
    again = pl.read_csv(tmp_path / "x" / "donations.csv", schema_overrides=donations.schema)
    assert again["amount"].to_list() == donations["amount"].to_list()
    parents = run.rows("agents").collect()["parents"].to_list()
    assert [json.loads(cell) for cell in cells(tmp_path / "x" / "agents.csv", "parents")] == parents


def test_runs_are_written_together_with_what_differs(
    run_small: Callable[..., Run], tmp_path: Path
) -> None:
    runs = [run_small(seed=seed) for seed in (1, 2)]
    export_csv(Runs(runs), tmp_path / "x")
    file = tmp_path / "x" / "agents.csv"
    assert set(zip(cells(file, "run"), cells(file, "seed"), strict=True)) == {
        (runs[0].name, "1"),
        (runs[1].name, "2"),
    }


def test_nothing_is_overwritten(run: Run, tmp_path: Path) -> None:
    (tmp_path / "steps.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"steps\.csv exists; name another folder"):
        export_csv(Runs(run), tmp_path)
    assert (tmp_path / "steps.csv").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "agents.csv").exists()


def said(table: pl.DataFrame) -> pl.DataFrame:
    """Return a table of strategies with what models may write."""
    rows = pl.concat([table.head(1)] * len(CELLS))
    numbers = pl.int_range(len(CELLS), dtype=table["seq"].dtype)
    return rows.with_columns(seq=numbers, strategy=pl.Series(list(CELLS)))


def test_what_a_spreadsheet_takes_for_a_formula_is_text(run: Run, tmp_path: Path) -> None:
    forge(run, "strategies", said)
    (_,) = [each for each in export_csv(Runs(run), tmp_path / "x") if each.defused]
    assert cells(tmp_path / "x" / "strategies.csv", "strategy") == list(CELLS.values())
    export_csv(Runs(run), tmp_path / "raw", raw=True)
    raw = cells(tmp_path / "raw" / "strategies.csv", "strategy")
    assert raw == [cell or "" for cell in CELLS]
    words = ["export", str(run.path), "--csv", "--out", str(tmp_path / "again")]
    shown = CliRunner().invoke(app, words)
    assert "strategies.csv: 6 texts begin as formulas do and have an apostrophe" in shown.stderr


def test_the_format_is_said(run: Run) -> None:
    done = CliRunner().invoke(app, ["export", str(run.path)])
    assert str(done.exception) == "say as what the tables are to be written: --csv"


@pytest.mark.skipif(not find_spec("pyarrow"), reason="needs the extra: societies[pandas]")
def test_tables_become_pandas(run: Run) -> None:
    table = run.table("agents").collect().to_pandas()
    assert list(table["parents"][0]) == run.table("agents").collect()["parents"].to_list()[0]
    assert table["seq"].tolist() == run.table("agents").collect()["seq"].to_list()
