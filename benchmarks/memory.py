"""Memory: a long run must not grow with its length.

Run it with `python -m benchmarks.memory`.

Each case runs in a fresh process; growth is how far the peak of resident memory rises above what
the imports took.
"""

import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.runs import society
from benchmarks.timing import table
from societies.record.log import RunLog
from societies.record.types import AnswerRecord, CallRecord, MessageRecord, Record

MILLION = 1_000_000
GENERATIONS = 400
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


def peak() -> float:
    """Return the peak of this process's resident memory, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_UNIT / 1e6


def records(number: int) -> tuple[Record, ...]:
    """Return what a turn with a message logs: texts, numbers, nulls and a list."""
    return (
        MessageRecord(
            receivers=[f"agent {number % 7}", f"agent {number % 11}"],
            channel="public",
            text=f"message {number}: I give what I was given, and a little more to newcomers.",
        ),
        CallRecord(
            key=f"g{number // 1000}/r{number}#agent#1",
            model="scripted/constant",
            label="scripted/constant",
            prompt="donate",
            attempt=1,
            request=f"{number:032x}",
            prompt_tokens=400,
            completion_tokens=20,
            reasoning_tokens=0,
            dropped=0,
            cost=0.0,
            finish_reason="stop",
            readable=True,
            problem=None,
            wall_attempts=1,
            wall_latency=0.1,
            wall_in_flight=None,
        ),
        AnswerRecord(
            prompt="donate",
            model="scripted/constant",
            label="scripted/constant",
            calls=1,
            outcome="clean",
            problem=None,
        ),
    )


def log_records() -> tuple[int, float, float]:
    """Log a million records; return their number, the growth in megabytes and the seconds."""
    with TemporaryDirectory() as folder:
        log = RunLog(Path(folder) / "log", "benchmark/1", ())
        before, began = peak(), time.process_time()
        number = 0
        while log.rows < MILLION:
            for record in records(number):
                log.write(record, number // 100, f"g{number // 1000}/r{number}", "agent")
            number += 1
        log.close()
        return log.rows, peak() - before, time.process_time() - began


def play() -> tuple[int, float, float]:
    """Play a long donor game; return its records, the growth in megabytes and the seconds."""
    with society({"protocol.generations": GENERATIONS}) as played:
        before, began = peak(), time.process_time()
        played.run()
        return played.log.rows, peak() - before, time.process_time() - began


if __name__ == "__main__":
    rows = []
    cases = {"a million records": log_records, f"donor game, {GENERATIONS} generations": play}
    for name, case in cases.items():
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
            logged, megabytes, seconds = fresh.submit(case).result()
        rows.append((name, f"{logged:,}", f"{megabytes:.0f}", f"{seconds:.1f}"))
    head = ("", "records", "growth, MB", "processor s")
    print(table("Growth of resident memory (wanted: under 200 MB)", head, rows))
