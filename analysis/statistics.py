"""Statistics of small samples: SciPy's, with every degenerate case made explicit."""

from collections.abc import Sequence
from math import inf, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Sample = NDArray[np.float64]
Values = Sequence[float] | Sample
FEWEST = 3
"""Units below which no interval is told."""
LARGEST = 1e4
"""t beyond which SciPy takes seconds and more to find a noncentral t distribution."""
ROUNDING = 1e-9
"""Values that differ by no more than this part of their size are equal up to rounding."""


class Interval(NamedTuple):
    """A confidence interval; where the sample does not define one, why."""

    low: float | None = None
    high: float | None = None
    note: str | None = None
    """Why there is no interval, in words."""


class Trend(NamedTuple):
    """A straight line through points; None where they do not define it."""

    slope: float | None
    """Change of y per unit of x."""
    standard_error: float | None


def mean_interval(
    values: Values,
    clusters: Sequence[Any] | None = None,
    *,
    unit: str = "values",
    confidence: float = 0.95,
    within: tuple[float, float] = (-inf, inf),
) -> Interval:
    """Return the interval of a mean: Student's t over independent units.

    With clusters, those are the units: the standard error is the cluster-robust one (Liang & Zeger
    1986; as in Miller 2024, arXiv 2411.00640), with t on clusters - 1 degrees of freedom (Cameron &
    Miller 2015, section VI). The same sample, in any order, gets the same interval. Fewer than
    three units, or units that are all equal (up to rounding), have none. `benchmarks/coverage.txt`
    tells how often it holds; of skewed values it is too short on one side.

    Args:
        values: the sample, all finite.
        clusters: what each value belongs to; values of one cluster may depend on each other. By
            default each value stands alone.
        unit: what the independent units are called, in the plural.
        confidence: of the interval, two-sided.
        within: the least and the largest value that the mean can have: ends beyond them are cut,
            which takes nothing from the coverage.

    Raises:
        ValueError: a value is not finite, or there are not as many clusters as values.
    """
    sample = _finite(values)
    if clusters is not None and len(clusters) != sample.size:
        raise ValueError(f"there are {sample.size} values and {len(clusters)} clusters")
    if clusters is None:
        sample, groups = np.sort(sample), np.arange(sample.size)
    else:
        groups = np.unique(np.asarray(clusters), return_inverse=True)[1]
        order = np.lexsort((sample, groups))
        sample, groups = sample[order], groups[order]
    units = int(groups[-1]) + 1 if sample.size else 0
    if units < FEWEST:
        return Interval(note=f"fewer than {FEWEST} {unit}")
    scale = float(np.abs(sample).max()) or 1.0  # in units of the largest: squares do not overflow
    mean = float((sample / scale).mean())
    sums = np.bincount(groups, weights=sample / scale - mean)
    if np.ptp(sums) <= ROUNDING:
        return Interval(note=f"no two {unit} differ")
    from scipy import special  # here, as many a command needs no interval, and it takes a while

    error = float(np.sqrt(units / (units - 1) * np.square(sums).sum())) / sample.size
    reach = float(special.stdtrit(units - 1, (1 + confidence) / 2)) * error
    ends = np.clip([(mean - reach) * scale, (mean + reach) * scale], *within)
    return Interval(float(ends[0]), float(ends[1]))


def difference_interval(
    first: Values, second: Values, *, unit: str = "values", confidence: float = 0.95
) -> Interval:
    """Return the interval of the mean of second minus the mean of first (Welch 1947).

    Samples of fewer than three values, or which both do not vary, have none.

    Args:
        first: a sample of independent values, all finite.
        second: another one, of other subjects; it may have another size and spread.
        unit: what the values belong to, in the plural.
        confidence: of the interval, two-sided.

    Raises:
        ValueError: a value is not finite.
    """
    one, other = np.sort(_finite(first)), np.sort(_finite(second))
    if why := _undefined(one, other, unit):
        return Interval(note=why)
    from scipy import special

    scale = float(np.abs(np.concatenate([one, other])).max())
    one, other = one / scale, other / scale
    parts = np.array([one.var(ddof=1) / one.size, other.var(ddof=1) / other.size])
    freedom = parts.sum() ** 2 / (parts**2 / [one.size - 1, other.size - 1]).sum()
    reach = float(special.stdtrit(freedom, (1 + confidence) / 2) * np.sqrt(parts.sum()))
    difference = float(other.mean() - one.mean())
    return Interval((difference - reach) * scale, (difference + reach) * scale)


def _difference(first: Any, second: Any, axis: int = -1) -> Any:
    return np.mean(second, axis=axis) - np.mean(first, axis=axis)


def cohens_d(first: Any, second: Any, axis: int = -1) -> Any:
    """Return Cohen's d: mean of second minus first over the root of the mean of their variances.

    As in Frisch & Giulianelli 2024 (for samples of one size the pooled standard deviation). Where
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
    unit: str = "values",
    confidence: float = 0.95,
) -> tuple[float | None, Interval]:
    """Return Cohen's d of second minus first (see `cohens_d`), with its interval.

    The interval is that of a noncentral t. Independent samples: Delacre, Lakens, Ley, Liu & Leys
    2021 ("Why Hedges' g*s based on the non-pooled standard deviation should be reported with
    Welch's t-test"), which needs no equal variances. Paired ones: Algina & Keselman 2003
    (Educational and Psychological Measurement 63), so that it excludes 0 exactly where the paired t
    test rejects. Both assume normal values; of skewed ones they are too short, and more so the more
    there are (`benchmarks/coverage.txt`). d is undefined for samples of fewer than two values,
    and where neither varies; the interval for fewer than three.

    Args:
        first: a sample, all finite.
        second: another one; of the same subjects in the same order if `paired`.
        paired: whether the samples are of the same subjects.
        unit: what the values belong to, in the plural.
        confidence: of the interval, two-sided.

    Raises:
        ValueError: a value is not finite.
    """
    one, other = _finite(first), _finite(second)
    if paired:
        order = np.lexsort((other, one))
        one, other = one[order], other[order]
    else:
        one, other = np.sort(one), np.sort(other)
    if min(one.size, other.size) < 2 or (_equal(one) and _equal(other)):
        return None, Interval(note=_undefined(one, other, unit) or f"no two {unit} differ")
    d = float(cohens_d(one, other))
    if why := _undefined(one, other, unit):
        return d, Interval(note=why)
    factor, freedom = (_paired_scale if paired else _independent_scale)(one, other)
    if factor is None:
        return d, Interval(note=f"all {unit} changed alike")
    ends = _noncentral(d / factor, freedom, confidence) * factor
    found = np.isfinite(ends).all()
    return d, Interval(*ends.tolist()) if found else Interval(note="the effect is too large")


def _independent_scale(one: Sample, other: Sample) -> tuple[float | None, float]:
    """Return d over Welch's t, and the degrees of freedom of d's standard deviation."""
    first, second = float(one.var(ddof=1)), float(other.var(ddof=1))
    error = first / one.size + second / other.size
    freedom = (first + second) ** 2 / (first**2 / (one.size - 1) + second**2 / (other.size - 1))
    return float(np.sqrt(error / ((first + second) / 2))), freedom


def _paired_scale(one: Sample, other: Sample) -> tuple[float | None, float]:
    """Return d over the paired t, and its degrees of freedom; None where no change differs."""
    changes = other - one
    if np.ptp(changes) <= ROUNDING * max(np.abs(one).max(), np.abs(other).max()):
        return None, 0.0
    error = float(changes.var(ddof=1)) / changes.size
    spread = float(one.var(ddof=1) + other.var(ddof=1)) / 2
    return float(np.sqrt(error / spread)), changes.size - 1


def _noncentral(t: float, freedom: float, confidence: float) -> Sample:
    """Return between which noncentralities a t lies; not a number beyond SciPy's reach."""
    if abs(t) > LARGEST:
        return np.full(2, np.nan)
    from scipy import special

    sides = np.array([(1 + confidence) / 2, (1 - confidence) / 2])
    found: Sample = special.nctdtrinc(freedom, sides, t)
    return found


def _undefined(one: Sample, other: Sample, unit: str) -> str | None:
    """Return why two samples have no interval."""
    if min(one.size, other.size) < FEWEST:
        return f"fewer than {FEWEST} {unit}"
    return f"no two {unit} differ" if _equal(one) and _equal(other) else None


def _equal(sample: Sample) -> bool:
    """Return whether all values are the same up to rounding."""
    return bool(np.ptp(sample) <= ROUNDING * np.abs(sample).max())


def proportion(successes: int, trials: int, *, confidence: float = 0.95) -> Interval:
    """Return the Wilson score interval of a proportion (Wilson 1927); no trials define none.

    Raises:
        ValueError: there are more successes than trials, or a negative number of them.
    """
    if not trials:
        return Interval(note="no trials")
    if not 0 <= successes <= trials:
        raise ValueError(f"there are {successes} successes in {trials} trials")
    from scipy import special  # SciPy has the interval too, in `stats`, which takes long to import

    z = float(special.ndtri((1 + confidence) / 2))
    part, scale = successes / trials, 1 + z**2 / trials
    middle = (part + z**2 / (2 * trials)) / scale
    reach = z / scale * sqrt(part * (1 - part) / trials + z**2 / (4 * trials**2))
    low, high = middle - reach, middle + reach
    return Interval(low if successes else 0.0, high if successes < trials else 1.0)


def standard_error(values: Sequence[float]) -> float | None:
    """Return the standard error of a mean; None for fewer than two values.

    Raises:
        ValueError: a value is not finite.
    """
    sample = _finite(values)
    return float(sample.std(ddof=1) / np.sqrt(sample.size)) if sample.size >= 2 else None


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
    from scipy import stats

    line = stats.linregress(across, up)
    return Trend(float(line.slope), float(line.stderr) if across.size > 2 else None)


def relative_score(acc1: float, acc2: float) -> float | None:
    """Return RSS = (Acc2 - Acc1^2) / (2 Acc1 (1 - Acc1)) (Yang et al. 2024, arXiv 2412.19513).

    It compares two accuracies of the same questions, asked twice: 0.5 means unchanged. It is
    undefined at Acc1 = 0 or 1, and may leave [0, 1].
    """
    spread = acc1 - acc1**2  # written so that an unchanged accuracy gives 0.5 to the last digit
    return (acc2 - acc1**2) / (2 * spread) if spread > 0 else None


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


def _finite(values: Values) -> Sample:
    sample = np.asarray(values, dtype=float)
    if not np.isfinite(sample).all():
        raise ValueError(f"a value is not finite: {sample[~np.isfinite(sample)][0]}")
    return sample
