"""How a decision is reached from many answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from societies.scenarios.debate.tasks import Question, matches

Ties = Literal["first", "random", "last", "undecided"]
DecidedBy = Literal["answer", "vote", "tie", "verdict", "extraction", "nobody"]


@dataclass(slots=True)
class Decision:
    """What a question's debate came to."""

    answer: str | None
    decided_by: DecidedBy
    rounds: int = 1
    answers: list[str | None] = field(default_factory=list)
    """Everybody's last answer, in seat order; None where none could be read."""
    named: str | None = None
    """Judged debate: the side that the deciding verdict named, or `none`."""


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
