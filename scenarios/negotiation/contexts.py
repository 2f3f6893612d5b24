"""Bargaining contexts: what there is, what it is worth to each seat, and what can be reached."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from random import Random
from typing import Any, Literal

Seat = Literal["red", "blue"]
SEATS: tuple[Seat, Seat] = ("red", "blue")

Counts = tuple[int, ...]
"""How many pieces there are of each resource (or how many of them somebody gets)."""
Points = tuple[int, int]
"""What an allocation is worth to red and to blue."""

CLASSIC_COUNTS: tuple[Counts, ...] = (
    *((1, 1, 3), (1, 1, 4), (1, 2, 2), (1, 2, 3), (1, 2, 4), (1, 3, 1), (1, 3, 2)),
    *((1, 3, 3), (1, 4, 1), (1, 4, 2), (2, 1, 2), (2, 1, 3), (2, 1, 4), (2, 2, 1)),
    *((2, 2, 2), (2, 3, 1), (3, 1, 1), (3, 1, 2), (3, 2, 1), (4, 1, 1)),
)
"""The count triples that occur in the classic context file (Lewis et al. 2017)."""


@dataclass(frozen=True, slots=True)
class Context:
    """One bargaining problem.

    Args:
        counts: pieces of each resource.
        values: what one piece of each resource is worth to red, and to blue.
    """

    counts: Counts
    values: tuple[Counts, Counts]

    def rest(self, share: Counts) -> Counts:
        """Return what one seat gets when the other gets `share`."""
        return remainder(self.counts, share)

    def points(self, share: Counts) -> Points:
        """Return what it is worth to red and blue that red gets `share` and blue the rest."""
        return worth(self.values[0], share), worth(self.values[1], self.rest(share))

    def swapped(self) -> "Context":
        """Return the same problem with the seats exchanged."""
        return Context(self.counts, (self.values[1], self.values[0]))


def context_of(row: Mapping[str, Any]) -> Context:
    """Return the context of a row of table `contexts`, or of any that has its columns."""
    return Context(tuple(row["counts"]), (tuple(row["red_values"]), tuple(row["blue_values"])))


def worth(values: Sequence[int], share: Sequence[int]) -> int:
    """Return what a share is worth in points."""
    return sum(value * count for value, count in zip(values, share, strict=True))


def remainder(counts: Sequence[int], share: Sequence[int]) -> Counts:
    """Return what is left of `counts` when `share` is taken."""
    return tuple(count - part for count, part in zip(counts, share, strict=True))


def shares(counts: Sequence[int]) -> Iterator[Counts]:
    """Yield every share that one seat can get."""
    return product(*(range(count + 1) for count in counts))


@lru_cache(maxsize=10_000)
def outcomes(context: Context) -> tuple[Points, ...]:
    """Return the points of every full allocation (brute force, with repetitions)."""
    return tuple(context.points(share) for share in shares(context.counts))


def rewards(points: Points, weight: float) -> tuple[float, float]:
    """Return the rewards: own points plus `weight` times the partner's (Liao et al. 2024, 3)."""
    return points[0] + weight * points[1], points[1] + weight * points[0]


def is_dominated(pair: tuple[float, float], others: Sequence[tuple[float, float]]) -> bool:
    """Whether some other pair is at least as good for both seats, and better for one."""
    return any(
        other[0] >= pair[0] and other[1] >= pair[1] and tuple(other) != tuple(pair)
        for other in others
    )


@lru_cache(maxsize=10_000)
def pareto_frontier(context: Context, weight: float = 0.0) -> tuple[tuple[float, float], ...]:
    """Return the distinct undominated reward pairs of all full allocations, in order.

    Args:
        context: the bargaining problem.
        weight: the objective's weight of the partner's points.
    """
    pairs = sorted({rewards(points, weight) for points in outcomes(context)})
    return tuple(pair for pair in pairs if not is_dominated(pair, pairs))


@lru_cache(maxsize=10_000)
def optimal_points(context: Context, weight: float = 0.0) -> tuple[Points, ...]:
    """Return the distinct points of the full allocations whose rewards no other's dominate.

    Args:
        context: the bargaining problem.
        weight: the objective's weight of the partner's points.
    """
    frontier = set(pareto_frontier(context, weight))
    return tuple(
        points for points in sorted(set(outcomes(context))) if rewards(points, weight) in frontier
    )


def joint_ceiling(context: Context) -> int:
    """Return the largest sum of both seats' points: each piece to whom it is worth most."""
    red, blue = context.values
    return worth([max(pair) for pair in zip(red, blue, strict=True)], context.counts)


def nash_ceiling(context: Context) -> int:
    """Return the largest product of both seats' points (the Nash bargaining solution's)."""
    return max(red * blue for red, blue in outcomes(context))


def count_tuples(types: int, fewest: int, most: int) -> tuple[Counts, ...]:
    """Return all ways to have `fewest` to `most` pieces of so many types, one of each at least."""
    ranges = [range(1, most - types + 2)] * types
    return tuple(counts for counts in product(*ranges) if fewest <= sum(counts) <= most)


@lru_cache(maxsize=10_000)
def valuations(counts: Counts, total: int) -> tuple[Counts, ...]:
    """Return all whole-number values per piece at which everything is worth `total`."""
    if len(counts) == 1:
        return ((total // counts[0],),) if total % counts[0] == 0 else ()
    return tuple(
        (value, *others)
        for value in range(total // counts[0] + 1)
        for others in valuations(counts[1:], total - value * counts[0])
    )


def count_valuations(counts: Counts, total: int) -> int:
    """Return how many `valuations` there are, without listing them."""
    ways = [1] + [0] * total
    for count in counts:
        for points in range(count, total + 1):
            ways[points] += ways[points - count]
    return ways[total]


def is_admissible(red: Sequence[int], blue: Sequence[int]) -> bool:
    """Whether every type is worth something to somebody, and some to both (Lewis et al. 2017)."""
    pairs = list(zip(red, blue, strict=True))
    return all(a or b for a, b in pairs) and any(a and b for a, b in pairs)


def generate(counts: Sequence[Counts], total: int) -> Iterator[Context]:
    """Yield every admissible context over the given counts, in order (Lewis et al. 2017).

    Args:
        counts: the counts to generate over.
        total: what everything is worth to each seat.
    """
    for each in counts:
        for red, blue in product(valuations(each, total), repeat=2):
            if is_admissible(red, blue):
                yield Context(each, (red, blue))


def sample(counts: Sequence[Counts], total: int, random: Random) -> Context:
    """Draw one of the contexts that `generate` yields, all alike likely, without listing them.

    Raises:
        ValueError: there is none.
    """
    pairs = [len(valuations(each, total)) ** 2 for each in counts]
    if next(generate(counts, total), None) is None:
        raise ValueError(f"no context over these counts is worth {total} to both seats")
    while True:
        each = random.choices(counts, weights=pairs)[0]
        red, blue = (random.choice(valuations(each, total)) for _ in SEATS)
        if is_admissible(red, blue):
            return Context(each, (red, blue))
