"""A scenario in a folder of one's own: no package, not installed, given by its path."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import societies
from societies import registry
from societies.cli.init import write_scenario
from societies.cli.main import app
from societies.errors import InputError
from societies.loading.load import load
from societies.runs.results import plot, summarise, violations
from societies.runs.run import Run
from societies.testing import check_scenario

PAGE = Path(__file__).parent.parent / "docs" / "scenarios.md"
SMALL = {"population.size": 3, "protocol.rounds": 2}


@pytest.fixture
def game(tmp_path, monkeypatch):
    """Write the public goods game of `societies init --scenario`; return its folder."""
    monkeypatch.chdir(tmp_path)
    write_scenario("public_goods", None)
    return tmp_path / "public_goods"


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def refused(given: str | Path | dict) -> str:
    with pytest.raises(InputError) as told:
        load(given)
    return str(told.value)


# -- the game that `init` writes ----------------------------------------------------------------


def test_every_command_of_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    told = {}
    for line in block.splitlines():
        program, *words = line.split()
        shown = CliRunner().invoke(app, words)
        assert (program, shown.exit_code) == ("societies", 0), f"{line}: {shown.output}"
        told[" ".join(words[:1] + words[2:])] = shown.stdout.split()
    written = told["init public_goods"]
    assert sum(len(Path(file).read_text().splitlines()) for file in written) <= 200
    assert told["show --plots"][-1] == "runs/public_goods-demo/1/plots/contributions.png"


def test_it_is_written_under_any_name_and_runs_in_a_process_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_scenario("stag_hunt", tmp_path / "games")
    assert (tmp_path / "games" / "test_stag_hunt.py").is_file()
    assert "./stag_hunt/demo.yaml" in (tmp_path / "games" / "README.md").read_text()
    code = [sys.executable, "-m", "societies.cli.main", "run", "games/demo.yaml", "--quiet"]
    done = subprocess.run(code, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("runs/games-demo/1\n", "")


def test_it_keeps_all_promises(game):
    check_scenario("./public_goods/demo", sets=SMALL, in_flight=(8,), other_process=False)


def test_what_was_given_is_multiplied_and_shared_out(game, tmp_path):
    run = societies.run("./public_goods/demo.yaml", sets=SMALL, out=tmp_path)
    rows = run.table("contributions").filter(round=1).collect()
    share = 1.6 * rows["amount"].sum() / 3
    assert rows["payoff"].to_list() == pytest.approx([20 - x + share for x in rows["amount"]])
    assert rows["step"].to_list() == [1, 1, 1]
    assert rows["reason"].str.starts_with("I ").all()
    assert violations(run) == []
    assert summarise(run)["round"].to_list() == [1, 2]
    assert [path.name for path in plot(run, tmp_path)] == ["contributions.png"]


def test_nothing_is_overwritten_and_names_are_names(game):
    with pytest.raises(InputError, match=r"public_goods/__init__.py exists"):
        write_scenario("public_goods", None)
    with pytest.raises(InputError, match="'Public Goods' cannot be a scenario's name"):
        write_scenario("Public Goods", None)


# -- by path --------------------------------------------------------------------------------------


def test_the_path_is_relative_to_the_file_and_the_run_keeps_it_whole(game, tmp_path, monkeypatch):
    file = tmp_path / "mine.yaml"
    file.write_text(
        (game / "demo.yaml").read_text().replace("scenario: .", "scenario: ./public_goods")
    )
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    run = societies.run(file, sets=SMALL)
    assert run.config.scenario == str(game)
    assert (run.scenario.name, run.scenario.folder) == ("public_goods", game)
    societies.replay(run.path)


def test_a_path_that_is_set_is_relative_to_here(game, tmp_path):
    config, _ = load(game / "demo.yaml", {"scenario": "./public_goods"})
    assert config.scenario == str(game)


def test_an_interrupted_run_is_resumed(game, tmp_path):
    with pytest.raises(societies.agents.errors.SocietyError) as stopped:
        societies.run("./public_goods/demo.yaml", sets={**SMALL, "limits.max_calls": 2})
    societies.resume(stopped.value.run, sets={"limits.max_calls": 100})
    assert Run(stopped.value.run).table("contributions").collect().height == 6


def test_two_folders_of_one_name_are_two_scenarios(game, tmp_path):
    other = tmp_path / "other" / "public_goods"
    shutil.copytree(game, other)
    change(other / "protocol.py", "default=1.6", "default=3.0")
    before = list(sys.path)
    one, two = load(game / "demo.yaml")[0], load(other / "demo.yaml")[0]
    assert (one.protocol.multiplier, two.protocol.multiplier) == (1.6, 3.0)
    assert sys.path == before
    assert "public_goods" not in sys.modules


def test_scenarios_in_folders_are_not_listed(game):
    load(game / "demo.yaml")
    assert registry.names() == ["debate", "donor_game", "interview", "negotiation"]


# -- what is wrong with a folder ------------------------------------------------------------------


def test_a_folder_that_is_gone_is_told_with_its_path(game, tmp_path):
    run = societies.run("./public_goods/demo.yaml", sets=SMALL)
    game.rename(tmp_path / "moved")
    told = refused(run.path / "scenario.yaml")
    assert told.startswith(f"{run.path}/scenario.yaml:1:1: scenario: there is no folder ")
    assert f"{game}: if the scenario was moved, put it back, or write where it lies now" in told


def test_a_run_that_is_passed_on_brings_no_code(game, tmp_path):
    run = societies.run("./public_goods/demo.yaml", sets=SMALL)
    (run.path / "code").mkdir()
    (run.path / "code" / "__init__.py").write_text("raise SystemExit('ran')")
    change(run.path / "scenario.yaml", f"scenario: {game}", "scenario: ./code")
    with pytest.raises(InputError, match=r"'./code' is relative, in a run's directory, which bri"):
        run.config  # noqa: B018


def test_a_folder_called_by_its_bare_name_is_pointed_out(game, tmp_path):
    (tmp_path / "mine.yaml").write_text("scenario: public_goods\n")
    told = refused(tmp_path / "mine.yaml")
    assert "no scenario is called 'public_goods'" in told
    assert told.endswith("; for the folder, write ./public_goods")


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("__init__.py", "SCENARIO =", "GAME =", r"__init__.py has no SCENARIO: write SCENARIO = "),
        ("protocol.py", "(Protocol)", "", r"one subclass of Protocol, found: none"),
        ("protocol.py", "rounds: int", "rounds: itn", r"protocol.py:9: NameError: name 'itn'"),
        ("minds.py", "class FreeRider(", "class FreeRider[", r"minds.py:22: SyntaxError"),
        ("minds.py", "class Free", 'class Free(Mind):\n    called = "free_rider"\n\n\nclass Free',
         r"Free and FreeRider are both called scripted/free_rider"),
        ("protocol.py", "from societies", "import records\nfrom societies",
         r"protocol.py:3: ModuleNotFoundError: .*relative: `from .records import"),
        ("protocol.py", "from societies", "import public_goods.records\nfrom societies",
         r"relative: `from .module import"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_told_with_its_line(game, file, old, new, expected):
    change(game / file, old, new)
    with pytest.raises(InputError, match=expected):
        load(game / "demo.yaml")


def test_a_missing_file_is_told(game):
    (game / "society.py").unlink()
    with pytest.raises(InputError, match=r"public_goods: there is no society.py, which holds"):
        load(game / "demo.yaml")
    (game / "__init__.py").unlink()
    with pytest.raises(InputError, match=r"public_goods is no scenario: there is no __init__.py"):
        load(game / "demo.yaml")


def test_a_folder_that_was_mended_is_imported_anew(game):
    change(game / "minds.py", "kindness * seen", "kindness * (seen")
    with pytest.raises(InputError, match="SyntaxError"):
        load(game / "demo.yaml")
    change(game / "minds.py", "kindness * (seen", "kindness * seen")
    load(game / "demo.yaml")


def test_a_game_without_measures_minds_and_parameters_is_a_scenario_too(game, tmp_path):
    for file in ("measures.py", "figures.py", "minds.py", "protocol.py"):
        (game / file).unlink()
    scenario = registry.find(str(game))
    assert (scenario.minds, scenario.part("summary"), scenario.part("plots")) == ({}, None, None)
