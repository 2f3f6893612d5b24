"""Portraits: whether self-descriptions are true, and whether a persona can be recognised."""

import polars as pl

from societies.analysis.measures import Column, measure_each
from societies.runs.run import Run


@measure_each(
    group=Column("population group"),
    described=Column("agents that were to describe themselves"),
    undescribed=Column("of these, without a description", "share"),
    true_statements=Column("statements about oneself called true, mean over agents", "share"),
    unjudged=Column("descriptions that no judgement could be read of", "share"),
    guesses=Column("guesses who somebody is"),
    recognised=Column("personas recognised", "share"),
    unread_guesses=Column("guesses that could not be read", "share"),
)
def portrait_accuracy(run: Run) -> pl.DataFrame:
    """Return per group (such as an ablation) the share of true statements and of correct guesses.

    `true_statements` is the mean over agents of the share that the judge called true;
    `undescribed`, `unjudged` and `unread_guesses` are the shares that could not be read; who did
    not describe itself cannot be judged.
    """
    groups = run.rows("agents").select(subject="agent", group="group")
    described = run.rows("self_descriptions").select(subject="agent", said="outcome")
    judged = (
        described.join(run.rows("judgements").select("subject", "share"), on="subject", how="left")
        .join(groups, on="subject")
        .sort("subject")  # a sum depends on the order of its terms, in the last digit
        .group_by("group")
        .agg(
            described=pl.len(),
            undescribed=(pl.col("said") == "defaulted").mean(),
            true_statements=pl.col("share").mean(),
            unjudged=pl.col("share").is_null().mean(),
        )
    )
    guessed = (
        run.rows("guesses")
        .select("subject", "correct")
        .join(groups, on="subject")
        .group_by("group")
        .agg(
            guesses=pl.len(),
            recognised=pl.col("correct").mean(),
            unread_guesses=pl.col("correct").is_null().mean(),
        )
    )
    return judged.join(guessed, on="group", how="full", coalesce=True).sort("group").collect()


def portrayed(run: Run) -> list[str]:
    """Return in sentences how true each group's portraits are; none if nobody was portrayed."""
    return [
        f"{row['group'] or 'everybody'}: "
        + ", ".join(
            f"{share:.0%} {what}"
            for what, share in (
                ("of the statements about oneself called true", row["true_statements"]),
                ("of the personas recognised", row["recognised"]),
            )
            if share is not None
        )
        for row in portrait_accuracy(run).iter_rows(named=True)
        if row["true_statements"] is not None or row["recognised"] is not None
    ]
