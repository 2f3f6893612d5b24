"""Model calls: the one way from an agent to a language model, through the journal."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping
from contextlib import suppress
from itertools import islice
from random import Random
from shlex import quote
from typing import Any, NamedTuple
from uuid import uuid4

from societies.agents.agent import Call, LLMAgent
from societies.agents.errors import ModelError, PassingModelError
from societies.agents.models.base import Completion, LanguageModel, ModelSpec, Request
from societies.calls.differences import between_requests, between_works
from societies.calls.patience import Patience
from societies.calls.provider import Provider, provider_of
from societies.calls.task import Task, Work
from societies.calls.throttle import Throttle, detach_shared
from societies.calls.totals import Totals
from societies.config.limits import Limits
from societies.errors import ReplayDiffersError, RunInterruptedError
from societies.halt import Halt
from societies.record.artifacts import Artifacts
from societies.record.journal import Journal
from societies.record.work import Intent, Result, digest_of
from societies.scheduler import Interaction


class Opened(NamedTuple):
    """A model that is in use."""

    model: LanguageModel
    throttle: Throttle | None
    """None if nothing slows it down."""
    provider: Provider
    at_once: bool
    """Whether it answers without waiting for anything, and never fails."""


class Calls:
    """Every model call of one run: keyed by program order, journalled, counted, bounded.

    Args:
        journal: where completions are recorded and looked up; None keeps none.
        open_model: returns the language model of a specification, asked for once per model; it may
            be replaced (by one that wraps it, say) as long as no call was made.
        limits: how hard models may be driven, and what the run may use in all.
        live: False takes completions from the journal only (replay).
        on_live: called when the first call is made that is not in the journal.
        halt: why the run stops, shared with what else has to: then nothing more is sent, what waits
            for its turn gives up, and what was sent may be answered.
    """

    def __init__(
        self,
        journal: Journal | None,
        open_model: Callable[[ModelSpec], LanguageModel],
        limits: Limits,
        *,
        live: bool = True,
        on_live: Callable[[], None] = lambda: None,
        halt: Halt | None = None,
    ) -> None:
        self.journal = journal
        self.totals = Totals()
        self.live = live
        self.limits = limits
        self.halt = halt or Halt()
        self.artifacts = journal.artifacts if journal else Artifacts()
        self.works: list[str] = []
        """The keys of the work that was asked for, besides calls."""
        self.unanswered = 0
        """Of the requests given up, those whose call has had no answer."""
        self.throttles: dict[str, Throttle] = {}
        """The throttles in use, by model name; a second address of a model is named, too."""
        self.open_model = open_model
        self._models: dict[Hashable, Opened] = {}
        self._under_way = 0
        self._spent = self._spent_before() if limits.is_budgeted else None
        self._jitter = Random()
        self._answered: set[Hashable] = set()
        """The models that have answered: an outage of theirs is waited for."""
        self._on_live: Callable[[], None] | None = on_live
        self._stopped = asyncio.Event()
        self.halt.tell(self._stopped.set)
        self._unused = journal.size if journal else 0

    async def complete(self, interaction: Interaction, agent: LLMAgent, request: Request) -> Call:
        """Return the journalled completion of this call, or ask the agent's model.

        Raises:
            ReplayDiffersError: the journal holds another request under this call's key.
            RunInterruptedError: the run is being stopped.
            ModelError: the model cannot answer.
        """
        number = interaction.next_call(agent.name)
        key = f"{interaction.scope}#{agent.name}#{number}"
        spec = agent.model_spec
        digest = request.digest(spec.fingerprint)
        entry = self.journal.find(key) if self.journal else None
        if entry is not None:
            self._unused -= 1
            if entry.request != digest:
                raise ReplayDiffersError(between_requests(self.journal, entry, request, spec))
            completion = entry.completion
        else:
            self._go_live("call", key)
            completion = await self._ask_or_stop(spec, request, key)
            if self.journal:
                may_wait = self._models[spec.access].at_once
                self.journal.append(key, digest, request, spec, completion, may_wait=may_wait)
            if self._spent is not None:
                self._spent.add(completion, journalled=False)
                self._check_counted(spec, key, completion)
        self.totals.add(completion, journalled=entry is not None)
        return Call(key, digest, request, completion)

    async def once(
        self, interaction: Interaction, agent: str, kind: str, asked: Mapping[str, Any], work: Work
    ) -> Result:
        """Return the journalled result of some work; or do it, or wait for what was begun of it.

        Raises:
            ReplayDiffersError: the journal holds other work under this key, or no result of it.
            RunInterruptedError: the run is being stopped, or may not spend any more.
            ModelError: the work cannot be done.
        """
        number = interaction.next_call(f"{agent}#{kind}")
        key = f"{interaction.scope}#{agent}#{kind}#{number}"
        intent = Intent(key, kind, digest_of(asked), asked, uuid4().hex)
        begun = self.journal.intent(key) if self.journal else None
        if begun is not None and (begun.kind, begun.digest) != (kind, intent.digest):
            raise ReplayDiffersError(between_works(begun, intent))
        result = self.journal.result(key) if self.journal else None
        if result is None:
            if begun is not None and not self.live:
                told = f"{kind} {quote(key)} was begun, and the journal has no result"
                raise ReplayDiffersError(told)
            self._go_live(kind, key)
            if begun is None:
                self._check_on()
            task = Task(begun or intent, begun is not None, self.journal, self.artifacts)
            result = await self._do(task, work)
            if self._spent is not None:
                self._spent.pay(result.cost)
                self._check_priced(task.intent, result)
        self.works.append(key)
        self.totals.pay(result.cost)
        return result

    async def _do(self, task: Task, work: Work) -> Result:
        """Do some work between its two lines of the journal."""
        if self.journal and not task.is_resumed:
            self.journal.begin(task.intent)
        try:
            result = (await work(task)).plain()
        except ModelError as error:
            self.halt.stop(str(error), error)
            raise
        if self.journal:
            self.journal.finish(task.intent, result)
        return result

    def _check_priced(self, intent: Intent, result: Result) -> None:
        """Raise if the cost of a run is limited, and nobody says what some work has cost."""
        if self.limits.max_cost_usd is not None and result.cost is None:
            raise ModelError(
                f"limits.max_cost_usd cannot be kept: nobody says what {quote(intent.key)} has "
                "cost; it is done, and journalled. Go on without the limit (--set "
                "limits.max_cost_usd=null)"
            )

    def _go_live(self, kind: str, key: str) -> None:
        """Note that something is asked for that is not in the journal.

        Raises:
            ReplayDiffersError: this is a replay.
        """
        if not self.live:
            told = f"{kind} {quote(key)} is not in the journal: it was never recorded"
            raise ReplayDiffersError(told)
        if self._on_live is not None:
            began, self._on_live = self._on_live, None
            began()

    def check_all_used(self) -> None:
        """Raise unless every journalled call was asked again.

        Raises:
            ReplayDiffersError: some were not.
        """
        if self._unused and self.journal:
            raise ReplayDiffersError(
                f"{self._unused} of {self.journal.size} journalled calls were not asked again"
            )
        works = self.journal.works() if self.journal else []
        used = set(self.works)
        unused = [key for key in works if key not in used]
        if unused:
            raise ReplayDiffersError(
                f"{len(unused)} of {len(works)} journalled works were not asked for again "
                f"(the first is {unused[0]})"
            )

    def reply(self, key: str) -> str:
        """Return the reply of a journalled call; empty if there is none."""
        entry = self.journal.find(key) if self.journal and key else None
        return entry.completion.text if entry else ""

    def flush(self) -> None:
        """Write what waits to be journalled.

        Raises:
            JournalError: the file cannot be written.
        """
        if self.journal:
            self.journal.flush()

    def close(self) -> None:
        """Leave the throttles that are shared with other runs of the process."""
        detach_shared(self)

    async def _ask_or_stop(self, spec: ModelSpec, request: Request, key: str) -> Completion:
        """Ask the model; a failure that cannot pass stops the run before anybody else asks."""
        try:
            return await self._ask(spec, request, key)
        except ModelError as error:
            self.halt.stop(str(error), error)
            raise

    async def _ask(self, spec: ModelSpec, request: Request, key: str) -> Completion:
        """Ask the model, again after what can pass, within the limits."""
        model, throttle, provider, at_once = self._models.get(spec.access) or self._open(spec)
        if at_once:
            self._check_on()
            return await model.complete(request, key)
        began, attempt, given_up = 0.0, 1, 0
        patience = Patience(self.limits, self._jitter)
        while True:
            reserved = await self._wait_for_turn(throttle, request)
            sent = time.monotonic()
            began = began or sent
            try:
                completion = await _uncancelled(model.complete(request, key), key)
            except PassingModelError as error:
                if error.overload and throttle:
                    throttle.overloaded(sent)
                given_up += error.given_up
                self.give_up(error.given_up)
                pause = patience.pause(error, known=spec.access in self._answered)
            else:
                if throttle:
                    throttle.succeeded(time.monotonic() - sent)
                if throttle and reserved:
                    used = completion.prompt_tokens + completion.completion_tokens
                    throttle.settle_tokens(reserved, used)
                if not provider.reports_itself:
                    self._answered.add(spec.access)
                    completion.attempts = attempt
                    completion.given_up = given_up
                    self.unanswered -= given_up
                    completion.latency = time.monotonic() - began
                    if throttle and throttle.adaptive:
                        completion.in_flight = int(throttle.limit)
                return completion
            finally:
                self._under_way -= 1
                if throttle:
                    throttle.leave()
            await self._pause(pause)
            attempt += 1

    def give_up(self, requests: int) -> None:
        """Count requests that were given up, and whose call has had no answer."""
        self.totals.given_up += requests
        self.unanswered += requests

    def _open(self, spec: ModelSpec) -> Opened:
        model, provider = self.open_model(spec), provider_of(spec.name)
        at_once = getattr(model, "answers_at_once", False) and not self.limits.is_rated
        throttle = None if at_once else provider.throttle(spec, self.limits, self)
        if throttle and throttle.adaptive:
            known = self.throttles.setdefault(spec.name, throttle)
            if known is not throttle:
                self.throttles[f"{spec.name} at {spec.api_base}"] = throttle
        self._models[spec.access] = Opened(model, throttle, provider, at_once)
        return self._models[spec.access]

    async def _wait_for_turn(self, throttle: Throttle | None, request: Request) -> int:
        """Wait until the limits let a request pass; return the tokens reserved for it."""
        reserved = 0
        if throttle and throttle.is_rated:
            reserved = sum(len(message.content) for message in request.messages) // 4 + 1
            await self._pause(throttle.delay(reserved))
        if throttle and not throttle.enter_at_once():
            await throttle.enter()
        try:
            self._check_on()
        except RunInterruptedError:
            if throttle:
                throttle.leave(unused=True)
            raise
        self._under_way += 1
        return reserved

    def _check_on(self) -> None:
        """Raise if nothing more may be asked, or begun."""
        if self._spent is not None:
            self._check_limits(self._spent)
        if self.halt.reason:
            raise RunInterruptedError(self.halt.reason)

    def _spent_before(self) -> Totals:
        """Return what the journal's completions took: a resumed run has spent it already.

        A fork begins its journal with the calls that its parent has paid for.
        """
        spent = Totals()
        if self.journal is None:
            return spent
        for entry in islice(self.journal.entries(), self.journal.adopted, None):
            spent.add(entry.completion, journalled=True)
        for result in islice(self.journal.results(), self.journal.adopted_results, None):
            spent.pay(result.cost)
        return spent

    def _check_limits(self, spent: Totals) -> None:
        """Stop the run if it has used up what it may use in all."""
        tokens = spent.prompt_tokens + spent.completion_tokens
        for name, limit, used in (
            ("max_cost_usd", self.limits.max_cost_usd, spent.cost),
            ("max_calls", self.limits.max_calls, spent.calls + self._under_way),
            ("max_tokens_total", self.limits.max_tokens_total, tokens),
        ):
            if limit is not None and used >= limit:
                told = f"limits.{name} is reached: {used:,.6g} of {limit:,.6g}"
                self.halt.stop(told, limit={"name": name, "limit": limit, "used": used})

    def _check_counted(self, spec: ModelSpec, key: str, completion: Completion) -> None:
        """Stop the run if a limit cannot be kept, because nobody says what a call took.

        Raises:
            ModelError: the server does not tell.
        """
        unsaid = not completion.prompt_tokens and not completion.completion_tokens
        for name, limit, unknown in (
            ("max_cost_usd", self.limits.max_cost_usd, unsaid or completion.cost is None),
            ("max_tokens_total", self.limits.max_tokens_total, unsaid),
        ):
            if limit is not None and unknown and not provider_of(spec.name).reports_itself:
                raise ModelError(
                    f"limits.{name} cannot be kept: the server of model {spec.name} does not say "
                    f"what call {quote(key)} took; its reply is journalled. Go on without the "
                    f"limit (--set limits.{name}=null), or with limits.max_calls in its place"
                )

    async def _pause(self, seconds: float) -> None:
        """Wait, unless the run is stopped meanwhile."""
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), seconds)
        if self.halt.reason:
            raise RunInterruptedError(self.halt.reason)


async def _uncancelled(work: Awaitable[Completion], key: str) -> Completion:
    """Wait for a model; a cancellation that is not ours is a failure of it that can pass.

    Raises:
        PassingModelError: the model's library cancelled its own work.
    """
    try:
        return await work
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise PassingModelError(
            f"call {quote(key)} was cancelled by the model's library"
        ) from error
