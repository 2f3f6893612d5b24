"""What a debate logs."""

from typing import ClassVar, Literal

from societies.agents.answers.answer import Outcome
from societies.record.types import Record, mark
from societies.scenarios.debate.questions import DecidedBy

MARKS = {True: "right", False: "wrong", None: "not scored"}


class Posed(Record):
    """A question is asked."""

    table: ClassVar[str] = "questions"

    question: str
    """Its name, unique in the task."""
    kind: str
    text: str
    accepted: list[str]
    """Right answers; for a translation, the references."""
    traps: list[str]
    """Tempting wrong answers."""

    def story(self, agent: str) -> str:
        """Tell it in a line."""
        return f"{agent} asks: {' '.join(self.text.split())}"


class Statement(Record):
    """A debater (column `agent`) took a position; its words are in table `messages`."""

    table: ClassVar[str] = "statements"

    question: str
    round: int
    """From 1; 0 is the answer that seeds the affirmative side."""
    sample: int
    """1, or the number of the independent answer."""
    answer: str | None
    """Null if none could be read from the reply: it counts as wrong."""
    right: bool | None
    trapped: bool | None
    """Whether it is one of the tempting wrong answers; null if none is known."""
    satisfied: bool | None
    """Self-reflection: whether the agent was satisfied with its last answer."""
    outcome: Outcome

    def story(self, agent: str) -> str:
        """Tell it in a line."""
        if self.answer is None:
            return f"{agent} gives no readable answer [{self.outcome}]"
        trap = ", into the trap" if self.trapped else ""
        return f"{agent} holds {self.answer!r} ({MARKS[self.right]}{trap}){mark(self.outcome)}"


class Judgement(Record):
    """The judge (column `agent`) decided after a round, or at the end."""

    table: ClassVar[str] = "verdicts"

    question: str
    round: int
    mode: Literal["discriminative", "extractive"]
    preference: bool | None
    """Null in the extractive mode."""
    side: str
    """Name of the supported debater, empty for none."""
    answer: str | None
    right: bool | None
    """Null also when there is no answer."""
    ends: bool
    """Whether it ended the debate."""
    reason: str
    outcome: Outcome

    def story(self, agent: str) -> str:
        """Tell it in a line."""
        answer = "no answer" if self.answer is None else f"{self.answer!r} ({MARKS[self.right]})"
        side = f" for {self.side}" if self.side else ""
        end = "; the debate ends" if self.ends else "; the debate goes on"
        return f"{agent} rules{side}: {answer}{end}{mark(self.outcome)}"


class Result(Record):
    """What a question's debate, or its baseline, came to."""

    table: ClassVar[str] = "results"

    question: str
    protocol: str
    """Kind of the protocol."""
    answer: str | None
    right: bool | None
    """Null where only a score such as BLEU can tell."""
    trapped: bool | None
    decided_by: DecidedBy
    """`tie`: a vote between equally frequent answers, decided by the tie rule."""
    rounds: int
    """Rounds used."""
    consensus: float | None
    """Part of the readable last answers that equal the most frequent one, by the task's equality;
    null without one, or if alone."""
    unparsable: int
    """Replies from which no answer could be read, of debaters and judges."""
    side_named: str | None
    """Judged debate: the side that the verdict which decided names; `none` if it names none, or if
    no verdict decided; null without a judge."""
    side_holding: str | None
    """Judged debate: the one side whose last answer is the result's; `none`, or `several`."""

    def story(self, agent: str) -> str:
        """Tell it in a line."""
        answer = "no answer" if self.answer is None else repr(self.answer)
        sides = ""
        if self.side_named is not None:
            sides = f", named: {self.side_named}, held by: {self.side_holding}"
        return f"{agent} concludes by {self.decided_by}: {answer} ({MARKS[self.right]}){sides}"
