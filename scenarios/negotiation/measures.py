"""Negotiations: the measures of Liao, Tomlin & Klein 2024, and bargaining.

Every function takes one run or several, and returns a table whose first column `run` is the run's
place on disk. An iteration is what a run logs as such in table `contexts` (learning loops do), or
else its place among the runs given, from 1. Games without a deal count with 0 points for both, as
in the paper. What is undefined is null.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import log2
from typing import Any

import polars as pl

from societies.analysis.conditions import number_of_conditions
from societies.analysis.kit import Column, Frame, Runs, measure, measure_each
from societies.analysis.measures import COMMON
from societies.analysis.statistics import mean_interval
from societies.analysis.tables import Defaulted
from societies.runs.run import Run
from societies.scenarios.negotiation.games import (
    GAME,
    OF_OUTCOMES,
    OF_SEATS,
    ORDER,
    WHEN,
    contexts,
    distance_to_frontier,
    games,
    seats,
)

__all__ = [
    "distance_to_frontier",
    "games",
    "inconsistency",
    "measures",
    "meetings",
    "ngram_entropy",
    "players",
    "reward_iteration_correlation",
    "seats",
    "summary",
    "turns",
    "words_of",
]

WORD = re.compile(r"\w+(?:'\w+)*|[^\w\s]")
"""A word or a punctuation mark: the paper does not say how it splits words."""

NGRAMS = (2, 3, 4, 5)
SHARE = "share of the games"
DEFAULTED = Column("games that ended because no reply to a turn could be read", SHARE)
AGREEMENT = Column("games that end in a deal", SHARE)

LANGUAGE = {
    "tokens": Column("mean length of a turn", "tokens"),
    "vocabulary": Column("distinct words"),
    **{f"entropy_{n}": Column(f"entropy of the {n}-grams of words", "bits") for n in NGRAMS},
}
FIGURES = {
    "games": Column("games"),
    "score": OF_SEATS["score"],
    **{name: COMMON[name] for name in ("low", "high", "note")},
    **OF_SEATS,
    "agreement": AGREEMENT,
    **OF_OUTCOMES,
    "errors": Column("games with a faulty turn", SHARE),
    "aborts": Column("games that faulty turns ended", SHARE),
    "defaulted": DEFAULTED,
    "turns": Column("mean number of turns", "per game"),
    **LANGUAGE,
    "inconsistent": Column("messages that the judge flagged", "share of those judged"),
}
"""What `measures` and `players` tell, in this order."""
TYPES = {"games": pl.Int64, "vocabulary": pl.Int64, "note": pl.String}
"""Of columns that are no plain numbers."""
ASIDE = {"own", "joint", "lead", "nash_product", *(f"entropy_{n}" for n in NGRAMS)}
"""What a summary leaves out."""


@measure(
    turn=Column("place in the game, from 1"),
    text=Column("turn, with its tag"),
    tokens=Column("length, as the answering model counts it", "tokens"),
)
def turns(runs: Runs) -> Frame:
    """Return one row per accepted turn, messages and proposals (column `action`) together."""
    said = runs.rows("messages").filter(pl.col("channel") == "negotiation")
    proposed = runs.rows("proposals")
    both = pl.concat(
        [
            said.select(*GAME, "seq", "agent", "text", action=pl.lit("message")),
            proposed.select(*GAME, "seq", "agent", "text", action=pl.lit("propose")),
        ]
    )
    calls = runs.rows("calls").filter((pl.col("prompt") == "turn") & pl.col("readable"))
    tokens = calls.select(*GAME, _place(), tokens="completion_tokens")
    who = contexts(runs).select(*GAME, "iteration", "game", "red", "blue")
    is_red = pl.col("agent") == pl.col("red")
    return (
        both.with_columns(_place())
        .join(tokens, on=[*GAME, "turn"], how="left")
        .join(who, on=GAME, how="left")
        .with_columns(
            seat=pl.when(is_red).then(pl.lit("red")).otherwise(pl.lit("blue")),
            text=pl.format("[{}] {}", "action", "text"),
            player="agent",
        )
        .select(*WHEN, "game", "turn", "player", "seat", "action", "text", "tokens")
        .sort(*ORDER, "turn")
        .collect()
    )


def _place() -> pl.Expr:
    """Return a row's number within its game, in program order."""
    return pl.col("seq").rank("ordinal").over("run", "scope").cast(pl.Int64).alias("turn")


@measure(main=False, **FIGURES)
def measures(runs: Runs, defaulted: Defaulted = "include") -> Frame:
    """Return all measures, one row per run and iteration.

    The interval of the score is over contexts (t), or over games if all are about one; `own`,
    `joint` and `lead` are the scores of the same games under the published objectives. N-grams do
    not cross the borders of turns. What no judge judged is null.

    Args:
        runs: one run or several.
        defaulted: `exclude` leaves out the games that `defaulted` counts; the language is of all.
    """
    return _aggregate(runs, WHEN, defaulted)


@measure(main=False, **FIGURES)
def players(runs: Runs, defaulted: Defaulted = "include") -> Frame:
    """Return the measures of every player, over the games it took part in, best score first.

    As `measures`; the language is its own turns', and `errors` and `aborts` are its own faults, not
    its partners'.
    """
    found = _aggregate(runs, (*WHEN, "player"), defaulted)
    order, falling = ("iteration", "run", "score"), (False, False, True)
    return found.sort(order, descending=falling, maintain_order=True)


@measure_each(main=True, **FIGURES)
def summary(run: Run) -> Frame:
    """Return the result table of one run: a row per player, with the main columns of `players`."""
    found = players(run).drop("run", *ASIDE)
    if found["note"].is_null().all():
        found = found.drop("note")
    return found if found["iteration"].n_unique() > 1 else found.drop("iteration")


@measure(
    games=Column("games against each other"),
    score=OF_SEATS["score"],
    agreement=AGREEMENT,
    defaulted=DEFAULTED,
)
def meetings(runs: Runs, defaulted: Defaulted = "include") -> Frame:
    """Return how every player fares against every other, over both seats.

    Args:
        runs: one run or several.
        defaulted: `exclude` leaves out the games that `defaulted` counts.
    """
    pair = ("run", "player", "partner")
    return (
        seats(runs, defaulted)
        .group_by(pair, maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("games"),
            pl.col("score").mean(),
            pl.col("agreed").mean().alias("agreement"),
        )
        .join(_lost(runs, pair), on=pair, maintain_order="left")
    )


@measure(
    games=Column("games that are counted"),
    runs=Column("runs that are pooled"),
    conditions=Column("conditions that these are of"),
    seats=Column("seats"),
    correlation=Column("correlation of iteration and score", "Pearson's r"),
)
def reward_iteration_correlation(runs: Runs, defaulted: Defaulted = "include") -> Frame:
    """Return Pearson's correlation between iteration and score: do rewards rise?

    Over all games, and over those only that were agreed, where gains that are only more agreements
    vanish; null where all iterations or all scores are equal. Runs are pooled, as iterations of one
    learner: they may be of different conditions, such as ever better models.

    Args:
        runs: one run or several, in the order of the iterations.
        defaulted: `exclude` leaves out games that ended because no reply to a turn could be read.
    """
    table = seats(runs, defaulted)
    varies = (pl.col("iteration", "score").n_unique() > 1).name.prefix("varies_")
    return pl.concat(
        part.select(
            pl.lit(name).alias("games"),
            pl.lit(len(runs), pl.Int64).alias("runs"),
            pl.lit(number_of_conditions(runs), pl.Int64).alias("conditions"),
            pl.len().cast(pl.Int64).alias("seats"),
            pl.when(pl.all_horizontal(varies))
            .then(pl.corr("iteration", "score"))
            .alias("correlation"),
        )
        for name, part in (("all", table), ("agreed", table.filter("agreed")))
    )


@measure(messages=Column("messages judged"), flagged=Column("messages found inconsistent"))
def inconsistency(runs: Runs) -> Frame:
    """Return what the judge flagged, a row per seat; unread verdicts are left out."""
    flagged = pl.col("flagged").list.len().cast(pl.Int64)
    return (
        runs.rows("verdicts")
        .filter(pl.col("outcome") != "defaulted")
        .join(contexts(runs).select(*GAME, "iteration"), on=GAME, how="left")
        .select(*WHEN, "game", "seat", "player", "messages", flagged)
        .sort(*ORDER, "seat", descending=[False, False, False, True])
        .collect()
    )


def ngram_entropy(texts: Iterable[str], n: int) -> float | None:
    """Return the entropy in bits of the distribution of n-grams of words; None without any.

    N-grams do not cross the turns' borders; words are compared without regard to case.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        words = words_of(text)
        counts.update(zip(*(words[start:] for start in range(n)), strict=False))
    total = sum(counts.values())
    return -sum(k / total * log2(k / total) for k in counts.values()) + 0.0 if total else None


def words_of(text: str) -> list[str]:
    """Return the words and punctuation marks of a text in lower case."""
    return WORD.findall(text.lower())


def _aggregate(runs: Runs, keys: Sequence[str], defaulted: Defaulted) -> Frame:
    """Return the measures of every group of seats.

    All games of a group have equally many rows in it, so that a mean over rows is one over games.
    """
    game = (*keys, "game")
    seated = seats(runs, defaulted).with_columns(
        errors=pl.col("own_corrections").sum().over(game) > 0,
        aborts=pl.col("own_abort").any().over(game),
        agreement="agreed",
    )
    flagged = pl.col("flagged").sum() / pl.col("messages").sum()
    means = (*OF_SEATS, "agreement", *OF_OUTCOMES, "errors", "aborts", "turns")
    found = seated.group_by(keys, maintain_order=True).agg(
        pl.col("game").n_unique().cast(pl.Int64).alias("games"),
        pl.col(means).mean(),
    )
    for table in (
        _each(seated, keys, ("low", "high", "note"), _interval),
        _lost(runs, keys),
        _each(turns(runs), keys, LANGUAGE, _language),
        inconsistency(runs).group_by(keys).agg(flagged.alias("inconsistent")),
    ):
        found = found.join(table, on=keys, how="left", maintain_order="left")
    return found.with_columns(pl.col("vocabulary").fill_null(0)).select(*keys, *FIGURES)


def _lost(runs: Runs, keys: Sequence[str]) -> Frame:
    """Return which part of each group's games no readable reply stands behind."""
    lost = (pl.col("reason") == "aborted").mean().alias("defaulted")
    return seats(runs).group_by(keys).agg(lost)


def _each(
    table: Frame,
    keys: Sequence[str],
    names: Iterable[str],
    tell: Callable[[Frame], dict[str, Any]],
) -> Frame:
    """Return what is told of each group, as columns of these names."""
    groups = table.group_by(keys, maintain_order=True)
    rows = [dict(zip(keys, key, strict=True)) | tell(group) for key, group in groups]
    own = {key: table.schema[key] for key in keys}
    return pl.DataFrame(rows, schema={**own, **{n: TYPES.get(n, pl.Float64) for n in names}})


def _interval(seated: Frame) -> dict[str, Any]:
    """Return the interval of the mean score.

    Seats of one game depend on each other. So do games over one context where there are several:
    what is said then is about contexts like these, and else about games over this one.
    """
    unit = "context" if seated["context"].n_unique() > 1 else "game"
    scores, units = seated["score"].to_list(), seated[unit].to_list()
    return mean_interval(scores, units, unit=f"{unit}s")._asdict()


def _language(spoken: Frame) -> dict[str, Any]:
    texts = spoken["text"].to_list()
    return {
        "tokens": spoken["tokens"].mean(),
        "vocabulary": len({word for text in texts for word in words_of(text)}),
        **{f"entropy_{n}": ngram_entropy(texts, n) for n in NGRAMS},
    }
