"""Measuring on a noisy machine: many short repeats, of which the quickest count."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

MICROSECONDS = 1e6


@dataclass(frozen=True, slots=True)
class Seconds:
    """The repeats of one measurement, in seconds."""

    repeats: tuple[float, ...]

    @property
    def least(self) -> float:
        """The quickest repeat: the one that neighbours on the machine disturbed least."""
        return min(self.repeats)

    @property
    def median(self) -> float:
        """The middle repeat: what a run may expect on this machine, today."""
        return median(self.repeats)


def interleave(
    measured: Sequence[Callable[[], float]], repeats: int, pause: float = 0.0
) -> list[Seconds]:
    """Call each function `repeats` times, in turns, so that a slow minute hits all of them alike.

    Args:
        measured: functions that do their work and return the seconds it took.
        repeats: rounds over all of them.
        pause: seconds of rest between rounds.
    """
    found: list[list[float]] = [[] for _ in measured]
    for _ in range(repeats):
        for position, measure in enumerate(measured):
            found[position].append(measure())
        time.sleep(pause)
    return [Seconds(tuple(times)) for times in found]


def per_call(work: Callable[[], object], calls: int) -> Callable[[], float]:
    """Return a measurement: the mean processor seconds of one of `calls` calls of `work`."""

    def measure() -> float:
        began = time.process_time()
        for _ in range(calls):
            work()
        return (time.process_time() - began) / calls

    return measure


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a text table: the first column flush left, the others flush right."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = [title, "-" * len(title)]
    for first, *others in lines:
        cells = [value.rjust(width) for value, width in zip(others, widths[1:], strict=True)]
        text.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return "\n".join(text) + "\n"
