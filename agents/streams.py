"""Owned random streams: each is a function of the seed and of the names of its owner.

Nothing here is global. A stream's draws depend on who draws, never on when replies arrive.
"""

from collections.abc import Callable
from hashlib import blake2b
from random import Random


class LateStream(Random):
    """A generator that is seeded when it is first drawn from: many owners never draw."""

    def __init__(self) -> None:
        super().__init__(0)
        self._owner: tuple[int, tuple[str | int, ...]] | None = None

    def belong_to(self, seed: int, *owner: str | int) -> None:
        """Become the stream of `owner`, as `stream(seed, *owner)` would be."""
        self._owner = (seed, owner)
        self.gauss_next = None

    def random(self) -> float:
        """Return the next draw from [0, 1)."""
        self._begin()
        return super().random()

    def getrandbits(self, k: int, /) -> int:
        """Return the next `k` random bits."""
        self._begin()
        return super().getrandbits(k)

    def _begin(self) -> None:
        if self._owner is not None:
            (seed, owner), self._owner = self._owner, None
            self.seed(stream_seed(seed, *owner))


class GuardedStream(Random):
    """A generator that asks before every draw whether it may be drawn from.

    Args:
        check: raises if it may not.
    """

    def __init__(self, check: Callable[[], None]) -> None:
        super().__init__(0)
        self._check = check

    def random(self) -> float:
        """Return the next draw from [0, 1)."""
        self._check()
        return super().random()

    def getrandbits(self, k: int, /) -> int:
        """Return the next `k` random bits."""
        self._check()
        return super().getrandbits(k)


def stream_seed(seed: int, *owner: str | int) -> int:
    """Return the 64-bit seed of the stream that belongs to `owner` under the run's `seed`."""
    text = "\x1f".join(map(str, (seed, *owner)))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


def stream(seed: int, *owner: str | int) -> Random:
    """Return a fresh generator for `owner`: equal arguments give equal draws."""
    return Random(stream_seed(seed, *owner))
