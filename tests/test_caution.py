"""Runs of which much was lost say so in red, wherever their figures stand."""

import json

import polars as pl
import pytest
from matplotlib.image import imread

import societies
from societies.analysis import figures
from societies.cli import compare, show
from societies.runs.results import caution, plot
from societies.scenarios.debate import figures as debate_plots
from societies.scenarios.donor_game import measures
from societies.scenarios.donor_game import measures as cooperation
from societies.scenarios.negotiation import figures as negotiation_plots
from tests.conftest import SMALL

RED = (0xC0 / 255, 0, 0)


def played(out, malformed, attempts=1, scenario="donor_game/demo", **sets):
    mind = {"name": "scripted/noisy", "options": {"malformed": malformed, "sloppy": 0.0}}
    values = {"model": mind, "population.groups": [], "protocol.attempts": attempts}
    return societies.run(scenario, out=out, sets={**SMALL, **values, **sets})


@pytest.fixture(scope="module")
def lost(tmp_path_factory):
    return played(tmp_path_factory.mktemp("lost"), 0.5)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return played(tmp_path_factory.mktemp("sound"), 0.0)


def test_a_run_that_lost_answers_is_told_with_its_shares(lost, sound):
    defaulted = lost.table("answers").filter(outcome="defaulted").collect().height
    answers = lost.table("answers").collect().height
    text = caution(lost)
    assert f"{defaulted / answers:.1%} of {answers} answers are defaulted" in text
    assert "replies are unreadable" in text
    assert caution(sound) is None


def test_unreadable_replies_are_told_where_later_ones_mended_them(tmp_path):
    text = caution(played(tmp_path, 0.5, attempts=40))
    assert "defaulted" not in text
    assert "replies are unreadable" in text


@pytest.mark.parametrize(
    ("answers", "defaulted", "calls", "unreadable", "told"),
    [
        (100, 5, 100, 20, False),
        (100, 6, 100, 6, True),
        (100, 0, 100, 21, True),
        (0, 0, 0, 0, False),
    ],
)
def test_the_line_appears_above_its_shares(answers, defaulted, calls, unreadable, told):
    outcomes = ["defaulted"] * defaulted + ["clean"] * (answers - defaulted)
    read = [False] * unreadable + [True] * (calls - unreadable)

    class Tables:
        def rows(self, name):
            values = {"answers": {"outcome": outcomes}, "calls": {"readable": read}}[name]
            kinds = {"outcome": pl.String, "readable": pl.Boolean}
            return pl.LazyFrame(values, schema={key: kinds[key] for key in values})

    assert (caution(Tables()) is not None) == told


def test_show_says_it_in_red_and_names_a_call(lost, sound, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    show.show_summary(lost)
    printed = capsys.readouterr().out
    line = next(line for line in printed.splitlines() if "Caution" in line)
    assert "\x1b[1;31m" in line
    key = line.split("--call '")[1].split("'")[0]
    assert lost.call(key).completion.text
    show.show_summary(sound)
    assert "Caution" not in capsys.readouterr().out
    compare.show_comparison([sound, lost])
    assert capsys.readouterr().out.count("Caution") == 1
    show.show_json(lost)
    assert json.loads(capsys.readouterr().out)["caution"] == caution(lost)


def has_red(file):
    pixels = imread(file)[:, :, :3]
    return bool((abs(pixels - RED).max(axis=2) < 0.02).any())


def test_every_plot_of_every_scenario_carries_it(tmp_path, lost, sound):
    assert all(map(has_red, plot(lost, tmp_path / "lost")))
    assert not any(map(has_red, plot(sound, tmp_path / "sound")))
    for given, sets in {
        "debate/judged": {"model.options": {"malformed": 0.5}, "protocol.task.count": 8},
        "negotiation/demo": {"population.groups": [], "model.options": {"malformed": 0.6}},
        "interview/demo": {"population.groups": [], "model.options": {"malformed": 0.8}},
    }.items():
        run = societies.run(given, out=tmp_path, sets={**sets, "limits.retries": 0})
        files = plot(run, tmp_path / given)
        assert files
        assert all(map(has_red, files)), given


def test_plots_of_several_runs_say_which(tmp_path):
    runs = [
        societies.run("debate/single", out=tmp_path, sets={"model.options": {"malformed": part}})
        for part in (0.0, 0.5)
    ]
    assert has_red(debate_plots.draw_comparison.save(runs, tmp_path / "both"))
    assert not has_red(debate_plots.draw_comparison.save(runs[:1], tmp_path / "one"))
    assert figures.RED == "#C00000"


def test_moves_without_a_readable_reply_can_be_left_out(lost):
    donations = lost.table("donations").collect()
    read = donations.filter(pl.col("outcome") != "defaulted")
    both, left = (measures.donation_fractions(lost, how) for how in ("include", "exclude"))
    assert (both["moves"].sum(), left["moves"].sum()) == (donations.height, read.height)
    assert both["defaulted"].is_between(0, 1).all()
    means = [table["fraction"].mean() for table in (both, left)]
    assert means[1] > means[0]
    selection = [measures.generosity_selection(lost, how) for how in ("include", "exclude")]
    assert selection[0]["fraction"].to_list() != selection[1]["fraction"].to_list()
    summaries = [cooperation.measures(lost, how) for how in ("include", "exclude")]
    assert summaries[0]["defaulted"].to_list() == summaries[1]["defaulted"].to_list()
    assert summaries[1]["donation_fraction"].to_list() == selection[1]["fraction"].to_list()
    assert measures.punishment_share(lost, "exclude")["encounters"].sum() == read.height


def test_the_red_line_stands_on_nothing(tmp_path):
    """Neither on a legend, nor on axes, nor on another text of the figure."""
    sets = {"population.groups": [], "model.options": {"malformed": 0.6}, "protocol.games": 12}
    run = societies.run("negotiation/demo", out=tmp_path, sets=sets)
    for picture in (negotiation_plots.draw_frontiers, negotiation_plots.OUTCOMES):
        figure = picture.figure(run)
        figures.save(figure, tmp_path / "one.png", run)
        line, *others = (
            part.get_window_extent()
            for part in (figure._suptitle, figure._supxlabel, *figure.legends, *figure.axes)
        )
        assert line.height > 0
        assert not [other for other in others if line.overlaps(other)]
