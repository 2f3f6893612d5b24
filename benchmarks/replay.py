"""Replay and resume: how fast what is journalled is played again.

Run it with `python -m benchmarks.replay`.

A donor game of 20,000 calls is paused by a limit when half of them are made. It is resumed with
one call more: the time until the limit stops it again is the time to the live edge. Then it is
finished, and replayed from its journal alone.
"""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import societies
from benchmarks.runs import GAME
from benchmarks.timing import table
from societies.errors import RunInterruptedError
from societies.runs.run import Run

GENERATIONS = 133
"""12 strategies, 6 in each later generation, and 144 donations in each: 19,956 calls."""
HALF = 10_000
REPEATS = 2


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the wall and the processor seconds of some work."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def paused(work: Callable[[], Run]) -> Path:
    """Return the directory of a run that a limit pauses."""
    try:
        finished = work()
    except RunInterruptedError as error:
        if error.run is None:
            raise
        return error.run
    raise ValueError(f"{finished.path} was not paused")


def row(name: str, calls: int, times: list[tuple[float, float]]) -> tuple[str, ...]:
    """Return a row of the table: the quickest of several times."""
    wall, processor = min(times)
    return (name, f"{calls:,}", f"{wall:.2f}", f"{processor:.2f}", f"{calls / processor:,.0f}")


def main() -> None:
    """Print the table."""
    sets = {"protocol.generations": GENERATIONS, "limits.max_calls": HALF}
    with TemporaryDirectory(prefix="societies-benchmark-") as out:
        path = paused(lambda: societies.run(GAME, out=out, sets=sets))
        edges = []
        for more in range(1, REPEATS + 1):
            limit = {"limits.max_calls": HALF + more}
            edges.append(
                timed(lambda: paused(lambda: societies.resume(path, sets=limit)))  # noqa: B023
            )
        run = societies.resume(path, sets={"limits.max_calls": 10**9})
        calls = run.about["totals"]["calls"]
        replays = [timed(lambda: societies.replay(path)) for _ in range(REPEATS)]
    rows = [
        row("resume, to the live edge", HALF, edges),
        row("replay, with all tables compared", calls, replays),
    ]
    title = f"Journalled calls (quickest of {REPEATS}; wanted: 5,000 per second, edge within 5 s)"
    print(table(title, ("", "calls", "wall s", "processor s", "per processor s"), rows))


if __name__ == "__main__":
    main()
