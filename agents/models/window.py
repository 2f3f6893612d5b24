"""Windows: what a model takes in at once, and prompts that are not sent because they outgrow it."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Self

from societies.agents.errors import ModelError
from societies.agents.models.base import Message, ModelSpec, Request
from societies.agents.models.tokens import MESSAGE_TOKENS

CountTokens = Callable[[Sequence[Mapping[str, str]], str], int]
"""Returns the tokens of a prompt (messages with `role` and `content`) and of its reply."""


class Window(NamedTuple):
    """How many tokens a model takes in at once."""

    tokens: int
    room: int
    """Of these, those that a prompt may have."""
    told_by: str
    """Who says so: `model.context`, or somebody's table."""

    @classmethod
    def of(cls, spec: ModelSpec) -> Self | None:
        """Return the window that a specification tells, if it tells one."""
        if spec.context is None or spec.room is None:
            return None
        return cls(spec.context, spec.room, "model.context")

    def check(self, request: Request, key: str, model: str, count: CountTokens | None) -> None:
        """Raise if a prompt has not enough room; nothing was sent then.

        Args:
            request: what is to be sent.
            key: the call's.
            model: whose window it is.
            count: the model's tokenizer; without it the estimate is taken (`tokens.py`).

        Raises:
            ModelError: it has not.
        """
        if _most_tokens(request.messages) <= self.room:
            return
        if count is None:
            tokens, how = estimate_tokens(request.messages), "estimated"
        else:
            messages = [{"role": each.role, "content": each.content} for each in request.messages]
            tokens, how = count(messages, ""), "by its tokenizer"
        if tokens > self.room:
            found = f"{tokens:,} tokens ({how})"
            raise ModelError(self._refusal(request, key, model, found))

    def _refusal(self, request: Request, key: str, model: str, found: str) -> str:
        scope = key.rpartition(f"#{request.agent}#")[0]
        reply = self.tokens - self.room
        kept = f", {reply:,} of which are kept for the reply" if reply else ""
        dropped = f" without its {request.dropped} oldest exchanges" if request.dropped else ""
        return (
            f"call {key} was not sent: the prompt of agent {request.agent} in scope {scope} has "
            f"{found}{dropped}, and the window of model {model} is {self.tokens:,} tokens "
            f"({self.told_by}){kept}. Resume with the window that it really has (--set "
            "model.context=TOKENS), or let memories give way (--set model.overflow=drop_oldest, "
            "beside model.context)"
        )


def _most_tokens(messages: Sequence[Message]) -> int:
    """Return what no tokenizer exceeds, as it makes no more tokens of a text than it has bytes.

    It is quickly found, and settles nearly every call.
    """
    texts = (message.content for message in messages)
    return sum(MESSAGE_TOKENS + len(text if text.isascii() else text.encode()) for text in texts)


def estimate_tokens(messages: Sequence[Message]) -> int:
    """Return how many tokens messages are taken for (`tokens.py`)."""
    return sum(message.tokens for message in messages)
