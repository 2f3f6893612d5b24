"""Who meets whom in the donor game, and in which role."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from societies.scenarios.donor_game.schedule import pairings, swap_roles

FIDELITIES = ("paper", "released")
SIDES = {"paper": "ABABABABABAB", "released": "ABABABBABABA"}
"""The side that gives, by round, with twelve agents."""


def donor_sides(schedule: list[list[tuple[int, int]]], size: int) -> str:
    """Return the side that gives in each round, having checked that it gives as a whole."""
    sides = [{"AB"[donor >= size // 2] for donor, _ in pairs} for pairs in schedule]
    assert all(len(side) == 1 for side in sides)
    return "".join(side.pop() for side in sides)


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_the_schedule_of_twelve(fidelity):
    schedule = pairings(range(12), 12, fidelity)
    assert len(schedule) == 12
    assert donor_sides(schedule, 12) == SIDES[fidelity]
    meetings = Counter(pair for pairs in schedule for pair in pairs)
    assert len(meetings) == 72
    assert set(meetings.values()) == {1}
    assert len({frozenset(pair) for pair in meetings}) == 36
    assert all((recipient, donor) in meetings for donor, recipient in meetings)
    assert Counter(donor for donor, _ in meetings) == dict.fromkeys(range(12), 6)
    second_half = [0, 1, 2, 3, 4, 5] if fidelity == "released" else [1, 0, 3, 2, 5, 4]
    assert schedule[6:] == [swap_roles(schedule[number]) for number in second_half]


@given(half=st.integers(1, 12), fidelity=st.sampled_from(FIDELITIES))
def test_any_even_number_of_agents_meets_twice_once_in_each_role(half, fidelity):
    size = 2 * half
    schedule = pairings(range(size), size, fidelity)
    for pairs in schedule:
        assert sorted(agent for pair in pairs for agent in pair) == list(range(size))
    met = Counter(pair for pairs in schedule for pair in pairs)
    everyone = {(a, b) for a in range(half) for b in range(half, size)}
    assert met == Counter(everyone | {(b, a) for a, b in everyone})


@given(half=st.integers(1, 12), rounds=st.integers(1, 60))
def test_roles_alternate_strictly_in_paper(half, rounds):
    sides = donor_sides(pairings(range(2 * half), rounds, "paper"), 2 * half)
    assert sides == ("AB" * rounds)[:rounds]


@given(half=st.integers(1, 12))
def test_roles_break_at_the_half_in_released_unless_a_side_is_odd(half):
    sides = donor_sides(pairings(range(2 * half), 2 * half, "released"), 2 * half)
    breaks = [number for number, (now, then) in enumerate(pairwise(sides), 1) if now == then]
    assert breaks == ([] if half % 2 else [half])
