"""Why a run stops: told once, to everything that has to stop with it."""

from collections.abc import Callable


class Halt:
    """The stop of one run: the first reason counts, and what was told of it stops with it."""

    def __init__(self) -> None:
        self.reason: str | None = None
        """None as long as the run goes on."""
        self.failure: BaseException | None = None
        """What failed, if the run stops because something did."""
        self.limit: dict[str, float | str] | None = None
        """The limit that paused the run: its name, its value, and the amount used."""
        self._told: list[Callable[[], None]] = []

    def tell(self, stop: Callable[[], None]) -> None:
        """Have `stop` called when the run stops."""
        self._told.append(stop)

    def stop(
        self,
        reason: str,
        failure: BaseException | None = None,
        limit: dict[str, float | str] | None = None,
    ) -> None:
        """Stop the run at a safe point: calls in flight may finish, no new one is made."""
        if self.reason is None:
            self.reason, self.failure, self.limit = reason, failure, limit
        for stop in self._told:
            stop()
