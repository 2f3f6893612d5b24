"""Whether personas were taken on: answers against what the prompt said of the agent."""

import json
from statistics import fmean

import polars as pl

from societies.agents.models.respondent import INVERSE
from societies.agents.persona.persona import LEVELS, told_level
from societies.analysis.measures import Column, measure_each
from societies.analysis.quality import pooled
from societies.analysis.questionnaires.columns import WHOM, WIDTHS
from societies.analysis.questionnaires.consistency import SCALE, SESSION, trait_scores
from societies.analysis.questionnaires.paired import noted
from societies.analysis.statistics import difference_interval
from societies.runs.run import Run

INDUCED = 0.25
"""Difference of high and low personas, in scale widths, from which a persona counts as taken on."""


@measure_each(
    WHOM,
    high_agents=Column("agents told high in the trait"),
    low_agents=Column("agents told low"),
    between_agents=Column("agents told in between"),
    induction=Column("mean of personas told high minus those told low", WIDTHS),
    from_middle=Column("mean distance from the scale's middle of those told in between", WIDTHS),
    as_told=Column("agents whose score is where they were told", "share"),
    taken=Column("whether the persona was taken on"),
)
def induction(run: Run, threshold: float = INDUCED, by: str = "group") -> pl.DataFrame:
    """Return per trait whether the persona was taken on, for each session by itself.

    What counts is the level that the prompt told: a score is told as the nearest level in words,
    and `average` as in between. `induction` is the mean score of personas told high in the trait
    minus that of personas told low, in scale widths, with its 95 % interval over agents (`low`,
    `high`; Welch's, `note` says why there is none). `from_middle` is how far the
    `between_agents`, told to be in between, are from the scale's middle on average. The persona
    failed to take (`taken` is false) where the difference is below the threshold, or where those in
    between are further away than half of it and half an option. `as_told` is the share of agents
    whose own score is where they were told: above the middle, below it, or within that distance.
    `by` says over whom they are compared: within each `group`, or over all who share a `model`,
    which is needed where the groups are the personas. Sessions (`probe`, `moment`, `context`) are
    as in `reliability`.
    """
    rows = []
    scale = [by, *SCALE[1:]]
    keys = [*scale, *SESSION]
    for key, part in trait_scores(run).group_by(keys, maintain_order=True):
        agents = _by_agent(part, str(key[scale.index("trait")]))
        high, low, between = (
            agents.filter(pl.col("side") == side)["place"].to_list() for side in (1, -1, 0)
        )
        reach = threshold / 2 + 0.5 / float(part["width"].mean())  # type: ignore[arg-type]
        difference = fmean(high) - fmean(low) if high and low else None
        away = fmean(abs(place) for place in between) if between else None
        told = [p > 0 for p in high] + [p < 0 for p in low] + [abs(p) <= reach for p in between]
        failed = [
            difference is not None and difference < threshold,
            away is not None and away > reach,
        ]
        ends = difference_interval(low, high, unit="agents on each side")
        rows.append(
            {
                **dict(zip(keys, key, strict=True)),
                "high_agents": len(high),
                "low_agents": len(low),
                "between_agents": len(between),
                "induction": difference,
                "low": ends.low,
                "high": ends.high,
                "from_middle": away,
                "as_told": fmean(told) if told else None,
                "taken": None if difference is None and away is None else not any(failed),
                "note": ends.note,
                **pooled(part),
            }
        )
    frame = noted(rows)
    return frame.sort(scale, maintain_order=True) if rows else frame


@measure_each()
def taken_on(run: Run) -> pl.DataFrame:
    """Return `induction` within groups, or within models where no group has high and low personas.

    The latter is so where the groups are the personas.
    """
    within = induction(run)
    if within.is_empty() or within["induction"].is_not_null().any():
        return within
    across = induction(run, by="model")
    return across if across["induction"].is_not_null().any() else within


def persona_level(big_five: str, trait: str) -> float | None:
    """Return the level that the persona's prompt tells, -1 to 1; None if it says nothing.

    A score is told as the nearest level.
    """
    found = json.loads(big_five).get(INVERSE.get(trait, trait))
    if found is None:
        return None
    level = LEVELS.index(told_level(found)) / 2 - 1
    return -level if trait in INVERSE else level


def _by_agent(scores: pl.DataFrame, trait: str) -> pl.DataFrame:
    """Return every agent whose persona says something: its told `side`, and its mean `place`.

    A place is the distance from the scale's middle, in scale widths.
    """
    lowest = pl.when(pl.col("kind") == "choose").then(0.0).otherwise(1.0)
    levels = [persona_level(text, trait) for text in scores["big_five"]]
    return (
        scores.with_columns(
            side=pl.Series(levels, dtype=pl.Float64).sign(),
            place=(pl.col("item_mean") - lowest) / pl.col("width") - 0.5,
        )
        .drop_nulls(["side", "item_mean"])
        .group_by("agent", maintain_order=True)
        .agg(pl.col("side").first(), pl.col("place").mean())
    )
