"""What an agent remembers of its own conversation."""

from collections import deque
from collections.abc import Sequence

from societies.agents.models.base import Message


class Conversation:
    """The agent's own questions and answers, in order; the oldest exchanges fall out of a window.

    Args:
        window: how many exchanges (a question with its answer) are kept; None keeps all, 0 none.
    """

    def __init__(self, window: int | None = None) -> None:
        self.window = window
        self._exchanges: deque[tuple[Message, Message]] = deque(maxlen=window)

    def add(self, question: Message, answer: Message) -> None:
        """Remember one exchange."""
        self._exchanges.append((question, answer))

    def messages(self) -> Sequence[Message]:
        """Return what is remembered, oldest first."""
        return [message for exchange in self._exchanges for message in exchange]
