"""Few agents, few items, few answers: a null or a clear error, never a number that is not one."""

import math
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from matplotlib.figure import Figure
from scipy import stats

import societies
from societies.analysis import questionnaires, tables
from societies.analysis.questionnaires import (
    consistency,
    knowledge,
    paired,
    panels,
)
from societies.analysis.questionnaires import (
    figures as consistency_plots,
)
from societies.analysis.questionnaires import (
    persona_figures as persona_plots,
)
from societies.analysis.statistics import trend
from societies.errors import InputError
from societies.runs.run import Run
from societies.scenarios.interview import measures as interview


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
MEASURES: dict[str, Callable[[Run], pl.DataFrame]] = {
    "summary": tables.summary,
    **{
        name: getattr(questionnaires, name)
        for name in questionnaires.__all__
        if name != "before_after"
    },
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
    assert all(path.stat().st_size > 0 for path in consistency_plots.draw(run, tmp_path / "p"))


@pytest.mark.parametrize(
    ("case", "draw", "told"),
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
    case: str, draw: Callable[..., None], told: str, tmp_path: Path
) -> None:
    name, sets = CASES[case]
    axes = Figure().subplots()
    run = societies.run(name, out=tmp_path, sets=sets)
    over_occasions = {consistency_plots.draw_before_after, consistency_plots.draw_drift}
    draw(axes, run, *(panels.repeated(run)[:1] if draw in over_occasions else ()))
    assert [text.get_text() for text in axes.texts if told in text.get_text()]


def test_open_questions_alone_have_no_scores_and_no_plots(
    run_small: Callable[..., Run], tmp_path: Path
) -> None:
    run = run_small(probes=[{"ask": ["How are you?"], "before": True}])
    assert questionnaires.trait_scores(run).is_empty()
    with pytest.raises(InputError, match="no answers to scored items: there is nothing to draw"):
        consistency_plots.draw(run, tmp_path)


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
    found = questionnaires.choice_scores(run)
    scores = found.select("moment", "by_probability", "by_choice").unique().rows()
    assert set(scores) == {("before", 0.0, 0.0), ("after", 100.0, 100.0)}


def test_an_agent_heard_in_one_template_alone_says_nothing_of_templates() -> None:
    scores = {"template": ["a", "b", "a"], "score": [2.0, 6.0, 5.0], "agent": ["x", "x", "y"]}
    part = pl.DataFrame({**scores, "width": [4.0] * 3})
    assert consistency._template_spread(part) == 0.5
