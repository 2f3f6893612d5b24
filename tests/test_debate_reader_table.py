"""What each of many replies to a debate's question must be read as, by kind; None is unreadable.

A reply that a careful person would not read in exactly one way is unreadable. `+` behind an answer
marks goodwill with its form: the answer is lenient.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from societies.agents.answers.answer import AnswerError
from societies.agents.models.base import Completion
from societies.scenarios.debate.answers import FinalChoice, Position, Verdict
from societies.scenarios.debate.protocol import DebateProtocol
from societies.scenarios.debate.questions import Question, is_right, matches
from societies.scenarios.debate.reading import read_answer

OPTIONS = ("Paris", "Lyon", "Nice", "Lille")


def asked(kind, accepted="42"):
    return Question("1", kind, "?", (accepted,), (), OPTIONS if kind == "choice" else ())


NUMBERS = [
    (r"\boxed{42}", "42"),
    (r"6*7=42. So the result is \boxed{42}.", "42"),
    (r"$\boxed{42}$", "42"),
    (r"\[ \boxed{42} \]", "42"),
    (r"**\boxed{42}**", "42"),
    (r"\fbox{42}", "42"),
    (r"\boxed{-3}", "-3"),
    (r"\boxed{+3}", "3"),
    (r"\boxed{-0}", "0"),
    (r"\boxed{04}", "4"),
    (r"\boxed{1,200}", "1200"),
    (r"\boxed{1{,}200}", "1200"),
    (r"\boxed{1,200.50}", "1200.5"),
    (r"\boxed{\$12.50}", "12.5"),
    (r"\boxed{ 42 }", "42"),
    (r"\boxed{\text{42}}", "42"),
    (r"first \boxed{41}, no: \boxed{42}", "42"),
    (r"26 * 3 = 78 and then 78 + 41 = \boxed{119}", "119"),
    (r"\boxed{42} That makes 42 apples in all.", "42"),
    (r"\boxed{x = 42}", "42+"),
    (r"\boxed{42 \text{ apples}}", None),
    (r"\boxed{11} or 12", None),
    (r"It cannot be \boxed{11}", None),
    (r"\boxed{11}? I do not think so.", None),
    ("\\boxed{11}\nThe answer is 12.", None),
    ("The answer is 11\nNo, the answer is 12", None),
    (r"\boxed{<your number>}", None),
    (r"\boxed{?}", None),
    ("The result is 78, then I add.\n\\boxed{119}", "119"),
    (r"\boxed{\frac{1}{2}}", "0.5+"),
    (r"\boxed{1/2}", "0.5+"),
    (r"\boxed{5\frac{1}{2}}", "5.5+"),
    (r"\boxed{5 1/2}", "5.5+"),
    (r"\boxed{-5 1/2}", "-5.5+"),
    ("42", "42+"),
    ("**42**", "42+"),
    ("42.", "42+"),
    ("$42$", "42+"),
    ("Answer: 42", "42+"),
    ("**Answer:** 42", "42+"),
    ("I add both.\nThe answer is 42.", "42+"),
    ("I add both.\nFinal answer: 1,234", "1234+"),
    ("It is 42.", "42+"),
    ("7 - 10 = -3", None),
    ("the total is 1,234.", None),
    ("What is the result of 6+22*2+13-4*13?", None),
    ("94 + 25 = 1", None),
    ("There are 3 steps. I cannot tell.", None),
    ("I do not know", None),
    ("", None),
    ("Answer: 41\nAnswer: 42", None),
    ("The answer is 42 or 43.", None),
    ("The answer is 5-10.", None),
    (r"\boxed{your number}", None),
    (r"\boxed{number}", None),
    (r"\boxed{...}", None),
    (r"\boxed{}", None),
    (r"\boxed{42", None),
    (r"\boxed{41} or \boxed{42}", None),
    (r"\boxed{41}, \boxed{42}", None),
    (r"It is not \boxed{42}", None),
    (r"It isn't \boxed{42}.", None),
    (r"\boxed{42} is wrong, I fear.", None),
    (r"\boxed{42}. Wait, let me check.", None),
    (r"\boxed{1.200.000}", None),
    (r"\boxed{1.5 million}", None),
    (r"\boxed{5 hundred}", None),
    (r"\boxed{5k}", None),
    (r"\boxed{2x}", None),
    (r"\boxed{20 (10+10)}", None),
    (r"\boxed{5-10}", None),
    (r"\boxed{5 10}", None),
    (r"\boxed{26*3}", None),
    (r"\boxed{12 \text{ or } 13}", None),
    (r"\boxed{x+1}", None),
    (r"\boxed{forty-two}", None),
    (r"\boxed{5 minutes}", None),
    (r"\boxed{50\%}", None),
    (r"\boxed{1e3}", None),
    (r"\boxed{5\frac{7}{2}}", None),
    (r"\boxed{1/0}", None),
    (r"\boxed{1,20}", None),
]
CHOICES = [
    ("It lies on the Seine. (A)", "A"),
    ("The right option is (B)", "B"),
    ("The right option is (B).", "B"),
    ("**(C)**", "C"),
    ("(D)", "D"),
    ("First I thought of (A).\nBut the answer is (B)", "B"),
    ("(A) Paris", "A"),
    ("(A) is right.", "A"),
    ("not (A), but (b)", "B+"),
    ("B", "B+"),
    ("b", "B+"),
    ("**B**", "B+"),
    ("B.", "B+"),
    ("B)", "B+"),
    ("B) Lyon", "B+"),
    (r"\boxed{B}", "B+"),
    (r"\boxed{\text{B}}", "B+"),
    (r"\boxed{(B)}", "B+"),
    ("Answer: B", "B+"),
    ("The answer is C", "C+"),
    ("The correct answer is option C.", "C+"),
    ("The answer is a matter of definition, but I choose B.", None),
    ("None of the options (A)-(D) fits", None),
    ("either (A) or (B)", None),
    ("(A) or (B)", None),
    ("(A), (B)", None),
    ("It is not (A)", None),
    ("(B) Paris", None),
    ("either (E) or (F)", None),
    ("A. Paris\nB. Lyon\nC. Nice\nD. Lille", None),
    ("(A) Paris\n(B) Lyon\n(C) Nice\n(D) Lille\nI cannot say.", None),
    ("Answer: A\nAnswer: B", None),
    ("Paris is a good guess", None),
    ("Paris", "A+"),
    ("paris.", "A+"),
    (r"\boxed{\text{Lyon}}", "B+"),
    ("The answer is Nice.", "C+"),
    ("Answer: A\nAnswer: Lyon", None),
    ("Paris or Lyon", None),
    ("3", None),
    ("3.", None),
    (r"\boxed{3}", None),
    ("A good question.", None),
    (r"\boxed{AB}", None),
    ("None of the options fits, not even (D)", None),
    ("The others say (A).", None),
    ("Is it (B)?", None),
    ("The answer is Paris (B)", None),
    ("(A) Paris\n(B) Lyon\n(C) Nice\n(D) Lille", None),
    (r"\boxed{A} or (B)", None),
    ("So it must be (B).", "B"),
    ("E", None),
    ("", None),
]
MATHEMATICS = [
    (r"so \boxed{\frac{\sqrt{3}}{2}} as shown", r"\frac{\sqrt{3}}{2}"),
    (r"\fbox{[-4,4]}", "[-4,4]"),
    (r"\boxed{1} and then \boxed{2}", "2"),
    (r"\boxed{1} and \boxed{2}", None),
    (r"\boxed{42", None),
    (r"\boxed{1} \boxed{2", None),
    (r"\boxed{your answer}", None),
    (r"\boxed{...}", None),
    ("the answer is 42", None),
]
TEXTS = [
    (r"\boxed{5 cents}", "5 cents"),
    (r"\boxed{\text{the moon}}", "the moon"),
    ("Answer: 5 cents\nbecause the bat costs more", "5 cents+"),
    ("**Answer:** the moon", "the moon+"),
    ("The answer is a matter of taste.", None),
    ("5 cents", None),
    ("hm", None),
    ("Answer: the moon\nAnswer: the sun", None),
    (r"\boxed{your answer}", None),
    ("Answer:", None),
    ("Answer: your answer", None),
    (r"\boxed{<your answer>}", None),
]
TRANSLATIONS = [
    ("Thoughts.\nTranslation: Good day", "Good day"),
    ("Translation:\nGood day", "Good day"),
    ("Translation: Good day.\nor: Hello.", None),
    ("Translation: I would rather not say.", None),
    ("translation: Good day", "Good day+"),
    ("**Translation:** Good day", "Good day+"),
    ("Translation: Bad\nTranslation: Good day", "Good day"),
    ("I would rather not say.", None),
    ("Good day", None),
    ("The Translation: section is hard", None),
    ("Translation:   ", None),
    ("Translation: [your translation]", None),
    ("Translation: Good day\n\nI hope this helps!", None),
]
TABLE = [
    *(("gsm", *row) for row in NUMBERS),
    *(("arithmetic", *row) for row in NUMBERS),
    *(("choice", *row) for row in CHOICES),
    *(("math", *row) for row in MATHEMATICS),
    *(("text", *row) for row in TEXTS),
    *(("ciar", *row) for row in TEXTS),
    *(("translation", *row) for row in TRANSLATIONS),
]


@pytest.mark.parametrize(("kind", "reply", "expected"), TABLE)
def test_a_reply_is_read_as_a_careful_person_would(kind, reply, expected):
    if expected is None:
        with pytest.raises(AnswerError):
            read_answer(reply, asked(kind))
    else:
        clean = not expected.endswith("+")
        assert read_answer(reply, asked(kind)) == (expected.rstrip("+"), clean)


@pytest.mark.parametrize(
    ("options", "reply", "expected"),
    [
        (("3", "4", "5", "6"), "6", "D"),
        (("3", "4", "5", "6"), "3", None),
        (("3", "4", "5", "6"), "The answer is 4.", None),
        (("3", "4", "5", "6"), "C", "C"),
        (("1", "2", "3", "4"), "3", "C"),
        (("12", "15", "18"), r"\boxed{15}", "B"),
        (("Paris", "Paris", "Nice"), "Paris", None),
        (("B", "A"), "A", None),
        (("the", "a"), "the", "A"),
        (("the", "a"), "a", None),
    ],
)
def test_an_options_own_text_names_it_unless_it_may_be_the_number_of_another(
    options, reply, expected
):
    question = Question("1", "choice", "?", ("A",), (), options)
    if expected is None:
        with pytest.raises(AnswerError):
            read_answer(reply, question)
    else:
        assert read_answer(reply, question) == (expected, False)


def cut(text):
    return Completion(text=text, finish_reason="length")


def situation(kind):
    return {"question": asked(kind), "protocol": DebateProtocol(), "sides": ["negative"]}


@pytest.mark.parametrize(
    ("kind", "reply", "expected"),
    [
        ("gsm", r"so \boxed{42}", "42"),
        ("gsm", r"so $\boxed{42}$.", "42"),
        ("gsm", "The answer is 4", None),
        ("gsm", "4", None),
        ("gsm", r"\boxed{42} and then", None),
        ("gsm", r"The answer is \boxed{42}. It is found by adding the", "42"),
        ("gsm", r"The final answer is: $\boxed{42}$. I hope it is corr", "42"),
        ("gsm", "**Answer:** \\boxed{42}\n\nExplanation: 6 times 7", "42"),
        ("math", r"The answer to the question is \boxed{2x}. Here `x` sta", "2x"),
        ("gsm", r"First, 26 * 3 = \boxed{78}. Then 78 + 4", None),
        ("gsm", r"The result of 26 * 3 is \boxed{78}. Then 78 + 4", None),
        ("gsm", r"The answer is \boxed{42}. Let me check: 6 *", None),
        ("gsm", r"The answer is \boxed{42}. But the question", None),
        ("gsm", r"The answer is \boxed{42}, or rather", None),
        ("gsm", r"The answer is \boxed{42}. The answer is \boxed{4", None),
        ("gsm", r"The answer is \boxed{41}. Then the answer is \boxed{42}. It", None),
        ("gsm", r"The answer is \boxed{42} divi", None),
        ("choice", "The answer is (B)", None),
        ("choice", "The answer is (B).", "B"),
        ("choice", r"The answer is \boxed{B}", "B"),
        ("choice", "First, it may be (B). Secondly, the", None),
        ("translation", "Translation: Good d", None),
        ("text", "Answer: the m", None),
    ],
)
def test_a_reply_cut_off_by_the_limit_is_read_only_if_its_form_is_whole(kind, reply, expected):
    if expected is None:
        with pytest.raises(AnswerError, match="cut off"):
            Position.take(cut(reply), situation(kind))
    else:
        assert Position.take(cut(reply), situation(kind)).answer == expected


@pytest.mark.parametrize("answer", [Verdict, FinalChoice])
def test_a_verdict_cut_off_is_never_completed(answer):
    whole = (
        '{"Whether there is a preference": "Yes", "Supported Side": "Negative", '
        '"Reason": "sound", "debate_answer": "42"}'
    )
    assert answer.take(cut(whole), situation("gsm")).answer == "42"
    for end in range(1, len(whole)):
        with pytest.raises(AnswerError):
            answer.take(cut(whole[:end]), situation("gsm"))


@pytest.mark.parametrize(
    ("kind", "reply", "expected"),
    [
        ("arithmetic", "26 * 3 = 78 and then 119", "119"),
        ("arithmetic", "so it is 119.", "119"),
        ("arithmetic", r"26 * 3 = 78 and then \boxed{119}", "78+"),
        ("arithmetic", "the result is 1,234", "1.234"),
        ("gsm", r"\boxed{42}", "42"),
        ("gsm", "42 apples", "42+"),
        ("choice", "so (B)", "B"),
        ("choice", "(B), since (A) is wrong", "A+"),
    ],
)
def test_the_released_reader_says_where_the_answer_is_not_in_the_asked_place(kind, reply, expected):
    found = (expected.rstrip("+"), not expected.endswith("+"))
    assert read_answer(reply, asked(kind), "released") == found


EQUAL = [
    ("math", "0", "-0"),
    ("math", "+3", "3"),
    ("math", "04", "4"),
    ("math", r"5\frac{1}{2}", r"\frac{11}{2}"),
    ("math", "5 1/2", "5.5"),
    ("math", "2xy", "2yx"),
    ("math", "5 minutes", "5 min" + "utes"),
    ("math", r"5 \text{ cm}^2", "5 square centimeters"),
    ("math", "(1, 1/2)", r"\left(1,\frac{1}{2}\right)"),
    ("math", "1,200", "1200"),
    ("math", "Tuesday", r"\text{tuesday}"),
    ("ciar", "15 ct.", "15 cents"),
    ("ciar", "$5", "5 dollars"),
]
DIFFERENT = [
    ("math", "BCA", "ABC"),
    ("math", "2/4", "0.5"),
    ("math", "x=7", "y=7"),
    ("math", "5 no", "5 on"),
    ("math", "6.2831853071", "2\\pi"),
    ("math", "east", "seat"),
    ("math", "no", "on"),
    ("math", "to day", "today"),
    ("math", "[0,100]", "(0,100)"),
    ("math", "(1,200)", "1200"),
    ("math", "(1,200)", "(1200)"),
    ("math", "5 minutes", "5 hours"),
    ("math", "5 cm", "5 cm^2"),
    ("math", "5 10", "50"),
    ("math", "5 10", "510"),
    ("math", r"\frac{1}{2}\frac{1}{3}", "1/63"),
    ("math", "50%", "0.5"),
    ("math", r"5\frac{1}{2}", "25.5"),
    ("math", "(1, 2/4)", "(1, 1/2)"),
    ("ciar", "5 minutes", "5 hours"),
    ("ciar", "$5", "5 cents"),
    ("ciar", "5 million", "5"),
    ("ciar", "not 5", "5"),
    ("text", "east", "seat"),
]


@pytest.mark.parametrize(("kind", "one", "other"), EQUAL)
def test_equal_answers(kind, one, other):
    assert matches(asked(kind), one, other)
    assert matches(asked(kind), other, one)


@pytest.mark.parametrize(("kind", "one", "other"), DIFFERENT)
def test_different_answers(kind, one, other):
    assert not matches(asked(kind), one, other)
    assert not matches(asked(kind), other, one)


def test_a_right_answer_of_the_table_is_right():
    assert is_right(asked("gsm"), read_answer(r"\boxed{42.0}", asked("gsm"))[0])


@given(st.text("0123456789+-*/^(),.[]xyn \\frac{}", max_size=20), st.sampled_from(["5", "(1,2)"]))
def test_equality_is_the_same_both_ways(text, other):
    for kind in ("math", "ciar", "gsm", "text"):
        assert matches(asked(kind), text, other) == matches(asked(kind), other, text)
    assert matches(asked("math"), other, other)
