"""Debates and their baselines: accuracy, agreement, flips, sides, diversity and cost.

Every function takes one run or several, and returns a table whose first column `run` is the run's
label (see `Runs.labels`). What is undefined is null; nothing undefined is ever a zero. An
answer that could not be read is wrong, and agrees with nobody.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from societies.analysis.kit import Column, Runs, measure, measure_each
from societies.analysis.statistics import mean_interval, proportion
from societies.analysis.tables import Defaulted, under_rules
from societies.runs.results import MODEL
from societies.runs.run import Run
from societies.scenarios.debate.agreement import (
    CONSENSUS,
    LIVE,
    QUESTIONS,
    consensus_by_round,
    disagreement,
)
from societies.scenarios.debate.flips import flips, transitions
from societies.scenarios.debate.positions import (
    ROUND,
    counts_by_round,
    decisions,
    held,
    outcome_readable,
    statements,
    table,
)
from societies.scenarios.debate.texts import corpus_bleu, diversity
from societies.scenarios.debate.yielding import changes, yielding, yielding_towards

__all__ = [
    "accuracy",
    "accuracy_by_round",
    "changes",
    "compare",
    "corpus_bleu",
    "costs",
    "disagreement",
    "diversity",
    "flips",
    "results",
    "rounds_used",
    "side_wins",
    "statements",
    "summary",
    "tokens",
    "transitions",
    "yielding",
    "yielding_towards",
]

NOTHING = mean_interval([], unit="questions")


SCORED = Column("of them, those that can be right or wrong")
PROMPT_TOKENS = Column("read", "tokens")
COMPLETION_TOKENS = Column("written", "tokens")


@measure()
def results(runs: Runs) -> pl.DataFrame:
    """Return what every question came to; columns as table `results`, without the common ones."""
    return table(runs, "results").drop("seq", "step", "scope", "agent")


@measure(
    protocol=Column("kind of protocol"),
    questions=QUESTIONS,
    scored=SCORED,
    right=Column("questions that end with a right answer"),
    accuracy=Column("accuracy", "share that is right"),
    unanswered=Column("questions that end without an answer: they are wrong"),
    unparsable=Column("answers of debaters and judges for which no reply could be read"),
    trapped=Column("questions that end in one of their known traps", "share"),
)
def accuracy(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return how many questions were answered rightly in the end, with a Wilson interval.

    Columns `answers` and `defaulted` are of debaters and judges.

    Args:
        runs: one run or several.
        defaulted: `exclude` leaves out the questions without an answer in the end.
    """
    ended = results(runs)
    counts = (
        (ended if defaulted == "include" else ended.drop_nulls("answer"))
        .group_by("run", "protocol", maintain_order=True)
        .agg(
            pl.len().alias("questions"),
            pl.col("right").count().alias("scored"),
            pl.col("right").sum().alias("right"),
            pl.col("right").mean().alias("accuracy"),
            pl.col("answer").is_null().sum().alias("unanswered"),
            pl.col("unparsable").sum(),
            pl.col("trapped").mean().alias("trapped"),
        )
    )
    lost = pl.col("outcome") == "defaulted"
    asked = decisions(runs, "answers").group_by("run")
    shares = asked.agg(pl.len().alias("answers"), lost.mean().alias("defaulted"))
    joined = counts.join(shares, on="run", how="left", maintain_order="left")
    return _with_interval(joined, "right", "scored", "accuracy")


@measure(
    CONSENSUS,
    round=Column("round"),
    questions=QUESTIONS,
    live=LIVE,
    positions=Column("positions of debaters"),
    scored=SCORED,
    right=Column("positions that are right"),
    accuracy=Column("accuracy", "share that is right"),
)
def accuracy_by_round(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return how many positions were right in each round, and how far the debaters agreed.

    A debate that ended keeps its positions, so that every round is of the same questions. The
    intervals are over questions (t): positions on one question depend on each other. Consensus is
    that of Subramaniam et al. 2025, by the task's equality, as in the vote: its mean over the
    questions with at least two positions.

    Args:
        runs: one run or several.
        defaulted: `exclude` leaves out positions without a readable reply, which count as wrong.
    """
    everybody = held(runs)
    share = everybody.group_by(ROUND).agg((~outcome_readable()).mean().alias("defaulted"))
    counts = (
        held(runs, defaulted)
        .group_by(ROUND, maintain_order=True)
        .agg(
            pl.len().alias("positions"),
            pl.col("right").count().alias("scored"),
            pl.col("right").sum(),
            pl.col("right").mean().alias("accuracy"),
        )
    )
    joined = counts_by_round(everybody)
    for other in (counts, share, consensus_by_round(runs)):
        joined = joined.join(other, on=ROUND, how="left", maintain_order="left")
    return _over_questions(joined, held(runs, defaulted)).sort(ROUND)


@measure(
    judge=Column("model of the judge"),
    by=Column("how a side wins"),
    counts=Column("whether that is what winning means under the rules"),
    side=Column("side; none, or several"),
    questions=Column("questions"),
)
def side_wins(runs: Runs) -> pl.DataFrame:
    """Return how often each side won before each judge: a judge may favour its own model.

    A side wins in two ways: the verdict that decides names it (`by` is `named`), or its last answer
    is the result's (`holding`). What ends a debate says which counts: with `stop_when: answer` a
    judge need name no side, and `holding` does (`counts`); otherwise `named` does.

    Runs without a judge have no row, and neither have those of versions that did not record it.
    """
    rule = (lambda config: config.protocol.stop_when, pl.String)
    ended = under_rules(runs, "results", stop_when=rule)
    judges = table(runs, "agents").filter(pl.col("role") == "judge").select("run", "agent")
    calls = decisions(runs, "calls").join(judges, on=["run", "agent"], maintain_order="left")
    who = calls.group_by("run", "scope", maintain_order=True).agg(MODEL.first().alias("judge"))
    named, holding = ended["side_named"], ended["side_holding"]
    ways = [
        ended.select("run", "scope", "stop_when", side=sides, by=pl.lit(by))
        for by, sides in (("named", named), ("holding", holding))
    ]
    return (
        pl.concat(ways)
        .drop_nulls("side")
        .with_columns(counts=(pl.col("by") == "holding") == (pl.col("stop_when") == "answer"))
        .join(who, on=["run", "scope"])
        .group_by("run", "judge", "by", "counts", "side")
        .agg(pl.len().alias("questions"))
        .sort("run", "judge", "by", "counts", "side")
    )


@measure(
    rounds=Column("rounds"), decided_by=Column("how it was decided"), questions=Column("questions")
)
def rounds_used(runs: Runs) -> pl.DataFrame:
    """Return how many questions took how many rounds, and how they were decided."""
    return (
        results(runs)
        .group_by("run", "rounds", "decided_by")
        .agg(pl.len().alias("questions"))
        .sort("run", "rounds", "decided_by")
    )


@measure(prompt=Column("prompt"), prompt_tokens=PROMPT_TOKENS, completion_tokens=COMPLETION_TOKENS)
def tokens(runs: Runs) -> pl.DataFrame:
    """Return what the calls of the decided questions read and wrote, by prompt."""
    used = decisions(runs, "calls").group_by("run", "prompt", maintain_order=True)
    return used.agg(pl.col("prompt_tokens").sum(), pl.col("completion_tokens").sum())


@measure(
    calls=Column("calls of language models"),
    prompt_tokens=PROMPT_TOKENS,
    completion_tokens=COMPLETION_TOKENS,
    cost=Column("cost; null if a call has no known price", "US dollars"),
    calls_per_question=Column("calls per question"),
    tokens_per_question=Column("tokens per question"),
    tokens_per_right=Column("tokens per right answer; null if there is none"),
    cost_per_right=Column("cost per right answer; null if there is none", "US dollars"),
)
def costs(runs: Runs) -> pl.DataFrame:
    """Return what the answers took: the calls of the decided questions themselves.

    Calls of probes, and those that write personas, are not among them: see table `calls`.
    """
    used = (
        decisions(runs, "calls")
        .group_by("run", maintain_order=True)
        .agg(
            pl.len().alias("calls"),
            pl.col("prompt_tokens").sum(),
            pl.col("completion_tokens").sum(),
            pl.when(pl.col("cost").null_count() == 0).then(pl.col("cost").sum()).alias("cost"),
        )
    )
    total = pl.col("prompt_tokens") + pl.col("completion_tokens")
    some = pl.when(pl.col("right") > 0)
    reached = accuracy(runs).select("run", "questions", "right")
    return (
        used.join(reached, on="run", maintain_order="left")
        .with_columns(
            (pl.col("calls") / pl.col("questions")).alias("calls_per_question"),
            (total / pl.col("questions")).alias("tokens_per_question"),
            some.then(total / pl.col("right")).alias("tokens_per_right"),
            some.then(pl.col("cost") / pl.col("right")).alias("cost_per_right"),
        )
        .drop("questions", "right")
    )


@measure(
    main=False,
    **{**costs.columns, **accuracy.columns},
    rounds=Column("rounds used", "mean over questions"),
    consensus=Column("consensus in the last round", "mean over questions"),
    diversity=Column("diversity: 100 - Self-BLEU", "mean over questions"),
    bleu=Column("BLEU of the corpus, of translations"),
)
def compare(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return one row per run: what a protocol reached, and what it took.

    Args:
        runs: one run or several.
        defaulted: `exclude` leaves the questions without an answer in the end out of `accuracy` and
            `bleu`; costs and rounds are of all.
    """
    rounds = results(runs).group_by("run").agg(pl.col("rounds").mean())
    last = consensus_by_round(runs).group_by("run", maintain_order=True).last()
    agreed = last.select("run", "consensus")
    spread = diversity(runs).group_by("run").agg(pl.col("diversity").mean())
    bleu = corpus_bleu(runs, defaulted).drop("signature", "defaulted")
    joined = accuracy(runs, defaulted)
    for other in (costs(runs), rounds, agreed, spread, bleu):
        joined = joined.join(other, on="run", how="left", maintain_order="left")
    return joined


@measure_each(main=True, measure=Column("measure"), value=Column("value"))
def summary(run: Run) -> pl.DataFrame:
    """Return a run's measures, a row each; a run in which no question is decided has none.

    Where an interval is missing that the measure has by rights, column `note` says why.
    """
    measured = () if results(run).is_empty() else _measures(run)
    schema = {"measure": pl.String, **dict.fromkeys(("value", "low", "high"), pl.Float64)}
    rows = [(*row, None)[:5] for row in measured if row[1] is not None]
    table = pl.DataFrame(rows, schema={**schema, "note": pl.String}, orient="row")
    return table.drop("note") if table["note"].is_null().all() else table


def _measures(run: Run) -> Iterator[tuple[Any, ...]]:
    reached = compare(run).row(0, named=True)
    yield "questions", reached["questions"], None, None
    yield "accuracy", reached["accuracy"], reached["low"], reached["high"]
    yield from _named(reached, BEFORE)
    differing = diversity(run)["diversity"].to_list()
    ends = mean_interval(differing, unit="questions")
    yield "diversity (100 - Self-BLEU)", reached["diversity"], *ends
    for moved in flips(run).iter_rows(named=True):
        yield from _named(moved, MOVED)
    for won in side_wins(run).filter("counts").iter_rows(named=True):
        side = {"none": "no side", "several": "several sides"}.get(won["side"], won["side"])
        told = f"{side} named by" if won["by"] == "named" else f"answer held by {side} before"
        yield f"{told} {won['judge']}", won["questions"], None, None
    yield from _named(reached, AFTER)


BEFORE = {
    "bleu": "BLEU of the corpus",
    "trapped": "part in a trap",
    "unanswered": "questions without an answer",
    "unparsable": "answers without a readable reply",
    "rounds": "rounds used",
    "consensus": "consensus",
}
MOVED = {
    "first": "first accuracy",
    "last": "last accuracy",
    "confidence": "right stays right (CL)",
    "critique": "wrong becomes right (CS)",
    "relative": "relative improvement (RSS)",
}
AFTER = {
    "calls_per_question": "calls per question",
    "tokens_per_question": "tokens per question",
    "tokens_per_right": "tokens per right answer",
    "cost_per_right": "US dollars per right answer",
}


def _named(row: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[tuple[Any, ...]]:
    """Yield figures of a row by what the summary calls them."""
    return ((told, row[name], None, None) for name, told in names.items())


# -- tables -----------------------------------------------------------------------------------


def _with_interval(frame: pl.DataFrame, successes: str, trials: str, after: str) -> pl.DataFrame:
    """Put the ends of a proportion's interval behind its column."""
    ends = [proportion(*row) for row in frame.select(successes, trials).iter_rows()]
    place = frame.columns.index(after) + 1
    low = pl.Series("low", [end.low for end in ends], dtype=pl.Float64)
    high = pl.Series("high", [end.high for end in ends], dtype=pl.Float64)
    return frame.insert_column(place, low).insert_column(place + 1, high)


def _over_questions(table: pl.DataFrame, taken: pl.DataFrame) -> pl.DataFrame:
    """Put the interval of each round's accuracy behind it, over questions."""
    known = taken.drop_nulls("right").group_by("run", "round", maintain_order=True)
    ends = {
        key: mean_interval(
            part["right"].cast(pl.Float64).to_list(),
            part["question"].to_list(),
            unit="questions",
            within=(0, 1),
        )
        for key, part in known
    }
    found = [ends.get(key, NOTHING) for key in table.select("run", "round").iter_rows()]
    names = {"low": pl.Float64, "high": pl.Float64, "note": pl.String}
    columns = pl.DataFrame(found, schema=names, orient="row")
    place = table.columns.index("accuracy") + 1
    order = [*table.columns[:place], *names, *table.columns[place:]]
    return pl.concat([table, columns], how="horizontal").select(order)
