"""A question, what counts as its right answer, and how a decision is reached from many answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar, Literal

from societies.agents.answers.letters import LETTERS
from societies.agents.answers.mathematics import (
    same_mathematics,
    same_number,
    same_quantity,
    same_text,
)

Ties = Literal["first", "random", "last", "undecided"]
DecidedBy = Literal["answer", "vote", "tie", "verdict", "extraction", "nobody"]


@dataclass(frozen=True, slots=True)
class Question:
    """One question with what counts as right."""

    template_properties: ClassVar[tuple[str, ...]] = ("letters",)

    name: str
    """Unique in the task: the row's own `id`, or its number."""
    kind: str
    text: str
    accepted: tuple[str, ...]
    """Right answers; for a translation, the references."""
    traps: tuple[str, ...] = ()
    """The tempting wrong answers of a counter-intuitive question."""
    options: tuple[str, ...] = ()
    """What a multiple-choice question offers; the first is A."""
    source_language: str = ""
    target_language: str = ""

    @property
    def letters(self) -> str:
        """The letters of the options."""
        return LETTERS[: len(self.options)]


def is_right(question: Question, answer: str | None, fidelity: str = "paper") -> bool | None:
    """Return whether an answer is right; None where only a score such as BLEU can tell.

    No answer is a wrong one. In fidelity `released` it is right for word problems and left out
    for arithmetic, as the published evaluation does it.
    """
    if question.kind == "translation":
        return None
    if answer is None:
        return (
            {"gsm": True, "arithmetic": None}.get(question.kind) if fidelity != "paper" else False
        )
    accepted = question.accepted
    if fidelity == "released" and question.kind == "gsm":
        accepted = tuple(_last_digits(reference) for reference in accepted)
    return any(matches(question, answer, reference) for reference in accepted)


def is_trapped(question: Question, answer: str | None) -> bool | None:
    """Return whether an answer is one of the tempting wrong ones; None if none is known."""
    if not question.traps:
        return None
    return answer is not None and any(matches(question, answer, trap) for trap in question.traps)


def matches(question: Question, given: str, reference: str) -> bool:
    """Whether two answers to a question are the same, by the rules of its kind."""
    if question.kind in {"arithmetic", "gsm"}:
        return same_number(given, reference)
    if question.kind == "math":
        return same_mathematics(given, reference)
    if question.kind == "ciar":
        return same_text(given, reference) or same_quantity(given, reference)
    if question.kind == "choice":
        return given == reference
    return same_text(given, reference)


def _last_digits(reference: str) -> str:
    """Return the last run of digits, which the published code takes for the reference."""
    digits = "".join(letter if letter in "0123456789" else " " for letter in reference).split()
    return digits[-1] if digits else reference


def vote(
    question: Question, answers: Sequence[str | None], ties: Ties, random: Random
) -> tuple[str | None, DecidedBy]:
    """Return the most frequent answer, and how it was decided; unreadable ones do not vote.

    Answers that the question's kind calls equal vote together. Among equally frequent ones the
    tie rule decides (see `DebateProtocol.ties`).
    """
    camps = _camps(question, answers)
    if not camps:
        return None, "nobody"
    most = max(len(camp) for camp in camps)
    leading = [camp[0] for camp in camps if len(camp) == most]
    if len(leading) == 1:
        return leading[0], "vote"
    if ties == "undecided":
        return None, "tie"
    if ties == "random":
        return random.choice(leading), "tie"
    return (leading[0] if ties == "first" else max(leading)), "tie"


def consensus(question: Question, answers: Sequence[str | None]) -> float | None:
    """Return the part of the readable answers that equal the most frequent one, as in a vote.

    Subramaniam et al. 2025, arXiv 2501.05707, call it consensus, and take less of it for diversity.
    A debater alone has none.
    """
    camps = _camps(question, answers)
    if not camps or len(answers) < 2:
        return None
    sizes = [len(camp) for camp in camps]
    return max(sizes) / sum(sizes)


def _camps(question: Question, answers: Sequence[str | None]) -> list[list[str]]:
    """Group equal answers, in the order in which each group's first one stands."""
    camps: list[list[str]] = []
    for answer in answers:
        if answer is None:
            continue
        for camp in camps:
            if matches(question, answer, camp[0]):
                camp.append(answer)
                break
        else:
            camps.append([answer])
    return camps
