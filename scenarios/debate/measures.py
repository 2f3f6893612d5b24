"""Debates and their baselines: accuracy, agreement, flips, sides, diversity and cost.

Every function takes one run or several, and returns a table whose first column `run` is the run's
place on disk (`<name>/<seed>`). What is undefined is null; nothing undefined is ever a zero. An
answer that could not be read is wrong, and agrees with nobody.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl

from societies.analysis.measures import measure, measure_each
from societies.analysis.statistics import mean_interval, proportion
from societies.analysis.tables import Defaulted, under_rules
from societies.runs.results import MODEL
from societies.runs.run import Run
from societies.runs.runs import Runs
from societies.scenarios.debate.flips import flips, transitions
from societies.scenarios.debate.positions import (
    ROUND,
    consensus_by_round,
    counts_by_round,
    decisions,
    differences,
    held,
    outcome_readable,
    statements,
    table,
)
from societies.scenarios.debate.texts import corpus_bleu, diversity

__all__ = [
    "accuracy",
    "accuracy_by_round",
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
    "transitions",
]

NOTHING = mean_interval([], unit="questions")


@measure()
def results(runs: Runs) -> pl.DataFrame:
    """Return what every question came to; columns as table `results`, without the common ones."""
    return table(runs, "results").drop("seq", "step", "scope", "agent")


@measure()
def accuracy(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return how many questions were answered rightly in the end.

    Columns: run, `protocol`, `questions`, `scored` (that can be right or wrong), `right`,
    `accuracy` with the ends `low` and `high` of its 95 % Wilson interval, `unanswered` (no answer
    in the end; they count as wrong), `unparsable` (answers of debaters and judges for which no
    reply could be read), `trapped`, the part of the questions with known traps that ended in one,
    `answers` (of debaters and judges) and `defaulted` (the part of these without a readable reply).

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


@measure()
def accuracy_by_round(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return how many positions were right in each round, and how far the debaters agreed.

    A debate that ended keeps its positions, so that every round is of the same questions.

    Columns: run, `round`, `questions` (that are decided), `live` (those of them whose debate went
    on until then), `positions`, `scored` (that can be right or wrong), `right`, `accuracy` with
    `low` and `high` (95 %, t over questions: positions on one question depend on each other) and
    `note` (why there is no interval), `defaulted` (the part of the positions without a readable
    reply), and `consensus`: the mean over questions of the part of the
    readable answers that equal the most frequent one (Subramaniam et al. 2025; by the task's
    equality, as in the vote), for questions with at least two positions.

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


@measure()
def disagreement(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return how far answers differ between adjacent rounds, by the task's equality.

    A debate that ended keeps its positions. Columns: run, `round` (the later of the two),
    `questions` and `live` (as in `accuracy_by_round`), `disagreement` (part of the pairs of an
    agent and another one in which its answer differs from the other's of the round before: 0 or 1
    each, as in Liang et al. 2023), `changed` (part of the agents whose answer differs from their
    own of the round before), and `defaulted` (the part of the round's positions without a readable
    reply). Pairs with an unreadable answer are left out in any case: it differs from nothing.

    Args:
        runs: one run or several.
        defaulted: `exclude` counts only questions with a position that could be read.
    """
    own, differs = pl.col("own"), pl.col("differs")
    parts = (
        differences(runs)
        .group_by(ROUND)
        .agg(
            differs.filter(~own).mean().alias("disagreement"),
            differs.filter(own).mean().alias("changed"),
        )
    )
    lost = held(runs).group_by(ROUND).agg((~outcome_readable()).mean().alias("defaulted"))
    joined = counts_by_round(held(runs, defaulted))
    for other in (parts, lost):
        joined = joined.join(other, on=ROUND, maintain_order="left")
    return joined.sort(ROUND)


@measure()
def side_wins(runs: Runs) -> pl.DataFrame:
    """Return how often each side won before each judge: a judge may favour its own model.

    A side wins in two ways: the verdict that decides names it (`by` is `named`), or its last answer
    is the result's (`holding`). What ends a debate says which counts: with `stop_when: answer` a
    judge need name no side, and `holding` does (`counts`); otherwise `named` does.

    Columns: run, `judge` (its model), `by`, `counts`, `side` (or `none`, or `several`),
    `questions`. Runs without a judge have no row, and neither have those of versions that did not
    record it.
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


@measure()
def rounds_used(runs: Runs) -> pl.DataFrame:
    """Return how many questions took how many rounds: run, `rounds`, `decided_by`, `questions`."""
    return (
        results(runs)
        .group_by("run", "rounds", "decided_by")
        .agg(pl.len().alias("questions"))
        .sort("run", "rounds", "decided_by")
    )


@measure()
def costs(runs: Runs) -> pl.DataFrame:
    """Return what the answers took: the calls of the decided questions themselves.

    Calls of probes, and those that write personas, are not among them: see table `calls`.

    Columns: run, `calls`, `prompt_tokens`, `completion_tokens`, `cost` (US dollars; null if a call
    has no known price), the calls and tokens per question, and tokens and cost per right answer
    (null if there is none).
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
    tokens = pl.col("prompt_tokens") + pl.col("completion_tokens")
    some = pl.when(pl.col("right") > 0)
    reached = accuracy(runs).select("run", "questions", "right")
    return (
        used.join(reached, on="run", maintain_order="left")
        .with_columns(
            (pl.col("calls") / pl.col("questions")).alias("calls_per_question"),
            (tokens / pl.col("questions")).alias("tokens_per_question"),
            some.then(tokens / pl.col("right")).alias("tokens_per_right"),
            some.then(pl.col("cost") / pl.col("right")).alias("cost_per_right"),
        )
        .drop("questions", "right")
    )


@measure()
def compare(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return one row per run: what a protocol reached, and what it took.

    Columns: those of `accuracy` and of `costs`, and the means over questions `rounds`,
    `consensus` and `diversity`, and `bleu` (translations only).

    Args:
        runs: one run or several.
        defaulted: `exclude` leaves the questions without an answer in the end out of `accuracy` and
            `bleu`; costs and rounds are of all.
    """
    rounds = results(runs).group_by("run").agg(pl.col("rounds").mean())
    agreed = consensus_by_round(runs).group_by("run", maintain_order=True).last().drop("round")
    spread = diversity(runs).group_by("run").agg(pl.col("diversity").mean())
    bleu = corpus_bleu(runs, defaulted).drop("signature", "defaulted")
    joined = accuracy(runs, defaulted)
    for other in (costs(runs), rounds, agreed, spread, bleu):
        joined = joined.join(other, on="run", how="left", maintain_order="left")
    return joined


@measure_each(main=True)
def summary(run: Run) -> pl.DataFrame:
    """Return a run's measures: columns `measure`, `value`, and the 95 % interval `low`, `high`.

    Where an interval is missing that the measure has by rights, column `note` says why. A run in
    which no question is decided has none.
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
    yield "BLEU of the corpus", reached["bleu"], None, None
    yield "part in a trap", reached["trapped"], None, None
    yield "questions without an answer", reached["unanswered"], None, None
    yield "answers without a readable reply", reached["unparsable"], None, None
    yield "rounds used", reached["rounds"], None, None
    yield "consensus", reached["consensus"], None, None
    differing = diversity(run)["diversity"].to_list()
    yield (
        "diversity (100 - Self-BLEU)",
        reached["diversity"],
        *mean_interval(differing, unit="questions"),
    )
    for moved in flips(run).iter_rows(named=True):
        yield "first accuracy", moved["first"], None, None
        yield "last accuracy", moved["last"], None, None
        yield "right stays right (CL)", moved["confidence"], None, None
        yield "wrong becomes right (CS)", moved["critique"], None, None
        yield "relative improvement (RSS)", moved["relative"], None, None
    for won in side_wins(run).filter("counts").iter_rows(named=True):
        side = {"none": "no side", "several": "several sides"}.get(won["side"], won["side"])
        told = f"{side} named by" if won["by"] == "named" else f"answer held by {side} before"
        yield f"{told} {won['judge']}", won["questions"], None, None
    yield "calls per question", reached["calls_per_question"], None, None
    yield "tokens per question", reached["tokens_per_question"], None, None
    yield "tokens per right answer", reached["tokens_per_right"], None, None
    yield "US dollars per right answer", reached["cost_per_right"], None, None


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
