"""Tables of a terminal: whatever its width, every figure and name can be read."""

from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

import societies
from societies.cli.tables import as_tables
from societies.runs.results import summarise


def shown(frame: pl.DataFrame, width: int, **sections: tuple[str, ...]) -> str:
    console = Console(width=width, no_color=True)
    with console.capture() as capture:
        for table in as_tables("Results", frame, width, sections):
            console.print(table)
    return capture.get()


def test_a_table_that_fits_stays_one() -> None:
    printed = shown(pl.DataFrame({"generation": [1, 2], "gini": [0.5, -0.0001]}), 80)
    assert printed.count("Results") == 1
    assert "-0.000" not in printed


def test_a_wide_table_is_parted_and_every_part_says_what_its_rows_are_of() -> None:
    names = [f"figure_{number}" for number in range(12)]
    frame = pl.DataFrame({"kind": ["rate"] * 2, "trait": ["openness", "agreeableness"]})
    frame = frame.with_columns(pl.lit(0.1234567).alias(name) for name in names)
    printed = shown(frame, 60)
    assert "…" not in printed
    assert max(map(len, printed.splitlines())) <= 60
    assert printed.count("agreeableness") == printed.count("Results (kind rate)") == 3
    assert printed.count("0.123") == 24


def test_sections_have_tables_of_their_own_and_lose_no_column() -> None:
    frame = pl.DataFrame({"trait": ["openness"], "alpha": [0.5], "answers": [4], "odd": [1]})
    printed = shown(frame, 80, reliability=("alpha", "retest"), answers=("answers",))
    assert ["Results: reliability" in printed, "Results: answers" in printed] == [True, True]
    assert all(name in printed for name in ("alpha", "answers", "odd"))
    assert "retest" not in printed


SMALL = {
    "demo": {"population.size": 10},
    "role_play": {"population.size": 12},
    "words_and_deeds": {"population.size": 8},
    "sensitivity": {"population.size": 3},
    "trait_form": {"population.size": 2},
    "two_groups": {"population.size": 4},
    "who_am_i": {},
}


@pytest.mark.parametrize("name", SMALL)
def test_shipped_interviews_can_be_read_in_120_columns(name: str, tmp_path: Path) -> None:
    run = societies.run(f"interview/{name}", out=tmp_path, sets=SMALL[name])
    table = summarise(run)
    printed = shown(table, 120, **run.scenario.sections)
    assert "…" not in printed
    assert max(map(len, printed.splitlines())) <= 120
    shown_columns = [name for name in table.columns if name != "group" or any(table[name])]
    words = {word for column in shown_columns for word in column.split("_")}
    words |= {
        str(value) for column in ("group", "trait") if column in table for value in table[column]
    }
    assert [word for word in sorted(words) if word not in printed] == []
