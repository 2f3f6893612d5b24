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
    that keeps strict alternation. Longer games start over.

    Args:
        agents: an even number of them.
        rounds: how many rounds the game has.
        fidelity: which second half is played.
    """
    half = len(agents) // 2
    plan = [(shift, False) for shift in range(half)]
    plan += [(shift, True) for shift in _second_half(half, fidelity)]
    return [_meetings(agents, *plan[number % len(plan)]) for number in range(rounds)]


def _meetings(agents: Sequence[T], shift: int, is_replayed: bool) -> Pairs[T]:
    """Return the pairs of one round, with side B rotated by `shift` places."""
    half = len(agents) // 2
    side_a, side_b = agents[:half], agents[half:]
    pairs = [(a, side_b[(place + shift) % half]) for place, a in enumerate(side_a)]
    return pairs if (shift % 2 == 0) != is_replayed else swap_roles(pairs)


def swap_roles(pairs: Pairs[T]) -> Pairs[T]:
    """Return the same meetings with donors as recipients."""
    return [(recipient, donor) for donor, recipient in pairs]


def _second_half(half: int, fidelity: Literal["paper", "released"]) -> list[int]:
    """Return the order in which the meetings of the first half are replayed.

    With an even number of meetings the plain order would repeat a donor side at the seam, so that
    neighbours change places: 2, 1, 4, 3, 6, 5.
    """
    if fidelity == "released" or half % 2:
        return list(range(half))
    return [position + (1 if position % 2 == 0 else -1) for position in range(half)]
