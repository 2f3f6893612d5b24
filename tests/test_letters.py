"""Option letters: how one is read from a reply."""

import pytest

from societies.agents.answers.answer import AnswerError
from societies.agents.answers.letters import ends_with_letter, named_letter, read_letter

COLOURS = ("red", "green", "blue")


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("It is grass, so the answer is (B)", ("B", True)),
        ("(b)", ("B", False)),
        ("The answer is: green", ("B", False)),
        ("\\boxed{C}", ("C", False)),
        ("Not (A), so (B).", ("B", True)),
    ],
)
def test_a_letter_is_read_in_one_way(reply, found):
    assert read_letter(reply, COLOURS) == found


@pytest.mark.parametrize("reply", ["(A) or (B)", "It is (D)", "2", "The answer is not (A)", ""])
def test_what_names_no_option_or_two_is_refused(reply):
    with pytest.raises(AnswerError, match=r"one option letter in parentheses, \(A\) to \(C\)"):
        read_letter(reply, COLOURS)


def test_a_letter_beside_another_options_text_names_neither():
    assert named_letter("B) green", COLOURS) == "B"
    assert named_letter("B) red", COLOURS) is None


def test_a_cut_reply_is_whole_after_a_sentence_that_names_an_option():
    assert ends_with_letter("The answer is (B).")
    assert not ends_with_letter("The answer is (B) or")
