"""Portraits: what a model makes of a persona's description, told to the agent in its place.

Two styles: one text from the whole description, or the personality in prose as in SPeCtrum (Lee et
al. 2025, arXiv 2502.08599), by a chain of ever denser summaries of which the last two are told.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from societies.agents.answers.answer import OUTCOMES, AnswerError, Outcome, Text
from societies.agents.answers.refusals import is_refusal
from societies.agents.answers.structured import ObjectAnswer, read_object
from societies.agents.persona.persona import Persona

Style = Literal["prose", "spectrum"]

WRITER = "writer"
"""The role in which a model writes portraits; any scenario may give it a model of its own."""

STEPS: dict[str, tuple[str, ...]] = {
    "write_persona": (),
    "summarise_personality": ("characteristics", "facets", "reading", "everyday"),
    "summarise_values": ("characteristics", "reading", "everyday"),
}
"""The prompts with the steps of their chains; a prompt without steps wants the text alone."""
TOLD = 2
"""How many of a chain's last steps the agent is told."""


SPOKEN = re.compile(r"\byou(?:rs?|rself)?\b", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]{2}")


class Prose(Text):
    """A portrait: a text that speaks to the person, as it is asked to."""

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Take the text, unless the writer declines, or speaks to nobody."""
        if is_refusal(text):
            raise AnswerError("the reply is a refusal, and no portrait")
        portrait = super().read(text, situation)
        if not SPOKEN.search(text):
            raise AnswerError("a portrait speaks to the person ('You ...'), and this does not")
        return portrait


class Summary(ObjectAnswer):
    """A chain of summaries, as one JSON object with a key per step; the last two are kept."""

    text: str

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read the steps that the situation names."""
        found, clean = read_object(text)
        steps = situation["steps"]
        for step in steps:
            if not WORD.search(str(found.get(step) or "")):
                raise AnswerError(f"the JSON object has no key {step!r}, or nothing under it")
        told = [found[step] for step in steps[-TOLD:]]
        for step, said in zip(steps[-TOLD:], told, strict=True):
            if not isinstance(said, str) or not said.strip():
                raise AnswerError(f"{step!r} should be one text")
        summary = cls(text="\n".join(said.strip() for said in told))
        return summary if clean else summary.marked("lenient")


@dataclass(frozen=True, slots=True)
class Commission:
    """One text that a model is to write."""

    prompt: str
    about: Persona
    """What of the persona it is written from."""

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps of the chain; none if the text is wanted alone."""
        return STEPS[self.prompt]

    @property
    def answer(self) -> type[Prose] | type[Summary]:
        """The type that the reply is read as."""
        return Summary if self.steps else Prose


class Portrait:
    """How an agent's persona is told: by its model's words, once they are written."""

    __slots__ = ("told",)

    def __init__(self) -> None:
        self.told: Persona | None = None
        """The persona as it is told; None as long as nothing is written."""


def commissions(persona: Persona, style: Style | None) -> list[Commission]:
    """Return what is to be written of a persona: nothing where it says nothing.

    Secrets are shown to no writer.
    """
    if style is None:
        return []
    if style == "prose":
        about = persona.without_secrets()
        return [Commission("write_persona", about)] if _says_something(about) else []
    parts = {
        "summarise_personality": Persona(big_five=persona.big_five),
        "summarise_values": Persona(values=persona.values),
    }
    return [Commission(prompt, part) for prompt, part in parts.items() if _says_something(part)]


def portrayed(persona: Persona, style: Style | None, texts: Mapping[str, str]) -> Persona:
    """Return a persona as it is told with what was written of it.

    Args:
        persona: the persona as it was drawn.
        style: how it was written.
        texts: what was written, by prompt; what is missing or empty is told as it was drawn.
    """
    written = {prompt: text for prompt, text in texts.items() if text}
    if style == "prose":
        text = written.get("write_persona")
        if text is None:
            return persona
        return Persona(text=text, secrets=persona.secrets, identity=persona.identity)
    parts = [part for part in (persona.summary, *written.values()) if part]
    left_out = {"summarise_personality": "big_five", "summarise_values": "values"}
    told = {**dict(persona), "summary": "\n".join(parts) or None}
    told |= {left_out[prompt]: {} for prompt in written}
    return Persona.model_construct(**told)


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome that is furthest from clean."""
    return max(outcomes, key=OUTCOMES.index)


def script(situation: Mapping[str, Any]) -> str:
    """Write a portrait as a scripted mind does: it repeats the description, in one paragraph."""
    said = " ".join(line.strip() for line in situation["description"].splitlines())
    if not situation["steps"]:
        return f"This is a portrait of you. {said}"
    from pydantic_core import to_json

    return to_json({step: f"As {step}: {said}" for step in situation["steps"]}).decode()


def _says_something(persona: Persona) -> bool:
    said = {**dict(persona), **dict(persona.life or {}), "life": None, "identity": None}
    return any(said.values())
