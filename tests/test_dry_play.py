"""Dry plays: how many calls a run makes, with those of probes and for personas."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import societies
from societies.cli.main import app
from societies.cli.progress import watch_with
from societies.errors import InputError
from societies.execute.estimate import estimate
from societies.execute.play import count_answers, play, play_longest
from societies.loading.load import load
from societies.runs.run import Run
from societies.testing import check_dry_play
from tests.conftest import SMALL
from tests.test_hosted_models import pytestmark  # noqa: F401 - LiteLLM's warnings

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


def run(given: str, out: Path, **sets: Any) -> Run:
    """Run a file with values set over it."""
    return societies.run(given, out=out, sets=sets)


def asked(run: Run, kind: str) -> int:
    """Return how many calls a run made of a kind of interaction: probes, or portraits."""
    return sum(
        scope.startswith(f"{kind}/") for scope in run.table("calls").collect()["scope"].to_list()
    )


@pytest.mark.parametrize(
    ("given", "sets"),
    [
        ("donor_game/demo", {**SMALL, **TRAITS}),
        ("donor_game/demo", {**SMALL, **TRAITS, "interventions": COME_AND_GO}),
        ("debate/demo", {**TRAITS, "protocol.task.count": 4, "population.size": 2}),
        ("debate/judged", {**TRAITS, "protocol.task.count": 4}),
        ("debate/self_reflection", {**TRAITS, "protocol.task.count": 4}),
        ("negotiation/cooperative", {"population.persona.text": "You wait.", "protocol.games": 5}),
        (
            "negotiation/demo",
            {"population.persona.text": "You wait.", "protocol.games": 4, "model.name": "random"},
        ),
        (
            "interview/demo",
            {**TRAITS, "population.size": 3, "protocol.baseline": 2, "population.groups": []},
        ),
    ],
)
def test_a_dry_play_makes_the_calls_of_the_run(
    given: str, sets: dict[str, Any], tmp_path: Path
) -> None:
    """Whatever decides how many there are: who joins, what is said, what cannot be read."""
    if "model.name" in sets:
        sets = {**sets, "model.name": "scripted/random", "model.options": {"malformed": 0.1}}
    style = "prose" if "population.persona.text" in sets else "spectrum"
    sets = {**sets, "probes": [GRID, FORM, OPEN], "population.written_as": style}
    done = run(given, tmp_path, **sets)
    assert play(done.config, done.scenario).calls == done.about["totals"]["calls"]
    assert asked(done, "probe") > 0 < asked(done, "persona")
    check_dry_play(done)


def test_probes_of_groups_and_names_are_counted_as_they_are_asked(tmp_path: Path) -> None:
    group = {**GRID, "of": {"groups": ["liar", "random"]}}
    sets = {"protocol.games": 4, "probes": [group, {**OPEN, "of": {"groups": ["conceder"]}}]}
    done = run("negotiation/demo", tmp_path, **sets)
    assert asked(done, "probe") == 2 * 2 * 6 + 2 * 2
    check_dry_play(done)
    named = {**GRID, "of": {"names": ["1_1"]}}
    check_dry_play(run("donor_game/demo", tmp_path, **SMALL, probes=[named]))


def test_what_is_set_on_the_way_is_played_as_it_is_set(tmp_path: Path) -> None:
    def after(change: dict[str, Any]) -> int:
        change = {"at": "g2/game1", **change}
        return play(*load("donor_game/demo", {**SMALL, **TRAITS, "interventions": [change]})).calls

    before = play(*load("donor_game/demo", {**SMALL, **TRAITS})).calls
    assert after({"say": {"text": "Hark!"}}) == before
    assert after({"set": {"protocol.multiplier": 3}}) == before
    assert after({"at": "g2", "set": {"protocol.rounds": 2}}) < before - 2 * 3


# -- at most -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "sets", "most", "mind"),
    [
        ("negotiation/hosted", {"protocol.games": 3}, 3 * (50 + 2), "talker"),
        (
            "debate/judged",
            {"protocol.task.count": 3, "protocol.rounds": 4},
            3 * (4 * 3 + 2),
            "solver",
        ),
        (
            "debate/self_reflection",
            {"protocol.task.count": 3, "protocol.rounds": 5},
            3 * 5,
            "solver",
        ),
    ],
)
def test_the_most_calls_are_those_of_the_mind_that_lasts_longest(
    given: str, sets: dict[str, Any], most: int, mind: str
) -> None:
    """A judged debate ends when its judge says so, a negotiation when its players agree."""
    hosted = {"model": {"name": "openai/gpt-4o-mini"}, "population.groups": [], **sets}
    config, scenario = load(given, hosted)
    found = estimate(config, scenario)
    low = sum(line.calls[0] for line in found.lines)
    assert low == play(config, scenario).calls < most
    assert sum(each.calls for each in play_longest(config, scenario)) == most
    assert most / 0.8 <= sum(line.calls[1] for line in found.lines) <= most / 0.8 + 3
    assert f"high: as many as in a play that scripted/{mind} makes as long" in found.assumptions[0]


# -- what is shown of it -------------------------------------------------------------------------


def test_the_answers_of_a_run_with_hosted_models_are_counted_in_bounded_time() -> None:
    hosted = {**SMALL, "model": {"name": "openai/gpt-4o-mini"}, "population.groups": []}
    assert count_answers(*load("donor_game/demo", hosted), seconds=60) == 38
    many = {**hosted, "protocol.generations": 40_000}
    assert count_answers(*load("donor_game/demo", many), seconds=0.05) is None
    refused = {**hosted, "prompts": {"donate": "{{ nobody }}"}}
    assert count_answers(*load("donor_game/demo", refused), seconds=60) is None


def test_progress_counts_what_is_worth_counting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = societies.run("donor_game/demo", out=tmp_path, sets=SMALL, watch=watch_with(quiet=False))
    assert ": 39 calls, " in capsys.readouterr().err
    societies.replay(done.path, watch=watch_with(quiet=False))
    assert ": 39/39 calls, " in capsys.readouterr().err


def said(*arguments: str) -> str:
    """Return what `societies validate` says."""
    done = CliRunner().invoke(app, ["validate", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


def test_validate_counts_nothing_and_says_what_does() -> None:
    assert said("donor_game/demo") == (
        "donor_game/demo is valid: donor_game, 12 agents (societies estimate counts its calls)"
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
