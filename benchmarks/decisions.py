"""Decisions per second: what a turn costs when the language model costs nothing.

Run it with `python -m benchmarks.decisions`.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from tempfile import TemporaryDirectory

from benchmarks import prototype
from benchmarks.runs import GAME, society
from benchmarks.stages import TURNS, Turn
from benchmarks.timing import MICROSECONDS, Seconds, interleave, per_call, table

REPEATS = 7
LONG = {"protocol.generations": 50}


def seconds_per_decision(sets: Mapping[str, object]) -> float:
    """Run a donor game from start to end; return the processor seconds of one decision."""
    with society(sets) as played:
        began = time.process_time()
        played.run()
        return (time.process_time() - began) / played.calls.totals.calls


def decisions() -> str:
    """Return the table of decisions per second, beside the bare prototype."""
    names = (
        "paper size, 10 generations",
        f"the same for {LONG['protocol.generations']} generations",
        "bare prototype",
    )
    measured = interleave(
        (
            lambda: seconds_per_decision({}),
            lambda: seconds_per_decision(LONG),
            lambda: prototype.seconds_per_turn(6000),
        ),
        REPEATS,
    )
    bare = measured[-1]
    rows = [
        (
            name,
            f"{1 / found.least:,.0f}",
            f"{1 / found.median:,.0f}",
            f"{found.least * MICROSECONDS:.0f}",
            f"{found.least / bare.least:.1f}",
        )
        for name, found in zip(names, measured, strict=True)
    ]
    head = ("", "per s, best", "per s, median", "µs, best", "x prototype")
    return table("Decisions per processor second (wanted: 5,000)", head, rows)


def stages() -> str:
    """Return the table of what each stage of a turn costs, measured on its own."""
    with society({"population.groups": []}) as played:
        turn = Turn(played)
        measures = turn.stages()
        whole = per_call(turn.one_after_another, TURNS)
        *each, in_turns = interleave([*measures.values(), whole], 20)
    found = dict(zip(measures, each, strict=True))
    total = Seconds((sum(stage.least for stage in each),))
    above = [*found.items(), ("together", total), ("all but scheduling, in turns", in_turns)]
    rows = [
        (name, f"{stage.least * MICROSECONDS:.1f}", f"{stage.least / total.least:.0%}")
        for name, stage in above
    ]
    return table("One turn by stage, each in a loop of its own", ("", "µs, best", "share"), rows)


def command() -> str:
    """Return the table of what the whole command takes, from start to exit."""

    def run() -> None:
        with TemporaryDirectory() as folder:
            arguments = ["-m", "societies.cli.main", "run", GAME, "--out", folder, "--quiet"]
            subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)

    def wall() -> float:
        began = time.perf_counter()
        run()
        return time.perf_counter() - began

    def processor() -> float:
        began = resource.getrusage(resource.RUSAGE_CHILDREN)
        run()
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime

    found = zip(("wall", "processor"), interleave([wall, processor], 5), strict=True)
    rows = [(name, f"{seconds.least:.2f}", f"{seconds.median:.2f}") for name, seconds in found]
    title = f"societies run {GAME}, the whole command (wanted: under 3 s wall)"
    return table(title, ("time", "s, best", "s, median"), rows)


if __name__ == "__main__":
    for part in (decisions, stages, command):
        print(part(), flush=True)
