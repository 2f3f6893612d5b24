"""Tasks: what work that is done once in a run is given, to begin it or to find it again."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from societies.record.artifacts import Artifacts
from societies.record.journal import Journal
from societies.record.work import Intent, Result


class Task:
    """One execution of some work.

    Args:
        intent: what is asked for; `intent.token` names it for a service.
        is_resumed: whether it was begun before, by a process that has ended since: then it is to be
            looked for first, by its token or its handle, and begun only if it is nowhere.
        journal: where what is known of it is written; None keeps none.
        artifacts: where the files lie that it reads and makes.
    """

    def __init__(
        self, intent: Intent, is_resumed: bool, journal: Journal | None, artifacts: Artifacts
    ) -> None:
        self.intent = intent
        self.is_resumed = is_resumed
        self.artifacts = artifacts
        self._journal = journal

    def note(self, **handle: Any) -> None:
        """Journal what else it takes to find the work again, such as the number of a job."""
        self.intent = replace(self.intent, handle={**self.intent.handle, **handle})
        if self._journal:
            self._journal.begin(self.intent)


Work = Callable[[Task], Awaitable[Result]]
"""Begins what is asked for, or finds it again, and waits for what comes of it."""
