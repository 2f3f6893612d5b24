"""Inputs travel with the run: its directory alone shows, replays, resumes and forks, anywhere."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

import societies
from societies.agents.templates import prompts
from societies.errors import InputError, RunInterruptedError
from societies.runs.comparison import differences
from societies.runs.run import Run
from tests.conftest import SMALL, assert_same_record, record

TASK = "question,answer\nWhat is 1+1?,2\nWhat is 2+3?,5\n"
CONTEXTS = "1 4 4 1 1 2\n1 0 4 1 1 6\n2 1 1 2 2 3\n2 4 1 2 2 0\n"
PEOPLE = [{"text": f"You are number {number}.", "age": number} for number in range(8)]
FORM = """\
kind: rating
title: Two things about oneself
source: written for this test
licence: public domain
instruction: How true is this of you?
scale: [not at all, somewhat, very]
items:
  - {id: calm, text: I stay calm., trait: neuroticism, reversed: true}
  - {id: sure, text: I am sure of myself., trait: extraversion}
"""

FILES: dict[str, dict[str, Any]] = {
    "debate": {
        "scenario": "debate",
        "model": {"name": "scripted/solver"},
        "population": {"size": 2},
        "protocol": {"task": {"kind": "gsm", "file": "data/task.csv"}},
    },
    "negotiation": {
        "scenario": "negotiation",
        "model": {"name": "scripted/logroller"},
        "population": {"size": 1},
        "protocol": {"games": 3, "file": "data/contexts.txt"},
    },
    "interview": {
        "scenario": "interview",
        "model": {"name": "scripted/steady"},
        "population": {"size": 4, "file": "data/people.jsonl"},
        "instruments": {"mine": "data/form.yaml"},
        "prompts": {"system": "data/system.j2"},
        "protocol": {"questionnaires": [{"instrument": "mine"}, {"instrument": "mini_markers"}]},
    },
}


@pytest.fixture(params=sorted(FILES))
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Write a scenario file and what it names, in a folder where nobody stands."""
    data = tmp_path / "study" / "data"
    data.mkdir(parents=True)
    (data / "task.csv").write_text(TASK, encoding="utf-8")
    (data / "contexts.txt").write_text(CONTEXTS, encoding="utf-8")
    people = "\n".join(map(json.dumps, PEOPLE)) + "\n"
    (data / "people.jsonl").write_text(people, encoding="utf-8")
    (data / "form.yaml").write_text(FORM, encoding="utf-8")
    (data / "system.j2").write_text("Answer as {{ persona }}.", encoding="utf-8")
    path = data.parent / f"{request.param}.yaml"
    path.write_text(yaml.safe_dump(FILES[request.param]), encoding="utf-8")
    return path


@pytest.fixture
def reworded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function after which the templates that we ship are worded otherwise."""

    def reword() -> None:
        folder = shutil.copytree(prompts.OWN_FOLDER, tmp_path / "reworded")
        for template in folder.glob("*.j2"):
            template.write_text(f"Well. {template.read_text(encoding='utf-8')}", encoding="utf-8")
        (folder / "whole_form.j2").unlink()
        monkeypatch.setattr(prompts, "OWN_FOLDER", folder)

    return reword


def interrupted(file: Path, out: Path) -> Run:
    """Run a file up to its fourth call."""
    with pytest.raises(RunInterruptedError) as caught:
        societies.run(file, out=out, sets={"limits.max_calls": 4})
    return Run(caught.value.run)


def test_a_run_goes_on_elsewhere_when_all_that_it_was_made_of_is_gone(
    file: Path, tmp_path: Path, reworded: Any
) -> None:
    whole = societies.run(file, out=tmp_path / "runs")
    half = interrupted(file, tmp_path / "halves")
    away = tmp_path / "another machine"
    shutil.move(whole.path, away / "whole")
    shutil.move(half.path, away / "half")
    shutil.rmtree(file.parent)
    reworded()
    moved = societies.replay(away / "whole")
    resumed = societies.resume(away / "half", sets={"limits.max_calls": None})
    assert resumed.about["totals"]["journalled"] == 4
    assert_same_record(record(moved), record(resumed))


def test_a_fork_carries_the_inputs_of_its_parent(file: Path, tmp_path: Path, reworded: Any) -> None:
    parent = societies.run(file, out=tmp_path / "runs")
    shutil.rmtree(file.parent)
    reworded()
    scope = parent.table("calls").collect()["scope"][-1]
    fork = societies.fork(parent.path, scope, out=tmp_path / "forks")
    kept = sorted(path.name for path in (parent.path / "inputs").iterdir())
    shutil.rmtree(parent.path)
    assert sorted(path.name for path in (fork.path / "inputs").iterdir()) == kept
    assert societies.replay(fork.path).status == "finished"


def test_a_file_is_found_wherever_one_stands(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (tmp_path, file.parent):
        monkeypatch.chdir(place)
        assert societies.load(file)[0].scenario == file.stem
        named = societies.run(file, out="runs").path / "scenario.yaml"
        assert "study" not in named.read_text(encoding="utf-8")


def test_an_input_that_is_missing_or_changed_is_told_with_its_path(
    file: Path, tmp_path: Path
) -> None:
    run = societies.run(file, out=tmp_path / "runs")
    one_of_each = {kept.suffix: kept for kept in (run.path / "inputs").iterdir()}
    for kept in one_of_each.values():
        before = kept.read_bytes()
        kept.write_bytes(before + b" ")
        with pytest.raises(InputError, match=f"{kept.name} was changed"):
            _ = Run(run.path).config
        kept.unlink()
        with pytest.raises(InputError, match=f"scenario.yaml:.*{kept.name} is missing"):
            _ = Run(run.path).config
        kept.write_bytes(before)
    assert societies.replay(run.path).status == "finished"


def test_the_people_of_a_file_stand_in_no_scenario_yaml(run_small: Any, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    rows = "".join(f"{number},baker\n" for number in range(500))
    path.write_text(f"identity,trade\n{rows}", encoding="utf-8")
    run = run_small(**{"population.file": str(path), "population.repeat": True})
    text = (run.path / "scenario.yaml").read_text(encoding="utf-8")
    assert "baker" not in text
    assert len(run.config.population.file.lines) == 500


def test_what_is_set_again_is_kept_once(tmp_path: Path) -> None:
    with pytest.raises(RunInterruptedError) as caught:
        societies.run("donor_game/demo", out=tmp_path, sets={**SMALL, "limits.max_calls": 4})
    path = Path(caught.value.run)
    before = sorted((path / "inputs").iterdir())
    societies.resume(path, sets={"limits.max_calls": None})
    assert sorted((path / "inputs").iterdir()) == before


def test_runs_are_compared_by_what_their_inputs_hold(
    file: Path, tmp_path: Path, reworded: Any
) -> None:
    """Where runs lie makes no difference, and what we ship is listed where it has changed since."""
    one, other = (societies.run(file, out=tmp_path / "runs", seed=seed) for seed in (1, 2))
    assert differences([one, other])["key"].to_list() == ["seed"]
    reworded()
    again = societies.run(file, out=tmp_path / "runs", seed=1)
    apart = differences([one, again])
    assert {key.partition(".")[0] for key in apart["key"]} == {"prompts"}
    assert apart[:, 2].null_count() == apart.height
