"""The society: a Mesa model whose protocol is one asynchronous generator."""

from abc import abstractmethod
from collections.abc import (
    AsyncGenerator,
    Callable,
    Coroutine,
    Hashable,
    Iterable,
    Mapping,
    Sequence,
)
from dataclasses import replace
from typing import Any, ClassVar, Generic, cast

import mesa
from pydantic_core import to_json
from typing_extensions import TypeVar

from societies import loop
from societies.agents.agent import LLMAgent
from societies.agents.memory import Conversation
from societies.agents.models.base import LanguageModel, ModelSpec
from societies.agents.persona.persona import Persona
from societies.agents.population import Person
from societies.agents.templates.prompts import Prompts
from societies.calls.calls import Calls
from societies.calls.provider import provider_of
from societies.calls.shares import AnswerShares
from societies.config.schema import Protocol, RunConfig
from societies.config.surroundings import Surroundings
from societies.driving import Drive
from societies.halt import Halt
from societies.hooks.interventions import Interventions
from societies.hooks.portraits import Portraits
from societies.hooks.probes import Probes
from societies.host import Host
from societies.imports import import_part
from societies.record.journal import Journal
from societies.record.log import RunLog
from societies.record.types import CORE_RECORDS, AgentRecord, AnswerRecord, CallRecord, Record
from societies.registry import find
from societies.scenario import Scenario, only
from societies.scheduler import CURRENT, Interaction, Row, Scheduler
from societies.stage import Participants, Settings

P = TypeVar("P", bound=Protocol, default=Any)
T = TypeVar("T")
COUNTED = (AnswerRecord, CallRecord)
"""What shares of answers are counted from."""

Play = AsyncGenerator[None, None]
"""What `play()` returns: each `yield` ends a Mesa step."""


class Society(Host, Generic[P]):
    """Base of scenarios: subclasses describe their protocol in `play()`, once.

    `Society[MyProtocol]` says what its parameters are.

    Args:
        config: the validated configuration (`config, scenario = societies.load(file)`;
            `societies.model` makes societies of plain parameters).
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
        self.halt = Halt()
        self._scheduler = Scheduler(self._retire, self._begin, halt=self.halt)
        super().__init__(rng=config.seed)
        scenario = find(config.scenario)
        self.settings = Settings(0, config)
        self.seed = config.seed
        self.population = config.draw()
        self.roles: dict[str, str] = {}
        """The role of everybody who ever joined, by name."""
        self._declared = frozenset((*CORE_RECORDS, *self.records))
        self.log = log or RunLog(None, f"{config.name}/{config.seed}", self.records)
        self._labels = config.labels()
        self._prompts = Prompts([scenario.folder / "prompts"], config.prompts)
        self._surroundings = Surroundings()
        portraits = Portraits(self)
        self.interventions = Interventions(self, portraits)
        hooks = (self.interventions, portraits, Probes(self, config.probes))
        self.participants = Participants(hooks)
        self.drive = Drive(
            self, self._scheduler, self.participants, self.halt, config, scenario.folder
        )
        self._shares = AnswerShares(config.limits)
        self.calls = Calls(
            journal,
            open_model or (lambda spec: provider_of(spec.name).open(spec, config, scenario)),
            config.limits,
            live=live,
            on_live=self.drive.go_live,
            halt=self.halt,
        )

    # -- what a scenario says ---------------------------------------------------------------

    @abstractmethod
    def play(self) -> Play:
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
            self.drive.begin()
        self.roles[name] = role
        person = person or self.population.next_person()
        if role in self.config.model.roles:
            person = replace(person, model=self.config.model.of(role))
        agent = kind(self, name, person, memory, brief)
        agent.role = role
        row = self._agent_record(agent, person, parents)
        if not self.participants.joining(agent, row):
            self.record(row, agent)
        self.drive.join(agent)
        return agent

    def enroll_all(self, label: str) -> list[LLMAgent]:
        """Let the whole population join, as `label 1`, `label 2`, ...; return the agents."""
        size = self.config.population.size
        return [self.enroll(f"{label} {number}") for number in range(1, size + 1)]

    def _agent_record(self, agent: LLMAgent, person: Person, parents: Sequence[str]) -> AgentRecord:
        """Return the row of somebody who joins."""
        return AgentRecord(
            role=agent.role,
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
        after: list[Hashable] = []
        try:
            self._check_in_play(f"schedules {scope!r}", "schedule it in play()")
            for tell in self.participants.scheduling:
                after += tell(scope, agents)
        except BaseException:
            work.close()
            raise
        self.drive.begin(interactions=1)
        self._scheduler.schedule(work, agents, scope, self.drive.step, self.settings, after)

    async def at_once(
        self,
        agents: Iterable[LLMAgent],
        ask: Callable[..., Coroutine[Any, Any, T]],
        *arguments: Any,
        scope: str,
    ) -> dict[LLMAgent, T]:
        """Have agents do something at the same time: one interaction each, waited for.

        Args:
            agents: who.
            ask: what each does: called with the agent, then with `arguments`.
            arguments: what everybody's is called with: as it was before anybody did anything.
            scope: what the scopes begin with; the agent's name follows.

        Returns:
            What `ask` returned, in the order of `agents`, whoever was done first.

        Raises:
            ValueError: the scope was used before, or an agent is there twice.
            OutsideInteractionError: it is called in an interaction.
        """
        done: dict[LLMAgent, T] = {}

        async def act(agent: LLMAgent) -> None:
            done[agent] = await ask(agent, *arguments)

        everybody = list(agents)
        for agent in everybody:
            self.schedule(act(agent), agents=[agent], scope=f"{scope}/{agent.name}")
        await self.settle()
        return {agent: done[agent] for agent in everybody}

    def schedule_beside(
        self, work: Coroutine[Any, Any, None], agents: Sequence[Hashable], scope: str
    ) -> None:
        """Schedule an interaction that is no part of the scenario, and not counted in its steps."""
        self._scheduler.schedule(work, agents, scope, self.drive.step, self.settings)

    def deregister_agent(self, agent: mesa.Agent) -> None:
        """Let go of an agent that is removed, once the probes have asked it.

        Raises:
            OutsideInteractionError: it is removed in an interaction.
        """
        name = getattr(agent, "name", agent.unique_id)
        self._check_in_play(f"lets {name!r} leave", "remove it in play()")
        super().deregister_agent(agent)  # type: ignore[no-untyped-call]
        self.drive.leave(agent if isinstance(agent, LLMAgent) else None)

    def members(self) -> list[LLMAgent]:
        """Return who is there and can be asked: a scenario may have plain Mesa agents, too."""
        return [agent for agent in self.agents if isinstance(agent, LLMAgent)]

    async def settle(self) -> None:
        """Wait until all scheduled interactions are done: the only barrier.

        What is recorded behind it, until somebody joins or something is scheduled, belongs to the
        step that was waited for.
        """
        await self.drive.settle()

    @property
    def protocol(self) -> P:
        """The scenario's own parameters in force."""
        return cast(P, self.config.protocol)

    def is_busy(self, agent: LLMAgent) -> bool:
        """Whether an interaction that names the agent is still open."""
        return self._scheduler.is_busy(agent)

    def run(self) -> None:
        """Play to the end, without a barrier per step.

        Raises:
            RunInterruptedError: the run was stopped; it can be resumed.
            RunFailedError: a failure that cannot pass; it can be resumed too.
        """
        loop.run(self.drive.run(self.drive.play_to_end), on_interrupt=self.interrupt)

    def step(self) -> None:
        """Advance to the next `yield` and settle there: one Mesa step."""
        loop.run(self.drive.run(self.drive.play_one_step), on_interrupt=self.interrupt)

    def interrupt(self, reason: str) -> None:
        """Stop at a safe point: calls in flight may finish, no new one is made."""
        self.halt.stop(reason)

    def _step_in_play(self) -> int:
        return self.drive.step_in_play()

    def _begin(self, interaction: Interaction) -> None:
        for tell in self.participants.beginning:
            tell(interaction)

    def _retire(self, row: Row) -> None:
        self.log.write(row.record, row.step, row.scope, row.agent)
        for tell in self.participants.retired:
            tell(row)
        if self.calls.live and isinstance(row.record, COUNTED):
            exceeded = self._shares.count(row.record)
            if exceeded and self.halt.reason is None:
                told = exceeded.told(self.calls.reply(exceeded.call))
                self._scheduler.seal()
                self.halt.stop(told, limit=exceeded.facts)


def load_society(scenario: Scenario) -> type[Society]:
    """Import and return the society class of a scenario.

    Raises:
        InputError: it cannot be imported, or there is none.
    """
    name, _, society = scenario.society.partition(":")
    module = import_part(scenario.folder, name)
    return cast("type[Society]", getattr(module, society) if society else only(module, Society))
