"""Golden runs: a readable transcript that is kept in a file, and compared with what runs now."""

import os
from difflib import unified_diff
from itertools import islice
from pathlib import Path

import polars as pl

from societies.agents.answers.answer import OUTCOMES
from societies.runs.run import Run
from societies.runs.transcript import transcript

WRITE = "SOCIETIES_WRITE_GOLDEN"
"""Environment variable: with the value 1, golden files are written instead of compared."""

LONGEST_DIFFERENCE = 60
"""Lines of a difference that are shown."""


def golden(run: Run) -> str:
    """Return the transcript of a run, under two lines of facts."""
    config = run.config
    outcomes = run.table("answers").select("outcome").collect()["outcome"]
    counted = ", ".join(f"{(outcomes == outcome).sum()} {outcome}" for outcome in OUTCOMES)
    calls = run.table("calls").select(pl.len()).collect().item()
    lines = [
        f"run {config.name}/{config.seed}: {config.scenario}, seed {config.seed}, "
        f"population of {config.population.size}, model {config.model.name}",
        f"{calls} calls, {len(outcomes)} answers: {counted}",
        *transcript(run),
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def check_golden(path: str | Path, text: str) -> None:
    """Compare a text with the golden file, or write it if `SOCIETIES_WRITE_GOLDEN` is 1.

    Raises:
        AssertionError: there is no such file, or it differs; the text shows how.
    """
    path = Path(path)
    remedy = f"if this is meant, run again with {WRITE}=1 and look at what changed"
    if os.environ.get(WRITE) == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    if not path.is_file():
        raise AssertionError(f"There is no golden run {path.name}: run again with {WRITE}=1")
    kept = path.read_text(encoding="utf-8")
    if kept != text:
        difference = unified_diff(
            kept.splitlines(), text.splitlines(), f"{path.name} (kept)", "now", n=2, lineterm=""
        )
        shown = "\n".join(islice(difference, LONGEST_DIFFERENCE))
        raise AssertionError(f"The golden run {path.name} differs; {remedy}:\n{shown}")
