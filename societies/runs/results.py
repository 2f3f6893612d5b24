"""What a run comes to: its result table, findings and figures, and how its answers came about."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from societies.agents.answers.answer import OUTCOMES
from societies.imports import told
from societies.runs.formats import Suffix
from societies.runs.run import Run
from societies.scenario import resolve

QUESTIONNAIRES = "societies.analysis.questionnaires.figures:PANELS"
"""Pictures of what probes asked."""
MODEL = pl.coalesce("label", "model").alias("model")
"""Column `model` of tables that compare models: variants of one model are told apart by `label`."""


ANSWER_UNITS: dict[str, str] = {
    **{str(outcome): "answers" for outcome in OUTCOMES},
    "calls": "replies",
    "unreadable": "replies",
    "unreadable_share": "of replies",
}
"""Units of what `answer_counts` counts."""
CAUTIOUS_DEFAULTED = 0.05
"""Part of the answers without a readable reply above which figures come with a warning."""
CAUTIOUS_UNREADABLE = 0.2
"""The same of the replies that could not be read."""


def summarise(run: Run) -> pl.DataFrame | None:
    """Return the scenario's result table of a run, or None if it has none."""
    summary = run.scenario.part("summary")
    with told(run.scenario.folder):
        table: pl.DataFrame | None = summary(run) if summary else None
    return table


def units(run: Run) -> dict[str, str]:
    """Return the units of the columns of a run's result table, as far as they are declared."""
    columns = getattr(run.scenario.part("summary"), "columns", {})
    return {name: column.unit for name, column in columns.items() if column.unit}


def conclude(run: Run) -> list[str]:
    """Return what a run's result table comes to, in sentences; empty if nobody says."""
    findings = run.scenario.part("findings")
    with told(run.scenario.folder):
        return list(findings(run)) if findings else []


def plot(run: Run, folder: Path, suffix: Suffix = "png") -> list[Path]:
    """Draw the scenario's plots of a run into `folder`, those of its probes into `probes` in it.

    Returns:
        Their files; none if there is nothing to show.
    """
    plots = run.scenario.part("plots") or ()
    save = resolve("societies.analysis.panels:save_panels")  # by name: it stands above what reads
    with told(run.scenario.folder):
        files: list[Path] = save(plots, run, folder, suffix)
    asked = resolve(QUESTIONNAIRES) if any(probe.instrument for probe in run.config.probes) else ()
    return files if asked == plots else [*files, *save(asked, run, folder / "probes", suffix)]


def violations(run: Run) -> list[str]:
    """Return how a run breaks what the scenario declares as conserved; empty if it does not."""
    conserved = run.scenario.part("conserved")
    with told(run.scenario.folder):
        return list(conserved(run)) if conserved else []


def caution(run: Run) -> str | None:
    """Return a warning if so many answers of a run were lost that its figures mislead, or None."""
    answers, defaulted = _counted(run.rows("answers"), pl.col("outcome") == "defaulted")
    replies, unreadable = _counted(run.rows("calls"), ~pl.col("readable"))
    parts = []
    if defaulted > CAUTIOUS_DEFAULTED * answers:
        parts.append(
            f"{defaulted / answers:.1%} of {answers:,} answers are defaulted (no reply could be "
            "read, and the fallback stands in)"
        )
    if unreadable > CAUTIOUS_UNREADABLE * replies:
        parts.append(f"{unreadable / replies:.1%} of {replies:,} replies are unreadable")
    if not parts:
        return None
    return f"Caution: {', and '.join(parts)}: see column 'problem' of table 'calls'"


def _counted(rows: pl.LazyFrame, lost: pl.Expr) -> tuple[int, int]:
    """Return how many rows there are, and how many of them are lost."""
    counts: tuple[int, int] = rows.select(pl.len(), lost.sum().alias("lost")).collect().row(0)
    return counts


def answer_counts(run: Run, by: Sequence[str]) -> pl.DataFrame:
    """Count answers by outcome, and the replies that could not be read.

    Args:
        run: the run.
        by: columns of table `answers` to group by, such as `model` (variants are told apart) or
            `agent`.

    Returns:
        One row per group: `answers`, a column per outcome (`clean`, `lenient`, `repaired`,
        `defaulted`), `calls`, and of these `unreadable` and `unreadable_share`: their replies were
        no answer to what was asked.
    """
    answers = (
        run.rows("answers")
        .with_columns(MODEL)
        .group_by(by, maintain_order=True)
        .agg(
            pl.len().alias("answers"),
            *((pl.col("outcome") == outcome).sum().alias(outcome) for outcome in OUTCOMES),
        )
    )
    calls = (
        run.rows("calls")
        .with_columns(MODEL)
        .group_by(by)
        .agg(
            pl.len().alias("calls"),
            (~pl.col("readable")).sum().alias("unreadable"),
            (~pl.col("readable")).mean().alias("unreadable_share"),
        )
    )
    return answers.join(calls, on=by, how="left", maintain_order="left").collect()
