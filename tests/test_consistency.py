"""Consistency: every measure has an agent that moves it, and one that does not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import societies
from societies.analysis import agreement, statistics
from societies.analysis.questionnaires import (
    change,
    choices,
    consistency,
    inertia,
    knowledge,
    paired,
    personas,
    portraits,
)
from societies.cli.main import app
from societies.runs.run import Run
from societies.scenarios.interview import measures as interviews

RANDOM_PERSONA = {
    "big_five": dict.fromkeys(
        ["openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism"], "random"
    )
}

Interview = Callable[..., Run]


@pytest.fixture(scope="module")
def interview(tmp_path_factory: pytest.TempPathFactory) -> Interview:
    """Run an interview of groups that differ in who answers."""

    def run(groups: dict[str, str], size: int, *questionnaires: Any, **protocol: Any) -> Run:
        data = {
            "scenario": "interview",
            "name": "interview",
            "seed": 4,
            "model": {"name": "scripted/steady"},
            "population": {
                "size": size,
                "persona": RANDOM_PERSONA,
                "groups": [
                    {"name": name, "share": 1, "model": {"name": f"scripted/{mind}"}}
                    for name, mind in groups.items()
                ],
            },
            "protocol": {"questionnaires": list(questionnaires), **protocol},
        }
        return societies.run(data, out=tmp_path_factory.mktemp("interview"))

    return run


@pytest.fixture(scope="module")
def four_kinds(interview: Interview) -> Run:
    """Order-blind, order-biased, drifting and persona-insensitive agents, twelve of each."""
    kinds = {
        "a": "steady",
        "b": "order_biased",
        "c": "drifting",
        "d": "insensitive",
    }
    design = {"instrument": "mini_markers", "option_orders": ["forward", "reversed"], "repeats": 2}
    return interview(kinds, 48, design)


def worst(table: pl.DataFrame, column: str, group: str) -> float:
    return float(table.filter(pl.col("group") == group)[column].max())  # type: ignore[arg-type]


def best(table: pl.DataFrame, column: str, group: str) -> float:
    return float(table.filter(pl.col("group") == group)[column].min())  # type: ignore[arg-type]


def test_four_kinds_of_agents_are_told_apart_from_the_log(four_kinds: Run) -> None:
    block = consistency.reliability(four_kinds)
    noise = worst(block, "retest_difference", "a")
    assert worst(block, "order_difference", "a") < 2 * noise
    assert worst(block, "order_difference", "c") < 2 * noise
    assert worst(block, "order_difference", "d") < 2 * noise
    assert best(block, "order_difference", "b") > 5 * noise

    upward = pl.when(pl.col("trait") == "emotional_stability").then(-1).otherwise(1)
    slopes = change.drift(four_kinds).with_columns(pl.col("slope") * upward)
    drifts = dict(slopes.group_by("group").agg(pl.col("slope").mean()).iter_rows())
    assert drifts["c"] > 0.08
    assert max(abs(drifts[group]) for group in "abd") < 0.03

    taken = personas.induction(four_kinds)
    assert best(taken, "induction", "a") > 0.5
    assert worst(taken, "induction", "d") < 0.05


def test_persona_driven_minds_pass_induction_and_insensitive_ones_fail(four_kinds: Run) -> None:
    taken = personas.induction(four_kinds)
    verdicts = {
        group: taken.filter(pl.col("group") == group)["taken"].to_list() for group in ("a", "d")
    }
    assert verdicts == {"a": [True] * 5, "d": [False] * 5}
    told = interviews.summary(four_kinds).filter(pl.col("group") == "d")
    assert told["taken"].to_list() == [False] * 5
    ends = taken.filter(pl.col("group") == "d").drop_nulls("low").select("low", "high").rows()
    assert all(low < 0.25 and high < 0.25 for low, high in ends), "far from taken on"


def test_show_says_in_words_which_personas_were_not_taken_on(four_kinds: Run) -> None:
    shown = CliRunner().invoke(app, ["show", str(four_kinds.path)]).output
    assert "a (mini_markers, rate): persona taken on: 5 of 5 traits\n" in shown
    refuted = next(line for line in shown.splitlines() if line.startswith("d (mini_markers"))
    assert refuted.startswith("d (mini_markers, rate): persona NOT taken on: 0 of 5 traits; not in")
    assert all(trait in refuted for trait in ("agreeableness", "emotional stability", "openness"))
    told = json.loads(CliRunner().invoke(app, ["show", str(four_kinds.path), "--json"]).output)
    assert told["findings"] == interviews.findings(four_kinds)


def test_steady_agents_are_reliable_and_drifting_ones_less(four_kinds: Run) -> None:
    block = consistency.reliability(four_kinds)
    assert best(block, "alpha", "a") > 0.95
    assert best(block, "retest", "a") > 0.95
    assert worst(block, "alpha", "d") < 0.6
    assert worst(block, "retest", "d") < 0.7
    agreement = change.icc(four_kinds)
    assert best(agreement, "icc", "a") > worst(agreement, "icc", "c") > 0.8
    assert worst(agreement, "icc", "d") < 0.5


def test_every_difference_of_the_grid_is_tested_in_pairs(four_kinds: Run) -> None:
    tests = change.administrations(four_kinds, of="value")
    assert tests.height == 4 * 5
    biased = tests.filter(pl.col("group") == "b")
    assert biased["holm_p"].max() < 0.001  # type: ignore[operator]
    others = tests.filter(pl.col("group").is_in(["a", "d"]))
    assert others["holm_p"].min() > 0.01  # type: ignore[operator]


def test_templates_move_only_the_template_bound(interview: Interview) -> None:
    design = {
        "instrument": "mini_markers",
        "templates": ["rate_options", "rate_number", "rate_comparison"],
    }
    run = interview({"steady": "steady", "bound": "template_bound"}, 24, design)
    block = consistency.reliability(run)
    means = dict(block.group_by("group").agg(pl.col("template_flips").mean()).iter_rows())
    assert means["bound"] > 3 * means["steady"]
    assert best(block, "template_spread", "bound") > worst(block, "template_spread", "steady")


def test_refusals_are_counted_beside_every_score(interview: Interview) -> None:
    run = interview({"open": "steady", "shy": "refusing"}, 24, {"instrument": "mini_markers"})
    quality = consistency.quality(run)
    shares = dict(quality.select("group", "refused").iter_rows())
    assert shares["open"] == 0
    assert shares["shy"] == pytest.approx(0.33, abs=0.06)
    answers = run.table("responses").filter(pl.col("refused")).collect()
    assert answers["value"].null_count() == answers.height > 0
    assert set(answers["outcome"]) == {"clean"}
    scores = consistency.trait_scores(run).filter(pl.col("group") == "shy")
    too_few = scores.filter(pl.col("missing") > 2)
    assert too_few.height > 0
    assert too_few["score"].null_count() == too_few.height


def test_acquiescence_raises_what_is_keyed_one_way(interview: Interview) -> None:
    run = interview({"plain": "steady", "yes": "acquiescent"}, 60, {"instrument": "mini_markers"})
    means = consistency.responses(run).group_by("group", "reversed").agg(pl.col("value").mean())
    found = {(group, keyed): value for group, keyed, value in means.iter_rows()}
    assert found["yes", True] > found["plain", True] + 0.8
    assert found["yes", False] > found["plain", False] + 0.8


def test_hypocrites_act_against_what_they_say(interview: Interview) -> None:
    kinds = {"steady": "steady", "hypocrite": "hypocrite", "deaf": "insensitive"}
    run = interview(kinds, 36, {"instrument": "words_and_deeds"})
    table = knowledge.knowledge_action(run)
    averages = table.group_by("group").agg(pl.all().exclude("agent", "instrument").mean())
    means = averages.rows_by_key("group", named=True, unique=True)
    steady, hypocrite = means["steady"], means["hypocrite"]
    assert steady["consistent"] > 0.9
    assert steady["spearman"] > 0.8 > steady["shuffled_spearman"] + 0.5
    assert hypocrite["spearman"] < -0.5
    assert hypocrite["centred_cosine"] < -0.5
    assert hypocrite["cosine"] > 0.5  # the raw cosine hides it: all ratings are positive
    assert abs(means["deaf"]["spearman"] or 0) < 0.2


def test_words_and_deeds_by_hand() -> None:
    found = knowledge.metrics([7, 1, 4, 6], [7, 3, 4, 5], 4)
    assert (found["difference"], found["consistent"]) == (0.75, 0.75)
    assert found["cosine"] == pytest.approx((49 + 3 + 16 + 30) / (102 * 99) ** 0.5)
    assert found["centred_cosine"] == pytest.approx((9 + 3 + 0 + 2) / (22 * 11) ** 0.5)
    assert found["spearman"] == 1
    assert knowledge.metrics([4, 4, 4], [1, 2, 3], 4)["spearman"] is None


def test_who_acts_as_it_says_does_so_more_than_its_shuffled_pairs(interview: Interview) -> None:
    kinds = {"steady": "steady", "hypocrite": "hypocrite", "deaf": "insensitive"}
    table = knowledge.congruence(interview(kinds, 24, {"instrument": "words_and_deeds"}))
    rows = {(group, metric): row for row in table.to_dicts() for group, metric in [
        (row["group"], row["metric"])
    ]}  # fmt: skip
    assert rows["steady", "spearman"]["low"] > 0.5
    assert rows["steady", "spearman"]["holm_p"] < 0.001
    assert rows["hypocrite", "spearman"]["high"] < -0.3
    assert rows["hypocrite", "difference"]["difference"] > 0.5, "further apart than by chance"
    assert rows["deaf", "consistent"]["difference"] == pytest.approx(0, abs=0.05)


def test_who_is_asked_twice_holds_or_yields(interview: Interview) -> None:
    design = {"instrument": "mini_markers", "reask": True}
    kinds = {"steady": "steady", "yielding": "yielding", "deaf": "insensitive"}
    run = interview(kinds, 36, design)
    table = change.steadfastness(run)
    found = table.rows_by_key("group", named=True, unique=True)
    assert found["steady"]["confidence"] == 1.0
    assert found["deaf"]["rss"] == pytest.approx(0.5)
    assert found["yielding"]["acc2"] <= found["yielding"]["acc1"]
    asked = run.table("responses").filter(pl.col("asking") == 2, agent="p0000").collect()
    call = run.call(f"{asked['scope'][0]}#p0000#2")
    assert [role for role, _ in call.messages] == ["system", "user", "assistant", "user"]
    assert call.messages[1] == call.messages[3]


@settings(deadline=None)
@given(st.floats(0.01, 0.99))
def test_rss_is_one_half_when_answers_never_change(accuracy: float) -> None:
    assert statistics.relative_score(accuracy, accuracy) == pytest.approx(0.5)


def test_rss_of_answers_that_never_change_is_one_half_to_the_last_digit() -> None:
    for right in range(1, 10):
        first = [1.0] * right + [0.0] * (10 - right)
        found = change.confidence_critique(first, first, [0.0] * 10)
        assert (found["rss"], found["confidence"], found["critique"]) == (0.5, 1, 0)


def test_confidence_and_critique_by_hand() -> None:
    # Four questions, the first three answered rightly; then the third is lost, the fourth mended.
    found = change.confidence_critique([1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 0, 1])
    assert (found["acc1"], found["acc2"]) == (0.75, 0.75)
    assert (found["confidence"], found["critique"]) == (pytest.approx(2 / 3), 1)
    assert found["rss"] == pytest.approx(0.5)
    # A question answered rightly every other time, which is held when right and never mended.
    found = change.confidence_critique([0.5], [1], [0])
    assert found == {"acc1": 0.5, "acc2": 0.5, "confidence": 1, "critique": 0, "rss": 0.5}
    assert change.confidence_critique([1, 1], [1, 1], [0, 0])["rss"] is None
    assert change.confidence_critique([], [], [])["acc1"] is None
    assert statistics.relative_score(0.6, 0.84) == pytest.approx(1)
    assert statistics.relative_score(0.6, 0.36) == pytest.approx(0)


PROBABILITY = st.floats(0, 1)


@settings(deadline=None)
@given(st.lists(st.tuples(PROBABILITY, PROBABILITY, PROBABILITY), min_size=1, max_size=30))
def test_acc2_is_the_mixture_of_confidence_and_critique(
    questions: list[tuple[float, float, float]],
) -> None:
    found = change.confidence_critique(*zip(*questions, strict=True))
    acc1, acc2, held, mended, _ = (value or 0.0 for value in found.values())
    assert acc2 == pytest.approx(acc1 * held + (1 - acc1) * mended, abs=1e-9)


def test_inertia_of_constant_and_of_uniform_answers() -> None:
    for points in range(2, 12):
        assert inertia.inertia_index([1.0] + [0.0] * (points - 1)) == 1
        assert inertia.inertia_index(inertia.distribution([*range(1, points + 1)], points)) == 0
    assert inertia.inertia_index([0.5, 0.5, 0, 0]) == pytest.approx(0.5)
    assert inertia.divergence([1, 0], [0, 1]) == pytest.approx(1)
    assert inertia.divergence([0.5, 0.5], [0.5, 0.5]) == pytest.approx(0)


@settings(deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=60))
def test_inertia_stays_between_its_bounds(answers: list[int]) -> None:
    index = inertia.inertia_index(inertia.distribution(answers, 6))
    assert -1e-9 <= index <= 1
    assert (index == 1) == (len(set(answers)) == 1)


def test_stubborn_agents_are_inert_and_personas_steer_the_others(interview: Interview) -> None:
    run = interview(
        {"steady": "steady", "stubborn": "stubborn"},
        60,
        {"instrument": "mini_markers"},
        baseline=10,
    )
    table = inertia.inertia_indices(run)
    assert table.filter(pl.col("group") == "stubborn")["inertia"].to_list() == [1.0] * 5
    steady = table.filter(pl.col("group") == "steady")
    assert steady["inertia"].max() < 0.3  # type: ignore[operator]
    assert (steady["steerability"] > 2 * steady["floor"]).all()
    assert inertia.inertia_indices(run).equals(table), (
        "the random halves do not depend on row order"
    )


def test_compared_samples_are_paired() -> None:
    found = paired.compare([1.0, 2.0, 3.0, 4.0], [2.0, 3.5, 4.0, 5.5])
    assert found.difference == pytest.approx(1.25)
    assert found.t == pytest.approx(1.25 / (0.288675 / 2), rel=1e-4)
    assert found.d == pytest.approx(1.25 / ((5 / 3 + 6.25 / 3) / 2) ** 0.5)
    low, high, _ = found.d_interval
    assert low is not None
    assert high is not None
    assert 0 < low < found.d < high
    assert paired.compare([2.0, 4.0, 1.0, 3.0], [3.5, 5.5, 2.0, 4.0]) == found, "in any order"
    same = paired.compare([1.0, 2.0, 4.0], [1.0, 2.0, 4.0])
    assert (same.difference, same.t_p, same.d) == (0, None, 0)
    assert same.note == "all pairs changed alike"
    with pytest.raises(ValueError, match="2 values cannot be paired with 1"):
        paired.compare([1.0, 2.0], [1.0])


def test_corrections_for_many_tests() -> None:
    p = [0.01, None, 0.04, 0.03]
    assert paired.corrected(p) == [
        pytest.approx(0.03),
        None,
        pytest.approx(0.06),
        pytest.approx(0.06),
    ]
    assert paired.corrected(p, "fdr_bh") == [
        pytest.approx(0.03), None, pytest.approx(0.04), pytest.approx(0.04)
    ]  # fmt: skip


def test_alpha_of_parallel_and_of_unrelated_items() -> None:
    parallel = [[score, score, score] for score in (1.0, 2.0, 4.0, 5.0)]
    assert agreement.cronbach_alpha(parallel).value == pytest.approx(1)
    independent = np.random.default_rng(1).normal(size=(4000, 6)).tolist()
    found = agreement.cronbach_alpha(independent)
    assert found.value == pytest.approx(0, abs=0.1)
    assert found.low < found.value < found.high
    assert agreement.cronbach_alpha([[1, 2], [2, 1]]) == (None, None, None)
    assert agreement.cronbach_alpha([[3, 3]] * 5) == (None, None, None)
    assert agreement.cronbach_alpha([[1, 2, 3], [2, 3, 1], [3, 1, 2]]) == (None, None, None)


def test_alpha_is_that_of_pingouin() -> None:
    pingouin, pandas = pytest.importorskip("pingouin"), pytest.importorskip("pandas")
    scores = np.random.default_rng(2).integers(1, 8, size=(9, 5))
    alpha, interval = pingouin.cronbach_alpha(data=pandas.DataFrame(scores))
    assert agreement.cronbach_alpha(scores) == pytest.approx((alpha, *interval))


def test_intraclass_correlation_of_the_textbook_example() -> None:
    """Shrout & Fleiss 1979, table 2: four judges, six targets; ICC(2,1) is .29, .02 to .76."""
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    assert agreement.intraclass(ratings) == pytest.approx((0.29, 0.02, 0.76), abs=0.005)
    assert agreement.intraclass([[3.0, 3.0]] * 4) == (None, None, None)
    assert agreement.intraclass([[1, 1], [2, 2], [3, 3]]) == (1.0, None, None)


def test_choices_score_by_probability_in_both_orders(interview: Interview, tmp_path: Path) -> None:
    config = interview({"steady": "steady"}, 8, {
        "instrument": "everyday_choices", "option_orders": ["forward", "reversed"],
        "score_by": "logprobs",
    }).config.model_dump(mode="json")  # fmt: skip
    config["population"]["groups"][0]["model"]["options"] = {
        "respondent": {"logprobs": True, "order_bias": 0.3, "noise": 0.0}
    }
    run = societies.run(config, out=tmp_path)
    table = choices.choice_scores(run).join(
        run.table("agents").select("agent", "big_five").collect(), on="agent"
    )
    for trait, found, persona in table.select("trait", "by_probability", "big_five").iter_rows():
        level = personas.persona_level(persona, trait)
        if level:
            assert found == (100 if level > 0 else 0)
    assert societies.replay(run.path).status == "finished"


def test_z_scores_name_instrument_and_sample(tmp_path: Path) -> None:
    (tmp_path / "tipi.txt").write_text("\n".join(f"item {n}" for n in range(1, 11)))
    data = {
        "scenario": "interview",
        "name": "z",
        "model": {"name": "scripted/stubborn"},
        "population": {"size": 2},
        "instruments": {"my_tipi": {"file": str(tmp_path / "tipi.txt"), "key": "tipi"}},
        "protocol": {"questionnaires": [{"instrument": "my_tipi"}]},
    }
    table = consistency.z_scores(societies.run(data, out=tmp_path / "runs"))
    row = table.filter(
        pl.col("trait") == "extraversion", pl.col("sample") == "2003 article sample"
    ).row(0, named=True)
    assert row["instrument"] == "my_tipi"
    assert row["z"] == pytest.approx((4 - 4.44) / 1.45)


def test_before_and_after_are_compared_over_the_same_agents(tmp_path: Path) -> None:
    options = {"respondent": {"drift": 0.3, "noise": 0.05}}
    run = societies.run(
        "donor_game/probed",
        out=tmp_path,
        sets={
            "protocol.generations": 1,
            "protocol.rounds": 2,
            "protocol.games": 1,
            "population.groups": [],
            "population.persona.big_five": dict.fromkeys(["openness", "extraversion"], "average"),
            "model.options": options,
            "probes": [{"instrument": "mini_markers", "before": True, "after": True}],
            "interventions": [{"at": "g1/game1", "say": {"text": "War!", "lasting": True}}],
        },
    )
    table = change.before_after(run, "before", "after")
    moved = table.rows_by_key("trait", named=True, unique=True)
    assert moved["openness"]["pairs"] == 12
    assert moved["openness"]["difference"] == pytest.approx(0.3 * 4, abs=0.15)
    assert moved["emotional_stability"]["difference"] < -0.9
    assert moved["openness"]["holm_p"] < 0.001
    with pytest.raises(ValueError, match=r"nothing was asked at 'never' .*after, before"):
        change.before_after(run, "never", "after")


def test_every_block_of_a_persona_makes_its_double_truer(tmp_path: Path) -> None:
    table = portraits.portrait_accuracy(societies.run("interview/who_am_i", out=tmp_path))
    true = dict(table.select("group", "true_statements").iter_rows())
    assert len(true) == 7
    assert max(true["S"], true["P"], true["C"]) < min(true["SP"], true["SC"], true["PC"])
    assert true["SPC"] == max(true.values())
    assert table["unjudged"].to_list() == [0.0] * 7
