"""Plans: how many calls a run makes, with those of probes and for personas."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import societies
from societies.cli.main import app
from societies.errors import InputError
from societies.execute.planning import Plan, plan
from societies.loading.load import load
from societies.runs.run import Run
from tests.conftest import SMALL

TRAITS = {"population.persona.big_five": {"openness": "random", "neuroticism": "random"}}
GRID = {
    "instrument": "mini_markers",
    "items": ["kind", "cold", "bold"],
    "option_orders": ["forward", "reversed"],
    "before": True,
    "after": True,
}
FORM = {"name": "form", "instrument": "mini_markers", "batch": "form", "every": 3, "first": 2}
COME_AND_GO = [{"at": "g1", "add": 2}, {"at": "g2", "remove": ["1_1", "1_3"]}]
OPEN = {"name": "mood", "ask": ["How are you?", "Why?"], "every": 2}


def planned(given: str, **sets: Any) -> Plan:
    """Return how many calls a run is foretold to make."""
    config, scenario = load(given, sets)
    return plan(config, scenario)


def made(run: Run) -> Plan:
    """Return how many times a run really asked."""
    scopes = run.table("answers").collect()["scope"].to_list()
    probes = sum(scope.startswith("probe/") for scope in scopes)
    personas = sum(scope.startswith("persona/") for scope in scopes)
    return Plan(len(scopes) - probes - personas, probes, personas)


@pytest.mark.parametrize(
    ("given", "sets"),
    [
        ("donor_game/demo", {**SMALL, **TRAITS}),
        ("donor_game/demo", {**SMALL, **TRAITS, "interventions": COME_AND_GO}),
        ("debate/demo", {**TRAITS, "protocol.task.count": 4, "population.size": 2}),
        (
            "interview/demo",
            {**TRAITS, "population.size": 3, "protocol.baseline": 2, "population.groups": []},
        ),
    ],
)
def test_calls_are_foretold(given: str, sets: dict[str, Any], tmp_path: Path) -> None:
    sets = {**sets, "probes": [GRID, FORM, OPEN], "population.written_as": "spectrum"}
    run = societies.run(given, out=tmp_path, sets=sets)
    assert planned(given, **sets) == made(run)
    assert made(run).total == run.about["totals"]["calls"] - repeated(run)


def repeated(run: Run) -> int:
    """Return how many calls were made because a reply could not be read."""
    return (
        int(run.table("answers").collect()["calls"].sum()) - run.table("answers").collect().height
    )


@pytest.mark.parametrize("size", [1, 2])
def test_probes_of_a_negotiation_are_foretold_beside_what_depends_on_the_run(
    size: int, tmp_path: Path
) -> None:
    sets = {
        "population.size": size,
        "population.persona": {"text": "You are patient."},
        "population.written_as": "prose",
        "protocol.games": 5,
        "probes": [GRID, OPEN],
    }
    run = societies.run("negotiation/cooperative", out=tmp_path, sets=sets)
    found = planned("negotiation/cooperative", **sets)
    assert found == Plan(None, made(run).probes, made(run).personas)
    assert found.total is None
    assert made(run).personas == size


def test_a_group_is_counted_as_long_as_everybody_stays(tmp_path: Path) -> None:
    probe = {**GRID, "of": {"groups": ["liar", "random"]}}
    sets = {"protocol.games": 4, "probes": [probe, {**OPEN, "of": {"groups": ["conceder"]}}]}
    run = societies.run("negotiation/demo", out=tmp_path, sets=sets)
    assert planned("negotiation/demo", **sets).probes == made(run).probes == 2 * 2 * 6 + 2 * 2
    assert planned("donor_game/demo", probes=[probe]).probes is None
    named = {**GRID, "of": {"names": ["1_1"]}}
    assert planned("donor_game/demo", probes=[named]).probes is None


def test_interventions_are_followed_where_they_can_be() -> None:
    def after(change: dict[str, Any]) -> Plan:
        change = {"at": "g2/game1", **change}
        return planned("donor_game/demo", **SMALL, **TRAITS, interventions=[change])

    assert after({"say": {"text": "Hark!"}}).total == 38
    assert after({"set": {"protocol.multiplier": 3}}).total == 38
    assert after({"set": {"protocol.rounds": 2}}).total is None


def said(*arguments: str) -> str:
    """Return what `societies validate` says."""
    done = CliRunner().invoke(app, ["validate", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


def test_validate_counts_probes_and_personas() -> None:
    assert said("donor_game/demo") == (
        "donor_game/demo is valid: donor_game, 12 agents, 1,506 model calls if every answer is "
        "readable"
    )
    assert said("donor_game/probed").endswith("2,880 by probes among them")
    assert said("donor_game/demo", "--set", "population.written_as=prose").endswith(
        "1,572 model calls if every answer is readable, 66 to write personas among them"
    )
    assert said("negotiation/demo", "--set", "population.persona={text: You wait.}").endswith(
        "5 agents, model calls in a number that depends on the run"
    )


def test_too_short_a_list_is_told_before_anything_is_asked() -> None:
    people = [{"text": f"You are number {number}."} for number in range(4)]
    sets = {**SMALL, "population.people": people}
    told = "6 people take part in this run, newcomers included, and 4 are listed"
    with pytest.raises(InputError, match=told):
        load("donor_game/demo", sets)
    load("donor_game/demo", {**sets, "population.repeat": True})


def test_people_of_a_file_are_counted_by_its_rows_whatever_their_texts_hold(tmp_path: Path) -> None:
    """A text may hold a line separator (U+2028), which ends no row."""
    rows = [{"text": f"You are{chr(0x2028)}number {number}."} for number in range(4)]
    file = tmp_path / "people.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    with pytest.raises(InputError, match="newcomers included, and 4 are listed"):
        load("donor_game/demo", {**SMALL, "population.file": {"path": str(file)}})
