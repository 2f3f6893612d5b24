"""What agents need of the society they live in, and what guards it against them."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

import mesa

from societies.agents.agent import Call, LLMAgent
from societies.agents.answers.answer import Outcome
from societies.agents.errors import OutsideInteractionError
from societies.agents.generators import GuardedGenerator
from societies.agents.models.base import ModelSpec, Request
from societies.agents.streams import GuardedStream
from societies.agents.templates.prompts import Prompts
from societies.agents.templates.views import FrozenDict, views
from societies.calls.calls import Calls
from societies.calls.provider import provider_of
from societies.calls.task import Work
from societies.config.schema import RunConfig
from societies.config.surroundings import Surroundings
from societies.record.artifacts import Artifacts
from societies.record.types import AnswerRecord, CallRecord, MessageRecord, Record
from societies.record.work import Result
from societies.scheduler import CURRENT, Interaction, Row, Scheduler
from societies.stage import Settings

if TYPE_CHECKING:
    import numpy as np


HOW_TO_ASK = "schedule an interaction (self.schedule(), or self.at_once() for several agents)"


class Host(mesa.Model):
    """A Mesa model that agents with language models can live in (`agents.agent.Host`).

    Inside an interaction the order of events is that in which replies arrive. What has to happen
    in program order is therefore refused there.
    """

    settings: Settings
    calls: Calls
    _declared: Collection[type[Record]]
    _scheduler: Scheduler
    _prompts: Prompts
    _surroundings: Surroundings
    _labels: Mapping[str, str]

    @property
    def config(self) -> RunConfig:
        """The configuration in force: in an interaction, where it was scheduled."""
        current = CURRENT.get()
        settings: Settings = (current and current.settings) or self.settings
        return settings.config

    @property
    def protocol(self) -> Any:
        """The scenario's own parameters in force."""
        return self.config.protocol

    def label(self, spec: ModelSpec) -> str:
        """Return what a model is called in tables that compare models."""
        return self._labels.get(spec.fingerprint, spec.name)

    def record(self, record: Record, agent: LLMAgent | None = None, scope: str = "") -> None:
        """Log a record.

        Args:
            record: one of the declared record types.
            agent: who acted.
            scope: only for records made in `play()`; an interaction's rows carry its own.

        Raises:
            TypeError: its type is not declared.
        """
        if type(record) not in self._declared:
            kind = type(record).__name__
            raise TypeError(
                f"a {kind} is recorded, and {type(self).__name__} does not declare it: add it to "
                f"its `records = ({kind}, ...)`"
            )
        current = CURRENT.get()
        name = agent.name if agent else None
        if current is None:
            self._scheduler.note(Row(record, self._step_in_play(), scope, name))
        else:
            current.rows.append(Row(record, current.step, current.scope, name))

    def _step_in_play(self) -> int:
        """Return the step of a row that `play()` records."""
        raise NotImplementedError

    # -- for agents ----------------------------------------------------------------------------

    def render(self, prompt: str, shown: FrozenDict | None = None, /, **variables: Any) -> str:
        """Return the text of a prompt template, given views (`show`) or what to make them of."""
        return self._prompts.render(prompt, self.show(variables) if shown is None else shown)

    def show(self, variables: Mapping[str, Any]) -> FrozenDict:
        """Return the views of a template's variables; every template is given the `protocol`."""
        config = self.config
        society, protocol = self._surroundings.of(config)
        given = {"protocol": config.protocol, **variables}
        if given["protocol"] is config.protocol:
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
                + (f"to ask: {HOW_TO_ASK}" if acting else "while it acts: settle() first")
            )
        if current is not None and agent not in current.needs:
            raise OutsideInteractionError(
                f"agent {agent.name} is used in interaction {current.scope}, which does not name "
                "it: add it to schedule(agents=...)"
            )

    def takes_schema(self, spec: ModelSpec) -> bool:
        """Whether a model is to answer by JSON schema where an answer type has one."""
        return provider_of(spec.name).takes_schema(spec)

    async def complete(self, agent: LLMAgent, request: Request) -> Call:
        """Take the completion from the journal, or from the agent's language model."""
        interaction = current_interaction()
        interaction.under_way += 1
        try:
            return await self.calls.complete(interaction, agent, request)
        finally:
            interaction.answered()

    @property
    def artifacts(self) -> Artifacts:
        """The files that the run makes and refers to by the hash of their content."""
        return self.calls.artifacts

    async def once(
        self, agent: LLMAgent, kind: str, asked: Mapping[str, Any], work: Work
    ) -> Result:
        """Do work that costs something once in a run, in an interaction that names the agent.

        It is journalled before it is begun, and again when it is done: what has its result is
        never done again, and what a killed run had begun is handed to `work` to be found again.

        Args:
            agent: who is at work; the key is its, and the number among its works of that kind.
            kind: what it is, in a word: `training`, say.
            asked: whatever decides what comes of it, as JSON; files by their hash.
            work: begins it, or finds it again (`Task.is_resumed`), and waits for its result.

        Raises:
            ReplayDiffersError: something else was recorded, or, in a replay, nothing.
            RunInterruptedError: the run is being stopped.
            ModelError: it cannot be done.
        """
        self.check_turn(agent, acting=True)
        interaction = current_interaction()
        interaction.under_way += 1
        try:
            return await self.calls.once(interaction, agent.name, kind, asked, work)
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
                reasoning_tokens=completion.reasoning_tokens,
                dropped=call.request.dropped,
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
        self.calls.totals.answers += 1
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

    # -- random streams --------------------------------------------------------------------------

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
