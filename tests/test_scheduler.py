"""The scheduler: out of order in execution, in order in the record."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from societies.errors import RunInterruptedError
from societies.records import MessageRecord
from societies.scheduler import CURRENT, Row, Scheduler


def row(text: str) -> Row:
    return Row(MessageRecord(receivers=[], channel="test", text=text), 1, "", None)


def retired(rows: list[Row]) -> list[str]:
    return [entry.record.text for entry in rows]


def test_interactions_wait_for_their_agents_only():
    log, order = [], []
    scheduler = Scheduler(log.append)

    async def work(name: str, seconds: float) -> None:
        order.append(f"{name} starts")
        await asyncio.sleep(seconds)
        scheduler.note(row(name))
        order.append(f"{name} ends")

    async def play() -> None:
        scheduler.schedule(work("slow", 0.05), ["ann", "bob"], "slow", 1)
        scheduler.schedule(work("quick", 0.0), ["cem", "dua"], "quick", 1)
        scheduler.schedule(work("next", 0.0), ["cem", "ann"], "next", 1)
        scheduler.note(row("between"))
        await scheduler.settle()

    asyncio.run(play())
    assert order.index("quick ends") < order.index("slow ends") < order.index("next starts")
    assert retired(log) == ["slow", "quick", "next", "between"]


interactions = st.lists(
    st.tuples(st.sets(st.integers(0, 5), min_size=1, max_size=3), st.integers(0, 3)), max_size=25
)


@settings(max_examples=60, deadline=None)
@given(interactions, st.integers(1, 8))
def test_any_protocol_is_recorded_in_program_order(protocol, window):
    """Whatever the agents and latencies: rows in order, no agent in two interactions at once."""
    log: list[Row] = []
    busy: set[int] = set()
    scheduler = Scheduler(log.append, window=window)
    most_open = 0

    async def work(number: int, agents: set[int], ticks: int) -> None:
        assert busy.isdisjoint(agents)
        busy.update(agents)
        for _ in range(ticks):
            await asyncio.sleep(0)
        assert CURRENT.get() is not None
        scheduler.note(row(f"{number}"))
        busy.difference_update(agents)

    async def play() -> None:
        nonlocal most_open
        for number, (agents, ticks) in enumerate(protocol):
            scheduler.schedule(work(number, agents, ticks), agents, str(number), 1)
            scheduler.note(row(f"{number} scheduled"))
            await scheduler.make_room()
            most_open = max(most_open, scheduler.open)
        await scheduler.settle()

    asyncio.run(play())
    expected = [text for n in range(len(protocol)) for text in (f"{n}", f"{n} scheduled")]
    assert retired(log) == expected
    assert most_open < window
    assert not any(scheduler.is_busy(agent) for agent in range(6))


def test_a_failure_starts_nothing_new_and_lets_what_runs_finish():
    log: list[Row] = []
    started: list[str] = []
    scheduler = Scheduler(log.append)

    async def work(name: str, seconds: float, fail: bool = False) -> None:
        started.append(name)
        await asyncio.sleep(seconds)
        if fail:
            raise ValueError(name)
        scheduler.note(row(name))

    async def play() -> None:
        scheduler.schedule(work("paid for", 0.05), ["ann"], "a", 1)
        scheduler.schedule(work("broken", 0.0, fail=True), ["bob"], "b", 1)
        scheduler.schedule(work("never", 0.0), ["bob"], "c", 1)
        with pytest.raises(RunInterruptedError, match="interaction b failed"):
            await scheduler.settle()
        await scheduler.drain(None)

    asyncio.run(play())
    assert started == ["paid for", "broken"]
    assert retired(log) == ["paid for"]
    assert isinstance(scheduler.failure, ValueError)


def test_draining_abandons_what_takes_too_long():
    scheduler = Scheduler(lambda _: None)

    async def play() -> None:
        scheduler.schedule(asyncio.sleep(60), ["ann"], "a", 1)
        await asyncio.sleep(0)
        scheduler.stop("enough")
        await asyncio.wait_for(scheduler.drain(0.01), timeout=5)

    asyncio.run(play())
    assert scheduler.stopping == "enough"
