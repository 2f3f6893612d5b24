"""Transcripts: headings, forms, reasons, and what is told of one agent or one scope."""

import io
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

import societies
from societies.cli.main import app
from societies.cli.show import wrapped
from societies.errors import InputError
from societies.kit import ActionRecord, Record
from societies.runs.headings import Headings
from societies.runs.run import Run
from societies.runs.transcript import transcript
from tests.conftest import SMALL


def lines(run: Run, **options) -> list[str]:
    return "\n".join(transcript(run, **options)).splitlines()


def headings(told: list[str]) -> list[str]:
    return [line for line in told if line.startswith(("==", "--"))]


@pytest.fixture(scope="module")
def game(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Play a small donor game whose agents are asked about themselves before it."""
    probe = {"instrument": "mini_markers", "items": ["shy", "bold"], "before": True, "repeats": 2}
    out = tmp_path_factory.mktemp("game")
    return societies.run("donor_game/demo", out=out, sets={**SMALL, "probes": [probe]})


# -- headings -----------------------------------------------------------------------------------


def test_headings_are_generations_games_and_rounds_in_words(game):
    told = headings(lines(game))
    assert told[:2] == [
        "== the population",
        "== probe, mini_markers, before [probe/mini_markers/before]",
    ]
    first = told.index("== generation 1 [g1]")
    assert told[first + 1 : first + 3] == [
        "-- strategies [g1/strategy]",
        "-- game 1, round 1 [g1/game1/r01]",
    ]
    assert "-- game 2, round 4 [g1/game2/r04]" in told
    assert "-- selection [g2/selection]" in told
    assert told.count("== generation 2 [g2]") >= 1


WORDS = {"g": "generation", "r": "round", "final": "the final"}


@pytest.mark.parametrize(
    ("scopes", "told"),
    [
        (["", "g1/ann", "g1/bob"], ["== the population", "== generation 1 [g1]"]),
        (["g1/r01/ann>bob"], ["== generation 1 [g1]", "-- round 1 [g1/r01]"]),
        (
            ["g1/r01", "g1/r02"],
            ["== generation 1 [g1]", "-- round 1 [g1/r01]", "-- round 2 [g1/r02]"],
        ),
        (["g1/r01", "g1"], ["== generation 1 [g1]", "-- round 1 [g1/r01]", "== generation 1 [g1]"]),
        (["final/ann"], ["== the final [final]"]),
        (["x7/ann>nobody"], ["== x7", "-- ann>nobody [x7/ann>nobody]"]),
        (["ann/r1"], ["== ann", "-- round 1 [ann/r1]"]),
        (["probe/mood/step 00012/ann/1"], ["== probe, mood, step 12 [probe/mood/step 00012]"]),
    ],
)
def test_scopes_become_headings(scopes, told):
    above = Headings(WORDS, {"ann", "bob"})
    found = []
    for scope in scopes:
        scene, is_form = above.scene({"scope": scope, "cell": None})
        assert not is_form
        found += [line.strip("\n") for line in above.above(scene)]
    assert found == told


def test_every_shipped_scenario_has_its_words(tmp_path):
    run = societies.run("negotiation/tournament", out=tmp_path, sets={"protocol.games": 1})
    told = headings(lines(run))
    assert told[1:3] == [
        "== greedy against boulware",
        "-- game 1 [greedy against boulware/game0001]",
    ]


# -- forms --------------------------------------------------------------------------------------


def test_a_probe_is_a_form_per_agent(game):
    told = lines(game, scope="probe")
    responses = game.table("responses").sort("seq").collect()
    ann = responses["agent"][0]
    given = responses.filter(responses["agent"] == ann)
    bold, shy = (given.filter(given["item"] == item)["value"].to_list() for item in ("bold", "shy"))
    assert told[2].startswith("  mini_markers, 1 to 9: ")
    assert told[3] == "  answers stand in this order: time 1; time 2"
    form = told.index(f"  {ann}")
    assert told[form : form + 2] == [f"  {ann}", f"    {_cell('bold', bold)}   {_cell('shy', shy)}"]
    assert len(told) == form + 2 * responses["agent"].n_unique()


def _cell(item: str, values: list[int]) -> str:
    return f"{item:4} {' '.join(map(str, values))}"


def test_an_interview_is_a_form_per_agent_and_not_a_line_per_cell(tmp_path):
    run = societies.run("interview/demo", out=tmp_path, sets={"population.size": 5})
    told = lines(run)
    answers = run.table("responses").collect().height
    assert answers == 5 * 40 * 4
    forms = told[told.index("== 1-mini_markers") :]
    assert [line for line in forms if not line.startswith("    ")][2] == (
        "  answers stand in this order: forward, time 1; reversed, time 1; "
        "forward, time 2; reversed, time 2"
    )
    values = " ".join(line for line in forms if line.startswith("    ")).split()
    assert sum(value.isdecimal() or value in ("x", "?") for value in values) == answers
    assert len(told) < answers / 8


def test_signs_stand_for_what_is_no_clean_number(tmp_path):
    design = {"instrument": "mini_markers", "items": ["shy", "bold"], "attempts": 2}
    model = {
        "name": "scripted/steady",
        "options": {"malformed": 0.5, "respondent": {"refusal": 0.3}},
    }
    data = {
        "scenario": "interview",
        "seed": 1,
        "model": model,
        "population": {"size": 12},
        "protocol": {"questionnaires": [design]},
    }
    run = societies.run(data, out=tmp_path)
    rows = run.table("responses").collect()
    told = "\n".join(lines(run, scope="1-mini_markers"))
    assert told.count("*") - 1 == (rows["outcome"] == "repaired").sum() > 0
    assert "x refuses to answer" in told
    assert "* repaired" in told


# -- reasons, agents, scopes ----------------------------------------------------------------------


def test_reasons_are_told_on_request(game):
    donation = game.table("donations").sort("seq").collect().row(0, named=True)
    plain, told = lines(game), lines(game, reasons=True)
    assert not [line for line in plain if "because: " in line]
    place = next(n for n, line in enumerate(told) if " gives " in line)
    assert told[place + 1] == f"      because: {donation['justification']}"
    assert [line for line in told if "because: " not in line] == plain


def test_one_agent_is_told_with_what_was_done_to_it(game):
    told = [line for line in lines(game, agent="1_2") if line.startswith("  ")]
    donations = game.table("donations").collect()
    own = (donations["agent"] == "1_2").sum() + (donations["recipient"] == "1_2").sum()
    assert sum(" gives " in line for line in told) == own
    assert all("1_2" in line for line in told if " gives " in line or " joins " in line)
    assert "  1_1" not in told, "the forms of others are not its own"


def test_a_scope_is_told_with_what_is_below_it(game):
    told = lines(game, scope="g1/game2/")
    assert headings(told)[0] == "== generation 1 [g1]"
    assert all("[g1/game2/" in line for line in headings(told)[1:])
    assert lines(game, scope="g1") != lines(game, scope="g1/game1")
    whole = [line for line in lines(game) if " gives " in line]
    assert [line for line in lines(game, scope="g2") if " gives " in line] == whole[
        len(whole) // 2 :
    ]


def test_who_or_what_is_not_there_is_told_with_the_nearest(game):
    with pytest.raises(InputError, match=r"has no agent '1_22'; did you mean '1_2'"):
        lines(game, agent="1_22")
    with pytest.raises(InputError, match=r"nothing of scope 'g1/gane2'; nearest: g1/game2"):
        lines(game, scope="g1/gane2")


def test_a_record_that_names_no_field_of_its_own_is_refused():
    with pytest.raises(TypeError, match=r"Gift.concerns names taker, which it has not"):
        type("Gift", (Record,), {"concerns": ("taker",), "__module__": __name__})
    assert ActionRecord.because == "reason"


# -- the command line -----------------------------------------------------------------------------


def show(*words: object):
    return CliRunner().invoke(app, ["show", *map(str, words)])


def test_the_command_line_filters_and_does_not_wrap_what_is_piped(game):
    told = show(game.path, "--transcript", "--agent", "1_2", "--scope", "g1", "--reasons")
    assert told.exit_code == 0
    assert told.stdout.splitlines() == lines(game, agent="1_2", scope="g1", reasons=True)
    assert max(map(len, show(game.path, "--transcript").stdout.splitlines())) > 100


@pytest.mark.parametrize("words", [["--reasons"], ["--agent", "1_1"], ["--scope", "g1"]])
def test_filters_belong_to_a_transcript(game, words):
    told = show(game.path, *words)
    assert told.exit_code == 2
    assert "--transcript" in told.output


def test_lines_are_wrapped_below_where_they_begin():
    out = Console(width=30, file=io.StringIO())
    assert wrapped("  short", out) == ["  short"]
    folded = wrapped("  ann [public]: a word and one more and another", out)
    assert folded == ["  ann [public]: a word and", "      one more and another"]
    assert all(len(line) <= 30 for line in wrapped("  " + "x" * 100, out))
    assert wrapped("      " + "漢" * 20, out) == ["      " + "漢" * 10, "          " + "漢" * 10]


def test_transcripts_of_old_runs_are_told():
    places = sorted((Path(__file__).parent / "old_runs").rglob("run.json"))
    assert places
    for place in places:
        assert list(transcript(Run(place.parent), reasons=True))
