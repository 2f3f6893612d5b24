"""Showing a run: its summary, its results, one call, its story."""

import json

import polars as pl
from rich.console import Console

from societies.cli.tables import as_table, as_tables, cost_text, literal
from societies.cli.visible import json_text, visible
from societies.runs.formats import Suffix
from societies.runs.results import answer_counts, caution, conclude, plot, summarise
from societies.runs.run import Run
from societies.runs.transcript import transcript
from societies.scenario import resolve

PIPED_WIDTH = 200
MOST_AGENTS = 12
COUNTED = ("calls", "journalled", "prompt_tokens", "completion_tokens", "cost", "unpriced")
"""What `run.json` tells the total of; earlier versions counted less."""

SECTIONS = {
    "first and last": (
        *("agents", "first", "last", "pairs", "shown"),
        *("difference", "low", "high", "holm_p", "note"),
    ),
    "answers": ("answers", "lenient", "invalid", "refused", "defaulted"),
}
"""Columns of the table of probes that are shown together."""


def console() -> Console:
    """Return the console of standard output; piped text is not squeezed to a terminal's width."""
    screen = Console()
    return screen if screen.is_terminal else Console(width=PIPED_WIDTH)


def show_summary(run: Run) -> None:
    """Print the run's facts, how its answers came about, and the scenario's result table."""
    out = console()
    for line in _facts(run):
        out.print(literal(line), soft_wrap=True)
    show_caution(out, run)
    if "answers" in run.tables:
        counts = answer_counts(run, ["model"])
        out.print(as_table("Answers by model", counts))
        unclean = answer_counts(run, ["agent", "model"]).filter(pl.col("clean") < pl.col("answers"))
        if unclean.height:
            title = "Agents with answers that were not clean"
            out.print(as_table(title, unclean.head(MOST_AGENTS)))
        if unclean.height > MOST_AGENTS:
            out.print(f"... and {unclean.height - MOST_AGENTS} more: see table 'answers'")
    result = summarise(run) if run.status == "finished" else None
    if result is not None:
        for table in as_tables("Results", result, out.width, run.scenario.sections):
            out.print(table)
        for line in conclude(run):
            out.print(literal(line), soft_wrap=True)
    scores = probed(run) if result is not None else pl.DataFrame()
    for table in as_tables("Probes", scores, out.width, SECTIONS) if scores.height else ():
        out.print(table)
    for row in _warnings(run):
        out.print(literal(f"warning: {row}"))
    out.print(literal(f"tables: {', '.join(run.tables)}"))
    out.print(literal(run.path), soft_wrap=True)


def show_caution(out: Console, run: Run) -> None:
    """Print a red line if so many answers were lost that the figures mislead."""
    if text := caution(run):
        lost = run.rows("calls").filter(~pl.col("readable")).select("key").head(1).collect()
        hint = f", such as: societies show {run.path} --call '{lost['key'][0]}'"
        out.print(literal(text + hint), style="bold red", soft_wrap=True)


def show_json(run: Run) -> None:
    """Print the summary for programs."""
    result = summarise(run) if run.status == "finished" else None
    summary = {
        **run.about,
        "path": str(run.path),
        "caution": caution(run),
        "answers": answer_counts(run, ["model"]).to_dicts() if "answers" in run.tables else [],
        "results": result.to_dicts() if result is not None else [],
        "probes": probed(run).to_dicts() if result is not None else [],
        "findings": conclude(run) if result is not None else [],
        "warnings": _warnings(run),
    }
    print(json_text(summary))  # noqa: T201 - the command's output


def show_call(run: Run, key: str) -> None:
    """Print one call's settings, full prompt and reply."""
    call = run.call(key)
    lines = [f"call {call.key}", f"request {call.request}", f"model {json.dumps(call.sampling)}"]
    for role, content in call.messages:
        lines += ["", f"--- {role}", content]
    completion = call.completion
    cost = "unpriced" if completion.cost is None else f"${completion.cost:g}"
    lines += [
        "",
        f"--- reply ({completion.finish_reason}; {completion.prompt_tokens} + "
        f"{completion.completion_tokens} tokens, {cost}, {completion.latency:.2f} s, "
        f"{completion.attempts} attempts)",
        completion.text,
    ]
    print(visible("\n".join(lines)))  # noqa: T201 - the command's output


def show_transcript(run: Run) -> None:
    """Print the readable story of the run."""
    for line in transcript(run):
        print(visible(line))  # noqa: T201 - the command's output


def draw_plots(run: Run, suffix: Suffix = "png") -> None:
    """Draw the scenario's plots into the run's directory and print where they lie."""
    folder = run.path / "plots"
    folder.mkdir(exist_ok=True)
    for path in plot(run, folder, suffix):
        print(visible(path))  # noqa: T201 - the command's output


def probed(run: Run) -> pl.DataFrame:
    """Return the trait scores of a run's probes; empty if there is none that asks an instrument."""
    if not any(probe.instrument for probe in run.config.probes):
        return pl.DataFrame()
    table: pl.DataFrame = resolve("societies.analysis.questionnaires.probed:probed")(run)
    return table


def _warnings(run: Run) -> list[str]:
    """Return what did not come about as the file of a finished run asks for it."""
    if run.status != "finished":
        return []
    return [*_unmet(run), *_unasked(run), *_unshown(run)]


def _unmet(run: Run) -> list[str]:
    """Return a warning for every intervention whose scope the run never came to."""
    if "interventions" not in run.tables:
        return []
    unmet = run.table("interventions").filter(~pl.col("applied")).select("number", "kind", "scope")
    return [
        f"interventions.{number} ({kind}) never took place: no scope {scope}"
        for number, kind, scope in unmet.collect().iter_rows()
    ]


def _unasked(run: Run) -> list[str]:
    """Return a warning for every probe that asked nobody."""
    if not run.config.probes:
        return []
    asked = set(run.table("responses").select("probe").unique().collect()["probe"])
    return [
        f"probe {probe.title!r} asked nobody: nobody it is of was there when it was due"
        for probe in run.config.probes
        if probe.title not in asked
    ]


def _unshown(run: Run) -> list[str]:
    """Return a warning for every probe that asked everybody the same again."""
    if not run.config.probes:
        return []
    return list(resolve("societies.analysis.questionnaires.shown:unshown")(run))


def _facts(run: Run) -> list[str]:
    about, config = run.about, run.config
    totals = dict.fromkeys(COUNTED, 0) | about["totals"] if about.get("totals") else {}
    reason = f" ({about['reason']})" if about.get("reason") else ""
    lines = [
        f"run {about['run']}: {config.scenario}, {about['status']}{reason}",
        f"seed {config.seed}, {config.population.size:,} agents, model {config.model.name}",
    ]
    if parent := about.get("parent"):
        lines.append(
            f"fork of {parent['run']} ({parent['path']}) at {parent['at']}: "
            f"{parent['calls']:,} calls taken over"
        )
    if totals:
        tokens = f"{totals['prompt_tokens']:,} + {totals['completion_tokens']:,} tokens"
        cost = cost_text(totals["cost"], totals["unpriced"])
        lines.append(
            f"{totals['calls']:,} calls ({totals['journalled']:,} from the journal), {tokens}, "
            f"{cost}" + ("" if about.get("seconds") is None else f", {about['seconds']:,.1f} s")
        )
    if given_up := totals.get("given_up"):
        requests = "request" if given_up == 1 else "requests"
        lines.append(f"{given_up:,} {requests} given up, which may have to be paid for")
    return lines
