"""What an agent remembers of its own conversation."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from societies.agents.answers.answer import Answer, Outcome
from societies.agents.models.base import Message
from societies.agents.templates.views import FrozenDict, View, view

Exchange = tuple[Message, ...]
"""A question and its answer; between them, unreadable replies, each with the request to repeat."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that an agent was asked, and its answer: a part of what it has lived."""

    topic: str
    """The thread in which it was asked; empty outside of all threads."""
    prompt: str
    """The template that worded the question."""
    shown: View
    """What the template was given, as it was then."""
    answer: View
    """What was read in the reply, or the fallback."""
    outcome: Outcome
    question: str
    reply: str

    @classmethod
    def of(
        cls, topic: str, prompt: str, shown: FrozenDict, answer: Answer, exchange: Exchange
    ) -> Self:
        """Return the turn of an exchange, given the views of its template's variables."""
        texts = exchange[0].content, exchange[-1].content
        return cls(topic, prompt, View("question", shown), view(answer), answer.outcome, *texts)


class Conversation:
    """The agent's own questions and answers, in order; the oldest exchanges fall out of a window.

    Args:
        window: how many exchanges (a question with its answer) are kept; None keeps all, 0 none.
        corrections: whether the agent goes on seeing its unreadable replies and the requests to
            repeat them; otherwise only the question and the last reply are remembered.
    """

    def __init__(self, window: int | None = None, *, corrections: bool = False) -> None:
        self.window = window
        self.corrections = corrections
        self._exchanges: deque[tuple[Exchange, bool]] = deque(maxlen=window)

    def add(self, exchange: Exchange, *, accepted: bool = True) -> None:
        """Remember one exchange; `accepted` says whether its last reply could be read."""
        self._exchanges.append((exchange, accepted))

    def messages(self) -> Sequence[Message]:
        """Return what the agent is shown again, oldest first."""
        if self.corrections:
            return [message for exchange, _ in self._exchanges for message in exchange]
        return [
            message for exchange, _ in self._exchanges for message in (exchange[0], exchange[-1])
        ]

    def accepted(self) -> list[Message]:
        """Return questions and accepted replies only, oldest first, as a model may learn them."""
        return [
            message
            for exchange, accepted in self._exchanges
            if accepted
            for message in (exchange[0], exchange[-1])
        ]

    def faults(self) -> list[str]:
        """Return the unreadable replies of the latest exchange, oldest first."""
        if not self._exchanges:
            return []
        exchange, accepted = self._exchanges[-1]
        replies = [message.content for message in exchange[1::2]]
        return replies[:-1] if accepted else replies
