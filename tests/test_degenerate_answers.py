"""Few agents, few items, few answers: a null or a clear error, never a number that is not one."""

import math
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from scipy import stats

import societies
from societies.analysis import tables
from societies.analysis.panels import Picture, save_panels
from societies.analysis.questionnaires import (
    consistency,
    knowledge,
    paired,
)
from societies.analysis.questionnaires import (
    figures as consistency_plots,
)
from societies.analysis.questionnaires import (
    persona_figures as persona_plots,
)
from societies.analysis.questionnaires.choices import choice_scores
from societies.analysis.statistics import trend
from societies.runs.run import Run
from societies.scenarios.interview import measures as interview
from tests.questionnaire_measures import MEASURES as ALL_MEASURES


def steady(**respondent: float) -> dict[str, Any]:
    return {"name": "scripted/steady", "options": {"respondent": respondent}}


ALONE = {"population.size": 1, "population.groups": []}
BOLD = {"instrument": "mini_markers", "items": ["bold"]}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "one agent": ("interview/demo", ALONE),
    "one agent, words and deeds": ("interview/words_and_deeds", ALONE),
    "all refuse": (
        "interview/demo",
        {"population.size": 4, "population.groups": [], "model": steady(refusal=1.0)},
    ),
    "all refuse pairs": (
        "interview/words_and_deeds",
        {"population.size": 4, "population.groups": [], "model": steady(refusal=1.0)},
    ),
    "most refuse choices": (
        "interview/trait_form",
        {"population.size": 3, "model": steady(refusal=0.8)},
    ),
    "all tie": (
        "interview/role_play",
        {"population.size": 5, "model": {"name": "scripted/stubborn"}, "population.groups": []},
    ),
    "one item": (
        "interview/sensitivity",
        {
            "population.size": 4,
            "protocol.questionnaires": [
                {**BOLD, "repeats": 3, "option_orders": ["forward", "reversed"]}
            ],
        },
    ),
    "one item, one agent": (
        "interview/sensitivity",
        {"population.size": 1, "protocol.questionnaires": [BOLD]},
    ),
    "no questionnaire": ("interview/who_am_i", {}),
}
WITH_ARGUMENTS = {"before_after", "with_requests"}
MEASURES: dict[str, Callable[[Run], pl.DataFrame]] = {
    "summary": tables.summary,
    **{name: measure for name, measure in ALL_MEASURES.items() if name not in WITH_ARGUMENTS},
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", CASES)
def test_every_measure_and_plot_bears_it(case: str, tmp_path: Path) -> None:
    name, sets = CASES[case]
    run = societies.run(name, out=tmp_path, sets=sets)
    for measure, compute in MEASURES.items():
        for column in compute(run):
            if column.dtype.is_float():
                odd = [value for value in column.drop_nulls() if not math.isfinite(value)]
                assert not odd, (measure, column.name)
    interview.findings(run)
    files = save_panels(consistency_plots.PANELS, run, tmp_path / "p")
    assert files
    assert all(path.stat().st_size > 0 for path in files)


@pytest.mark.parametrize(
    ("case", "picture", "told"),
    [
        ("all refuse", consistency_plots.draw_effects, "no answer has a value"),
        ("all refuse", consistency_plots.draw_before_after, "too few answers have a value"),
        ("all refuse", consistency_plots.draw_drift, "too few answers have a value"),
        ("all refuse", consistency_plots.draw_profile, "too few answers have a value"),
        ("all refuse pairs", persona_plots.draw_words_and_deeds, "no agent has answered both"),
        ("one item, one agent", consistency_plots.draw_effects, "the design varies neither"),
    ],
)
def test_a_plot_without_anything_to_draw_says_why(
    case: str, picture: Picture, told: str, tmp_path: Path
) -> None:
    name, sets = CASES[case]
    figure = picture.figure(societies.run(name, out=tmp_path, sets=sets))
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert [text for text in texts if told in text]


def test_open_questions_alone_have_no_scores_and_no_plots(
    run_small: Callable[..., Run], tmp_path: Path
) -> None:
    run = run_small(probes=[{"ask": ["How are you?"], "before": True}])
    assert consistency.trait_scores(run).is_empty()
    assert save_panels(consistency_plots.PANELS, run, tmp_path) == []


def test_rounding_errors_of_means_are_neither_changes_nor_ranks() -> None:
    sums = [-2, -1, -1, 0, 0, 0, 1, 1, 1, 2, 3, 3]
    noise = [1e-16, -2e-16, 3e-16, -1e-16, 2e-16, -3e-16] * 2
    noisy = [change / 12 + error for change, error in zip(sums, noise, strict=True)]
    exact = stats.wilcoxon(sums, method="asymptotic").pvalue
    assert paired.signed_rank(noisy) == pytest.approx(exact, rel=1e-12)
    assert paired.signed_rank(noise) is None


def test_points_on_a_level_line_have_neither_slope_nor_error() -> None:
    assert trend([0, 0, 1, 1], [3.0, 3.0, 3.0, 3.0]) == (0.0, 0.0)
    assert trend([0, 1], [3.0, 3.0]) == (0.0, None)


@pytest.mark.parametrize(("said", "done"), list(product([4, 7, 10, 13, 16], [3, -3])))
def test_means_that_differ_by_one_agree(said: int, done: int) -> None:
    found = knowledge.metrics([said / 3], [(said + done) / 3], 4.0)
    assert found["consistent"] == 1.0


def test_orders_are_paired_within_one_occasion(run_small: Callable[..., Run]) -> None:
    """A low choice before the games and a high one after them are two scores."""
    choices = {"instrument": "everyday_choices", "items": ["a1", "a2"]}
    orders = {"option_orders": ["forward", "reversed"], "before": True, "after": True}
    run = run_small(
        **{
            "model.options": {"respondent": {"logprobs": True, "drift": 2.0}},
            "population.groups": [],
            "population.persona": {"big_five": {"agreeableness": "low"}},
            "probes": [{**choices, **orders}],
        }
    )
    found = choice_scores(run)
    scores = found.select("moment", "by_probability", "by_choice").unique().rows()
    assert set(scores) == {("before", 0.0, 0.0), ("after", 100.0, 100.0)}


def test_an_agent_heard_in_one_template_alone_says_nothing_of_templates() -> None:
    scores = {"template": ["a", "b", "a"], "score": [2.0, 6.0, 5.0], "agent": ["x", "x", "y"]}
    part = pl.DataFrame({**scores, "width": [4.0] * 3})
    assert consistency._template_spread(part) == 0.5
