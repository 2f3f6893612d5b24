"""Agreement of items with each other, and of occasions, with what is undefined."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

SMALLEST = 3
"""Respondents below whom no agreement is told."""


class Agreement(NamedTuple):
    """A coefficient with its 95 % interval; None where the answers do not define one."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


def cronbach_alpha(matrix: Any) -> Agreement:
    """Return Cronbach's alpha (1951) of respondents (rows) by items (columns).

    The interval is Feldt's (1965), to three decimals. Undefined for fewer than three respondents,
    fewer than two items, or sums that do not vary. Pingouin has the same, and takes two seconds to
    import.
    """
    scores = _table(matrix)
    if scores is None or np.ptp(scores.sum(axis=1)) == 0:
        return Agreement()
    from scipy.special import fdtri

    respondents, items = scores.shape
    own, of_sums = scores.var(axis=0, ddof=1).sum(), scores.sum(axis=1).var(ddof=1)
    alpha = items / (items - 1) * (1 - own / of_sums)
    freedom = respondents - 1, (respondents - 1) * (items - 1)
    ends = 1 - (1 - alpha) * fdtri(*freedom, [0.975, 0.025])
    return _agreement(alpha, np.round(ends, 3))


def intraclass(matrix: Any) -> Agreement:
    """Return ICC(A,1) of agents (rows) on occasions (columns).

    Pingouin's: two-way, absolute agreement, single score (McGraw & Wong 1996); the interval has two
    decimals. Undefined for fewer than three agents, fewer than two occasions, or scores that do not
    vary.
    """
    scores = _table(matrix)
    if scores is None:
        return Agreement()
    import pandas as pd
    import pingouin

    agents, occasions = scores.shape
    agent, time = np.repeat(np.arange(agents), occasions), np.tile(np.arange(occasions), agents)
    long = pd.DataFrame({"score": scores.ravel(), "agent": agent, "time": time})
    with warnings.catch_warnings(action="ignore"):  # of Pandas, what it will one day remove
        found = pingouin.intraclass_corr(long, targets="agent", raters="time", ratings="score")
    row = found[found["Type"] == "ICC(A,1)"].iloc[0]
    return _agreement(row["ICC"], row["CI95"])


def _table(matrix: Any) -> NDArray[np.float64] | None:
    """Return numbers in which there is something to agree about, or None."""
    scores = np.asarray(matrix, dtype=float)
    if scores.ndim != 2 or scores.shape[0] < SMALLEST or scores.shape[1] < 2:
        return None
    return scores if np.ptp(scores) > 0 else None


def _agreement(value: float, interval: Any) -> Agreement:
    """Return a coefficient; ends that are not numbers (agreement without any error) are None."""
    if not np.isfinite(value):
        return Agreement()
    low, high = (float(end) if np.isfinite(end) else None for end in interval)
    return Agreement(float(value), low, high)
