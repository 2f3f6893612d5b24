"""What tests of negotiations share: playing them, and one game whose lines are given."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import societies
from societies.runs.run import Run

Play = Callable[..., Run]

RED_LINES = [
    "[message] I care for hats. [END]",
    "[propose] book 0, hat 2, ball 1 for red alone [END]",
]
BLUE_LINES = [
    "[message] And I for books. [END]",
    "[propose] book 1, hat 0, ball 2 for blue alone [END]",
]

ONE_CONTEXT = [{"counts": [1, 2, 3], "red": [0, 4, 1], "blue": [6, 1, 1]}]


def reciter(*lines: str) -> dict[str, Any]:
    return {"name": "scripted/reciter", "options": {"lines": list(lines)}}


def one_game(red: list[str], blue: list[str], **protocol: Any) -> dict[str, Any]:
    """Return the configuration of one game between two reciters."""
    return {
        "scenario": "negotiation",
        "name": "one",
        "seed": 1,  # with which red opens
        "model": {**reciter(*red), "roles": {"blue": reciter(*blue)}},
        "population": {"size": 1},
        "protocol": {"games": 1, "contexts": ONE_CONTEXT, **protocol},
    }


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Run a negotiation: a shipped file's name or the data itself, and dotted keys over it."""

    def run(given: str | dict[str, Any], **sets: Any) -> Run:
        return societies.run(given, out=tmp_path / "runs", sets=sets)

    return run


def only(run: Run, table: str) -> dict[str, Any]:
    """Return the one row of a table."""
    return run.table(table).collect().row(0, named=True)
