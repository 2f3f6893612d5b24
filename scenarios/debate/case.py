"""A case: one question, with the conversations it is answered in."""

from dataclasses import dataclass, field

from societies.agents.agent import LLMAgent
from societies.scenarios.debate.answers import Position
from societies.scenarios.debate.tasks import Question


@dataclass(slots=True)
class Case:
    """One question, with a thread of everybody who has a part in it: cases share nothing."""

    scope: str
    """Its interactions' scopes are this, or begin with it and a slash."""
    question: Question
    debaters: list[LLMAgent]
    """In seat order; with several samples, a thread for each of them."""
    staff: dict[str, LLMAgent]
    """Judge, fresh judge, summariser and base, as far as the protocol has them."""
    positions: dict[LLMAgent, Position] = field(default_factory=dict)
    """What everybody holds at present."""
    heard: dict[LLMAgent, str] = field(default_factory=dict)
    """What everybody said in the last round that is over."""
    unparsable: int = 0
    """Replies so far from which no answer could be read."""

    @property
    def threads(self) -> list[LLMAgent]:
        """Everybody, for the scheduler."""
        return [*self.debaters, *self.staff.values()]

    @property
    def answers(self) -> list[str | None]:
        """What everybody holds at present, in seat order; None where it cannot be read."""
        return [self.positions[debater].answer for debater in self.debaters]


def last_words(agent: LLMAgent) -> str:
    """Return an agent's last reply as it gave it, whether it could be read or not."""
    return agent.memory.messages()[-1].content
