"""How the answers behind a figure came about: what stands beside every result.

The shares are parts of all answers that a figure rests on, those without a value included.
`lenient`: the first reply was read with goodwill as to its form. `invalid`: a reply was not an
answer to what was asked (unreadable, or outside what is allowed), whether or not another one
mended it. `refused`: the agent declined to answer. `defaulted`: no reply was an answer, and the
value is missing.
"""

from typing import Any

import polars as pl

SHARES = ("lenient", "invalid", "refused", "defaulted")
COUNTED = ("answers", *SHARES)


def outcomes() -> list[pl.Expr]:
    """Return expressions over rows with an `outcome`: `answers`, and the share of each kind."""
    outcome = pl.col("outcome")
    return [
        pl.len().cast(pl.Int64).alias("answers"),
        (outcome == "lenient").mean().alias("lenient"),
        outcome.is_in(["repaired", "defaulted"]).mean().alias("invalid"),
        (outcome == "defaulted").mean().alias("defaulted"),
    ]


def shares() -> list[pl.Expr]:
    """Return expressions over rows of table `responses`: `answers`, and the share of each kind."""
    *others, defaulted = outcomes()
    return [*others, pl.col("refused").mean().alias("refused"), defaulted]


def quality_of(answers: pl.DataFrame) -> dict[str, Any]:
    """Return `answers` and the shares of rows of table `responses`."""
    return answers.select(shares()).row(0, named=True)


def pooling() -> list[pl.Expr]:
    """Return expressions over rows that have these columns themselves: all their answers'."""
    answers = pl.col("answers")
    return [
        answers.sum(),
        *((pl.col(name) * answers).sum() / answers.sum() for name in SHARES),
    ]


def pooled(scores: pl.DataFrame) -> dict[str, Any]:
    """Return `answers` and the shares of all rows of a table that has these columns."""
    return scores.select(pooling()).row(0, named=True)


def pooled_sides(pairs: pl.DataFrame, suffix: str) -> dict[str, Any]:
    """Return `answers` and the shares of both sides of joined rows; the right one has a suffix."""
    right = pairs.select(pl.col(f"{name}{suffix}").alias(name) for name in COUNTED)
    return pooled(pl.concat([pairs.select(COUNTED), right]))
