"""Records the runs of this folder: run `python -m tests.old_runs.record` at the commit to keep.

They are what an earlier version left behind: `tests/test_old_runs.py` shows, replays and resumes
them. Recording them anew would prove nothing, so that it refuses to write over one.
"""

import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import societies
from societies.errors import RunInterruptedError

HERE = Path(__file__).parent

TRAITS = dict.fromkeys(("openness", "agreeableness", "neuroticism"), "random")
"""The traits of everybody's persona."""

RUNS: dict[str, dict[str, Any]] = {
    "donor_game": {
        "scenario": "donor_game",
        "seed": 7,
        "model": {"name": "scripted/persona", "options": {"malformed": 0.1}},
        "population": {"size": 4, "persona": {"big_five": TRAITS}},
        "protocol": {"generations": 2, "rounds": 2, "survivors": 2},
        "probes": [
            {
                "name": "moods",
                "instrument": "mini_markers",
                "batch": "form",
                "before": True,
                "after": True,
            }
        ],
        "interventions": [{"at": "g2", "set": {"protocol.multiplier": 3.0}}],
    },
    "negotiation": {
        "scenario": "negotiation",
        "seed": 7,
        "model": {"name": "scripted/logroller"},
        "population": {"size": 4},
        "protocol": {"games": 4, "pairing": "random", "judge": True},
        "limits": {"max_calls": 12},
    },
    "interview": {
        "scenario": "interview",
        "seed": 7,
        "model": {"name": "scripted/steady", "options": {"malformed": 0.05}},
        "population": {
            "size": 3,
            "persona": {"big_five": TRAITS},
            "written_as": "prose",
        },
        "protocol": {"questionnaires": [{"instrument": "mini_markers", "batch": "form"}]},
    },
}
"""What is recorded; the negotiation is interrupted by its limit."""


def record(name: str) -> None:
    """Record one run into this folder."""
    with TemporaryDirectory() as out:
        with suppress(RunInterruptedError):
            societies.run({"name": name, **RUNS[name]}, out=out)
        (made,) = Path(out).glob("*/*/run.json")
        shutil.copytree(made.parent, HERE / name)


if __name__ == "__main__":
    for wanted in RUNS:
        if (HERE / wanted).exists():
            raise SystemExit(f"{HERE / wanted} is a record of an earlier version: keep it")
        record(wanted)
