"""The society: a Mesa model whose protocol is one asynchronous generator."""

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Coroutine, Hashable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import mesa
from pydantic_core import to_json

from societies import loop, models
from societies.agents.agent import Call, LLMAgent
from societies.agents.answers import Outcome
from societies.agents.errors import OutsideInteractionError, SocietyError
from societies.agents.generators import GuardedGenerator
from societies.agents.memory import Conversation
from societies.agents.models.base import LanguageModel, ModelSpec, Request
from societies.agents.persona import Persona
from societies.agents.population import Person, Population
from societies.agents.prompts import Prompts
from societies.agents.secrets import cause_without_secrets, without_secrets
from societies.agents.streams import GuardedStream
from societies.agents.views import FrozenDict, views
from societies.calls import Calls
from societies.changes import Changes, PlayEndsHere, Settings
from societies.config import RunConfig
from societies.errors import RunFailedError, RunInterruptedError
from societies.journal import Journal
from societies.portraits import Portraits
from societies.probes import Probes
from societies.readability import AnswerShares
from societies.records import (
    AgentRecord,
    AnswerRecord,
    CallRecord,
    MessageRecord,
    Record,
    StepRecord,
)
from societies.registry import find
from societies.runlog import RunLog
from societies.scheduler import CURRENT, Interaction, Row, Scheduler
from societies.surroundings import Surroundings

if TYPE_CHECKING:
    import numpy as np

GRACE_SECONDS = 4.0
"""How long a run that is interrupted from outside waits for the calls in flight."""


class Society(mesa.Model):
    """Base of scenarios: subclasses describe their protocol in `play()`, once.

    Args:
        config: the validated configuration (`societies.load` makes one from a file).
        journal: where completions are recorded; None keeps none.
        log: where records are written; None keeps them in memory.
        live: False takes completions from the journal only (replay).
        open_model: returns the language model of a specification; by default what it says.
    """

    records: ClassVar[tuple[type[Record], ...]] = ()
    """The scenario's own record types."""

    def __init__(
        self,
        config: RunConfig,
        *,
        journal: Journal | None = None,
        log: RunLog | None = None,
        live: bool = True,
        open_model: Callable[[ModelSpec], LanguageModel] | None = None,
    ) -> None:
        self._scheduler = Scheduler(self._retire, self._begin)
        super().__init__(rng=config.seed)
        scenario = find(config.scenario)
        self.changes = Changes(self, config)
        self._labels = config.labels()
        self.seed = config.seed
        self.population = Population(config.population, config.model, config.seed)
        self.log = log or RunLog(None, f"{config.name}/{config.seed}", self.records)
        self.calls = Calls(
            journal,
            open_model or (lambda spec: models.open_model(spec, config, scenario)),
            config.limits,
            live=live,
            on_live=self._go_live,
        )
        self._shares = AnswerShares(config.limits)
        self._live_since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._probes = Probes(self, config.probes)
        self.portraits = Portraits(self)
        self._newcomers: list[tuple[LLMAgent, AgentRecord]] = []
        self._leavers: list[LLMAgent] = []
        self._surroundings = Surroundings()
        self._prompts = Prompts([scenario.folder / "prompts"], config.prompts)
        self.roles: dict[str, str] = {}
        """The role of everybody who ever joined, by name."""
        self._step = 0
        self._phase: Literal["fresh", "settled", "begun"] = "fresh"
        """Whether anything of the step has begun; if not, whether the one before is settled."""
        self._interactions = 0
        self.began = time.monotonic()
        self._play = self.play()

    # -- what a scenario says ---------------------------------------------------------------

    @abstractmethod
    def play(self) -> AsyncGenerator[None, None]:
        """Describe the protocol; each `yield` ends a Mesa step."""

    def enroll(
        self,
        name: str,
        *,
        role: str = "",
        person: Person | None = None,
        parents: Sequence[str] = (),
        memory: Conversation | None = None,
        brief: Mapping[str, Any] | None = None,
        kind: type[LLMAgent] = LLMAgent,
    ) -> LLMAgent:
        """Let somebody join as an agent, and log it.

        Its persona is written, if a model writes personas, and probes that ask before everything
        else ask it, before its first interaction.

        Args:
            name: unique in the run.
            role: its role; a model configured for that role answers for it.
            person: who it is; the population's next person by default.
            parents: agents it descends from or learnt from.
            memory: what of its own conversation it sees again; by default nothing.
            brief: what it alone is told at the start: further variables of the `system` template.
            kind: the class of the agent.

        Raises:
            ValueError: the name was used before, or has a `#`, which separates a key's parts.
            OutsideInteractionError: it joins in an interaction.
        """
        self._check_in_play(f"lets {name!r} join", "enroll it in play()")
        if name in self.roles or "#" in name or not name:
            raise ValueError(f"agent name {name!r} is taken, empty, or contains '#'")
        if CURRENT.get() is None:
            self._phase = "begun"
        self.roles[name] = role
        person = person or self.population.next_person()
        if role in self.config.model.roles:
            person = replace(person, model=self.config.model.of(role))
        agent = kind(self, name, person, memory, brief)
        agent.role = role
        joined = AgentRecord(
            role=role,
            group=person.group,
            person=person.index,
            model=person.model.name,
            label=self.label(person.model),
            persona=agent.persona_text,
            written=None,
            big_five=to_json(person.persona.big_five).decode(),
            attributes=to_json(person.persona.attributes).decode(),
            parents=list(parents),
        )
        portrait = self.portraits.due(agent)
        if portrait is None:
            self.record(joined, agent)
        else:
            agent.become(agent.persona, agent.model_spec, portrait)
        self._newcomers.append((agent, joined))
        if loop.is_here():
            self._welcome()
        return agent

    def _welcome(self) -> None:
        """Schedule what precedes everything else that newcomers do: portraits, then probes.

        Who joined or left while nothing was driven, such as between two steps, is asked now.
        """
        newcomers, self._newcomers = self._newcomers, []
        leavers, self._leavers = self._leavers, []
        for agent, joined in newcomers:
            if agent.portrait is not None:
                log = partial(self._record_written, agent, joined)
                self.portraits.commission(agent, agent.persona, agent.portrait, log)
            self._probes.join(agent)
        self._probes.leave(leavers)

    def _record_written(
        self, agent: LLMAgent, joined: AgentRecord, text: str, outcome: Outcome
    ) -> None:
        """Log an agent that joined, once its persona is written."""
        self.record(joined.model_copy(update={"persona": text, "written": outcome}), agent)

    def staff(self, role: str) -> Person:
        """Return somebody without a persona who is no part of the population, such as a judge."""
        return Person(index=-1, group="", persona=Persona(), model=self.config.model.of(role))

    def add_agents(self, number: int) -> list[LLMAgent]:
        """Let `number` agents join, because an intervention says so; return them.

        A hook for scenarios that declare that they support `add`: called in `play()`, where it
        schedules.
        """
        raise NotImplementedError(f"{type(self).__name__} declares `add`, and has no add_agents()")

    def remove_agents(self, agents: Sequence[LLMAgent]) -> None:
        """Let agents leave, because an intervention says so.

        A hook for scenarios that declare that they support `remove`: called in `play()`, where it
        schedules. Interactions already scheduled still take place.
        """
        for agent in agents:
            agent.remove()

    def schedule(
        self, work: Coroutine[Any, Any, None], *, agents: Sequence[Hashable], scope: str
    ) -> None:
        """Schedule an interaction.

        It waits only for the earlier interactions that name one of the same agents.

        Args:
            work: what happens; it may ask only the agents named here.
            agents: the agents, and whatever else hashable the interaction shares with others.
            scope: unique name; keys, tables and `fork --at` refer to the interaction by it.

        Raises:
            ValueError: the scope was used before.
            OutsideInteractionError: it is called in an interaction.
        """
        try:
            self._check_in_play(f"schedules {scope!r}", "schedule it in play()")
            if self.changes.pending:
                self.changes.meet(scope)
        except BaseException:
            work.close()
            raise
        self.changes.address(agents)
        self._phase = "begun"
        self._interactions += 1
        after = self.portraits.behind(agents)
        self._scheduler.schedule(work, agents, scope, self._step, self.changes.settings, after)

    def schedule_beside(
        self, work: Coroutine[Any, Any, None], agents: Sequence[Hashable], scope: str
    ) -> None:
        """Schedule an interaction that is no part of the scenario, and not counted in its steps."""
        self._scheduler.schedule(work, agents, scope, self._step, self.changes.settings)

    def deregister_agent(self, agent: mesa.Agent) -> None:
        """Let go of an agent that is removed, once the probes have asked it.

        Raises:
            OutsideInteractionError: it is removed in an interaction.
        """
        name = getattr(agent, "name", agent.unique_id)
        self._check_in_play(f"lets {name!r} leave", "remove it in play()")
        super().deregister_agent(agent)  # type: ignore[no-untyped-call]
        if isinstance(agent, LLMAgent):
            self._leavers.append(agent)
        if loop.is_here():
            self._welcome()

    def _llm_agents(self) -> list[LLMAgent]:
        """Return who is there and can be asked: a scenario may have plain Mesa agents, too."""
        return [agent for agent in self.agents if isinstance(agent, LLMAgent)]

    async def settle(self) -> None:
        """Wait until all scheduled interactions are done: the only barrier.

        What is recorded behind it, until somebody joins or something is scheduled, belongs to the
        step that was waited for.
        """
        await self._scheduler.settle()
        if self._phase == "fresh" and self._step > 1:
            self._phase = "settled"

    def record(self, record: Record, agent: LLMAgent | None = None, scope: str = "") -> None:
        """Log a record.

        Args:
            record: one of the declared record types.
            agent: who acted.
            scope: only for records made in `play()`; an interaction's rows carry its own.
        """
        current = CURRENT.get()
        step = current.step if current else self._step_in_play()
        name = agent.name if agent else None
        self._scheduler.note(Row(record, step, current.scope if current else scope, name))

    def _step_in_play(self) -> int:
        """Return the step of a row that `play()` records."""
        if self._phase == "settled":
            return self._step - 1
        self._phase = "begun"
        return self._step

    @property
    def config(self) -> RunConfig:
        """The configuration in force: in an interaction, where it was scheduled."""
        current = CURRENT.get()
        settings: Settings = (current and current.settings) or self.changes.settings
        return settings.config

    @property
    def protocol(self) -> Any:
        """The scenario's own parameters in force."""
        return self.config.protocol

    @property
    def people_drawn(self) -> int:
        """How many people of the population were drawn so far."""
        return self.population.drawn

    def label(self, spec: ModelSpec) -> str:
        """Return what a model is called in tables that compare models."""
        return self._labels.get(spec.fingerprint, spec.name)

    def is_busy(self, agent: LLMAgent) -> bool:
        """Whether an interaction that names the agent is still open."""
        return self._scheduler.is_busy(agent)

    def _begin(self, interaction: Interaction) -> None:
        self.changes.begin(interaction)

    def _retire(self, row: Row) -> None:
        self.log.write(row.record, row.step, row.scope, row.agent)
        if self.calls.live and isinstance(row.record, AnswerRecord | CallRecord):
            exceeded = self._shares.count(row.record)
            if exceeded and not self.calls.stopping:
                self.calls.limit_reached = exceeded.facts
                reason = exceeded.told(self.calls.reply(exceeded.call))
                self._scheduler.seal(reason)
                self.calls.stop(reason)

    # -- how it is driven ---------------------------------------------------------------------

    def run(self) -> None:
        """Play to the end, without a barrier per step.

        Raises:
            RunInterruptedError: the run was stopped; it can be resumed.
            RunFailedError: a failure that cannot pass; it can be resumed too.
        """
        loop.run(self._drive(self._play_to_end), on_interrupt=self.interrupt)

    def step(self) -> None:
        """Advance to the next `yield` and settle there: one Mesa step."""
        loop.run(self._drive(self._play_one_step), on_interrupt=self.interrupt)

    def interrupt(self, reason: str) -> None:
        """Stop at a safe point: calls in flight may finish, no new one is made."""
        self.calls.stop(reason)
        self._scheduler.stop(reason)

    async def _play_to_end(self) -> None:
        while await self._advance():
            await self._scheduler.make_room()
        await self._scheduler.settle()
        self._finish()

    async def _play_one_step(self) -> None:
        goes_on = await self._advance()
        await self._scheduler.settle()
        if not goes_on:
            self._finish()

    async def _advance(self) -> bool:
        """Drive `play()` to its next yield; return whether it goes on."""
        self._step += 1
        self.steps = self._step
        if hasattr(self, "time"):  # since Mesa 3.4
            self.time = float(self._step)
        self._phase = "fresh"
        self._welcome()
        try:
            await anext(self._play)
        except PlayEndsHere:
            return False
        except StopAsyncIteration:
            self._end_last_step()
            self._probes.leave(self._llm_agents())
            self.changes.finish()
            return False
        self._end_step()
        if self._probes.step(self._step, self._llm_agents()):
            await self._scheduler.settle()
        return True

    def _end_step(self) -> None:
        """Log the step that has been scheduled."""
        self._phase = "begun"
        seconds = time.monotonic() - self.began
        self.record(StepRecord(interactions=self._interactions, wall_seconds=seconds))
        self._interactions = 0

    def _end_last_step(self) -> None:
        """End the step in which `play()` ended; if nothing began in it, there was none."""
        if self._phase == "begun" or self._step == 1:
            self._end_step()
        else:
            self._step -= 1

    def _finish(self) -> None:
        self.running = False
        self.log.close()

    async def _drive(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run `work`; on failure let what is in flight finish, write everything, and raise."""
        failure: BaseException | None
        self._start_timer()
        try:
            return await work()
        except RunInterruptedError:
            failure = self._scheduler.failure
        except Exception as error:  # noqa: BLE001 - raised below, once everything is written
            failure = error
        finally:
            if self._timer:
                self._timer.cancel()
        reason = self._scheduler.stopping or "play() failed"
        self.interrupt(reason)
        # What is in flight is paid for: only somebody who waits at the keyboard cuts it short.
        hurried = failure is None and self.calls.limit_reached is None
        await self._scheduler.drain(GRACE_SECONDS if hurried else None)
        await self._play.aclose()
        try:
            self.log.close()
        except RunFailedError as error:
            if failure is None or str(failure) == str(error):
                raise
            raise self._failed(f"{error}; besides, {reason}", failure) from self._cause(failure)
        if failure is None:
            raise RunInterruptedError(reason)
        if isinstance(failure, SocietyError):
            raise failure from self._cause(failure.__cause__)
        raise self._failed(reason, failure) from self._cause(failure)

    def _failed(self, reason: str, failure: BaseException | None) -> RunFailedError:
        """Return what is told of a failure; error texts of libraries repeat keys."""
        told = f"{reason}: {type(failure).__name__}: {failure}"
        return RunFailedError(without_secrets(told, self._key_names))

    def _cause(self, failure: BaseException | None) -> BaseException | None:
        """Return what a failure came from, as it may be printed with it."""
        return cause_without_secrets(failure, self._key_names)

    @property
    def _key_names(self) -> set[str | None]:
        return {spec.api_key_env for _, spec in self.config.models()}

    def _go_live(self) -> None:
        """Begin to count the run's time: what the journal answers takes none of it."""
        self._live_since = time.monotonic()
        self._start_timer()

    def _start_timer(self) -> None:
        """Have the run stopped when its time is up, if it is limited."""
        seconds = self.config.limits.max_seconds
        if seconds is None or self._live_since is None:
            return
        since = self._live_since

        def time_is_up() -> None:
            used = time.monotonic() - since
            self.calls.limit_reached = {"name": "max_seconds", "limit": seconds, "used": used}
            self.interrupt(f"limits.max_seconds is reached: {used:.1f} of {seconds:g}")

        left = since + seconds - time.monotonic()
        self._timer = asyncio.get_running_loop().call_later(max(0.0, left), time_is_up)

    # -- what agents need of it (agents.agent.Host) ---------------------------------------------

    def render(self, prompt: str, shown: FrozenDict | None = None, /, **variables: Any) -> str:
        """Return the text of a prompt template, given views (`show`) or what to make them of."""
        return self._prompts.render(prompt, self.show(variables) if shown is None else shown)

    def show(self, variables: Mapping[str, Any]) -> FrozenDict:
        """Return the views of a template's variables; every template is given the `protocol`."""
        config, given = self.config, dict(variables)
        society, protocol = self._surroundings.of(config)
        if given.get("protocol", config.protocol) is config.protocol:
            given["protocol"] = protocol
        agent = given.get("agent")
        if isinstance(agent, LLMAgent):
            given["agent"] = agent.own_view(society)
        return views(given)

    def check_turn(self, agent: LLMAgent, *, acting: bool) -> None:
        """Raise unless it is the agent's turn: in an interaction that names it.

        In `play()` an agent may draw random numbers while it is in no open interaction.

        Raises:
            OutsideInteractionError: it is not.
        """
        current = CURRENT.get()
        if current is None and (acting or self._scheduler.is_busy(agent)):
            raise OutsideInteractionError(
                f"agent {agent.name} is used in play() "
                + ("to ask: schedule an interaction" if acting else "while it acts: settle() first")
            )
        if current is not None and agent not in current.needs:
            raise OutsideInteractionError(
                f"agent {agent.name} is used in interaction {current.scope}, which does not name "
                "it: add it to schedule(agents=...)"
            )

    async def complete(self, agent: LLMAgent, request: Request) -> Call:
        """Take the completion from the journal, or from the agent's language model."""
        interaction = current_interaction()
        interaction.under_way += 1
        try:
            return await self.calls.complete(interaction, agent, request)
        finally:
            interaction.answered()

    def record_call(self, agent: LLMAgent, call: Call, problem: str | None) -> None:
        """Log one call."""
        completion = call.completion
        self.record(
            CallRecord(
                key=call.key,
                model=agent.model_spec.name,
                label=self.label(agent.model_spec),
                prompt=call.request.prompt,
                attempt=call.request.attempt,
                request=call.digest,
                prompt_tokens=completion.prompt_tokens,
                completion_tokens=completion.completion_tokens,
                cost=completion.cost,
                finish_reason=completion.finish_reason,
                readable=problem is None,
                problem=problem,
                wall_attempts=completion.attempts,
                wall_latency=completion.latency,
                wall_in_flight=completion.in_flight,
            ),
            agent,
        )

    def record_answer(
        self, agent: LLMAgent, call: Call, outcome: Outcome, problem: str | None
    ) -> None:
        """Log how an answer came about."""
        self.record(
            AnswerRecord(
                prompt=call.request.prompt,
                model=agent.model_spec.name,
                label=self.label(agent.model_spec),
                calls=call.request.attempt,
                outcome=outcome,
                problem=problem,
            ),
            agent,
        )

    def record_message(
        self, agent: LLMAgent, receivers: Sequence[LLMAgent], channel: str, text: str
    ) -> None:
        """Log what an agent says to others."""
        names = [receiver.name for receiver in receivers]
        self.record(MessageRecord(receivers=names, channel=channel, text=text), agent)

    # -- random streams -------------------------------------------------------------------------

    @property
    def random(self) -> Random:
        """The society's own generator, for `play()` only, where program order is certain."""
        self._check_draw("random")
        return self._random

    @random.setter
    def random(self, generator: Random) -> None:
        # Mesa hands it to sets of agents and to spaces, which draw from it by themselves.
        self._random = GuardedStream(partial(self._check_draw, "random"))
        self._random.setstate(generator.getstate())

    @property
    def rng(self) -> "np.random.Generator":
        """The society's own NumPy generator, for `play()` only."""
        self._check_draw("rng")
        return self._rng_stream

    @rng.setter
    def rng(self, generator: "np.random.Generator") -> None:
        self._rng_stream = GuardedGenerator(generator, partial(self._check_draw, "rng"))

    def _check_draw(self, name: str) -> None:
        doing = f"draws from the society's {name}"
        self._check_in_play(doing, f"draw from an agent's own {name}, or in play()")

    def _check_in_play(self, doing: str, instead: str) -> None:
        """Raise if an interaction does what belongs into `play()`.

        Raises:
            OutsideInteractionError: it does.
        """
        current = CURRENT.get()
        if current is not None:
            raise OutsideInteractionError(
                f"interaction {current.scope} {doing}, in the order in which replies arrive: "
                f"{instead}"
            )


def current_interaction() -> Interaction:
    """Return the interaction that the running code belongs to."""
    current = CURRENT.get()
    if current is None:
        raise OutsideInteractionError("a model is asked in play(): schedule an interaction")
    return current
