"""Runs as notebooks show them: small tables of facts, in which whatever was said is only text."""

from collections.abc import Iterator, Sequence
from html import escape

from societies.errors import InputError
from societies.runs.results import caution
from societies.runs.run import Run
from societies.runs.runs import Runs

MOST_RUNS = 20
"""Of several runs so many are shown."""
MOST_PARAMETERS = 6
"""And so many of the parameters that differ."""
LONGEST = 80
"""Letters of a value that are shown."""


def run_html(run: Run) -> str:
    """Return which run it is, how it stands, what it took, its tables, and what to beware of."""
    try:
        facts = list(_facts(run))
    except InputError as error:
        facts = [("run", run.path.name), ("damaged", str(error))]
    return _table([(f"<th>{escape(name)}</th>", _cell(told)) for name, told in facts])


def runs_html(runs: Runs) -> str:
    """Return a row for every run: how it stands, and what it was set to that others were not."""
    apart = runs.parameters.drop("run")
    settings = apart.select(apart.columns[:MOST_PARAMETERS])
    heads = ["run", "status", *settings.columns, "calls", "caution"]
    rows = [[f"<th>{escape(head)}</th>" for head in heads]]
    for place, (label, run) in enumerate(runs.labelled()):
        if place == MOST_RUNS:
            break
        status, calls, beware = _standing(run)
        values = [_short(value) for value in settings.row(place)] if settings.width else []
        rows.append([_cell(told) for told in (label, status, *values, calls, beware)])
    more = len(runs) - MOST_RUNS
    return _table(rows) + (f"<p>... and {more:,} more</p>" if more > 0 else "")


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    """Yield what is told of a run, by what it is called."""
    config, about = run.config, run.about
    reason = f" ({about['reason']})" if about.get("reason") else ""
    totals = about.get("totals") or {}
    yield "run", run.name
    yield "status", about["status"] + reason
    yield "scenario", f"{config.scenario}, seed {config.seed}"
    yield "population", f"{config.population.size:,}, model {config.model.name}"
    if totals:
        read, written = totals.get("prompt_tokens", 0), totals.get("completion_tokens", 0)
        yield "calls", f"{totals.get('calls', 0):,}, {read:,} + {written:,} tokens"
        unpriced = totals.get("unpriced", 0)
        without = f" and {unpriced:,} unpriced calls" if unpriced else ""
        yield "cost", f"${totals.get('cost', 0.0):,.4f}{without}"
    counted = ((name, run.written.get(name, {}).get("rows")) for name in run.tables)
    yield "tables", ", ".join(name if n is None else f"{name} ({n:,})" for name, n in counted)
    if beware := caution(run):
        yield "beware", beware
    yield "path", str(run.path)


def _standing(run: Run) -> tuple[str, str, str]:
    """Return status, calls and caution of one of several runs; damage is told in their place."""
    try:
        calls = (run.about.get("totals") or {}).get("calls", 0)
        return run.status, f"{calls:,}", caution(run) or ""
    except InputError as error:
        return "damaged", "", str(error)


def _short(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _cell(text: str) -> str:
    return f'<td style="text-align: left">{escape(text)}</td>'


def _table(rows: Sequence[Sequence[str]]) -> str:
    return "<table>" + "".join(f"<tr>{''.join(row)}</tr>" for row in rows) + "</table>"
