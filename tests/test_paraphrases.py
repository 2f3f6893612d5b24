"""Paraphrases: asked of the same agents, told apart in the record, and measured (TRAIT, 2.5)."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

import societies
from societies.analysis.questionnaires import change, choices, consistency
from societies.runs.run import Run

PERSONA = {
    "openness": "high",
    "conscientiousness": "low",
    "extraversion": "high",
    "agreeableness": "low",
    "neuroticism": "high",
}
MINDS = ["steady", "wording_bound", "template_bound"]
DESIGN = {
    "instrument": "everyday_choices",
    "templates": ["situation_suggested", "situation_bare"],
    "wordings": ["original", "paraphrase"],
}


def config(minds: list[str], size: int, *designs: dict[str, Any]) -> dict[str, Any]:
    groups = [{"name": mind, "share": 1, "model": {"name": f"scripted/{mind}"}} for mind in minds]
    return {
        "scenario": "interview",
        "name": "wordings",
        "seed": 4,
        "model": {"name": "scripted/steady"},
        "population": {
            "size": size,
            "persona": {"big_five": PERSONA},
            "groups": groups,
        },
        "protocol": {"questionnaires": list(designs)},
    }


@pytest.fixture(scope="module")
def worded(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Minds that answer by the question's meaning, its wording or its template; six of each."""
    return societies.run(config(MINDS, 18, DESIGN), out=tmp_path_factory.mktemp("wordings"))


def test_both_wordings_are_asked_and_recorded(worded: Run) -> None:
    rows = worded.table("responses").filter(agent="p0000", item="o1").collect()
    asked = rows.select("template", "wording", "question").unique(maintain_order=True).rows()
    original = (
        "A friend has a spare ticket for a concert of music you have never heard of. "
        "What do you do?"
    )
    paraphrase = (
        "You are offered a seat at a concert, and the music is of a kind that you do not know at "
        "all. How do you answer?"
    )
    assert asked == [
        ("situation_suggested", "original", original),
        ("situation_suggested", "paraphrase", paraphrase),
        ("situation_bare", "original", original),
        ("situation_bare", "paraphrase", paraphrase),
    ]
    prompt = worded.call(f"{rows['scope'][1]}#p0000#1").messages[-1][1]
    assert paraphrase in prompt
    assert original not in prompt


def test_wording_moves_only_the_wording_bound(worded: Run) -> None:
    block = consistency.reliability(worded)
    means = (
        block.group_by("group")
        .agg(pl.col("paraphrase_flips", "paraphrase_difference", "template_flips").mean())
        .rows_by_key("group", named=True, unique=True)
    )
    bound, steady, template = (
        means[name] for name in ("wording_bound", "steady", "template_bound")
    )
    for measure in ("paraphrase_flips", "paraphrase_difference"):
        assert bound[measure] > 3 * steady[measure]
        assert bound[measure] > 3 * template[measure]
    assert template["template_flips"] > 3 * bound["template_flips"]


def test_a_design_in_one_wording_has_no_paraphrase_sensitivity(tmp_path: Path) -> None:
    design = {**DESIGN, "wordings": ["original"], "items": ["o1", "o2"]}
    run = societies.run(config(["steady"], 3, design), out=tmp_path)
    block = consistency.reliability(run)
    assert block["paraphrase_flips"].null_count() == block.height
    assert block["template_flips"].null_count() == 0


def test_choices_are_scored_in_each_wording_by_itself(worded: Run) -> None:
    table = choices.choice_scores(worded)
    cells = table.filter(agent="p0000", trait="openness").select("template", "wording").rows()
    assert len(cells) == len(set(cells)) == 4
    assert set(table["items"]) == {10}


def test_cells_are_compared_across_wordings(worded: Run) -> None:
    tests = change.administrations(worded)
    pairs = set(tests.select("one", "other").rows())
    assert len(pairs) == 6
    assert any("paraphrase" in other and "original" in one for one, other in pairs)


def test_values_are_centred_and_combined_in_the_analysis(tmp_path: Path) -> None:
    items = "\n".join(f"Somebody of the kind {number}." for number in range(1, 58))
    (tmp_path / "pvq.txt").write_text(items)
    data = config(["steady"], 6, {"instrument": "values"})
    source = tmp_path / "values.yaml"
    source.write_text(
        yaml.safe_dump({**data, "instruments": {"values": {"file": "pvq.txt", "key": "pvq_rr"}}})
    )
    run = societies.run(source, out=tmp_path)
    scores = consistency.trait_scores(run)
    assert scores["trait"].n_unique() == 19 + 7
    for agent in ("p0000", "p0005"):
        values = run.table("responses").filter(agent=agent).collect()
        own = float(values["score"].mean())  # type: ignore[arg-type]
        raw = {
            trait: float(values.filter(pl.col("trait").is_in(parts))["score"].mean())  # type: ignore[arg-type]
            for trait, parts in {
                "face": ["face"],
                "power": ["power-dominance", "power-resources"],
            }.items()
        }
        found = dict(scores.filter(agent=agent).select("trait", "score").iter_rows())
        for trait, mean in raw.items():
            assert found[trait] == pytest.approx(mean - own)
    block = consistency.reliability(run)
    assert "universalism" in block["trait"].to_list()
