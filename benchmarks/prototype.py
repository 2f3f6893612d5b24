"""The yardstick: a donor-game turn with nothing around it.

The same steps as a full turn (prompt, reply, parse, journal, log, one task per interaction),
written as a script would write them: no templates, no persona, no retries, no checks, no replay.
"""

import asyncio
import json
import re
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

ANSWER = re.compile(r"Answer:\s*(\d+(?:\.\d+)?)")
PAIRS = 6
PROMPT = """Your name is {donor}. My strategy will be to give 50% of what I have.
This is generation {generation}, round {round}. You are paired with {recipient}, who owns {owned}.
In round {before}, {recipient} gave 50.00 % of its resources to somebody.
You are the donor, and you own {resources:.2f} units. How many units do you give?
Justification: (your reasons)
Answer: (the number of units, and nothing else)"""


async def turn(journal: TextIO, rows: list[tuple[object, ...]], number: int, pair: int) -> None:
    """Play one turn."""
    prompt = PROMPT.format(
        donor=f"1_{pair}",
        recipient=f"1_{pair + PAIRS}",
        generation=1,
        round=number,
        before=number - 1,
        owned=10.0,
        resources=10.0,
    )
    reply = await answer(10.0)
    found = ANSWER.search(reply)
    if found is None:
        raise ValueError(f"no answer in {reply!r}")
    call = {"call": f"r{number}/{pair}", "prompt": prompt, "reply": reply}
    journal.write(json.dumps(call) + "\n")
    journal.flush()
    rows.append((number, pair, float(found[1]), 10.0, 5.0, 10.0, 20.0, reply))


async def answer(resources: float) -> str:
    """Reply as a mind that gives half."""
    return f"Justification: it gave half as well.\nAnswer: {resources / 2}"


def seconds_per_turn(turns: int) -> float:
    """Play `turns` turns, six pairs at a time; return the processor seconds of one."""

    async def play(journal: TextIO) -> None:
        rows: list[tuple[object, ...]] = []
        for number in range(turns // PAIRS):
            await asyncio.gather(*(turn(journal, rows, number, pair) for pair in range(PAIRS)))

    with TemporaryDirectory() as folder, (Path(folder) / "journal").open("w") as journal:
        began = time.process_time()
        asyncio.run(play(journal))
        return (time.process_time() - began) / turns
