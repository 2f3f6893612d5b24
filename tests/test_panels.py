"""Panels: what cannot share axes is drawn beside each other, and nothing is left out unsaid."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure

import societies
from societies.analysis.panels import Picture
from societies.analysis.questionnaires import series as of_answers
from societies.analysis.questionnaires.occasion_figures import draw_before_after, draw_drift
from societies.analysis.questionnaires.series import Series, compose_each, repeated
from societies.analysis.questionnaires.shown import NOTHING
from societies.analysis.questionnaires.stripe_figures import CHOICES, draw_stripes
from societies.runs.run import Run

KIND = {"big_five": {"agreeableness": "very high"}}


def interview(out: Path, *designs: dict[str, Any], persona: Any = KIND, **respondent: float) -> Run:
    options = {"respondent": {"noise": 0.0, **respondent}}
    data = {
        "scenario": "interview",
        "name": "several",
        "model": {"name": "scripted/steady", "options": options},
        "population": {"size": 4, "persona": persona},
        "protocol": {"questionnaires": list(designs)},
    }
    return societies.run(data, out=out)


def titles(figure: Figure) -> list[str]:
    return [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]


def codes(run: Run, series: Series) -> list[float]:
    axes = Figure().subplots()
    draw_stripes(axes, run, series)
    image = np.asarray(axes.images[0].get_array())  # type: ignore[arg-type]
    return sorted(set(image[np.isfinite(image)].tolist()))


@pytest.mark.parametrize("picture", [draw_drift, draw_before_after])
def test_every_instrument_and_kind_has_a_panel(picture: Picture, tmp_path: Path) -> None:
    run = interview(
        tmp_path,
        {"instrument": "mini_markers", "repeats": 2, "items": ["kind", "cold"]},
        {"instrument": "words_and_deeds", "repeats": 2},
        {"instrument": "everyday_choices"},
    )
    told = [title.partition("\n")[2] for title in titles(picture.figure(run))]
    assert [each for each in told if each] == [
        "mini_markers, rate",
        "words_and_deeds, rate",
        "words_and_deeds, act",
    ]


def test_panels_beyond_the_most_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_answers, "MOST", 1)
    design = {"repeats": 2, "items": ["kind"]}
    run = interview(
        tmp_path,
        {"instrument": "mini_markers", **design},
        {"instrument": "mini_markers", **design, "context": "shared"},
    )
    for picture in (draw_drift, draw_before_after):
        figure = picture.figure(run)
        assert [title.rpartition("\n")[2] for title in titles(figure)] == ["fresh"]
        assert "not drawn: shared" in [text.get_text() for text in figure.texts]


def test_probes_stand_apart_and_say_where_nothing_was_shown(tmp_path: Path) -> None:
    sets = {"protocol.generations": 2, "population.size": 4, "protocol.survivors": 2}
    fresh = {f"probes.{number}.context": "fresh" for number in (0, 1)}
    run = societies.run("donor_game/probed", out=tmp_path, sets={**sets, **fresh})
    figure = Figure()
    compose_each(figure, draw_before_after, run, repeated(run))
    assert [title.rpartition("\n")[2] for title in titles(figure)] == [
        "before games",
        "after games",
    ]
    for axes in figure.axes:
        assert [text.get_text() for text in axes.texts] == [NOTHING]
        assert not axes.collections, "no dots that look like a change"


def test_choices_have_colours_and_no_order(tmp_path: Path) -> None:
    """Very kind people choose a high option always: 1 or 3, which are no ends of a scale."""
    items = {"instrument": "everyday_choices", "items": [f"a{n}" for n in range(1, 11)]}
    run = interview(tmp_path, items)
    places = dict(enumerate(name for name, _ in CHOICES.values()))
    (only,) = of_answers.series_of(run, of_answers.GRID)
    assert {places[int(code)] for code in codes(run, only)} == {"high, first", "high, second"}
    twice = interview(tmp_path / "twice", {**items, "repeats": 6})
    assert {places[int(code)].partition(",")[0] for code in codes(twice, only)} == {"high"}
    assert "high, now one, now the other" in {places[int(code)] for code in codes(twice, only)}


def test_option_orders_are_not_averaged_away(tmp_path: Path) -> None:
    """Who takes the first option answers low in one order, and high in the other."""
    items = {"instrument": "mini_markers", "items": ["kind", "warm"]}
    both = {**items, "option_orders": ["forward", "reversed"]}
    run = interview(tmp_path, both, order_bias=1.0)
    several = of_answers.series_of(run, of_answers.GRID)
    assert {each.option_order: codes(run, each) for each in several} == {
        "forward": [0.0],
        "reversed": [1.0],
    }
    answers = run.table("responses").select(pl.col("value").mean()).collect().item()
    assert answers == 5, "of which the mean says the middle"
