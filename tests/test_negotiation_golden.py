"""Golden runs and promises of negotiations: readable transcripts, played again and compared.

After an intended change write them anew, and read the difference:
`SOCIETIES_WRITE_GOLDEN=1 python -m pytest tests/test_negotiation_golden.py`
"""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import societies
from societies.testing import (
    check_conserved,
    check_golden,
    check_scenario,
    check_secrets,
    golden,
)

from .conftest import forge
from .negotiation_games import BLUE_LINES, RED_LINES, one_game

GOLDEN = Path(__file__).parent / "golden"

RUNS: dict[str, dict[str, Any]] = {
    "demo": {"protocol.games": 6},
    "semi_competitive": {"protocol.games": 4},
    "cooperative": {"protocol.games": 4},
    "strict": {"protocol.games": 4},
    "tournament": {"protocol.games": 1, "population.size": 4},
    "resources": {},
    "small_model": {"model": {"name": "scripted/logroller", "options": {"malformed": 0.2}}},
    "hosted": {
        "protocol.games": 3,
        "model": {
            "name": "scripted/logroller",
            "options": {"malformed": 0.2},
            "roles": {"blue": {"name": "scripted/liar"}, "judge": {"name": "scripted/logroller"}},
        },
    },
}
"""Shipped files, with what makes them small (and what stands in for the hosted models)."""


@pytest.mark.parametrize("name", RUNS)
def test_golden_run(name, tmp_path):
    run = societies.run(f"negotiation/{name}", out=tmp_path, sets=RUNS[name])
    check_golden(GOLDEN / f"negotiation_{name}.txt", golden(run))


def test_every_shipped_file_has_a_golden_run():
    folder = Path(societies.__file__).parent / "scenarios" / "negotiation"
    assert {path.stem for path in folder.glob("*.yaml")} == set(RUNS)


@pytest.mark.slow
@pytest.mark.filterwarnings("default::societies.testing.ConformanceAdvice")
@pytest.mark.parametrize("name", [name for name in RUNS if name != "demo"])
def test_every_protocol_keeps_all_promises(name):
    small = {**RUNS[name], "protocol.games": 1}
    if name == "tournament":
        small["population.size"] = 3
    check_scenario(f"negotiation/{name}", sets=small, wrong_answers=4, other_process=False)


def test_the_kit_finds_no_secret_in_a_partners_prompt(tmp_path):
    run = societies.run(one_game(RED_LINES, BLUE_LINES), out=tmp_path)
    check_secrets(run, {"red": ["for red alone"], "blue": ["for blue alone"]})


@pytest.mark.parametrize(
    ("table", "column", "value", "told"),
    [
        ("outcomes", "red_points", 8, "the deal is worth (9, 8) to red and blue"),
        ("outcomes", "blue_score", 9.0, "the rewards of red and blue are (9.0, 8.0)"),
        ("outcomes", "agreed", False, "the proposals make agreed True, and it is False"),
        ("outcomes", "turns", 5, "5 turns are counted, and 4 are logged"),
        ("outcomes", "corrections", 1, "1 corrections, and 0 are logged"),
        ("samples", "score", 1.0, "the sample of red has score 1.0"),
    ],
)
def test_an_outcome_that_does_not_follow_is_a_violation(tmp_path, table, column, value, told):
    run = societies.run(one_game(RED_LINES, BLUE_LINES), out=tmp_path)
    check_conserved(run)
    forge(
        run,
        table,
        lambda rows: rows.with_columns(pl.lit(value, dtype=rows.schema[column]).alias(column)),
    )
    with pytest.raises(AssertionError) as caught:
        check_conserved(run)
    assert told in str(caught.value)
