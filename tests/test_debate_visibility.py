"""Debate: who is shown what, and whom a thread keeps apart."""

import json
from collections import Counter

import pytest

from societies.agents.models.scripted import Mind
from societies.scenarios.debate import SCENARIO
from societies.scenarios.debate.minds import form
from tests.debate_runs import play, prompts, settings


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
    monkeypatch.setitem(SCENARIO.minds, "signed", Signed)

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
        for _, _, messages in prompts(run, row["scope"].split("/")[0]):
            assert hidden is None or all(hidden not in text for _, text in messages)
