"""Statistics of small samples: SciPy's, with every degenerate case made explicit."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

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
    values: Sequence[float], *, confidence: float = 0.95, resamples: int = 9_999, seed: int = 0
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
    if sample.size < 2 or np.ptp(sample) <= ROUNDING * np.abs(sample).max():
        return UNDEFINED
    # In units of the largest value, so that the third moments of BCa neither over- nor underflow.
    scale = float(np.abs(sample).max())
    found = stats.bootstrap(
        (sample / scale,),
        np.mean,
        confidence_level=confidence,
        n_resamples=resamples,
        method="BCa",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(float(found.low) * scale, float(found.high) * scale)


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

    Two points leave no error to be seen, and fewer (or equal x) no slope.

    Raises:
        ValueError: a value is not finite, or there are not as many x as y.
    """
    across, up = _finite(x), _finite(y)
    if across.size != up.size:
        raise ValueError(f"there are {across.size} values of x and {up.size} of y")
    if across.size < 2 or np.ptp(across) == 0:
        return Trend(None, None)
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


def _finite(values: Sequence[float]) -> NDArray[np.float64]:
    sample = np.asarray(values, dtype=float)
    if not np.isfinite(sample).all():
        raise ValueError(f"a value is not finite: {sample[~np.isfinite(sample)][0]}")
    return sample
