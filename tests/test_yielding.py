"""Yielding: who changes its answer in a debate, and towards whom; all counted by hand below."""

import json

import polars as pl
import pytest

import societies
from societies.agents.models.scripted import Mind
from societies.analysis.statistics import mean_interval
from societies.runs.transcript import transcript
from societies.scenarios.debate import SCENARIO
from societies.scenarios.debate import measures as debate
from societies.scenarios.debate.exchange import Exchange
from societies.scenarios.debate.records import Posed, Statement

EQUALS = {
    # question: what the three debaters hold, round by round; 1 is right
    "q0001": [("1", "1", "2"), ("1", "1", "1")],
    "q0002": [("1", "2", "2"), ("2", "2", "2")],
    "q0003": [("2", "3", "1"), ("2", "3", "")],
    "q0004": [("", "1", "2"), ("1", "1", "7")],
}
"""An empty text is a reply without an answer."""

SIDES = {
    # the affirmative side speaks first, and the negative one hears it in the same round
    "q0001": [("1", "2"), ("2", "3"), ("5", "5")],
}


def play(tmp_path, monkeypatch, held, names, **protocol):
    """Run a debate of debaters who hold what is written above."""

    class Held(Mind):
        def reply(self, request, random):
            asked = request.situation["question"]
            held_now = held[f"q{int(asked.name):04}"][request.situation["round"] - 1]
            answer = held_now[names.index(request.agent)]
            return f"I say \\boxed{{{answer}}}" if answer else "I do not know"

    monkeypatch.setitem(SCENARIO.minds, "held", Held)
    tasks = tmp_path / "tasks.jsonl"
    rows = [{"question": f"Number {n + 1}?", "answer": "1"} for n in range(len(held))]
    tasks.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    judge = {"name": "scripted/judge", "options": {"decisiveness": 0.0}}
    return societies.run(
        {
            "scenario": "debate",
            "name": "held",
            "model": {"name": "scripted/held", "roles": {"judge": judge}},
            "population": {"size": len(names)},
            "protocol": {"attempts": 1, "task": {"kind": "gsm", "file": str(tasks)}, **protocol},
        },
        out=tmp_path,
    )


@pytest.fixture
def equals(tmp_path, monkeypatch):
    return play(tmp_path, monkeypatch, EQUALS, ["debater 1", "debater 2", "debater 3"])


@pytest.fixture
def sides(tmp_path, monkeypatch):
    names = ["affirmative", "negative"]
    return play(tmp_path, monkeypatch, SIDES, names, kind="judged", rounds=3)


def test_yielding_per_agent(equals):
    columns = ("answers", "turns", "opposed", "changed", "yielded", "to_right", "to_wrong")
    table = debate.yielding(equals)
    assert dict(zip(table["agent"], table.select(columns).iter_rows(), strict=True)) == {
        "debater 1": (4, 3, 3, 1, 1, 0, 1),  # gave up the right answer to the second question
        "debater 2": (4, 4, 4, 0, 0, 0, 0),
        "debater 3": (4, 3, 3, 2, 1, 1, 0),  # its 7 in the fourth question is nobody's answer
    }
    assert table["yielding"].to_list() == [1 / 3, 0, 1 / 3]
    assert table["defaulted"].to_list() == [0, 0, 1 / 4]
    ends = mean_interval([0, 1, 0], within=(0, 1))
    assert table.select("low", "high").row(0) == pytest.approx(ends[:2])
    assert table["note"].to_list() == [None, "no two questions differ", None]


def test_towards_whom(equals):
    table = debate.yielding_towards(equals)
    assert table.drop("run", "yielding").rows() == [
        ("debater 1", "debater 2", 2, 1),
        ("debater 1", "debater 3", 3, 1),
        ("debater 2", "debater 1", 2, 0),
        ("debater 2", "debater 3", 3, 0),
        ("debater 3", "debater 1", 2, 1),
        ("debater 3", "debater 2", 2, 1),
    ]
    assert table["yielding"][0] == 1 / 2


def test_before_a_judge_the_second_side_has_heard_the_first_in_its_round(sides):
    table = debate.changes(sides).select("agent", "round", "changed", "opposed_by", "yielded_to")
    assert table.rows() == [
        ("affirmative", 2, True, ["negative"], ["negative"]),
        ("negative", 2, True, [], []),  # what it held was what it heard
        ("affirmative", 3, True, ["negative"], []),  # a new answer of its own
        ("negative", 3, True, ["affirmative"], ["affirmative"]),
    ]
    assert debate.yielding(sides)["yielding"].to_list() == [1 / 2, 1.0]


def test_changes_are_those_of_the_measure_of_disagreement(equals):
    moved = debate.changes(equals).drop_nulls("changed")
    assert moved["changed"].mean() == debate.disagreement(equals)["changed"].item()


def test_answers_are_the_same_by_the_rules_of_the_task():
    posed = Posed(question="q1", kind="math", text="Half?", accepted=["0.5"], traps=[])
    exchange = Exchange(posed, in_turns=False)
    taken = {"question": "q1", "sample": 1, "right": True, "trapped": None, "satisfied": None}
    for number, (one, other) in enumerate([("\\frac{1}{2}", "0.7"), ("0.5", "0.50")], start=1):
        rest = {**taken, "round": number, "outcome": "clean"}
        first = exchange.take("ann", Statement(**rest, answer=one))
        second = exchange.take("bob", Statement(**rest, answer=other))
    assert (first.changed, first.opposed, first.yielded_to) == (False, ("bob",), ())
    assert (second.changed, second.opposed, second.yielded_to) == (True, ("ann",), ("ann",))


def test_one_round_has_no_turn_and_a_task_without_right_answers_no_direction(tmp_path):
    single = societies.run("debate/single", out=tmp_path, sets={"protocol.task.count": 2})
    assert debate.yielding(single).is_empty()
    assert debate.yielding_towards(single).is_empty()
    translated = societies.run("debate/translation", out=tmp_path, sets={"protocol.task.count": 2})
    table = debate.yielding(translated)
    assert table["to_right"].null_count() == table.height > 0


def test_every_column_says_what_it_is(equals):
    for measured in (debate.changes, debate.yielding, debate.yielding_towards):
        undeclared = set(measured(equals).columns) - set(measured.columns)
        assert undeclared <= {"question", "agent", "sample", "round", "outcome"}


def test_the_transcript_marks_what_is_right_and_changes_of_mind(equals, sides):
    told = "\n".join(transcript(equals)).splitlines()
    first, second = (told.index(f"== question {n} [q000{n}]") for n in (1, 2))
    assert told[first + 1 : first + 3] == ["  Number 1?", "      right: '1'"]
    changes = [line for line in told[first:second] if " changes " in line]
    assert changes == [
        "  debater 3 changes from '2' (wrong) to '1' (right), which debater 1 and debater 2 held"
    ]
    assert "  debater 3 changes from '2' (wrong) to '7' (wrong)" in told
    judged = "\n".join(transcript(sides)).splitlines()
    assert "  affirmative changes from '2' (wrong) to '5' (wrong)" in judged
    assert "  negative changes from '3' (wrong) to '5' (wrong), which affirmative held" in judged
    assert "      reason: neither side convinces yet" in judged


def test_a_transcript_of_one_agent_still_knows_what_the_others_held(equals):
    told = list(transcript(equals, agent="debater 1", scope="q0002"))
    assert (
        "  debater 1 changes from '1' (right) to '2' (wrong), which debater 2 and debater 3 held"
        in told
    )
    assert not [line for line in told if line.startswith("  debater 2 holds")]


def test_answers_that_were_not_clean_are_marked(tmp_path):
    sets = {"protocol.task.count": 3, "model.options.malformed": 0.5}
    run = societies.run("debate/symmetric", out=tmp_path, sets=sets)
    outcomes = run.table("statements").select(pl.col("outcome")).collect()["outcome"]
    told = "\n".join(transcript(run))
    assert (outcomes == "repaired").sum() > 0
    for outcome in ("lenient", "repaired"):
        assert told.count(f"[{outcome}]") == (outcomes == outcome).sum()
