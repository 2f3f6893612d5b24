"""How often the intervals that are told contain the truth, and how often they exclude no effect.

A 95 % interval should contain what it is about in 95 of 100 samples. What is drawn: samples of 3,
5, 10 and 30 units from named distributions, of which two are skewed and stand there as a limit.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import table
from societies.analysis.statistics import (
    Interval,
    difference_interval,
    effect_size,
    mean_interval,
)

SIZES = (3, 5, 10, 30)
DRAWS = 4_000
"""Samples per figure; the standard error of a coverage of 95 % is then 0.3 %."""
SHIFT = 1.0
"""How far the second sample lies above the first, in standard deviations, where it does."""
CORRELATION = 0.6
"""Of the pairs; skewed ones, whose logarithms correlate like this, a little less."""
CHANCES = (1.5, 1.0)
"""Parameters of the beta distribution of a question's difficulty: mean 0.6, and answers to one
question correlate at 0.29."""

Values = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Values]

DISTRIBUTIONS: dict[str, tuple[Draw, float, float]] = {
    "normal": (lambda rng, size: rng.normal(size=size), 0.0, 1.0),
    "uniform": (lambda rng, size: rng.uniform(size=size), 0.5, sqrt(1 / 12)),
    "share of 20": (lambda rng, size: rng.binomial(20, 0.7, size) / 20, 0.7, sqrt(0.21 / 20)),
    "exponential": (lambda rng, size: rng.exponential(size=size), 1.0, 1.0),
    "lognormal": (
        lambda rng, size: rng.lognormal(size=size),
        exp(0.5),
        sqrt((exp(1) - 1) * exp(1)),
    ),
}
"""What is drawn, its mean and its standard deviation. The last two are skewed."""


def samples(name: str, n: int, draws: int) -> Iterator[tuple[Values, Values, Values]]:
    """Yield two independent samples, and one that is paired with the first, all standardised."""
    draw, mean, deviation = DISTRIBUTIONS[name]
    rng = np.random.default_rng([n, draws, *name.encode()])
    drawn = (draw(rng, (3, draws, n)) - mean) / deviation
    first, second, own = drawn
    shared = CORRELATION * first + sqrt(1 - CORRELATION**2) * own
    return zip(first, second, shared, strict=True)


MEASURES: dict[str, Callable[[Values, Values, Values, float], Interval]] = {
    "mean": lambda first, _, __, shift: mean_interval(first + shift),
    "difference": lambda first, second, _, shift: difference_interval(first, second + shift),
    "paired difference": lambda first, _, pair, shift: mean_interval(pair + shift - first),
    "d of independent": lambda first, second, _, shift: effect_size(first, second + shift)[1],
    "d of pairs": lambda first, _, pair, shift: effect_size(first, pair + shift, paired=True)[1],
}


def covered(measure: str, name: str, n: int, draws: int = DRAWS, shift: float = SHIFT) -> float:
    """Return the part of samples whose interval contains the truth, of those that have one."""
    found = [MEASURES[measure](*parts, shift) for parts in samples(name, n, draws)]
    return _share(found, shift)


def misses(measure: str, name: str, n: int, draws: int = DRAWS) -> float:
    """Return the part of samples without an effect whose interval excludes 0."""
    return 1 - covered(measure, name, n, draws, 0.0)


def clustered(questions: int, draws: int = DRAWS, *, as_if_independent: bool = False) -> float:
    """Return the coverage of the accuracy of three debaters with a position on every question."""
    rng = np.random.default_rng([questions, draws])
    chances = rng.beta(*CHANCES, size=(draws, questions))
    right = rng.random((draws, questions, 3)) < chances[:, :, np.newaxis]
    clusters = None if as_if_independent else np.repeat(np.arange(questions), 3).tolist()
    found = [mean_interval(each.ravel().astype(float), clusters, within=(0, 1)) for each in right]
    return _share(found, CHANCES[0] / sum(CHANCES))


def _share(found: list[Interval], truth: float) -> float:
    known = [each for each in found if each.low is not None and each.high is not None]
    return sum(each.low <= truth <= each.high for each in known) / len(known)  # type: ignore[operator]


Figure = Callable[[str, int], float]
"""A share of what stands in a row, for a number of units."""


def printed(title: str, rows: Sequence[str], figure: Figure) -> str:
    """Return a table in per cent: a column for each number of units."""
    cells = [(row, *(f"{100 * figure(row, n):.1f}" for n in SIZES)) for row in rows]
    return table(title, ("%", *(f"n = {n}" for n in SIZES)), cells)


def main() -> None:
    """Print the tables."""
    for measure in MEASURES:
        title = f"{measure}: coverage of the 95 % interval"
        print(printed(title, list(DISTRIBUTIONS), partial(covered, measure)))
    ways = {"n questions as clusters": False, "positions as if independent": True}
    title = "accuracy of three debaters on n questions: coverage"
    print(printed(title, list(ways), lambda way, n: clustered(n, as_if_independent=ways[way])))
    for measure in list(MEASURES)[1:]:
        title = f"{measure}: false positives, of which there should be 5 %"
        print(printed(title, list(DISTRIBUTIONS), partial(misses, measure)))


if __name__ == "__main__":
    main()
