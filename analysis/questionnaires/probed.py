"""What the probes of a run come to: trait scores when agents were asked first, and last."""

from typing import Any

import polars as pl

from societies.analysis.measures import Column, measure_each
from societies.analysis.quality import pooled
from societies.analysis.questionnaires.change import at_occasion, compared, with_requests
from societies.analysis.questionnaires.consistency import SCALE, trait_scores
from societies.analysis.questionnaires.paired import with_corrected
from societies.runs.run import Run

WHEN = {"name", "of", "before", "after", "every", "first"}
"""Keys of a probe that say when it asks, and whom, and not what."""
KEYS = [*SCALE, "probes", "context", "agent"]
LEFT_OUT = ("wilcoxon_p", "d", "d_low", "d_high", "t", "t_p")
ONCE = "nobody was asked twice"


@measure_each(
    probes=Column("probes that ask the same"),
    agents=Column("agents asked"),
    first=Column("mean score when asked first", "points of the item's scale"),
    last=Column("mean score when asked last", "points of the item's scale"),
    pairs=Column("agents asked several times"),
    shown=Column("those of them whose last questions showed something else than their first"),
    difference=Column("mean change", "points of the item's scale"),
    holm_p=Column("p-value of the paired t test, corrected over the traits (Holm)"),
)
def probed(run: Run) -> pl.DataFrame:
    """Return the trait scores of each probe, from when an agent was asked first to last.

    Probes that ask the same, at other moments, are one series (`probes`), such as one before the
    games and one after. `first`, `last` and `difference` are of the agents asked several times; if
    nobody was, `first` is of all. Where requests are identical, nothing of the run was shown: there
    are no statistics, and `note` says so. A run without scored probes has no rows.
    """
    together = series(run)
    scores = trait_scores(run).filter(pl.col("probe").is_in(list(together)))
    if scores.is_empty():
        return scores.select(SCALE)
    place = pl.struct("probe", "occasion").rle_id()
    named = with_requests(run, scores).with_columns(probes=pl.col("probe").replace(together))
    placed = named.with_columns(occasion=place.over(KEYS))
    keys = [name for name in KEYS if name != "agent"]
    rows = [
        {**dict(zip(keys, key, strict=True)), **_first_and_last(part)}
        for key, part in placed.group_by(keys, maintain_order=True)
    ]
    found = with_corrected(rows, "t_p", [name for name in keys if name != "trait"])
    return found.drop(LEFT_OUT)


def _first_and_last(scores: pl.DataFrame) -> dict[str, Any]:
    """Return how the scores of one scale in one series went on; `occasion` counts in the series."""
    occasion = pl.col("occasion")
    several = scores.filter(occasion.max().over("agent") > 0)
    first, last = (at_occasion(several, KEYS, end) for end in (occasion.min(), occasion.max()))
    pairs = first.join(last, on=KEYS, suffix="_after", maintain_order="left")
    found = compared(pairs)
    if pairs.is_empty():
        found |= {"note": ONCE, **pooled(scores)}
    elif found["low"] is not None:
        found["note"] = None
    return {
        "agents": scores["agent"].n_unique(),
        "first": (scores if pairs.is_empty() else pairs)["item_mean"].mean(),
        "last": pairs["item_mean_after"].mean(),
        **found,
    }


def series(run: Run) -> dict[str, str]:
    """Return for every probe with an instrument the names of all that ask the same."""
    asked: dict[str, list[str]] = {}
    for probe in run.config.probes:
        if probe.instrument:
            asked.setdefault(probe.model_dump_json(exclude=WHEN), []).append(probe.title)
    return {name: ", ".join(names) for names in asked.values() for name in names}
