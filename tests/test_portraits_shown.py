"""Portraits are shown whatever else an interview asks; groups are named whatever they answered."""

import polars as pl
import pytest
from matplotlib.figure import Figure

import societies
from societies.analysis.questionnaires import consistency
from societies.analysis.questionnaires import figures as consistency_plots
from societies.cli.show import show_summary
from societies.runs.results import plot
from societies.scenarios.interview import measures as interview

QUESTION = {"ask": ["What do you like?"], "before": True}


@pytest.fixture
def shown(tmp_path, capsys):
    """Return a function that runs portraits, shows them, and names what is drawn."""

    def show(**sets):
        run = societies.run("interview/who_am_i", out=tmp_path, sets=sets)
        show_summary(run)
        printed = capsys.readouterr().out
        files = plot(run, tmp_path / "plots")
        return run, printed, {file.stem for file in files}

    return show


def test_portraits_with_a_probe_of_open_questions_are_shown(shown):
    run, printed, drawn = shown(probes=[QUESTION])
    assert run.table("responses").collect().height > 0
    assert "recognised" in printed
    assert drawn == {"portraits"}


def test_portraits_beside_a_questionnaire_are_shown(shown):
    run, printed, drawn = shown(**{"protocol.questionnaires": [{"instrument": "mini_markers"}]})
    assert {"profile", "portraits"} <= drawn
    told = interview.findings(run)
    assert any("of the statements about oneself called true" in line for line in told)
    assert any("of the personas recognised" in line for line in told)
    assert "personas recognised" in printed


def test_a_group_without_a_first_value_is_in_the_legend(tmp_path, monkeypatch):
    groups = [{"name": name, "share": 1} for name in ("first", "second")]
    run = societies.run(
        "interview/demo", out=tmp_path, sets={"population.groups": groups, "population.size": 6}
    )
    scores = consistency.trait_scores(run)
    trait = scores["trait"][0]
    missing = (pl.col("group") == "second") & (pl.col("trait") == trait)
    lacking = scores.with_columns(item_mean=pl.when(~missing).then("item_mean"))
    monkeypatch.setattr(consistency_plots, "trait_scores", lambda _: lacking)
    axes = Figure().subplots()
    consistency_plots.draw_profile(axes, run)
    assert {"first", "second"} <= {text.get_text() for text in axes.get_legend().get_texts()}
