"""What the benchmarks compute, on cases small enough to work out by hand."""

import pytest

from benchmarks.makespan import Work, bound
from benchmarks.prototype import seconds_per_turn
from benchmarks.runs import society
from benchmarks.stages import Turn
from benchmarks.timing import Seconds, interleave, table


def test_bound_lets_an_interaction_start_when_its_agents_are_free():
    program = [Work(("a", "b"), 3.0), Work(("c", "d"), 1.0), Work(("c", "a"), 1.0)]
    assert bound(program) == 4.0


def test_bound_does_not_wait_for_the_others_of_a_round():
    # A barrier after each of the two rounds would take 5 + 5 seconds.
    rounds = [Work(("a", "b"), 5.0), Work(("c", "d"), 1.0)]
    swapped = [Work(("b", "a"), 1.0), Work(("d", "c"), 5.0)]
    assert bound([*rounds, *swapped]) == 6.0


def test_bound_waits_between_stages():
    program = [Work(("a",), 2.0, "first"), Work(("b",), 7.0, "first"), Work(("a",), 1.0, "second")]
    assert bound(program) == 8.0


def test_bound_of_nothing_is_zero():
    assert bound([]) == 0.0


def test_repeats_are_taken_in_turns():
    order = []

    def measure(name, seconds):
        order.append(name)
        return seconds

    found = interleave([lambda: measure("a", 2.0), lambda: measure("b", 1.0)], repeats=3)
    assert order == ["a", "b"] * 3
    assert found == [Seconds((2.0, 2.0, 2.0)), Seconds((1.0, 1.0, 1.0))]


def test_repeats_are_told_by_the_quickest_and_the_middle_one():
    assert Seconds((3.0, 1.0, 8.0)).least == 1.0
    assert Seconds((3.0, 1.0, 8.0)).median == 3.0


def test_table_is_aligned():
    printed = table("Title", ("", "µs"), [("render", "9.5"), ("log", "12.0")])
    assert printed == "Title\n-----\n          µs\nrender   9.5\nlog     12.0\n"


def test_a_turn_taken_apart_does_what_a_turn_does():
    with society({"model.name": "scripted/constant"}) as played:
        turn = Turn(played)
        assert "you own 33.25 units" in turn.render()
        assert turn.parse().amount == pytest.approx(33.25 / 2)
        turn.log()
        assert played.log.rows == 2 + 3  # two agents joined; call, answer and donation
        stages = turn.stages()
        assert list(stages) == ["render", "ask the model", "parse", "journal", "log", "scheduling"]
        assert all(measure() > 0 for measure in stages.values())


def test_the_prototype_plays_its_turns():
    assert seconds_per_turn(60) > 0
