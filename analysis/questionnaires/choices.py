"""Choices of behaviour: trait scores over both option orders (TRAIT, Lee et al. 2024)."""

import polars as pl

from societies.agents.instruments.scoring import choice_outcome
from societies.analysis.measures import Column, measure_each
from societies.analysis.quality import quality_of
from societies.analysis.questionnaires.columns import WHOM
from societies.analysis.questionnaires.consistency import ADMINISTRATION, OCCASION, responses
from societies.runs.run import Run

KEYS = ["group", "instrument", "template", "wording", "trait", "probe", "moment"]
ASKED = ["item", *OCCASION, *(name for name in ADMINISTRATION if name != "option_order")]
"""What the two orders of one choice have in common."""


@measure_each(
    WHOM,
    items=Column("items that were asked"),
    by_probability=Column("items high by the options' probabilities in both orders", "%"),
    by_choice=Column("high choices over orders and repeats", "%"),
    unanswered=Column("answers without a choice", "share"),
)
def choice_scores(run: Run) -> pl.DataFrame:
    """Return every agent's trait scores from choices that were asked in both orders.

    There is a row for every moment at which a probe asked.

    `by_probability` is TRAIT's: 100 times the share of items that count as high by the options'
    probabilities averaged over the two orders; null where the model gave none. `by_choice` is for
    models that can only be sampled: the mean, in percent, of the indicator of a high choice over
    orders and repeats.
    """
    answers = responses(run).filter(pl.col("kind") == "choose", pl.col("asking") == 1)
    rows = []
    for key, part in answers.group_by(*KEYS, "agent", maintain_order=True):
        weighed = part.drop_nulls("probabilities")
        outcomes = []
        for _, item in weighed.group_by(ASKED, maintain_order=True):
            orders = dict(item.select("option_order", "probabilities").iter_rows())
            if {"forward", "reversed"} <= orders.keys():
                outcomes.append(choice_outcome(orders["forward"], orders["reversed"]))
        each = part.group_by("item", maintain_order=True).agg(pl.col("score").mean())
        items = each["score"].drop_nulls()
        rows.append(
            {
                **dict(zip([*KEYS, "agent"], key, strict=True)),
                "items": part["item"].n_unique(),
                "by_probability": 100 * sum(outcomes) / len(outcomes) if outcomes else None,
                "by_choice": None if items.is_empty() else 100 * float(items.sum()) / len(items),
                "unanswered": part["value"].null_count() / part.height,
                **quality_of(part),
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)
