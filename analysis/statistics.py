"""Statistics of small samples: SciPy's, with every degenerate case made explicit."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Values = Sequence[float] | NDArray[np.float64]
ROUNDING = 1e-9
"""Values that differ by no more than this part of their size are equal up to rounding."""


class Interval(NamedTuple):
    """A confidence interval; both ends are None where the sample does not define one."""

    low: float | None
    high: float | None


class Trend(NamedTuple):
    """A straight line through points; None where they do not define it."""

    slope: float | None
    """Change of y per unit of x."""
    standard_error: float | None


UNDEFINED = Interval(None, None)


def bootstrap_mean(
    values: Values, *, confidence: float = 0.95, resamples: int = 9_999, seed: int = 0
) -> Interval:
    """Return the bias-corrected and accelerated bootstrap interval of a mean (Efron 1987).

    The same sample, in any order, gets the same interval. A sample of fewer than two values, or of
    values that are all equal (up to rounding), says nothing about its own spread: no interval is
    made up.

    Args:
        values: the sample, all finite.
        confidence: of the interval, two-sided.
        resamples: drawn with replacement.
        seed: of the generator that draws them, which nothing else uses.

    Raises:
        ValueError: a value is not finite.
    """
    sample = np.sort(_finite(values))
    if sample.size < 2 or _equal(sample):
        return UNDEFINED
    # In units of the largest value, so that the third moments of BCa neither over- nor underflow.
    scale = float(np.abs(sample).max())
    found = _bootstrap((sample / scale,), np.mean, confidence, resamples, seed)
    return Interval(float(found.low) * scale, float(found.high) * scale)


def bootstrap_difference(
    first: Values,
    second: Values,
    *,
    confidence: float = 0.95,
    resamples: int = 1_999,
    seed: int = 0,
) -> Interval:
    """Return the bootstrap interval (BCa) of the mean of second minus the mean of first.

    Undefined for samples of fewer than two values, and where neither varies.

    Args:
        first: a sample, all finite.
        second: another one, of other subjects.
        confidence: of the interval, two-sided.
        resamples: drawn with replacement.
        seed: of the generator that draws them.

    Raises:
        ValueError: a value is not finite.
    """
    one, other = np.sort(_finite(first)), np.sort(_finite(second))
    if min(one.size, other.size) < 2 or (_equal(one) and _equal(other)):
        return UNDEFINED
    found = _bootstrap((one, other), _difference, confidence, resamples, seed)
    return Interval(float(found.low), float(found.high))


def _difference(first: Any, second: Any, axis: int = -1) -> Any:
    return np.mean(second, axis=axis) - np.mean(first, axis=axis)


def cohens_d(first: Any, second: Any, axis: int = -1) -> Any:
    """Return Cohen's d: mean of second minus first over the root of the mean of their variances.

    This is persona protocol 1.4's (for samples of one size the pooled standard deviation). Where
    neither sample varies it is infinite, or 0 for equal means.

    Args:
        first: a sample, or samples along `axis`, of at least two values.
        second: likewise; it may have another size.
        axis: along which a sample lies.
    """
    spread = (np.var(first, axis=axis, ddof=1) + np.var(second, axis=axis, ddof=1)) / 2
    difference = _difference(first, second, axis)
    with np.errstate(divide="ignore", invalid="ignore"):
        d = difference / np.sqrt(spread)
    return np.where(difference == 0, 0.0, d)


def effect_size(
    first: Values,
    second: Values,
    *,
    paired: bool = False,
    confidence: float = 0.95,
    resamples: int = 1_999,
    seed: int = 0,
) -> tuple[float | None, Interval]:
    """Return Cohen's d of second minus first, with its bootstrap interval (BCa).

    Undefined for samples of fewer than two values, and where neither varies; samples so small
    that too many resamples of them do not vary have no interval.

    Args:
        first: a sample, all finite.
        second: another one; of the same subjects in the same order if `paired`.
        paired: draw subjects, not values.
        confidence: of the interval, two-sided.
        resamples: drawn with replacement.
        seed: of the generator that draws them.

    Raises:
        ValueError: a value is not finite.
    """
    one, other = _finite(first), _finite(second)
    if min(one.size, other.size) < 2 or (_equal(one) and _equal(other)):
        return None, UNDEFINED
    if paired:
        order = np.lexsort((other, one))
        one, other = one[order], other[order]
    else:
        one, other = np.sort(one), np.sort(other)
    d = float(cohens_d(one, other))
    if not np.isfinite(d):
        return None, UNDEFINED
    if min(one.size, other.size) < 3:  # BCa leaves one out, and a single value has no spread
        return d, UNDEFINED
    found = _bootstrap((one, other), cohens_d, confidence, resamples, seed, paired=paired)
    ends = float(found.low), float(found.high)
    return d, Interval(*ends) if np.isfinite(ends).all() else UNDEFINED


def _bootstrap(
    samples: tuple[NDArray[np.float64], ...],
    statistic: Callable[..., Any],
    confidence: float,
    resamples: int,
    seed: int,
    *,
    paired: bool = False,
) -> Any:
    """Return SciPy's interval; where it is degenerate, its ends are not numbers."""
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        return stats.bootstrap(
            samples,
            statistic,
            confidence_level=confidence,
            n_resamples=resamples,
            method="BCa",
            paired=paired,
            vectorized=True,
            rng=np.random.default_rng(seed),
        ).confidence_interval


def _equal(sample: NDArray[np.float64]) -> bool:
    """Return whether all values are the same up to rounding."""
    return bool(np.ptp(sample) <= ROUNDING * np.abs(sample).max())


def proportion(successes: int, trials: int, *, confidence: float = 0.95) -> Interval:
    """Return the Wilson score interval of a proportion (Wilson 1927); no trials define none.

    Raises:
        ValueError: there are more successes than trials, or a negative number of them.
    """
    if not trials:
        return UNDEFINED
    found = stats.binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    return Interval(float(found.low), float(found.high))


def standard_error(values: Sequence[float]) -> float | None:
    """Return the standard error of a mean; None for fewer than two values.

    Raises:
        ValueError: a value is not finite.
    """
    sample = _finite(values)
    return float(stats.sem(sample)) if sample.size >= 2 else None


def trend(x: Sequence[float], y: Sequence[float]) -> Trend:
    """Return the slope of least squares through points, and its standard error.

    Two points leave no error to be seen, and fewer (or equal x) no slope. Equal y lie on a line
    without slope or error.

    Raises:
        ValueError: a value is not finite, or there are not as many x as y.
    """
    across, up = _finite(x), _finite(y)
    if across.size != up.size:
        raise ValueError(f"there are {across.size} values of x and {up.size} of y")
    if across.size < 2 or np.ptp(across) == 0:
        return Trend(None, None)
    if _equal(up):
        return Trend(0.0, 0.0 if across.size > 2 else None)
    line = stats.linregress(across, up)
    return Trend(float(line.slope), float(line.stderr) if across.size > 2 else None)


def gini_coefficient(values: Sequence[float]) -> float | None:
    """Return the Gini coefficient: 0 if all own the same, (n - 1) / n if one owns everything.

    With the n values in ascending order and i counting from 1 it is
    ``2 * sum(i * x_i) / (n * sum(x_i)) - (n + 1) / n``, half the relative mean absolute difference
    without a small-sample correction (Sen 1973, On Economic Inequality, section 2.6; SciPy and the
    other dependencies have no such function). It is undefined, None, if nobody owns anything.

    Raises:
        ValueError: a value is negative or not finite.
    """
    owned = np.sort(_finite(values))
    if owned.size and owned[0] < 0:
        raise ValueError(f"the Gini coefficient needs values of at least 0, found {owned[0]:g}")
    if not owned.size or owned[-1] == 0:
        return None
    parts = owned / owned[-1]  # in units of the largest: the sum cannot overflow
    n = int(parts.size)
    weighted = float(np.arange(1, n + 1) @ parts)
    return max(0.0, 2 * weighted / (n * float(parts.sum())) - (n + 1) / n)


def lorenz_curve(values: Sequence[float]) -> tuple[list[float], list[float]] | None:
    """Return the Lorenz curve: parts of the agents, poorest first, and of the units they own.

    Both lists begin with 0 and end with 1. None if nobody owns anything.

    Raises:
        ValueError: a value is negative or not finite.
    """
    if gini_coefficient(values) is None:
        return None
    owned = np.sort(_finite(values))
    cumulated = np.concatenate([[0.0], np.cumsum(owned / owned[-1])])
    agents = np.linspace(0, 1, cumulated.size)
    return agents.tolist(), (cumulated / cumulated[-1]).tolist()


def _finite(values: Values) -> NDArray[np.float64]:
    sample = np.asarray(values, dtype=float)
    if not np.isfinite(sample).all():
        raise ValueError(f"a value is not finite: {sample[~np.isfinite(sample)][0]}")
    return sample
