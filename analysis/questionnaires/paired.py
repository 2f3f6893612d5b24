"""Paired samples compared, and p-values corrected for their number."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from societies.analysis.quality import COUNTED
from societies.analysis.statistics import FEWEST, Interval, Values, effect_size, mean_interval

DIGITS = 9
"""Decimals to which changes of means are ranked: rounding errors are neither changes nor ranks."""
EXACT = 8
"""Pairs up to which Wilcoxon's test is exact even with ties."""
RANKED = 6
"""Changes below which Wilcoxon's exact two-sided test cannot reject at 0.05: 2 / 2^5 = 0.0625."""


class Comparison(NamedTuple):
    """Two paired samples compared."""

    pairs: int
    difference: float | None = None
    """Mean of second minus first."""
    interval: Interval = Interval()
    """95 % interval of the difference, over pairs: that of the paired t test."""
    d: float | None = None
    """Cohen's d as in 1.4: the difference over the root of the mean of both variances."""
    d_interval: Interval = Interval()
    """Its 95 % interval, over pairs."""
    t: float | None = None
    t_p: float | None = None
    wilcoxon_p: float | None = None
    """Wilcoxon's signed-rank test, see `signed_rank`."""
    note: str | None = None
    """Why some of all that is missing, in words."""


def compare(first: Sequence[float], second: Sequence[float], unit: str = "pairs") -> Comparison:
    """Compare two paired samples; the order of the pairs does not matter.

    Fewer than three pairs have no interval and no test.

    Args:
        first: one value of each pair.
        second: the other one.
        unit: what the pairs are called in notes, in the plural.

    Raises:
        ValueError: they are not of one length.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} values cannot be paired with {len(second)}")
    pairs = np.array(sorted(zip(first, second, strict=True)), dtype=float).reshape(-1, 2)
    one, other = pairs.T
    changes = other - one
    n = int(changes.size)
    mean = float(changes.mean()) if n else None
    d, ends = effect_size(one, other, paired=True, unit=unit)
    if n < FEWEST:
        return Comparison(n, mean, d=d, note=f"fewer than {FEWEST} {unit}")
    if np.ptp(changes) <= 1e-12:
        return Comparison(n, mean, d=d, note=f"all {unit} changed alike")
    from scipy import stats

    test = stats.ttest_rel(other, one)
    ranked = signed_rank(changes)
    note = None if ranked is not None else f"fewer than {RANKED} {unit} changed: no Wilcoxon test"
    tests = (float(test.statistic), float(test.pvalue), ranked)
    return Comparison(n, mean, mean_interval(changes, unit=unit), d, ends, *tests, note)


def signed_rank(changes: Values) -> float | None:
    """Return the p-value of Wilcoxon's signed-rank test (1945), two-sided.

    It assumes that the changes are distributed symmetrically about their median: of skewed ones it
    rejects for their shape alone. None if fewer than six values changed, of which it could not
    reject at 0.05 whatever they were (values that did not change are left out).
    """
    sample = np.round(np.asarray(changes, dtype=float), DIGITS)
    if np.count_nonzero(sample) < RANKED:
        return None
    from scipy import stats

    return float(stats.wilcoxon(sample, method=_method(sample)).pvalue)


def _method(changes: Any) -> str:
    """Return how Wilcoxon's p-value is computed: SciPy's exact test with ties takes seconds."""
    sizes = np.abs(changes)
    tied = bool((sizes == 0).any()) or len(np.unique(sizes)) < len(sizes)
    return "asymptotic" if tied and len(sizes) > EXACT else "auto"


def corrected(p_values: Sequence[float | None], method: str = "holm") -> list[float | None]:
    """Return p-values corrected for their number: `holm`, or `fdr_bh` (Benjamini & Hochberg)."""
    import pingouin

    known = [p for p in p_values if p is not None]
    if not known:
        return list(p_values)
    found = iter(pingouin.multicomp(known, method=method)[1].tolist())
    return [None if p is None else next(found) for p in p_values]


def flat(found: Comparison) -> dict[str, Any]:
    """Return a comparison as columns of a table; the note is the last."""
    values = found._asdict()
    interval, ends = values.pop("interval"), values.pop("d_interval")
    return {
        "pairs": values.pop("pairs"),
        "difference": values.pop("difference"),
        "low": interval.low,
        "high": interval.high,
        "d": values.pop("d"),
        "d_low": ends.low,
        "d_high": ends.high,
        **values,
    }


def with_corrected(
    rows: Sequence[Mapping[str, Any]],
    column: str,
    family: Sequence[str],
    name: str = "holm_p",
    method: str = "holm",
) -> pl.DataFrame:
    """Return the rows with p-values of `column` corrected within each family, as `name`.

    The new column stands before `note` and those that tell how the answers came about, which are
    the last.
    """
    table = noted(rows)
    if table.is_empty():
        return table
    families = [
        part.with_columns(
            pl.Series(name, corrected(part[column].to_list(), method), dtype=pl.Float64)
        )
        for _, part in table.group_by(family, maintain_order=True)
    ]
    ending = (name, *(each for each in ("note", *COUNTED) if each in table.columns))
    return pl.concat(families).select(pl.exclude(ending), *ending)


def noted(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Return rows as a table whose column `note`, if there is one, is text even where empty."""
    table = pl.DataFrame(rows, infer_schema_length=None)
    return table.with_columns(pl.col("note").cast(pl.String)) if "note" in table.columns else table
