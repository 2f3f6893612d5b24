"""Scripted minds: policies that answer in words, offline, free and with a known dynamic.

A mind is a pure function of the request and of a random stream that belongs to the call. It keeps
no state, so that a resumed run, which does not ask again what is journalled, stays the same.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from typing import Any, ClassVar

from pydantic import Field

from societies.agents.errors import ModelError
from societies.agents.models.base import Completion, ModelSpec, Request
from societies.agents.models.respondent import Respondent
from societies.agents.models.window import Window
from societies.agents.persona.persona import NOBODY, PersonaView
from societies.agents.persona.portraits import script
from societies.agents.streams import LateStream, stream
from societies.agents.strict import Strict

CHARACTERS_PER_TOKEN = 4
BABBLE = (
    "I would rather not say.",
    "Let me think about it some more",
    "That depends on many things, does it not?",
    "Answer: as much as seems right",
    "",
)


class Seen:
    """What a scripted mind is shown of a request: the views that its template was given, by name.

    Args:
        request: what is asked.
    """

    __slots__ = ("__dict__", "request")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.__dict__.update(request.situation)  # read as attributes five times as fast

    @property
    def persona(self) -> PersonaView:
        """Who is asked, with the scores as drawn; nobody in particular unless the call tells it."""
        return self.request.persona or NOBODY

    def __getitem__(self, name: str) -> Any:
        return self.request.situation[name]

    def __getattr__(self, name: str) -> Any:
        shown = ", ".join(self.request.situation)
        raise AttributeError(
            f"template {self.request.prompt!r} is not given {name!r}; it is given: {shown}"
        )


class Mind(Strict):
    """Base of scripted minds; a scenario's minds answer in that scenario's own grammar.

    A mind has a method for each template that it answers, called as the template:
    `def give(self, seen: Seen, random: Random) -> str`.
    """

    called: ClassVar[str] = ""
    """What stands behind `scripted/` for it; the class's name in small letters, if empty."""

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

    @classmethod
    def mind_name(cls) -> str:
        """Return what stands behind `scripted/` for the mind."""
        own: str = vars(cls).get("called", "")
        return own or re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def answer_request(self, request: Request, random: Random) -> str:
        """Answer a questionnaire as a respondent, and anything else by the mind's own policy.

        Whoever writes a persona repeats its description, in whatever scenario.
        """
        if request.purpose == "portrait":
            return script(request.situation)
        if request.purpose == "questionnaire":
            return self.respondent.fill_in(request, random)
        return self.reply(request, random)

    def reply(self, request: Request, random: Random) -> str:
        """Answer by the method that is called as the template.

        Raises:
            ModelError: there is none.
        """
        template = request.prompt
        method = _method(type(self), template)
        if method is None:
            raise ModelError(
                f"mind {type(self).__name__} has no answer to template {template!r}: give it a "
                f"method `{template}(self, seen, random)` (or `reply`, if every mind has "
                "something of that name)"
            )
        return method(self, Seen(request), random)


@cache
def _method(mind: type[Mind], template: str) -> Callable[[Mind, Seen, Random], str] | None:
    """Return the method with which a mind answers a template; None if it has none of its own."""
    return None if hasattr(Mind, template) else getattr(mind, template, None)


def part(value: float) -> float:
    """Return the nearest number from 0 to 1."""
    return min(1.0, max(0.0, value))


class ScriptedModel:
    """A language model whose answers are written by a mind."""

    def __init__(self, spec: ModelSpec, mind: Mind, seed: int) -> None:
        self.spec = spec
        self.mind = mind
        self.seed = seed
        self._random = LateStream()
        self._window = Window.of(spec)
        self.answers_at_once = not mind.latency
        """Whether it cannot be overloaded: no two of its calls are ever under way."""

    async def complete(self, request: Request, key: str) -> Completion:
        """Answer from the mind; tokens are counted as four characters each, the price is zero.

        Raises:
            ModelError: the prompt outgrows the window that the mind is configured to have.
        """
        if self._window:
            self._window.check(request, key, self.spec.name, None)
        seconds = await self._wait(key) if self.mind.latency else 0.0
        respondent, random = self.mind.respondent, self._random
        random.belong_to(self.seed, "mind", key)
        if self.mind.malformed and random.random() < self.mind.malformed:
            text = random.choice(BABBLE)
        else:
            text = self.mind.answer_request(request, random)
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
