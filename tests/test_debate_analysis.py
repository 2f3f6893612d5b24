"""Debate: measures against a run whose every answer is written down here."""

import json

import polars as pl
import pytest

import societies
from societies.agents.models.scripted import Mind
from societies.analysis.statistics import mean_interval, proportion
from societies.errors import InputError
from societies.runs.results import plot, summarise
from societies.scenarios.debate import SCENARIO
from societies.scenarios.debate import figures as debate_plots
from societies.scenarios.debate import measures as debate

PLAYED = {
    # question: answers of the three debaters, round by round; the right one is always 1
    "q0001": [("1", "1", "2"), ("1", "1", "1")],
    "q0002": [("1", "2", "2"), ("2", "2", "2")],
    "q0003": [("2", "3", "1"), ("2", "3", "")],
    "q0004": [("", "1", "2"), ("1", "1", "2")],
}
"""An empty text is a reply without an answer."""


class Played(Mind):
    """Says what is written above."""

    def reply(self, request, random):
        asked = request.situation["question"]
        seat = int(request.agent.rpartition(" ")[2]) - 1
        answer = PLAYED[f"q{int(asked.name):04}"][request.situation["round"] - 1][seat]
        return f"I say \\boxed{{{answer}}}" if answer else "I do not know"


@pytest.fixture
def played(tmp_path, monkeypatch):
    monkeypatch.setitem(SCENARIO.minds, "played", Played)
    tasks = tmp_path / "tasks.jsonl"
    rows = [{"question": f"Number {n}?", "answer": "1"} for n in range(1, 5)]
    tasks.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return societies.run(
        {
            "scenario": "debate",
            "name": "played",
            "model": {"name": "scripted/played"},
            "population": {"size": 3},
            "protocol": {"attempts": 1, "task": {"kind": "gsm", "file": str(tasks)}},
        },
        out=tmp_path,
    )


def shipped(tmp_path, name, **sets):
    return societies.run(f"debate/{name}", out=tmp_path, sets=sets)


def test_accuracy_counts_unanswered_questions_as_wrong(played):
    row = debate.accuracy(played).row(0, named=True)
    assert (row["questions"], row["scored"], row["right"]) == (4, 4, 2)
    assert row["accuracy"] == 0.5
    assert (row["low"], row["high"]) == pytest.approx(proportion(2, 4)[:2])
    assert (row["unanswered"], row["unparsable"]) == (0, 2)
    assert row["trapped"] is None


def test_accuracy_and_consensus_by_round(played):
    table = debate.accuracy_by_round(played)
    assert table["right"].to_list() == [5, 5]
    assert table["positions"].to_list() == [12, 12]
    means = [[2 / 3, 1 / 3, 1 / 3, 1 / 3], [1, 0, 0, 2 / 3]]  # of the positions on each question
    for row, questions in zip(table.iter_rows(named=True), means, strict=True):
        over_questions = mean_interval(questions, within=(0, 1))
        assert (row["low"], row["high"], row["note"]) == pytest.approx(tuple(over_questions))
    agreed = [[2 / 3, 2 / 3, 1 / 3, 1 / 2], [1, 1, 1 / 2, 2 / 3]]  # of the readable ones
    assert table["consensus"].to_list() == pytest.approx([sum(each) / 4 for each in agreed])
    ends = [mean_interval(each, within=(0, 1))[:2] for each in agreed]
    assert table.select("consensus_low", "consensus_high").rows() == [
        pytest.approx(e) for e in ends
    ]


def test_disagreement_between_adjacent_rounds(played):
    row = debate.disagreement(played).row(0, named=True)
    pairs, own, questions = [], [], []
    for question, (first, second) in PLAYED.items():
        for agent, now in enumerate(second):
            for other, was in enumerate(first):
                if now and was:
                    (own if agent == other else pairs).append(now != was)
                    questions += [question] if agent != other else []
    assert row["round"] == 2
    assert row["disagreement"] == pytest.approx(sum(pairs) / len(pairs))
    ends = mean_interval(list(map(float, pairs)), questions, within=(0, 1))[:2]
    assert (row["disagreement_low"], row["disagreement_high"]) == pytest.approx(ends)
    assert row["changed"] == pytest.approx(sum(own) / len(own))


def test_flips_as_a_table_and_as_confidence_and_critique(played):
    table = {row[:2]: row[2] for row in debate.transitions(played).drop("run").iter_rows()}
    assert table == {
        ("right", "right"): 3,
        ("right", "wrong"): 1,
        ("right", "unreadable"): 1,
        ("wrong", "right"): 1,
        ("wrong", "wrong"): 5,
        ("unreadable", "right"): 1,
    }
    row = debate.flips(played).row(0, named=True)
    assert (row["first"], row["last"]) == (5 / 12, 5 / 12)
    assert row["confidence"] == 3 / 5
    assert row["critique"] == 2 / 7
    identity = row["first"] * row["confidence"] + (1 - row["first"]) * row["critique"]
    assert row["last"] == pytest.approx(identity)
    expected = (5 / 12 - (5 / 12) ** 2) / (2 * 5 / 12 * 7 / 12)
    assert row["relative"] == pytest.approx(expected) == pytest.approx(0.5)


def test_relative_improvement_is_undefined_where_everything_was_right(tmp_path):
    run = shipped(
        tmp_path, "demo", **{"model.options": {"accuracy": 1.0}, "population.persona": {}}
    )
    row = debate.flips(run).row(0, named=True)
    assert (row["first"], row["relative"], row["critique"]) == (1.0, None, None)


def test_diversity_is_100_less_self_bleu_of_the_first_replies(played):
    table = debate.diversity(played)
    assert table.height == 4
    assert table["diversity"].is_between(0, 100).all()
    by_question = dict(table.select("question", "diversity").iter_rows())
    assert by_question["1"] < by_question["3"]


def test_costs_are_counted_per_right_answer(played):
    row = debate.costs(played).row(0, named=True)
    calls = played.table("calls").collect()
    tokens = calls["prompt_tokens"].sum() + calls["completion_tokens"].sum()
    assert (row["calls"], row["calls_per_question"]) == (24, 6)
    assert row["tokens_per_right"] == tokens / 2
    assert row["tokens_per_question"] == tokens / 4
    assert row["cost_per_right"] == 0


def test_sides_are_counted_before_each_judge(tmp_path):
    run = shipped(tmp_path, "judged")
    wins = debate.side_wins(run)
    assert set(wins["judge"]) == {"scripted/judge"}
    results = run.table("results").collect()
    for by in ("named", "holding"):
        part = wins.filter(pl.col("by") == by)
        counted = dict(part.select("side", "questions").iter_rows())
        assert counted == dict(results[f"side_{by}"].value_counts().iter_rows())
        assert sum(counted.values()) == 24


def test_translations_have_bleu_and_no_accuracy(tmp_path):
    run = shipped(tmp_path, "translation", **{"model.options": {"accuracy": 1.0}})
    row = debate.compare(run).row(0, named=True)
    assert (row["scored"], row["accuracy"], row["tokens_per_right"]) == (0, None, None)
    assert row["bleu"] == pytest.approx(100)
    assert (
        debate.accuracy_by_round(run)["accuracy"].null_count()
        == debate.accuracy_by_round(run).height
    )
    assert debate.flips(run).is_empty()
    worse = shipped(tmp_path, "translation", **{"model.options": {"accuracy": 0.0}})
    assert debate.corpus_bleu(worse)["bleu"].item() < 95
    assert "tok:13a" in debate.corpus_bleu(run)["signature"].item()


def test_trap_rate(tmp_path):
    wrong = {"model.options": {"accuracy": 0.0}, "protocol.tit_for_tat": 0}
    run = shipped(tmp_path, "ciar", **wrong)
    row = debate.accuracy(run).row(0, named=True)
    results = run.table("results").collect()
    assert row["trapped"] == results["trapped"].mean() == 1.0
    assert row["accuracy"] == 0.0


def test_protocols_stand_in_one_table(tmp_path):
    names = ["single", "chain_of_thought", "self_consistency", "majority", "demo"]
    runs = [shipped(tmp_path, name, **{"protocol.task.count": 30}) for name in names]
    table = debate.compare(runs)
    assert table["run"].to_list() == [run.name for run in runs]
    assert table["calls_per_question"].to_list() == [1, 1, 6, 6, 6]
    assert table["low"].is_between(0, 1).all()
    with pytest.raises(InputError, match="given twice"):
        debate.compare([runs[0], runs[0]])


def test_another_scenarios_run_is_refused(tmp_path):
    run = societies.run("donor_game/demo", out=tmp_path, sets={"protocol.generations": 1})
    with pytest.raises(InputError, match="not of debate"):
        debate.accuracy(run)


@pytest.mark.parametrize("name", ["judged", "translation", "single", "self_reflection"])
def test_every_kind_of_run_has_a_summary_and_plots(tmp_path, name):
    run = shipped(tmp_path, name, **({"protocol.task.count": 10}))
    summary = summarise(run)
    assert summary["value"].null_count() == 0
    assert "calls per question" in summary["measure"].to_list()
    files = plot(run, tmp_path / "plots")
    names = {file.stem for file in files}
    assert {"overview", "rounds", "costs"} <= names
    assert ("sides" in names) == (name in {"judged", "translation"})
    assert ("accuracy" in names) == (name != "translation")
    assert all(file.stat().st_size > 10_000 for file in files)


def test_runs_are_drawn_side_by_side(tmp_path):
    runs = [shipped(tmp_path, name) for name in ("single", "translation")]
    file = debate_plots.draw_comparison.save(runs, tmp_path)
    assert (file.name, file.stat().st_size > 10_000) == ("comparison.png", True)
    with pytest.raises(InputError, match="this is about one run, and 2 are given"):
        debate_plots.draw_rounds.save(runs, tmp_path)


def test_a_proportion_without_trials_has_no_interval():
    assert proportion(0, 0) == (None, None, "no trials")
    low, high, _ = proportion(8, 10)
    assert (low, high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
