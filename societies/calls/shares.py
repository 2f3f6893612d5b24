"""Runs that read nothing: shares of answers beyond which a run pauses, in the record's order."""

from dataclasses import dataclass
from shlex import quote

from societies.calls.provider import provider_of
from societies.config.limits import Limits
from societies.record.types import AnswerRecord, CallRecord

FIRST_COUNTED = 50
"""Answers before which a share says nothing."""
SHOWN = 300
"""Characters of the example reply."""


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A share of answers that is above its limit."""

    limit: str
    most: float
    bad: int
    answers: int
    problem: str
    call: str
    """Key of the latest call whose reply could not be read."""

    @property
    def facts(self) -> dict[str, float | str]:
        """The limit's name and value, and the share that was reached."""
        return {"name": self.limit, "limit": self.most, "used": self.bad / self.answers}

    def told(self, reply: str) -> str:
        """Return what went wrong, with an example, and how to go on."""
        kind = "defaulted" if "defaulted" in self.limit else "invalid (a reply was unreadable)"
        shown = reply if len(reply) <= SHOWN else f"{reply[:SHOWN]}..."
        return (
            f"limits.{self.limit} is exceeded: {self.bad} of {self.answers} answers of language "
            f"models are {kind} (at most {self.most:.0%}). Latest problem: {self.problem}; the "
            f"reply at call {quote(self.call)}: {shown!r}. Mend the prompt or the model, or go on "
            f"with societies resume --set limits.{self.limit}=1 (null: no limit)"
        )


class AnswerShares:
    """Counts answers as they are logged, so that latency changes nothing.

    Those of scripted minds, and of whatever else a provider says so of, are left out.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._answers = self._invalid = self._defaulted = 0
        self._call, self._problem = "", ""

    def count(self, record: AnswerRecord | CallRecord) -> Exceeded | None:
        """Count a row; return the limit that it exceeds, if any."""
        if not provider_of(record.model).answers_count:
            return None
        if isinstance(record, CallRecord):
            if not record.readable:
                self._call, self._problem = record.key, record.problem or ""
            return None
        self._answers += 1
        self._defaulted += record.outcome == "defaulted"
        self._invalid += record.outcome in {"repaired", "defaulted"}
        return self._exceeded()

    def _exceeded(self) -> Exceeded | None:
        if self._answers < FIRST_COUNTED:
            return None
        for limit, bad in (
            ("max_defaulted_share", self._defaulted),
            ("max_invalid_share", self._invalid),
        ):
            most: float | None = getattr(self._limits, limit)
            if most is not None and bad > most * self._answers:
                return Exceeded(limit, most, bad, self._answers, self._problem, self._call)
        return None
