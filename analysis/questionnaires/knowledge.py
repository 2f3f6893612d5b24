"""Self-knowledge against action: what agents say of themselves, and what they do (section 4)."""

from collections.abc import Sequence
from random import Random
from statistics import fmean

import numpy as np
import polars as pl

from societies.analysis.measures import Column, measure_each
from societies.analysis.quality import pooled, quality_of
from societies.analysis.questionnaires.columns import COMPARED, WHOM
from societies.analysis.questionnaires.consistency import responses
from societies.analysis.questionnaires.paired import compare, flat, with_corrected
from societies.analysis.statistics import ROUNDING
from societies.runs.run import Run

SHUFFLES = 50
"""Random pairings of statements with other statements' actions, for the baseline."""
METRICS = ("cosine", "centred_cosine", "spearman", "difference", "consistent")


@measure_each(
    WHOM,
    agent=Column("agent"),
    answered=Column("pairs with both answers", "share"),
    cosine=Column("cosine of words and deeds"),
    centred_cosine=Column("cosine after centring at the scale's middle"),
    spearman=Column("rank correlation of words and deeds"),
    difference=Column("mean absolute difference", "options"),
    consistent=Column("pairs that differ by at most one option", "share"),
)
def knowledge_action(run: Run) -> pl.DataFrame:
    """Return every agent's metrics, each beside its baseline of shuffled pairs.

    The baselines are the columns `shuffled_METRIC`. An agent without a pair has no metrics. Of an
    item that was asked several times, at whatever moment, the mean counts: one probe may ask for
    words, and another one for deeds.
    """
    answers = responses(run).filter(pl.col("pair") != "", pl.col("asking") == 1)
    keys = ["group", "instrument", "agent"]
    rows = []
    for key, part in answers.group_by(keys, maintain_order=True):
        means = part.group_by("pair", "kind", maintain_order=True).agg(pl.col("value").mean())
        wide = means.pivot("kind", index="pair", values="value")
        if not {"rate", "act"} <= set(wide.columns):
            continue
        known = wide.drop_nulls(["rate", "act"])
        said, done = known["rate"].to_list(), known["act"].to_list()
        middle = (float(part["points"][0]) + 1) / 2
        chance = shuffled(said, done, middle)
        rows.append(
            {
                **dict(zip(keys, key, strict=True)),
                "answered": known.height / wide.height,
                **metrics(said, done, middle),
                **{f"shuffled_{name}": value for name, value in chance.items()},
                **quality_of(part),
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


@measure_each(
    WHOM,
    COMPARED,
    agents=Column("agents"),
    metric=Column("metric of words and deeds"),
    own=Column("mean over agents"),
    shuffled=Column("mean over agents of shuffled pairs"),
    difference=Column("mean of own minus shuffled"),
)
def congruence(run: Run) -> pl.DataFrame:
    """Return per group how far its agents act as they say, against their shuffled pairs.

    One row per metric, compared as in `change.before_after`; `holm_p` corrects over a group's
    metrics.
    """
    table = knowledge_action(run)
    rows = []
    if table.is_empty():
        return table
    for key, part in table.group_by("group", "instrument", maintain_order=True):
        for name in METRICS:
            known = part.select(own=name, shuffled=f"shuffled_{name}").drop_nulls()
            found = compare(known["shuffled"].to_list(), known["own"].to_list())
            rows.append(
                {
                    "group": key[0],
                    "instrument": key[1],
                    "metric": name,
                    "own": known["own"].sort().mean(),
                    "shuffled": known["shuffled"].sort().mean(),
                    **flat(found),
                    **pooled(part),
                }
            )
    return with_corrected(rows, "t_p", ["group", "instrument"]).rename({"pairs": "agents"})


def metrics(said: Sequence[float], done: Sequence[float], middle: float) -> dict[str, float | None]:
    """Return the five metrics of one respondent; None where one is undefined."""
    k, a = np.asarray(said, dtype=float), np.asarray(done, dtype=float)
    if not k.size:
        return dict.fromkeys(METRICS)
    rank = None
    if k.size > 2 and np.ptp(k) > 0 and np.ptp(a) > 0:
        from scipy.stats import spearmanr

        rank = float(spearmanr(k, a).statistic)
    return {
        "cosine": _cosine(k, a),
        "centred_cosine": _cosine(k - middle, a - middle),
        "spearman": rank,
        "difference": float(np.abs(k - a).mean()),
        "consistent": float((np.abs(k - a) <= 1 + ROUNDING).mean()),
    }


def shuffled(
    said: Sequence[float], done: Sequence[float], middle: float
) -> dict[str, float | None]:
    """Return the metrics' means over random pairings: what agreement by chance would give.

    The same pairs, in any order, get the same baseline.
    """
    random, statements, actions = Random(0), sorted(said), sorted(done)
    found: dict[str, list[float]] = {name: [] for name in METRICS}
    for _ in range(SHUFFLES):
        random.shuffle(actions)
        for name, value in metrics(statements, actions, middle).items():
            if value is not None:
                found[name].append(value)
    return {name: fmean(values) if values else None for name, values in found.items()}


def _cosine(one: "np.ndarray", other: "np.ndarray") -> float | None:
    if not one.any() or not other.any():
        return None
    from scipy.spatial.distance import cosine

    return 1 - float(cosine(one, other))
