"""Record types: one pydantic model is one typed table of the run log."""

import types
from string import Formatter
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Literal,
    Self,
    Union,
    get_args,
    get_origin,
)

from pydantic import BaseModel, ConfigDict, Field

from societies.agents.answers.answer import Answer, Outcome

if TYPE_CHECKING:
    import polars as pl

COMMON_COLUMNS = ("run", "seq", "step", "scope", "agent")
"""The first columns of every table.

`run` names the run, `seq` numbers the rows of all tables together in program order, `step` is the
Mesa step, `scope` the interaction, `agent` who acted (null for the society itself).
"""

WALL_PREFIX = "wall_"
"""Columns that measure the clock start with this; all others are the same in every re-execution."""


class Record(BaseModel):
    """Base of record types. Fields may be text, numbers, booleans, literals, lists of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: ClassVar[str]
    """Name of the table that holds these records."""
    told: ClassVar[str] = ""
    """The line of the transcript, with fields in braces: `{agent} gives {amount:g}`."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        named = {name.partition(".")[0] for _, name, _, _ in Formatter().parse(cls.told) if name}
        if unknown := sorted(named - {"agent", *cls.model_fields}):
            raise TypeError(f"{cls.__name__}.told names {', '.join(unknown)}, which it has not")

    def story(self, agent: str) -> str:
        """Tell the record in a line of the transcript; a list of its fields, if it has none."""
        if self.told:
            return self.told.format(agent=agent, **dict(self))
        told = ", ".join(f"{name}={value}" for name, value in self if value not in ("", None, []))
        return f"{agent}: {self.table} {told}"


class ActionRecord(Record):
    """What an agent (column `agent`) did by an answer: why, and how the answer came about."""

    reason: str
    """What the answer gives as its reason; empty if it gives none."""
    outcome: Outcome

    @classmethod
    def of(cls, answer: Answer, **fields: Any) -> Self:
        """Return the record of what an answer led to: `reason` and `outcome` are the answer's."""
        reason = getattr(answer, "reason", "")
        return cls(**{"reason": reason, "outcome": answer.outcome, **fields})

    def story(self, agent: str) -> str:
        """Tell it in a line; one that is worded is marked if the answer was not clean."""
        return super().story(agent) + (mark(self.outcome) if self.told else "")


def mark(outcome: Outcome) -> str:
    """Return what stands behind a line of the transcript for an answer that was not clean."""
    return "" if outcome == "clean" else f" [{outcome}]"


class AgentRecord(Record):
    """An agent joined the society."""

    table: ClassVar[str] = "agents"

    role: str
    """Its role in the protocol, empty if everybody has the same."""
    group: str
    """The population group it belongs to, empty if there are none."""
    person: int
    """Its index in the population's sequence; -1 if it is no part of the population."""
    model: str
    """The language model that answers for it."""
    label: str
    """The model, and in what it differs from the run's other variants of it."""
    persona: str
    """The persona as rendered into the system prompt."""
    written: Outcome | None
    """How a model's writing of it came about (`defaulted`: it is told as drawn, in part at least);
    null if none writes personas."""
    big_five: str
    """The Big Five levels as a JSON object."""
    attributes: str
    """The free attributes as a JSON object."""
    parents: list[str]
    """Agents it descends from or learnt from (lineage)."""

    def story(self, agent: str) -> str:
        """Tell who joins; every line of the persona becomes a sentence."""
        lines = [" ".join(line.split()) for line in self.persona.splitlines() if line.strip()]
        persona = " ".join(line if line.endswith((".", "!", "?")) else f"{line}." for line in lines)
        return f"{agent} joins ({self.model})" + (f": {persona}" if persona else "")


class MessageRecord(Record):
    """Something said by one agent (column `agent`) to others."""

    table: ClassVar[str] = "messages"

    receivers: list[str]
    channel: str
    text: str

    def story(self, agent: str) -> str:
        """Tell who says what to whom."""
        hearers = f" -> {', '.join(self.receivers)}" if self.receivers else ""
        return f"{agent}{hearers} [{self.channel}]: {self.text}"


class CallRecord(Record):
    """One completed call of a language model."""

    table: ClassVar[str] = "calls"

    key: str
    model: str
    label: str
    """The model, and in what it differs from the run's other variants of it."""
    prompt: str
    """Name of the prompt template."""
    attempt: int
    """1 for the first question, 2 and more when an unreadable reply was asked again."""
    request: str
    """Hash of the request."""
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    """US dollars; null when the model has no known price."""
    finish_reason: str
    readable: bool
    """Whether the reply followed the asked format."""
    problem: str | None
    """Why the reply could not be read."""
    wall_attempts: int
    """Requests sent until the completion came (transport failures are asked again)."""
    wall_latency: float
    """Seconds from the first request to the completion."""
    wall_in_flight: int | None
    """The model's limit of requests in flight when the completion came; null for scripted minds."""


class AnswerRecord(Record):
    """How one answer of an agent came about; it took one or more calls."""

    table: ClassVar[str] = "answers"

    prompt: str
    model: str
    label: str
    """The model, and in what it differs from the run's other variants of it."""
    calls: int
    outcome: Outcome
    problem: str | None
    """The last problem met, if any."""


class StepRecord(Record):
    """One Mesa step was scheduled."""

    table: ClassVar[str] = "steps"

    interactions: int
    """Interactions scheduled in this step."""
    wall_seconds: float
    """Seconds since the run began when the step had been scheduled."""


class InterventionRecord(Record):
    """Something was changed from outside: a row for it, then one per agent that it changed."""

    table: ClassVar[str] = "interventions"

    number: int
    """Its position in `interventions`, from 0."""
    kind: Literal["say", "model", "remove", "add", "set"]
    applied: bool
    """False: the run ended without coming to its scope (which is the row's `scope`)."""
    agents: list[str]
    """Who it concerns."""
    text: str
    """What was said; for `set`, the values by key as a JSON object."""
    model: str | None
    """In an agent's row: the language model that answers for it from now on, if another."""
    label: str | None
    """That model, and in what it differs from the run's other variants of it."""
    persona: str | None
    """In an agent's row: its persona in words from now on, if another."""

    def story(self, agent: str) -> str:
        """Tell what was changed."""
        if not self.applied:
            return f"intervention {self.number} ({self.kind}) never came to its scope"
        if self.model is not None or self.persona is not None:
            persona = "" if self.persona is None else f": {' '.join(self.persona.split())}"
            return f"{agent} changes" + (f" ({self.model})" if self.model else "") + persona
        told = ", ".join(filter(None, (self.text, ", ".join(self.agents))))
        return f"intervention {self.number} ({self.kind}): {told}"


class Response(Record):
    """An agent's answer to one item of an instrument, with all of how it was asked."""

    table: ClassVar[str] = "responses"

    instrument: str
    item: str
    kind: Literal["rate", "choose", "act", "open"]
    trait: str
    reversed: bool
    """Whether agreeing speaks against the trait."""
    points: int
    """How many options there are."""
    question: str
    """What was asked, as it was worded."""
    pair: str
    """Links a statement about oneself with the action it should show in."""
    probe: str
    """The probe that asked; empty in an interview."""
    moment: str
    occasion: int
    """How often this agent was asked this before."""
    template: str
    option_order: Literal["forward", "reversed", "swapped", "swapped_reversed"]
    scale_direction: Literal["ascending", "descending"]
    wording: Literal["original", "paraphrase"]
    label_style: Literal["numbers", "letters", "words"]
    batch: Literal["item", "form"]
    context: Literal["fresh", "shared", "conversations", "experience"]
    repeat: int
    position: int
    """Place of the item in the order in which items were asked."""
    asking: int
    """2 where the same question was repeated behind its first answer."""
    value: int | None
    """The chosen option in canonical order, from 1; null if there is none."""
    answer: str
    """The chosen option in words; empty if there is none."""
    score: float | None
    """The value keyed to the trait; for choices 1 if the high side was chosen."""
    refused: bool
    outcome: Outcome
    """`defaulted`: no reply could be read, and there is no value."""
    probabilities: list[float] | None
    """The options' probabilities in canonical order, where the model gives them."""
    reply: str
    model: str
    label: str
    """The model, and in what it differs from the run's other variants of it."""
    decoding: str
    """The sampling settings as a JSON object."""
    seed: int

    def story(self, agent: str) -> str:
        """Tell what was asked and, beside it for ratings, below it otherwise, what was answered."""
        source = self.probe or self.instrument
        place = source if self.item == self.question else f"{source} {self.item}"
        told = self.reply if self.kind == "open" else self.answer
        if self.refused:
            told = "refuses to answer"
        elif self.outcome == "defaulted":
            told = "no answer that can be read"
        elif self.kind == "rate":
            told += f" ({self.value} of {self.points})"
        if self.asking > 1:
            return f"{agent} [{place}] asked again -> {told}"
        arrow = " -> " if self.kind == "rate" else "\n-> "
        return f"{agent} [{place}] {self.question}{arrow}{told}"


CORE_RECORDS: tuple[type[Record], ...] = (
    AgentRecord,
    MessageRecord,
    CallRecord,
    AnswerRecord,
    StepRecord,
    InterventionRecord,
    Response,
)


class _Common(BaseModel):
    run: str
    seq: int
    step: int
    scope: str
    agent: str | None = Field(default=None)


def schema(record: type[Record]) -> "pl.Schema":
    """Return the Polars schema of a record type's table: the common columns, then its own.

    Raises:
        TypeError: a field's type has no column type.
    """
    import polars as pl

    fields = {**_Common.model_fields, **record.model_fields}
    return pl.Schema(
        {name: _column(record, name, info.annotation) for name, info in fields.items()}
    )


def _column(record: type[Record], name: str, annotation: Any) -> "pl.DataType":
    import polars as pl

    plain: dict[Any, pl.DataType] = {
        str: pl.String(),
        int: pl.Int64(),
        float: pl.Float64(),
        bool: pl.Boolean(),
    }
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in plain:
        return plain[annotation]
    if origin is Annotated:
        return _column(record, name, arguments[0])
    if origin is Literal:
        return _column(record, name, type(arguments[0]))
    if origin in (Union, types.UnionType) and len(arguments) == 2 and type(None) in arguments:
        return _column(record, name, next(a for a in arguments if a is not type(None)))
    if origin in (list, tuple):
        return pl.List(_column(record, name, arguments[0]))
    raise TypeError(
        f"field '{name}' of record type {record.__name__} is {annotation}; a column is str, int, "
        "float, bool, a Literal, an optional one of these, or a list of them"
    )
