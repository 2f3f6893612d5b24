"""What an instrument is: its items, scale, keys, source and licence."""

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from societies.agents.strict import Strict

Moments = Annotated[tuple[float, float], Field(strict=False)]
"""Mean and standard deviation."""
Kind = Literal["rate", "choose", "act", "open"]


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that is asked, whatever instrument it is from."""

    id: str
    kind: Kind
    text: str
    trait: str = ""
    reversed: bool = False
    """Whether agreeing speaks against the trait."""
    options: tuple[str, ...] = ()
    """The answers in canonical order: answer i (from 1) has the value i. For ratings from lowest
    to highest; for choices high, low, high, low."""
    pair: str = ""
    """Links a statement about oneself with the action it should show in."""
    first: str = ""
    """Of two opposite actions the one that value 1 stands for."""
    second: str = ""
    """The one that the highest value stands for."""
    paraphrase: str = ""
    """The same question in other words; empty if there is none."""

    def score(self, value: int | None) -> float | None:
        """Return a value keyed to the trait: reversed items as k + 1 - x; 1 for a high choice."""
        if value is None or self.kind == "open":
            return None
        if self.kind == "choose":
            return float(value in (1, 3))
        return float(len(self.options) + 1 - value if self.reversed else value)


class InstrumentBase(Strict, ABC):
    """What every instrument says about itself."""

    title: str
    source: str
    licence: str
    missing: float = Field(default=0.25, ge=0, le=1)
    """Part of a trait's items that may be unanswered; beyond it the trait has no score."""
    inverse: dict[str, str] = Field(default_factory=dict)
    """Traits that are the reverse of a scored one, such as neuroticism of emotional stability."""
    references: dict[str, dict[str, Moments]] = Field(default_factory=dict)
    """Comparison samples: name, then trait to mean and standard deviation of item means."""

    @abstractmethod
    def questions(self) -> list[Question]:
        """Return everything the instrument asks, in order."""

    @model_validator(mode="after")
    def tell_items_apart(self) -> Self:
        """Refuse two items of one id."""
        double = [
            name for name, number in Counter(q.id for q in self.questions()).items() if number > 1
        ]
        if double:
            raise ValueError(f"two items have the id {double[0]!r}")
        return self


class RatedItem(Strict):
    """A word or statement that is rated on the instrument's scale."""

    id: str
    text: str = ""
    """What is shown; the id when absent."""
    trait: str = ""
    reversed: bool = False
    paraphrase: str = ""
    """The same in other words."""


class RatingInstrument(InstrumentBase):
    """Words or statements rated on one scale."""

    kind: Literal["rating"]
    instruction: str
    """The question that is asked about every item."""
    scale: list[str] = Field(min_length=2)
    """The answers in words, from lowest to highest."""
    scoring: Literal["mean", "sum", "centred"] = "mean"
    """`centred`: the mean less the respondent's own mean over all scored items."""
    combined: dict[str, list[str]] = Field(default_factory=dict)
    """Broader traits, scored from all items of several narrower ones."""
    items: list[RatedItem] = Field(min_length=1)

    @field_validator("scale")
    @classmethod
    def tell_answers_apart(cls, scale: list[str]) -> list[str]:
        """Refuse empty and equal answers: a reply in words could not be read."""
        return check_scale(scale)

    def questions(self) -> list[Question]:
        """Return one rating per item."""
        scale = tuple(self.scale)
        return [
            Question(
                item.id,
                "rate",
                item.text or item.id,
                item.trait,
                item.reversed,
                scale,
                paraphrase=item.paraphrase,
            )
            for item in self.items
        ]


class Behaviour(Strict):
    """A situation with two actions that show much of a trait and two that show little."""

    id: str
    trait: str
    situation: str
    question: str
    high: tuple[str, str] = Field(strict=False)
    low: tuple[str, str] = Field(strict=False)
    paraphrased_situation: str = ""
    paraphrased_question: str = ""

    @property
    def paraphrase(self) -> str:
        """Situation and question in other words; empty if there are none."""
        return f"{self.paraphrased_situation} {self.paraphrased_question}".strip()


class ChoiceInstrument(InstrumentBase):
    """Choices of behaviour in situations (TRAIT's form, Lee et al. 2024)."""

    kind: Literal["choice"]
    items: list[Behaviour] = Field(min_length=1)
    scoring: Literal["share"] = "share"

    def questions(self) -> list[Question]:
        """Return one choice per item, in canonical order: high, low, high, low."""
        return [
            Question(
                item.id,
                "choose",
                f"{item.situation} {item.question}",
                item.trait,
                options=(item.high[0], item.low[0], item.high[1], item.low[1]),
                paraphrase=item.paraphrase,
            )
            for item in self.items
        ]


class Pair(Strict):
    """A statement about oneself, and a situation in which it should show."""

    id: str
    trait: str
    reversed: bool = False
    statement: str
    situation: str
    like: str
    """The action of somebody of whom the statement is true."""
    unlike: str


class PairInstrument(InstrumentBase):
    """Self-knowledge paired with action (Ai et al. 2024, arXiv 2402.14679)."""

    kind: Literal["pairs"]
    instruction: str = "How true of you is this statement?"
    scale: list[str] = Field(min_length=2)
    actions: list[str] = Field(min_length=2)
    """Answers between the first and the second action, as many as the scale has."""
    scoring: Literal["mean"] = "mean"
    items: list[Pair] = Field(min_length=1)

    def questions(self) -> list[Question]:
        """Return all statements, then all actions; 7 means the statement's pole in both."""
        scale, actions = tuple(self.scale), tuple(self.actions)
        said = [
            Question(f"{p.id}.say", "rate", p.statement, p.trait, p.reversed, scale, pair=p.id)
            for p in self.items
        ]
        done = [
            Question(
                f"{p.id}.do",
                "act",
                p.situation,
                p.trait,
                p.reversed,
                actions,
                pair=p.id,
                first=p.unlike,
                second=p.like,
            )
            for p in self.items
        ]
        return said + done

    @field_validator("scale", "actions")
    @classmethod
    def tell_answers_apart(cls, scale: list[str]) -> list[str]:
        """Refuse empty and equal answers."""
        return check_scale(scale)

    @model_validator(mode="after")
    def match_scales(self) -> Self:
        """Refuse scales of different length: pairs are compared value by value."""
        if len(self.scale) != len(self.actions):
            raise ValueError("scale and actions must have the same number of answers")
        return self


class OpenInstrument(InstrumentBase):
    """Open questions, answered in free text and not scored."""

    kind: Literal["open"]
    title: str = "open questions"
    source: str = "the scenario file"
    licence: str = ""
    items: list[RatedItem] = Field(min_length=1)
    scoring: Literal["none"] = "none"

    def questions(self) -> list[Question]:
        """Return the questions."""
        return [Question(item.id, "open", item.text or item.id) for item in self.items]


Instrument = Annotated[
    RatingInstrument | ChoiceInstrument | PairInstrument | OpenInstrument,
    Field(discriminator="kind"),
]


def check_scale(scale: list[str]) -> list[str]:
    """Return the answers of a scale; raise ValueError if one is empty, or there twice."""
    said = [answer.strip().casefold() for answer in scale]
    for answer in said:
        if not answer or said.count(answer) > 1:
            raise ValueError(f"the scale has the answer {answer!r} twice, or an empty one")
    return scale
