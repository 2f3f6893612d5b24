"""How far debaters agree within a round, and move between adjacent ones.

Intervals are over questions: positions on one question depend on each other.
"""

from collections.abc import Iterator
from itertools import product

import polars as pl

from societies.analysis.kit import Column, Runs, measure
from societies.analysis.statistics import mean_interval
from societies.analysis.tables import Defaulted
from societies.scenarios.debate.positions import (
    ROUND,
    counts_by_round,
    held,
    outcome_readable,
    questions,
)
from societies.scenarios.debate.questions import consensus, matches

QUESTIONS = Column("questions that are decided")
LIVE = Column("questions whose debate goes on until then")


def ends_of(figure: str, told: str) -> dict[str, Column]:
    """Return what the columns of a figure's interval mean."""
    ends = {"low": "lower", "high": "upper"}
    return {
        f"{figure}_{end}": Column(f"{side} end of its 95 % interval, {told}", "over questions")
        for end, side in ends.items()
    }


CONSENSUS = {
    "consensus": Column(
        "consensus", "share of the readable answers that equal the most frequent one"
    ),
    **ends_of("consensus", "consensus"),
}


@measure(CONSENSUS, round=Column("round"))
def consensus_by_round(runs: Runs) -> pl.DataFrame:
    """Return the mean consensus over the questions of every round, with its interval (t)."""
    asked, rows = questions(runs), []
    for (run, question, number), part in held(runs).group_by("run", "question", "round"):
        found = consensus(asked[run, question], part["answer"].to_list())
        rows.append((run, number, question, found))
    names = {"run": pl.String, "round": pl.Int64, "question": pl.String, "consensus": pl.Float64}
    each = pl.DataFrame(rows, schema=names, orient="row").sort("run", "round", "question")
    means = each.group_by(ROUND, maintain_order=True).agg(pl.col("consensus").mean())
    return means.join(_ends(each, "consensus"), on=ROUND, how="left", maintain_order="left")


def _ends(rows: pl.DataFrame, figure: str) -> pl.DataFrame:
    """Return the ends of the interval of each round's mean; null where there is none."""
    found = []
    for key, part in rows.drop_nulls(figure).group_by(ROUND, maintain_order=True):
        values, clusters = part[figure].to_list(), part["question"].to_list()
        low, high, _ = mean_interval(values, clusters, unit="questions", within=(0, 1))
        found.append((*key, low, high))
    names = {"run": pl.String, "round": pl.Int64}
    ends = dict.fromkeys((f"{figure}_low", f"{figure}_high"), pl.Float64)
    return pl.DataFrame(found, schema={**names, **ends}, orient="row")


@measure(
    round=Column("the later of two rounds"),
    own=Column("whether both answers are the same agent's"),
    differs=Column("whether they differ"),
)
def differences(runs: Runs) -> pl.DataFrame:
    """Return whether answers differ between adjacent rounds, in pairs of readable ones."""
    asked = questions(runs)
    rows = [
        (run, question, number, mine == other, not matches(asked[run, question], now, was))
        for run, question, number, before, after in _adjacent(held(runs))
        for (mine, now), (other, was) in product(after, before)
    ]
    names = {"run": pl.String, "question": pl.String, "round": pl.Int64}
    pairs = dict.fromkeys(("own", "differs"), pl.Boolean)
    return pl.DataFrame(rows, schema={**names, **pairs}, orient="row")


Held = list[tuple[tuple[str, int], str]]
"""The readable answers of a round, each with whose it is."""


def _adjacent(positions: pl.DataFrame) -> Iterator[tuple[str, str, int, Held, Held]]:
    """Yield run, question and round with what is held in the round before, and in this one."""
    readable = positions.drop_nulls("answer")
    for (run, question), part in readable.group_by("run", "question", maintain_order=True):
        rounds: dict[int, Held] = {}
        for number, agent, sample, answer in part.select(
            "round", "agent", "sample", "answer"
        ).iter_rows():
            rounds.setdefault(number, []).append(((agent, sample), answer))
        for number in sorted(rounds):
            if number - 1 in rounds:
                yield str(run), str(question), number, rounds[number - 1], rounds[number]


@measure(
    {
        "round": Column("the later of two rounds"),
        "questions": QUESTIONS,
        "live": LIVE,
        "disagreement": Column("disagreement", "share of pairs with another agent, a round before"),
        "changed": Column("changed", "share of the agents whose answer differs from their own"),
    },
    ends_of("disagreement", "disagreement"),
    ends_of("changed", "changed"),
)
def disagreement(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return how far answers differ between adjacent rounds, by the task's equality.

    Each with its interval (t, cluster-robust: see `statistics.mean_interval`). A debate that ended
    keeps its positions. A pair of answers differs or not, 0 or 1, as in Liang
    et al. 2023. Pairs with an unreadable answer are left out in any case: it differs from nothing;
    `defaulted` is the share of the round's positions without a readable reply.

    Args:
        runs: one run or several.
        defaulted: `exclude` counts only questions with a position that could be read.
    """
    own, differs = pl.col("own"), pl.col("differs").cast(pl.Float64)
    pairs = differences(runs).select(
        *ROUND,
        "question",
        pl.when(~own).then(differs).alias("disagreement"),
        pl.when(own).then(differs).alias("changed"),
    )
    figures = ("disagreement", "changed")
    means = pairs.group_by(ROUND).agg(pl.col(figures).mean())
    lost = held(runs).group_by(ROUND).agg((~outcome_readable()).mean().alias("defaulted"))
    there = counts_by_round(held(runs, defaulted)).join(means, on=ROUND, maintain_order="left")
    for other in (*(_ends(pairs, figure) for figure in figures), lost):
        there = there.join(other, on=ROUND, how="left", maintain_order="left")
    return there.sort(ROUND)
