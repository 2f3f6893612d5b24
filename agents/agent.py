"""The agent: a Mesa agent with a persona, a memory and a language model of its own."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from operator import is_
from random import Random
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, TypeVar, cast

import mesa

from societies.agents.answers.answer import Answer, Outcome
from societies.agents.answers.replies import defaulted, read_reply
from societies.agents.answers.structured import response_schema
from societies.agents.errors import OutsideInteractionError
from societies.agents.memory import Conversation, Turn
from societies.agents.models.base import Completion, Message, ModelSpec, Purpose, Request
from societies.agents.persona.persona import Persona
from societies.agents.persona.portraits import Portrait
from societies.agents.population import Person
from societies.agents.streams import stream, stream_seed
from societies.agents.templates.views import FrozenDict, View, altered, view, views

if TYPE_CHECKING:
    import numpy as np

AnswerT = TypeVar("AnswerT", bound=Answer)


@dataclass(slots=True)
class Call:
    """One completed model call: its key in the journal, what was asked, what came back."""

    key: str
    digest: str
    request: Request
    completion: Completion


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something that an agent is told by nobody in particular, above its next question."""

    text: str
    lasting: bool = False
    """Whether it stands above every later question, too."""


class Host(Protocol):
    """What an agent needs of the society it lives in."""

    seed: int

    @property
    def protocol(self) -> Any:
        """The scenario's own parameters in force."""

    def show(self, variables: Mapping[str, Any]) -> FrozenDict:
        """Return the views of a template's variables, with those that every template is given."""

    def render(self, prompt: str, shown: FrozenDict | None = None, /, **variables: Any) -> str:
        """Return the text of a prompt template, given views or variables."""

    def check_turn(self, agent: "LLMAgent", *, acting: bool) -> None:
        """Raise unless it is the agent's turn, so that draws and calls keep program order."""

    def takes_schema(self, spec: ModelSpec) -> bool:
        """Whether a model is to answer by JSON schema where an answer type has one."""

    async def complete(self, agent: "LLMAgent", request: Request) -> Call:
        """Take the completion from the journal, or from the agent's language model."""

    def record_call(self, agent: "LLMAgent", call: Call, problem: str | None) -> None:
        """Log one call; `problem` says why its reply could not be read."""

    def record_answer(
        self, agent: "LLMAgent", call: Call, outcome: Outcome, problem: str | None
    ) -> None:
        """Log how an answer came about; `call` is the last one made for it."""

    def record_message(
        self, agent: "LLMAgent", receivers: Sequence["LLMAgent"], channel: str, text: str
    ) -> None:
        """Log what an agent says to others."""


class LLMAgent(mesa.Agent):
    """An agent that decides by asking a language model.

    Args:
        society: the Mesa model it lives in.
        name: unique in the society; keys, streams and tables refer to the agent by it.
        person: who it is, and which language model answers for it.
        memory: what of its own conversation it sees again; by default nothing.
        brief: what it alone is told at the start: further variables of the `system` template.
    """

    def __init__(
        self,
        society: Host,
        name: str,
        person: Person,
        memory: Conversation | None = None,
        brief: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(cast(mesa.Model, society))
        self.society = society
        self.name = name
        self.group = person.group
        self.persona: Persona = person.persona
        self.portrait: Portrait | None = None
        """How the persona is told, if a model writes it; `persona` stays what was drawn."""
        self.model_spec = person.model
        self.memory = memory or Conversation(window=0)
        self.role = ""
        self.person = person.index
        self.kept = person.kept
        """The persona's blocks that this version of the person is reduced to; None for all."""
        self.announced: tuple[Announcement, ...] = ()
        self.version = 0
        """How many of the run's interventions it has been brought up to."""
        self.begun = False
        """Whether an interaction of the agent, or thread, has been scheduled."""
        self.passed_by: frozenset[int] = frozenset()
        """Interventions whose announcement an earlier thread of the agent has heard for it."""
        self.brief = brief or {}
        self.topic = ""
        self.turns: list[Turn] | None = None
        """What it was asked and answered in `ask`; None where nobody wants to know."""
        self._view: tuple[tuple[Any, ...], View] = ((None,), View("agent", {}))
        self._untold: tuple[View | None, View] = (None, self._view[1])
        """What the agent's templates are shown of it, and the same without the persona."""
        self.whole: LLMAgent = self
        """The agent that this is a thread of; itself if it is none."""

    def thread(self, topic: str, memory: Conversation | None = None, **brief: Any) -> Self:
        """Return the same agent in a conversation apart from its others.

        Name, persona and model are the agent's; memory and random streams are the thread's own, so
        that interactions that name different threads of an agent may run at the same time.

        Args:
            topic: names the thread; unique among the agent's.
            memory: what of the thread is seen again in it; by default all.
            brief: what it is told at the start: further variables of the `system` template.
        """
        other = copy(self)
        for own in ("system_message", "_is_told", "_random", "_rng"):
            vars(other).pop(own, None)
        other.topic = topic
        other.memory = memory or Conversation()
        other.brief, other.turns = brief, None
        other.announced, other.version = (), 0
        other.begun, other.passed_by = False, frozenset()
        return other

    @property
    def random(self) -> Random:
        """The agent's own seeded generator (not the model's, as in Mesa)."""
        self.society.check_turn(self, acting=False)
        return self._random

    @property
    def rng(self) -> "np.random.Generator":
        """The agent's own seeded NumPy generator (not the model's, as in Mesa)."""
        self.society.check_turn(self, acting=False)
        return self._rng

    @cached_property
    def system_message(self) -> Message:
        """The system prompt: template `system`, given the agent, its persona, its brief."""
        return Message(
            "system",
            self.society.render("system", agent=self, persona=self.persona_text, **self.brief),
        )

    @property
    def told_persona(self) -> Persona:
        """The persona as the agent is told it: as a model wrote it, or as it was drawn.

        Raises:
            OutsideInteractionError: a model has not written it yet.
        """
        if self.portrait and self.portrait.told is None:
            raise OutsideInteractionError(
                f"agent {self.name}'s persona is still being written: ask for it in an interaction "
                "that names the agent, or settle() first"
            )
        told = self.portrait.told if self.portrait else None
        return told or self.persona

    @cached_property
    def persona_text(self) -> str:
        """The persona in words, by template `persona`.

        Raises:
            OutsideInteractionError: a model has not written it yet.
        """
        return self.society.render("persona", persona=self.told_persona)

    def as_view(self) -> View:
        """Return what the templates of others are shown of the agent."""
        shown = ("name", "role", "group", "person", "topic", "announced")
        data = {name: view(getattr(self, name)) for name in shown}
        return View("agent", data, repr(self))

    def own_view(self, society: View) -> View:
        """Return what the agent's own templates are shown of it: its persona and society, too.

        It is made once for as long as none of this changes.
        """
        state = (society, self.announced, self.persona, self.role, self.group, self.topic)
        if not all(map(is_, state, self._view[0])):
            known = {"persona": view(self.persona), "persona_text": self.persona_text}
            self._view = (state, altered(self.as_view(), **known, society=society))
        return self._view[1]

    def _as_told(self, shown: FrozenDict, messages: Sequence[Message]) -> FrozenDict:
        """Return a mind's views: without the persona, unless the messages tell the model of it."""
        text = self.persona_text
        if text and (self._is_told or any(_holds(each.content, text) for each in messages)):
            return shown
        whole, untold = self._untold
        if whole is not shown["agent"]:
            whole = shown["agent"]
            untold = altered(whole, persona=None, persona_text="")
            self._untold = (whole, untold)
        return FrozenDict({**shown, "agent": untold})

    @cached_property
    def _is_told(self) -> bool:
        """Whether the system prompt tells the persona."""
        return _holds(self.system_message.content, self.persona_text)

    def become(self, persona: Persona, model: ModelSpec, portrait: Portrait | None = None) -> None:
        """Go on with this persona and model, and with a system prompt rendered anew."""
        self.persona, self.model_spec, self.portrait = persona, model, portrait
        for derived in ("system_message", "persona_text", "_is_told", "_gives_objects"):
            vars(self).pop(derived, None)

    async def ask(
        self,
        prompt: str,
        answer: type[AnswerT],
        *,
        fallback: AnswerT | None = None,
        attempts: int = 3,
        explain: bool = True,
        purpose: Purpose = "decision",
        **situation: Any,
    ) -> AnswerT:
        """Ask the agent, and remember the exchange.

        Args:
            prompt: name of the template that words the question.
            answer: the type that the reply is read as.
            fallback: stands in, marked as defaulted, when no reply could be read.
            attempts: how often the model is asked at most.
            explain: show the model its unreadable reply and the problem before asking again;
                otherwise the identical question is asked again.
            purpose: what it is asked for, which scripted minds go by.
            situation: the variables of the template; the `protocol` in force is always among them.

        Raises:
            ModelError: no reply could be read and there is no fallback.
            OutsideInteractionError: it is not this agent's turn.
        """
        remembered = self.memory.messages()
        shown = FrozenDict()
        if self.turns is not None:
            shown = views({"protocol": self.society.protocol, **situation})
        value, exchange = await self._exchange(
            prompt, answer, fallback, attempts, explain, remembered, situation, purpose
        )
        self.memory.add(exchange, accepted=value.outcome != "defaulted")
        if self.turns is not None:
            self.turns.append(Turn.of(self.topic, prompt, shown, value, exchange))
        if self.announced:
            self.announced = tuple(heard for heard in self.announced if heard.lasting)
        return value

    async def aside(
        self,
        prompt: str,
        answer: type[AnswerT],
        *,
        fallback: AnswerT | None = None,
        attempts: int = 3,
        explain: bool = True,
        context: Literal["shared", "fresh"] = "shared",
        history: Sequence[Message] = (),
        above: str = "",
        purpose: Purpose = "decision",
        **situation: Any,
    ) -> AnswerT:
        """Ask out of band: as `ask`, but nothing of it enters the agent's memory.

        With `context="fresh"` the agent is not shown what it remembers either. It is shown
        `history` last before the question, such as an earlier answer that is called into doubt,
        and `above` at the head of the question.
        An announcement stands above its question, too, and is still to be told in the next `ask`.
        Scripted minds go by the `purpose`.
        """
        remembered = [*(self.memory.messages() if context == "shared" else ()), *history]
        value, _ = await self._exchange(
            prompt, answer, fallback, attempts, explain, remembered, situation, purpose, above
        )
        return value

    def say(self, text: str, to: Sequence["LLMAgent"], channel: str = "public") -> None:
        """Say `text` to other agents: one row of table `messages`."""
        self.society.record_message(self, to, channel, text)

    async def _exchange(
        self,
        prompt: str,
        answer: type[AnswerT],
        fallback: AnswerT | None,
        attempts: int,
        explain: bool,
        remembered: Sequence[Message],
        situation: dict[str, Any],
        purpose: Purpose = "decision",
        above: str = "",
    ) -> tuple[AnswerT, tuple[Message, ...]]:
        """Ask until a reply can be read; return the value, and the question with what followed."""
        self.society.check_turn(self, acting=True)
        if "protocol" not in situation:
            situation["protocol"] = self.society.protocol
        if self.announced:
            situation = {**situation, "announced": self.announced}
        shown = self.society.show({"agent": self, **situation})
        system = (self.system_message,) if self.system_message.content else ()
        before = (*system, *remembered)
        schema = response_schema(answer) if answer.structured and self._gives_objects else None
        question = self._word(prompt, shown, schema, above)
        asked: tuple[Message, ...] = (question,)
        told = self._as_told(shown, (*before, question))
        persona = told["agent"].persona
        for attempt in range(1, attempts + 1):
            messages = (*before, *asked)
            request = Request(messages, self.name, prompt, told, persona, attempt, schema, purpose)
            call = await self.society.complete(self, request)
            reply = Message("assistant", call.completion.text)
            value, problem = read_reply(
                answer, call.completion, situation, as_object=schema is not None
            )
            self.society.record_call(self, call, problem)
            if value is not None:
                value = value.marked("repaired") if attempt > 1 else value
                break
            if explain and attempt < attempts and reply.content.strip():
                repair = self.society.render("repair", error=problem)
                asked = (*asked, reply, Message("user", repair))
        else:
            value = defaulted(fallback, self.name, prompt, call.key, attempts, problem)
        self.society.record_answer(self, call, value.outcome, problem)
        return value, (*asked, reply)

    def _word(
        self, prompt: str, shown: FrozenDict, schema: Mapping[str, Any] | None, above: str
    ) -> Message:
        """Word a question: what is announced stands above it, the form of an object below."""
        text = self.society.render(prompt, shown)
        if self.announced:
            text = self.society.render("announcement", announced=self.announced, question=text)
        if above:
            text = f"{above}\n\n{text}"
        if schema is not None:
            form = self.society.render("structured", keys=list(schema["properties"]))
            text = f"{text}\n\n{form}"
        return Message("user", text)

    @cached_property
    def _gives_objects(self) -> bool:
        return self.society.takes_schema(self.model_spec)

    @cached_property
    def _random(self) -> Random:
        return stream(self.society.seed, "agent", *self._owner)

    @cached_property
    def _rng(self) -> "np.random.Generator":
        from numpy.random import default_rng

        return default_rng(stream_seed(self.society.seed, "agent rng", *self._owner))

    @property
    def _owner(self) -> tuple[str, ...]:
        """Who the random streams belong to: the agent, or one of its threads."""
        return (self.name, self.topic) if self.topic else (self.name,)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


def _holds(message: str, text: str) -> bool:
    """Whether a message tells a text, however it is broken into lines."""
    return text in message or " ".join(text.split()) in " ".join(message.split())
