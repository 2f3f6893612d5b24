"""The kit of measures and panels: means with intervals, and what helpers draw."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from typer.testing import CliRunner

import societies
from societies.analysis.kit import (
    Column,
    bars,
    dots,
    heat,
    lines,
    means,
    measure,
    overview,
    page,
    panel,
    rules_at,
    save_panels,
)
from societies.analysis.statistics import mean_interval
from societies.cli.main import app
from societies.errors import InputError
from societies.runs.run import Run
from societies.runs.runs import Runs
from tests.conftest import SMALL


@pytest.fixture(scope="module")
def games(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Play two conditions with three seeds each."""
    out = tmp_path_factory.mktemp("games")
    for multiplier in (2.0, 3.0):
        for seed in (1, 2, 3):
            sets = {**SMALL, "protocol.multiplier": multiplier}
            societies.run("donor_game/demo", out=out / f"m{multiplier:g}", seed=seed, sets=sets)
    return Runs(out)


def given(run: Run, number: int) -> list[float]:
    """Return what every donor gave in a round, on average."""
    rows = run.rows("donations").filter(round=number).group_by("agent").agg(pl.mean("amount"))
    return rows.sort("agent").collect()["amount"].to_list()


def test_the_interval_of_one_run_is_over_agents(games: Runs) -> None:
    table = means(games[:1], "donations", by="round", of={"given": "amount"})
    row = table.row(0, named=True)
    amounts = given(games[0], 1)
    assert (row["round"], row["runs"]) == (1, 1)
    assert row["given"] == pytest.approx(sum(amounts) / len(amounts))
    assert (row["given_low"], row["given_high"]) == mean_interval(amounts)[:2]
    assert row["answers"] == games[0].rows("donations").filter(round=1).collect().height


def test_the_interval_of_several_is_over_runs_of_one_condition(games: Runs) -> None:
    table = means(games, "donations", by="round", of={"given": "amount"})
    assert table.columns[:3] == ["protocol.multiplier", "round", "runs"]
    assert table["runs"].unique().to_list() == [3]
    row = table.row(0, named=True)
    each = [sum(amounts) / len(amounts) for run in games[:3] if (amounts := given(run, 1))]
    assert row["given"] == pytest.approx(sum(each) / 3)
    assert (row["given_low"], row["given_high"]) == pytest.approx(mean_interval(each)[:2])


def test_means_of_nothing_have_columns(games: Runs) -> None:
    table = means(games[:1], "responses", by="trait", of={"score": "score"})
    assert table.is_empty()
    assert table.columns[:4] == ["trait", "runs", "score", "score_low"]


def test_the_rules_in_force_are_told_for_a_row(games: Runs) -> None:
    assert rules_at(games[-1], 0).multiplier == 3.0


def test_a_panel_draws_itself_and_is_saved_either_way(games: Runs, tmp_path: Path) -> None:
    @panel("Gifts", "Mean of all donors per round; band: 95 % interval over runs.")
    def draw_gifts(axes: Axes, runs: Runs) -> None:
        table = means(runs, "donations", by="round", of={"given": "amount"})
        lines(axes, table, x="round", y="given", by="protocol.multiplier")

    axes = Figure().subplots()
    draw_gifts(axes, games)
    assert axes.get_title(loc="left") == "Gifts"
    assert [line.get_label() for line in axes.lines] == ["multiplier 2.0", "multiplier 3.0"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("round", "given")
    assert len(axes.collections) == 2, "a band each"
    (file,) = save_panels([draw_gifts], games, tmp_path)
    assert file == tmp_path / "gifts.png"
    drawn = draw_gifts.save(games, tmp_path, "svg").read_bytes()
    assert drawn.startswith(b"<?xml")
    assert b"6 runs" in drawn
    assert draw_gifts.save(games, tmp_path, "svg").read_bytes() == drawn, "always the same file"


TABLE = pl.DataFrame(
    {
        "who": ["a", "a", "b", "b"],
        "kind": ["x", "y", "x", "y"],
        "value": [None, None, 1.0, 2.0],
        "value_low": [None, None, 0.5, None],
        "value_high": [None, None, 1.5, None],
    }
)
Draw = Callable[..., None]


@pytest.mark.parametrize("draw", [dots, bars])
def test_a_group_without_a_value_stays_in_the_legend(draw: Draw) -> None:
    axes = Figure().subplots()
    draw(axes, TABLE, x="kind", y="value", by="who")
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["who a", "who b"]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["x", "y"]


@pytest.mark.parametrize("draw", [lines, dots, bars])
def test_what_is_not_there_is_said(draw: Draw) -> None:
    axes = Figure().subplots()
    draw(axes, TABLE.filter(who="a"), x="kind", y="value")
    assert [text.get_text() for text in axes.texts] == ["there is no data"]


def test_a_heat_map_leaves_unknown_cells_empty() -> None:
    axes = Figure().subplots()
    heat(axes, TABLE, x="kind", y="who", value="value")
    assert axes.images[0].get_array().count() == 2  # type: ignore[union-attr]


@pytest.mark.parametrize(("suffix", "start"), [("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_show_draws_vectors_on_demand(games: Runs, suffix: str, start: bytes) -> None:
    done = CliRunner().invoke(app, ["show", str(games[0].path), "--plots", "--format", suffix])
    assert done.exit_code == 0
    drawn = games[0].path / "plots" / f"lineage.{suffix}"
    assert drawn.read_bytes().startswith(start)
    assert drawn.name in done.stdout


def test_plots_are_saved_as_what_is_known(games: Runs) -> None:
    done = CliRunner().invoke(app, ["show", str(games[0].path), "--format", "jpg"])
    assert done.exit_code == 2
    assert "'png', 'svg', 'pdf'" in done.stderr


def test_a_page_holds_panels_and_makes_each_table_once(games: Runs, tmp_path: Path) -> None:
    made = []

    @measure(given=Column("mean gift", "units"))
    def gifts(runs: Runs) -> pl.DataFrame:
        made.append(runs.labels)
        return means(runs, "donations", by="round", of={"given": "amount"})

    @panel("Gifts", "Mean of all donors per round.")
    def draw_gifts(axes: Axes, runs: Runs) -> None:
        axes.set_ylabel(str(gifts.column("given")))
        lines(axes, gifts(runs), x="round", y="given")

    @page("Twice", "The same on two axes.", size=lambda runs: (4.0, 2.0 * len(runs)))
    def draw_twice(figure: FigureBase, runs: Runs) -> None:
        for axes in figure.subplots(1, 2):
            draw_gifts(axes, runs)

    @panel("Nothing", "What nobody did.", shown=lambda _: False)
    def draw_nothing(axes: Axes, runs: Runs) -> None:
        raise AssertionError("there is nothing to show")

    rows = [(draw_gifts, draw_nothing), (draw_gifts, draw_twice)]
    both = overview("overview", "All", "All pictures.", rows, (9, 6), heights=(1, 2))
    assert len(both.figure(games).axes) == 4
    assert draw_twice.figure(games).get_size_inches().tolist() == [4.0, 12.0]
    made.clear()
    files = save_panels((both, draw_gifts, draw_nothing, draw_twice), games, tmp_path)
    assert [file.name for file in files] == ["overview.png", "gifts.png", "twice.png"]
    assert made == [games.labels]
    gifts(games)
    gifts(games)
    assert len(made) == 3, "runs that grow are read anew"


def test_one_run_is_asked_for(games: Runs) -> None:
    assert games[:1].only.path == games[0].path
    with pytest.raises(InputError, match="about one run, and 6 are given"):
        _ = games.only
