"""Runs side by side: what was set differently, where they part, and what came of it."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

import polars as pl
from pydantic_core import to_json

from societies.errors import InputError
from societies.loading.inputs import settings
from societies.runs.results import summarise
from societies.runs.run import Run

FACTS = ("status", "scenario", "parent", "calls", "from the journal", "tokens", "cost", "unpriced")


def facts(runs: Sequence[Run]) -> pl.DataFrame:
    """Return one row per run: `run` (its directory) and the columns of `FACTS`.

    `parent` names the run and the scope that a fork began at, null for others.
    """
    return pl.DataFrame([_facts(run) for run in runs], infer_schema_length=None)


def _facts(run: Run) -> dict[str, Any]:
    about = run.about
    totals, parent = about.get("totals") or {}, about.get("parent")
    tokens = totals.get("prompt_tokens", 0) + totals.get("completion_tokens", 0)
    values = (
        about["status"],
        run.config.scenario,
        f"{parent['path']} at {parent['at']}" if parent else None,
        totals.get("calls", 0),
        totals.get("journalled", 0),
        tokens,
        float(totals.get("cost", 0.0)),
        totals.get("unpriced", 0),
    )
    return {"run": str(run.path), **dict(zip(FACTS, values, strict=True))}


def differences(runs: Sequence[Run]) -> pl.DataFrame:
    """Return the values that are not the same in all runs: `key`, and a column per run.

    Values are JSON; a key that a run does not have is null.
    """
    found = [
        {
            key: to_json(value).decode()
            for key, value in flat(settings(run.config, run.scenario)).items()
        }
        for run in runs
    ]
    keys = dict.fromkeys(key for each in found for key in each)
    rows = [(key, *(each.get(key) for each in found)) for key in keys]
    names = ["key", *(str(run.path) for run in runs)]
    apart = [
        row
        for row in rows
        if len(set(row[1:])) > 1 and not any(key.startswith(f"{row[0]}.") for key in keys)
    ]
    return pl.DataFrame(apart, schema=dict.fromkeys(names, pl.String), orient="row")


def flat(value: Any, above: str = "") -> dict[str, Any]:
    """Return every value of a configuration by its dotted key."""
    items: Any = ()
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        items = enumerate(value)
    if not items:
        return {above: value}
    prefix = f"{above}." if above else ""
    return {
        key: each for name, item in items for key, each in flat(item, f"{prefix}{name}").items()
    }


def parting(one: Run, other: Run) -> str | None:
    """Return the key of the first call, in program order, that is not the same in both runs.

    Calls are the same when the same was asked of the same model and, as far as the record shows,
    the same answered. None: there is no such call.
    """
    columns = ["key", "request", "completion_tokens", "finish_reason"]
    first, second = (run.table("calls").select(columns).collect() for run in (one, other))
    with one.journal() as left, other.journal() as right:
        for was, now in zip_longest(first.iter_rows(), second.iter_rows()):
            if was is None or now is None or was != now:
                return str((was or now)[0])
            before, after = left.find(was[0]), right.find(was[0])
            if before is None or after is None or before.completion.text != after.completion.text:
                return str(was[0])
    return None


def results(runs: Sequence[Run]) -> pl.DataFrame | None:
    """Return the finished runs' result tables below each other, with a first column `run`.

    None: no run has one.

    Raises:
        InputError: the runs are not of one scenario.
    """
    scenarios = {run.config.scenario for run in runs}
    if len(scenarios) > 1:
        raise InputError(
            f"runs of different scenarios have no common results: {', '.join(sorted(scenarios))}"
        )
    frames = [
        frame.select(pl.lit(str(run.path)).alias("run"), pl.all())
        for run in runs
        if run.status == "finished" and (frame := summarise(run)) is not None
    ]
    return pl.concat(frames, how="diagonal_relaxed") if frames else None
