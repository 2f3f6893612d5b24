"""The scheduler: interactions run as soon as their agents are free, and are recorded in order.

Like instructions in a reorder buffer: an interaction starts when the earlier interactions of the
agents it names have finished, whatever else is under way, and its records are retired in the order
in which the program scheduled it. Like that buffer it has a size: nothing starts that is
further ahead of the first interaction not yet retired, so that few records wait behind a slow one.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Hashable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

from societies.agents.errors import OutsideInteractionError
from societies.errors import RunInterruptedError
from societies.halt import Halt
from societies.record.types import Record

WINDOW = 4096
"""Interactions that may be under way or wait to be retired; `play()` is not driven further."""
SLICE_ROWS = 256
"""Rows that are retired at a time: between slices, replies are attended to."""


@dataclass(slots=True)
class Row:
    """A record on its way to the log."""

    record: Record
    step: int
    scope: str
    agent: str | None


class Interaction:
    """A piece of the protocol: what some agents do together, alone with what they share."""

    __slots__ = (
        "calls",
        "dependents",
        "done",
        "idle",
        "needs",
        "place",
        "rows",
        "scope",
        "settings",
        "step",
        "under_way",
        "waits_for",
        "work",
    )

    def __init__(
        self,
        work: Coroutine[Any, Any, None] | None,
        needs: tuple[Hashable, ...],
        scope: str,
        step: int,
        settings: Any = None,
    ) -> None:
        self.work = work
        self.needs = needs
        self.scope = scope
        self.step = step
        self.settings = settings
        self.rows: list[Row] = []
        self.calls: dict[str, int] = {}
        self.waits_for = 0
        self.dependents: list[Interaction] = []
        self.done = work is None
        self.place = 0
        """How many interactions were scheduled before it."""
        self.under_way = 0
        """Its calls that are not answered yet."""
        self.idle: asyncio.Future[None] | None = None

    def next_call(self, agent: str) -> int:
        """Count a model call of `agent`; return its number within this interaction, from 1."""
        number = self.calls.get(agent, 0) + 1
        self.calls[agent] = number
        return number

    def answered(self) -> None:
        """Note that one of its calls is under way no more."""
        self.under_way -= 1
        if self.idle and not self.idle.done() and not self.under_way:
            self.idle.set_result(None)

    def check_rest(self) -> None:
        """Raise if one of its calls is under way.

        Raises:
            OutsideInteractionError: so it is, and its answer would come after the end.
        """
        if self.under_way:
            raise OutsideInteractionError(
                f"interaction {self.scope} ends while {self.under_way} of its calls are under way: "
                "let it await whatever it asks"
            )

    async def rest(self) -> None:
        """Wait until none of its calls is under way."""
        while self.under_way:
            self.idle = asyncio.get_running_loop().create_future()
            await self.idle


CURRENT: ContextVar[Interaction | None] = ContextVar("interaction", default=None)
"""The interaction that the running code belongs to; None in `play()`."""


class Scheduler:
    """Runs interactions out of order and retires their records in order.

    Args:
        retire: receives every row, in program order.
        begin: receives every interaction before it is carried out.
        window: how many interactions may be under way, or wait to be retired: no other is started,
            and `play()` has to wait.
        halt: why the run stops, shared with what else has to.
    """

    def __init__(
        self,
        retire: Callable[[Row], None],
        begin: Callable[[Interaction], None] = lambda _: None,
        window: int = WINDOW,
        halt: Halt | None = None,
    ) -> None:
        self.halt = halt or Halt()
        self.halt.tell(self._stop)
        self._sealed = False
        self._retire = retire
        self._begin = begin
        self._window = window
        self._order: deque[Interaction] = deque()
        self._retiring = False
        self._scopes: set[int] = set()
        self._ready: list[tuple[int, Interaction]] = []
        self._last: dict[Hashable, Interaction] = {}
        self.open = 0
        """Interactions that are scheduled and not done."""
        self.scheduled = 0
        self.retired = 0
        self._waiting: set[Interaction] = set()
        self._tasks: dict[Interaction, asyncio.Task[None]] = {}
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []

    def schedule(
        self,
        work: Coroutine[Any, Any, None],
        needs: Iterable[Hashable],
        scope: str,
        step: int,
        settings: Any = None,
        after: Iterable[Hashable] = (),
    ) -> None:
        """Start `work` once the earlier interactions of everything in `needs` are done.

        It waits for the earlier interactions of what is in `after`, too, and holds nobody up there.
        `settings` are those in force where it is scheduled, and stay with it.

        Raises:
            ValueError: an interaction of that scope was scheduled before; `work` is closed.
        """
        # Hashes, not texts: a long run has millions of them, and two in a million share one with
        # a probability of 1 to 30 million.
        if hash(scope) in self._scopes:
            work.close()
            raise ValueError(
                f"scope {scope!r} is used twice: its calls would share keys, and answers; make it "
                "unique, by a number of the round, say"
            )
        self._scopes.add(hash(scope))
        interaction = Interaction(work, tuple(dict.fromkeys(needs)), scope, step, settings)
        interaction.place = self.scheduled
        self.scheduled += 1
        self._order.append(interaction)
        self.open += 1
        for need in (*interaction.needs, *after):
            earlier = self._last.get(need)
            if earlier is not None:
                earlier.dependents.append(interaction)
                interaction.waits_for += 1
        for need in interaction.needs:
            self._last[need] = interaction
        self._waiting.add(interaction)
        if not interaction.waits_for:
            self._start(interaction)

    def note(self, row: Row) -> None:
        """Put a row in its place: behind its interaction, or between interactions."""
        current = CURRENT.get()
        if current is not None:
            current.rows.append(row)
        elif not self._order:
            if not self._sealed:
                self._retire(row)
        else:
            if self._order[-1].work is not None:
                self._order.append(Interaction(None, (), "", row.step))
            self._order[-1].rows.append(row)

    def is_busy(self, need: Hashable) -> bool:
        """Whether an interaction that names `need` is still open."""
        return need in self._last

    async def make_room(self) -> None:
        """Wait until fewer interactions than the window are under way or wait to be retired."""
        await self._wait(self._window)

    async def settle(self) -> None:
        """Wait until every interaction is done, and its records are retired: the only barrier.

        Raises:
            RunInterruptedError: the run is being stopped.
        """
        await self._wait(1)

    def _stop(self) -> None:
        """Start no further interaction; those under way go on until they need the model."""
        for interaction in self._waiting:
            if interaction.work is not None:
                interaction.work.close()
        self._waiting.clear()
        self._ready.clear()
        self._wake(everybody=True)

    def seal(self) -> None:
        """Have the record end with the interaction, or row, that is being retired.

        What was done beyond it by then depends on latency, and stands in the journal.
        """
        self._sealed = True

    async def drain(self, seconds: float | None) -> None:
        """Wait for the interactions under way; abandon what takes longer than `seconds`.

        What can be retired then is.
        """
        tasks = set(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        while self._order and self._order[0].done and not self._sealed:
            self._retire_or_stop()

    async def _wait(self, limit: int) -> None:
        if CURRENT.get() is not None:
            raise RuntimeError(
                "settle() belongs into play(): an interaction cannot wait for itself"
            )
        if self.scheduled - self.retired >= limit and not self.halt.reason:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append((limit, waiter))
            await waiter
        else:
            await asyncio.sleep(0)
        if self.halt.reason:
            raise RunInterruptedError(self.halt.reason)

    def _wake(self, *, everybody: bool = False) -> None:
        if not self._waiters:
            return
        for limit, waiter in self._waiters:
            room = self.scheduled - self.retired < limit
            if (everybody or room) and not waiter.done():
                waiter.set_result(None)
        self._waiters = [(limit, waiter) for limit, waiter in self._waiters if not waiter.done()]

    def _start(self, interaction: Interaction) -> None:
        if self.halt.reason:
            return
        if interaction.place >= self.retired + self._window:
            heappush(self._ready, (interaction.place, interaction))
            return
        self._waiting.discard(interaction)
        self._tasks[interaction] = asyncio.get_running_loop().create_task(self._run(interaction))

    async def _run(self, interaction: Interaction) -> None:
        CURRENT.set(interaction)
        work = interaction.work
        if work is None:
            return
        try:
            self._begin(interaction)
            await work
            interaction.check_rest()
            self._finish(interaction)
        except RunInterruptedError as error:
            self.halt.stop(str(error))
        except asyncio.CancelledError:
            if not self.halt.reason:
                raise
        except BaseException as error:  # noqa: BLE001 - kept, and raised where the run is driven
            self.halt.stop(f"interaction {interaction.scope} failed", error)
        finally:
            try:
                # One that failed may have asked several things, and the others are paid for.
                if interaction.under_way:
                    await interaction.rest()
            finally:
                del self._tasks[interaction]

    def _finish(self, interaction: Interaction) -> None:
        interaction.done = True
        self.open -= 1
        for need in interaction.needs:
            if self._last.get(need) is interaction:
                del self._last[need]
        for dependent in interaction.dependents:
            dependent.waits_for -= 1
            if not dependent.waits_for:
                self._start(dependent)
        interaction.dependents.clear()
        if not self._retiring:
            # Together with what ends in the same turn of the event loop: code that has just run is
            # still in the processor's cache.
            self._retire_soon()

    def _retire_soon(self) -> None:
        self._retiring = True
        asyncio.get_running_loop().call_soon(self._retire_or_stop)

    def _retire_slice(self) -> None:
        """Retire what is done, up to a number of rows; the rest follows after what else is due."""
        self._retiring, rows = False, 0
        while self._order and self._order[0].done and not self._sealed:
            # What `play()` recorded goes with the interaction before it: once the last one is
            # retired, nothing waits.
            if rows >= SLICE_ROWS and self._order[0].work is not None:
                self._retire_soon()
                break
            retired = self._order.popleft()
            self.retired += retired.work is not None
            rows += len(retired.rows)
            for row in retired.rows:
                self._retire(row)
        while self._ready and self._ready[0][0] < self.retired + self._window:
            self._start(heappop(self._ready)[1])
        self._wake()

    def _retire_or_stop(self) -> None:
        try:
            self._retire_slice()
        except Exception as error:  # noqa: BLE001 - kept, and raised where the run is driven
            self.halt.stop("the record could not be written", error)
