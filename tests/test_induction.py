"""Induction: what a prompt told is what answers are judged against."""

import json
from pathlib import Path
from typing import Any

import pytest

import societies
from societies.analysis.questionnaires import personas
from societies.runs.run import Run
from societies.scenarios.interview import measures as interview

NAMES = ["openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism"]


def ask(out: Path, population: dict[str, Any], mind: str = "steady", **respondent: float) -> Run:
    """Ask forty people without noise."""
    options = {"respondent": {"noise": 0.0, **respondent}}
    data = {
        "scenario": "interview",
        "name": "told",
        "seed": 2,
        "model": {"name": f"scripted/{mind}", "options": options},
        "population": {"size": 40, **population},
        "protocol": {"questionnaires": [{"instrument": "mini_markers"}]},
    }
    return societies.run(data, out=out)


DRAWN = {"traits": {"means": dict.fromkeys(NAMES, 3.0), "sds": dict.fromkeys(NAMES, 0.5)}}


def test_faithful_agents_who_were_told_to_be_in_between_are_no_failure(tmp_path: Path) -> None:
    """Scores around the middle: 2.8 and 3.2 are told alike, and the scores of both are told so."""
    table = personas.induction(ask(tmp_path, DRAWN))
    assert table["between_agents"].min() > 15  # type: ignore[operator]
    assert table["as_told"].to_list() == [1.0] * 5
    assert table["taken"].to_list() == [True] * 5
    assert table["from_middle"].max() < 0.125  # type: ignore[operator]


def test_people_who_are_all_in_between_have_a_verdict_of_their_own(tmp_path: Path) -> None:
    average = {"persona": {"big_five": dict.fromkeys(NAMES, "average")}}
    run = ask(tmp_path, average)
    table = personas.induction(run)
    assert table["induction"].null_count() == 5
    assert table["as_told"].to_list() == [1.0] * 5
    assert interview.findings(run)[0] == (
        "everybody (mini_markers, rate): persona taken on: 5 of 5 traits"
    )
    biased = ask(tmp_path, average, order_bias=1.0)  # the lowest option, whoever asks
    told = interview.findings(biased)[0]
    assert "persona NOT taken on: 0 of 5 traits; not in" in told or "in part" in told
    assert "(in between: " in told


def test_insensitive_agents_fail_where_they_were_told_to_differ(tmp_path: Path) -> None:
    table = personas.induction(ask(tmp_path, DRAWN, insensitivity=1.0))
    assert table["taken"].to_list() == [False] * 5
    assert table["as_told"].max() < 0.9  # type: ignore[operator]


@pytest.mark.parametrize(
    ("score", "level"),
    [(1.2, -1), (2.4, -0.5), (2.8, 0), (3.2, 0), (3.6, 0.5), (5, 1), ("average", 0), ("low", -0.5)],
)
def test_a_score_counts_as_the_level_that_its_prompt_tells(score: Any, level: float) -> None:

    told = json.dumps({"openness": score, "neuroticism": score})
    assert personas.persona_level(told, "openness") == level
    assert personas.persona_level(told, "emotional_stability") == -level
    assert personas.persona_level(told, "extraversion") is None
