"""Random streams: equal owners draw alike, whenever they are seeded."""

from hypothesis import given
from hypothesis import strategies as st

from societies.agents.streams import LateStream, stream

DRAWS = {
    "random": lambda random: random.random(),
    "gauss": lambda random: random.gauss(0, 1),
    "choice": lambda random: random.choice("abcdefg"),
    "randrange": lambda random: random.randrange(10**9),
    "shuffled": lambda random: random.sample(range(20), 20),
    "lognormal": lambda random: random.lognormvariate(0, 1),
    "bytes": lambda random: random.randbytes(5),
}


@given(
    st.lists(
        st.tuples(st.integers(0, 99), st.text(), st.lists(st.sampled_from(sorted(DRAWS)))),
        max_size=5,
    )
)
def test_a_stream_that_is_seeded_late_draws_the_same(owners):
    late = LateStream()
    for seed, name, draws in owners:
        late.belong_to(seed, "mind", name)
        early = stream(seed, "mind", name)
        for draw in draws:
            assert DRAWS[draw](late) == DRAWS[draw](early)


def test_owners_and_seeds_draw_differently():
    draws = {stream(seed, name).random() for seed in (1, 2) for name in ("ann", "bob")}
    assert len(draws) == 4
    assert stream(1, "ab", "c").random() != stream(1, "a", "bc").random()
