"""Documentation: every file and command on a page that promises to run is run."""

import re
import shlex
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import societies
from societies.analysis.questionnaires import change, consistency
from societies.cli.main import app
from societies.runs.run import Run

PAGE = Path(__file__).parent.parent / "docs" / "personas.md"
FILE = re.compile(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the page, as a reader would save them."""
    path = tmp_path_factory.mktemp("personas")
    for name, text in FILE.findall(PAGE.read_text(encoding="utf-8")):
        (path / name).write_text(text, encoding="utf-8")
    return path


def test_every_command_of_the_page_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    blocks = COMMANDS.findall(PAGE.read_text(encoding="utf-8"))
    commands = [shlex.split(line) for block in blocks for line in block.splitlines()]
    assert len(commands) == 13
    for program, *words in commands:
        assert program == "societies"
        shown = CliRunner().invoke(app, words)
        assert shown.exit_code == 0, f"{words}: {shown.output}, {shown.exception}"


def run(folder: Path, name: str) -> Run:
    return societies.run(folder / name, out=folder / "again")


def test_every_scenario_file_of_the_page_runs(folder: Path) -> None:
    files = sorted(folder.glob("*.yaml"))
    assert [file.name for file in files] == [
        "country.yaml",
        "crossed.yaml",
        "listed.yaml",
        "neighbours.yaml",
        "own.yaml",
        "probed.yaml",
        "worth.yaml",
        "written.yaml",
    ]
    for file in files:
        assert run(folder, file.name).status == "finished", file.name


def test_the_page_says_what_comes_out(folder: Path) -> None:
    block = consistency.reliability(run(folder, "worth.yaml"))
    flips = dict(block.group_by("group").agg(pl.col("paraphrase_flips").max()).iter_rows())
    assert flips["steady"] == 0 < flips["wording"]

    listed = run(folder, "listed.yaml").table("agents").collect()
    assert listed["big_five"].to_list() == ['{"extraversion":5.0}', '{"extraversion":1.5}']
    assert "Your hobby: choir." in listed["persona"][0]

    written = run(folder, "written.yaml").table("agents").filter(pl.col("person") >= 0).collect()
    assert written["written"].to_list() == ["clean"] * 4
    assert all("Residence: a fishing village\nAs reading:" in text for text in written["persona"])

    probed = run(folder, "probed.yaml")
    assert set(probed.table("responses").collect()["probe"]) == {"warmth", "mood"}
    assert change.before_after(probed, "before", "after").height > 0
