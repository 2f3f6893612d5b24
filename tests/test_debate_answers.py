"""Debate: how replies are read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from societies.agents.answers.answer import AnswerError
from societies.scenarios.debate.answers import (
    PREFERENCE,
    REASON,
    SIDE,
    FinalChoice,
    Position,
    Refinement,
    Verdict,
)
from societies.scenarios.debate.protocol import DebateProtocol
from societies.scenarios.debate.questions import Question, is_right
from societies.scenarios.debate.reading import read_answer


def question(kind, accepted=("42",), options=(), traps=()):
    return Question("1", kind, "?", tuple(accepted), tuple(traps), tuple(options))


GSM = question("gsm")
CHOICE = question("choice", ["B"], ["x", "y", "z"])
SITUATION = {"question": GSM, "sides": ["affirmative", "negative"], "protocol": DebateProtocol()}


@pytest.mark.parametrize(
    ("reply", "kind", "answer", "clean"),
    [
        ("so 6*7=42.\n\\boxed{42}", "gsm", "42", True),
        ("first \\boxed{41}, no: \\boxed{1,200}", "gsm", "1200", True),
        ("that makes \\boxed{\\$12.50}", "gsm", "12.5", True),
        ("it is \\boxed{x = 42}", "gsm", "42", False),
        ("it is \\boxed{\\frac{1}{2}}", "gsm", "0.5", False),
        ("Result: 1,234.", "arithmetic", "1234", False),
        ("so \\boxed{\\frac{\\sqrt{3}}{2}} as shown", "math", "\\frac{\\sqrt{3}}{2}", True),
        ("\\fbox{[-4,4]}", "math", "[-4,4]", True),
        ("not (A), but (b)", "choice", "B", False),
        ("The answer is C", "choice", "C", False),
        ("Thoughts.\nTranslation: Guten Tag", "translation", "Guten Tag", True),
        ("**Translation:** Guten Tag", "translation", "Guten Tag", False),
        ("\\boxed{5 cents}", "ciar", "5 cents", True),
        ("Answer: 5 cents\nbecause ...", "ciar", "5 cents", False),
    ],
)
def test_answers_are_read_in_the_form_of_their_kind(reply, kind, answer, clean):
    asked = CHOICE if kind == "choice" else question(kind)
    assert read_answer(reply, asked) == (answer, clean)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("I do not know", "gsm"),
        ("\\boxed{12 \\text{ or } 13}", "gsm"),
        ("\\boxed{x+1}", "arithmetic"),
        ("\\boxed{42", "math"),
        ("the answer is 42", "math"),
        ("either (D) or (E)", "choice"),
        ("Translation:   ", "translation"),
        ("hm", "text"),
    ],
)
def test_what_holds_no_answer_is_refused(reply, kind):
    with pytest.raises(AnswerError):
        read_answer(reply, CHOICE if kind == "choice" else question(kind))


def test_released_reading_has_the_slips_of_the_code():
    assert read_answer("the result is 1,234", question("arithmetic"), "released")[0] == "1.234"
    assert read_answer("the result is 1,234", question("arithmetic"), "paper")[0] == "1234"
    assert read_answer("\\boxed{-7}", GSM, "released")[0] == "7"
    reference = question("gsm", ["1200.50"])
    assert is_right(reference, "50", "released")
    assert not is_right(reference, "50", "paper")
    assert is_right(GSM, None, "released") is True
    assert is_right(GSM, None, "paper") is False
    assert is_right(question("arithmetic"), None, "released") is None


@given(st.text(max_size=200))
def test_reading_never_fails_but_by_refusing(text):
    for kind in ("arithmetic", "gsm", "math", "ciar", "translation", "text"):
        for fidelity in ("paper", "released"):
            try:
                answer, _ = read_answer(text, question(kind), fidelity)
            except AnswerError:
                continue
            assert answer


def test_counterintuitive_answers_match_by_number_or_words():
    asked = question("ciar", ["15", "15 cents"], traps=["30"])
    for answer in ("15", "15 cents", "15 ct.", "15.0"):
        assert is_right(asked, answer)
    assert not is_right(asked, "30 cents")


def verdict_text(**changes):
    content = {PREFERENCE: "Yes", SIDE: "Negative", REASON: "it's sound", "debate_answer": "42"}
    return {**content, **changes}


VERDICTS = [
    json.dumps(verdict_text()),
    repr(verdict_text()),
    f"Here it is:\n```json\n{json.dumps(verdict_text())}\n```\nDone.",
    json.dumps(verdict_text(**{PREFERENCE: True})),
    repr(verdict_text(**{PREFERENCE: True})),
    json.dumps(verdict_text(**{SIDE: "negative side"})),
    json.dumps(verdict_text(debate_answer="The answer is \\boxed{42}.")),
    json.dumps(verdict_text(debate_answer=42)),
    json.dumps(verdict_text())[:-1] + ",}",
]


@pytest.mark.parametrize("text", VERDICTS)
def test_verdicts_are_read_with_goodwill(text):
    verdict = Verdict.read(text, SITUATION)
    assert (verdict.preference, verdict.side, verdict.answer) == (True, "negative", "42")
    assert verdict.reason == "it's sound"
    assert verdict.outcome == ("clean" if text.startswith('{"') and ",}" not in text else "lenient")


def test_null_counts_as_nothing():
    text = json.dumps(verdict_text(**{PREFERENCE: "No", SIDE: None, "debate_answer": None}))
    verdict = Verdict.read(text, SITUATION)
    assert (verdict.preference, verdict.side, verdict.answer) == (False, "", None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("I prefer the negative side; the answer is 42.", "no JSON object"),
        (json.dumps(verdict_text())[:70], "cut off"),
        (json.dumps({"debate_answer": "42"}), "'Whether there is a preference' is missing"),
        (json.dumps(verdict_text(**{PREFERENCE: "perhaps"})), "should be Yes or No"),
        (json.dumps(verdict_text(**{SIDE: "the jury"})), "affirmative, negative"),
        (json.dumps(verdict_text(**{SIDE: ""})), "names nobody"),
        (json.dumps(verdict_text(debate_answer="forty-two")), "is not one number"),
        (json.dumps(verdict_text(debate_answer="41 or 42")), "is not one number"),
        ("[1, 2]", "no JSON object"),
    ],
)
def test_unreadable_verdicts_are_refused_with_the_reason(text, problem):
    with pytest.raises(AnswerError, match=problem):
        Verdict.read(text, SITUATION)


@given(st.text(max_size=200) | st.text(max_size=60).map(lambda s: "{" + s + "}"))
def test_no_text_of_a_judge_does_harm(text):
    for answer in (Verdict, FinalChoice):
        try:
            answer.read(text, SITUATION)
        except AnswerError:
            continue


def test_no_verdict_is_evaluated_as_program_text(tmp_path):
    target = tmp_path / "made"
    text = f"{{'{PREFERENCE}': __import__('pathlib').Path({str(target)!r}).touch() or 'Yes'}}"
    with pytest.raises(AnswerError):
        Verdict.read(text, SITUATION)
    assert not target.exists()


def test_a_structured_verdict_means_the_same():
    verdict = Verdict(preference=True, side="Negative", answer="it is 42").within(SITUATION)
    assert (verdict.preference, verdict.side, verdict.answer) == (True, "negative", "42")
    with pytest.raises(AnswerError, match="names nobody"):
        Verdict(preference=True, answer="42").within(SITUATION)
    with pytest.raises(AnswerError, match="is empty"):
        FinalChoice(reason="none is right").within(SITUATION)


@pytest.mark.parametrize(
    ("preference", "answer", "ends"),
    [
        (True, "42", {"preference_and_answer", "answer", "preference"}),
        (False, "42", {"answer"}),
        (True, None, {"preference"}),
        (False, None, set()),
    ],
)
def test_stop_rules(preference, answer, ends):
    verdict = Verdict(preference=preference, side="negative", answer=answer)
    rules = ("preference_and_answer", "answer", "preference")
    assert {rule for rule in rules if verdict.ends_debate(rule)} == ends


def test_a_refinement_says_whether_the_agent_is_satisfied():
    refined = Refinement.read("Satisfied: no\nI slipped.\n\\boxed{43}", SITUATION)
    assert (refined.satisfied, refined.answer) == (False, "43")
    with pytest.raises(AnswerError, match="Satisfied"):
        Refinement.read("\\boxed{43}", SITUATION)


def test_a_position_keeps_how_it_was_read():
    assert Position.read("\\boxed{42}", SITUATION).outcome == "clean"
    assert Position.read("it is 42", SITUATION).outcome == "lenient"
