"""The scheduler: interactions run as soon as their agents are free, and are recorded in order.

Like instructions in a reorder buffer: an interaction starts when the earlier interactions of the
agents it names have finished, whatever else is under way, and its records are retired in the order
in which the program scheduled it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Hashable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from societies.errors import RunInterruptedError
from societies.records import Record

WINDOW = 4096
"""Open interactions beyond which `play()` is not driven further."""


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
        "needs",
        "rows",
        "scope",
        "settings",
        "step",
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

    def next_call(self, agent: str) -> int:
        """Count a model call of `agent`; return its number within this interaction, from 1."""
        number = self.calls.get(agent, 0) + 1
        self.calls[agent] = number
        return number


CURRENT: ContextVar[Interaction | None] = ContextVar("interaction", default=None)
"""The interaction that the running code belongs to; None in `play()`."""


class Scheduler:
    """Runs interactions out of order and retires their records in order.

    Args:
        retire: receives every row, in program order.
        begin: receives every interaction before it is carried out.
        window: how many interactions may be open before `play()` has to wait.
    """

    def __init__(
        self,
        retire: Callable[[Row], None],
        begin: Callable[[Interaction], None] = lambda _: None,
        window: int = WINDOW,
    ) -> None:
        self.failure: BaseException | None = None
        self.stopping: str | None = None
        self._retire = retire
        self._begin = begin
        self._window = window
        self._order: deque[Interaction] = deque()
        self._last: dict[Hashable, Interaction] = {}
        self.open = 0
        """Interactions that are scheduled and not done."""
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
        """
        interaction = Interaction(work, tuple(dict.fromkeys(needs)), scope, step, settings)
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
            self._retire(row)
        else:
            if self._order[-1].work is not None:
                self._order.append(Interaction(None, (), "", row.step))
            self._order[-1].rows.append(row)

    def is_busy(self, need: Hashable) -> bool:
        """Whether an interaction that names `need` is still open."""
        return need in self._last

    async def make_room(self) -> None:
        """Wait until fewer interactions than the window are open."""
        await self._wait(self._window)

    async def settle(self) -> None:
        """Wait until every interaction is done: the only barrier.

        Raises:
            RunInterruptedError: the run is being stopped.
        """
        await self._wait(1)

    def stop(self, reason: str, failure: BaseException | None = None) -> None:
        """Start no further interaction; those under way go on until they need the model."""
        if self.stopping is None:
            self.stopping, self.failure = reason, failure
        for interaction in self._waiting:
            if interaction.work is not None:
                interaction.work.close()
        self._waiting.clear()
        self._wake(everybody=True)

    async def drain(self, seconds: float | None) -> None:
        """Wait for the interactions under way; abandon what takes longer than `seconds`."""
        tasks = set(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait(self, limit: int) -> None:
        if CURRENT.get() is not None:
            raise RuntimeError(
                "settle() belongs into play(): an interaction cannot wait for itself"
            )
        if self.open >= limit and not self.stopping:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append((limit, waiter))
            await waiter
        else:
            await asyncio.sleep(0)
        if self.stopping:
            raise RunInterruptedError(self.stopping)

    def _wake(self, *, everybody: bool = False) -> None:
        if not self._waiters:
            return
        for limit, waiter in self._waiters:
            if (everybody or self.open < limit) and not waiter.done():
                waiter.set_result(None)
        self._waiters = [(limit, waiter) for limit, waiter in self._waiters if not waiter.done()]

    def _start(self, interaction: Interaction) -> None:
        if self.stopping:
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
            self._finish(interaction)
        except RunInterruptedError as error:
            self.stop(str(error))
        except asyncio.CancelledError:
            if not self.stopping:
                raise
        except BaseException as error:  # noqa: BLE001 - kept, and raised where the run is driven
            self.stop(f"interaction {interaction.scope} failed", error)
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
        while self._order and self._order[0].done:
            for row in self._order.popleft().rows:
                self._retire(row)
        self._wake()
