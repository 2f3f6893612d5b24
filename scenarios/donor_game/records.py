"""What the donor game logs."""

from typing import Literal

from societies.agents.answers.answer import Outcome
from societies.kit import Record
from societies.record.types import mark


class Strategy(Record):
    """An agent (column `agent`) devised its strategy before its first game."""

    table = "strategies"
    because = "rationale"

    generation: int
    strategy: str
    rationale: str
    advisers: list[str]
    """Survivors whose strategies it was shown (lineage)."""
    outcome: Outcome

    def story(self, agent: str) -> str:
        """Tell it in a line."""
        learnt = f" (advised by {', '.join(self.advisers)})" if self.advisers else ""
        return f"{agent}{learnt}{mark(self.outcome)}: {self.strategy}"


class Donation(Record):
    """A donor (column `agent`) acted towards its recipient."""

    table = "donations"
    because = "justification"
    concerns = ("recipient",)

    generation: int
    game: int
    round: int
    recipient: str
    action: Literal["donate", "punish", "invalid"]
    """`invalid`: an amount outside the donor's resources, in fidelity `released` only."""
    amount: float
    """Units asked for by the donor."""
    share: float | None
    """Amount over the donor's resources; null when it had none, or the action is invalid."""
    donor_before: float
    donor_after: float
    recipient_before: float
    recipient_after: float
    links: int
    """How many past actions the donor was shown."""
    justification: str
    outcome: Outcome

    def story(self, agent: str) -> str:
        """Tell it in a line."""
        deed = {"donate": "gives", "punish": "pays to punish", "invalid": "vainly names"}
        share = "" if self.share is None else f" ({self.share:.0%})"
        doing = f"{agent} {deed[self.action]} {self.recipient} {self.amount:.2f}{share}"
        return (
            f"{doing}{mark(self.outcome)}: "
            f"{agent} {self.donor_before:.2f} -> {self.donor_after:.2f}, "
            f"{self.recipient} {self.recipient_before:.2f} -> {self.recipient_after:.2f}"
        )


class Score(Record):
    """An agent's result (column `agent`) in one generation."""

    table = "scores"

    generation: int
    resources: list[float]
    """Final resources of each game."""
    score: float
    """What survival is decided by."""
    rank: int
    """1 is best; ties are ranked in shuffled order."""
    survived: bool | None
    """Null in the last generation, after which nobody is selected."""

    def story(self, agent: str) -> str:
        """Tell it in a line."""
        fate = {True: " and survives", False: " and is replaced", None: ""}[self.survived]
        return f"#{self.rank} {agent} scored {self.score:.2f}{fate}"
