"""Societies of plain parameters, for Mesa's own tools; and what code a run was made by."""

import re
import subprocess
from pathlib import Path

import mesa
import pytest

import societies
from societies.cli.init import write_scenario
from societies.errors import InputError
from societies.execute.code import code_of
from societies.loading.load import load

PAGE = Path(__file__).parent.parent / "docs" / "stepping.md"
SHORT = {"protocol.generations": 1, "protocol.rounds": 2}


def test_the_page_on_stepping_runs() -> None:
    blocks = re.findall(
        r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert blocks
    exec("\n".join(blocks), {"__name__": "page"})  # noqa: S102 - our own page


def test_batch_run_gives_what_a_run_gives(tmp_path: Path) -> None:
    calls = {"calls": lambda model: model.calls.totals.calls}
    game = societies.model("donor_game/demo", model_reporters=calls)
    rows = mesa.batch_run(game, {"seed": [1, 2], **SHORT}, display_progress=False)
    runs = [societies.run("donor_game/demo", seed=n, sets=SHORT, out=tmp_path) for n in (1, 2)]
    assert [row["calls"] for row in rows] == [run.about["totals"]["calls"] for run in runs]


def test_a_parameter_is_checked_as_in_a_file() -> None:
    game = societies.model("donor_game/demo")
    with pytest.raises(InputError, match=r"parameter protocol\.round\b.*protocol\.rounds|rounds"):
        game(**{"protocol.round": 2})
    with pytest.raises(InputError, match="seed 1 and rng 2 are the same thing"):
        game(seed=1, rng=2)


def test_what_load_returns_makes_a_society() -> None:
    config, scenario = societies.load("donor_game/demo", SHORT)
    assert scenario.name == config.scenario == "donor_game"


def test_a_run_keeps_what_code_made_it(tmp_path: Path) -> None:
    run = societies.run("donor_game/demo", sets=SHORT, out=tmp_path)
    code = run.about["code"]
    assert code["scenario"]["package"] == "societies"
    assert code["scenario"]["version"] == run.about["versions"]["societies"]
    assert code["models"] == {}


def git(folder: Path, *words: str) -> None:
    own = ("-c", "user.name=x", "-c", "user.email=x")
    command = ["git", *own, *words]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def test_a_folder_has_its_commit_and_says_when_it_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_scenario("public_goods", None)
    given = load("./public_goods/demo.yaml")
    none = {"package": None, "version": None, "commit": None, "changed": None}
    assert code_of(*given)["scenario"] == none
    git(tmp_path, "init")
    assert code_of(*given)["scenario"] == none
    git(tmp_path, "add", "public_goods")
    git(tmp_path, "commit", "-m", "x")
    kept = code_of(*given)["scenario"]
    assert (len(kept["commit"]), kept["changed"]) == (40, False)
    (tmp_path / "public_goods" / "more.py").write_text("", encoding="utf-8")
    assert code_of(*given)["scenario"]["changed"] is True
