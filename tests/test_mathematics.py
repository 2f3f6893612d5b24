"""Mathematical answers: how they are read, and when two of them are equal."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import mathematics
from benchmarks.mathematics import pairs
from societies.agents.answers.answer import AnswerError
from societies.agents.answers.mathematics import (
    boxed,
    number,
    read_number,
    same_mathematics,
    same_number,
)
from societies.agents.answers.mathematics.equality import fraction
from societies.agents.answers.mathematics.expressions import evaluate

EQUAL = [
    (r"\{1, 2\}", r"\{2,1\}"),
    (r"\{1,\frac12\}", r"\{0.5,1\}"),
    (r"\left\{-2, 3\right\}", r"\{3,-2\}"),
    (r"\{(1,2),(3,4)\}", r"\{(3,4),(1,2)\}"),
    (r"\{\text{red}, \text{blue}\}", r"\{\text{blue}, \text{red}\}"),
    ("1, 2", "2,1"),
    (r"2,\quad -3", "-3,2"),
    ("1{,}200, 7", "7, 1200"),
    ("x=1, x=2", "x=2, x=1"),
    ("x=1, x=2", "1,2"),
    ("x=1,y=2", "y=2, x=1"),
    ("(1,2),(3,4)", "(3,4),(1,2)"),
    ("x>3", "3<x"),
    (r"x \le 3", r"3 \ge x"),
    (r"x\geq 2", "2<=x"),
    (r"x \leqslant 2", "x\u22642"),
    ("0<x<1", "1>x>0"),
    (r"-1 \le x < \frac12", r"0.5 > x \geq -1"),
    (r"x \ne 3", r"3\neq x"),
    ("x+1>2y", "2y<1+x"),
    ("y=2x+1", "2x+1=y"),
    ("2x+1=y", "1+2x"),
    ("2x+y=3", "y+2x=3"),
    ("[2,\\infty)", "[2, +\\infty)"),
    (r"\left( -\infty, \frac{1}{2} \right]", r"(-\infty,0.5]"),
    (r"(-\infty,3)\cup(5,\infty)", r"(5,\infty) \cup (-\infty,3)"),
    (r"x\in(0,1)", "(0,1)"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{bmatrix} 1 \\ 2.0 \end{bmatrix}"),
    (
        r"\begin{pmatrix}1&0\\0&1\end{pmatrix}",
        "\\begin{pmatrix} 1 & 0 \\\\\n 0 & 1 \\\\ \\end{pmatrix}",
    ),
    ("x^3-1", "(x-1)(x^2+x+1)"),
    (r"\frac{1}{1+\sqrt2}", r"\sqrt2-1"),
    (r"\sqrt{12}+\sqrt{27}", r"5\sqrt3"),
    (r"\frac{x^2-1}{x-1}", "x+1"),
    (r"\frac{3\pi}{4}", r"0.75\pi"),
    (r"\sin^2 x", r"(\sin x)^2"),
    (r"\log_2 x", r"\frac{\ln x}{\ln 2}"),
    (r"\log_{10} 7", r"\log 7"),
    (r"\exp(2x)", "e^{2x}"),
    (r"\lvert x \rvert", "|x|"),
    ("e^{x+y}", "e^x e^y"),
    ("1,200", r"1{,}200"),
]
DIFFERENT = [
    (r"\{1,2\}", r"\{1,3\}"),
    (r"\{1,2\}", r"\{1,2,3\}"),
    (r"\{1,1\}", r"\{1,2\}"),
    (r"\{1,2\}", "(1,2)"),
    (r"\{1,200\}", r"\{1200\}"),
    ("1,2", "(1,2)"),
    ("1,2", "1,3"),
    ("(1,2),(3,4)", "(1,2),(4,3)"),
    ("x=1,y=2", "x=2,y=1"),
    ("x=1,y=2", "1,2"),
    ("east, west", "west, east"),
    ("A, C, B", "A, B, C"),
    ("x>3", "x<3"),
    ("x>3", r"x\ge 3"),
    ("x>3", "3>x"),
    ("0<x<1", r"0<x\le1"),
    ("a<b", "b<a"),
    ("x<3", "(x,3)"),
    (r"x\in(0,1)", "[0,1]"),
    (r"(-\infty,3)\cup(5,\infty)", r"(-\infty,3]\cup(5,\infty)"),
    (r"A\cup B\cap C", r"C\cap B\cup A"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}2\\1\end{pmatrix}"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}1&2\end{pmatrix}"),
    (r"\begin{vmatrix}1&2\\3&4\end{vmatrix}", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}"),
    ("(a+b)^2", "a^2+b^2"),
    (r"\sqrt{x^2+1}", "x+1"),
    (r"\sin^{-1} x", r"\frac{1}{\sin x}"),
    (r"\log_2 x", r"\log_3 x"),
    ("2^{x}", "x^2"),
    ("0.1", r"\frac{1}{9}"),
    ("3:2", "2:3"),
    ("1011_2", "1011"),
    (r"\text{a}b", "ab"),
]
LARGE = [
    ("9^{9^{9^{9}}}", "9^{9^{9^{8}}}"),
    ("99999999!", "99999998!"),
    ("10^{10^{10}}", "10^{10^{11}}"),
    ("(a+b+c+d)^{30}(e+f+g)^{30}", "(a+b+c+d)^{30}(e+f+g)^{29}"),
    (r"\sum_{k=1}^{10^9} k", "5"),
    (r"\int_0^1 x dx", "1/2"),
    (r"\frac{1}{0}", r"\frac{2}{0}"),
    ("7" * 5000 + "/3", "7" * 5000 + "/9"),
    ("3\\frac{" + "7" * 5000 + "}{9}", "1"),
    ("\\{" * 3000, "\\{" * 2999),
    ("(" * 3000 + "1" + ",2)" * 3000, "(" * 3000 + "2" + ",1)" * 3000),
    ("\\{" + ",".join(map(str, range(3000))) + "\\}", "\\{" + ",".join(["x"] * 3000) + "\\}"),
    ("<".join("x" * 3000), "<".join("y" * 3000)),
    ("\\text{" * 3000, "x"),
    (" " * 20000 + "1", "2"),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_equal_answers(one, other):
    assert same_mathematics(one, other)
    assert same_mathematics(other, one)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_answers(one, other):
    assert not same_mathematics(one, other)
    assert not same_mathematics(other, one)


@pytest.mark.parametrize(("one", "other"), LARGE)
def test_what_symbolic_algebra_would_never_finish_is_compared_by_its_form(one, other):
    assert not same_mathematics(one, other)
    assert same_mathematics(one, one)


def test_no_different_pair_of_the_benchmark_is_called_equal():
    equal, different = (pairs(table) for table in (mathematics.EQUAL, mathematics.DIFFERENT))
    assert not [pair for pair in different if same_mathematics(*pair)]
    assert [pair for pair in equal if not same_mathematics(*pair)] == [("x_1+x_2", "x_2+x_1")]


numbers = st.integers(-9, 9).map(str)
pieces = st.sampled_from(["x", "2x+1", r"\frac12", r"\sqrt3", "0.5", "-4"]) | numbers
signs = st.sampled_from([("<", ">"), (r"\le", r"\ge"), ("=", "="), (r"\ne", r"\neq")])


@given(st.lists(pieces, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_a_set_is_equal_in_any_order(parts, random):
    turned = random.sample(parts, len(parts))
    assert same_mathematics(rf"\{{{','.join(parts)}\}}", rf"\{{{', '.join(turned)}\}}")


@given(pieces, pieces, signs)
def test_a_relation_is_equal_turned_round(left, right, sign):
    there, back = sign
    assert same_mathematics(f"{left} {there} {right}", f"{right} {back} {left}")


@given(st.lists(pieces, min_size=2, max_size=4), st.sampled_from(["()", "[]", "(]", "[)"]))
def test_tuples_and_intervals_keep_their_brackets(parts, ends):
    inner = ",".join(parts)
    for others in ("()", "[]", "(]", "[)"):
        same = same_mathematics(f"{ends[0]}{inner}{ends[1]}", f"{others[0]}{inner}{others[1]}")
        assert same == (ends == others)


texts = st.text("0123456789+-*/^(){}[]<>=&xyi.,\\ frac", max_size=40) | st.lists(
    st.sampled_from(
        [r"\{", r"\}", r"\cup", r"\in", *",<>=(]1x&", r"\begin{pmatrix}", r"\end{pmatrix}", r"\\"]
    )
).map("".join)


@given(texts, texts)
def test_equality_is_reflexive_and_the_same_both_ways_on_any_text(one, other):
    assert same_mathematics(one, other) == same_mathematics(other, one)
    assert same_mathematics(one, one) == bool(one.strip(" ."))


@pytest.mark.parametrize("digits", [400, 5000])
def test_a_fraction_of_very_long_integers_is_no_answer(digits):
    with pytest.raises(AnswerError):
        read_number(f"\\boxed{{{'7' * digits}/3}}")


nested = st.recursive(
    st.text("abc12 +-", max_size=5),
    lambda inner: st.lists(inner.map(lambda s: "{" + s + "}") | inner, max_size=4).map("".join),
    max_leaves=12,
)


@given(st.text(max_size=30), nested, st.text("abc .,()\n", max_size=30))
def test_the_last_box_is_read_with_balanced_braces(before, content, after):
    assert boxed(f"{before}\\boxed{{{content}}}{after}") == content.strip()


@given(st.integers(-(10**9), 10**9), st.sampled_from(["{}", "{:,}", "{}.00", "{:.1f}"]))
def test_numbers_are_equal_whatever_their_spelling(value, spelling):
    spelt = spelling.format(value)
    assert number(spelt) == str(value)
    assert same_number(spelt, str(value))
    assert not same_number(spelt, str(value + 1))


@given(st.decimals(-1000, 1000, places=3))
def test_decimals_keep_their_value(value):
    found = number(str(value))
    assert found is not None
    assert Decimal(found) == value


@given(st.integers(-50, 50), st.integers(2, 50))
def test_a_fraction_equals_itself_and_no_other_form_of_it(numerator, denominator):
    latex = f"\\frac{{{numerator}}}{{{denominator}}}"
    assert same_mathematics(latex, f"{numerator}/{denominator}")
    unreduced = f"\\frac{{{2 * numerator}}}{{{2 * denominator}}}"
    assert not same_mathematics(unreduced, latex)
    value = fraction(latex)
    assert float(value) == pytest.approx(float(Fraction(numerator, denominator)))


@pytest.mark.parametrize(
    ("given_answer", "reference"),
    [
        ("\\dfrac12", "0.5"),
        ("1,200\\%", "1200"),
        ("3 \\text{ cm}", "3"),
        ("90^\\circ", "90"),
        ("\\left( 1, \\frac{1}{2} \\right)", "(1,0.5)"),
        ("(x+1)^2", "x^2+2x+1"),
        ("\\sqrt{8}", "2\\sqrt2"),
        ("\\frac{\\sqrt3}{3}", "1/\\sqrt{3}"),
        ("x = 7", "7"),
        ("\\text{Yes}", "yes"),
        ("2\\sin x\\cos x", "\\sin(2x)"),
        ("\\sqrt[3]{-8}*y", "-2y"),
    ],
)
def test_equal_mathematics(given_answer, reference):
    assert same_mathematics(given_answer, reference)


@pytest.mark.parametrize(
    ("given_answer", "reference"),
    [
        ("2+2", "4"),
        ("\\frac{2}{4}", "\\frac{1}{2}"),
        ("(1,2)", "[1,2)"),
        ("(1,2)", "(1,2,3)"),
        ("(1,2)", "(2,1)"),
        ("x^2", "x"),
        ("4.0001", "4"),
        ("", ""),
        ("9^{9^{9^{9}}}", "1.5"),
        ("(" * 90, "x"),
        ("__import__('os')", "1.5"),
    ],
)
def test_different_mathematics(given_answer, reference):
    assert not same_mathematics(given_answer, reference)


@given(st.text("0123456789+-*/^(){}xyi.\\frac sqrt", max_size=120))
def test_evaluating_an_expression_is_safe_on_any_text(text):
    try:
        value = evaluate(text)
    except (ValueError, ArithmeticError):
        return
    assert isinstance(value, complex)
