"""Experience: what an agent was asked in the scenario and answered, as a probe shows it.

It is made of nothing but the agent's own turns: what the templates of its questions were given, and
what was read in its replies. What others hold in private is in it only if the agent was shown it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from societies.agents.agent import LLMAgent
from societies.agents.models.base import Message
from societies.agents.templates.views import view
from societies.config.probes import Probe
from societies.stage import Stage

LAST = "last"
"""The topic that stands for the conversation begun last."""


@dataclass(frozen=True, slots=True)
class Experience:
    """What is shown before a question."""

    turns: tuple[Any, ...] = ()
    """Views of the agent's turns, conversation by conversation, as they were begun."""
    account: str = ""
    """Stands above every question."""
    messages: tuple[Message, ...] = ()
    """Stand before every question."""

    def followed_by(self, question: str, reply: str) -> "Experience":
        """Return it with a question that was asked below it, and its answer."""
        asked = f"{self.account}\n\n{question}" if self.account else question
        exchange = Message("user", asked), Message("assistant", reply)
        return replace(self, account="", messages=(*self.messages, *exchange))


NONE = Experience()


def chosen(probe: Probe, speakers: Sequence[LLMAgent]) -> Sequence[LLMAgent]:
    """Return those of an agent and its threads whose turns a probe shows."""
    if not probe.shows_turns:
        return ()
    if probe.topic == LAST:
        return speakers[-1:]
    return [each for each in speakers if probe.topic in ("", each.topic)]


def experience_of(
    stage: Stage, agent: LLMAgent, speakers: Sequence[LLMAgent], probe: Probe
) -> Experience:
    """Return what a probe shows of an agent's experience so far; nothing before the first turn."""
    turns = view(tuple(turn for each in speakers for turn in each.turns or ()))
    if not turns:
        return NONE
    if probe.context == "experience":
        return Experience(turns, account=stage.render("experience", agent=agent, lived=turns))
    told = [message for each in speakers for message in conversation(stage, agent, each)]
    return Experience(turns, messages=tuple(told))


def conversation(stage: Stage, agent: LLMAgent, speaker: LLMAgent) -> list[Message]:
    """Return the questions and replies of an agent, or of one of its threads.

    What only the thread's system prompt says, such as the rules of its game, stands above its first
    question: a model takes one system prompt, which is the agent's.
    """
    messages = []
    for turn in speaker.turns or ():
        messages += [Message("user", turn.question), Message("assistant", turn.reply)]
    brief = told_at_start(stage, speaker)
    if messages and brief and brief != told_at_start(stage, agent):
        messages[0] = Message("user", f"{brief}\n\n{messages[0].content}")
    return messages


def told_at_start(stage: Stage, speaker: LLMAgent) -> str:
    """Return a system prompt without the persona."""
    return stage.render("system", agent=speaker, persona="", **speaker.brief)
