"""What an interview logs beside table `responses`."""

from societies.agents.answers.answer import Outcome
from societies.kit import Record
from societies.record.types import mark


class SelfDescription(Record):
    """An agent said who it is (Twenty Statements Test)."""

    table = "self_descriptions"

    identity: str
    known: list[str]
    """What others know of it, too."""
    hidden: list[str]
    outcome: Outcome

    def story(self, agent: str) -> str:
        """Tell what it says of itself, a line for each kind of statement."""
        if self.outcome == "defaulted":
            return f"{agent} says nothing of itself that can be read"
        known, hidden = " ".join(self.known), " ".join(self.hidden)
        said = f"{agent} says of itself{mark(self.outcome)}"
        return f"{said}\nwhat others know: {known}\nwhat others do not: {hidden}"


class Judgement(Record):
    """A judge who knows the person (column `agent`) rated its double's statements."""

    table = "judgements"
    concerns = ("subject",)

    subject: str
    """The agent that made the statements."""
    identity: str
    verdicts: list[bool]
    """Whether each statement is true of the person, in order."""
    share: float | None
    """Part of the statements that are true; null if nothing could be read."""
    outcome: Outcome

    def story(self, agent: str) -> str:
        """Tell it in a line."""
        if self.outcome == "defaulted":
            return f"{agent} gives no verdict on {self.subject} that can be read"
        found = f"{sum(self.verdicts)} of {len(self.verdicts)} true of {self.identity}"
        return f"{agent} finds {found}{mark(self.outcome)}"


class Guess(Record):
    """A judge (column `agent`) guessed whom a persona portrays."""

    table = "guesses"
    concerns = ("subject",)

    subject: str
    identity: str
    guess: str
    reason: str
    correct: bool | None
    """Null if nothing could be read."""
    outcome: Outcome

    def story(self, agent: str) -> str:
        """Tell whom it names, and why."""
        if self.outcome == "defaulted":
            return f"{agent} names nobody for {self.subject}"
        right = "rightly" if self.correct else f"but it is {self.identity}"
        why = f": {self.reason}" if self.reason else ""
        return f"{agent} takes {self.subject} for {self.guess}, {right}{mark(self.outcome)}{why}"
