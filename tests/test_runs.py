"""Several runs as one: where they are found, how they are told apart, and what they have."""

import re
import shutil
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import societies
from societies import analysis
from societies.analysis.measures import Column, measure, measure_each
from societies.analysis.questionnaires import consistency
from societies.cli.main import app
from societies.errors import InputError
from societies.execute.fork import fork
from societies.execute.rebuild import rebuild
from societies.execute.replay import left_out
from societies.runs.run import Run
from societies.runs.runs import Runs
from societies.scenarios.donor_game import measures
from tests.conftest import SMALL, forge
from tests.questionnaire_measures import MEASURES

FULL = ("agents", "calls", "donations", "steps", "strategies")


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Play four small games: two multipliers, two seeds."""
    out = tmp_path_factory.mktemp("sweep")
    for multiplier in (2.0, 3.0):
        for seed in (2, 10):
            sets = {**SMALL, "protocol.multiplier": multiplier}
            societies.run("donor_game/demo", out=out / f"m{multiplier:g}", seed=seed, sets=sets)
    return out


def labels(given: object) -> list[str]:
    return [str(run.path) for run in Runs.of(given)]  # type: ignore[arg-type]


def test_runs_are_found_in_a_folder_by_a_pattern_and_one_by_one(sweep: Path) -> None:
    found = [
        str(sweep / f"m{m}" / "donor_game-demo" / seed) for m in (2, 3) for seed in ("2", "10")
    ]
    assert labels(sweep) == found, "in the order of their numbers"
    assert labels(f"{sweep}/m*/donor_game-demo/*") == found
    assert labels([sweep / "m2", Run(found[2]), found[3]]) == found
    assert labels(found[0]) == found[:1]
    assert labels(analysis.load(sweep)[1:3]) == found[1:3]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "none is given"),
        ("nowhere", "nowhere is neither a run nor a folder of runs"),
        ("nowhere/*", r"nowhere/\* is neither a run nor a folder of runs"),
    ],
)
def test_what_holds_no_run_is_named(given: list[str] | str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        Runs(given)


def test_a_folder_without_runs_and_a_run_given_twice_are_named(sweep: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no run"):
        Runs(tmp_path)
    with pytest.raises(InputError, match="m2/donor_game-demo/2 is given twice"):
        Runs([sweep, sweep / "m2" / "donor_game-demo" / "2"])


def test_parameters_that_differ_are_columns(sweep: Path) -> None:
    runs = societies.Runs(sweep)
    assert runs.parameters.columns == ["run", "seed", "protocol.multiplier"]
    assert runs.parameters.drop("run").rows() == [(2, 2.0), (10, 2.0), (2, 3.0), (10, 3.0)]
    table = runs.table("donations").collect()
    assert table.height == 4 * 2 * 16
    means = table.group_by("protocol.multiplier").agg(pl.col("run").n_unique())
    assert dict(means.iter_rows()) == {2.0: 2, 3.0: 2}
    alone = Runs(sweep / "m2" / "donor_game-demo" / "2").table("donations").collect()
    assert alone.columns == runs.rows("donations").collect_schema().names()


def test_every_measure_takes_a_run_several_or_where_they_lie(sweep: Path) -> None:
    one = Run(sweep / "m2" / "donor_game-demo" / "2")
    assert measures.gini(one).equals(measures.gini(str(one.path)))
    assert measures.gini(sweep)["run"].n_unique() == 4
    assert measures.summary(one).columns == measures.summary([one]).drop("run").columns
    quality = consistency.quality([one])
    assert quality.columns[0] == "run"
    assert {"induction", "reliability", "drift"} < set(MEASURES)


def test_a_measure_says_what_its_columns_mean() -> None:
    @measure(given=Column("mean contribution", "units"), main=True)
    def contributions(runs: Runs) -> pl.DataFrame:
        """Return nothing."""
        return pl.DataFrame(schema={"run": pl.String})

    assert str(contributions.column("given")) == "mean contribution (units)"
    assert str(contributions.column("defaulted")).endswith("(share of answers)")
    assert str(contributions.column("first_seen")) == "first seen"
    assert contributions.main
    assert contributions.__name__ == "contributions"


def test_tables_of_several_runs_stand_below_each_other(sweep: Path) -> None:
    @measure_each()
    def height(run: Run, name: str) -> pl.DataFrame:
        return run.rows(name).select(rows=pl.len()).collect()

    assert height(Run(sweep / "m2" / "donor_game-demo" / "2"), "scores").rows() == [(8,)]
    both = height(sweep / "m2", name="scores")
    assert both.rows() == [(run.name, 8) for run in Runs(sweep / "m2")]


def test_what_an_earlier_version_did_not_record_is_null_and_not_compared(
    sweep: Path, tmp_path: Path
) -> None:
    shutil.copytree(sweep / "m2" / "donor_game-demo" / "2", tmp_path / "old" / "2")
    old, new = Run(tmp_path / "old" / "2"), Run(sweep / "m2" / "donor_game-demo" / "10")
    forge(old, "donations", lambda rows: rows.drop("justification").with_columns(gone=pl.lit(1)))
    shares = (
        Runs([old, new]).rows("donations").group_by("run").agg(pl.col("justification").null_count())
    )
    assert dict(shares.collect().iter_rows()) == {old.name: 32, new.name: 0}
    assert left_out(old) == [
        "column 'justification' of table 'donations' is not recorded",
        "column 'gone' of table 'donations' is recorded no more",
    ]
    done = CliRunner().invoke(app, ["replay", str(old.path), "--quiet"])
    assert done.exit_code == 0
    assert (
        "not compared: column 'justification' of table 'donations' is not recorded" in done.stderr
    )
    assert left_out(new) == []


def test_a_run_says_which_it_is(tmp_path: Path) -> None:
    def played(out: str, given: str = "donor_game/demo", seed: int = 1, **sets: object) -> Run:
        return societies.run(given, out=tmp_path / out, seed=seed, sets={**SMALL, **sets})

    first = played("a")
    assert re.fullmatch(r"donor_game-demo/1@[0-9a-f]{8}", first.name)
    assert first.about["run"] == first.name
    told = {name: first.table(name).select("run").unique().collect().item() for name in FULL}
    assert told == dict.fromkeys(FULL, first.name)
    assert played("b", **{"limits.in_flight": 1}).name == first.name, "the same study elsewhere"
    others = [
        played("a"),
        played("a", seed=2),
        played("a", **{"protocol.multiplier": 3}),
        fork(first.path, "g2", out=tmp_path / "a"),
    ]
    assert len({first.name, *(run.name for run in others)}) == 5
    assert [Path(run.name.partition("@")[0]).name for run in others] == ["1-2", "2", "1-3", "1-4"]
    (first.path / "run.json").unlink()
    assert first.name == told["calls"], "it follows from what the run is made of"
    assert rebuild(first.path).name == told["calls"]


def test_runs_of_two_folders_are_not_taken_for_one(tmp_path: Path) -> None:
    both = [
        societies.run(
            "donor_game/demo", out=tmp_path / str(m), sets={**SMALL, "protocol.multiplier": m}
        )
        for m in (2, 3)
    ]
    assert both[0].path.parts[-2:] == both[1].path.parts[-2:] == ("donor_game-demo", "1")
    tables = [Runs(run).table("donations").collect() for run in both]
    assert pl.concat(tables)["run"].unique(maintain_order=True).to_list() == list(Runs(both).labels)
