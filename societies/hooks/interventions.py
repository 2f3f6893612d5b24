"""Carrying interventions out: which settings hold for whom, by program order.

What an interaction sees is decided where `play()` schedules it: it keeps the settings in force
there, and before it begins, its agents are brought up to them. An agent's interactions follow each
other in program order, so that this is the same whatever is carried out first.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from societies.agents.agent import Announcement, LLMAgent
from societies.agents.answers.answer import Outcome
from societies.agents.models.base import ModelSpec
from societies.agents.persona.persona import Persona
from societies.agents.persona.portraits import Portrait, commissions
from societies.agents.population import Person
from societies.config.interventions import EVERYBODY, Intervention, Say
from societies.config.schema import RunConfig
from societies.errors import InputError, RunFailedError
from societies.hooks.portraits import Portraits
from societies.record.types import InterventionRecord, MessageRecord
from societies.scheduler import Interaction
from societies.stage import Participant, PlayEndsHere, Settings, Stage
from societies.words import nearest

CHANNEL = "announcement"
"""The channel of table `messages` on which interventions are heard."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What an intervention does to one agent; None leaves things as they are."""

    persona: Persona | None = None
    portrait: Portrait | None = None
    """How the new persona is told, if a model writes it."""
    model: ModelSpec | None = None
    announcement: Announcement | None = None


NOTHING = Effect()


class Interventions(Participant):
    """The interventions of one run: those to come, and what the others have changed.

    Args:
        stage: whose run it is.
        portraits: who has new personas written.
    """

    def __init__(self, stage: Stage, portraits: Portraits) -> None:
        changes = stage.settings.config.interventions
        self.pending = dict(enumerate(changes))
        self.stop_at: int | None = None
        """The intervention at which `play()` ends, where only what is before it is wanted."""
        self.stopped = False
        """Whether it did."""
        self._stage = stage
        self._portraits = portraits
        self._effects: list[Mapping[str, Effect]] = []
        self._waiting: dict[int, set[str]] = {}
        """Passing announcements, by the number of their effect, and who has not heard them yet."""
        self._announces = any(each.say and not each.say.lasting for each in changes)

    def scheduling(self, scope: str, agents: Sequence[Hashable]) -> Sequence[Hashable]:
        """Carry out what is due before an interaction of this scope is scheduled.

        Raises:
            PlayEndsHere: the run is wanted up to here.
            RunFailedError: an intervention names an agent that is not there.
        """
        due = [n for n, change in self.pending.items() if change.starts_with(scope)]
        for number in due:
            if number == self.stop_at:
                self.stopped = True
                raise PlayEndsHere
            self._carry_out(number, self.pending.pop(number))
        if self._announces:
            self._address(agents)
        return ()

    def beginning(self, interaction: Interaction) -> None:
        """Bring the agents of an interaction up to the settings it was scheduled under."""
        if interaction.settings and interaction.settings.version:
            for agent in interaction.needs:
                if isinstance(agent, LLMAgent):
                    self._catch_up(agent, interaction.settings.version)

    def _address(self, agents: Iterable[Hashable]) -> None:
        """Let the agents of an interaction that is scheduled hear what passes by.

        An agent hears a passing announcement in the threads that are under way; one that it begins
        later hears it only if none of its others did.
        """
        for agent in agents:
            if not isinstance(agent, LLMAgent):
                continue
            for number, waiting in self._waiting.items():
                if agent.name not in waiting and not agent.begun:
                    agent.passed_by |= {number}
                waiting.discard(agent.name)
            agent.begun = True

    def ended(self) -> None:
        """Log the interventions whose scope the run never came to."""
        for number, change in self.pending.items():
            self._record(number, change, [], applied=False)
        self.pending.clear()

    def _catch_up(self, agent: LLMAgent, version: int) -> None:
        persona, model, portrait = agent.persona, agent.model_spec, agent.portrait
        missed = self._effects[agent.version : version]
        for number, effects in enumerate(missed, start=agent.version):
            effect = effects.get(agent.name, NOTHING)
            if effect.persona is not None:
                persona, portrait = effect.persona, effect.portrait
            model = effect.model or model
            if effect.announcement is not None and number not in agent.passed_by:
                agent.announced = (*agent.announced, effect.announcement)
        if missed:
            agent.become(persona, model, portrait)
            agent.version = version

    def _carry_out(self, number: int, change: Intervention) -> None:
        stage, config, effects = self._stage, self._stage.settings.config, dict[str, Effect]()
        where = f"interventions.{number} (at {change.at})"
        if change.say is not None:
            concerned = self._named(change.say.to, where)
            effects = _hearing(change.say, concerned)
            if not change.say.lasting:
                self._waiting[len(self._effects)] = set(effects)
        elif change.model is not None:
            concerned = self._named(change.model.agents, where)
            model = change.model.spec()
            effects = {agent.name: Effect(model=model) for agent in concerned}
        elif change.remove is not None:
            concerned = self._named(change.remove, where)
            stage.remove_agents(concerned)
        elif change.add is not None:
            concerned = stage.add_agents(change.add)
        else:
            config = self._configured(change.set or {}, where)
            effects = self._redrawn(config)
            concerned = [agent for agent in self._stage.members() if agent.name in effects]
        self._effects.append(effects)
        stage.settings = Settings(len(self._effects), config)
        self._record(number, change, [agent.name for agent in concerned], effects=effects)
        for agent in concerned:
            if not stage.is_busy(agent):
                self._catch_up(agent, stage.settings.version)

    def _named(self, names: Iterable[str], where: str) -> list[LLMAgent]:
        """Return the agents of these names, each once; `*` is everybody who is there."""
        living = {agent.name: agent for agent in self._stage.members()}
        found: dict[str, LLMAgent] = {}
        for name in names:
            if name == EVERYBODY:
                found |= living
            elif name in living:
                found[name] = living[name]
            else:
                raise RunFailedError(f"{where}: no agent is called {name!r}{nearest(name, living)}")
        return list(found.values())

    def _configured(self, sets: Mapping[str, Any], where: str) -> RunConfig:
        """Return the configuration in force with values set over it."""
        try:
            return self._stage.settings.config.with_values(sets)
        except (InputError, ValidationError) as error:
            raise RunFailedError(f"{where}: {error}") from error

    def _redrawn(self, config: RunConfig) -> dict[str, Effect]:
        """Draw everybody again as another configuration describes the population.

        Whoever is drawn differently changes, in what differs; the people drawn from now on follow
        the new description.
        """
        old, stage = self._stage.settings.config, self._stage
        if (old.population, old.model) == (config.population, config.model):
            return {}
        before = old.draw()
        after = config.draw()
        drawn = [(before.next_person(), after.next_person()) for _ in range(stage.population.drawn)]
        stage.population = after
        effects = {}
        for agent in self._stage.members():
            was, becomes = drawn[agent.person] if agent.person >= 0 else (None, None)
            if was and becomes and agent.kept is not None:
                was, becomes = was.only(agent.kept), becomes.only(agent.kept)
            persona = (
                becomes.persona if was and becomes and was.persona != becomes.persona else None
            )
            model = _model(config, agent.role, becomes)
            changed = model != _model(old, agent.role, was)
            if persona is not None or changed:
                due = persona and commissions(persona, config.population.written_as)
                portrait = Portrait() if due else None
                effects[agent.name] = Effect(persona, portrait, model if changed else None)
        return effects

    def _record(
        self,
        number: int,
        change: Intervention,
        names: list[str],
        *,
        applied: bool = True,
        effects: Mapping[str, Effect] | None = None,
    ) -> None:
        """Log the intervention, then what it changes in whom."""
        stage, kind = self._stage, change.kind
        text = change.say.text if change.say else ""
        if change.set is not None:
            text = to_json(change.set).decode()
        if change.say and applied:
            said = MessageRecord(receivers=names, channel=CHANNEL, text=text)
            stage.record(said, scope=change.at)

        def row(
            agents: list[str], model: ModelSpec | None, persona: str | None
        ) -> InterventionRecord:
            return InterventionRecord(
                number=number,
                kind=kind,
                applied=applied,
                agents=agents,
                text=text,
                model=model and model.name,
                label=model and stage.label(model),
                persona=persona,
            )

        stage.record(row(names, None, None), scope=change.at)
        living = {agent.name: agent for agent in self._stage.members()}
        for name, effect in (effects or {}).items():
            model, persona = effect.model, None
            if effect.persona is not None:
                persona = stage.render("persona", persona=effect.persona)
            if effect.persona is not None and effect.portrait is not None:
                log = partial(self._record_written, living[name], row([name], model, persona))
                self._portraits.commission(living[name], effect.persona, effect.portrait, log)
            elif model is not None or persona is not None:
                stage.record(row([name], model, persona), living[name], scope=change.at)

    def _record_written(
        self, agent: LLMAgent, changed: InterventionRecord, text: str, _: Outcome
    ) -> None:
        """Log what an intervention makes of an agent, once its new persona is written."""
        self._stage.record(changed.model_copy(update={"persona": text}), agent)


def _hearing(say: Say, agents: Iterable[LLMAgent]) -> dict[str, Effect]:
    announcement = Announcement(say.text, say.lasting)
    return {agent.name: Effect(announcement=announcement) for agent in agents}


def _model(config: RunConfig, role: str, person: Person | None) -> ModelSpec:
    """Return who answers for a person in a role; somebody outside the population has the run's."""
    if person is None or role in config.model.roles:
        return config.model.of(role)
    return person.model
