"""Owned random streams: each is a function of the seed and of the names of its owner.

Nothing here is global. A stream's draws depend on who draws, never on when replies arrive.
"""

from hashlib import blake2b
from random import Random


def stream_seed(seed: int, *owner: str | int) -> int:
    """Return the 64-bit seed of the stream that belongs to `owner` under the run's `seed`."""
    text = "\x1f".join(map(str, (seed, *owner)))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


def stream(seed: int, *owner: str | int) -> Random:
    """Return a fresh generator for `owner`: equal arguments give equal draws."""
    return Random(stream_seed(seed, *owner))
