"""Repetitions: intervals over runs, and profiles correlated across seeds."""

import re
from itertools import combinations
from pathlib import Path

import polars as pl
import pytest

import societies
from societies.analysis import replication, statistics, tables
from societies.analysis.questionnaires import consistency
from societies.errors import InputError
from societies.runs.run import Run
from tests.questionnaire_measures import MEASURES

PROFILE = {
    "openness": "very high",
    "conscientiousness": "low",
    "extraversion": "average",
    "agreeableness": "high",
    "neuroticism": "very low",
}


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Three repetitions of an interview with steady and with refusing people."""
    out = tmp_path_factory.mktemp("seeds")
    data = {
        "scenario": "interview",
        "name": "twice",
        "model": {"name": "scripted/steady", "options": {"respondent": {"noise": 0.3}}},
        "population": {
            "size": 12,
            "persona": {"big_five": PROFILE},
            "groups": [
                {"name": "open", "share": 1},
                {"name": "shy", "share": 1, "model": {"name": "scripted/refusing"}},
            ],
        },
        "protocol": {"questionnaires": [{"instrument": "mini_markers"}]},
    }
    return [societies.run(data, out=out, seed=seed) for seed in (111, 333, 555)]


def test_an_interval_over_runs_rests_on_one_value_per_run(seeds: list[Run]) -> None:
    keys = ["group", "trait"]
    table = replication.across_runs(seeds, consistency.trait_scores, "item_mean", by=keys)
    assert table.height == 2 * 5
    row = table.filter(group="open", trait="openness").row(0, named=True)
    means = [
        consistency.trait_scores(run).filter(group="open", trait="openness")["item_mean"].mean()
        for run in seeds
    ]
    assert row["mean"] == pytest.approx(sum(means) / 3)  # type: ignore[arg-type]
    assert (row["low"], row["high"]) == statistics.mean_interval(means)[:2]  # type: ignore[arg-type]
    assert (row["runs"], row["answers"], row["refused"]) == (3, 3 * 6 * 8, 0)
    shy = table.filter(group="shy")
    assert shy["refused"].mean() == pytest.approx(0.33, abs=0.08)


def test_any_table_of_any_scenario_has_intervals_over_runs(seeds: list[Run]) -> None:
    by_group = replication.across_runs(seeds, tables.summary, "induction", by="group")
    assert by_group["runs"].to_list() == [0, 0], "nobody is high where everybody is alike"
    assert by_group["mean"].to_list() == [None, None]
    all_together = replication.across_runs(seeds, consistency.trait_scores, "item_mean")
    assert all_together.height == 1


def test_mean_profiles_correlate_across_seeds(seeds: list[Run]) -> None:
    table = replication.profile_correlations(seeds)
    assert table.select("group", "one", "other").rows() == [
        (group, one.name, other.name)
        for group in ("open", "shy")
        for one, other in combinations(seeds, 2)
    ]
    steady = table.filter(group="open")
    assert steady["r"].min() > 0.95  # type: ignore[operator]
    assert (steady["low"] < steady["r"]).all()
    assert steady["traits"].to_list() == [5] * 3
    assert steady["answers"].to_list() == [2 * 6 * 40] * 3
    assert table.filter(group="shy")["refused"].min() > 0.2  # type: ignore[operator]


def test_one_run_is_no_repetition(seeds: list[Run]) -> None:
    only = "at least two of them, and there is only .*twice/111: repeat it with other seeds"
    with pytest.raises(InputError, match=only):
        replication.across_runs(seeds[0], consistency.trait_scores, "item_mean")
    with pytest.raises(InputError, match=only):
        replication.profile_correlations(seeds[:1])
    with pytest.raises(InputError, match="given twice"):
        replication.profile_correlations([seeds[0], seeds[0]])


def test_the_readmes_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    section = readme[readme.index("## Analyse runs") :]
    example = section[section.index("```python") + 9 : section.index("```\n\n|")]
    monkeypatch.chdir(tmp_path)
    exec(example, {})  # noqa: S102 - it is ours
    assert (tmp_path / "figures" / "profile.png").is_file()
    named = set(re.findall(r"`([a-z_]+)`", section[: section.index("## Write a scenario")]))
    assert set(MEASURES) - {"requests", "taken_on", "with_requests"} <= named, (
        "the table lists every public name"
    )


def test_a_scenario_without_results_says_so(seeds: list[Run], monkeypatch) -> None:
    monkeypatch.setattr(tables, "summarise", lambda _: None)
    with pytest.raises(InputError, match="scenario interview has no result table"):
        tables.summary(seeds[0])


def test_means_are_over_all_rows_of_a_key(seeds: list[Run]) -> None:
    table = replication.across_runs(seeds, consistency.quality, "refused", by="group")
    told = dict(table.select("group", "mean").iter_rows())
    asked = [
        run.table("responses")
        .filter(pl.col("model") == "scripted/refusing")
        .select(pl.col("refused").mean())
        .collect()
        .item()
        for run in seeds
    ]
    assert told["open"] == 0
    assert told["shy"] == pytest.approx(sum(asked) / 3)
