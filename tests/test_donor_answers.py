"""How donors' replies are read: the output grammar, and what hosted models make of it."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from societies.agents.answers.answer import AnswerError
from societies.scenarios.donor_game.answers import GiftAnswer, StrategyAnswer
from societies.scenarios.donor_game.protocol import DonorProtocol

PROTOCOLS = {
    "paper": DonorProtocol(),
    "released": DonorProtocol(fidelity="released"),
    "paper, punishing": DonorProtocol(costly_punishment=True),
    "released, punishing": DonorProtocol(fidelity="released", costly_punishment=True),
}
PAPER = {"protocol": PROTOCOLS["paper"]}
RELEASED = {"protocol": PROTOCOLS["released"]}


def read(text: str, variant: str = "paper", resources: float = 2000.0) -> GiftAnswer:
    situation: dict[str, Any] = {"protocol": PROTOCOLS[variant], "resources": resources}
    return GiftAnswer.read(text, situation)


# -- donations, fidelity paper -----------------------------------------------------------------


def test_a_reply_in_the_asked_form():
    answer = read("Justification: they were\nkind to others.\nAnswer: 7.25")
    assert (answer.action, answer.amount, answer.outcome) == ("donate", 7.25, "clean")
    assert answer.justification == "they were\nkind to others."


@pytest.mark.parametrize(
    ("after", "amount", "outcome"),
    [
        (" 5", 5, "clean"),
        ("5", 5, "clean"),
        ("\n\n5\n", 5, "clean"),
        (" 0", 0, "clean"),
        (" 5.", 5, "clean"),
        (" 5.0.", 5, "clean"),
        (" 007", 7, "clean"),
        (" 5 units", 5, "clean"),
        (" 5 units (half of what I own)", 5, "clean"),
        (" 5 (50%)", 5, "clean"),
        (" 5 to 3_4", 5, "clean"),
        (" 5 - a fair gift", 5, "clean"),
        (" 5, because 3_4 gave 80%", 5, "clean"),
        (" 5\n10 units remain mine", 5, "clean"),
        (" 5\n\nAnswer: 5.0", 5, "clean"),
        ("** 5", 5, "lenient"),
        (" **5**", 5, "lenient"),
        (" **5** units", 5, "lenient"),
        (" _5_", 5, "lenient"),
        (" `5`", 5, "lenient"),
        (" $5", 5, "lenient"),
        (" 1,200", 1200, "lenient"),
        (" 1,200.50", 1200.5, "lenient"),
        (" **1,200** units", 1200, "lenient"),
        (" 1,200, since 3_4 is kind", 1200, "lenient"),
        (" \u0665", 5, "clean"),  # Arabic-Indic five
        (" \uff15", 5, "clean"),  # full-width five
    ],
)
def test_what_is_read_as_a_donation(after, amount, outcome):
    answer = read(f"Justification: so be it.\nAnswer:{after}")
    assert (answer.action, answer.amount, answer.outcome) == ("donate", amount, outcome)


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        ("", "no line that starts with 'Answer:'"),
        ("5", "no line that starts with 'Answer:'"),
        ("answer: 5", "no line that starts with 'Answer:'"),
        ("Answer:", "not followed by a non-negative number"),
        ("Answer: the Answer: 5", "not followed by a non-negative number"),
        ("Answer: 5\n\nAnswer: 6", "several lines start with 'Answer:'"),
        ("Answer: half", "not followed by a non-negative number"),
        ("Answer: nan", "not followed by a non-negative number"),
        ("Answer: inf", "not followed by a non-negative number"),
        ("Answer: -5", "not followed by a non-negative number"),
        ("Answer: \u22125", "not followed by a non-negative number"),
        ("Answer: .5", "not followed by a non-negative number"),
        ("Answer: about 5", "not followed by a non-negative number"),
        ("Answer: \u00bd", "not followed by a non-negative number"),
        ("Answer: 50%", "not a percentage"),
        ("Answer: 50 %", "not a percentage"),
        ("Answer: **50**%", "not a percentage"),
        ("Answer: 50 percent", "not a plain number"),
        ("Answer: 50 per cent", "not a plain number"),
        ("Answer: 1e3", "not a plain number"),
        ("Answer: 5k", "not a plain number"),
        ("Answer: 5 thousand", "not a plain number"),
        ("Answer: 1.2.3", "not a plain number"),
        ("Answer: 1.200,50", "not a plain number"),
        ("Answer: 1,5", "not a plain number"),
        ("Answer: 0,500", "not a plain number"),
        ("Answer: 12,34", "not a plain number"),
        ("Answer: 1'200", "not a plain number"),
        ("Answer: 1 200", "not a plain number"),
        ("Answer: 1\u202f200", "not a plain number"),
        ("Answer: 5-10", "not a plain number"),
        ("Answer: 5 \u2013 10", "not a plain number"),
        ("Answer: 5 to 10", "not a plain number"),
        ("Answer: 5 or 6", "not a plain number"),
        ("Answer: 10 * 0.5 = 5", "not a plain number"),
        ("Answer: 1/2", "not a plain number"),
        ("Answer: 5\u00b2", "not a plain number"),
        ("Answer: 2000.01", "more than the 2000.00 units"),
        ("Answer: " + "9" * 400, "more than the 2000.00 units"),
    ],
)
def test_what_is_asked_again(reply, problem):
    with pytest.raises(AnswerError, match=problem):
        read(reply)


def test_resources_are_shown_rounded_and_may_be_given_as_shown():
    assert read("Answer: 3.34", resources=3.3367).amount == 3.3367
    with pytest.raises(AnswerError, match=r"3\.35 is more than the 3\.34 units"):
        read("Answer: 3.35", resources=3.3367)
    assert read("Answer: 0", resources=0.0).amount == 0


# -- donations, fidelity released --------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "amount"),
    [
        (" 5", 5),
        (" 50%", 50),  # pitfall 7: a percentage is read as units,
        (" 1,200", 1),  # and thousands are cut off
        (" 5e3", 5),
        (" 1.2.3", 1.2),
        (" 2000.01", 2000.01),  # beyond its means: an invalid action, not an unreadable reply
    ],
)
def test_released_takes_the_leading_digits(after, amount):
    answer = read(f"Answer:{after}", "released")
    assert (answer.action, answer.amount, answer.outcome) == ("donate", amount, "clean")


@pytest.mark.parametrize(
    "reply", ["5", "Answer: **5**", "Answer: -5", "Answer: half", "Answer: .5"]
)
def test_released_asks_again_without_leading_digits(reply):
    with pytest.raises(AnswerError):
        read(reply, "released")


# -- costly punishment -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "action", "amount", "outcome"),
    [
        (" donate 5", "donate", 5, "clean"),
        (" Punish, 2.5", "punish", 2.5, "clean"),
        (" PUNISH: 2,5", "punish", 2.5, "clean"),
        (" donate 0,500", "donate", 0.5, "clean"),
        (" donate 5 units to 3_4", "donate", 5, "clean"),
        (" donate 5 rather than punish", "donate", 5, "clean"),
        ("\nI will\ndonate 5", "donate", 5, "clean"),
        (" **donate** 5", "donate", 5, "lenient"),
        (" donate **5**", "donate", 5, "lenient"),
        (" I donate an amount of 5", "donate", 5, "lenient"),
    ],
)
def test_what_is_read_as_a_deed(after, action, amount, outcome):
    answer = read(f"Justification: so be it.\nAnswer:{after}", "paper, punishing")
    assert (answer.action, answer.amount, answer.outcome) == (action, amount, outcome)


@pytest.mark.parametrize(
    ("after", "problem"),
    [
        (" 5", "not followed by donate or punish"),
        (" donate", "not followed by donate or punish"),
        (" donate\n5", "not followed by donate or punish"),
        (" 5 donate", "not followed by donate or punish"),
        (" I do not punish but donate 5", "say only what you do"),
        (" donate or punish: donate 5", "say only what you do"),
        (" I won't punish, 5", "say only what you do"),
        (" punish nobody, give 5", "say only what you do"),
        (" donate -5", "-5 is not a non-negative number"),
        (" donate \u22125", "is not a non-negative number"),
        (" donate .5", "is not a non-negative number"),
        (" donate Agent7", "is not a non-negative number"),
        (" donate to 3_4: 5", "not a plain number"),
        (" donate 1,200", "can be read in two ways"),
        (" donate 1.200,50", "not a plain number"),
        (" punish 50%", "not a percentage"),
        (" punish 2000.01", "more than the 2000.00 units"),
    ],
)
def test_which_deeds_are_asked_again(after, problem):
    with pytest.raises(AnswerError, match=problem):
        read(f"Answer:{after}", "paper, punishing")


@pytest.mark.parametrize(
    ("after", "action", "amount"),
    [
        (" Donate, 2,5", "donate", 2.5),
        (" I donated -5", "donate", 5),
        (" I do not punish but donate 5", "punish", 5),
        (" punish 9999", "punish", 9999),
    ],
)
def test_released_takes_the_first_word_and_the_next_number(after, action, amount):
    answer = read(f"Answer:{after}", "released, punishing")
    assert (answer.action, answer.amount) == (action, amount)


# -- strategies --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "strategy", "rationale", "outcome"),
    [
        ("Hm.\nMy strategy will be to give.", "My strategy will be to give.", "Hm.", "clean"),
        ("My strategy will be A. My strategy will be B.", None, "", "clean"),
        ("my strategy will be A", "my strategy will be A", "", "lenient"),
    ],
)
def test_a_strategy_is_split_off_at_the_first_opening(reply, strategy, rationale, outcome):
    answer = StrategyAnswer.read(reply, PAPER)
    assert answer.strategy == (strategy or reply)
    assert (answer.rationale, answer.outcome) == (rationale, outcome)


def test_released_takes_a_reply_without_the_opening_whole():
    answer = StrategyAnswer.read("  Give to givers.\n", RELEASED)
    assert (answer.strategy, answer.rationale) == ("Give to givers.", "")
    assert answer.outcome == "lenient"
    assert StrategyAnswer.read("Let me think about it some more", RELEASED).strategy
    with pytest.raises(AnswerError, match="no sentence begins with the words"):
        StrategyAnswer.read("Give to givers.", PAPER)


@pytest.mark.parametrize("reply", ["", " \n\t "])
def test_an_empty_strategy_is_asked_again(reply):
    for situation in (PAPER, RELEASED):
        with pytest.raises(AnswerError, match="empty"):
            StrategyAnswer.read(reply, situation)


# -- any text whatever -------------------------------------------------------------------------

PIECES = st.sampled_from(
    (
        *(
            "Answer:",
            "Justification:",
            "donate",
            "Punish",
            "not",
            "to",
            " ",
            "\n",
            "3_4",
            "$",
            "**",
        ),
        *(
            "5",
            "1,200",
            "0.5",
            ".",
            ",",
            "-",
            "%",
            "nan",
            "inf",
            "1e9",
            "\u0665",
            "\u00bd",
            "\u2212",
        ),
    )
)
TEXTS = st.one_of(st.text(), st.lists(PIECES).map("".join), st.text().map("Answer:{}".format))


@given(
    text=TEXTS,
    variant=st.sampled_from(sorted(PROTOCOLS)),
    resources=st.floats(min_value=0, max_value=1e12),
)
@example(text="Answer: " + "9" * 400, variant="released", resources=1.0)
@example(text="Answer: donate " + "9" * 400, variant="released, punishing", resources=1.0)
def test_any_text_is_an_action_within_the_rules_or_is_refused(text, variant, resources):
    try:
        answer = read(text, variant, resources)
    except (AnswerError, ValidationError):
        return
    assert answer.amount >= 0
    assert answer.action == "donate" or "punishing" in variant
    if variant.startswith("paper"):
        assert answer.amount <= resources


@given(amount=st.floats(min_value=0, max_value=1e12))
def test_a_number_written_out_is_read_to_the_last_digit(amount):
    for written in (f"{amount:.6f}", f"{amount:.0f}"):
        if float(written) <= 1e12:
            assert read(f"Answer: {written}", resources=1e12).amount == float(written)
            deed = read(f"Answer: punish {written}", "paper, punishing", 1e12)
            assert (deed.action, deed.amount) == ("punish", float(written))


@given(units=st.integers(min_value=1000, max_value=10**9))
def test_thousands_separators_change_nothing(units):
    assert read(f"Answer: {units:,}", resources=1e9).amount == units


@given(text=st.text())
def test_any_text_that_is_not_blank_is_a_strategy_in_released_alone(text):
    if text.strip():
        answer = StrategyAnswer.read(text, RELEASED)
        assert answer.strategy
        assert answer.strategy in text
    with pytest.raises(AnswerError):
        StrategyAnswer.read(text, PAPER)
