"""Showing an estimate, alone or against what a run took."""

from dataclasses import asdict
from shlex import quote
from typing import TYPE_CHECKING, Any

import polars as pl

from societies.agents.errors import SocietyError
from societies.calls.provider import provider_of
from societies.cli.show import console
from societies.cli.tables import as_table, literal
from societies.cli.visible import json_text
from societies.config.schema import RunConfig
from societies.runs.results import MODEL
from societies.runs.run import Run
from societies.scenario import Scenario

if TYPE_CHECKING:
    from societies.execute.estimate import Estimate, Range

MOST_CALLS = 10_000
"""Calls of a run beyond which `show` does not play it again by itself."""


def show_estimate(
    config: RunConfig, scenario: Scenario, unreadable: float | None, *, as_json: bool
) -> None:
    """Print the estimate of a run that is not begun: per role and model, with its assumptions."""
    from societies.execute.estimate import UNREADABLE, estimate

    found = estimate(config, scenario, UNREADABLE if unreadable is None else unreadable)
    if as_json:
        summary = {**asdict(found), "cost": found.cost, "unpriced": found.unpriced}
        print(json_text(summary))  # noqa: T201 - the command's output
        return
    out = console()
    title = f"Estimate (low to high, {_holds(found)})"
    out.print(as_table(title, pl.DataFrame([_row(line) for line in found.lines])))
    out.print(literal(_total(found)))
    for assumption in found.assumptions:
        out.print(literal(f"- {assumption}"), soft_wrap=True)


def show_against_actual(run: Run) -> None:
    """Print what a run that is not free was estimated to take, and what it took."""
    stages = run.config.stages()
    if all(provider_of(spec.name).is_free for stage in stages for _, spec in stage.models()):
        return
    from societies.execute.estimate import estimate  # heavy, and most runs end above

    out = console()
    totals = run.about.get("totals") or {}
    if totals.get("calls", 0) > MOST_CALLS:
        file = run.path / "scenario.yaml"
        out.print(
            literal(f"estimate: societies estimate {quote(str(file))} (it takes a while)"),
            soft_wrap=True,
        )
        return
    try:
        found = estimate(run.config, run.scenario)
    except SocietyError as error:
        out.print(literal(f"no estimate: {error}"), soft_wrap=True)
        return
    out.print(as_table("Estimate against actual", against_actual(run, found)))
    if text := _unreadable(run):
        out.print(literal(f"the estimate is {_holds(found)}; {text}"), soft_wrap=True)


def _holds(found: "Estimate") -> str:
    """Say up to which share of unreadable replies the high ends hold."""
    return f"for up to {found.unreadable:.0%} of replies unreadable"


def _unreadable(run: Run) -> str:
    """Say how many of the replies of models that are not free were unreadable; nothing of none."""
    rows = run.rows("calls").group_by("model").agg(pl.len(), (~pl.col("readable")).sum())
    paid = [row[1:] for row in rows.collect().iter_rows() if not provider_of(row[0]).is_free]
    replies, unreadable = (sum(each) for each in zip(*paid, strict=True)) if paid else (0, 0)
    return f"{unreadable / replies:.1%} of {replies:,} were" if replies else ""


def against_actual(run: Run, found: "Estimate") -> pl.DataFrame:
    """Return one row per role and model: each amount's range and what it came to."""
    roles = run.table("agents").select("agent", "role").unique()
    actual = (
        run.rows("calls")
        .with_columns(MODEL)
        .join(roles, on="agent", how="left")
        .group_by("role", "model", maintain_order=True)
        .agg(
            pl.len().alias("calls"),
            pl.col("prompt_tokens", "completion_tokens").sum(),
            pl.when(pl.col("cost").null_count() == 0).then(pl.col("cost").sum()).alias("cost"),
        )
        .collect()
    )
    took = {(row["role"], row["model"]): row for row in actual.iter_rows(named=True)}
    expected = {(line.role, line.model): _row(line) for line in found.lines}
    rows = []
    for role, model in dict.fromkeys((*expected, *took)):
        was = took.get((role, model), {})
        hoped = expected.get((role, model), {})
        row: dict[str, Any] = {"role": role, "model": model}
        for name in ("calls", "prompt_tokens", "completion_tokens"):
            row[f"{name} estimated"] = hoped.get(name, "-")
            row[f"{name} actual"] = was.get(name, 0)
        row["cost estimated"] = hoped.get("cost", "-")
        row["cost actual"] = _price(was.get("cost"))
        rows.append(row)
    return pl.DataFrame(rows)


def _row(line: Any) -> dict[str, str]:
    return {
        "role": line.role,
        "model": line.model,
        "calls": _range(line.calls),
        "prompt_tokens": _range(line.prompt_tokens),
        "completion_tokens": _range(line.completion_tokens),
        "cost": "unpriced" if line.cost is None else _dollars(line.cost),
    }


def _total(found: "Estimate") -> str:
    if not found.unpriced:
        return f"in all {_dollars(found.cost)}"
    return f"in all {_dollars(found.cost)}, and what {', '.join(found.unpriced)} costs (unpriced)"


def _range(amount: "Range") -> str:
    low, high = (f"{round(end):,}" for end in amount)
    return low if low == high else f"{low} to {high}"


def _dollars(cost: "Range") -> str:
    low, high = (_price(end) for end in cost)
    return low if low == high else f"{low} to {high}"


def _price(cost: float | None) -> str:
    if cost is None:
        return "unpriced"
    return f"${cost:,.4f}" if cost else "$0"
