"""Statistics: known values, and every degenerate sample."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from societies.analysis.statistics import (
    bootstrap_mean,
    gini_coefficient,
    lorenz_curve,
    standard_error,
    trend,
)

UNITS = st.floats(min_value=1e-3, max_value=1e6)


@pytest.mark.parametrize("sample", [[], [3.0], [2.0, 2.0, 2.0], [393.9, 393.9 + 1e-12], [0.0, 0.0]])
def test_a_sample_that_shows_no_spread_has_no_interval(sample):
    assert bootstrap_mean(sample) == (None, None)


@given(st.lists(UNITS, min_size=2, max_size=12))
@settings(max_examples=30, deadline=None)
def test_the_interval_contains_the_mean_and_lies_within_the_sample(sample):
    low, high = bootstrap_mean(sample, resamples=999)
    if low is None:
        assert max(sample) == pytest.approx(min(sample), rel=1e-8)
        return
    mean = sum(sample) / len(sample)
    assert min(sample) * (1 - 1e-9) <= low <= mean * (1 + 1e-9)
    assert mean * (1 - 1e-9) <= high <= max(sample) * (1 + 1e-9)


def test_the_interval_is_the_same_every_time_and_narrows_with_confidence():
    sample = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
    assert bootstrap_mean(sample) == bootstrap_mean(sample)
    wide, narrow = bootstrap_mean(sample), bootstrap_mean(sample, confidence=0.5)
    assert wide.low < narrow.low < 10.5 < narrow.high < wide.high
    assert bootstrap_mean([1e-120 * x for x in sample]).low == pytest.approx(1e-120 * wide.low)


def test_the_interval_covers_the_mean_of_a_known_population_about_as_often_as_it_says():
    from numpy.random import default_rng

    rng = default_rng(5)
    samples = rng.normal(10, 2, size=(200, 20))
    intervals = [bootstrap_mean(list(sample), resamples=499) for sample in samples]
    assert 0.88 <= sum(low <= 10 <= high for low, high in intervals) / 200 <= 0.98


def test_what_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="not finite: nan"):
        bootstrap_mean([1.0, float("nan")])


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
