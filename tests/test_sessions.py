"""Sessions: what a probe asked at one moment, in one context, is one measurement, and no more."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from matplotlib.figure import Figure

import societies
from societies.analysis import tables
from societies.analysis.panels import Picture
from societies.analysis.questionnaires import (
    consistency,
    inertia,
    personas,
    series,
)
from societies.analysis.questionnaires import (
    figures as consistency_plots,
)
from societies.analysis.questionnaires import (
    occasion_figures as occasion_plots,
)
from societies.runs.run import Run
from societies.scenarios.interview import measures as interview

Small = Callable[..., Run]
SESSION = ["probe", "moment", "context"]
TWICE = {"instrument": "mini_markers", "before": True, "after": True, "context": "fresh"}
GAME: dict[str, Any] = {
    "population.groups": [],
    "population.persona": {"big_five": {"agreeableness": "low", "openness": "average"}},
    "model.options": {"respondent": {"drift": 1.0, "noise": 0.0}},
    "protocol.generations": 1,
    "interventions": [{"at": "g1/game1", "say": {"text": "War is near.", "lasting": True}}],
}


@pytest.fixture
def probed(run_small: Small) -> Run:
    """Four drifting agents, asked twice by each of two probes; one shows what they remember."""
    probes = [{**TWICE, "name": "told"}, {**TWICE, "name": "kept", "context": "shared"}]
    return run_small(**GAME, probes=probes)


SESSIONS = [
    (probe, moment, context)
    for probe, context in (("told", "fresh"), ("kept", "shared"))
    for moment in ("before", "after")
]


@pytest.mark.parametrize(
    "measure",
    [
        consistency.reliability,
        personas.induction,
        tables.summary,
        inertia.inertia_indices,
    ],
)
def test_no_measure_pools_probes_moments_or_contexts(
    measure: Callable[[Run], pl.DataFrame], probed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    if measure is tables.summary:
        measure = interview.summary
    table = measure(probed)
    assert set(table.select(SESSION).rows()) == set(SESSIONS)
    assert table.height == 5 * len(SESSIONS)
    assert set(table["answers"]) == {4 * 8}, "four agents' answers to eight adjectives each"


def test_induction_is_of_one_moment_each(probed: Run) -> None:
    """Agents drift up by half the scale: who was told to be low is low before, and not after."""
    table = personas.induction(probed).filter(trait="agreeableness", probe="told")
    assert dict(table.select("moment", "as_told").iter_rows()) == {"before": 1.0, "after": 0.0}


def test_show_says_of_which_moment_a_verdict_is(tmp_path: Path) -> None:
    sets = {
        "population.size": 4,
        "population.groups": [],
        "population.persona": GAME["population.persona"],
        "model": {"name": "scripted/steady", "options": GAME["model.options"]},
        "protocol.questionnaires": [{"instrument": "mini_markers", "context": "shared"}],
        "probes": [{**TWICE, "name": "told"}],
    }
    run = societies.run("interview/demo", out=tmp_path, sets=sets)
    lines = [line for line in interview.findings(run) if line.startswith("everybody")]
    assert [line.partition("; ")[0] for line in lines] == [
        "everybody (mini_markers, rate, told, before): persona taken on: 1 of 1 traits",
        "everybody (mini_markers, rate, shared): persona taken on: 1 of 1 traits",
        "everybody (mini_markers, rate, told, after): persona NOT taken on: 0 of 1 traits",
    ]


def test_repeats_are_compared_within_one_moment(run_small: Small) -> None:
    """Repeats of one occasion are the same without noise, however far occasions are apart."""
    table = consistency.reliability(run_small(**GAME, probes=[{**TWICE, "repeats": 2}]))
    assert table.height == 5 * 2
    assert set(table["retest_difference"]) == {0.0}


def test_repeats_of_an_interview_are_retests_of_one_session(tmp_path: Path) -> None:
    design = {"instrument": "mini_markers", "repeats": 2}
    sets = {"population.size": 10, "protocol.questionnaires": [design]}
    run = societies.run("interview/demo", out=tmp_path, sets=sets)
    table = consistency.reliability(run)
    assert set(table.select(SESSION).rows()) == {("", "", "fresh")}
    assert table["retest_difference"].null_count() == 0
    shown = tables.summary(run)
    assert not set(SESSION) & set(shown.columns), "nothing is told apart by them"


@pytest.mark.parametrize("draw", [consistency_plots.draw_profile, consistency_plots.draw_effects])
def test_profiles_and_effects_have_a_panel_for_each(draw: Callable[..., None], probed: Run) -> None:
    figure = Figure()
    series.compose_each(figure, draw, probed, series.sessions(probed))
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title.rpartition("\n")[2] for title in titles] == [
        "told, before, fresh",
        "kept, before, shared",
        "told, after, fresh",
        "kept, after, shared",
    ]


def test_a_profile_is_of_its_own_moment(probed: Run) -> None:
    """Agents drift from one moment to the next, and so does the median of every trait."""

    def medians(moment: str) -> list[float]:
        axes = Figure().subplots()
        consistency_plots.draw_profile(axes, probed, series.Series(probe="told", moment=moment))
        return [float(value) for line in axes.lines for value in line.get_ydata()]  # type: ignore[union-attr]

    both = zip(medians("before"), medians("after"), strict=True)
    changes = [after - before for before, after in both]
    assert len(changes) == 5
    assert min(map(abs, changes)) > 0.05


def test_what_no_probe_asked_is_called_so() -> None:
    asked = [series.Series(probe="", moment=""), series.Series(probe="told", moment="before")]
    assert series.names(asked) == ["no probe", "told, before"]


@pytest.mark.parametrize(
    "picture",
    [
        consistency_plots.draw_profile,
        consistency_plots.draw_effects,
        occasion_plots.draw_drift,
    ],
)
def test_a_group_has_one_colour_in_all_panels(picture: Picture, run_small: Small) -> None:
    """Who is asked by one probe only does not lend its colour to others in the next panel."""
    design = {
        "instrument": "mini_markers",
        "before": True,
        "after": True,
        "context": "fresh",
        "repeats": 2,
    }
    groups = [{"name": "a", "share": 1}, {"name": "b", "share": 1}]
    probes = [{**design, "name": "all"}, {**design, "name": "some", "of": {"groups": ["b"]}}]
    run = run_small(**{**GAME, "population.groups": groups}, probes=probes)
    drawn = [
        {line.get_label(): line.get_color() for line in axes.lines}
        for axes in picture.figure(run).axes
    ]
    assert len({colours["b"] for colours in drawn}) == 1
