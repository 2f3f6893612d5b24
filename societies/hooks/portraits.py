"""Personas written by a model (`population.written_as`), each before its agent does anything else.

A writer is asked out of band, in interactions with scopes, keys and random streams of their own
(`persona/<agent>`). What it writes is told in place of the description that it was given. The
persona itself stays what was drawn: scripted minds, judges and tables go by that.
"""

from collections.abc import Callable, Hashable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from societies.agents.agent import LLMAgent
from societies.agents.answers.answer import Outcome
from societies.agents.models.base import Message
from societies.agents.persona.persona import Persona
from societies.agents.persona.portraits import (
    WRITER,
    Commission,
    Portrait,
    commissions,
    portrayed,
    worst,
)

if TYPE_CHECKING:
    from societies.society import Society

NAME = "persona writer"

Log = Callable[[str, Outcome], None]
"""Writes the row in which a persona stands, given its text and how that came about."""
Draft = dict[str, tuple[str, Outcome]]
"""What was written, by prompt, and how each answer came about."""


class Writer(LLMAgent):
    """Who writes personas: staff, told nothing of the scenario it writes for."""

    @cached_property
    def system_message(self) -> Message:
        """No system prompt."""
        return Message("system", "")


class Desk:
    """Where one person is portrayed, once for all agents who are that person."""

    def __init__(self) -> None:
        self.draft: Draft = {}


class Portraits:
    """The portraits of one run.

    Args:
        society: whose agents are portrayed.
    """

    def __init__(self, society: "Society") -> None:
        self._society = society
        self._desks: dict[tuple[int, tuple[tuple[str, str], ...]], Desk] = {}
        self._times: dict[str, int] = {}

    def due(self, agent: LLMAgent) -> Portrait | None:
        """Return a portrait that is to be written of somebody who joins, if one is.

        People of the population are portrayed, as far as their personas say anything.
        """
        style = self._society.config.population.written_as
        if agent.person < 0 or not commissions(agent.persona, style):
            return None
        return Portrait()

    def commission(self, agent: LLMAgent, persona: Persona, portrait: Portrait, log: Log) -> None:
        """Schedule the writing of a persona: whatever the agent does later comes after it."""
        society, style = self._society, self._society.config.population.written_as
        wanted = commissions(persona, style)
        descriptions = {
            each.prompt: society.render("persona", persona=each.about) for each in wanted
        }
        times = self._times[agent.name] = self._times.get(agent.name, 0) + 1
        scope = f"persona/{agent.name}" + (f"/{times}" if times > 1 else "")
        writer = self._writer.thread(scope)
        writer.become(Persona(), society.config.model.of(WRITER))
        desk = self._desks.setdefault((agent.person, tuple(descriptions.items())), Desk())

        async def write() -> None:
            for each in wanted:
                if each.prompt not in desk.draft:
                    desk.draft[each.prompt] = await _ask(writer, each, descriptions[each.prompt])
            texts = {prompt: text for prompt, (text, _) in desk.draft.items()}
            portrait.told = portrayed(persona, style, texts)
            outcome = worst([outcome for _, outcome in desk.draft.values()])
            log(society.render("persona", persona=portrait.told), outcome)

        society.schedule_beside(write(), [agent, writer, desk], scope)

    def behind(self, agents: Iterable[Hashable]) -> list[LLMAgent]:
        """Return whose portraits an interaction has to wait for beside those of its agents.

        A thread does not wait for what the agent does that it is a thread of, but its persona is
        written for both.
        """
        if not self._times:
            return []
        threads = [each for each in agents if isinstance(each, LLMAgent)]
        return [thread.whole for thread in threads if thread.whole is not thread]

    @cached_property
    def _writer(self) -> LLMAgent:
        """The writer: it joins when it is needed first, and takes no part in the scenario."""
        staff = self._society.staff(WRITER)
        writer = self._society.enroll(NAME, role=WRITER, person=staff, kind=Writer)
        writer.remove()
        return writer


async def _ask(writer: LLMAgent, wanted: Commission, description: str) -> tuple[str, Outcome]:
    """Have one text written; a reply that cannot be read leaves the description as it is."""
    kind = wanted.answer
    written = await writer.aside(
        wanted.prompt,
        kind,
        fallback=kind(text=""),
        description=description,
        portrayed=wanted.about,
        steps=wanted.steps,
    )
    return written.text, written.outcome
