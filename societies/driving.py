"""Driving a society: step by step or to its end, and stopping it so that nothing is lost."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from pathlib import Path
from typing import Any, Literal, Protocol

from societies import loop
from societies.agents.agent import LLMAgent
from societies.agents.errors import OutsideInteractionError, SocietyError
from societies.agents.secrets import cause_without_secrets, without_secrets
from societies.calls.calls import Calls
from societies.config.limits import Limits
from societies.config.schema import RunConfig
from societies.errors import InputError, RunFailedError, RunInterruptedError
from societies.halt import Halt
from societies.imports import place_in
from societies.record.log import RunLog
from societies.record.types import Record, StepRecord
from societies.scheduler import Scheduler
from societies.stage import Participants, PlayEndsHere

GRACE_SECONDS = 4.0
"""How long a run that is interrupted from outside waits for the calls in flight."""


class Driven(Protocol):
    """What a drive needs of the model that it drives."""

    running: bool
    steps: int
    log: RunLog
    calls: Calls

    def play(self) -> AsyncGenerator[None, None]:
        """Describe the protocol; each `yield` ends a step."""

    def members(self) -> list[LLMAgent]:
        """Return who is there and can be asked."""

    def record(self, record: Record) -> None:
        """Log a record."""


class Drive:
    """The course of one run: which step it is in, what it waits for, and why it stops.

    Args:
        model: what is driven.
        scheduler: runs its interactions.
        participants: who else takes part.
        halt: why the run stops.
        config: says how long it may take, and which variables hold keys.
        folder: where the scenario's code lies, whose lines are named when it fails.
    """

    def __init__(
        self,
        model: Driven,
        scheduler: Scheduler,
        participants: Participants,
        halt: Halt,
        config: RunConfig,
        folder: Path,
    ) -> None:
        self.step = 0
        self.began = time.monotonic()
        self._model = model
        self._scheduler = scheduler
        self._participants = participants
        self._halt = halt
        self._folder = folder
        self._limits: Limits = config.limits
        self._keys = {spec.api_key_env for _, spec in config.models()}
        self._phase: Literal["fresh", "settled", "begun"] = "fresh"
        """Whether anything of the step has begun; if not, whether the one before is settled."""
        self._interactions = 0
        self._newcomers: list[LLMAgent] = []
        self._leavers: list[LLMAgent] = []
        self._live_since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        play: Any = model.play()
        self._play: AsyncGenerator[None, None] = play
        if not isinstance(play, AsyncGenerator):
            if asyncio.iscoroutine(play):
                play.close()
            raise InputError(
                f"play() of {type(model).__name__} is no asynchronous generator: write it as "
                "`async def play(self)` with a `yield` at the end of each step"
            )

    # -- what `play()` does meanwhile ------------------------------------------------------------

    def begin(self, interactions: int = 0) -> None:
        """Note that something of the step has begun: somebody joins, something is scheduled."""
        self._phase = "begun"
        self._interactions += interactions

    def step_in_play(self) -> int:
        """Return the step of a row that `play()` records.

        What is recorded behind `settle()`, until somebody joins or something is scheduled, belongs
        to the step that was waited for.
        """
        if self._phase == "settled":
            return self.step - 1
        self._phase = "begun"
        return self.step

    def join(self, agent: LLMAgent) -> None:
        """Tell the participants that somebody has joined: now, or as soon as the run is driven."""
        self._newcomers.append(agent)
        if loop.is_here():
            self._welcome()

    def leave(self, agent: LLMAgent | None) -> None:
        """Tell the participants that somebody has left: now, or as soon as the run is driven."""
        if agent is not None:
            self._leavers.append(agent)
        if loop.is_here():
            self._welcome()

    def _welcome(self) -> None:
        newcomers, self._newcomers = self._newcomers, []
        leavers, self._leavers = self._leavers, []
        self._participants.welcome(newcomers, leavers)

    async def settle(self) -> None:
        """Wait until all scheduled interactions are done."""
        await self._scheduler.settle()
        if self._phase == "fresh" and self.step > 1:
            self._phase = "settled"

    # -- how it is driven --------------------------------------------------------------------------

    async def play_to_end(self) -> None:
        """Play without a barrier per step."""
        while await self._advance():
            await self._scheduler.make_room()
        await self._scheduler.settle()
        self._finish()

    async def play_one_step(self) -> None:
        """Advance to the next `yield`, and settle there."""
        goes_on = await self._advance()
        await self._scheduler.settle()
        if not goes_on:
            self._finish()

    async def _advance(self) -> bool:
        """Drive `play()` to its next yield; return whether it goes on."""
        self.step += 1
        self._model.steps = self.step
        if hasattr(self._model, "time"):  # since Mesa 3.4
            self._model.time = float(self.step)
        self._phase = "fresh"
        self._welcome()
        try:
            await anext(self._play)
        except PlayEndsHere:
            return False
        except StopAsyncIteration:
            self._end_last_step()
            self._participants.left(self._model.members())
            self._participants.ended()
            return False
        self._end_step()
        scheduled = self._scheduler.scheduled
        self._participants.stepped(self.step)
        if self._scheduler.scheduled > scheduled:
            await self._scheduler.settle()
        return True

    def _end_step(self) -> None:
        """Log the step that has been scheduled."""
        self._phase = "begun"
        seconds = time.monotonic() - self.began
        self._model.record(StepRecord(interactions=self._interactions, wall_seconds=seconds))
        self._interactions = 0

    def _end_last_step(self) -> None:
        """End the step in which `play()` ended; if nothing began in it, there was none."""
        if self._phase == "begun" or self.step == 1:
            self._end_step()
        else:
            self.step -= 1

    def _finish(self) -> None:
        self._model.running = False
        self._model.log.close()

    # -- how it stops ------------------------------------------------------------------------------

    async def run(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do `work`; on failure let what is in flight finish, write everything, and raise.

        Raises:
            RunInterruptedError: the run was stopped; it can be resumed.
            RunFailedError: a failure that cannot pass; it can be resumed too.
        """
        try:
            await self._work(work)
        finally:
            self._model.calls.flush()

    async def _work(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        failure: BaseException | None
        self._start_timer()
        try:
            return await work()
        except RunInterruptedError:
            failure = self._halt.failure
        except Exception as error:  # noqa: BLE001 - raised below, once everything is written
            failure = error
        finally:
            if self._timer:
                self._timer.cancel()
        self._halt.stop(f"play() failed{self._unsettled()}", failure)
        # What is in flight is paid for: only somebody who waits at the keyboard cuts it short.
        hurried = failure is None and self._halt.limit is None
        await self._scheduler.drain(GRACE_SECONDS if hurried else None)
        await self._play.aclose()
        self._close_log(failure)
        if failure is None:
            raise RunInterruptedError(self._halt.reason or "")
        if isinstance(failure, OutsideInteractionError):
            failure.args = (self._placed(str(failure), failure),)
        if isinstance(failure, SocietyError):
            raise failure from self._cause(failure.__cause__)
        raise self._failed(self._halt.reason, failure) from self._cause(failure)

    def _unsettled(self) -> str:
        """Return what may have been forgotten where `play()` fails while others still act."""
        if not (count := self._scheduler.open):
            return ""
        return (
            f" while {count} interactions are not done yet (if it needs what they do, it has to "
            "`await self.settle()` first)"
        )

    def _close_log(self, failure: BaseException | None) -> None:
        """Write what is left; a failure to is told together with the one before it."""
        try:
            self._model.log.close()
        except RunFailedError as error:
            if failure is None or str(failure) == str(error):
                raise
            besides = f"{error}; besides, {self._halt.reason}"
            raise self._failed(besides, failure) from self._cause(failure)

    def _failed(self, reason: str | None, failure: BaseException) -> RunFailedError:
        """Return what is told of a failure; error texts of libraries repeat keys."""
        told = self._placed(f"{reason}: {type(failure).__name__}: {failure}", failure)
        return RunFailedError(without_secrets(told, self._keys))

    def _placed(self, told: str, failure: BaseException) -> str:
        """Return what is told of a failure, behind the line of the scenario that it came by."""
        place = place_in(self._folder, failure)
        return f"{place}: {told}" if place else told

    def _cause(self, failure: BaseException | None) -> BaseException | None:
        """Return what a failure came from, as it may be printed with it."""
        return cause_without_secrets(failure, self._keys)

    def go_live(self) -> None:
        """Begin to count the run's time: what the journal answers takes none of it."""
        self._live_since = time.monotonic()
        self._start_timer()

    def _start_timer(self) -> None:
        """Have the run stopped when its time is up, if it is limited."""
        seconds = self._limits.max_seconds
        if seconds is None or self._live_since is None:
            return
        since = self._live_since

        def time_is_up() -> None:
            used = time.monotonic() - since
            told = f"limits.max_seconds is reached: {used:.1f} of {seconds:g}"
            self._halt.stop(told, limit={"name": "max_seconds", "limit": seconds, "used": used})

        left = since + seconds - time.monotonic()
        self._timer = asyncio.get_running_loop().call_later(max(0.0, left), time_is_up)
