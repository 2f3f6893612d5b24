"""What a small scenario imports, in one place: `from societies.kit import Society, Agent, Play`."""

from random import Random
from typing import TYPE_CHECKING, Any

from pydantic import Field

from societies.agents.answers.answer import Answer, AnswerError, Situation, Text
from societies.agents.answers.choices import ChoiceAnswer
from societies.agents.answers.numbers import NumberAnswer
from societies.agents.answers.structured import ObjectAnswer
from societies.agents.memory import Conversation
from societies.agents.models.scripted import Mind, Seen, part
from societies.config.schema import Protocol
from societies.record.types import ActionRecord, Record
from societies.scenario import Scenario, resolve
from societies.telling import Teller
from societies.words import nearest

if TYPE_CHECKING:
    from societies.agents.agent import LLMAgent as Agent
    from societies.society import Play, Society

__all__ = [
    "ActionRecord",
    "Agent",
    "Answer",
    "AnswerError",
    "ChoiceAnswer",
    "Conversation",
    "Field",
    "Mind",
    "NumberAnswer",
    "ObjectAnswer",
    "Play",
    "Protocol",
    "Random",
    "Record",
    "Scenario",
    "Seen",
    "Situation",
    "Society",
    "Teller",
    "Text",
    "part",
]

_HEAVY = {
    "Agent": "societies.agents.agent:LLMAgent",
    "Play": "societies.society:Play",
    "Society": "societies.society:Society",
}


def __dir__() -> list[str]:
    """Return what is there, for completion."""
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    """Import what needs Mesa, which costs a second, when it is first used."""
    if name not in _HEAVY:
        hint = nearest(name, __all__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")
    return resolve(_HEAVY[name])
