"""An interview of 1,000 agents: 40 items in 2 orders, offline, on one core.

Run it with `python -m benchmarks.interview [agents]`; the target is 30 seconds.
"""

import sys
import tempfile
import time
from typing import Any

import societies


def interview(agents: int) -> dict[str, Any]:
    """Return the configuration of the interview."""
    levels = {"openness": "random", "extraversion": "random", "agreeableness": "random"}
    design = {"instrument": "mini_markers", "option_orders": ["forward", "reversed"]}
    return {
        "scenario": "interview",
        "name": "interview",
        "seed": 1,
        "model": {"name": "scripted/steady"},
        "population": {"size": agents, "persona": {"big_five": levels}},
        "protocol": {"questionnaires": [design]},
    }


def main() -> None:
    """Run it once and print what it took."""
    agents = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        began, busy = time.perf_counter(), time.process_time()
        run = societies.run(interview(agents), out=folder)
        elapsed, used = time.perf_counter() - began, time.process_time() - busy
        answers = run.about["totals"]["calls"]
    print(f"{agents:,} agents, {answers:,} answers")
    print(
        f"{elapsed:.1f} s elapsed, {used:.1f} s on the processor, {answers / used:,.0f} answers/s"
    )


if __name__ == "__main__":
    main()
