"""Debate: a small run of each protocol, told line by line, is what it was.

After a wanted change: SOCIETIES_WRITE_GOLDEN=1 pytest tests/test_debate_golden.py; read the diff.
"""

from pathlib import Path

import pytest

import societies
from societies.testing import check_golden, golden

FOLDER = Path(__file__).parent / "golden"
SOLVER = {"accuracy": 0.5, "stubbornness": 0.4, "malformed": 0.05}
RUNS = {
    "symmetric": {"size": 3, "task": {"kind": "gsm", "count": 3}, "summaries_from": 3},
    "judged": {"size": 2, "task": {"kind": "ciar", "count": 4}, "base_answer": True},
    "single": {"size": 1, "task": {"kind": "choice", "count": 4}},
    "chain_of_thought": {"size": 1, "task": {"kind": "text", "count": 4}},
    "self_consistency": {"size": 1, "task": {"kind": "math", "count": 3}},
    "self_reflection": {"size": 1, "task": {"kind": "arithmetic", "count": 4}},
    "majority": {"size": 3, "task": {"kind": "translation", "count": 3}},
}


@pytest.mark.parametrize("kind", RUNS)
def test_golden_run(tmp_path, kind):
    options = dict(RUNS[kind])
    run = societies.run(
        {
            "scenario": "debate",
            "name": kind,
            "seed": 7,
            "model": {"name": "scripted/solver", "options": SOLVER},
            "population": {"size": options.pop("size")},
            "protocol": {"kind": kind, **options},
        },
        out=tmp_path,
    )
    check_golden(FOLDER / f"debate_{kind}.txt", golden(run))
