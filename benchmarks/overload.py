"""Overload: a thousand agents, each with a call in flight, and a server that bears 200 at once.

Run it with `python -m benchmarks.overload`.

The server answers after three seconds, hence 67 calls per second at most: a rate that the client's
processor does not limit. What it cannot take it refuses at once with status 429. The run starts
with few requests in flight and finds the capacity by itself; the steady part is what comes after
the first refusal.
"""

import time
from collections.abc import AsyncGenerator, Sequence

import polars as pl

from benchmarks.runs import society
from benchmarks.server import serve
from benchmarks.timing import table
from societies.agents.agent import Call, LLMAgent
from societies.agents.answers.answer import Outcome
from societies.agents.models.hosted import litellm
from societies.calls.throttle import Change
from societies.scenarios.donor_game.society import DonorGame

AGENTS = 1000
CAPACITY = 200
LATENCY = 3.0
TURNS = 10
"""Calls of every agent."""
LONGEST = 240
"""Seconds after which the run is paused, whatever it has reached."""


class Crowd(DonorGame):
    """A thousand agents who all think at once, again and again."""

    answered: list[float]
    """When every answer came, in seconds on the monotonic clock."""

    async def play(self) -> AsyncGenerator[None, None]:
        """Ask everybody; nobody waits for anybody else."""
        self.strategies, self.answered = {}, []
        agents = [self.enroll(f"1_{number}") for number in range(AGENTS)]
        for turn in range(1, TURNS + 1):
            self.generation = turn
            for agent in agents:
                scope = f"t{turn}/{agent.name}"
                self.schedule(self.devise_strategy(agent, []), agents=[agent], scope=scope)
            yield

    def record_answer(
        self, agent: LLMAgent, call: Call, outcome: Outcome, problem: str | None
    ) -> None:
        """Note when it came."""
        self.answered.append(time.monotonic())
        super().record_answer(agent, call, outcome, problem)


def throughput(answered: Sequence[float], began: float, ended: float) -> float:
    """Return the answers per second between two moments."""
    return sum(began < moment <= ended for moment in answered) / (ended - began)


def parts(course: Sequence[Change], answered: Sequence[float]) -> list[tuple[str, ...]]:
    """Return the rows of the table: the whole run, and its steady part.

    The steady part ends when so few calls are left that they no longer fill the server.
    """
    found = next(change.moment for change in course if change.reason == "overload")
    few = answered[-CAPACITY]
    own = CAPACITY / LATENCY
    rows: list[tuple[str, ...]] = []
    for name, began, ended in (
        ("the whole run", course[0].moment, answered[-1]),
        ("from the first refusal on, while calls wait", found, few),
    ):
        rate = throughput(answered, began, ended)
        rows.append((name, f"{ended - began:.1f}", f"{rate:.1f}", f"{rate / own:.2f}"))
    return rows


def main() -> None:
    """Print the throughput and the limiter's course."""
    litellm()
    with serve(LATENCY, CAPACITY) as server:
        sets = {
            "model": {"name": "openai/local-model", "api_base": server.address},
            "population.size": AGENTS,
            "limits.in_flight": AGENTS,
            "limits.max_seconds": LONGEST,
        }
        with society(sets, on_disk=False, other=Crowd) as played:
            if not isinstance(played, Crowd):
                raise TypeError("another society was made")
            began = time.process_time()
            played.run()
            seconds = time.process_time() - began
            course = list(played.calls.throttles["openai/local-model"].course)
            sent = played.log.table("calls").select(pl.col("wall_attempts").sum()).collect().item()
            outcomes = played.log.table("answers").collect()["outcome"].value_counts().rows()
            calls = played.calls.totals.calls
            rows = parts(course, played.answered)
    title = f"{AGENTS} agents, {calls} calls, {CAPACITY} at once (wanted: 0.9 of the server's own)"
    print(table(title, ("", "seconds", "calls per s", "of the server's own"), rows))
    told = ", ".join(f"{number} {outcome}" for outcome, number in outcomes)
    print(f"Requests refused: {sent - calls}; answers: {told}; processor: {seconds:.0f} s.\n")
    steps = [
        (change.reason, f"{change.moment - course[0].moment:.1f}", str(change.in_flight))
        for change, after in zip(course, [*course[1:], None], strict=True)
        if after is None or change.reason != after.reason
    ]
    print(table("The limit of requests in flight", ("", "after s", "in flight"), steps))


if __name__ == "__main__":
    main()
