"""What a debate logs."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from societies.agents.answers.answer import Outcome
from societies.record.types import Record, mark
from societies.scenarios.debate.questions import DecidedBy

MARKS = {True: "right", False: "wrong", None: "not scored"}


def quoted(answer: str) -> str:
    """Return an answer in a line, as it stands."""
    return f"'{' '.join(answer.split())}'"


def marked(answer: str | None, right: bool | None, also: str = "") -> str:
    """Return an answer, and whether it is right."""
    return "no answer" if answer is None else f"{quoted(answer)} ({MARKS[right]}{also})"


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

    def story(self, agent: str) -> str:  # noqa: ARG002 - it is nobody's act
        """Tell it, and what is right."""
        known = "references" if self.kind == "translation" else "right"
        lines = [" ".join(self.text.split())]
        for name, answers in ((known, self.accepted), ("traps", self.traps)):
            if answers:
                lines.append(f"{name}: {' or '.join(map(quoted, answers))}")
        return "\n".join(lines)


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
        return f"{agent} holds {self.held}{mark(self.outcome)}"

    def change(self, agent: str, before: "Statement", holders: Sequence[str]) -> str:
        """Tell a change of mind: what was held before, and who held the new answer, if anybody."""
        held = f", which {' and '.join(holders)} held" if holders else ""
        return f"{agent} changes from {before.held} to {self.held}{held}{mark(self.outcome)}"

    @property
    def held(self) -> str:
        """The answer, and what it is worth."""
        return marked(self.answer, self.right, ", into the trap" if self.trapped else "")


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
        answer = marked(self.answer, self.right)
        side = f" for {self.side}" if self.side else ""
        end = "; the debate ends" if self.ends else "; the debate goes on"
        reason = f"\nreason: {self.reason}" if self.reason else ""
        return f"{agent} rules{side}: {answer}{end}{mark(self.outcome)}{reason}"


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

    def story(self, agent: str) -> str:  # noqa: ARG002 - it is nobody's act
        """Tell it in a line."""
        answer = "no answer" if self.answer is None else quoted(self.answer)
        sides = ""
        if self.side_named is not None:
            sides = f", named: {self.side_named}, held by: {self.side_holding}"
        return f"decided by {self.decided_by}: {answer} ({MARKS[self.right]}){sides}"
