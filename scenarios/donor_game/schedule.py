"""Who meets whom: bipartite rotation with alternating roles."""

from collections.abc import Sequence
from typing import Literal, TypeVar

T = TypeVar("T")

Pairs = list[tuple[T, T]]
"""The (donor, recipient) pairs of one round; everybody is in exactly one."""


def pairings(
    agents: Sequence[T], rounds: int, fidelity: Literal["paper", "released"]
) -> list[Pairs[T]]:
    """Return the pairs of every round of one game.

    The first half of the agents, side A, stays put; side B is rotated by one place per round, and
    the donor side alternates, starting with A. Once every A has met every B, the meetings are
    replayed with the roles exchanged: in `released` in the same order, which makes the donors of
    the last round donors again (unless a side has an odd number of agents); in `paper` in an order
    that keeps strict alternation: 2, 1, 4, 3, 6, 5. Longer games start over.

    Args:
        agents: an even number of them.
        rounds: how many rounds the game has.
        fidelity: which second half is played.
    """
    half = len(agents) // 2
    meetings: list[Pairs[T]] = []
    for shift in range(half):
        pairs = [
            (a, agents[half + (place + shift) % half]) for place, a in enumerate(agents[:half])
        ]
        meetings.append(swap_roles(pairs) if shift % 2 else pairs)
    order = list(range(half))
    if fidelity == "paper" and half % 2 == 0:  # the plain order would repeat a side at the seam
        order = [place + (-1 if place % 2 else 1) for place in order]
    plan = meetings + [swap_roles(meetings[place]) for place in order]
    return [plan[number % len(plan)] for number in range(rounds)]


def swap_roles(pairs: Pairs[T]) -> Pairs[T]:
    """Return the same meetings with donors as recipients."""
    return [(recipient, donor) for donor, recipient in pairs]
