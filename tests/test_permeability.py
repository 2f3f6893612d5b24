"""Selective permeability: which attribute moves what, and how groups differ."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import societies
from societies.analysis.questionnaires import permeability
from societies.runs.run import Run

TRAITS = ["openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism"]
SHIFT = {"religion": {"none": {"openness": 0.5}}}


def ask(out: Path, respondent: dict[str, Any], **more: Any) -> Run:
    """Ask sixty people with three independent attributes who they are."""
    data = {
        "scenario": "interview",
        "name": "faiths",
        "seed": 7,
        "model": {"name": "scripted/steady", "options": {"respondent": respondent}},
        "population": {
            "size": 60,
            "persona": {"big_five": dict.fromkeys(TRAITS, "average")},
            "attributes": {
                "religion": {"values": ["none", "Christian", "Muslim"]},
                "gender": {"values": ["woman", "man"]},
                "age": {"between": [20, 80]},
            },
            **more,
        },
        "protocol": {"questionnaires": [{"instrument": "mini_markers"}]},
    }
    return societies.run(data, out=out)


def test_the_attribute_that_moves_a_trait_is_found_and_no_other(tmp_path: Path) -> None:
    table = permeability.selective_permeability(ask(tmp_path, {"leanings": SHIFT, "noise": 0.5}))
    assert table.height == 3 * 5
    moved = table.filter(attribute="religion", trait="openness").row(0, named=True)
    assert moved["highest"] == "none"
    assert moved["values"] == 3
    assert moved["d"] > 1.5
    assert (moved["low"], moved["high"]) == (None, None)
    assert moved["note"] == "chosen among 3 by their means: see chance"
    assert moved["d"] > 4 * moved["chance"]
    assert moved["corrected_p"] < 1e-6
    others = table.filter(~((pl.col("attribute") == "religion") & (pl.col("trait") == "openness")))
    assert others["corrected_p"].min() > 0.05  # type: ignore[operator]
    assert others["d"].max() < 1  # type: ignore[operator]
    gender = others.filter(attribute="gender", trait="openness").row(0, named=True)
    assert gender["d"] < 3 * gender["chance"]
    assert table["agents"].to_list() == [60] * 15
    assert table.filter(attribute="age")["values"].to_list() == [2] * 5, "parted at the median"


def test_answers_that_never_differ_have_no_effect_that_could_be_measured(tmp_path: Path) -> None:
    run = ask(tmp_path, {"leanings": SHIFT, "insensitivity": 1.0, "noise": 0.0})
    table = permeability.selective_permeability(run)
    undefined = table.select("d", "low", "high", "chance", "f", "p", "corrected_p")
    assert undefined.null_count().row(0) == (15,) * 7
    assert table["answers"].to_list() == [60 * 8] * 15


def test_cells_are_corrected_for_their_number(tmp_path: Path) -> None:
    run = ask(tmp_path, {"leanings": SHIFT, "noise": 0.5})
    holm = permeability.selective_permeability(run)
    discoveries = permeability.selective_permeability(run, method="fdr_bh")
    assert holm["corrected_p"].min() == pytest.approx(15 * holm["p"].min())
    assert (discoveries["corrected_p"] <= holm["corrected_p"] + 1e-12).all()


def test_values_that_hardly_anybody_has_are_left_out() -> None:
    means = {name: float(place) for place, name in enumerate("abcdefg")}
    faiths = dict(zip("abcdefg", ["x"] * 3 + ["y"] * 3 + ["z"], strict=True))
    assert permeability._parted(means, faiths) == {"x": [0, 1, 2], "y": [3, 4, 5]}
    ages: dict[str, Any] = dict(zip("abcdefg", [20, 30, 40, 50, 60, 70, None], strict=True))
    assert permeability._parted(means, ages) == {"below 45": [0, 1, 2], "from 45": [3, 4, 5]}


def sample(mean: float, sd: float, n: int = 65) -> list[float]:
    """Return values of exactly this mean and standard deviation."""
    values = np.random.default_rng(0).normal(size=n)
    values = (values - values.mean()) / values.std(ddof=1)
    return [float(value) for value in mean + sd * values]


@pytest.mark.parametrize(
    ("before", "after", "f", "d"),
    [
        ((14.83, 1.51), (16.98, 2.10), 45.29, 1.18),
        ((11.38, 1.90), (21.38, 5.08), 220.95, 2.61),
        ((18.15, 3.78), (31.68, 5.95), 239.18, 2.71),
        ((13.22, 3.90), (14.51, 2.62), 4.92, 0.39),
        ((14.58, 3.57), (29.06, 7.10), 215.83, 2.58),
    ],
)
def test_published_moments_give_the_published_statistics(
    before: tuple[float, float], after: tuple[float, float], f: float, d: float
) -> None:
    """Frisch & Giulianelli 2024, analytic personas of CONTROL (tables of the paper)."""
    found = permeability.contrast({"before": sample(*before), "after": sample(*after)})
    assert (found.lowest, found.highest) == ("before", "after")
    assert found.f == pytest.approx(f, rel=0.02), "the published moments are rounded"
    assert found.d == pytest.approx(d, abs=0.01)
    low, high, _ = found.interval
    assert low is not None
    assert high is not None
    assert low < d < high


def test_a_contrast_needs_two_samples_that_differ() -> None:
    assert permeability.contrast({"all": [1.0, 2.0]}).d is None
    assert permeability.contrast({"a": [1.0, 1.0], "b": [1.0, 1.0]}).f is None
    apart = permeability.contrast({"a": [1.0, 1.0, 1.0], "b": [2.0, 2.0, 2.0]})
    assert (apart.lowest_mean, apart.highest_mean, apart.d, apart.f) == (1, 2, None, None)


def test_groups_are_compared_within_a_run_and_between_runs(tmp_path: Path) -> None:
    groups = [
        {"name": name, "share": 1, "persona": {"big_five": {"openness": level}}}
        for name, level in (("closed", "very low"), ("open", "very high"))
    ]
    run = ask(tmp_path, {}, groups=groups)
    within = permeability.group_differences(run).rows_by_key("trait", named=True, unique=True)
    assert (within["openness"]["lowest"], within["openness"]["highest"]) == ("closed", "open")
    assert within["openness"]["corrected_p"] < 1e-6 < 0.05 < within["extraversion"]["corrected_p"]
    other = ask(tmp_path, {"drift": 0.0}, groups=groups[:1])
    between = permeability.group_differences([run, other])
    assert between.filter(trait="openness")["values"].to_list() == [3]
