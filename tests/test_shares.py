"""Beside every figure stands how its answers came about, and no figure depends on row order."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import societies
from societies.analysis import tables
from societies.analysis.questionnaires import (
    change,
    consistency,
    inertia,
    knowledge,
    permeability,
    personas,
)
from societies.runs.run import Run
from tests.conftest import forge
from tests.questionnaire_measures import MEASURES as QUESTIONNAIRES

LEVELS = dict.fromkeys(
    ["openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism"], "random"
)
Measure = Callable[[Run], pl.DataFrame]
MEASURES: dict[str, Measure] = {
    "trait_scores": consistency.trait_scores,
    "reliability": consistency.reliability,
    "induction": personas.induction,
    "administrations": change.administrations,
    "drift": change.drift,
    "icc": change.icc,
    "inertia": inertia.inertia_indices,
    "knowledge_action": knowledge.knowledge_action,
    "congruence": knowledge.congruence,
    "permeability": permeability.selective_permeability,
    "summary": tables.summary,
    "response_quality": consistency.quality,
}
PAIRS = ["o1", "o2", "c1", "c2", "e1", "e2", "a1", "a2", "n1", "n2"]
ITEMS = [f"{pair}.{half}" for pair in PAIRS for half in ("say", "do")]
SHARES = ["lenient", "invalid", "refused", "defaulted"]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Ask people who answer, who refuse, and who babble: pairs in two orders, twice."""
    minds: dict[str, dict[str, Any]] = {
        "plain": {"name": "scripted/steady"},
        "shy": {"name": "scripted/refusing"},
        "babbling": {"name": "scripted/steady", "options": {"malformed": 0.4}},
    }
    data = {
        "scenario": "interview",
        "name": "mixed",
        "seed": 2,
        "model": {"name": "scripted/steady"},
        "population": {
            "size": 18,
            "persona": {"big_five": LEVELS},
            "attributes": {"gender": {"values": ["woman", "man"]}},
            "groups": [{"name": name, "share": 1, "model": model} for name, model in minds.items()],
        },
        "protocol": {
            "baseline": 3,
            "questionnaires": [
                {
                    "instrument": "words_and_deeds",
                    "option_orders": ["forward", "reversed"],
                    "repeats": 2,
                    "items": ITEMS,
                }
            ],
        },
    }
    return societies.run(data, out=tmp_path_factory.mktemp("mixed"))


@pytest.fixture(scope="module")
def asked_twice(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Ask refusing and yielding people everything twice."""
    sets = {"population.size": 8, "population.groups.0.model": {"name": "scripted/refusing"}}
    return societies.run(
        "interview/words_and_deeds", out=tmp_path_factory.mktemp("again"), sets=sets
    )


@pytest.mark.parametrize("name", MEASURES)
def test_every_table_tells_the_shares_of_its_answers(mixed: Run, name: str) -> None:
    table = MEASURES[name](mixed)
    assert {"answers", *SHARES} <= set(table.columns)
    told = table.group_by("group").agg(
        ((pl.col(share) * pl.col("answers")).sum() / pl.col("answers").sum()).alias(share)
        for share in SHARES
    )
    found = told.rows_by_key("group", named=True, unique=True)
    outcome = pl.col("outcome")
    logged = (
        consistency.responses(mixed)
        .group_by("group")
        .agg(
            lenient=(outcome == "lenient").mean(),
            invalid=outcome.is_in(["repaired", "defaulted"]).mean(),
            refused=pl.col("refused").mean(),
            defaulted=(outcome == "defaulted").mean(),
        )
        .rows_by_key("group", named=True, unique=True)
    )
    assert found["shy"] == pytest.approx(logged["shy"])
    assert found["babbling"] == pytest.approx(logged["babbling"])
    assert found["plain"] == dict.fromkeys(SHARES, 0)
    assert logged["shy"]["refused"] > 0.2
    assert logged["babbling"]["invalid"] > logged["babbling"]["defaulted"] > 0


def test_who_is_asked_twice_is_counted_twice(asked_twice: Run) -> None:
    table = change.steadfastness(asked_twice).rows_by_key("group", named=True, unique=True)
    assert table["steady"]["answers"] == 2 * 2 * 70, "two agents, each seventy questions twice"
    assert table["steady"]["refused"] > 0.2, "this group refuses"
    assert table["steady"]["questions"] < 2 * 70
    assert table["hypocrite"]["refused"] == 0


def test_nobody_who_says_nothing_is_left_out_of_a_table(tmp_path: Path) -> None:
    options = {"respondent": {"refusal": 1.0}}
    sets = {"population.size": 4, "population.groups": [], "model.options": options}
    run = societies.run("interview/words_and_deeds", out=tmp_path, sets=sets)
    told = {name: MEASURES[name](run) for name in ("inertia", "drift", "icc", "knowledge_action")}
    assert all(table.height > 0 and (table["refused"] == 1).all() for table in told.values())
    assert told["inertia"]["inertia"].null_count() == told["inertia"].height
    assert told["knowledge_action"]["spearman"].null_count() == 4
    assert change.steadfastness(run)["acc1"].to_list() == [None]


@pytest.mark.parametrize("name", [*MEASURES, "steadfastness", "choice_scores"])
def test_no_figure_depends_on_the_order_of_rows(
    mixed: Run, asked_twice: Run, tmp_path: Path, name: str
) -> None:
    run, measure = mixed, MEASURES.get(name)
    if measure is None:
        run, measure = asked_twice, QUESTIONNAIRES[name]
    if name == "choice_scores":
        run = societies.run("interview/trait_form", out=tmp_path, sets={"population.size": 2})
        assert {"answers", *SHARES} <= set(measure(run).columns)
    shuffled = shutil.copytree(run.path, tmp_path / "1")
    for table in ("responses", "agents"):
        forge(Run(shuffled), table, lambda rows: rows.sample(fraction=1, shuffle=True, seed=3))
    first, second = measure(run), measure(Run(shuffled))
    assert first.columns == second.columns
    assert first.equals(second, null_equal=True)


def test_the_baseline_of_shuffled_pairs_does_not_depend_on_their_order() -> None:
    from societies.analysis.questionnaires.knowledge import shuffled

    said, done = [1.0, 5.0, 3.0, 7.0, 2.0], [2.0, 4.0, 3.0, 6.0, 2.0]
    assert shuffled(said, done, 4) == shuffled(said[::-1], done[::-1], 4)


def test_fresh_and_remembered_questionnaires_are_told_apart(tmp_path: Path) -> None:
    probes = [
        {
            "name": context,
            "instrument": "mini_markers",
            "context": context,
            "before": True,
            "after": True,
        }
        for context in ("fresh", "shared")
    ]
    sets = {
        "protocol.generations": 1,
        "protocol.rounds": 2,
        "population.size": 4,
        "protocol.survivors": 2,
        "probes": probes,
    }
    run = societies.run("donor_game/probed", out=tmp_path, sets=sets)
    table = change.before_after(run, "before", "after")
    told = table.group_by("context").agg(pl.col("pairs").sum(), pl.col("answers").sum())
    assert sorted(told.rows()) == [("fresh", 4 * 5, 2 * 4 * 40), ("shared", 4 * 5, 2 * 4 * 40)]
