"""Who acts: agents, personas and populations, memory, language models, answers.

>>> from societies.agents import LLMAgent, Answer
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from societies.agents.agent import LLMAgent
    from societies.agents.answers.answer import Answer, AnswerError, Text
    from societies.agents.memory import Conversation
    from societies.agents.models.scripted import Mind
    from societies.agents.persona.persona import Persona
    from societies.agents.population import Person, Population

_HOMES = {
    "Answer": "answers.answer",
    "AnswerError": "answers.answer",
    "Conversation": "memory",
    "LLMAgent": "agent",
    "Mind": "models.scripted",
    "Person": "population",
    "Persona": "persona.persona",
    "Population": "population",
    "Text": "answers.answer",
}

__all__ = [
    "Answer",
    "AnswerError",
    "Conversation",
    "LLMAgent",
    "Mind",
    "Person",
    "Persona",
    "Population",
    "Text",
]


def __dir__() -> list[str]:
    """Return what is there, for completion."""
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: Mesa alone costs a second."""
    if name not in _HOMES:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r} (valid: {', '.join(__all__)})"
        )
    from importlib import import_module

    return getattr(import_module(f"societies.agents.{_HOMES[name]}"), name)
