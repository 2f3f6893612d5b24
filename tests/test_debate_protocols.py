"""Debate: who is asked what, how often, and what they are shown."""

import json
import time
from collections import Counter

import polars as pl
import pytest
from scipy.stats import binomtest

import societies
from societies.agents.models.scripted import Mind
from societies.errors import InputError
from societies.loading import load
from societies.runlog import logical
from societies.scenarios.debate.minds import MINDS, Judge, Solver, form
from societies.scenarios.debate.protocol import calls_per_question
from societies.scenarios.debate.tasks import Question
from societies.scenarios.debate.voting import vote

KINDS = {
    "symmetric": 3,
    "judged": 2,
    "single": 1,
    "chain_of_thought": 1,
    "self_consistency": 1,
    "self_reflection": 1,
    "majority": 3,
}
ARITHMETIC = Question("1", "arithmetic", "?", ("42",))


def settings(kind, *, size=None, count=6, solver=None, judge=None, task=None, **protocol):
    model = {"name": "scripted/solver", "options": solver or {}}
    if judge is not None:
        model["roles"] = {"judge": {"name": "scripted/judge", "options": judge}}
    return {
        "scenario": "debate",
        "name": "test",
        "seed": 5,
        "model": model,
        "population": {"size": size or KINDS[kind]},
        "protocol": {
            "kind": kind,
            "task": task or {"kind": "arithmetic", "count": count},
            **protocol,
        },
    }


def play(given, out):
    return societies.run(given, out=out)


def calls_by_question(run):
    calls = run.table("calls").collect()
    return dict(calls.group_by("scope").len().sort("scope").iter_rows())


def prompts(run, scope):
    """Return agent, prompt and the user's last message of every call of a question."""
    calls = run.table("calls").filter(pl.col("scope") == scope).collect()
    return [
        (row["agent"], row["prompt"], run.call(row["key"]).messages)
        for row in calls.iter_rows(named=True)
    ]


# -- call budgets ----------------------------------------------------


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
    assert run.scenario.calls(run.config) == 6 * expected
    assert calls_per_question(run.config.protocol, size) == expected


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
        assert set(results["winner"]) <= {"affirmative", "negative", "tie"}


def test_a_preference_without_an_answer_adopts_the_supported_sides_answer(tmp_path):
    judge = {"answers_from": None, "decisiveness": 1.0}
    run = play(settings("judged", judge=judge, stop_when="preference"), tmp_path)
    held = run.table("statements").select("scope", "agent", held="answer")
    results = run.table("results").join(
        held, left_on=["scope", "winner"], right_on=["scope", "agent"]
    )
    assert results.filter(pl.col("answer") != pl.col("held")).collect().is_empty()
    assert results.collect().height == 6


def test_fidelity_released_stops_on_an_answer_and_extracts_from_the_first_round():
    config, _ = load(settings("judged", fidelity="released"))
    assert (config.protocol.stop_when, config.protocol.extraction) == ("answer", "first_round")
    config, _ = load(settings("judged"))
    assert config.protocol.stop_when == "preference_and_answer"
    assert (config.protocol.rounds, config.protocol.extraction) == (3, "history")


# -- who sees what ---------------------------------------------------------------------------------


class Signed(Mind):
    """Signs every reply with who speaks and how often it has spoken in this conversation."""

    def reply(self, request, random):
        asked, turn = request.situation["question"], len(request.messages) // 2
        if request.prompt == "verdict":
            return json.dumps(
                {
                    "Whether there is a preference": "No",
                    "Supported Side": "",
                    "Reason": f"<judge:{turn}>",
                    "debate_answer": "",
                }
            )
        if request.prompt == "choose":
            return json.dumps({"Reason": "<chooser>", "debate_answer": "1"})
        return f"<{request.agent}:{turn}> {form(asked, str(turn))}"


@pytest.fixture
def signed(monkeypatch):
    monkeypatch.setitem(MINDS, "signed", Signed)

    def play_signed(out, kind, **options):
        given = settings(kind, count=2, **options)
        given["model"] = {"name": "scripted/signed"}
        return play(given, out)

    return play_signed


def signs(text):
    return [part.partition(">")[0] for part in text.split("<")[1:]]


@pytest.mark.parametrize("wording", ["short", "long"])
def test_debaters_see_the_others_last_answers_and_never_their_own_among_them(
    tmp_path, signed, wording
):
    run = signed(tmp_path, "symmetric", rounds=3, wording=wording)
    for agent, prompt, messages in prompts(run, "q0002"):
        roles = [role for role, _ in messages]
        shown = signs(messages[-1][1])
        turn = roles.count("assistant") + 1
        if prompt == "solve":
            assert (roles, shown) == (["user"], [])
            continue
        others = [f"debater {n}" for n in (1, 2, 3) if f"debater {n}" != agent]
        counted = Counter(sign.rpartition(":")[0] for sign in shown)
        assert counted == Counter(others)
        assert len({sign.rpartition(":")[2] for sign in shown}) == 1
        own = [signs(text)[0] for role, text in messages if role == "assistant"]
        assert len(own) == turn - 1
        assert all(sign.startswith(agent) for sign in own)


def test_rounds_are_synchronous_in_content(tmp_path, signed):
    run = signed(tmp_path, "symmetric", rounds=3)
    shown = {
        (agent, len(messages)): signs(messages[-1][1])
        for agent, prompt, messages in prompts(run, "q0001")
        if prompt == "revise"
    }
    assert shown["debater 1", 3] == ["debater 2:0", "debater 3:0"]
    assert shown["debater 3", 3] == ["debater 1:0", "debater 2:0"]
    assert shown["debater 3", 5] == ["debater 1:1", "debater 2:1"]


def test_a_summary_stands_for_the_others(tmp_path, signed):
    run = signed(tmp_path, "symmetric", summaries_from=3)
    asked = prompts(run, "q0001")
    summarised = [signs(messages[-1][1]) for _, prompt, messages in asked if prompt == "summarise"]
    assert summarised == [
        ["debater 2:0", "debater 3:0"],
        ["debater 1:0", "debater 3:0"],
        ["debater 1:0", "debater 2:0"],
    ]
    revised = [signs(messages[-1][1]) for _, prompt, messages in asked if prompt == "revise"]
    assert revised == [["summariser:0"]] * 3


def test_a_single_debater_is_asked_to_double_check(tmp_path, signed):
    run = signed(tmp_path, "symmetric", size=1)
    _, prompt, messages = prompts(run, "q0001")[-1]
    assert prompt == "revise"
    assert "Double-check" in messages[-1][1]
    assert signs(messages[-1][1]) == []


def test_a_question_can_be_repeated_verbatim(tmp_path, signed):
    run = signed(tmp_path, "symmetric", size=1, wording="verbatim", rounds=3)
    *_, (_, _, messages) = prompts(run, "q0001")
    asked = [text for role, text in messages if role == "user"]
    assert len(asked) == 3
    assert len(set(asked)) == 1


def test_the_sides_see_each_other_and_the_judge_each_round(tmp_path, signed):
    run = signed(tmp_path, "judged")
    seen = [
        (a, p, [s for r, t in m if r == "user" for s in signs(t)])
        for a, p, m in prompts(run, "q0001")
    ]
    assert seen == [
        ("affirmative", "affirm", []),
        ("negative", "oppose", ["affirmative:1"]),
        ("judge", "verdict", ["affirmative:1", "negative:1"]),
        ("affirmative", "respond", ["negative:1"]),
        ("negative", "respond", ["affirmative:1", "affirmative:2"]),
        ("judge", "verdict", ["affirmative:1", "negative:1", "affirmative:2", "negative:2"]),
        ("affirmative", "respond", ["negative:1", "negative:2"]),
        ("negative", "respond", [f"affirmative:{n}" for n in (1, 2, 3)]),
        (
            "judge",
            "verdict",
            [f"{side}:{n}" for n in (1, 2, 3) for side in ("affirmative", "negative")],
        ),
        (
            "judge",
            "candidates",
            [f"{side}:{n}" for n in (1, 2, 3) for side in ("affirmative", "negative")],
        ),
        (
            "judge",
            "choose",
            [f"{side}:{n}" for n in (1, 2, 3) for side in ("affirmative", "negative")],
        ),
    ]


def test_the_fresh_judge_has_seen_no_verdict_and_can_be_shown_the_first_round_alone(
    tmp_path, signed
):
    run = signed(tmp_path, "judged", extraction="first_round")
    *_, (_, prompt, messages), _ = prompts(run, "q0001")
    assert prompt == "candidates"
    assert [role for role, _ in messages] == ["system", "user"]
    assert signs(messages[-1][1]) == ["affirmative:1", "negative:1"]


def test_more_debaters_speak_in_a_fixed_order(tmp_path, signed):
    run = signed(tmp_path, "judged", size=4, rounds=2)
    asked = prompts(run, "q0001")
    order = [agent for agent, prompt, _ in asked if prompt not in {"candidates", "choose"}]
    assert order == ["affirmative", "negative", "debater 3", "debater 4", "judge"] * 2
    last = [signs(messages[-1][1]) for agent, _, messages in asked if agent == "debater 3"]
    assert last == [["affirmative:1", "negative:1"], ["debater 4:1", "affirmative:2", "negative:2"]]


def test_the_base_answer_seeds_the_affirmative_side_alone(tmp_path, signed):
    run = signed(tmp_path, "judged", base_answer=True)
    shown = {agent for agent, _, m in prompts(run, "q0001") if "base:0" in signs(m[-1][1])}
    assert shown == {"affirmative"}


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_tit_for_tat_is_one_sentence_of_the_debaters_system_text(tmp_path, signed, level):
    run = signed(tmp_path, "judged", tit_for_tat=level)
    words = ["full agreement", "mostly disagree", "need not fully agree", "every single point"]
    for agent, _, messages in prompts(run, "q0001"):
        found = [number for number, phrase in enumerate(words) if phrase in messages[0][1]]
        assert found == ([] if agent == "judge" else [level])


def test_independent_answers_are_independent(tmp_path, signed):
    for kind in ("self_consistency", "majority"):
        run = signed(tmp_path, kind, samples=3)
        for _, prompt, messages in prompts(run, "q0001"):
            assert prompt == "solve"
            assert [role for role, _ in messages] == ["user"]
            assert ("step by step" in messages[0][1]) == (kind == "self_consistency")


def test_any_seat_can_have_a_model_of_its_own(tmp_path):
    given = settings("judged", count=2, base_answer=True)
    given["model"]["roles"] = {
        role: {"name": "scripted/solver", "options": {"accuracy": accuracy}}
        for role, accuracy in (("affirmative", 1.0), ("negative", 0.0), ("base", 1.0))
    }
    run = play(given, tmp_path)
    right = run.table("statements").filter(round=1).collect()
    assert set(right.filter(agent="affirmative")["right"]) == {True}
    assert set(right.filter(agent="negative")["right"]) == {False}


def test_no_reference_reaches_a_prompt(tmp_path, signed):
    run = signed(tmp_path, "judged", task={"kind": "ciar", "count": 12})
    questions = run.table("questions").collect()
    for row in questions.iter_rows(named=True):
        hidden = next((a for a in row["accepted"] if a not in row["text"] and len(a) > 4), None)
        for _, _, messages in prompts(run, row["scope"]):
            assert hidden is None or all(hidden not in text for _, text in messages)


# -- voting ----------------------------------------------------------------------------------------


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
    ties = run.table("results").filter(decided_by="tie").select("scope", "answer")
    seats = run.table("statements").join(ties, on=["scope", "answer"]).collect()
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


def test_stubborn_agents_never_move(tmp_path):
    run = play(settings("symmetric", solver={"stubbornness": 1.0}, rounds=3), tmp_path)
    answers = run.table("statements").group_by("scope", "agent").agg(pl.col("answer").n_unique())
    assert set(answers.collect()["answer"]) == {1}


# -- unreadable answers ----------------------------------------------------------------------------


def test_unparsable_answers_count_as_wrong_and_are_reported_apart(tmp_path):
    run = play(settings("single", count=80, solver={"accuracy": 1.0, "malformed": 0.5}), tmp_path)
    results, answers = run.table("results").collect(), run.table("answers").collect()
    lost = results.filter(pl.col("answer").is_null())
    assert 20 < lost.height < 60
    assert set(lost["right"]) == {False}
    assert set(lost["decided_by"]) == {"nobody"}
    assert lost.height == results["unparsable"].sum() == (answers["outcome"] == "defaulted").sum()
    assert set(results.filter(pl.col("answer").is_not_null())["right"]) == {True}


def test_an_unreadable_reply_is_shown_to_the_others_as_it_is(tmp_path):
    run = play(settings("symmetric", count=40, solver={"malformed": 0.4}), tmp_path)
    lost = run.table("statements").filter(round=1).filter(pl.col("answer").is_null()).collect()
    said = run.table("messages").filter(channel="round 1").select("scope", "agent", "text")
    rows = lost.select("scope", "agent").join(said.collect(), on=["scope", "agent"])
    checked = 0
    for row in rows.iter_rows(named=True):
        if not row["text"]:
            continue
        for agent, prompt, messages in prompts(run, row["scope"]):
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


# -- determinism -----------------------------------------------------------------------------------


def tables(run):
    return {name: logical(run.table(name)).collect() for name in run.tables}


@pytest.mark.parametrize("kind", KINDS)
def test_the_record_is_the_same_whatever_the_concurrency(tmp_path, kind):
    records = []
    for in_flight in (1, 8, 64):
        solver = {"latency": 0.001, "latency_sigma": 1.0, "malformed": 0.1}
        given = settings(kind, count=8, solver=solver, ties="random")
        given["limits"] = {"in_flight": in_flight}
        records.append(tables(play(given, tmp_path / str(in_flight))))
    for name, frame in records[0].items():
        assert frame.equals(records[1][name])
        assert frame.equals(records[2][name])


@pytest.mark.parametrize("kind", KINDS)
def test_stepping_gives_the_same_record_as_running(kind):
    config, scenario = load(settings(kind, ties="random"))
    ran, stepped = scenario.load_society()(config), scenario.load_society()(config)
    ran.run()
    while stepped.running:
        stepped.step()
    for record in ran.records:
        first = logical(ran.log.table(record.table)).collect()
        assert first.equals(logical(stepped.log.table(record.table)).collect())
        assert first.height or record.table == "verdicts"


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_is_replayed_exactly(tmp_path, kind):
    run = play(settings(kind, solver={"malformed": 0.1}, summaries_from=3), tmp_path)
    assert societies.replay(run.path).status == "finished"


def test_the_same_few_agents_answer_all_questions(tmp_path):
    run = play(settings("judged", count=10), tmp_path)
    agents = run.table("agents").collect()
    assert agents["agent"].to_list() == ["affirmative", "negative", "judge"]
    assert agents["role"].to_list() == ["affirmative", "negative", "judge"]


@pytest.mark.parametrize("kind", ["symmetric", "judged"])
def test_a_thousand_debates_take_less_than_a_minute(tmp_path, kind):
    began = time.process_time()
    run = play(settings(kind, count=1000), tmp_path)
    assert time.process_time() - began < 60
    assert run.table("results").collect().height == 1000


# -- configuration ---------------------------------------------------------------------------------


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
    assert {"solver": Solver, "judge": Judge}.items() <= MINDS.items()
