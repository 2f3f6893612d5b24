"""Debate: how many calls a protocol makes, when it stops, and what it decides."""

import re
from pathlib import Path

import polars as pl
import pytest
from scipy.stats import binomtest

from societies.errors import InputError
from societies.loading.load import load
from societies.scenarios.debate import SCENARIO, protocol
from societies.scenarios.debate import measures as debate
from societies.scenarios.debate.minds import Judge, Solver
from societies.scenarios.debate.questions import Question, vote
from tests.debate_runs import calls_by_question, play, prompts, settings

ARITHMETIC = Question("1", "arithmetic", "?", ("42",))


# -- call budgets ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "size", "options", "expected"),
    [
        ("symmetric", 3, {"rounds": 2}, 6),
        ("symmetric", 3, {"rounds": 2, "summaries_from": 3}, 9),
        ("symmetric", 3, {"rounds": 3}, 9),
        ("symmetric", 2, {"rounds": 3}, 6),
        ("symmetric", 5, {"rounds": 2}, 15),
        ("symmetric", 5, {"rounds": 2, "summaries_from": None}, 10),
        ("symmetric", 1, {"rounds": 2}, 2),
        ("single", 1, {}, 1),
        ("chain_of_thought", 1, {}, 1),
        ("self_consistency", 1, {}, 5),
        ("self_consistency", 1, {"samples": 6}, 6),
        ("majority", 3, {}, 3),
        ("majority", 3, {"samples": 2}, 6),
    ],
)
def test_calls_are_as_many_as_the_protocol_needs(tmp_path, kind, size, options, expected):
    given = settings(kind, size=size, **options)
    run = play(given, tmp_path)
    assert set(calls_by_question(run).values()) == {expected}
    assert run.about["totals"]["calls"] == 6 * expected


@pytest.mark.parametrize(
    ("task", "extra"), [({"kind": "arithmetic", "count": 5}, 0), ({"kind": "translation"}, 1)]
)
@pytest.mark.parametrize("decided_in", [1, 2, 3, None])
def test_a_judged_debate_takes_3_to_11_calls_and_a_translation_one_more(
    tmp_path, task, extra, decided_in
):
    judge = {"prefers_from": decided_in, "decisiveness": 1.0}
    run = play(settings("judged", judge=judge, task=task), tmp_path)
    expected = extra + (3 * decided_in if decided_in else 11)
    assert set(calls_by_question(run).values()) == {expected}
    verdicts = run.table("verdicts").collect()
    results = run.table("results").collect()
    extracted = set(verdicts.filter(mode="extractive")["scope"])
    assert extracted == (set() if decided_in else set(results["scope"]))
    turns = verdicts.filter(mode="discriminative").group_by("scope").len()["len"]
    assert set(turns) == {decided_in or 3}
    assert set(results["rounds"]) == {decided_in or 3}


@pytest.mark.parametrize(
    ("stop_when", "prefers_from", "answers_from", "rounds", "how"),
    [
        ("preference_and_answer", 1, 2, 2, "verdict"),
        ("preference_and_answer", 3, 1, 3, "verdict"),
        ("preference_and_answer", None, 1, 3, "extraction"),
        ("answer", None, 1, 1, "verdict"),
        ("answer", 1, 3, 3, "verdict"),
        ("answer", 1, None, 3, "extraction"),
        ("preference", 2, None, 2, "verdict"),
        ("preference", None, 1, 3, "extraction"),
    ],
)
def test_a_debate_stops_when_its_rule_says_so(
    tmp_path, stop_when, prefers_from, answers_from, rounds, how
):
    judge = {"prefers_from": prefers_from, "answers_from": answers_from, "decisiveness": 1.0}
    run = play(settings("judged", judge=judge, stop_when=stop_when), tmp_path)
    results = run.table("results").collect()
    assert set(results["rounds"]) == {rounds}
    assert set(results["decided_by"]) == {how}
    assert results["answer"].null_count() == 0
    if how == "verdict":
        assert set(results["side_named"]) <= {"affirmative", "negative", "none"}


def test_a_preference_without_an_answer_adopts_the_supported_sides_answer(tmp_path):
    judge = {"answers_from": None, "decisiveness": 1.0}
    run = play(settings("judged", judge=judge, stop_when="preference"), tmp_path)
    held = run.table("statements").select("scope", "agent", held="answer")
    results = run.table("results").join(
        held, left_on=["scope", "side_named"], right_on=["scope", "agent"]
    )
    assert results.filter(pl.col("answer") != pl.col("held")).collect().is_empty()
    assert results.collect().height == 6


def test_fidelity_released_stops_on_an_answer_and_extracts_from_the_first_round():
    config, _ = load(settings("judged", fidelity="released"))
    assert (config.protocol.stop_when, config.protocol.extraction) == ("answer", "first_round")
    config, _ = load(settings("judged"))
    assert config.protocol.stop_when == "preference_and_answer"
    assert (config.protocol.rounds, config.protocol.extraction) == (3, "history")


# -- voting ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "ties", "expected"),
    [
        (["1", "2", "2"], "first", ("2", "vote")),
        (["1", "2.0", "2"], "first", ("2.0", "vote")),
        (["2", "10", "3"], "first", ("2", "tie")),
        (["2", "10", "3"], "last", ("3", "tie")),
        (["2", "10", "3"], "undecided", (None, "tie")),
        ([None, None, "3"], "first", ("3", "vote")),
        ([None, None], "first", (None, "nobody")),
    ],
)
def test_votes_and_their_tie_rules(answers, ties, expected):
    assert vote(ARITHMETIC, answers, ties, None) == expected


def test_random_ties_fall_to_each_leader(tmp_path):
    run = play(settings("majority", count=60, ties="random", solver={"accuracy": 0.0}), tmp_path)
    ties = run.table("results").filter(decided_by="tie").select("question", "answer")
    seats = run.table("statements").join(ties, on=["question", "answer"]).collect()
    assert set(seats["agent"]) == {"debater 1", "debater 2", "debater 3"}


@pytest.mark.parametrize("accuracy", [0.4, 0.75])
def test_majority_of_independent_solvers_is_binomial(tmp_path, accuracy):
    solver = {"accuracy": accuracy, "errors": "shared"}
    run = play(settings("majority", size=5, count=600, solver=solver), tmp_path)
    right = run.table("results").collect()["right"].sum()
    expected = sum(
        binomial * accuracy**k * (1 - accuracy) ** (5 - k)
        for k, binomial in ((3, 10), (4, 5), (5, 1))
    )
    low, high = binomtest(int(right), 600).proportion_ci(0.99)
    assert low <= expected <= high
    single = run.table("statements").collect()["right"]
    low, high = binomtest(int(single.sum()), single.len()).proportion_ci(0.99)
    assert low <= accuracy <= high


def test_debate_moves_agents_towards_what_they_recognise(tmp_path):
    solver = {"accuracy": 0.5, "stubbornness": 0.0, "discernment": 1.0}
    run = play(settings("symmetric", count=100, solver=solver), tmp_path)
    statements = run.table("statements").group_by("round").agg(pl.col("right").mean()).collect()
    rates = dict(statements.iter_rows())
    assert rates[1] == pytest.approx(0.5, abs=0.15)
    assert rates[2] == pytest.approx(1 - 0.5**3, abs=0.1)


def test_personas_decide_who_solves_better_and_who_gives_way(tmp_path):
    def rates(**big_five):
        given = settings("symmetric", count=150, solver={"accuracy": 0.5, "stubbornness": 0.5})
        given["population"]["persona"] = {"big_five": big_five}
        run = play(given, tmp_path)
        first = run.table("statements").filter(round=1).collect()["right"].mean()
        return first, debate.disagreement(run)["changed"].item()

    careful, careless = rates(conscientiousness="very high"), rates(conscientiousness="very low")
    assert careful[0] > careless[0] + 0.1
    kind, blunt = rates(agreeableness="very high"), rates(agreeableness="very low")
    assert kind[1] > blunt[1] + 0.1


def test_stubborn_agents_never_move(tmp_path):
    run = play(settings("symmetric", solver={"stubbornness": 1.0}, rounds=3), tmp_path)
    answers = run.table("statements").group_by("question", "agent").agg(pl.col("answer").n_unique())
    assert set(answers.collect()["answer"]) == {1}


# -- unreadable answers ------------------------------------------------------------------------


def test_unparsable_answers_count_as_wrong_and_are_reported_apart(tmp_path):
    solver = {"accuracy": 1.0, "malformed": 0.5}
    run = play(settings("single", count=80, attempts=1, solver=solver), tmp_path)
    results, answers = run.table("results").collect(), run.table("answers").collect()
    lost = results.filter(pl.col("answer").is_null())
    assert 20 < lost.height < 60
    assert set(lost["right"]) == {False}
    assert set(lost["decided_by"]) == {"nobody"}
    assert lost.height == results["unparsable"].sum() == (answers["outcome"] == "defaulted").sum()
    assert set(results.filter(pl.col("answer").is_not_null())["right"]) == {True}


def test_an_unreadable_reply_is_shown_to_the_others_as_it_is(tmp_path):
    run = play(settings("symmetric", count=40, attempts=1, solver={"malformed": 0.4}), tmp_path)
    lost = run.table("statements").filter(round=1).filter(pl.col("answer").is_null()).collect()
    said = run.table("messages").filter(channel="round 1").select("scope", "agent", "text")
    rows = lost.select("scope", "agent").join(said.collect(), on=["scope", "agent"])
    checked = 0
    for row in rows.iter_rows(named=True):
        if not row["text"]:
            continue
        for agent, prompt, messages in prompts(run, row["scope"].split("/")[0]):
            if prompt == "revise" and agent != row["agent"]:
                assert row["text"] in messages[-1][1]
                checked += 1
    assert checked > 5


@pytest.mark.parametrize(
    ("style", "outcomes", "attempts"),
    [
        ("json", {"clean"}, 1),
        ("python", {"lenient"}, 1),
        ("fenced", {"lenient"}, 1),
        ("truncated", {"defaulted"}, 3),
        ("prose", {"defaulted"}, 3),
    ],
)
def test_bad_verdicts_are_read_with_goodwill_or_asked_again(tmp_path, style, outcomes, attempts):
    judge = {"style": style, "decisiveness": 1.0}
    run = play(settings("judged", count=4, judge=judge), tmp_path)
    verdicts = run.table("verdicts").collect()
    assert set(verdicts["outcome"]) == outcomes
    asked = run.table("answers").filter(pl.col("prompt") == "verdict").collect()
    assert set(asked["calls"]) == {attempts}
    results = run.table("results").collect()
    if style in {"truncated", "prose"}:
        assert set(results["decided_by"]) == {"nobody"}
        assert set(results["right"]) == {False}
        assert set(results["unparsable"]) == {4}


@pytest.mark.parametrize(
    ("given", "asked"),
    [({}, 3), ({"fidelity": "released"}, 1), ({"attempts": 5}, 5)],
)
def test_an_unreadable_answer_is_asked_again_and_then_counts_as_none(tmp_path, given, asked):
    run = play(settings("single", count=2, solver={"malformed": 1.0}, **given), tmp_path)
    assert set(calls_by_question(run).values()) == {asked}
    statements = run.table("statements").select("answer", "outcome").collect()
    assert statements.rows() == [(None, "defaulted"), (None, "defaulted")]


def test_an_answer_that_is_readable_when_asked_again_counts(tmp_path):
    run = play(settings("majority", count=20, solver={"malformed": 0.4}), tmp_path)
    outcomes = run.table("statements").collect()["outcome"].to_list()
    assert outcomes.count("repaired") > 10 > outcomes.count("defaulted")
    assert run.table("calls").collect().height > len(outcomes) == 60


# -- configuration -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (settings("single", size=3), "population.size: single is about 1 agent, found 3"),
        (settings("judged", size=1), "at least 2 debaters"),
        (settings("symmetric", wording="verbatim"), "protocol.wording: verbatim is for"),
        (settings("symmetric", samples=2), "protocol.samples: symmetric takes one answer"),
        (settings("symmetric", task={"kind": "gsm", "count": 99}), "has 24 questions, not 99"),
        (settings("symmetric", task={"kind": "gms"}), "protocol.task.kind"),
        (settings("judged", stop_when="always"), "protocol.stop_when"),
    ],
)
def test_what_cannot_be_run_is_refused_with_its_place(given, problem):
    with pytest.raises(InputError, match=problem):
        load(given)


def test_roles_are_checked():
    given = settings("judged")
    given["model"]["roles"] = {"jury": {"name": "scripted/judge"}}
    with pytest.raises(InputError, match=r"model\.roles\.jury.*judge"):
        load(given)


def test_every_shipped_file_is_valid():
    _, scenario = load(settings("single"))
    for file in scenario.files():
        config, _ = load(file)
        assert config.scenario == "debate"


def test_minds_are_shipped_by_name():
    assert {"solver": Solver, "judge": Judge}.items() <= SCENARIO.minds.items()


@pytest.mark.parametrize(("kind", "counts"), [("gsm", True), ("arithmetic", None)])
def test_in_released_fidelity_an_unreadable_position_is_in_no_flip(tmp_path, kind, counts):
    mute = {"malformed": 1.0}
    task = {"kind": kind, "count": 3}
    run = play(settings("symmetric", fidelity="released", task=task, solver=mute), tmp_path)
    assert run.table("statements").select("answer", "right").collect().null_count().row(0) == (
        18,
        18,
    )
    assert run.table("results").collect()["right"].to_list() == [counts] * 3
    assert debate.transitions(run).is_empty()


def test_the_released_prompt_asks_for_what_the_released_reader_reads(tmp_path):
    run = play(settings("symmetric", fidelity="released", count=10), tmp_path)
    answers = run.table("answers").collect()
    assert answers.height == 60
    assert set(answers["outcome"]) == {"clean"}


def test_no_form_line_holds_a_value():
    folder = Path(protocol.__file__).parent / "prompts"
    lines = [line for file in folder.glob("*.j2") for line in file.read_text().splitlines()]
    assert not [line for line in lines if re.search(r"boxed\{[^}]*[0-9]|such as", line)]


def test_a_solver_lets_its_judge_speak_where_a_judgement_is_asked_for(tmp_path):
    run = play(settings("judged", count=2, solver={"judge": {"style": "prose"}}), tmp_path)
    assert set(run.table("verdicts").collect()["outcome"]) == {"defaulted"}
    assert set(run.table("statements").collect()["outcome"]) == {"clean"}
