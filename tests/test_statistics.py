"""Statistics: known values, and every degenerate sample."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from societies.analysis.statistics import (
    gini_coefficient,
    lorenz_curve,
    mean_interval,
    standard_error,
    trend,
)

UNITS = st.floats(min_value=1e-3, max_value=1e6)


@pytest.mark.parametrize("sample", [[], [3.0], [2.0, 2.0, 2.0], [393.9, 393.9 + 1e-12] * 2])
def test_a_sample_that_shows_no_spread_has_no_interval(sample):
    assert mean_interval(sample)[:2] == (None, None)


@given(st.lists(UNITS, min_size=3, max_size=12))
def test_the_interval_contains_the_mean_and_is_that_of_the_t_test(sample):
    low, high, note = mean_interval(sample)
    if note:
        assert max(sample) == pytest.approx(min(sample), rel=1e-8)
        return
    mean = sum(sample) / len(sample)
    assert low < mean < high
    spread = high - mean
    assert mean - low == pytest.approx(spread, rel=1e-6, abs=1e-12 * mean)
    assert mean_interval(sample[::-1]) == (low, high, None), "in any order"


def test_the_interval_narrows_with_confidence_and_knows_no_unit():
    sample = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
    wide, narrow = mean_interval(sample), mean_interval(sample, confidence=0.5)
    assert wide.low < narrow.low < 10.5 < narrow.high < wide.high
    assert mean_interval([1e-200 * x for x in sample]).low == pytest.approx(1e-200 * wide.low)
    assert mean_interval([1e200 * x for x in sample]).low == pytest.approx(1e200 * wide.low)


def test_what_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="not finite: nan"):
        mean_interval([1.0, float("nan")])


def test_standard_error_and_trend():
    assert standard_error([1.0]) is None
    assert standard_error([1.0, 2.0, 3.0]) == pytest.approx(3**-0.5)
    assert trend([1, 2, 3], [0.1, 0.3, 0.5]) == pytest.approx((0.2, 0.0))
    assert trend([1, 2], [0.1, 0.3]) == (pytest.approx(0.2), None)
    assert trend([1], [0.1]) == (None, None)
    assert trend([1, 1], [0.1, 0.2]) == (None, None)
    with pytest.raises(ValueError, match="1 values of x and 2 of y"):
        trend([1], [1, 2])


@given(UNITS, st.integers(1, 30))
def test_gini_is_0_if_all_own_the_same(amount, n):
    assert gini_coefficient([amount] * n) == pytest.approx(0, abs=1e-12)


@given(UNITS, st.integers(1, 30))
def test_gini_is_at_its_most_if_one_owns_everything(amount, n):
    assert gini_coefficient([amount] + [0.0] * (n - 1)) == pytest.approx((n - 1) / n)


@given(st.lists(UNITS, min_size=1, max_size=20), st.floats(1e-3, 1e3), st.randoms())
def test_gini_does_not_depend_on_unit_or_order(owned, factor, random):
    scaled = [factor * amount for amount in owned]
    random.shuffle(scaled)
    assert gini_coefficient(scaled) == pytest.approx(gini_coefficient(owned), abs=1e-9)


@given(st.lists(UNITS, min_size=1, max_size=20))
def test_gini_is_half_the_relative_mean_absolute_difference(owned):
    n, mean = len(owned), sum(owned) / len(owned)
    difference = sum(abs(x - y) for x in owned for y in owned) / n**2
    assert gini_coefficient(owned) == pytest.approx(difference / (2 * mean), abs=1e-9)


@given(st.lists(UNITS, min_size=1, max_size=20))
def test_gini_is_twice_the_area_between_equality_and_the_lorenz_curve(owned):
    agents, units = lorenz_curve(owned)
    strips = zip(agents, agents[1:], units, units[1:], strict=False)
    area = sum((right - left) * (low + high) / 2 for left, right, low, high in strips)
    assert (agents[0], units[0], agents[-1], units[-1]) == (0, 0, 1, 1)
    assert gini_coefficient(owned) == pytest.approx(1 - 2 * area, abs=1e-9)


def test_gini_of_nothing_is_undefined_and_of_debts_refused():
    assert gini_coefficient([]) is None
    assert gini_coefficient([0.0, 0.0]) is None
    assert lorenz_curve([0.0, 0.0]) is None
    with pytest.raises(ValueError, match="at least 0, found -1"):
        gini_coefficient([3.0, -1.0])
