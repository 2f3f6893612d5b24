"""Work that is done once in a run: what is asked, what was begun, and what came of it.

A completion is the simplest: it is one line of the journal, because nothing of it outlives the
process that asks. What does, such as a training job, is two: an intent, and later its result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, Self

from pydantic_core import from_json, to_json


@dataclass(frozen=True)
class Intent:
    """Work that is about to be begun, or was: journalled before anything of it happens."""

    key: str
    """Where it stands in the run: scope, agent, kind, number."""
    kind: str
    """What it is, in a word: `training`, say."""
    digest: str
    """The hash of what is asked."""
    asked: Mapping[str, Any]
    """What is asked, as JSON: whatever decides what comes of it, files by their hash."""
    token: str
    """A name for it that no other run uses, by which a service can find it again."""
    handle: Mapping[str, Any] = field(default_factory=dict)
    """What else is known of it since it was begun: the number of a job, say."""


@dataclass(frozen=True)
class Result:
    """What came of some work."""

    value: Mapping[str, Any]
    """As JSON."""
    cost: float | None = 0.0
    """US dollars; None when no price is known, which is not the same as free."""
    artifacts: Mapping[str, str] = field(default_factory=dict)
    """The files that it made: a name, and the hash under which they are kept."""

    def plain(self) -> Self:
        """Return it as the journal gives it back, so that a replay sees what the run saw."""
        return replace(self, value=from_json(to_json(self.value)))


def digest_of(asked: Mapping[str, Any]) -> str:
    """Return the hash of what is asked, in whatever order its keys stand."""
    return blake2b(to_json(_sorted(asked)), digest_size=16).hexdigest()


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value
