"""Probes: questionnaires and open questions, asked without disturbing the scenario.

A probe's interactions have scopes, keys and random streams of their own, enter no memory, and
draw nothing from the agents' or the society's generators: with or without probes, a scenario under
the same completions has the same record.
"""

from collections.abc import Hashable, Sequence

from societies.agents.agent import LLMAgent
from societies.agents.instruments.design import Cell
from societies.config.probes import Probe
from societies.hooks.experience import chosen, experience_of
from societies.hooks.questionnaires import Questionnaire
from societies.stage import Participant, Stage


class Probes(Participant):
    """The probes of one run, and whom they still have to ask."""

    def __init__(self, stage: Stage, probes: Sequence[Probe]) -> None:
        self._stage = stage
        self._probes = probes
        self._questionnaires: dict[str, Questionnaire] = {}
        self._times: dict[tuple[str, str], int] = {}
        self._speakers: dict[LLMAgent, dict[LLMAgent, None]] = {}
        """Of everybody whose experience is shown, itself and its threads, as they were begun."""

    def joined(self, agent: LLMAgent) -> None:
        """Ask somebody who joined what is asked before everything else."""
        if any(probe.shows_turns and probe.of.includes(agent) for probe in self._probes):
            self._speakers[agent] = {}
        for probe in self._probes:
            if probe.before:
                self._ask(probe, agent, "before")

    def scheduling(self, scope: str, agents: Sequence[Hashable]) -> Sequence[Hashable]:  # noqa: ARG002
        """Have agents, and threads, whose experience is shown keep what they are asked."""
        for each in agents if self._speakers else ():
            if isinstance(each, LLMAgent) and each.turns is None and each.whole in self._speakers:
                each.turns = []
                self._speakers[each.whole][each] = None
        return ()

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
        for agent in agents:
            self._speakers.pop(agent, None)

    def _ask(self, probe: Probe, agent: LLMAgent, moment: str) -> None:
        if not probe.of.includes(agent):
            return
        questionnaire = self._questionnaires.get(probe.title)
        if questionnaire is None:
            questionnaire = Questionnaire.of_probe(probe, self._stage.config)
            self._questionnaires[probe.title] = questionnaire
        occasion = self._times.get((probe.title, agent.name), 0)
        self._times[probe.title, agent.name] = occasion + 1
        speakers = chosen(probe, list(self._speakers.get(agent, ())))

        async def administer(cell: Cell) -> None:
            experience = experience_of(self._stage, agent, speakers, probe)
            await questionnaire.administer(
                self._stage,
                agent,
                cell,
                experience,
                probe=probe.title,
                moment=moment,
                occasion=occasion,
            )

        for cell in questionnaire.cells:
            scope = f"probe/{probe.title}/{moment}/{agent.name}"
            if len(questionnaire.cells) > 1:
                scope += f"/{cell.name}"
            # Naming the threads, it is shown what they hold here in program order, and no more.
            self._stage.schedule_beside(administer(cell), [agent, *speakers], scope)
