"""Templates made up at random, a fixed number of the same ones each time."""

from collections import Counter

from benchmarks.fuzz_templates import fuzz

EXAMPLES = 400


def test_no_template_acts_shows_what_is_live_or_fails_otherwise_than_told():
    outcomes: Counter[str] = Counter()
    fuzz(EXAMPLES, seed_by_code=True, note=lambda outcome: outcomes.update([outcome]))
    assert outcomes["rendered"] > EXAMPLES / 10
    assert outcomes["an error is told"] > EXAMPLES / 10
