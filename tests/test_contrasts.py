"""Conditions of a study: never pooled by accident, and compared with intervals over runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from matplotlib.figure import Figure
from scipy import stats

import societies
from societies.analysis import replication
from societies.analysis.kit import (
    Runs,
    bars,
    conditions,
    contrast,
    factors,
    heat,
    lines,
    means,
    with_factors,
)
from societies.errors import InputError
from societies.runs.run import Run
from societies.scenarios.donor_game.measures import gini

MULTIPLIER = "protocol.multiplier"
TINY = {
    "population.size": 2,
    "protocol.generations": 1,
    "protocol.rounds": 1,
    "protocol.survivors": 1,
}
"""Settings of the smallest donor game."""


@pytest.fixture(scope="module")
def games(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Play two conditions with three seeds each, and one seed more of the second."""
    out = tmp_path_factory.mktemp("games")
    for multiplier, seeds in ((2.0, (1, 2, 3)), (3.0, (1, 2, 3, 4))):
        for seed in seeds:
            sets = {**TINY, MULTIPLIER: multiplier, "limits.max_calls": 1000 + seed}
            societies.run("donor_game/demo", out=out / f"m{multiplier:g}", seed=seed, sets=sets)
    return Runs(out)


def table_of(values: dict[tuple[float, int], float | None]):
    """Return what makes a table of one figure, by the multiplier and the seed of a run."""

    def tabulate(run: Run) -> pl.DataFrame:
        found = values.get((run.config.protocol.multiplier, run.config.seed))
        return pl.DataFrame({"figure": [found], "defaulted": [0.25]}, schema_overrides=TYPES)

    return tabulate


TYPES = {"figure": pl.Float64}
FIRST, SECOND = (1.0, 2.0, 4.0), (3.0, 5.0, 8.0)
BOTH = {(2.0, n): value for n, value in enumerate(FIRST, 1)} | {
    (3.0, n): value for n, value in enumerate((*SECOND, 4.0), 1)
}


def test_repetitions_differ_in_seeds_limits_and_names_only(games: Runs) -> None:
    assert {"seed", "limits.max_calls", MULTIPLIER} <= set(games.parameters.columns)
    assert conditions(games).columns == ["run", MULTIPLIER]
    assert conditions(games[:3]).columns == ["run"]


def test_independent_runs_are_compared_by_welch(games: Runs) -> None:
    row = contrast(games, table_of(BOTH), "figure", between=MULTIPLIER).row(0, named=True)
    expected = stats.ttest_ind((*SECOND, 4.0), FIRST, equal_var=False).confidence_interval()
    assert row["difference"] == pytest.approx(5.0 - 7 / 3)
    assert (row["low"], row["high"]) == pytest.approx(tuple(expected))
    assert (row["first"], row["second"], row["design"]) == ("2.0", "3.0", "independent runs")
    assert (row["first_runs"], row["second_runs"]) == (3, 4)
    assert (row["first_defaulted"], row["note"], row["also"]) == (0.25, None, None)


def test_runs_of_the_same_seeds_are_compared_in_pairs(games: Runs) -> None:
    found = contrast(games[:6], table_of(BOTH), "figure", between=MULTIPLIER)
    row = found.row(0, named=True)
    # Differences of 2, 3 and 4: mean 3, standard error 1 / sqrt(3), t(2) = 4.3027.
    assert row["difference"] == pytest.approx(3.0)
    assert (row["low"], row["high"]) == pytest.approx((3 - 2.48414, 3 + 2.48414), abs=1e-5)
    assert row["design"] == "paired by seed"
    apart = contrast(games[:6], table_of(BOTH), "figure", between=MULTIPLIER, paired=False)
    expected = stats.ttest_ind(SECOND, FIRST, equal_var=False).confidence_interval()
    assert apart.select("low", "high").row(0) == pytest.approx(tuple(expected))
    assert apart["design"].to_list() == ["independent runs"]


def test_what_cannot_be_compared_says_why(games: Runs) -> None:
    one_each = Runs([games[0], games[3]])
    row = contrast(one_each, table_of(BOTH), "figure", between=MULTIPLIER).row(0, named=True)
    assert (row["difference"], row["low"]) == (2.0, None)
    assert row["note"] == "fewer than 3 pairs of runs"
    unlike = Runs([games[0], games[4]])
    row = contrast(unlike, table_of(BOTH), "figure", between=MULTIPLIER).row(0, named=True)
    assert (row["design"], row["note"]) == ("independent runs", "fewer than 3 runs of each")
    with pytest.raises(InputError, match=r"cannot be paired by seed: the seeds are \[1\] and \[2"):
        contrast(unlike, table_of(BOTH), "figure", between=MULTIPLIER, paired=True)
    with pytest.raises(InputError, match=r"no parameter .protocol\.multipler..*did you mean"):
        contrast(games, table_of(BOTH), "figure", between="protocol.multipler")
    with pytest.raises(InputError, match=r"defaulted is 0\.25 in all of"):
        contrast(games, table_of(BOTH), "figure", between="defaulted")


def test_a_figure_that_is_unknown_in_a_run_takes_its_partner_along(games: Runs) -> None:
    values = {**BOTH, (2.0, 2): None}
    row = contrast(games[:6], table_of(values), "figure", between=MULTIPLIER).row(0, named=True)
    assert (row["first_runs"], row["second_runs"], row["difference"]) == (2, 2, 3.0)
    assert (row["first_mean"], row["second_mean"]) == (2.5, 5.5)


def test_what_else_differs_parts_the_rows_or_goes_along(tmp_path: Path) -> None:
    def runs_of(folder: str, conditions: Sequence[dict[str, Any]]) -> Runs:
        for place, sets in enumerate(conditions):
            out = tmp_path / folder / str(place)
            societies.run("donor_game/demo", out=out, sets={**TINY, **sets})
        return Runs(tmp_path / folder)

    def given(run: Run) -> pl.DataFrame:
        return run.table("donations").select(pl.col("amount").mean()).collect()

    cost = "protocol.costly_punishment"
    crossed = [{MULTIPLIER: by, cost: cost_} for by in (2.0, 3.0) for cost_ in (False, True)]
    found = contrast(runs_of("crossed", crossed), given, "amount", between=MULTIPLIER)
    assert found.columns[:2] == [cost, "between"]
    assert found.select(cost, "first_runs", "second_runs", "also").rows() == [
        (False, 1, 1, None),
        (True, 1, 1, None),
    ]
    gaps = [*crossed[:3]]
    rows = contrast(runs_of("gaps", gaps), given, "amount", between=MULTIPLIER)
    assert rows.select(cost, "first_runs", "second_runs").rows() == [(False, 1, 1), (True, 1, 0)]
    assert rows["difference"].is_null().to_list() == [False, True]
    tied = [{MULTIPLIER: 2.0, cost: False}, {MULTIPLIER: 3.0, cost: True}]
    assert contrast(runs_of("tied", tied), given, "amount", between=MULTIPLIER)["also"].item() == (
        cost
    )


def test_a_parameter_that_is_not_set_is_a_condition(tmp_path: Path) -> None:
    sets = [{**TINY, "model.temperature": value} for value in (0.5, None)]
    runs = [societies.run("donor_game/demo", out=tmp_path, sets=each) for each in sets]
    row = contrast(runs, table_of({}), "figure", between="model.temperature").row(0, named=True)
    assert (row["first"], row["second"], row["difference"]) == ("null", "0.5", None)


def test_no_mean_is_over_runs_of_different_conditions(games: Runs) -> None:
    table = replication.across_runs(games, table_of(BOTH), "figure")
    assert table.select(MULTIPLIER, "runs", "mean").rows() == [
        (2.0, 3, pytest.approx(7 / 3)),
        (3.0, 4, 5.0),
    ]


CROSSED = {
    "scenario": "donor_game",
    "model": {"name": "scripted/persona"},
    "population": {
        "size": 4,
        "groups": [{"name": "a", "share": 1}, {"name": "b", "share": 1}],
        "models": [
            {"name": "scripted/persona", "temperature": 0.1},
            {"name": "scripted/persona", "temperature": 0.9},
        ],
        "cross": {"big_five.agreeableness": ["low", "high"], "tone": ["calm", "loud"]},
    },
    "protocol": {"generations": 1, "rounds": 2, "survivors": 2},
}
AGREEABLE = "big_five.agreeableness"


@pytest.fixture(scope="module")
def crossed(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Play a crossed design three times."""
    out = tmp_path_factory.mktemp("crossed")
    return Runs([societies.run(CROSSED, out=out, seed=seed) for seed in (1, 2, 3)])


def test_factors_are_columns_as_they_were_drawn(crossed: Runs) -> None:
    drawn = factors(crossed[0])
    people = crossed[0].config.draw().people(4)
    assert drawn[AGREEABLE].to_list() == [p.persona.big_five["agreeableness"] for p in people]
    assert drawn["attributes.tone"].to_list() == [p.persona.attributes["tone"] for p in people]
    assert drawn["model"].to_list() == [
        crossed[0].config.labels()[p.model.fingerprint] for p in people
    ]
    assert [text.count('"temperature":0.1') for text in drawn["sampling"]] == [
        p.model.temperature == 0.1 for p in people
    ]
    assert drawn["group"].to_list() == [p.group for p in people]
    assert factors(crossed).height == 12
    assert str(factors.column("person")).startswith("place in the population's sequence")


def test_factors_join_any_table_by_its_agents(crossed: Runs) -> None:
    joined = with_factors(crossed.rows("donations"), crossed, AGREEABLE).collect()
    level = dict(factors(crossed[0]).select("agent", AGREEABLE).iter_rows())
    first = joined.filter(run=crossed.labels[0])
    assert first[AGREEABLE].to_list() == [level[agent] for agent in first["agent"]]
    with pytest.raises(
        InputError, match=r"agents have no factor .big_five\.agreeablenes.; did you"
    ):
        with_factors(crossed.rows("donations"), crossed, "big_five.agreeablenes")
    table = means(crossed, "donations", by=[AGREEABLE, "round"], of={"given": "amount"})
    assert table.columns[:3] == [AGREEABLE, "round", "runs"]
    assert set(table[AGREEABLE]) == {"low", "high"}


def test_groups_of_one_run_are_compared_within_runs(crossed: Runs) -> None:
    def given(run: Run) -> pl.DataFrame:
        rows = run.table("donations").group_by("agent", maintain_order=True)
        return rows.agg(pl.col("amount").mean()).collect()

    row = contrast(crossed, given, "amount", between=AGREEABLE).row(0, named=True)
    assert (row["first"], row["second"]) == ("low", "high"), "as levels rise"
    sides = {row["first"]: row["first_mean"], row["second"]: row["second_mean"]}
    table = means(crossed, "donations", by=AGREEABLE, of={"given": "amount"})
    assert sides == pytest.approx(dict(table.select(AGREEABLE, "given").iter_rows()))
    assert (row["design"], row["first_runs"], row["second_runs"]) == ("within runs", 3, 3)
    each = [contrast(run, given, "amount", between=AGREEABLE) for run in crossed]
    changes = [table["difference"].item() for table in each]
    expected = stats.ttest_1samp(changes, 0).confidence_interval()
    assert (row["low"], row["high"]) == pytest.approx(tuple(expected))


def test_an_old_run_has_factors() -> None:
    old = factors(Path(__file__).parent / "old_runs" / "donor_game")
    assert set(old["big_five.openness"]) <= {"very low", "low", "average", "high", "very high"}
    assert old["model"].unique().to_list() == ["scripted/persona"]


def test_lines_are_parted_by_the_conditions(games: Runs) -> None:
    table = means(games, "donations", by="round", of={"given": "amount"})
    axes = Figure().subplots()
    lines(axes, table, x="round", y="given")
    assert [line.get_label() for line in axes.lines] == ["multiplier 2.0", "multiplier 3.0"]
    axes = Figure().subplots()
    lines(axes, table.filter(pl.col(MULTIPLIER) == 2.0), x="round", y="given")
    assert len(axes.lines) == 1
    assert axes.get_legend() is None


@pytest.mark.parametrize("draw", [lines, bars])
def test_no_two_rows_are_drawn_as_one(draw: Any) -> None:
    table = pl.DataFrame({"round": [1, 1, 2, 2], "who": ["a", "b"] * 2, "given": [1.0, 2, 3, 4]})
    with pytest.raises(InputError, match="2 rows for round 1; name the column"):
        draw(Figure().subplots(), table, x="round", y="given")
    draw(Figure().subplots(), table, x="round", y="given", by="who")
    with pytest.raises(InputError, match="2 rows for round 1"):
        heat(Figure().subplots(), table.with_columns(one=1), x="round", y="one", value="given")


def test_the_same_run_twice_is_no_repetition(tmp_path: Path) -> None:
    again = [societies.run("donor_game/demo", out=tmp_path, sets=TINY) for _ in range(2)]
    other = societies.run("donor_game/demo", out=tmp_path, seed=2, sets=TINY)
    with pytest.raises(InputError, match=r"demo/1@\w{8} and .*demo/1-2@\w{8} are the same run"):
        means(Runs([*again, other]), "donations", by="round", of={"given": "amount"})
    with pytest.raises(InputError, match="give them different seeds"):
        replication.across_runs([*again, other], gini, "gini")
    assert means(Runs([again[0], other]), "donations", "round", {"given": "amount"}).height
