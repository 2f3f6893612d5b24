"""What a call costs above bare LiteLLM: processor time of both, side by side.

Run it with `python -m benchmarks.model_access`.

A donor game asks a server of 200 ms latency, in a process of its own. Then `litellm.acompletion`
sends the same messages to it, under a semaphore and `asyncio.gather`, as a script would: once as
LiteLLM does it by default, through OpenAI's SDK, and once on the path that `HostedModel` takes.
"""

import asyncio
import gc
import os
import time
from collections.abc import Callable
from typing import Any

from benchmarks.runs import society
from benchmarks.server import serve
from benchmarks.timing import Seconds, interleave, table
from societies import loop
from societies.agents.models.hosted import litellm
from societies.society import Society

LATENCY = 0.2
MODEL = "openai/local-model"
SDK = "EXPERIMENTAL_OPENAI_BASE_LLM_HTTP_HANDLER"
CASES = ((1, 12, 3), (100, 200, 2), (500, 500, 4))
"""Requests in flight, agents, and rounds of the game."""
REPEATS = 2

Messages = list[dict[str, str]]


class Case:
    """The same calls, by a society and by bare LiteLLM.

    Args:
        address: of the server.
        in_flight: requests under way at once.
        agents: who play one game of one generation.
        rounds: of that game; half of the agents give in each.
    """

    def __init__(self, address: str, in_flight: int, agents: int, rounds: int) -> None:
        self.in_flight = in_flight
        self.address = address
        self.prompts: list[Messages] = []
        self.sets = {
            "model": {"name": MODEL, "api_base": address},
            "population.size": agents,
            "protocol.survivors": agents // 2,
            "protocol.generations": 1,
            "protocol.games": 1,
            "protocol.rounds": rounds,
            "limits.in_flight": in_flight,
        }

    def play(self) -> float:
        """Play the game; return the processor seconds of one call."""
        with society(self.sets) as played:
            seconds = measured(played.run)
            self.prompts = prompts(played)
        return seconds / len(self.prompts)

    def send(self) -> float:
        """Send the game's messages by bare LiteLLM; return the processor seconds of one call."""
        seconds = measured(lambda: loop.run(self.gather(), on_interrupt=print))
        return seconds / len(self.prompts)

    def send_by_sdk(self) -> float:
        """Send them as LiteLLM does by default."""
        os.environ[SDK] = "False"
        try:
            return self.send()
        finally:
            os.environ[SDK] = "True"

    async def gather(self) -> None:
        """Do what a script would."""
        library, semaphore = litellm(), asyncio.Semaphore(self.in_flight)

        async def ask(messages: Messages) -> str | None:
            async with semaphore:
                response: Any = await library.acompletion(
                    model=MODEL, messages=messages, api_base=self.address, api_key="none"
                )
                text: str | None = response.choices[0].message.content
                return text

        await asyncio.gather(*(ask(messages) for messages in self.prompts))


def measured(work: Callable[[], object]) -> float:
    """Return the processor seconds of the whole process while `work` runs."""
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


def prompts(played: Society) -> list[Messages]:
    """Return the messages of every call of a game, from its journal."""
    journal = played.calls.journal
    if journal is None:
        raise ValueError("the society keeps no journal")
    return [
        [
            dict(zip(("role", "content"), journal.message(digest), strict=True))
            for digest in entry.messages
        ]
        for entry in journal.entries()
    ]


def row(case: Case) -> tuple[str, ...]:
    """Measure a case; return its row of the table."""
    ours, same, sdk = interleave((case.play, case.send, case.send_by_sdk), REPEATS)

    def milliseconds(seconds: Seconds) -> str:
        return f"{seconds.least * 1e3:.2f}"

    return (
        str(case.in_flight),
        str(len(case.prompts)),
        milliseconds(ours),
        milliseconds(sdk),
        milliseconds(same),
        f"{ours.least / sdk.least:.2f}",
        f"{ours.least / same.least:.2f}",
    )


def main() -> None:
    """Print the table."""
    with serve(LATENCY) as server:
        warm = Case(server.address, 100, 40, 1)
        row(warm)
        rows = [row(Case(server.address, *case)) for case in CASES]
    title = (
        f"Processor time of a call, in milliseconds (least of {REPEATS}; "
        "wanted: society / bare at most 1.10)"
    )
    head = ("in flight", "calls", "society", "bare", "bare, same path")
    print(table(title, (*head, "society / bare", "/ same path"), rows))


if __name__ == "__main__":
    main()
