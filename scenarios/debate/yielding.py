"""Who changes its answer in a debate, and whose answer it takes on.

To yield, as in Asch 1956 (Psychological Monographs 70(9)), is to give up one's answer for that of
others: here, for one that another debater was heard to hold. Who keeps to what nobody opposes
yields nothing, and a new answer of one's own is a change, and no yielding.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl

from societies.analysis.kit import Column, Runs, measure
from societies.analysis.statistics import mean_interval
from societies.scenarios.debate.exchange import Exchange
from societies.scenarios.debate.positions import statements, table
from societies.scenarios.debate.records import Posed, Statement

CHANGES: dict[str, pl.DataType | type[pl.DataType]] = {
    "run": pl.String,
    "question": pl.String,
    "agent": pl.String,
    "sample": pl.Int64,
    "round": pl.Int64,
    "outcome": pl.String,
    "changed": pl.Boolean,
    "opposed_by": pl.List(pl.String),
    "yielded_to": pl.List(pl.String),
    "right_before": pl.Boolean,
    "right": pl.Boolean,
}
COUNTS = ("turns", "opposed", "changed", "yielded")
TURNS = Column("positions compared with the same agent's of the round before")


@measure(
    changed=Column("whether the answer differs from the agent's own of the round before"),
    opposed_by=Column("who, as heard, held another answer than the agent before"),
    yielded_to=Column("who, as heard, held the new answer of an agent that changed its own"),
    right_before=Column("whether the answer before was right"),
    right=Column("whether the answer is right"),
)
def changes(runs: Runs) -> pl.DataFrame:
    """Return every position after an agent's first, in decided questions, and what moved it.

    Answers are the same by the rules of the task's kind. What an agent has heard is what the
    others held in the round before, and before a judge also what was said earlier in the same
    round. Where its own answer could not be read, now or before, `changed` is null and nobody is
    listed; others whose answer could not be read are not listed either.
    """
    ended = table(runs, "results").select("run", "question", "protocol")
    posed = table(runs, "questions").join(ended, on=["run", "question"], maintain_order="left")
    taken = statements(runs).partition_by("run", "question", as_dict=True)
    rows: list[tuple[Any, ...]] = []
    for row in posed.drop_nulls("protocol").iter_rows(named=True):
        part = taken.get((row["run"], row["question"]))
        exchange = Exchange(Posed.model_construct(**row), in_turns=row["protocol"] == "judged")
        rows += _compared(exchange, part) if part is not None else []
    return pl.DataFrame(rows, schema=CHANGES, orient="row")


@measure(
    answers=Column("positions after the first"),
    turns=TURNS,
    opposed=Column("of them, those before which another was heard to hold another answer"),
    changed=Column("of them, those that differ from the one before"),
    yielded=Column("of them, changes to an answer that another was heard to hold"),
    yielding=Column("yielding", "yielded per opposed"),
    to_right=Column("yielded from a wrong answer to a right one"),
    to_wrong=Column("yielded from a right answer to a wrong one"),
)
def yielding(runs: Runs) -> pl.DataFrame:
    """Return how often every agent changed its answer, and took on that of another.

    The interval of `yielding` is over questions (t): the turns of one depend on each other. It is
    null for who was never opposed, `to_right` and `to_wrong` for tasks that are not right or wrong.
    Join the table to `agents` by `run` and `agent` for the personas. Runs of one round have no row.
    """
    turns = _counted(changes(runs))
    scored = pl.col("right_before").count() > 0
    was, now, gave = pl.col("right_before"), pl.col("right"), pl.col("yielded")
    by = ["run", "agent"]
    counts = turns.group_by(by, maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("answers"),
        *(pl.col(name).sum().cast(pl.Int64) for name in COUNTS),
        pl.when(scored).then((gave & ~was & now).sum()).cast(pl.Int64).alias("to_right"),
        pl.when(scored).then((gave & was & ~now).sum()).cast(pl.Int64).alias("to_wrong"),
        (pl.col("outcome") == "defaulted").mean().alias("defaulted"),
    )
    shares = [
        (*key, part["yielded"].mean(), *_interval(part))
        for key, part in turns.filter("opposed").group_by(by, maintain_order=True)
    ]
    ends = dict.fromkeys(("yielding", "low", "high"), pl.Float64)
    names = {"run": pl.String, "agent": pl.String, **ends, "note": pl.String}
    found = pl.DataFrame(shares, schema=names, orient="row")
    joined = counts.join(found, on=by, how="left", maintain_order="left")
    last = ["yielding", "low", "high", "note", "to_right", "to_wrong", "defaulted"]
    return joined.select(*by, "answers", *COUNTS, *last)


@measure(
    towards=Column("another agent"),
    opposed=Column("turns in which that agent was heard to hold another answer"),
    yielded=Column("changes to an answer that it was heard to hold"),
    yielding=Column("yielding", "yielded per opposed"),
)
def yielding_towards(runs: Runs) -> pl.DataFrame:
    """Return how often every agent took on the answer of every other that it was opposed by.

    A change to an answer that several hold counts for each of them: sums over `towards` are larger
    than what `yielding` counts.
    """
    turns = changes(runs)
    pair = ["run", "agent", "towards"]
    opposed, yielded = (
        turns.explode(column)
        .drop_nulls(column)
        .rename({column: "towards"})
        .group_by(pair, maintain_order=True)
        .agg(pl.len().cast(pl.Int64).alias(name))
        for column, name in (("opposed_by", "opposed"), ("yielded_to", "yielded"))
    )
    return (
        opposed.join(yielded, on=pair, how="left", maintain_order="left")
        .with_columns(pl.col("yielded").fill_null(0))
        .with_columns(yielding=pl.col("yielded") / pl.col("opposed"))
        .sort(pair)
    )


def _compared(exchange: Exchange, taken: pl.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of one question's positions, in the order in which they were taken."""
    for row in taken.iter_rows(named=True):
        now = Statement.model_construct(**row)
        turn = exchange.take(row["agent"], now)
        if now.round == 1:
            continue
        seat = (row["run"], now.question, row["agent"], now.sample, now.round, now.outcome)
        if turn is None:
            yield (*seat, None, [], [], None, now.right)
        else:
            opposed, holders = list(turn.opposed), list(turn.yielded_to)
            yield (*seat, turn.changed, opposed, holders, turn.before.right, now.right)


def _counted(turns: pl.DataFrame) -> pl.DataFrame:
    """Return what a turn counts as: compared, opposed, changed, yielded."""
    return turns.with_columns(
        turns=pl.col("changed").is_not_null(),
        opposed=pl.col("opposed_by").list.len() > 0,
        yielded=pl.col("yielded_to").list.len() > 0,
        changed=pl.col("changed").fill_null(value=False),
    )


def _interval(part: pl.DataFrame) -> tuple[Any, ...]:
    """Return the ends of the interval of a share of turns, over questions."""
    return tuple(
        mean_interval(
            part["yielded"].cast(pl.Float64).to_list(),
            part["question"].to_list(),
            unit="questions",
            within=(0, 1),
        )
    )
