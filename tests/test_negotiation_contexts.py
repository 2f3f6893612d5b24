"""Bargaining contexts: generated, sampled, read from the classic files; what can be reached."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from societies.scenarios.negotiation.classic import (
    Dialogue,
    match_mirrors,
    read_contexts,
    read_dialogues,
)
from societies.scenarios.negotiation.contexts import (
    CLASSIC_COUNTS,
    Context,
    count_tuples,
    generate,
    is_dominated,
    joint_ceiling,
    nash_ceiling,
    outcomes,
    pareto_frontier,
    rewards,
    sample,
    shares,
    valuations,
    worth,
)

DATA = Path(__file__).parent.parent / ".." / "shared" / "data" / "negotiate"
GENERATED = list(generate(count_tuples(3, 5, 7), 10))

BOOKS = Context((1, 2, 3), ((4, 3, 0), (1, 0, 3)))
"""One book, two hats, three balls."""

contexts = st.builds(
    lambda counts, red, blue: Context(
        tuple(counts), (tuple(red[: len(counts)]), tuple(blue[: len(counts)]))
    ),
    st.lists(st.integers(1, 3), min_size=1, max_size=4),
    st.lists(st.integers(0, 9), min_size=4, max_size=4),
    st.lists(st.integers(0, 9), min_size=4, max_size=4),
)


def data(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the classic data file {name} is not on this machine, and may not be shipped")
    return path


def test_exhaustive_generation_gives_5793_contexts_over_31_count_triples():
    assert len(count_tuples(3, 5, 7)) == 31
    assert len(GENERATED) == len(set(GENERATED)) == 5793


def test_over_the_20_classic_triples_there_are_4800_contexts():
    assert len(set(CLASSIC_COUNTS)) == 20
    assert set(CLASSIC_COUNTS) < set(count_tuples(3, 5, 7))
    assert len(list(generate(CLASSIC_COUNTS, 10))) == 4800


def test_generated_contexts_keep_the_constraints():
    for context in GENERATED:
        assert 5 <= sum(context.counts) <= 7
        assert [worth(values, context.counts) for values in context.values] == [10, 10]
        assert all(max(pair) > 0 for pair in zip(*context.values, strict=True))
        assert any(min(pair) > 0 for pair in zip(*context.values, strict=True))
        assert (10, 10) not in outcomes(context)


def test_samples_are_generated_contexts_and_follow_the_seed():
    counts = count_tuples(3, 5, 7)
    drawn = [sample(counts, 10, Random(5)) for _ in range(3)]
    assert drawn[0] == drawn[1] == drawn[2]
    random = Random(5)
    many = {sample(counts, 10, random) for _ in range(3000)}
    assert many < set(GENERATED)
    assert len(many) > 2000


def test_samples_are_uniform_over_contexts():
    counts = ((1, 1), (1, 2))
    pool = list(generate(counts, 3))
    random = Random(1)
    drawn = Counter(sample(counts, 3, random) for _ in range(200 * len(pool)))
    assert set(drawn) == set(pool)
    assert all(140 < times < 260 for times in drawn.values())


def test_no_context_is_worth_an_odd_total_in_even_counts():
    assert list(generate([(2, 2)], 5)) == []
    with pytest.raises(ValueError, match="no context over these counts is worth 5"):
        sample([(2, 2)], 5, Random(0))


def test_what_can_be_reached_in_one_context():
    assert len(outcomes(BOOKS)) == 2 * 3 * 4
    assert BOOKS.points((1, 2, 0)) == (10, 9)
    assert BOOKS.swapped().points((0, 0, 3)) == (9, 10)
    assert joint_ceiling(BOOKS) == 19
    assert nash_ceiling(BOOKS) == 90
    assert pareto_frontier(BOOKS) == ((6, 10), (10, 9))
    assert pareto_frontier(BOOKS, 1.0) == ((19, 19),)


def test_under_the_strict_objective_every_outcome_is_undominated():
    for context in GENERATED[::200]:
        pairs = [rewards(points, -1.0) for points in (*outcomes(context), (0, 0))]
        assert not any(is_dominated(pair, pairs) for pair in pairs)


@given(contexts)
def test_the_frontier_is_what_nothing_dominates(context):
    frontier = pareto_frontier(context)
    assert joint_ceiling(context) == max(sum(points) for points in outcomes(context))
    assert joint_ceiling(context) in {sum(points) for points in frontier}
    for points in outcomes(context):
        assert (points in frontier) != is_dominated(points, outcomes(context))


@given(contexts, st.floats(-1, 1))
def test_points_of_both_seats_are_those_of_the_exchanged_context(context, weight):
    for share in shares(context.counts):
        red, blue = context.points(share)
        assert context.swapped().points(context.rest(share)) == (blue, red)
        assert rewards((red, blue), weight) == rewards((blue, red), weight)[::-1]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(1, 12))
def test_valuations_are_all_the_ways_to_be_worth_the_total(counts, total):
    found = valuations(tuple(counts), total)
    brute = [values for values in shares([total] * len(counts)) if worth(values, counts) == total]
    assert sorted(found) == sorted(brute)


def test_the_classic_context_file():
    found = read_contexts(data("selfplay.txt"))
    assert len(found) == len(set(found)) == 4086
    assert Counter(sum(context.counts) for context in found) == {5: 2134, 6: 1718, 7: 234}
    assert {worth(v, context.counts) for context in found for v in context.values} == {10}
    assert {context.counts for context in found} == set(CLASSIC_COUNTS)
    assert set(found) < set(generate(CLASSIC_COUNTS, 10))


def test_the_ceilings_of_the_classic_contexts():
    found = read_contexts(data("selfplay.txt"))
    ceilings = [joint_ceiling(context) for context in found]
    assert max(ceilings) == 19
    mean = sum(ceilings) / len(ceilings)
    assert round(mean, 3) == 15.008
    assert round(mean / 2, 3) == 7.504
    assert sum((10, 10) in outcomes(context) for context in found) == 0


def test_the_mean_score_over_pareto_optimal_outcomes_of_the_classic_contexts():
    means = []
    for context in read_contexts(data("selfplay.txt")):
        frontier = pareto_frontier(context)
        means.append(sum(sum(points) / 2 for points in frontier) / len(frontier))
    assert round(sum(means) / len(means), 3) == 6.591


def test_the_tagged_dialogues():
    dialogues = read_dialogues(data("val.txt"))
    endings = Counter(dialogue.ending for dialogue in dialogues)
    assert endings == {"agree": 844, "disagree": 129, "no_agreement": 108, "disconnect": 6}
    assert read_contexts(data("val.txt")) == [dialogue.context for dialogue in dialogues]
    for dialogue in dialogues:
        if dialogue.ending == "agree":
            assert dialogue.share is not None
            assert dialogue.context.rest(dialogue.share) == dialogue.partner_share
        else:
            assert (dialogue.share, dialogue.partner_share) == (None, None)


def test_mirrors_are_matched_by_content():
    dialogues = read_dialogues(data("val.txt"))
    pairs = match_mirrors(dialogues)
    assert len({position for pair in pairs for position in pair}) == 2 * len(pairs)
    assert len(pairs) == 525
    for first, second in pairs:
        assert dialogues[first].identity() == dialogues[second].mirrored()
        assert dialogues[first].share == dialogues[second].partner_share


HEAD = "2 1 1 4 2 2 YOU: all the hats for me <eos> THEM: ok <eos> YOU: <selection> "
TAIL = " 2 2 1 0 2 3"


@pytest.mark.parametrize(
    ("ending", "share", "partner", "middle"),
    [
        ("agree", (0, 1, 1), (2, 0, 1), "item0=0 item1=1 item2=1 <eos> reward=6 agree"),
        ("disagree", (0, 1, 1), None, "item0=0 item1=1 item2=1 <eos> reward=6 disagree"),
        ("no_agreement", None, None, "no agreement <eos> reward=no agreement disagree"),
        ("no_agreement", None, None, "no agreement <eos> reward=no_agreement agree"),
        ("disconnect", None, None, "disconnect <eos> reward=disconnect disagree"),
    ],
)
def test_the_plain_dialogues(tmp_path, ending, share, partner, middle):
    path = tmp_path / "data.txt"
    path.write_text(f"{HEAD}{middle}{TAIL}\n", encoding="utf-8")
    expected = Dialogue(
        context=Context((2, 1, 2), ((1, 4, 2), (2, 0, 3))),
        turns=(("YOU", "all the hats for me"), ("THEM", "ok")),
        ending=ending,
        share=share,
        partner_share=partner,
    )
    assert read_dialogues(path) == [expected]


def test_mirrors_need_not_be_neighbours_and_a_dialogue_may_lack_one():
    context = Context((1, 1), ((1, 9), (5, 5)))
    mine = Dialogue(context, (("YOU", "hi"), ("THEM", "deal")), "agree", (0, 1), (1, 0))
    theirs = Dialogue(context.swapped(), (("THEM", "hi"), ("YOU", "deal")), "agree", (1, 0), (0, 1))
    alone = Dialogue(context, (("YOU", "bye"),), "disconnect", None, None)
    assert match_mirrors([mine, alone, theirs]) == [(0, 2)]
    assert match_mirrors([mine, alone, mine, theirs]) == [(0, 3)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 0 1 1 3 3\n", "the last of 1 lines: two lines of six integers make a context"),
        ("1 0 1 1 3 3\n1 0 1 1 3 x\n", "line 2: two lines of six integers"),
        ("1 0 1 1 3 3\n2 0 1 1 3 3\n", "line 1: the two seats have different counts"),
        ("hello\n", "line 1 is no dialogue: 'hello'"),
        (f"{HEAD}perhaps <eos> reward=0 agree{TAIL}\n", "line 1: unknown ending 'perhaps'"),
    ],
)
def test_other_shapes_are_refused_with_their_line(tmp_path, text, message):
    path = tmp_path / "odd.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_contexts(path)
