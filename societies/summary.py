"""How the answers of a run came about, counted."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from societies.agents.answers import OUTCOMES

if TYPE_CHECKING:
    from societies.run_directory import Run

MODEL = pl.coalesce("label", "model").alias("model")
"""Column `model` of tables that compare models: variants of one model are told apart by `label`."""


def answer_counts(run: "Run", by: Sequence[str]) -> pl.DataFrame:
    """Count answers by outcome, and the replies that were not an answer to what was asked.

    Args:
        run: the run.
        by: columns of table `answers` to group by, such as `model` (variants are told apart) or
            `agent`.

    Returns:
        One row per group: `answers`, a column per outcome (`clean`, `lenient`, `repaired`,
        `defaulted`), `invalid` (replies, so calls), and `invalid_share` of all calls.
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
            (~pl.col("readable")).sum().alias("invalid"),
            (~pl.col("readable")).mean().alias("invalid_share"),
        )
    )
    return answers.join(calls, on=by, how="left", maintain_order="left").collect()
