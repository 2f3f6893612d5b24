"""Flips: an answer in the middle counts in one way, whatever it was that changed."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from societies.analysis.questionnaires import consistency

PAIRS = [(1, 5), (5, 1), (3, 5), (1, 3), (3, 3), (2, 1), (4, 5), (5, 5)]
"""Answers on a scale of five: two on opposite sides, two that move from or to the middle."""


def asked(column, values, pairs=PAIRS):
    """Return rows of table `responses`, for two administrations that differ in a column."""
    common = dict.fromkeys([*consistency.OCCASION, *consistency.ADMINISTRATION], "same")
    rows = [
        {**common, "agent": "a", "item": f"i{item}", column: value, "score": float(score)}
        for item, pair in enumerate(pairs)
        for value, score in zip(values, pair, strict=True)
    ]
    frame = pl.DataFrame(rows).with_columns(width=4.0, middle=3.0)
    return frame.with_columns(side=(pl.col("score") - pl.col("middle")).sign())


def flips(pairs):
    order = asked("option_order", ("forward", "reversed"), pairs)
    wording = asked("wording", ("original", "paraphrase"), pairs)
    found = [
        consistency._flips("x", consistency._pairs(order, "option_order", "forward", "reversed")),
        consistency._flips("x", consistency._pairs(wording, "wording", "original", "paraphrase")),
        consistency._template_flips(asked("template", ("one", "other"), pairs)),
    ]
    return [tuple(each.values()) for each in found]


def test_orders_wordings_and_templates_are_measured_by_the_same_rule():
    assert flips(PAIRS) == [(2 / 8, 2 / 8)] * 3


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=8))
def test_the_rule_is_the_same_for_any_answers(pairs):
    first, *others = flips(pairs)
    assert others == [first] * 2
    sides = np.sign(np.array(pairs) - 3)
    assert sum(first) == pytest.approx((sides[:, 0] != sides[:, 1]).mean())


def test_several_templates_flip_if_any_two_are_opposed():
    sides = np.array([[1, 0, -1], [1, 0, 1], [0, 0, 0], [1, 1, 1]])
    assert consistency._flip_shares("x", sides) == {"x_flips": 0.25, "x_half_flips": 0.25}
    assert consistency._flip_shares("x", sides[:, :1]) == {"x_flips": None, "x_half_flips": None}
