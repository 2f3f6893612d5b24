"""Showing several runs side by side, such as a run and its forks."""

from collections.abc import Sequence
from shlex import quote

import polars as pl

from societies.cli.show import console, show_caution
from societies.cli.tables import as_table, as_tables, literal, with_units
from societies.cli.visible import json_text
from societies.runs import comparison
from societies.runs.results import ANSWER_UNITS, answer_counts, units
from societies.runs.run import Run


def show_comparison(runs: Sequence[Run]) -> None:
    """Print what was set differently, where the runs part, their answers and their results."""
    results = comparison.results(runs)
    out = console()
    out.print(as_table("Runs", comparison.facts(runs)))
    differing = comparison.differences(runs)
    if differing.height:
        out.print(as_table("Set differently", differing))
    else:
        out.print("the same configuration")
    for other in runs[1:]:
        out.print(literal(_parting(runs[0], other)), soft_wrap=True)
    for run in runs:
        show_caution(out, run)
    answers = [
        answer_counts(run, ["model"]).select(pl.lit(str(run.path)).alias("run"), pl.all())
        for run in runs
        if "answers" in run.tables
    ]
    if answers:
        counts = with_units(pl.concat(answers, how="diagonal_relaxed"), ANSWER_UNITS)
        out.print(as_table("Answers by model", counts))
    if results is not None:
        for table in as_tables("Results", results, out.width, units=units(runs[0])):
            out.print(table)


def show_comparison_json(runs: Sequence[Run]) -> None:
    """Print the comparison for programs."""
    results = comparison.results(runs)
    summary = {
        "runs": comparison.facts(runs).to_dicts(),
        "differences": comparison.differences(runs).to_dicts(),
        "parting": {str(other.path): comparison.parting(runs[0], other) for other in runs[1:]},
        "results": results.to_dicts() if results is not None else [],
    }
    print(json_text(summary))  # noqa: T201 - the command's output


def _parting(one: Run, other: Run) -> str:
    key = comparison.parting(one, other)
    if key is None:
        return f"{one.path} and {other.path}: every call is the same"
    return f"{one.path} and {other.path} part at call {quote(key)}"
