"""Probes: questionnaires and open questions, asked without disturbing the scenario.

A probe's interactions have scopes, keys and random streams of their own, enter no memory, and
draw nothing from the agents' or the society's generators: with or without probes, a scenario under
the same completions has the same record.
"""

from collections.abc import Sequence

from societies.agents.agent import LLMAgent
from societies.config.probes import Probe
from societies.hooks.questionnaires import Questionnaire
from societies.stage import Participant, Stage


class Probes(Participant):
    """The probes of one run, and whom they still have to ask."""

    def __init__(self, stage: Stage, probes: Sequence[Probe]) -> None:
        self._stage = stage
        self._probes = probes
        self._questionnaires: dict[str, Questionnaire] = {}
        self._times: dict[tuple[str, str], int] = {}

    def joined(self, agent: LLMAgent) -> None:
        """Ask somebody who joined what is asked before everything else."""
        for probe in self._probes:
            if probe.before:
                self._ask(probe, agent, "before")

    def stepped(self, step: int) -> None:
        """Ask those who are there what is due after a step."""
        for probe in self._probes:
            if probe.is_due(step):
                for agent in self._stage.members():
                    self._ask(probe, agent, f"step {step:05}")

    def left(self, agents: Sequence[LLMAgent]) -> None:
        """Ask those who leave, or who are still there at the end."""
        for probe in self._probes:
            if probe.after:
                for agent in agents:
                    self._ask(probe, agent, "after")

    def _ask(self, probe: Probe, agent: LLMAgent, moment: str) -> None:
        if not probe.of.includes(agent):
            return
        questionnaire = self._questionnaires.get(probe.title)
        if questionnaire is None:
            questionnaire = Questionnaire.of_probe(probe, self._stage.config)
            self._questionnaires[probe.title] = questionnaire
        occasion = self._times.get((probe.title, agent.name), 0)
        self._times[probe.title, agent.name] = occasion + 1
        for cell in questionnaire.cells:
            scope = f"probe/{probe.title}/{moment}/{agent.name}"
            if len(questionnaire.cells) > 1:
                scope += f"/{cell.name}"
            self._stage.schedule_beside(
                questionnaire.administer(
                    self._stage, agent, cell, probe=probe.title, moment=moment, occasion=occasion
                ),
                [agent],
                scope,
            )
