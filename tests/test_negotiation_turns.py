"""The output grammar of negotiations: what is read, what is corrected, what judges may say."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from societies.agents.answers.answer import AnswerError
from societies.scenarios.negotiation.answers import (
    TurnAnswer,
    TurnError,
    VerdictAnswer,
    kind_of_violation,
)
from societies.scenarios.negotiation.contexts import remainder
from societies.scenarios.negotiation.offers import (
    read_offer,
    read_values,
    word_offer,
    word_values,
)
from societies.scenarios.negotiation.protocol import NegotiationProtocol

CLASSIC = {"resources": ["book", "hat", "ball"], "counts": (1, 2, 3)}
OPENING = {**CLASSIC, "history": (), "proposed": False}
TALKING = {**CLASSIC, "history": ("something was said",), "proposed": False}
CLOSING = {**TALKING, "proposed": True}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[message] I want the hats. [END]", "I want the hats."),
        ("  [message]I want the hats.[end] and more", "I want the hats."),
        ("[message] I want\nthe hats.", "I want\nthe hats."),
        ("[message] 2 hats? [END] [propose] book 1, hat 2, ball 3", "2 hats?"),
        ("[message] [END]", ""),
    ],
)
def test_messages(text, said):
    answer = TurnAnswer.read(text, TALKING)
    assert (answer.action, answer.text, answer.share) == ("message", said, [])


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("[propose] book: 1, hat: 0, ball: 3 [END]", [1, 0, 3]),
        ("[propose] 1 book, 2 hats and 0 balls", [1, 2, 0]),
        ("\n [propose] Book 0 HATS 1 balls 2 [END] as we said", [0, 1, 2]),
        ("[propose] books=1 hats=2 balls=3\nThat is 100 % fair.", [1, 2, 3]),
        ("[propose] (book, hat, ball): 1, 2, 3.", [1, 2, 3]),
    ],
)
@pytest.mark.parametrize("situation", [TALKING, CLOSING])
def test_proposals(text, share, situation):
    answer = TurnAnswer.read(text, situation)
    assert (answer.action, answer.share) == ("propose", share)


@pytest.mark.parametrize(
    ("situation", "text", "kind"),
    [
        (TALKING, "I want the hats.", "no_tag"),
        (TALKING, "", "no_tag"),
        (TALKING, "[END] [message] too late", "no_tag"),
        (TALKING, "[MESSAGE] the tag is written small", "no_tag"),
        (TALKING, "Well: [message] I want the hats.", "no_tag"),
        (OPENING, "[propose] book 1, hat 2, ball 3", "proposal_first"),
        (TALKING, "[message] deal [propose] book 1, hat 2, ball 3", "several_tags"),
        (TALKING, "[message] deal [message] really", "several_tags"),
        (
            TALKING,
            "[propose] book 1, hat 2, ball 3\n[propose] book 0, hat 0, ball 0",
            "several_tags",
        ),
        (CLOSING, "[message] what did you propose?", "message_after_proposal"),
        (TALKING, "[propose] hat 2, book 1, ball 3", "item_order"),
        (TALKING, "[propose] book 1, hat 2", "item_order"),
        (TALKING, "[propose]\nbook 1, hat 2, ball 3", "item_order"),
        (TALKING, "[propose] book, hat and ball", "number_count"),
        (TALKING, "[propose] book 1, hat 2, ball 3, hat 0", "number_count"),
        (TALKING, "[propose] book 0.5, hat 2, ball 3", "number_count"),
        (TALKING, "[propose] one book, two hats, three balls", "number_count"),
        (TALKING, "[propose] book 2, hat 2, ball 3", "out_of_range"),
        (TALKING, "[propose] book 1, hat -1, ball 3", "out_of_range"),
    ],
)
def test_every_violation_has_its_kind(situation, text, kind):
    with pytest.raises(TurnError):
        TurnAnswer.read(text, situation)
    assert kind_of_violation(text, situation) == kind


def test_the_text_of_a_correction_says_what_to_do():
    with pytest.raises(TurnError, match=r"2 of book cannot be had: there are 1"):
        TurnAnswer.read("[propose] book 2, hat 2, ball 3", TALKING)
    with pytest.raises(TurnError, match=r"in this order: book \(a number\), hat \(a number\)"):
        TurnAnswer.read("[propose] hat 2, book 1, ball 3", TALKING)


def test_a_faulty_turn_that_breaks_no_rule_was_cut_off():
    assert kind_of_violation("[message] hello", OPENING) == "cut_off"


def test_released_reads_proposals_as_the_published_code_does():
    released = {**TALKING, "protocol": NegotiationProtocol(fidelity="released")}
    for line in ("You get book 1, hat 2, ball 3", "book 1 2, hat, ball 3"):
        assert TurnAnswer.read(f"[propose] {line}", released).share == [1, 2, 3]
        with pytest.raises(TurnError):
            TurnAnswer.read(f"[propose] {line}", TALKING)


@settings(deadline=None)
@given(st.text(), st.sampled_from([OPENING, TALKING, CLOSING]))
def test_any_text_is_read_or_corrected(text, situation):
    for turn in (text, f"[message]{text}", f"[propose]{text}"):
        try:
            answer = TurnAnswer.read(turn, situation)
        except TurnError:
            kind_of_violation(turn, situation)
            continue
        assert answer.action in turn
        assert all(0 <= n <= most for n, most in zip(answer.share, (1, 2, 3), strict=False))


names = st.lists(
    st.sampled_from(["truck", "rescue crew", "generator", "book", "hat", "ball"]),
    min_size=1,
    max_size=6,
    unique=True,
)


@settings(deadline=None)
@given(names, st.data())
def test_worded_proposals_offers_and_values_are_read_back(resources, data):
    numbers = st.lists(st.integers(0, 9), min_size=len(resources), max_size=len(resources))
    share = tuple(data.draw(numbers))
    counts = tuple(n + more for n, more in zip(share, data.draw(numbers), strict=True))
    situation = {**TALKING, "resources": resources, "counts": counts}
    line = ", ".join(f"{name}: {n}" for name, n in zip(resources, share, strict=True))
    assert TurnAnswer.read(f"[propose] {line} [END]", situation).share == list(share)
    offer = word_offer(share, remainder(counts, share), resources)
    assert read_offer(f"No, sorry. {offer} Agreed?", resources, counts) == share
    assert read_values(word_values(share, resources), resources) == share


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("I would take the book, you the rest.", (1, 0, 0)),
        ("I'd take a book and all the hats; you get the balls!", (1, 2, 0)),
        ("I get 9 hats.", None),
        ("I get no book, 1 hat. Or rather: I want 2 hats and 1 ball.", (0, 2, 1)),
        ("You are a hard one.", None),
        ("I want extra book covers and 1 ball.", (0, 0, 1)),
    ],
)
def test_offers_of_other_speakers_are_read_as_far_as_they_are_plain(text, claim):
    assert read_offer(text, CLASSIC["resources"], CLASSIC["counts"]) == claim


def test_verdicts():
    situation = {"judged": [1, 3, 5]}
    assert VerdictAnswer.read("They lie.\nInconsistent: 5, 1", situation).flagged == [1, 5]
    assert VerdictAnswer.read("**Inconsistent:** none", situation).flagged == []
    for text in ("I see nothing wrong", "Inconsistent: 2", "Inconsistent: perhaps"):
        with pytest.raises(AnswerError):
            VerdictAnswer.read(text, situation)
