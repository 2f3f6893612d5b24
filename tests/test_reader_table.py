"""What replies mean: a table of replies with what a careful person reads in them, and how.

Readable is what is read in exactly one way. Everything else is unreadable (None): it is asked
again, and defaulted in the end. `lenient` says that only the form was not the one asked for.
"""

# ruff: noqa: E501 - a row is a row

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from societies.agents.answers.answer import Answer, AnswerError
from societies.agents.instruments.answers import Choice, FormAnswers
from societies.agents.instruments.design import Form, Option
from societies.agents.instruments.instrument import Question
from societies.agents.models.base import Completion
from societies.agents.persona.portraits import Prose, Summary
from societies.scenarios.donor_game.answers import GiftAnswer, StrategyAnswer
from societies.scenarios.donor_game.protocol import DonorProtocol
from societies.scenarios.interview.answers import Name, TwentyStatements, Verdicts
from societies.scenarios.negotiation.answers import TurnAnswer, VerdictAnswer

Row = tuple[str, Any, str | None]

SCALE = [
    *("extremely inaccurate", "very inaccurate", "moderately inaccurate", "slightly inaccurate"),
    "neither accurate nor inaccurate",
    *("slightly accurate", "moderately accurate", "very accurate", "extremely accurate"),
]
LIST = "\n".join(f"{label}. {text}" for label, text in zip("ABCDEFGHI", SCALE, strict=True))
NUMBERED = "; ".join(f"{place} = {text}" for place, text in enumerate(SCALE, start=1))
ACTIONS = ["You wait and see", "You speak up", "You leave at once", "You wait for a friend"]


def clean(value: Any, *replies: str) -> list[Row]:
    return [(reply, value, "clean") for reply in replies]


def lenient(value: Any, *replies: str) -> list[Row]:
    return [(reply, value, "lenient") for reply in replies]


def refused(*replies: str) -> list[Row]:
    return [(reply, "refused", "clean") for reply in replies]


def unreadable(*replies: str) -> list[Row]:
    return [(reply, None, None) for reply in replies]


def shown(labels: str, texts: list[str]) -> Form:
    names = (
        texts if labels == "words" else list("ABCDEFGHI" if labels == "letters" else "123456789")
    )
    options = [Option(name, text, n) for n, (name, text) in enumerate(zip(names, texts), start=1)]  # noqa: B905
    return Form(Question("bold", "rate", "bold"), "rate_options", tuple(options), labels)  # type: ignore[arg-type]


LETTERS: list[Row] = [
    *clean(2, "B", " B\n"),
    *clean(9, "I"),
    *lenient(2, "b", "(B)", "**B**", "`B`", "B.", "B)", "[B]", '"B"', "B!", "- B", "__B__"),
    *lenient(2, "Answer: B", "answer: b", "**Answer:** B", "Final answer: **B**", "Answer - B"),
    *lenient(2, "My answer is B.", "The answer is: B", "The correct option is option B."),
    *lenient(2, "Option B", "option (B)", "Rating: B", "Letter: B", "My choice would be (B)."),
    *lenient(2, "I choose B.", "I would pick option B.", "I'd say B", "I go with B"),
    *lenient(2, "B. very inaccurate", "B: very inaccurate", "B - very inaccurate"),
    *lenient(2, "B) Very Inaccurate.", "(B) very inaccurate", "**B. very inaccurate**"),
    *lenient(2, "B = very inaccurate", "B (very inaccurate)", "very inaccurate (B)"),
    *lenient(2, "Very inaccurate", "very inaccurate.", "Answer: very inaccurate"),
    *lenient(2, "Answer: B. very inaccurate", "My answer is very inaccurate (B)."),
    *lenient(2, "B\n\nI rarely speak first.", "B. very inaccurate\nI keep to myself."),
    *lenient(2, "I rarely speak first.\n\nAnswer: B", "Answer: B\nAnswer: B", "B because I am shy."),
    *lenient(2, "Answer: B. I am rarely like that.", "It is hard to say, but I choose B."),
    *lenient(2, "As an AI I don't have traits, but my answer is B."),
    *lenient(3, "I thought about it. My answer is C.", "Thinking of myself, my answer is C."),
    *lenient(8, "I know myself well enough: the answer is H.", "H, because people say so."),
    # Replies that repeat the options, whole or in part.
    *unreadable(LIST, LIST[:40], LIST[:101], LIST.lower(), f"{LIST}\nAnswer: B", f"Answer: B\n{LIST}"),
    *unreadable("A, B, C, D, E, F, G, H, I", "A/B/C", "(A) (B)", "A\nB\nC"),
    *unreadable("\n".join(SCALE), "\n".join(f"- {text}" for text in SCALE)),
    # Letter and words that contradict each other, or letter and letter.
    *unreadable("D. very accurate", "D. slightly accurate", "B (very accurate)", "**A**: very accurate"),
    *unreadable("G. very inaccurate. The correct option is option A.", "A. B", "B. accurate"),
    *unreadable("D. I am moderately accurate.", "A. I am very bold.", "B. It is not very inaccurate"),
    *unreadable("Answer: A. Answer: B.", "Answer: A\nAnswer: B", "My answer is B. No, C."),
    *unreadable("very accurate\nvery inaccurate", "B\nvery accurate", "My answer is B, but C would do."),
    # Sentences that hold an option's words, or a letter.
    *unreadable("I am very accurate and incredibly honest.", "You are not very accurate."),
    *unreadable("I am very accurate.", "It is very accurate to say that I am bold."),
    *unreadable("I am extremely accurate in my work.", "not very accurate", "accurate", "neither"),
    *unreadable("Very accurate? No.", "B?", "very accurate?", "I would say it is very accurate."),
    *unreadable("Very inaccurate, I am afraid to say", "I am not sure the answer is B."),
    *unreadable("The answer is not B.", "Answer: not B", "Not B", "Anything but B", "B is wrong."),
    *unreadable("The answer is a matter of definition.", "Answer: a question of taste", "A lot"),
    *unreadable("Answer: I don't know", "I am bold", "I'm not sure.", "A good question."),
    *unreadable("Many people would say the answer is B.", "A careful person takes B or C."),
    # More than one, or none.
    *unreadable("B or C", "B-C", "between B and C", "B, maybe C", "The answer is B or C."),
    *unreadable("very accurate or moderately accurate", "None of the options (A)-(D) fits"),
    *unreadable("", " \n", "Hm.", "J", "5", "B2", "AB", "Bold", "17", "All of them"),
    *unreadable("Reply with the letter of one option, and nothing else."),
    # Refusals, in few words and in many; and what only sounds like one.
    *refused("I would rather not say.", "I'd rather not answer that.", "I'd prefer not to."),
    *refused("I'm sorry, but I can't help with that.", "I am unable to choose.", "No comment."),
    *refused("I must respectfully decline.", "I decline to answer.", "I refuse to answer this."),
    *refused("I don't want to answer this question.", "I do not wish to say.", "I won't answer."),
    *refused("As an AI language model, I do not have personal traits.", "I'm just an AI."),
    *refused("As an AI, I have no traits of my own.", "I do not have personal feelings about it."),
    *refused("I appreciate the question, and yet I am not comfortable giving a rating of myself."),
    *refused("It is not possible for me to rate myself.", "I cannot in good conscience pick one."),
    *unreadable("I can't say that I am very accurate.", "I refuse to be called very accurate."),
    *unreadable("As an assistant manager, I take pride in it.", "I won't be quiet."),
    *unreadable("I do not have personal problems with anybody.", "I cannot decide between B and C."),
]  # fmt: skip

NUMBERS: list[Row] = [
    *clean(5, "5", "5\n"),
    *lenient(5, "5.", "**5**", "(5)", "Answer: 5", "I'd say 5", "My rating is 5.", "Number: 5"),
    *lenient(5, "5 = neither accurate nor inaccurate", "5. Neither accurate nor inaccurate."),
    *lenient(7, "7\n\nI speak up.", "7 (moderately accurate)", "moderately accurate"),
    *unreadable("5-6", "5 or 6", "5/9", "5.5", "5,5", "55", "10", "-5", "0", "5 8", "5%", "4, 5"),
    *unreadable(NUMBERED, NUMBERED[:50], "5 = very accurate", "about 5", "at least 5", "5 stars"),
    *unreadable("5 because 3 is too low", "1 2 3 4 5 6 7 8 9", "5 to 7", "1. 5", "05", "5k"),
]  # fmt: skip

WORDS: list[Row] = [
    *clean(8, "very accurate"),
    *lenient(8, "Very accurate", "very accurate.", "- very accurate", "Answer: very accurate"),
    *unreadable("I am very accurate.", "accurate", "very", "very accurate, or extremely accurate"),
    *unreadable("\n".join(f"- {text}" for text in SCALE), "not very accurate"),
]  # fmt: skip

NEVER: list[Row] = [
    *clean(1, "never"),
    *lenient(1, "Never.", "NEVER", "Answer: never"),
    *unreadable("almost never", "never say never", "not never", "never or seldom", "I never do."),
]  # fmt: skip

FOUR: list[Row] = [
    *clean(2, "B"),
    *lenient(2, "B. You speak up", "You speak up.", "b) you speak up", "B. You speak"),
    *lenient(1, "A. You wait and see, because it may pass."),
    *unreadable("B. You leave at once", "A. You wait", "A. You", "You wait", "B. I'd tell them."),
]  # fmt: skip

CHOICES = [
    *((shown("letters", SCALE), *row) for row in LETTERS),
    *((shown("numbers", SCALE), *row) for row in NUMBERS),
    *((shown("words", SCALE), *row) for row in WORDS),
    *((shown("words", ["never", "seldom", "often", "always"]), *row) for row in NEVER),
    *((shown("letters", ACTIONS), *row) for row in FOUR),
]


@pytest.mark.parametrize(("form", "reply", "value", "outcome"), CHOICES)
def test_choices(form: Form, reply: str, value: Any, outcome: str | None) -> None:
    if outcome is None:
        with pytest.raises(AnswerError, match="one of the options"):
            Choice.read(reply, {"form": form})
        return
    answer = Choice.read(reply, {"form": form})
    assert ("refused" if answer.refused else answer.value, answer.outcome) == (value, outcome)


DONOR = {"protocol": DonorProtocol(), "resources": 100.0}
BOOKS = {"resources": ["book", "hat", "ball"], "counts": (3, 3, 3), "proposed": False}
TALKING = {**BOOKS, "history": ("something was said",)}
STEPS = {"steps": ("characteristics", "reading", "everyday")}
JUDGED = {"judged": [1, 3, 5]}
FORMS = {"forms": [shown("numbers", SCALE)] * 3}
TEN = '["' + '", "'.join(f"I am {n}." for n in range(10)) + '"]'

OTHERS: list[tuple[type[Answer], dict[str, Any], str, list[Row]]] = [
    (FormAnswers, FORMS, "values", [
        *clean([1, 5, 3], "(a) 1\n(b) 5\n(c) 3", "(a) 1\n(b) 5\n(c) 3\n"),
        *lenient([1, 5, 3], "(a) 1.\n(b) 5\n(c) 3", "a. 1\nb: 5\nc) 3", "(a) 1\n(a) 1\n(b) 5\n(c) 3"),
        *lenient([1, 5, 3], "(a) 1 = extremely inaccurate\n(b) 5\n(c) **3**", "Here:\n(a) 1\n(b) 5\n(c) 3"),
        *unreadable("(a) 1\n(b) 5", "(a) 1\n(a) 2\n(b) 5\n(c) 3", "(a) 1 or 2\n(b) 5\n(c) 3"),
        *unreadable("(a) your answer\n(b) your answer\n(c) your answer", "1\n5\n3", ""),
    ]),
    (StrategyAnswer, DONOR, "strategy", [
        *clean("My strategy will be to give half.", "My strategy will be to give half."),
        *clean("My strategy will be to give half.", "Trust pays.\nMy strategy will be to give half."),
        *lenient("my strategy will be to give half.", "my strategy will be to give half."),
        *unreadable("I would rather not say.", "Let me think about it some more", "", " \n"),
        *unreadable("My strategy will be", "My strategy will be ...", "I give half.", "Strategy: half"),
        *unreadable("That depends on many things, does it not?"),
    ]),
    (GiftAnswer, DONOR, "amount", [
        *clean(5.0, "Justification: fair.\nAnswer: 5", "Answer: 5\n\nAnswer: 5"),
        *lenient(5.0, "Answer: **5**"),
        *unreadable("Answer: 5\n\nAnswer: 6", "Answer: 5 or 6", "Answer: (the number of units)"),
        *unreadable("Answer: as much as seems right", "5", "Answer: 5k", "Answer: 1.5 million"),
    ]),
    (TurnAnswer, TALKING, "share", [
        *clean([1, 0, 3], "[propose] book: 1, hat: 0, ball: 3 [END]", "[propose] 1 book, 0 hats, 3 balls"),
        *clean([1, 0, 3], "[propose] (book, hat, ball): 1, 0, 3"),
        *clean([1, 0, 3], "[propose] I take book 1, hat 0, ball 3, and you the rest"),
        *unreadable("[propose] book: 1 0, hat, ball: 3", "[propose] 1 book, hat 0 3, ball"),
        *unreadable("[propose] You get book 1, hat 0, ball 3", "[propose] book 1, hat 0 and you get ball 3"),
        *unreadable("[propose] book: a number, hat: a number, ball: a number", "[Open the negotiation]"),
        *unreadable("[message] (what you say to your partner) [END]", "I would rather not say."),
    ]),
    (VerdictAnswer, JUDGED, "flagged", [
        *clean([1, 3], "They lie.\nInconsistent: 1, 3", "Inconsistent: 3 and 1"),
        *clean([], "Inconsistent: none"),
        *lenient([], "**Inconsistent:** none", "Inconsistent: None."),
        *lenient([3], "Inconsistent: turn 3.", "Inconsistent: **3**"),
        *unreadable("Inconsistent: none of 1, 3", "Inconsistent: 1-5", "Inconsistent: 3 (but not 5)"),
        *unreadable("Inconsistent: (the numbers of these turns, or the word none)", "Inconsistent: 2"),
        *unreadable("Inconsistent: 1\nInconsistent: none", "Inconsistent:", "Inconsistent: perhaps"),
        *unreadable("Inconsistent: not 1", "Inconsistent: nonetheless", "none"),
    ]),
    (Name, {}, "name", [
        *clean("Ines", '{"name": "Ines", "reason": "She runs."}'),
        *lenient("Ines", '```json\n{"name": "Ines"}\n```', "{'name': 'Ines',}", 'So: {"name": "Ines"}'),
        *unreadable('{"name": "the name", "reason": "one short sentence"}', '{"name": ""}', "Ines"),
        *unreadable('{"name": "Ines"} or {"name": "Teo"}', '{"name": "Ines", "name": "Teo"}'),
        *unreadable('{"name": ["Ines", "Teo"]}', '{"name": "Ines" or "Teo"}', '{"name": "Ines"'),
    ]),
    (Verdicts, {"statements": ["I am.", "I was."]}, "verdicts", [
        *clean([True, False], '{"verdicts": [{"true": "yes", "why": "x"}, {"true": "No", "why": "y"}]}'),
        *lenient([True, False], '```\n{"verdicts": ["yes", "no"]}\n```'),
        *unreadable('{"verdicts": [{"true": "yes or no", "why": "one line"}]}'),
        *unreadable('{"verdicts": [{"true": "yes"}, {"true": "yes"}, {"tr'),
        *unreadable('{"verdicts": [{"true": "yes", "why": "x"}, {"true": "no"}'),
    ]),
    (TwentyStatements, {}, "known", [
        *clean([f"I am {n}." for n in range(10)], f'{{"known": {TEN}, "hidden": {TEN}}}'),
        *lenient(["I sail."], '{"known": ["I sail."], "hidden": ["I cry."]}'),
        *unreadable('{"known": ["..."], "hidden": ["..."]}', '{"known": ["I sail."], "hidden": [""]}'),
    ]),
    (Summary, STEPS, "text", [
        *clean("You wait.\nYou sit.", '{"characteristics": "calm", "reading": "You wait.", "everyday": "You sit."}'),
        *unreadable('{"characteristics": "first; second; ...", "reading": "...", "everyday": "..."}'),
        *unreadable('{"characteristics": "calm", "reading": "You wait.", "everyday": {"a": "b"}'),
    ]),
    (Prose, {}, "text", [
        *clean("You mend nets.", " You mend nets. "),
        *unreadable("", "I'm sorry, but I can't help with that.", "As an AI, I cannot write this."),
        *unreadable("Let me think about it some more", "..."),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reader", "situation", "field", "reply", "value", "outcome"),
    [(reader, *rest, *row) for reader, *rest, rows in OTHERS for row in rows],
)
def test_other_answers(
    reader: type[Answer],
    situation: dict[str, Any],
    field: str,
    reply: str,
    value: Any,
    outcome: str | None,
) -> None:
    try:
        answer = reader.read(reply, situation)
    except ValueError:  # an AnswerError, or what pydantic says of a field
        assert outcome is None
        return
    assert (getattr(answer, field), answer.outcome) == (value, outcome)


OBJECT = '{"verdicts": ["yes", "no"]}'
CUT: list[tuple[type[Answer], dict[str, Any], list[str], list[str]]] = [
    (Choice, {"form": shown("letters", SCALE)}, ["B", " B", "b"], ["B.", "B. very", "Answer: B", "A\n"]),
    (Choice, {"form": shown("words", ["agree", "agree strongly"])}, ["agree strongly"], ["agree"]),
    (Choice, {"form": shown("numbers", SCALE)}, ["5"], ["5.", "My answer is 5"]),
    (FormAnswers, FORMS, ["(a) 1\n(b) 5\n(c) 3"], ["(a) 1\n(b) 5", "(a) 1\n(b) 5\n(c) 3 = mod"]),
    (StrategyAnswer, DONOR, [], ["My strategy will be to give half.", "My strategy will be to"]),
    (GiftAnswer, DONOR, ["Answer: 5\n", "Answer: 5\nThat is"], ["Answer: 5", "Answer: 5."]),
    (TurnAnswer, TALKING, ["[message] Hats? [END]", "[propose] book 1, hat 0, ball 3 [END]"],
     ["[message] Hats?", "[propose] book 1, hat 0, ball 3", "[message] I want [EN"]),
    (VerdictAnswer, JUDGED, ["Inconsistent: 1\n"], ["Inconsistent: 1", "Inconsistent: none"]),
    (Verdicts, {"statements": ["I am.", "I was."]}, [OBJECT, f"```json\n{OBJECT}\n``", f"{OBJECT} So"],
     [OBJECT[:-1], '{"verdicts": ["yes", "no"], "why": {"a": "b"}, "or": "']),
    (Prose, {}, [], ["You mend nets."]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reader", "situation", "reply", "whole"),
    [
        (reader, situation, reply, whole)
        for reader, situation, *both in CUT
        for replies, whole in zip(both, (True, False), strict=True)
        for reply in replies
    ],
)
def test_what_the_token_limit_cut_off_is_read_only_if_the_answer_is_whole(
    reader: type[Answer], situation: dict[str, Any], reply: str, whole: bool
) -> None:
    completion = Completion(reply, finish_reason="length")
    if whole:
        assert reader.take(completion, situation).outcome in ("clean", "lenient")
        return
    with pytest.raises(AnswerError, match="cut off by the token limit"):
        reader.take(completion, situation)
    with pytest.raises(AnswerError, match="cut off by the token limit"):
        reader.take(Completion(reply, finish_reason="length", logprobs={"B": -0.1}), situation)


PIECES = [row[0] for *_, rows in OTHERS for row in rows]
READERS = [(reader, situation) for reader, situation, *_ in OTHERS]


@settings(deadline=None)
@given(
    st.sampled_from([*READERS, (Choice, {"form": shown("letters", SCALE)})]),
    st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=4).map("\n".join),
    st.sampled_from(["{}", "Answer: {}", "Inconsistent: {}", "[propose] {}", '{{"name": {}}}']),
    st.sampled_from(["stop", "length"]),
)
@example(READERS[3], "book 1, hat 2, ball " + "9" * 5000, "[propose] {}", "stop")
@example(READERS[4], "9" * 5000, "Inconsistent: {}", "stop")
@example(READERS[5], "-" * 9000 + "1", '{{"name": {}}}', "stop")
def test_whatever_is_replied_is_read_or_asked_again(
    reader: tuple[type[Answer], dict[str, Any]], text: str, around: str, finish: str
) -> None:
    kind, situation = reader
    try:
        answer = kind.take(Completion(around.format(text), finish_reason=finish), situation)
    except (AnswerError, ValidationError):
        return
    assert answer.outcome in ("clean", "lenient")
