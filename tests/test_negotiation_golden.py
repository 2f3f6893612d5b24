"""Golden runs of negotiations: readable transcripts, played again and compared.

After an intended change write them anew, and read the difference:
`REWRITE_GOLDEN=1 python -m pytest tests/test_negotiation_golden.py`
"""

import os
from pathlib import Path
from typing import Any

import pytest

import societies

GOLDEN = Path(__file__).parent / "golden"

RUNS: dict[str, dict[str, Any]] = {
    "demo": {"protocol.games": 6},
    "semi_competitive": {"protocol.games": 4},
    "cooperative": {"protocol.games": 4},
    "strict": {"protocol.games": 4},
    "tournament": {"protocol.games": 1, "population.size": 4},
    "resources": {},
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
    told = "\n".join(run.story()) + "\n"
    path = GOLDEN / f"negotiation_{name}.txt"
    if os.environ.get("REWRITE_GOLDEN"):
        path.write_text(told, encoding="utf-8")
    assert told == path.read_text(encoding="utf-8")


def test_every_shipped_file_has_a_golden_run():
    folder = Path(societies.__file__).parent / "scenarios" / "negotiation"
    assert {path.stem for path in folder.glob("*.yaml")} == set(RUNS)
