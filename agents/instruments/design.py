"""How an instrument is administered: a grid of templates, orders, directions, labels, repeats."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from string import ascii_uppercase
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from societies.agents.instruments.instrument import Kind, Question
from societies.agents.strict import Strict

Order = Literal["forward", "reversed", "swapped", "swapped_reversed"]
Direction = Literal["ascending", "descending"]
Labels = Literal["own", "numbers", "letters", "words"]
Context = Literal["fresh", "shared", "conversations", "experience"]
Wording = Literal["original", "paraphrase"]

TEMPLATES: dict[Kind, tuple[str, ...]] = {
    "rate": ("rate_options", "rate_number", "rate_comparison"),
    "choose": ("situation_suggested", "situation_announced", "situation_bare"),
    "act": ("two_actions",),
    "open": ("open_question",),
}
"""The shipped templates; the first is the default."""

OWN_LABELS: dict[str, Labels] = {
    "rate_options": "letters",
    "situation_suggested": "letters",
    "situation_bare": "letters",
}
"""Label styles of templates in style `own`; numbers for all others (TRAIT, Lee et al. 2024)."""


class Design(Strict):
    """How one instrument is administered; every combination is one cell of the grid."""

    instrument: str
    """A shipped instrument, or one of the file's own `instruments`."""
    templates: list[str] = Field(default_factory=list)
    """Prompt templates; the default one of each kind of question when empty."""
    option_orders: list[Order] = Field(default=["forward"], min_length=1)
    """How options are listed. For four-option choices `reversed` swaps inside each pair, and
    `swapped` lists the second pair first."""
    scale_directions: list[Direction] = Field(default=["ascending"], min_length=1)
    """`descending`: the scale's numbers (or letters) run from the highest answer to the lowest."""
    wordings: list[Wording] = Field(default=["original"], min_length=1)
    """`paraphrase`: the question in other words, where every item has some (TRAIT, 2.5)."""
    label_styles: list[Labels] = Field(default=["own"], min_length=1)
    repeats: int = Field(default=1, ge=1, le=1_000_000)
    batch: Literal["item", "form"] = "item"
    """One item per call, or the whole instrument in one."""
    context: Context = "fresh"
    """What the agent is shown before the question: nothing, what it remembers, or, in a probe, its
    conversations word by word, or an account of its experience (template `experience`)."""
    item_order: Literal["fixed", "shuffled"] = "fixed"
    items: list[str] = Field(default_factory=list)
    """Only these items, by id; all when empty."""
    reask: bool = False
    """Repeat every question verbatim behind its first answer (Yang et al. 2024)."""
    attempts: int = Field(default=2, ge=1)
    """How often an unreadable answer is asked again at most, in a fresh branch."""
    score_by: Literal["reply", "logprobs"] = "reply"
    """`logprobs`: the option's probability decides, where the model gives it (Lee et al. 2024)."""

    @model_validator(mode="after")
    def ask_once(self) -> Self:
        """Refuse a grid that has a cell twice, and repeated forms, which nobody would ask."""
        for name in ("templates", "option_orders", "scale_directions", "wordings", "label_styles"):
            given = getattr(self, name)
            if len(set(given)) < len(given):
                raise ValueError(f"{name} has an entry twice; to ask again, set repeats")
        if self.reask and self.batch == "form":
            raise ValueError("reask repeats single questions: leave it out, or set batch: item")
        return self

    def calls(self, questions: Sequence[Question]) -> int:
        """Return how many calls one agent's whole grid takes when every answer is readable."""
        asked = len(select(self, questions)) if self.batch == "item" else 1
        return len(cells(self)) * asked * (2 if self.reask and self.batch == "item" else 1)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the grid."""

    template: str
    """Empty for the default of each kind of question."""
    option_order: Order
    scale_direction: Direction
    label_style: Labels
    repeat: int
    wording: Wording = "original"

    @property
    def name(self) -> str:
        """The cell in a scope: only what can be told apart by a reader."""
        parts = [self.template or "default", self.option_order, self.scale_direction]
        if self.wording != "original":
            parts.append(self.wording)
        return "-".join((*parts, self.label_style, str(self.repeat)))


@dataclass(frozen=True, slots=True)
class Option:
    """One answer as it is shown."""

    label: str
    text: str
    value: int


@dataclass(frozen=True, slots=True)
class Form:
    """One question as it is shown."""

    template_properties: ClassVar[tuple[str, ...]] = ("asked",)

    question: Question
    template: str
    options: tuple[Option, ...]
    labels: Labels
    first: str = ""
    """Of two opposite actions the one shown first."""
    second: str = ""
    lines: str = ""
    """The options as they are listed, one per line."""
    scale: str = ""
    """The options in one line."""
    wanted: str = ""
    """What to reply with: the number, the letter or the words of an option."""
    wording: Wording = "original"

    @property
    def asked(self) -> str:
        """The question as it was worded, with the two actions if it is about such."""
        actions = f" First: {self.first} Second: {self.second}" if self.first else ""
        return self.question.text + actions

    def words(self, value: int | None) -> str:
        """Return the words of the option with a value; empty for none."""
        return next((each.text for each in self.options if each.value == value), "")


def cells(design: Design) -> list[Cell]:
    """Return all cells of a grid, repeats last."""
    return [
        Cell(template, order, direction, labels, repeat, wording)
        for repeat in range(1, design.repeats + 1)
        for template, wording, order, direction, labels in product(
            design.templates or [""],
            design.wordings,
            design.option_orders,
            design.scale_directions,
            design.label_styles,
        )
    ]


def select(design: Design, questions: Sequence[Question]) -> list[Question]:
    """Return the questions that a design asks."""
    chosen = set(design.items)
    return [question for question in questions if not chosen or question.id in chosen]


def form(question: Question, cell: Cell) -> Form:
    """Return a question as one cell of the grid shows it.

    Raises:
        ValueError: the cell asks for a paraphrase, and the question has none.
    """
    template, labels = template_of(question, cell), cell.label_style
    if labels == "own":
        labels = OWN_LABELS.get(template, "numbers")
    if cell.wording == "paraphrase":
        if not question.paraphrase:
            raise ValueError(f"item {question.id!r} has no paraphrase")
        question = replace(question, text=question.paraphrase)
    if question.kind != "act":
        options = _options(question, cell.scale_direction, cell.option_order, labels)
        return _worded(Form(question, template, options, labels, wording=cell.wording))
    options = _options(question, cell.scale_direction, "forward", labels)
    first, second = question.first, question.second
    if cell.option_order == "reversed":
        first, second = second, first
        count = len(options)
        options = tuple(replace(each, value=count + 1 - each.value) for each in options)
    return _worded(Form(question, template, options, labels, first, second, wording=cell.wording))


def template_of(question: Question, cell: Cell) -> str:
    """Return the cell's template, or the default if it belongs to another kind of question."""
    fitting = TEMPLATES[question.kind]
    if not cell.template or (cell.template not in fitting and _is_shipped(cell.template)):
        return fitting[0]
    return cell.template


def _worded(form: Form) -> Form:
    """Write out the options once, for every agent that is shown the form."""
    in_words = form.labels == "words"
    lines = [
        f"- {each.text}" if in_words else f"{each.label}. {each.text}" for each in form.options
    ]
    scale = [each.text if in_words else f"{each.label} = {each.text}" for each in form.options]
    wanted = {"numbers": "number", "letters": "letter"}.get(form.labels, "words")
    return replace(form, lines="\n".join(lines), scale="; ".join(scale), wanted=wanted)


def _is_shipped(template: str) -> bool:
    return any(template in names for names in TEMPLATES.values())


def _options(
    question: Question, direction: Direction, order: Order, labels: Labels
) -> tuple[Option, ...]:
    count = len(question.options)
    values, ranks = list(range(1, count + 1)), list(range(count))
    if question.kind == "choose":
        values = _choice_order(order)
    else:
        if order in ("reversed", "swapped_reversed"):
            values.reverse()
        ranks = [v - 1 if direction == "ascending" else count - v for v in values]
    shown = []
    for rank, value in zip(ranks, values, strict=True):
        text = question.options[value - 1]
        shown.append(Option(_label(rank, labels, text), text, value))
    return tuple(shown)


def _choice_order(order: Order) -> list[int]:
    """Return the values of a four-option choice in the order in which they are shown."""
    return {
        "forward": [1, 2, 3, 4],
        "reversed": [2, 1, 4, 3],
        "swapped": [3, 4, 1, 2],
        "swapped_reversed": [4, 3, 2, 1],
    }[order]


def _label(rank: int, labels: Labels, text: str) -> str:
    if labels == "words":
        return text
    return ascii_uppercase[rank] if labels == "letters" else str(rank + 1)
