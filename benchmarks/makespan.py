"""Makespan: how near a run comes to what its dependencies allow, and how far from a barrier.

Run it with `python -m benchmarks.makespan`.

Two hundred agents play the donor game while every reply takes a while (lognormal, sigma 0.6). The
bound starts each interaction when its agents are free, at no cost of our own, with the very
latencies that were drawn. The barrier is Mesa's `step()`: every round waits for its slowest reply.
"""

import time
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import polars as pl

from benchmarks.runs import society
from benchmarks.timing import table
from societies.society import Society

AGENTS = 200
LATENCY = 0.2
"""Median seconds of a reply: a quick hosted model's."""
SETS = {
    "model.name": "scripted/constant",
    "model.options": {"latency": LATENCY, "latency_sigma": 0.6},
    "population.size": AGENTS,
    "population.groups": [],
    "protocol.survivors": AGENTS // 2,
    "limits.in_flight": 1000,
}


@dataclass(frozen=True, slots=True)
class Work:
    """One interaction as it was: who took part, and how long the replies took."""

    agents: tuple[Hashable, ...]
    seconds: float
    stage: Hashable = None
    """What has to be over before the next stage begins, such as a generation's games."""


def bound(program: Iterable[Work]) -> float:
    """Return the least makespan: an interaction starts as soon as its agents are free.

    Args:
        program: the interactions in program order. A stage starts when the one before is over.
    """
    end = 0.0
    for _, stage in groupby(program, key=attrgetter("stage")):
        began, free = end, dict[Hashable, float]()
        for work in stage:
            finish = max(free.get(agent, began) for agent in work.agents) + work.seconds
            free.update(dict.fromkeys(work.agents, finish))
            end = max(end, finish)
    return end


def program(played: Society) -> list[Work]:
    """Return the interactions of a donor game in program order, from its tables.

    A generation's strategies need the last one's scores, and its games need all its strategies.
    """
    latency = played.log.table("calls").group_by("scope").agg(pl.col("wall_latency").sum())
    strategies = played.log.table("strategies").select(
        "seq", "scope", "agent", "generation", recipient="agent", part=0
    )
    donations = played.log.table("donations").select(
        "seq", "scope", "agent", "generation", "recipient", part=1
    )
    both = pl.concat([strategies, donations], how="diagonal").join(latency, on="scope").sort("seq")
    return [
        Work(
            (row["agent"], row["recipient"]),
            row["wall_latency"],
            (row["generation"], row["part"]),
        )
        for row in both.collect().iter_rows(named=True)
    ]


def play(generations: int, *, barrier: bool) -> tuple[float, Sequence[Work]]:
    """Play a game; return its makespan in seconds, and what had to be done."""
    sets = {**SETS, "protocol.generations": generations}
    with society(sets, on_disk=False) as played:
        began = time.perf_counter()
        if barrier:
            while played.running:
                played.step()
        else:
            played.run()
        return time.perf_counter() - began, program(played)


def makespan(generations: int) -> tuple[str, ...]:
    """Return the table's row for a number of generations."""
    free, work = play(generations, barrier=False)
    stepped, same = play(generations, barrier=True)
    if work != same:
        raise ValueError("the two runs drew different latencies: their makespans do not compare")
    least = bound(work)
    return (
        f"{generations}",
        f"{len(work)}",
        f"{least:.2f}",
        f"{free:.2f}",
        f"{stepped:.2f}",
        f"{free / least:.3f}",
        f"{stepped / free:.2f}",
    )


if __name__ == "__main__":
    title = (
        f"Makespan of {AGENTS} agents, replies of {LATENCY} s in the median, in seconds "
        "(wanted: run / bound at most 1.15, step / run at least 1.5)"
    )
    head = ("generations", "replies", "bound", "run()", "step()", "run / bound", "step / run")
    print(table(title, head, [makespan(generations) for generations in (1, 3)]))
