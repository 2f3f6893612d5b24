"""The scheduler: out of order in execution, in order in the record."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from societies.errors import RunInterruptedError
from societies.record.types import MessageRecord
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


@settings(max_examples=60, deadline=None)
@given(interactions, st.integers(1, 8))
def test_any_window_lets_every_protocol_end(protocol, window):
    """Scheduled at once, whoever waits for whom: nothing locks, and no window is overstepped."""
    log: list[Row] = []
    ahead = [0]

    async def work(number: int, ticks: int) -> None:
        ahead.append(number - scheduler.retired)
        for _ in range(ticks):
            await asyncio.sleep(0)
        scheduler.note(row(f"{number}"))

    async def play() -> None:
        for number, (agents, ticks) in enumerate(protocol):
            scheduler.schedule(work(number, ticks), agents, str(number), 1)
        await asyncio.wait_for(scheduler.settle(), timeout=10)

    scheduler = Scheduler(log.append, window=window)
    asyncio.run(play())
    assert retired(log) == [f"{number}" for number in range(len(protocol))]
    assert max(ahead) < window


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
    assert isinstance(scheduler.halt.failure, ValueError)


def test_draining_abandons_what_takes_too_long():
    scheduler = Scheduler(lambda _: None)

    async def play() -> None:
        scheduler.schedule(asyncio.sleep(60), ["ann"], "a", 1)
        await asyncio.sleep(0)
        scheduler.halt.stop("enough")
        await asyncio.wait_for(scheduler.drain(0.01), timeout=5)

    asyncio.run(play())
    assert scheduler.halt.reason == "enough"


def test_few_interactions_wait_to_be_retired_behind_a_slow_one():
    """Not even those that `play()` scheduled at once: the window bounds what is started, too."""
    started: list[int] = []
    log: list[Row] = []

    async def play() -> None:
        scheduler = Scheduler(log.append, window=8)
        answered = asyncio.Event()

        async def slow() -> None:
            await answered.wait()
            scheduler.note(row("slow"))

        async def quick(number: int) -> None:
            started.append(number)
            scheduler.note(row(f"{number}"))

        scheduler.schedule(slow(), ["ann"], "slow", 1)
        for number in range(50):
            scheduler.schedule(quick(number), [f"bob {number}"], f"{number}", 1)
        room = asyncio.create_task(scheduler.make_room())
        await asyncio.sleep(0.01)
        assert started == list(range(7))
        assert not room.done()
        answered.set()
        await scheduler.settle()
        assert room.done()

    asyncio.run(play())
    assert retired(log) == ["slow", *map(str, range(50))]


def test_play_is_not_driven_further_while_a_window_waits_to_be_retired():
    async def play() -> None:
        scheduler = Scheduler(lambda _: None, window=8)
        answered = asyncio.Event()
        scheduler.schedule(answered.wait(), ["ann"], "slow", 1)
        for number in range(7):
            scheduler.schedule(asyncio.sleep(0), [number], f"{number}", 1)
        room = asyncio.create_task(scheduler.make_room())
        await asyncio.sleep(0.01)
        assert scheduler.open == 1
        assert not room.done()
        answered.set()
        await room

    asyncio.run(play())


def test_rows_are_retired_in_slices_between_which_others_have_their_turn():
    """100 interactions of 50 rows wait behind a slow one; what comes after them comes last."""
    log: list[Row] = []
    turns: list[int] = []

    async def play() -> None:
        scheduler = Scheduler(log.append)
        answered = asyncio.Event()

        async def many(number: int) -> None:
            for _ in range(50):
                scheduler.note(row(f"{number}"))

        async def look() -> None:
            while not turns or turns[-1] < 5001:
                turns.append(len(log))
                await asyncio.sleep(0)

        scheduler.schedule(answered.wait(), ["ann"], "slow", 1)
        for number in range(100):
            scheduler.schedule(many(number), [number], f"{number}", 1)
        await asyncio.sleep(0.01)
        scheduler.note(row("last"))
        looking = asyncio.create_task(look())
        answered.set()
        await scheduler.settle()
        assert len(log) == 5001
        await looking

    asyncio.run(play())
    assert max(later - sooner for sooner, later in pairwise(turns)) <= 350
    assert retired(log) == [f"{n}" for n in range(100) for _ in range(50)] + ["last"]


def test_what_waits_is_retired_when_a_run_fails():
    log: list[Row] = []

    async def play() -> None:
        scheduler = Scheduler(log.append)
        answered = asyncio.Event()

        async def many(number: int) -> None:
            for _ in range(400):
                scheduler.note(row(f"{number}"))

        async def fail() -> None:
            await answered.wait()
            raise ValueError

        async def slow() -> None:
            await answered.wait()

        scheduler.schedule(slow(), ["ann"], "slow", 1)
        for number in range(3):
            scheduler.schedule(many(number), [number], f"{number}", 1)
        scheduler.schedule(fail(), ["bob"], "broken", 1)
        await asyncio.sleep(0)
        answered.set()
        with pytest.raises(RunInterruptedError):
            await scheduler.settle()
        await scheduler.drain(None)

    asyncio.run(play())
    assert len(log) == 1200


@pytest.mark.parametrize("seconds", [(0.0, 0.0, 0.0), (0.02, 0.0, 0.01), (0.0, 0.02, 0.0)])
def test_a_sealed_record_ends_with_the_interaction_that_is_retired(seconds):
    """Whatever else was done by then, and whatever `play()` recorded."""
    log: list[Row] = []

    def retire(entry: Row) -> None:
        log.append(entry)
        if entry.record.text == "0, first":
            scheduler.seal("enough")

    scheduler = Scheduler(retire)

    async def work(number: int, wait: float) -> None:
        await asyncio.sleep(wait)
        scheduler.note(row(f"{number}, first"))
        scheduler.note(row(f"{number}, second"))

    async def play() -> None:
        for number, wait in enumerate(seconds):
            scheduler.schedule(work(number, wait), [number], f"{number}", 1)
            scheduler.note(row(f"behind {number}"))
        with pytest.raises(RunInterruptedError, match="enough"):
            await scheduler.settle()
        await scheduler.drain(None)
        scheduler.note(row("in the end"))

    asyncio.run(play())
    assert retired(log) == ["0, first", "0, second"]


def test_a_scope_is_scheduled_once():
    async def play() -> None:
        scheduler = Scheduler(lambda _: None)
        scheduler.schedule(asyncio.sleep(0), ["ann"], "day", 1)
        with pytest.raises(ValueError, match="scope 'day' is used twice"):
            scheduler.schedule(asyncio.sleep(0), ["bob"], "day", 1)
        await scheduler.settle()

    asyncio.run(play())
