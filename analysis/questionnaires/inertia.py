"""Inertia of answers: how far they stay the same whoever is asked (arXiv 2408.09049)."""

from collections.abc import Sequence
from random import Random

import polars as pl

from societies.analysis.measures import Column, measure_each
from societies.analysis.quality import quality_of
from societies.analysis.questionnaires.columns import WHOM
from societies.analysis.questionnaires.consistency import SCALE, SESSION, responses
from societies.runs.run import Run

BASELINE = "baseline"
"""The group of agents without a persona."""
SPLITS = 20
"""Random halves of the agents from which the noise floor is computed."""


@measure_each(
    WHOM,
    inertia=Column("1 - H / log2(k) of the answers' distribution over agents and items"),
    top_two=Column("answers that are one of the two most frequent options", "share"),
    steerability=Column("Jensen-Shannon divergence from the group baseline", "bits"),
    floor=Column("divergence between random halves of the agents: noise alone", "bits"),
)
def inertia_indices(run: Run) -> pl.DataFrame:
    """Return inertia, concentration and steerability of every group's answers, per dimension.

    Sessions (`probe`, `moment`, `context`) stand by themselves, as in `reliability`.
    The divergence is that of base 2, and not its root. All are null where nobody answered.
    """
    answers = responses(run).filter(pl.col("asking") == 1, pl.col("kind") != "open")
    keys = [*SCALE, *SESSION]
    bare = dict(answers.filter(pl.col("group") == BASELINE).group_by(keys[1:]))
    rows = []
    for key, part in answers.group_by(keys, maintain_order=True):
        without = None if key[0] == BASELINE else bare.get(key[1:])
        rows.append(
            {
                **dict(zip(keys, key, strict=True)),
                **_measures(part.drop_nulls("value"), without),
                **quality_of(part),
            }
        )
    table = pl.DataFrame(rows, infer_schema_length=None)
    return table.sort(SCALE, maintain_order=True) if rows else table


def _measures(told: pl.DataFrame, without: pl.DataFrame | None) -> dict[str, float | None]:
    if told.is_empty():
        return dict.fromkeys(("inertia", "top_two", "steerability", "floor"))
    points = int(told["points"][0])
    own = distribution(_values(told), points)
    bare = [] if without is None else _values(without.drop_nulls("value"))
    return {
        "inertia": inertia_index(own),
        "top_two": sum(sorted(own)[-2:]),
        "steerability": divergence(own, distribution(bare, points)) if bare else None,
        "floor": _floor(told, points),
    }


def distribution(values: Sequence[int], points: int) -> list[float]:
    """Return the share of each option, 1 to points."""
    return [values.count(option) / len(values) for option in range(1, points + 1)]


def inertia_index(shares: Sequence[float]) -> float:
    """Return 1 - H/log2(k): 1 if the same option is always taken, 0 if all equally often.

    Computed as the equal divergence from the uniform distribution, which is
    exact at both ends (of scales of up to 12 points).
    """
    from scipy.stats import entropy

    uniform = [1 / len(shares)] * len(shares)
    return float(entropy(shares, uniform, base=len(shares)))


def divergence(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the Jensen-Shannon divergence of two distributions, in bits: 0 to 1."""
    from scipy.spatial.distance import jensenshannon

    return float(jensenshannon(one, other, base=2)) ** 2


def _values(part: pl.DataFrame) -> list[int]:
    """Return answers in the direction of the trait, so that reversed items do not cancel."""
    keyed = pl.when("reversed").then(pl.col("points") + 1 - pl.col("value")).otherwise("value")
    return part.select(keyed.alias("value"))["value"].to_list()


def _floor(part: pl.DataFrame, points: int) -> float | None:
    """Return the mean divergence between random halves of the agents; fixed random splits."""
    agents = sorted(part["agent"].unique())
    if len(agents) < 2:
        return None
    random, found = Random(0), []
    for _ in range(SPLITS):
        half = random.sample(agents, len(agents) // 2)
        inside = part.filter(pl.col("agent").is_in(half))
        outside = part.filter(~pl.col("agent").is_in(half))
        shares = [distribution(_values(side), points) for side in (inside, outside)]
        found.append(divergence(*shares))
    return sum(found) / len(found)
