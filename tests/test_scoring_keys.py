"""Scoring: the published keys, and what they make of answers."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from societies.agents.instruments import files
from societies.agents.instruments.instrument import Question
from societies.agents.instruments.scoring import choice_outcome, spectrum_level, trait_scores


def keyed(name: str) -> list[Question]:
    """A questionnaire of numbered items under a shipped key."""
    key = files.keys()[name]
    count = max(n for numbers in key["traits"].values() for n in files.parse_key(numbers))
    questions = []
    for number in range(1, count + 1):
        trait, reverse = "", False
        for candidate, numbers in key["traits"].items():
            if number in files.parse_key(numbers):
                trait, reverse = candidate, files.parse_key(numbers)[number]
        options = tuple(str(n) for n in range(1, key["points"] + 1))
        questions.append(Question(str(number), "rate", "", trait, reverse, options))
    return questions


def scores(name: str, answer: int, **rule: object) -> dict[str, float | None]:
    questions = keyed(name)
    rule = {"scoring": files.keys()[name]["scoring"], **rule}
    return trait_scores(questions, {q.id: answer for q in questions}, **rule)  # type: ignore[arg-type]


def test_bfi_of_all_middle_answers() -> None:
    assert scores("bfi_44", 3) == {
        "extraversion": 24,
        "agreeableness": 27,
        "conscientiousness": 27,
        "neuroticism": 24,
        "openness": 30,
    }


def test_bfi_ranges_are_those_of_its_item_counts() -> None:
    questions = keyed("bfi_44")
    lowest = {q.id: 5 if q.reversed else 1 for q in questions}
    highest = {q.id: 1 if q.reversed else 5 for q in questions}
    assert trait_scores(questions, lowest, scoring="sum") == {
        "extraversion": 8, "agreeableness": 9, "conscientiousness": 9, "neuroticism": 8,
        "openness": 10,
    }  # fmt: skip
    assert trait_scores(questions, highest, scoring="sum") == {
        "extraversion": 40, "agreeableness": 45, "conscientiousness": 45, "neuroticism": 40,
        "openness": 50,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "items", "reversed_items", "per_trait"),
    [
        ("mini_ipip", 20, 11, {4}),
        ("ipip_50", 50, 24, {10}),
        ("bfi_44", 44, 16, {8, 9, 10}),
        ("bfi_2_s", 30, 15, {6}),
        ("tipi", 10, 5, {2}),
    ],
)
def test_keys_have_the_published_counts(
    name: str, items: int, reversed_items: int, per_trait: set[int]
) -> None:
    questions = keyed(name)
    assert len(questions) == items
    assert sum(question.reversed for question in questions) == reversed_items
    assert set(Counter(question.trait for question in questions).values()) == per_trait


def test_facets_of_the_bfi_2_s_make_up_its_domains() -> None:
    """SPeCtrum (Lee et al. 2025): three facets of two items in every domain, reversed as there."""
    domains = {t: files.parse_key(n) for t, n in files.keys()["bfi_2_s"]["traits"].items()}
    facets = files.keys()["bfi_2_s_facets"]["traits"]
    assert len(facets) == 15
    for domain in domains.values():
        own = [
            parsed for n in facets.values() if (parsed := files.parse_key(n)).keys() <= {*domain}
        ]
        assert [len(facet) for facet in own] == [2, 2, 2]
        assert {number: sign for facet in own for number, sign in facet.items()} == domain


def test_ipip_50_goes_around_the_factors() -> None:
    factors = [
        "extraversion",
        "agreeableness",
        "conscientiousness",
        "emotional_stability",
        "openness",
    ]
    assert [q.trait for q in keyed("ipip_50")] == factors * 10


def test_mfq_rotates_through_its_foundations_around_the_catch_items() -> None:
    foundations = ["harm", "fairness", "ingroup", "authority", "purity"]
    questions = keyed("mfq_30")
    assert [q.id for q in questions if not q.trait] == ["6", "22"]
    assert [q.trait for q in questions if q.trait] == foundations * 6


def test_mini_ipip_goes_around_the_factors() -> None:
    factors = ["extraversion", "agreeableness", "conscientiousness", "neuroticism", "openness"]
    assert [q.trait for q in keyed("mini_ipip")] == factors * 4
    assert set(scores("mini_ipip", 3).values()) == {3}
    agreeing = scores("mini_ipip", 5)
    assert agreeing["openness"] == 2  # three of four items are reversed
    assert {trait: score for trait, score in agreeing.items() if trait != "openness"} == (
        dict.fromkeys(factors[:4], 3)
    )


def test_values_partition_the_items_of_both_portraits() -> None:
    assert len(keyed("pvq_21")) == 21
    assert all(question.trait for question in keyed("pvq_21"))
    assert len(keyed("pvq_rr")) == 57
    assert set(Counter(q.trait for q in keyed("pvq_rr")).values()) == {3}
    for name, values in (("pvq_21", 10), ("pvq_rr", 19)):
        traits = files.keys()[name]["traits"]
        numbers = [n for found in traits.values() for n in files.parse_key(found)]
        assert len(traits) == values
        assert sorted(numbers) == list(range(1, len(keyed(name)) + 1))
        assert not any(question.reversed for question in keyed(name))


def test_nineteen_values_combine_to_ten_but_for_face() -> None:
    key = files.keys()["pvq_rr"]
    parts = [part for found in key["combined"].values() for part in found]
    assert len(parts) == len(set(parts))
    kept = set(key["traits"]) - set(parts) - {"face"}
    assert kept == {"stimulation", "hedonism", "achievement"}
    assert len(kept) + len(key["combined"]) == 10
    assert not set(key["combined"]) & set(key["traits"])


def test_values_are_centred_on_the_respondent_s_own_mean() -> None:
    questions = keyed("pvq_rr")
    answers = {q.id: 6 if q.trait == "hedonism" else 3 for q in questions}
    found = trait_scores(questions, answers, scoring="centred")
    own = (54 * 3 + 3 * 6) / 57
    assert found["hedonism"] == pytest.approx(6 - own)
    assert found["face"] == pytest.approx(3 - own)
    assert sum(score or 0 for score in found.values()) == pytest.approx(0)
    higher = {item: answer - 1 for item, answer in answers.items()}
    assert trait_scores(questions, higher, scoring="centred") == pytest.approx(found)
    assert set(trait_scores(questions, {}, scoring="centred").values()) == {None}


def test_mini_markers_key_and_extremes() -> None:
    instrument = files.shipped("mini_markers")
    questions = instrument.questions()
    assert len(questions) == 40
    assert set(Counter(q.trait for q in questions).values()) == {8}
    counts = Counter((q.trait, q.reversed) for q in questions)
    assert counts["emotional_stability", False] == counts["openness", True] == 2
    assert {q.id for q in questions if q.trait == "emotional_stability" and not q.reversed} == {
        "relaxed",
        "unenvious",
    }
    best = {q.id: 1 if q.reversed else 9 for q in questions}
    assert set(trait_scores(questions, best).values()) == {9}
    agreeing = trait_scores(questions, dict.fromkeys(best, 9))
    assert agreeing["emotional_stability"] == 3
    assert agreeing["openness"] == 7


@given(st.lists(st.integers(1, 5), min_size=44, max_size=44))
def test_reversing_every_answer_mirrors_every_score(answers: list[int]) -> None:
    questions = keyed("bfi_44")
    given_answers = {q.id: a for q, a in zip(questions, answers, strict=True)}
    mirrored = {item: 6 - answer for item, answer in given_answers.items()}
    one = trait_scores(questions, given_answers)
    other = trait_scores(questions, mirrored)
    for trait, score in one.items():
        assert score is not None
        assert score + (other[trait] or 0) == pytest.approx(6)


def test_missing_answers_follow_the_declared_rule() -> None:
    questions = [q for q in keyed("bfi_44") if q.trait == "extraversion"]
    answers: dict[str, int | None] = {q.id: 1 if q.reversed else 5 for q in questions}
    answers["1"] = answers["11"] = None
    assert trait_scores(questions, answers, missing=0.25) == {"extraversion": 5}
    assert trait_scores(questions, answers, scoring="sum", missing=0.25) == {"extraversion": 40}
    assert trait_scores(questions, answers, missing=0.2) == {"extraversion": None}
    assert trait_scores(questions, {}, missing=1.0) == {"extraversion": None}


def test_spectrum_levels_floored_and_rounded() -> None:
    assert spectrum_level(3.99, "floor") == "slightly below average"
    assert spectrum_level(3.99) == "slightly above average"
    assert [spectrum_level(score) for score in (1, 2, 5, 6, 7)] == [
        "very low",
        "low",
        "high",
        "very high",
        "very high",
    ]


def test_trait_outcome_averages_both_orders_and_ties_go_to_high() -> None:
    position_bias = [0.7, 0.1, 0.1, 0.1], [0.1, 0.7, 0.1, 0.1]
    assert choice_outcome(*position_bias)  # the first place wins in both orders: a tie
    assert not choice_outcome([0.4, 0.5, 0.05, 0.05], [0.3, 0.6, 0.05, 0.05])
    assert choice_outcome([0.2, 0.3, 0.45, 0.05], [0.2, 0.3, 0.45, 0.05])
