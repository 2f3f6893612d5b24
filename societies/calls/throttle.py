"""Throttles: how many requests a model is sent at once, and how many per minute."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from societies.config.limits import Limits

FIRST_LIMIT = 32
"""Requests in flight that a model is trusted with before it has shown what it bears."""
SAFE_SHARE = 0.95
"""Part of the number that once was too much up to which the limit grows back at once."""
PACING_GAIN = 2.0
"""How much faster than the limit per round trip waiting requests are let go (as in TCP pacing)."""
REMEMBERED = 1000
"""Changes of the limit that are kept; `calls.wall_in_flight` has its whole course."""
SMOOTHING = 1 / 8
"""Weight of a new round trip in the running mean of them (RFC 6298 section 2)."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a model's in-flight limit."""

    moment: float
    """Seconds on the monotonic clock."""
    in_flight: int
    reason: str


class Throttle:
    """The shared way to one language model, for every run of the process that uses it.

    The limit of requests in flight doubles per round trip while answers come, until the model is
    once overloaded; then it halves, grows back to just below what was too much, and from there by
    one per round trip, as in TCP congestion control (CUBIC's plateau, RFC 9438 section 4.1).

    Requests that wait are let go one by one, spread over half a round trip: sent all at once, they
    would be answered all at once, and the model would idle while this process reads the answers.

    Args:
        adaptive: False keeps the limit at its ceiling (models that cannot be overloaded).
    """

    def __init__(self, *, adaptive: bool) -> None:
        self.adaptive = adaptive
        self.ceiling = 1
        self.limit = float(FIRST_LIMIT)
        self.busy = 0
        self.is_rated = False
        """Whether requests or tokens per minute are limited."""
        self.course: deque[Change] = deque(maxlen=REMEMBERED)
        """The latest changes of the limit."""
        self.changes = 0
        """How often the limit changed in all."""
        self._users: dict[int, Limits] = {}
        self._too_much: float | None = None
        self._last_cut = 0.0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._round_trip = 0.0
        self._next_admission = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._requests = Rate()
        self._tokens = Rate()

    def attach(self, user: object, limits: Limits) -> None:
        """Let a run use the throttle; of all that use it, the lowest ceilings apply."""
        self._users[id(user)] = limits
        self._apply()

    def detach(self, user: object) -> bool:
        """Let a run go; return whether another still uses the throttle."""
        left = self._users.pop(id(user), None)
        if left is not None and self._users:
            self._apply()
        return bool(self._users)

    def _apply(self) -> None:
        users = self._users.values()
        self.ceiling = min(limits.in_flight for limits in users)
        self.limit = min(self.limit, self.ceiling) if self.adaptive else self.ceiling
        self._requests.per_minute = _lowest(limits.requests_per_minute for limits in users)
        self._tokens.per_minute = _lowest(limits.tokens_per_minute for limits in users)
        rates = (self._requests.per_minute, self._tokens.per_minute)
        self.is_rated = rates != (None, None)
        self._note("ceiling")
        if self._waiters:
            # Runs come and go in threads of their own.
            self._waiters[0].get_loop().call_soon_threadsafe(self._admit)

    def delay(self, tokens: int) -> float:
        """Reserve one request of about `tokens`; return the seconds to wait before sending it."""
        now = time.monotonic()
        return max(self._requests.reserve(1, now), self._tokens.reserve(tokens, now))

    def settle_tokens(self, reserved: int, used: int) -> None:
        """Correct a reservation by what the request really took."""
        self._tokens.correct(used - reserved)

    def enter_at_once(self) -> bool:
        """Take a free place if there is one; then one `leave` has to follow."""
        if self.busy >= int(self.limit) or self._waiters:
            return False
        self.busy += 1
        return True

    async def enter(self) -> None:
        """Wait for a free place; every `enter` is followed by one `leave`."""
        if self.enter_at_once():
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.leave(unused=True)
            raise

    def leave(self, *, unused: bool = False) -> None:
        """Give the place back; if it was `unused`, the next in line may go at once."""
        self.busy -= 1
        if unused:
            self._next_admission = 0.0
        self._admit()

    def succeeded(self, seconds: float) -> None:
        """An answer came, after so many seconds: grow, if the limit held requests back."""
        if not self.adaptive:
            return
        weight = SMOOTHING if self._round_trip else 1.0
        self._round_trip += weight * (seconds - self._round_trip)
        is_binding = self._waiters or self.busy >= int(self.limit)
        if self.limit >= self.ceiling or not is_binding:
            return
        plateau = self._too_much is not None and self.limit >= SAFE_SHARE * self._too_much
        before = int(self.limit)
        self.limit = min(self.ceiling, self.limit + (1 / self.limit if plateau else 1))
        if int(self.limit) > before:
            self._note("answers come")
            self._admit()

    def overloaded(self, sent: float) -> None:
        """The model wants less: halve, once for all requests sent before the last halving.

        Answers that come at once raise the limit at once, far beyond what is borne; each further
        request of the same wave that is refused says that this was too much by one more.
        """
        if not self.adaptive:
            return
        if self._too_much is not None and sent < self._last_cut:
            self._too_much = max(self.limit, self._too_much - 1)
            return
        self._too_much = self.limit
        self._last_cut = time.monotonic()
        self.limit = max(1.0, self.limit / 2)
        self._note("overload")

    def _admit(self) -> None:
        """Let go who waits, as far as there are places and the pace allows."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while self._waiters and self.busy < int(self.limit):
            now = time.monotonic()
            if now < self._next_admission:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(self._next_admission - now, self._admit)
                return
            waiter = self._waiters.popleft()
            if not waiter.done():
                self.busy += 1
                waiter.set_result(None)
                between = self._round_trip / (PACING_GAIN * self.limit)
                self._next_admission = max(now - between, self._next_admission) + between

    def _note(self, reason: str) -> None:
        self.changes += 1
        self.course.append(Change(time.monotonic(), int(self.limit), reason))


class Rate:
    """So many units per minute, evenly spaced after a burst of a second's worth (GCRA)."""

    def __init__(self) -> None:
        self.per_minute: int | None = None
        """The allowance; None is unlimited."""
        self._free_at = 0.0

    def reserve(self, units: int, now: float) -> float:
        """Take `units`; return the seconds until they may be used."""
        if self.per_minute is None:
            return 0.0
        start = max(self._free_at, now - 1.0)
        self._free_at = start + units * 60 / self.per_minute
        return max(0.0, start - now)

    def correct(self, units: int) -> None:
        """Take more units, or give some back, after the fact."""
        if self.per_minute is not None:
            self._free_at += units * 60 / self.per_minute


def _lowest(allowances: Iterable[int | None]) -> int | None:
    """Return the lowest allowance, None if nothing is limited."""
    return min((allowance for allowance in allowances if allowance is not None), default=None)


_throttles: dict[tuple[str, str | None], Throttle] = {}


def attach_shared(name: str, api_base: str | None, user: object, limits: Limits) -> Throttle:
    """Return the process's throttle for a hosted model, with one more user."""
    throttle = _throttles.setdefault((name, api_base), Throttle(adaptive=True))
    throttle.attach(user, limits)
    return throttle


def detach_shared(user: object) -> None:
    """Let a run go from all throttles; those that nobody uses are forgotten."""
    for key, throttle in list(_throttles.items()):
        if not throttle.detach(user):
            del _throttles[key]
