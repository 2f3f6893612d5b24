"""Plots of consistency: every plot is there, and shows the measures."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import societies
from societies.analysis.panels import save_panels
from societies.analysis.questionnaires import (
    figures as consistency_plots,
)
from societies.analysis.questionnaires import (
    knowledge,
    permeability,
    series,
)
from societies.analysis.questionnaires import (
    persona_figures as persona_plots,
)
from societies.analysis.questionnaires import (
    stripe_figures as stripe_plots,
)
from societies.runs.run import Run

SMALL: dict[str, dict[str, Any]] = {
    "demo": {"population.size": 10},
    "role_play": {"population.size": 24},
    "words_and_deeds": {"population.size": 8},
    "sensitivity": {"population.size": 3},
    "who_am_i": {},
}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Run small versions of the shipped interviews."""
    out = tmp_path_factory.mktemp("shipped")
    return {
        name: societies.run(f"interview/{name}", out=out, sets=sets) for name, sets in SMALL.items()
    }


def axes() -> Axes:
    return Figure().subplots()


def texts(drawn: Axes) -> list[str]:
    return [text.get_text() for text in drawn.texts]


def labels(drawn: Axes) -> list[str]:
    return [label.get_text() for label in drawn.get_xticklabels()]


def test_every_interview_has_the_plots_that_its_answers_allow(
    shipped: dict[str, Run], tmp_path: Path
) -> None:
    found = {
        name: {file.stem for file in save_panels(consistency_plots.PANELS, run, tmp_path / name)}
        for name, run in shipped.items()
    }
    always = {"profile", "effects", "stripes"}
    assert found == {
        "demo": always | {"drift", "before_after"},
        "role_play": always | {"permeability"},
        "words_and_deeds": always | {"words_and_deeds"},
        "sensitivity": always,
        "who_am_i": {"portraits"},
    }


def test_the_heat_map_shows_every_defined_effect(shipped: dict[str, Run]) -> None:
    drawn = axes()
    persona_plots.draw_permeability(drawn, shipped["role_play"])
    table = permeability.selective_permeability(shipped["role_play"])
    steady = table.filter(group="steady")
    assert len(drawn.texts) == steady["d"].count() > 40
    assert labels(drawn) == [
        "agreeableness",
        "conscientiousness",
        "stability",
        "extraversion",
        "openness",
    ]
    assert "no effect is defined in: baseline, stubborn" in drawn.get_xlabel()


def test_words_and_deeds_stand_beside_shuffled_pairs(shipped: dict[str, Run]) -> None:
    drawn = axes()
    persona_plots.draw_words_and_deeds(drawn, shipped["words_and_deeds"])
    table = knowledge.knowledge_action(shipped["words_and_deeds"])
    lines = {line.get_label(): line for line in drawn.lines}
    spearman = table.filter(group="hypocrite")["spearman"].to_list()
    assert list(lines["hypocrite"].get_ydata()) == spearman  # type: ignore[arg-type]
    baselines = [float(each.get_segments()[0][0][1]) for each in drawn.collections]  # type: ignore[attr-defined]
    assert baselines[0] == pytest.approx(
        table.filter(group="hypocrite")["shuffled_spearman"].mean()
    )
    assert "mean of shuffled pairs" in lines


def test_stripes_show_a_part_of_every_group(
    shipped: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe_plots, "MOST_AGENTS", 9)
    drawn = axes()
    (grid,) = series.series_of(shipped["role_play"], series.GRID)
    stripe_plots.draw_stripes(drawn, shipped["role_play"], grid)
    assert labels(drawn) == ["baseline", "steady", "stubborn"]
    assert drawn.images[0].get_array().shape == (40, 9)  # type: ignore[union-attr]
    assert "9 of 44 agents" in drawn.get_xlabel()


def test_before_and_after_do_not_mix_up_occasion_and_order(shipped: dict[str, Run]) -> None:
    drawn = axes()
    (followed,) = series.repeated(shipped["demo"])
    consistency_plots.draw_before_after(drawn, shipped["demo"], followed)
    steady = next(part for part in drawn.collections if part.get_label() == "steady")
    first, last = steady.get_offsets().T  # type: ignore[union-attr]
    assert abs(first - last).max() < 0.5
    rows = shipped["demo"].table("responses").filter(pl.col("model") == "scripted/steady").collect()
    assert len(first) == 5 * rows["agent"].n_unique()


def test_a_band_shows_the_reference_sample(tmp_path: Path) -> None:
    (tmp_path / "tipi.txt").write_text("\n".join(f"item {n}" for n in range(1, 11)))
    data = {
        "scenario": "interview",
        "name": "band",
        "model": {"name": "scripted/stubborn"},
        "population": {"size": 2},
        "instruments": {"my_tipi": {"file": str(tmp_path / "tipi.txt"), "key": "tipi"}},
        "protocol": {"questionnaires": [{"instrument": "my_tipi"}, {"instrument": "mini_markers"}]},
    }
    drawn = axes()
    consistency_plots.draw_profile(drawn, societies.run(data, out=tmp_path / "runs"))
    bands = [part for part in drawn.collections if "PolyCollection" in type(part).__name__]
    assert len(bands) == 5, "none for the Mini-Markers, which have no verified norms"
    box = bands[0].get_paths()[0].get_extents()
    assert (box.y0, box.y1) == pytest.approx(((4.44 - 1.45 - 1) / 6, (4.44 + 1.45 - 1) / 6))
    assert labels(drawn)[0] == "extraversion\nmy_tipi"
