"""Probes as a scenario file says them: what is asked of whom, and when."""

from collections.abc import Sequence
from typing import Annotated, Protocol, Self

from pydantic import Field, model_validator

from societies.agents.instruments.design import Context, Design
from societies.agents.strict import Strict

MOMENTS = ("before", "after")
"""When somebody is asked who joins or leaves; other moments are steps."""


class Member(Protocol):
    """What decides whether an agent is asked."""

    name: str
    group: str
    person: int


class Asked(Strict):
    """Who is asked; everybody of the population when nothing is said."""

    groups: list[str] = Field(default_factory=list)
    names: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def choose_one(self) -> Self:
        """Refuse both."""
        if self.groups and self.names:
            raise ValueError("give either groups or names")
        return self

    def includes(self, agent: Member) -> bool:
        """Whether an agent is asked; staff, such as a judge, only by name."""
        if self.names:
            return agent.name in self.names
        return agent.person >= 0 and (not self.groups or agent.group in self.groups)


class Probe(Design):
    """An instrument, or open questions, asked of a scenario's agents as it goes."""

    instrument: str = ""
    ask: list[Annotated[str, Field(pattern=r"\S")]] = Field(default_factory=list)
    """Open questions, instead of an instrument."""
    name: str = Field(default="", pattern=r"^[\w -]*$")
    """Unique; the instrument's name when absent."""
    of: Asked = Asked()
    context: Context = "experience"
    topic: str = ""
    """Show only the conversation of this topic; `last` is the one begun last. All when absent."""
    before: bool = False
    """Ask everybody before their first interaction."""
    after: bool = False
    """Ask everybody when they leave, and at the end of the run."""
    every: int | None = Field(default=None, ge=1)
    """Ask everybody present after every n-th step."""
    first: int | None = Field(default=None, ge=1)
    """The first of these steps; the n-th when absent."""

    @model_validator(mode="after")
    def ask_something_some_time(self) -> Self:
        """Refuse a probe that asks nothing, or never."""
        if bool(self.instrument) == bool(self.ask):
            raise ValueError("give either an instrument or open questions to ask")
        if self.ask and self.wordings != ["original"]:
            raise ValueError("open questions have no paraphrase: leave out wordings")
        if not (self.before or self.after or self.every):
            raise ValueError("say when to ask: before, after, every (n-th step)")
        if self.first and not self.every:
            raise ValueError("first belongs to every (n-th step): give both, or neither")
        if self.topic and not self.shows_turns:
            raise ValueError(
                f"topic chooses a conversation, and context: {self.context} shows none: say "
                "context: conversations, or experience"
            )
        if self.name in MOMENTS:
            raise ValueError(f"{self.name!r} is the name of a moment: call the probe otherwise")
        return self

    @property
    def title(self) -> str:
        """The probe's name."""
        return self.name or self.instrument or "question"

    @property
    def shows_turns(self) -> bool:
        """Whether agents are shown what they were asked in the scenario, and answered."""
        return self.context in ("conversations", "experience")

    @property
    def times(self) -> int:
        """How often the same agent may be asked: 2 stands for several times."""
        return min(2, self.before + self.after + (2 if self.every else 0))

    def is_due(self, step: int) -> bool:
        """Whether the probe is asked after a step."""
        first = self.first or self.every
        return bool(self.every and first and step >= first and (step - first) % self.every == 0)


def unshown(probes: Sequence[Probe]) -> list[str]:
    """Return a warning for all that is asked again in a fresh context: its answers cannot change.

    Unless something is announced or set in between: this is for runs without interventions.
    """
    alike: dict[tuple[str, ...], list[Probe]] = {}
    for probe in probes:
        if probe.context == "fresh":
            alike.setdefault((probe.instrument, *probe.ask), []).append(probe)
    repeated = [each for each in alike.values() if sum(probe.times for probe in each) > 1]
    return [
        f"warning: probe {', '.join(repr(probe.title) for probe in each)}: context: fresh shows "
        "nothing of the run, so that each later question is the same request, and changes are "
        "noise; leave context out to show what agents have lived"
        for each in repeated
    ]
