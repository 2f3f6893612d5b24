"""Debates and their baselines: accuracy, agreement, flips, sides, diversity and cost.

Every function takes one run or several, and returns a table whose first column `run` is the run's
place on disk (`<name>/<seed>`). What is undefined is null; nothing undefined is ever a zero. An
answer that could not be read is wrong, and agrees with nobody.
"""

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Any

import polars as pl
from sacrebleu.metrics.bleu import BLEU

from societies.analysis.statistics import mean_interval, proportion
from societies.analysis.tables import labelled
from societies.errors import InputError
from societies.run_directory import Run

Runs = Run | Sequence[Run]
NOTHING = mean_interval([], unit="questions")
SAME = ("run", "question", "agent", "sample")
"""One agent's (with several samples, one sample's) part in one question."""


def results(runs: Runs) -> pl.DataFrame:
    """Return what every question came to; columns as table `results`, without the common ones."""
    return _table(runs, "results").drop("seq", "step", "scope", "agent")


def statements(runs: Runs) -> pl.DataFrame:
    """Return every position that a debater took, in order; see the record `Statement`.

    Base answers (round 0), which are nobody's position in the debate, are left out.
    """
    return _table(runs, "statements").filter(pl.col("round") > 0)


def accuracy(runs: Runs) -> pl.DataFrame:
    """Return how many questions were answered rightly in the end.

    Columns: run, `protocol`, `questions`, `scored` (that can be right or wrong), `right`,
    `accuracy` with the ends `low` and `high` of its 95 % Wilson interval, `unanswered` (no answer
    in the end; they count as wrong), `unparsable` (replies without a readable answer), and
    `trapped`, the part of the questions with known traps that ended in one.
    """
    counts = (
        results(runs)
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
    return _with_interval(counts, "right", "scored", "accuracy")


def accuracy_by_round(runs: Runs) -> pl.DataFrame:
    """Return how many positions were right in each round, and how far the debaters agreed.

    Columns: run, `round`, `positions`, `scored` (that can be right or wrong), `right`, `accuracy`
    with `low` and `high` (95 %, t over questions: positions on one question depend on each other)
    and `note` (why there is no interval), and `consensus`: the mean over questions of the part of
    the readable answers that equal the most frequent one (Subramaniam et al. 2025; by equal text),
    for questions with at least two positions.
    """
    taken = statements(runs)
    counts = taken.group_by("run", "round", maintain_order=True).agg(
        pl.len().alias("positions"),
        pl.col("right").count().alias("scored"),
        pl.col("right").sum(),
        pl.col("right").mean().alias("accuracy"),
    )
    agreed = (
        taken.filter(pl.len().over("run", "round", "question") > 1)
        .drop_nulls("answer")
        .group_by("run", "round", "question")
        .agg((pl.col("answer").unique_counts().max() / pl.len()).alias("consensus"))
        .group_by("run", "round")
        .agg(pl.col("consensus").mean())
    )
    joined = counts.join(agreed, on=["run", "round"], how="left", maintain_order="left")
    return _over_questions(joined, taken).sort("run", "round")


def disagreement(runs: Runs) -> pl.DataFrame:
    """Return how far answers differ between adjacent rounds.

    Columns: run, `round` (the later of the two), `disagreement` (part of the pairs of an agent and
    another one in which its answer differs from the other's of the round before: 0 or 1 each, as
    in Liang et al. 2023) and `changed` (part of the agents whose answer differs from their own of
    the round before). Pairs with an unreadable answer are left out.
    """
    taken = statements(runs).drop_nulls("answer")
    now = taken.select("run", "question", "round", "agent", "answer")
    before = now.with_columns(pl.col("round") + 1).rename({"agent": "other", "answer": "was"})
    pairs = now.join(before, on=["run", "question", "round"])
    differs = pl.col("answer") != pl.col("was")
    own = pl.col("agent") == pl.col("other")
    return (
        pairs.group_by("run", "round", maintain_order=True)
        .agg(
            differs.filter(~own).mean().alias("disagreement"),
            differs.filter(own).mean().alias("changed"),
        )
        .sort("run", "round")
    )


def transitions(runs: Runs) -> pl.DataFrame:
    """Return how agents' answers moved from their first to their last position.

    Columns: run, `first` and `last` (`right`, `wrong` or `unreadable`), `agents`. Agents that
    spoke once, and kinds of tasks that are not right or wrong, have no row.
    """
    return (
        _ends(runs)
        .group_by("run", "first", "last")
        .agg(pl.len().alias("agents"))
        .sort("run", "first", "last")
    )


def flips(runs: Runs) -> pl.DataFrame:
    """Return what the flips amount to (Yang et al. 2024, arXiv 2412.19513).

    Columns: run, `agents` (an agent's part in one question), `first` and `last` (accuracy of the
    first and of the last position), `confidence` (CL: part of the right ones that stayed right),
    `critique` (CS: part of the wrong ones that became right), and `relative` (RSS: (Acc2 - Acc1^2)
    / (2 Acc1 (1 - Acc1)); 0.5 is unchanged accuracy; undefined if Acc1 is 0 or 1).
    """
    right_first, right_last = pl.col("first") == "right", pl.col("last") == "right"
    first, last = pl.col("first_accuracy"), pl.col("last_accuracy")
    defined = (first > 0) & (first < 1)
    return (
        _ends(runs)
        .group_by("run", maintain_order=True)
        .agg(
            pl.len().alias("agents"),
            right_first.mean().alias("first_accuracy"),
            right_last.mean().alias("last_accuracy"),
            right_last.filter(right_first).mean().alias("confidence"),
            right_last.filter(~right_first).mean().alias("critique"),
        )
        .with_columns(
            pl.when(defined).then((last - first**2) / (2 * first * (1 - first))).alias("relative")
        )
        .rename({"first_accuracy": "first", "last_accuracy": "last"})
    )


def side_wins(runs: Runs) -> pl.DataFrame:
    """Return how often each side won before each judge: a judge may favour its own model.

    Columns: run, `judge` (its model), `winner` (a side, or `tie`), `questions`. Runs without a
    judge have no row.
    """
    judges = _table(runs, "agents").filter(pl.col("role") == "judge")
    won = results(runs).filter(pl.col("winner") != "")
    return (
        won.join(judges.select("run", judge="model"), on="run")
        .group_by("run", "judge", "winner")
        .agg(pl.len().alias("questions"))
        .sort("run", "judge", "winner")
    )


def rounds_used(runs: Runs) -> pl.DataFrame:
    """Return how many questions took how many rounds: run, `rounds`, `decided_by`, `questions`."""
    return (
        results(runs)
        .group_by("run", "rounds", "decided_by")
        .agg(pl.len().alias("questions"))
        .sort("run", "rounds", "decided_by")
    )


def diversity(runs: Runs) -> pl.DataFrame:
    """Return how different each question's candidates are: 100 - Self-BLEU (Liang et al. 2023).

    The candidates are the first replies of the debaters (of the samples); for one agent with
    several rounds its first and its last reply. Self-BLEU is the mean sentence BLEU over all
    ordered pairs; translations are compared without the words around them. A question with fewer
    than two candidates has no row. Columns: run, `question`, `diversity`.
    """
    bleu = BLEU(effective_order=True)
    rows = []
    for (run, question), group in _candidates(runs).group_by(
        "run", "question", maintain_order=True
    ):
        pairs = list(permutations(group["text"].to_list(), 2))
        if pairs:
            scores = [bleu.sentence_score(one, [other]).score for one, other in pairs]
            rows.append((run, question, max(0.0, 100 - sum(scores) / len(scores))))
    schema = {"run": pl.String, "question": pl.String, "diversity": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def corpus_bleu(runs: Runs) -> pl.DataFrame:
    """Return the corpus BLEU of the final translations (sacrebleu's defaults; `zh` for Chinese).

    Columns: run, `bleu`, `signature` (sacrebleu's, to be quoted with the score). A question
    without a translation counts as an empty one. Other tasks have no row.
    """
    rows = []
    for label, run in labelled(runs):
        if run.config.protocol.task.kind != "translation":
            continue
        final = results(run).join(
            _table(run, "questions").select("question", "accepted"), on="question"
        )
        language = run.config.protocol.task.target_language.casefold()
        metric = BLEU(tokenize="zh" if language in {"chinese", "zh"} else "13a")
        hypotheses = final["answer"].fill_null("").to_list()
        references = final["accepted"].list.first().to_list()
        score = metric.corpus_score(hypotheses, [references]).score
        rows.append((label, score, str(metric.get_signature())))
    schema = {"run": pl.String, "bleu": pl.Float64, "signature": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def costs(runs: Runs) -> pl.DataFrame:
    """Return what the answers took.

    Columns: run, `calls`, `prompt_tokens`, `completion_tokens`, `cost` (US dollars; null if a call
    has no known price), the calls and tokens per question, and tokens and cost per right answer
    (null if there is none).
    """
    used = (
        _table(runs, "calls")
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


def compare(runs: Runs) -> pl.DataFrame:
    """Return one row per run: what a protocol reached, and what it took.

    Columns: those of `accuracy` and of `costs`, and the means over questions `rounds`,
    `consensus` and `diversity`, and `bleu` (translations only).
    """
    means = results(runs).group_by("run").agg(pl.col("rounds").mean(), pl.col("consensus").mean())
    spread = diversity(runs).group_by("run").agg(pl.col("diversity").mean())
    table = accuracy(runs)
    for other in (costs(runs), means, spread, corpus_bleu(runs).drop("signature")):
        table = table.join(other, on="run", how="left", maintain_order="left")
    return table


def summary(run: Run) -> pl.DataFrame:
    """Return a run's measures: columns `measure`, `value`, and the 95 % interval `low`, `high`.

    Where an interval is missing that the measure has by rights, column `note` says why.
    """
    schema = {"measure": pl.String, **dict.fromkeys(("value", "low", "high"), pl.Float64)}
    rows = [(*row, None)[:5] for row in _measures(run) if row[1] is not None]
    table = pl.DataFrame(rows, schema={**schema, "note": pl.String}, orient="row")
    return table.drop("note") if table["note"].is_null().all() else table


def _measures(run: Run) -> Iterator[tuple[Any, ...]]:
    reached = compare(run).row(0, named=True)
    yield "questions", reached["questions"], None, None
    yield "accuracy", reached["accuracy"], reached["low"], reached["high"]
    yield "BLEU of the corpus", reached["bleu"], None, None
    yield "part in a trap", reached["trapped"], None, None
    yield "questions without an answer", reached["unanswered"], None, None
    yield "unparsable replies", reached["unparsable"], None, None
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
    for won in side_wins(run).iter_rows(named=True):
        how = "ties" if won["winner"] == "tie" else f"won by {won['winner']}"
        yield f"{how} before {won['judge']}", won["questions"], None, None
    yield "calls per question", reached["calls_per_question"], None, None
    yield "tokens per question", reached["tokens_per_question"], None, None
    yield "tokens per right answer", reached["tokens_per_right"], None, None
    yield "US dollars per right answer", reached["cost_per_right"], None, None


# -- tables -----------------------------------------------------------------------------------


def _ends(runs: Runs) -> pl.DataFrame:
    """Return the first and the last position of everybody who took at least two."""
    state = (
        pl.when(pl.col("answer").is_null())
        .then(pl.lit("unreadable"))
        .when(pl.col("right"))
        .then(pl.lit("right"))
        .otherwise(pl.lit("wrong"))
    )
    return (
        statements(runs)
        .drop_nulls("right")
        .sort("run", "seq")
        .group_by(*SAME, maintain_order=True)
        .agg(state.first().alias("first"), state.last().alias("last"), pl.len().alias("turns"))
        .filter(pl.col("turns") > 1)
    )


def _candidates(runs: Runs) -> pl.DataFrame:
    """Return the replies whose diversity counts: run, question, text."""
    said = _table(runs, "messages").select("run", "scope", "agent", "seq", "text")
    taken = statements(runs).with_columns((pl.col("seq") - 1).alias("said"))
    both = taken.join(
        said.rename({"seq": "said"}), on=["run", "scope", "agent", "said"], maintain_order="left"
    )
    kinds = _table(runs, "questions").select("run", "question", "kind")
    worded = both.join(kinds, on=["run", "question"], maintain_order="left").with_columns(
        pl.when(pl.col("kind") == "translation")
        .then(pl.col("answer").fill_null(""))
        .otherwise(pl.col("text"))
        .alias("text")
    )
    seats = pl.struct("agent", "sample").n_unique().over("run", "question")
    last = pl.col("round").max().over("run", "question")
    alone = (seats == 1) & (pl.col("round") == last)
    return worded.filter((pl.col("round") == 1) | alone).select("run", "question", "text")


def _with_interval(table: pl.DataFrame, successes: str, trials: str, after: str) -> pl.DataFrame:
    """Put the ends of a proportion's interval behind its column."""
    ends = [proportion(*row) for row in table.select(successes, trials).iter_rows()]
    place = table.columns.index(after) + 1
    low = pl.Series("low", [end.low for end in ends], dtype=pl.Float64)
    high = pl.Series("high", [end.high for end in ends], dtype=pl.Float64)
    return table.insert_column(place, low).insert_column(place + 1, high)


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


def _table(runs: Runs, name: str) -> pl.DataFrame:
    """Return a table of all runs together, with the runs' labels."""
    frames = []
    for label, run in labelled(runs):
        if run.about["scenario"] != "debate":
            raise InputError(f"{run.path} is a run of {run.about['scenario']}, not of debate")
        frames.append(run.table(name).with_columns(run=pl.lit(label)).collect())
    return pl.concat(frames)
