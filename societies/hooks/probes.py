"""Probes: questionnaires and open questions, asked without disturbing the scenario.

A probe's interactions have scopes, keys and random streams of their own, enter no memory, and
draw nothing from the agents' or the society's generators: with or without probes, a scenario under
the same completions has the same record.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, model_validator

from societies.agents.instruments.design import Design
from societies.agents.instruments.instrument import OpenInstrument, RatedItem
from societies.agents.strict import Strict

if TYPE_CHECKING:
    from societies.agents.agent import LLMAgent
    from societies.config.schema import RunConfig
    from societies.hooks.questionnaires import Questionnaire
    from societies.society import Society


MOMENTS = ("before", "after")
"""When somebody is asked who joins or leaves; other moments are steps."""


class Asked(Strict):
    """Who is asked; everybody of the population when nothing is said."""

    groups: list[str] = Field(default_factory=list)
    names: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def choose_one(self) -> Self:
        """Refuse both."""
        if self.groups and self.names:
            raise ValueError("give either groups or names")
        return self

    def includes(self, agent: "LLMAgent") -> bool:
        """Whether an agent is asked; staff, such as a judge, only by name."""
        if self.names:
            return agent.name in self.names
        return agent.person >= 0 and (not self.groups or agent.group in self.groups)


class Probe(Design):
    """An instrument, or open questions, asked of a scenario's agents as it goes."""

    instrument: str = ""
    ask: list[Annotated[str, Field(pattern=r"\S")]] = Field(default_factory=list)
    """Open questions, instead of an instrument."""
    name: str = Field(default="", pattern=r"^[\w -]*$")
    """Unique; the instrument's name when absent."""
    of: Asked = Asked()
    before: bool = False
    """Ask everybody before their first interaction."""
    after: bool = False
    """Ask everybody when they leave, and at the end of the run."""
    every: int | None = Field(default=None, ge=1)
    """Ask everybody present after every n-th step."""
    first: int | None = Field(default=None, ge=1)
    """The first of these steps; the n-th when absent."""

    @model_validator(mode="after")
    def ask_something_some_time(self) -> Self:
        """Refuse a probe that asks nothing, or never."""
        if bool(self.instrument) == bool(self.ask):
            raise ValueError("give either an instrument or open questions to ask")
        if self.ask and self.wordings != ["original"]:
            raise ValueError("open questions have no paraphrase: leave out wordings")
        if not (self.before or self.after or self.every):
            raise ValueError("say when to ask: before, after, every (n-th step)")
        if self.first and not self.every:
            raise ValueError("first belongs to every (n-th step): give both, or neither")
        if self.name in MOMENTS:
            raise ValueError(f"{self.name!r} is the name of a moment: call the probe otherwise")
        return self

    @property
    def title(self) -> str:
        """The probe's name."""
        return self.name or self.instrument or "question"

    def questionnaire(self, config: "RunConfig") -> Any:
        """Return the instrument; open questions make one of their own."""
        if self.instrument:
            return config.instrument(self.instrument)
        items = [RatedItem(id=f"q{n}", text=text) for n, text in enumerate(self.ask, start=1)]
        return OpenInstrument(kind="open", items=items)

    def is_due(self, step: int) -> bool:
        """Whether the probe is asked after a step."""
        first = self.first or self.every
        return bool(self.every and first and step >= first and (step - first) % self.every == 0)


class Probes:
    """The probes of one run, and whom they still have to ask."""

    def __init__(self, society: "Society", probes: Sequence[Probe]) -> None:
        self._society = society
        self._probes = probes
        self._questionnaires: dict[str, Questionnaire] = {}
        self._times: dict[tuple[str, str], int] = {}

    def join(self, agent: "LLMAgent") -> None:
        """Ask somebody who joined what is asked before everything else."""
        for probe in self._probes:
            if probe.before:
                self._ask(probe, agent, "before")

    def step(self, number: int, agents: Sequence["LLMAgent"]) -> bool:
        """Ask those who are there what is due after a step; return whether anything was."""
        due = [probe for probe in self._probes if probe.is_due(number)]
        for probe in due:
            for agent in agents:
                self._ask(probe, agent, f"step {number:05}")
        return bool(due)

    def leave(self, agents: Iterable["LLMAgent"]) -> None:
        """Ask those who leave, or who are still there at the end."""
        for probe in self._probes:
            if probe.after:
                for agent in agents:
                    self._ask(probe, agent, "after")

    def _ask(self, probe: Probe, agent: "LLMAgent", moment: str) -> None:
        if not probe.of.includes(agent):
            return
        questionnaire = self._questionnaires.get(probe.title)
        if questionnaire is None:
            from societies.hooks.questionnaires import Questionnaire

            questionnaire = Questionnaire.of_probe(probe, self._society.config)
            self._questionnaires[probe.title] = questionnaire
        occasion = self._times.get((probe.title, agent.name), 0)
        self._times[probe.title, agent.name] = occasion + 1
        for cell in questionnaire.cells:
            scope = f"probe/{probe.title}/{moment}/{agent.name}"
            if len(questionnaire.cells) > 1:
                scope += f"/{cell.name}"
            self._society.schedule_beside(
                questionnaire.administer(
                    self._society, agent, cell, probe=probe.title, moment=moment, occasion=occasion
                ),
                [agent],
                scope,
            )
