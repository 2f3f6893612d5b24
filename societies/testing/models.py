"""Language models around a run's own, to disturb the run without changing what is asked."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import NamedTuple

from societies.agents.models.base import Completion, LanguageModel, Request
from societies.agents.streams import stream
from societies.society import Society

MEAN_LATENCY = 0.001
"""Seconds; enough to mix up the order in which replies arrive."""


class SlowModel:
    """Gives the same completions, each after an exponentially distributed time of its own.

    The latency is no option of the model, so that requests keep their hashes.
    """

    def __init__(self, model: LanguageModel, seed: int, mean: float = MEAN_LATENCY) -> None:
        self.spec = model.spec
        self.model = model
        self.seed = seed
        self.mean = mean

    async def complete(self, request: Request, key: str) -> Completion:
        """Wait, then let the model answer."""
        await asyncio.sleep(stream(self.seed, "latency", key).expovariate(1 / self.mean))
        return await self.model.complete(request, key)


class Question(NamedTuple):
    """One `ask` of an agent: where it stands in the run."""

    scope: str
    agent: str
    first_call: int
    """The number of its first call among those of the agent in the interaction."""

    @classmethod
    def of(cls, key: str, attempt: int) -> "Question":
        """Return the question that a call belongs to."""
        scope, agent, number = key.rsplit("#", 2)
        return cls(scope, agent, int(number) - attempt + 1)


class MisspeakingModel:
    """Answers one question wrongly, and all others as the model does.

    Args:
        model: who answers otherwise.
        question: which question is answered wrongly.
        malform: makes a wrong reply of the right one.
        persistent: whether asking again gets a wrong reply, too.
    """

    def __init__(
        self,
        model: LanguageModel,
        question: Question,
        malform: Callable[[str], str],
        *,
        persistent: bool,
    ) -> None:
        self.spec = model.spec
        self.model = model
        self.question = question
        self.malform = malform
        self.persistent = persistent

    async def complete(self, request: Request, key: str) -> Completion:
        """Let the model answer, and spoil its reply to the question."""
        completion = await self.model.complete(request, key)
        asked = Question.of(key, request.attempt) == self.question
        if asked and (self.persistent or request.attempt == 1):
            return replace(completion, text=self.malform(completion.text))
        return completion


Wrap = Callable[[LanguageModel], LanguageModel]


def wrapped_models(wrap: Wrap) -> Callable[[Society], AbstractContextManager[None]]:
    """Return a `watch` for `societies.run` that puts something around every language model."""

    @contextmanager
    def watch(society: Society) -> Iterator[None]:
        open_model = society.calls.open_model
        society.calls.open_model = lambda spec: wrap(open_model(spec))
        yield

    return watch


def slow_models(
    seed: int = 0, mean: float = MEAN_LATENCY
) -> Callable[[Society], AbstractContextManager[None]]:
    """Return a `watch` that delays every call at random, by `mean` seconds on average."""
    return wrapped_models(lambda model: SlowModel(model, seed, mean))
