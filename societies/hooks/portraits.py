"""Personas written by a model (`population.written_as`), each before its agent does anything else.

A writer is asked out of band, in interactions with scopes, keys and random streams of their own
(`persona/<agent>`). What it writes is told in place of the description that it was given. The
persona itself stays what was drawn: scripted minds, judges and tables go by that.
"""

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property, partial

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
from societies.record.types import AgentRecord
from societies.stage import Participant, Stage

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


class Portraits(Participant):
    """The portraits of one run.

    Args:
        stage: whose agents are portrayed.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._due: dict[LLMAgent, tuple[Portrait, AgentRecord]] = {}
        self._desks: dict[tuple[int, tuple[tuple[str, str], ...]], Desk] = {}
        self._times: dict[str, int] = {}

    def joining(self, agent: LLMAgent, row: AgentRecord) -> bool:
        """Note whose portrait is to be written: its row follows, once it is.

        People of the population are portrayed, as far as their personas say anything.
        """
        style = self._stage.config.population.written_as
        if agent.person < 0 or not commissions(agent.persona, style):
            return False
        portrait = Portrait()
        agent.become(agent.persona, agent.model_spec, portrait)
        self._due[agent] = portrait, row
        return True

    def joined(self, agent: LLMAgent) -> None:
        """Have the portrait written of somebody who has joined, before anything else it does."""
        if agent in self._due:
            portrait, row = self._due.pop(agent)
            log = partial(self._record_written, agent, row)
            self.commission(agent, agent.persona, portrait, log)

    def _record_written(
        self, agent: LLMAgent, joined: AgentRecord, text: str, outcome: Outcome
    ) -> None:
        """Log an agent that joined, once its persona is written."""
        written = joined.model_copy(update={"persona": text, "written": outcome})
        self._stage.record(written, agent)

    def commission(self, agent: LLMAgent, persona: Persona, portrait: Portrait, log: Log) -> None:
        """Schedule the writing of a persona: whatever the agent does later comes after it."""
        stage, style = self._stage, self._stage.config.population.written_as
        wanted = commissions(persona, style)
        descriptions = {each.prompt: stage.render("persona", persona=each.about) for each in wanted}
        times = self._times[agent.name] = self._times.get(agent.name, 0) + 1
        scope = f"persona/{agent.name}" + (f"/{times}" if times > 1 else "")
        writer = self._writer.thread(scope)
        writer.become(Persona(), stage.config.model.of(WRITER))
        desk = self._desks.setdefault((agent.person, tuple(descriptions.items())), Desk())

        async def write() -> None:
            for each in wanted:
                if each.prompt not in desk.draft:
                    desk.draft[each.prompt] = await _ask(writer, each, descriptions[each.prompt])
            texts = {prompt: text for prompt, (text, _) in desk.draft.items()}
            portrait.told = portrayed(persona, style, texts)
            outcome = worst([outcome for _, outcome in desk.draft.values()])
            log(stage.render("persona", persona=portrait.told), outcome)

        stage.schedule_beside(write(), [agent, writer, desk], scope)

    def scheduling(self, scope: str, agents: Sequence[Hashable]) -> Sequence[Hashable]:  # noqa: ARG002
        """Return whose portraits an interaction has to wait for beside those of its agents.

        A thread does not wait for what the agent does that it is a thread of, but its persona is
        written for both.
        """
        if not self._times:
            return ()
        threads = [each for each in agents if isinstance(each, LLMAgent)]
        return [thread.whole for thread in threads if thread.whole is not thread]

    @cached_property
    def _writer(self) -> LLMAgent:
        """The writer: it joins when it is needed first, and takes no part in the scenario."""
        staff = self._stage.staff(WRITER)
        writer = self._stage.enroll(NAME, role=WRITER, person=staff, kind=Writer)
        writer.remove()
        return writer


async def _ask(writer: LLMAgent, wanted: Commission, description: str) -> tuple[str, Outcome]:
    """Have one text written; a reply that cannot be read leaves the description as it is."""
    kind = wanted.answer
    written = await writer.aside(
        wanted.prompt,
        kind,
        fallback=kind(text=""),
        purpose="portrait",
        description=description,
        portrayed=wanted.about,
        steps=wanted.steps,
    )
    return written.text, written.outcome
