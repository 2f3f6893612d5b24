"""Scripted minds: policies that answer in words, offline, free and with a known dynamic.

A mind is a pure function of the request and of a random stream that belongs to the call. It keeps
no state, so that a resumed run, which does not ask again what is journalled, stays the same.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Mapping
from random import Random
from typing import Any, ClassVar

from pydantic import Field

from societies.agents.models.base import Completion, ModelSpec, Request
from societies.agents.models.respondent import Respondent
from societies.agents.persona.portraits import script
from societies.agents.streams import LateStream, stream
from societies.agents.strict import Strict

CHARACTERS_PER_TOKEN = 4
QUESTIONNAIRE = {"form", "forms"}
"""Variables that only questionnaire prompts have."""
PORTRAIT = "portrayed"
"""A variable that only the prompts have by which personas are written."""
BABBLE = (
    "I would rather not say.",
    "Let me think about it some more",
    "That depends on many things, does it not?",
    "Answer: as much as seems right",
    "",
)


class Mind(Strict):
    """Base of scripted minds; a scenario's minds answer in that scenario's own grammar."""

    longest: ClassVar[Mapping[str, Any] | None] = None
    """Options with which, in every role, it makes a run as long as the scenario lets it: the upper
    end of an estimate. None: no options do."""

    malformed: float = Field(default=0.0, ge=0, le=1)
    """Probability that a reply ignores the asked format, so that the repair path is exercised."""
    latency: float = Field(default=0.0, ge=0)
    """Median artificial latency of a reply, in seconds."""
    latency_sigma: float = Field(default=0.0, ge=0)
    """Standard deviation of the logarithm of the latency (lognormal; 0 is constant)."""
    respondent: Respondent = Respondent()
    """How the mind fills in questionnaires, whatever scenario it lives in."""

    def respond(self, request: Request, random: Random) -> str:
        """Answer a questionnaire as a respondent, and anything else by the mind's own policy.

        Whoever writes a persona repeats its description, in whatever scenario.
        """
        if PORTRAIT in request.situation:
            return script(request.situation)
        if not QUESTIONNAIRE.isdisjoint(request.situation):
            return self.respondent.fill_in(request, random)
        return self.reply(request, random)

    @abstractmethod
    def reply(self, request: Request, random: Random) -> str:
        """Answer the request in words."""


class ScriptedModel:
    """A language model whose answers are written by a mind."""

    def __init__(self, spec: ModelSpec, mind: Mind, seed: int) -> None:
        self.spec = spec
        self.mind = mind
        self.seed = seed
        self._random = LateStream()

    async def complete(self, request: Request, key: str) -> Completion:
        """Answer from the mind; tokens are counted as four characters each, the price is zero."""
        seconds = await self._wait(key) if self.mind.latency else 0.0
        respondent, random = self.mind.respondent, self._random
        random.belong_to(self.seed, "mind", key)
        if self.mind.malformed and random.random() < self.mind.malformed:
            text = random.choice(BABBLE)
        else:
            text = self.mind.respond(request, random)
        prompt_length = sum(len(message.content) for message in request.messages)
        return Completion(
            text=text,
            prompt_tokens=-(-prompt_length // CHARACTERS_PER_TOKEN),
            completion_tokens=-(-len(text) // CHARACTERS_PER_TOKEN),
            cost=0.0,
            latency=seconds,
            logprobs=respondent.weigh(request) if respondent.logprobs else None,
        )

    async def _wait(self, key: str) -> float:
        """Sleep for the call's latency, drawn from a stream of its own: it changes no answer."""
        sigma = self.mind.latency_sigma
        seconds = self.mind.latency * stream(self.seed, "latency", key).lognormvariate(0, sigma)
        await asyncio.sleep(seconds)
        return seconds


def open_mind(spec: ModelSpec, minds: Mapping[str, type[Mind]]) -> Mind:
    """Return the mind that `scripted/<mind>` names.

    Raises:
        KeyError: the scenario has no mind of that name.
        pydantic.ValidationError: the mind does not take these options.
    """
    return minds[spec.name.removeprefix("scripted/")].model_validate(spec.options)
