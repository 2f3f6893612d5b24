"""What takes part in a run without being the scenario, and what it may use of the society."""

from collections.abc import Callable, Coroutine, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from societies.agents.agent import LLMAgent
from societies.agents.models.base import ModelSpec
from societies.agents.population import Person, Population
from societies.config.schema import RunConfig
from societies.record.types import AgentRecord, Record
from societies.scheduler import Interaction, Row


class PlayEndsHere(Exception):  # noqa: N818 - it is no error: the prefix of a run is complete
    """The scope has been reached up to which a run is wanted."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is in force between two interventions; `version` counts those carried out."""

    version: int
    config: RunConfig


class Stage(Protocol):
    """What a participant may use of a society."""

    seed: int
    settings: Settings
    """Those in force for what `play()` schedules next."""
    population: Population

    @property
    def config(self) -> RunConfig:
        """The configuration in force: in an interaction, where it was scheduled."""

    def members(self) -> list[LLMAgent]:
        """Return who is there and can be asked."""

    def staff(self, role: str) -> Person:
        """Return somebody without a persona who is no part of the population."""

    def enroll(
        self, name: str, *, role: str = "", person: Person | None = None, kind: type[LLMAgent] = ...
    ) -> LLMAgent:
        """Let somebody join as an agent, and log it."""

    def add_agents(self, number: int) -> list[LLMAgent]:
        """Let agents join, as the scenario does it."""

    def remove_agents(self, agents: Sequence[LLMAgent]) -> None:
        """Let agents leave, as the scenario does it."""

    def schedule_beside(
        self, work: Coroutine[Any, Any, None], agents: Sequence[Hashable], scope: str
    ) -> None:
        """Schedule an interaction that is no part of the scenario."""

    def is_busy(self, agent: LLMAgent) -> bool:
        """Whether an interaction that names the agent is still open."""

    def record(self, record: Record, agent: LLMAgent | None = None, scope: str = "") -> None:
        """Log a record."""

    def label(self, spec: ModelSpec) -> str:
        """Return what a model is called in tables that compare models."""

    def render(self, prompt: str, /, **variables: Any) -> str:
        """Return the text of a prompt template."""


class Participant:
    """Takes part in a run: told what happens in it, in program order.

    Interventions, probes and portraits are participants; so can be whatever follows a run as it
    goes (`society.participants.add`). Each method is called in `play()`, but for `beginning` and
    `retired`.
    """

    def joining(self, agent: LLMAgent, row: AgentRecord) -> bool:  # noqa: ARG002
        """Somebody joins; return whether the participant logs the row itself, later on."""
        return False

    def joined(self, agent: LLMAgent) -> None:
        """Somebody has joined: schedule what precedes everything else that it does."""

    def scheduling(self, scope: str, agents: Sequence[Hashable]) -> Sequence[Hashable]:  # noqa: ARG002
        """The scenario is about to schedule an interaction; return what else it waits for."""
        return ()

    def beginning(self, interaction: Interaction) -> None:
        """An interaction is about to be carried out."""

    def retired(self, row: Row) -> None:
        """A row has been logged: rows come in the order of the record."""

    def stepped(self, step: int) -> None:
        """A step has been scheduled; what is scheduled now is waited for before the next one."""

    def left(self, agents: Sequence[LLMAgent]) -> None:
        """Some have left, or are there at the end of the run."""

    def ended(self) -> None:
        """`play()` has come to its end."""


class Participants:
    """Those who take part in one run; what nobody listens to costs nothing."""

    def __init__(self, everybody: Sequence[Participant]) -> None:
        self._everybody: list[Participant] = []
        self.scheduling: list[Callable[[str, Sequence[Hashable]], Sequence[Hashable]]] = []
        self.beginning: list[Callable[[Interaction], None]] = []
        self.retired: list[Callable[[Row], None]] = []
        for each in everybody:
            self.add(each)

    def add(self, participant: Participant) -> None:
        """Let one more take part, before the run is driven."""
        self._everybody.append(participant)
        if overrides(participant, "scheduling"):
            self.scheduling.append(participant.scheduling)
        if overrides(participant, "beginning"):
            self.beginning.append(participant.beginning)
        if overrides(participant, "retired"):
            self.retired.append(participant.retired)

    def joining(self, agent: LLMAgent, row: AgentRecord) -> bool:
        """Tell that somebody joins; return whether somebody else logs the row."""
        others = [each.joining(agent, row) for each in self._everybody]
        return any(others)

    def welcome(self, newcomers: Sequence[LLMAgent], leavers: Sequence[LLMAgent]) -> None:
        """Tell who has joined, and who has left."""
        for agent in newcomers:
            for each in self._everybody:
                each.joined(agent)
        self.left(leavers)

    def left(self, agents: Sequence[LLMAgent]) -> None:
        """Tell who has left."""
        for each in self._everybody:
            each.left(agents)

    def stepped(self, step: int) -> None:
        """Tell that a step has been scheduled."""
        for each in self._everybody:
            each.stepped(step)

    def ended(self) -> None:
        """Tell that `play()` has ended."""
        for each in self._everybody:
            each.ended()


def overrides(participant: Participant, method: str) -> bool:
    """Whether a participant does anything when it is told."""
    return getattr(type(participant), method) is not getattr(Participant, method)
