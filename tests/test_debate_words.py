"""Debate: each word means one thing, and each figure is of what it says it is of."""

import json
import shutil

import polars as pl
import pytest

import societies
from societies.agents.models.scripted import Mind
from societies.errors import InputError, RunInterruptedError
from societies.runs.results import plot, summarise
from societies.runs.transcript import transcript
from societies.scenarios.debate import SCENARIO
from societies.scenarios.debate import measures as debate
from societies.scenarios.debate.records import Result
from societies.testing import check_dry_play
from tests.debate_runs import play, settings

ROUNDS = {
    "1": [("1", "2"), "-"],
    "2": [("1", "2"), ("2", "2"), "-"],
    "3": [("1", "2"), ("1", "1"), ("2", "1")],
    "4": [("1/2", r"\frac{1}{2}"), "negative"],
}
"""By question: what the affirmative and the negative side say in each round; then the judge ends
the debate, and names a side or none (`-`); or a fresh judge chooses 1. The right answer is 1."""


class Sides(Mind):
    """Says what is written above."""

    def reply(self, request, random):
        asked = request.situation["question"]
        rounds = ROUNDS[asked.name]
        if request.prompt == "candidates":
            return "1"
        if request.prompt == "choose":
            return json.dumps({"Reason": "so", "debate_answer": "1"})
        number = request.situation["round"]
        if request.prompt == "verdict":
            ending = rounds[-1] if isinstance(rounds[-1], str) else ""
            over = bool(ending) and number == len(rounds) - 1
            named = over and ending != "-"
            return json.dumps(
                {
                    "Whether there is a preference": "Yes" if named else "No",
                    "Supported Side": ending.capitalize() if named else "",
                    "Reason": "so",
                    "debate_answer": ("1/2" if asked.name == "4" else "2") if over else "",
                }
            )
        seat = ["affirmative", "negative"].index(request.agent)
        return f"I say \\boxed{{{rounds[number - 1][seat]}}}"


@pytest.fixture
def judged(tmp_path, monkeypatch):
    monkeypatch.setitem(SCENARIO.minds, "sides", Sides)
    tasks = tmp_path / "tasks.jsonl"
    rows = [{"question": f"Number {n}?", "answer": "1"} for n in range(1, 5)]
    tasks.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return societies.run(
        {
            "scenario": "debate",
            "name": "sides",
            "model": {"name": "scripted/sides"},
            "population": {"size": 2},
            "protocol": {
                "kind": "judged",
                "stop_when": "answer",
                "task": {"kind": "math", "file": str(tasks)},
            },
        },
        out=tmp_path,
    )


def test_the_side_that_is_named_and_the_side_that_holds_the_answer_are_two_columns(judged):
    results = judged.table("results").collect()
    assert results.select("rounds", "side_named", "side_holding").rows() == [
        (1, "none", "negative"),
        (2, "none", "several"),
        (3, "none", "negative"),
        (1, "negative", "several"),
    ]


def test_what_ends_a_debate_says_which_side_wins(judged):
    wins = debate.side_wins(judged).filter("counts")
    assert set(wins["by"]) == {"holding"}
    assert dict(wins.select("side", "questions").iter_rows()) == {"negative": 2, "several": 2}
    told = summarise(judged)["measure"].to_list()
    assert "answer held by negative before scripted/sides" in told


def test_by_default_the_side_that_the_judge_names_wins(tmp_path):
    run = play(settings("judged", judge={"answers_from": 1, "decisiveness": 1.0}), tmp_path)
    wins = debate.side_wins(run).filter("counts")
    assert set(wins["by"]) == {"named"}
    assert set(wins["side"]) <= {"affirmative", "negative", "none"}


def test_a_debate_that_ended_keeps_its_positions(judged):
    table = debate.accuracy_by_round(judged)
    assert table.select("round", "questions", "live", "positions").rows() == [
        (1, 4, 4, 8),
        (2, 4, 2, 8),
        (3, 4, 1, 8),
    ]
    assert table["right"].to_list() == [3, 1 + 0 + 2, 1 + 0 + 1]


def test_agreement_and_changes_are_of_all_questions_in_every_round(judged):
    consensus = debate.accuracy_by_round(judged)["consensus"].to_list()
    assert consensus == pytest.approx(
        [(0.5 + 0.5 + 0.5 + 1) / 4, (0.5 + 3) / 4, (0.5 + 2 + 0.5) / 4]
    )
    changes = debate.disagreement(judged)
    assert changes.select("round", "questions", "live").rows() == [(2, 4, 2), (3, 4, 1)]
    assert changes["changed"].to_list() == pytest.approx([2 / 8, 1 / 8])


def test_flips_count_debates_that_ended_in_their_first_round(judged):
    assert debate.flips(judged)["agents"].item() == 8


def test_consensus_is_by_the_tasks_equality_everywhere(judged):
    """One half is one half, however it is written: in the vote, the record and every table."""
    results = judged.table("results").collect()
    assert results["consensus"].to_list() == [0.5, 1.0, 0.5, 1.0]
    last = debate.accuracy_by_round(judged)["consensus"].to_list()[-1]
    assert debate.compare(judged)["consensus"].item() == last == results["consensus"].mean()


@pytest.mark.parametrize("kind", ["symmetric", "majority", "judged", "self_consistency"])
def test_the_recorded_consensus_is_that_of_the_last_round(tmp_path, kind):
    run = play(settings(kind, task={"kind": "math", "count": 8}), tmp_path)
    recorded = run.table("results").collect()["consensus"].mean()
    assert debate.compare(run)["consensus"].item() == pytest.approx(recorded)


def test_a_question_costs_what_its_own_calls_do(tmp_path):
    given = settings("symmetric", count=4)
    plain = debate.costs(play(given, tmp_path)).row(0, named=True)
    asked = {
        **given,
        "probes": [{"ask": ["Who are you?"], "before": True, "after": True}],
        "population": {"size": 3, "persona": {"big_five": {"openness": "high"}}},
    }
    asked["population"]["written_as"] = "prose"
    run = play(asked, tmp_path)
    assert run.about["totals"]["calls"] > plain["calls"]
    row = debate.costs(run).row(0, named=True)
    assert (row["calls"], row["calls_per_question"]) == (plain["calls"], 6) == (24, 6)
    drawn = debate.tokens(run)
    assert set(drawn["prompt"]) == {"solve", "revise"}
    check_dry_play(run)


def test_lost_answers_can_be_left_out_of_the_figures(tmp_path):
    run = play(settings("single", count=20, solver={"malformed": 0.4}), tmp_path)
    both, left = (debate.accuracy(run, how).row(0, named=True) for how in ("include", "exclude"))
    lost = both["unanswered"]
    assert 0 < lost < 20
    assert (left["questions"], left["unanswered"]) == (20 - lost, 0)
    assert left["accuracy"] == both["right"] / (20 - lost)
    assert both["defaulted"] == left["defaulted"] == lost / 20
    rounds = [
        debate.accuracy_by_round(run, how).row(0, named=True) for how in ("include", "exclude")
    ]
    assert [row["positions"] for row in rounds] == [20, 20 - lost]
    assert [row["defaulted"] for row in rounds] == [lost / 20, lost / 20]


@pytest.mark.parametrize("calls", [40, 7, 1])
def test_a_debate_that_was_stopped_is_drawn_as_far_as_it_went(tmp_path, calls):
    given = {**settings("judged", count=12), "limits": {"max_calls": calls, "in_flight": 1}}
    with pytest.raises(RunInterruptedError) as stopped:
        play(given, tmp_path)
    run = societies.Run(stopped.value.run)
    if run.table("results").collect().is_empty():
        with pytest.raises(InputError, match=r"no question of .* is decided yet"):
            plot(run, tmp_path / "plots")
        assert debate.summary(run).is_empty()
    else:
        assert plot(run, tmp_path / "plots")
        assert debate.accuracy_by_round(run)["questions"].unique().len() == 1


def test_a_run_that_recorded_a_winner_can_still_be_read(judged, tmp_path):
    """As runs of earlier versions did: what they did not tell apart is null, and nobody wins."""
    folder = tmp_path / "old" / "1"
    for table in judged.tables:
        frame = judged.table(table).collect()
        if "label" in frame.columns:
            frame = frame.drop("label")
        if table == "results":
            frame = frame.drop("side_named", "side_holding").with_columns(winner=pl.lit("tie"))
        (folder / "log" / table).mkdir(parents=True)
        frame.write_parquet(folder / "log" / table / "000000.parquet")
    shutil.copytree(judged.path / "inputs", folder / "inputs")
    shutil.copy(judged.path / "scenario.yaml", folder)
    about = {key: fact for key, fact in judged.about.items() if key != "tables"}
    (folder / "run.json").write_text(json.dumps(about), encoding="utf-8")
    old = societies.Run(folder)
    assert "winner" not in Result.model_fields
    assert debate.results(old)["side_named"].null_count() == 4
    assert debate.side_wins(old).is_empty()
    assert debate.accuracy(old)["questions"].item() == 4
    assert debate.compare([old, judged]).height == 2
    told = [[line.split(", named")[0] for line in transcript(run)] for run in (old, judged)]
    assert told[0] == told[1]
