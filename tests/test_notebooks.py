"""What a notebook shows: what there is to complete, the nearest name, and runs as small tables."""

import re
import shutil
from html import unescape
from pathlib import Path

import pytest

import societies
from societies import agents, analysis, kit
from societies.analysis import kit as analysis_kit
from societies.analysis import questionnaires
from societies.runs.run import Run
from societies.runs.runs import Runs
from tests.conftest import SMALL

HOSTILE = "<img src=x onerror=alert(1)>&'"


@pytest.mark.parametrize(
    "module", [societies, agents, analysis, analysis_kit, kit, questionnaires], ids=str
)
def test_completion_offers_what_is_there_and_all_of_it_can_be_had(module):
    offered = dir(module)
    assert offered == sorted(offered)
    assert all(getattr(module, name) is not None for name in offered)


def test_completion_offers_the_ways_in():
    assert {"run", "resume", "Run", "Runs", "load", "analysis"} <= set(dir(societies))
    assert {"load", "agreement", "questionnaires", "replication"} <= set(dir(analysis))
    assert {"change", "consistency", "occasions"} <= set(dir(questionnaires))


@pytest.mark.parametrize(
    ("module", "misspelt", "meant"),
    [
        (societies, "Rnus", "Runs"),
        (analysis, "agreemnt", "agreement"),
        (analysis, "laod", "load"),
        (questionnaires, "consistancy", "consistency"),
        (kit, "Rekord", "Record"),
        (analysis_kit, "Colum", "Column"),
    ],
)
def test_a_misspelt_name_gets_the_nearest(module, misspelt, meant):
    with pytest.raises(AttributeError, match=f"no attribute '{misspelt}'; did you mean '{meant}'"):
        getattr(module, misspelt)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Play two small games, one of them under a name that is markup, and mostly unreadable."""
    out = tmp_path_factory.mktemp("runs")
    alike = {**SMALL, "population.groups": []}
    return [
        societies.run(
            "donor_game/demo", out=out / name, sets={**alike, "model.options.malformed": share}
        )
        for name, share in (("a", 0.0), (HOSTILE, 1.0))
    ]


def cells(html: str) -> list[str]:
    return [unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", html)]


def test_a_run_tells_which_it_is_how_it_stands_and_what_it_took(played):
    run = played[0]
    told = cells(run._repr_html_())
    facts = dict(zip(told[::2], told[1::2], strict=True))
    totals = run.about["totals"]
    assert (facts["run"], facts["status"]) == (run.name, "finished")
    assert facts["calls"].startswith(f"{totals['calls']:,}, {totals['prompt_tokens']:,} + ")
    assert f"donations ({run.written['donations']['rows']})" in facts["tables"]
    assert "beware" not in facts


def test_text_is_escaped_and_a_hollow_run_says_so(played):
    html = played[1]._repr_html_()
    assert HOSTILE not in html
    assert HOSTILE in " ".join(cells(html)), "its path"
    assert "defaulted" in cells(html)[cells(html).index("beware") + 1]


def test_several_runs_are_told_apart_by_what_was_set(played):
    told = cells(Runs(played)._repr_html_())
    width = told.index("caution") + 1
    assert told[:2] == ["run", "status"]
    assert told[2:width] == ["model.options.malformed", "calls", "caution"]
    assert [row[0] for row in (told[width : 2 * width], told[2 * width :])] == list(
        Runs(played).labels
    )
    assert told[-1].startswith("Caution: ")
    assert told[2 * width - 1] == "", "nothing to say of the first"


def test_damage_is_told_in_place_of_facts(played, tmp_path: Path):
    copy = shutil.copytree(played[0].path, tmp_path / "damaged")
    (copy / "run.json").write_text("{", encoding="utf-8")
    told = cells(Run(copy)._repr_html_())
    assert told[:3] == ["run", "damaged", "damaged"]
    assert "run.json is damaged" in told[3]
    assert "damaged" in cells(Runs([copy])._repr_html_())
