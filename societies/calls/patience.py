"""How long a call is asked again: failures that can pass, outages, servers that ask to wait."""

import time
from random import Random

from societies.agents.errors import ModelError, PassingModelError
from societies.config.limits import Limits

LONGEST_WAIT = 60.0
"""Seconds that a failed request waits at most before it is sent again, unless a server asks it."""
LONGEST_WAIT_IN_OUTAGE = 10.0
"""Seconds after which a server that cannot be reached is tried again at the latest."""
MOST_PATIENCE = 3600.0
"""Seconds that a server may ask a request to wait; beyond, the run is to be resumed later."""
RETRIES_UNKNOWN = 2
"""How often a server that never answered is tried again where no connection is made."""


class Patience:
    """What one call has waited for so far, and how long it waits next.

    Args:
        limits: how often, and for how long, is tried again.
        jitter: spreads the waits; it decides nothing but when a request is sent.
    """

    def __init__(self, limits: Limits, jitter: Random) -> None:
        self._limits = limits
        self._failures = 0
        self._lost_since: float | None = None
        self._losses = 0
        self._jitter = jitter

    def pause(self, error: PassingModelError, *, known: bool) -> float:
        """Return the seconds to wait before the request is sent again.

        Args:
            error: what came of the last request.
            known: whether the server has answered before: then an outage is waited for by time.

        Raises:
            ModelError: it was tried often, or for long, enough.
        """
        if error.unreachable and known:
            return self._outage(error)
        self._lost_since, self._losses = None, 0
        self._failures += 1
        most = self._limits.retries
        if error.unreachable:
            most = min(most, RETRIES_UNKNOWN)
        if self._failures > most:
            raise ModelError(f"{error} (after {self._failures} attempts)") from error
        return self._back_off(error)

    def _outage(self, error: PassingModelError) -> float:
        """Wait for a server that answered before, by time and not by count."""
        now = time.monotonic()
        self._lost_since = now if self._lost_since is None else self._lost_since
        self._losses += 1
        most = self._limits.max_outage_seconds
        if now - self._lost_since >= most:
            raise ModelError(
                f"{error} (no connection for {now - self._lost_since:.0f} seconds, "
                f"limits.max_outage_seconds)"
            ) from error
        left = self._lost_since + most - now
        return min(self._doubled(self._losses, LONGEST_WAIT_IN_OUTAGE), left + 0.01)

    def _back_off(self, error: PassingModelError) -> float:
        """Return what the server asks for, or a jittered doubling.

        A server that goes on failing is given the doubling at least, whatever it asks for.
        """
        asked = error.retry_after
        doubled = self._doubled(self._failures, LONGEST_WAIT)
        if asked is None:
            return doubled
        if asked > MOST_PATIENCE:
            raise ModelError(
                f"{error} (the server asks to be left alone for {asked / 3600:,.1f} hours)"
            ) from error
        asked *= self._jitter.uniform(1.0, 1.1)
        return asked if asked and self._failures == 1 else max(asked, doubled)

    def _doubled(self, times: int, longest: float) -> float:
        seconds = self._limits.backoff * 2.0 ** min(times - 1, 100)
        return float(min(seconds, longest)) * self._jitter.uniform(0.5, 1.0)
