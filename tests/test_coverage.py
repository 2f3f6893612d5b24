"""Intervals hold: how often they contain the truth, and how often they exclude what is true."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api
from scipy import stats

from benchmarks.coverage import DISTRIBUTIONS, clustered, covered, misses, printed
from societies.analysis.questionnaires.paired import compare, signed_rank
from societies.analysis.questionnaires.permeability import contrast
from societies.analysis.statistics import difference_interval, effect_size, mean_interval

DRAWS = 2_000
"""Two standard errors of a coverage of 95 % are then 1 %."""


@pytest.mark.parametrize("measure", ["mean", "difference", "d of independent", "d of pairs"])
@pytest.mark.parametrize("n", [3, 5])
def test_intervals_of_few_normal_values_cover_as_often_as_they_say(measure: str, n: int) -> None:
    # d of pairs is approximate at any n; the others are exact, or nearly.
    assert 0.93 <= covered(measure, "normal", n, DRAWS) <= 0.975


@pytest.mark.parametrize("measure", ["difference", "d of independent", "d of pairs"])
def test_intervals_exclude_no_effect_in_a_twentieth_of_null_data(measure: str) -> None:
    assert 0.025 <= misses(measure, "normal", 5, DRAWS) <= 0.065


def test_questions_are_clusters_of_the_positions_taken_on_them() -> None:
    assert 0.92 <= clustered(10, DRAWS) <= 0.98
    assert clustered(10, DRAWS, as_if_independent=True) < 0.87


def test_skewed_values_are_a_stated_limit() -> None:
    """Nothing holds for few heavily skewed values: the table says so, and the docstring."""
    assert covered("mean", "lognormal", 5, DRAWS) < 0.9
    assert "skewed" in (mean_interval.__doc__ or "")
    assert {"lognormal", "exponential"} <= DISTRIBUTIONS.keys()


@pytest.mark.parametrize(
    ("few", "note"), [([], "fewer than 3 runs"), ([1.0, 2.0], "fewer than 3 runs"),
                      ([0.3, 0.3, 0.3], "no two runs differ")],
)  # fmt: skip
def test_what_has_no_interval_says_why(few: list[float], note: str) -> None:
    assert mean_interval(few, unit="runs") == (None, None, note)
    assert difference_interval(few, few, unit="runs").note == note
    assert effect_size(few, few, unit="runs")[1].note == note
    assert effect_size(few, few, paired=True, unit="runs")[1].note == note


def test_three_values_have_students_interval() -> None:
    found = mean_interval([1.0, 2.0, 4.0])
    expected = stats.ttest_1samp([1.0, 2.0, 4.0], 0).confidence_interval()
    assert found[:2] == pytest.approx(tuple(expected))


def test_a_difference_has_welchs_interval() -> None:
    one, other = [1.0, 2.0, 4.0, 4.5], [2.0, 9.0, 4.0]
    expected = stats.ttest_ind(other, one, equal_var=False).confidence_interval()
    assert difference_interval(one, other)[:2] == pytest.approx(tuple(expected))


def test_clusters_have_the_interval_of_statsmodels() -> None:
    """Of unequal sizes, and in any order."""
    rng = np.random.default_rng(3)
    questions = np.array([*"aaabbbbccdddde"])
    right = rng.integers(0, 2, questions.size) + (questions == "b")
    fit = statsmodels.api.OLS(right, np.ones(right.size)).fit(
        cov_type="cluster",
        cov_kwds={"groups": np.unique(questions, return_inverse=True)[1]},
        use_t=True,
    )
    found = mean_interval(right, questions.tolist())
    assert found[:2] == pytest.approx(tuple(fit.conf_int()[0]))
    order = rng.permutation(right.size)
    assert mean_interval(right[order], questions[order].tolist()) == found
    with pytest.raises(ValueError, match="14 values and 2 clusters"):
        mean_interval(right, ["a", "b"])


def test_a_share_does_not_leave_its_bounds() -> None:
    low, high, _ = mean_interval([0.9, 1.0, 0.7], within=(0, 1))
    assert (low, high) == (pytest.approx(0.487, abs=0.001), 1)


def test_the_interval_of_d_excludes_0_where_the_test_rejects() -> None:
    rng = np.random.default_rng(4)
    for _ in range(300):
        one, other = rng.normal(size=(2, 5))
        low, high, _ = effect_size(one, other + 0.8, paired=True)[1]
        rejected = stats.ttest_rel(other + 0.8, one).pvalue < 0.05
        assert (low is not None and low > 0) or (high is not None and high < 0) or not rejected
        assert rejected or low < 0 < high


def test_an_effect_beyond_all_scales_has_no_interval_and_takes_no_time() -> None:
    one, other = [0, 1e-9, 2e-9], [1e6, 1e6 + 1e-3, 1e6 - 1e-3]
    d, interval = effect_size(one, other)
    assert d == pytest.approx(1e6 / (5e-7**0.5), rel=1e-3)
    assert interval == (None, None, "the effect is too large")


def test_groups_chosen_by_their_means_have_no_interval_but_what_chance_gives() -> None:
    rng = np.random.default_rng(5)
    found = contrast({name: rng.normal(size=8).tolist() for name in "abcde"})
    assert found.interval == (None, None, "chosen among 5 by their means: see chance")
    assert found.chance > 0.5
    two = contrast({name: rng.normal(size=8).tolist() for name in "ab"})
    assert two.interval.low is not None, "nothing was chosen"


def test_two_pairs_have_neither_interval_nor_test() -> None:
    found = compare([1.0, 2.0], [2.0, 4.0])
    assert (found.pairs, found.difference, found.t_p, found.interval.low) == (2, 1.5, None, None)
    assert found.note == "fewer than 3 pairs"


def test_wilcoxons_test_says_what_it_assumes_and_where_it_cannot_reject() -> None:
    """Of five changes, all up, its exact p-value is 0.0625 at least."""
    found = compare([1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 3.1, 4.2, 5.3, 6.4])
    assert found.wilcoxon_p is None
    assert found.note == "fewer than 6 pairs changed: no Wilcoxon test"
    assert found.t_p is not None
    assert found.t_p < 0.001
    six = compare([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2.0, 3.1, 4.2, 5.3, 6.4, 7.5])
    assert six.wilcoxon_p == pytest.approx(0.03125)
    assert signed_rank([0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0]) is None, "zeros are no changes"
    assert "symmetrically" in (signed_rank.__doc__ or "")


def test_the_committed_table_is_what_the_benchmark_prints() -> None:
    told = (Path(__file__).parents[1] / "benchmarks" / "coverage.txt").read_text(encoding="utf-8")
    now = printed("mean: coverage of the 95 % interval", ["normal"], partial(covered, "mean"))
    assert now.split() == told.split()[: len(now.split())], (
        "run python -m benchmarks.coverage > benchmarks/coverage.txt"
    )
