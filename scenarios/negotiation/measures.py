"""Negotiations: the measures of Liao, Tomlin & Klein 2024, and bargaining.

Every function takes one run or several, and returns a table whose first column `run` is the run's
place on disk. An iteration is what a run logs as such in table `contexts` (learning loops do), or
else its place among the runs given, from 1. Games without a deal count with 0 points for both, as
in the paper. What is undefined is null.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from math import log2
from typing import Any

import polars as pl

from societies.analysis.measures import measure, measure_each
from societies.analysis.statistics import Interval, mean_interval
from societies.analysis.tables import Defaulted
from societies.runs.run import Run
from societies.runs.runs import Runs
from societies.scenarios.negotiation.games import (
    GAME,
    ORDER,
    WHEN,
    context_of,
    contexts,
    distance_to_frontier,
    games,
    seats,
)

__all__ = [
    "context_of",
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

MEASURES = {
    "games": pl.Int64,
    **dict.fromkeys(("score", "low", "high"), pl.Float64),
    "note": pl.String,
    **dict.fromkeys(("own", "joint", "lead"), pl.Float64),
    **dict.fromkeys(("agreement", "pareto", "joint_share", "nash_product"), pl.Float64),
    **dict.fromkeys(("nash_share", "distance", "errors", "aborts"), pl.Float64),
    **dict.fromkeys(("defaulted", "turns", "tokens"), pl.Float64),
    "vocabulary": pl.Int64,
    **{f"entropy_{n}": pl.Float64 for n in NGRAMS},
    "inconsistent": pl.Float64,
}
"""The columns of `measures` and `players`."""

MAIN = (
    *("games", "score", "low", "high", "note", "agreement", "pareto", "joint_share", "nash_share"),
    *("distance", "errors", "aborts", "defaulted", "turns", "tokens", "vocabulary"),
    "inconsistent",
)
"""Those that a summary shows."""


@measure()
def turns(runs: Runs) -> pl.DataFrame:
    """Return one row per accepted turn, messages and proposals together.

    Columns: run, iteration, game, `turn` (from 1), `player`, `seat`, `action` (`message` or
    `propose`), `text` (with its tag), `tokens` (of the completion, as its model counts them).
    """
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
    columns = (*WHEN, "game", "turn", "player", "seat", "action", "text", "tokens")
    return (
        both.with_columns(_place())
        .join(tokens, on=[*GAME, "turn"], how="left")
        .join(who, on=GAME, how="left")
        .with_columns(
            seat=pl.when(is_red).then(pl.lit("red")).otherwise(pl.lit("blue")),
            text=pl.format("[{}] {}", "action", "text"),
            player="agent",
        )
        .select(*columns)
        .sort(*ORDER, "turn")
        .collect()
    )


def _place() -> pl.Expr:
    """Return a row's number within its game, in program order."""
    return pl.col("seq").rank("ordinal").over("run", "scope").cast(pl.Int64).alias("turn")


@measure()
def measures(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return all measures, one row per run and iteration.

    Columns: run, iteration, `games`, `score` (mean reward over both seats of all games) with `low`
    and `high` (95 %, t over contexts, or over games if all are about one) and `note` (why there is
    no interval), `own`, `joint`, `lead` (the same games under
    the published objectives), `agreement`, `pareto` and its kin as in `games`, `errors` (part of
    the games with a correction), `aborts` (part that faulty turns ended), `defaulted` (part of all
    games that ended because no reply to a turn could be read), `turns` (mean), and the language:
    `tokens` (mean per turn), `vocabulary` (distinct words), `entropy_2` to `entropy_5` (bits, of
    the distribution of n-grams), `inconsistent` (part of the judged messages; null if none was).

    Args:
        runs: one run or several.
        defaulted: `exclude` leaves those games out; the language is of all.
    """
    return _aggregate(runs, (), defaulted)


@measure()
def players(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return the measures of every player, over the games it took part in, best score first.

    Columns as in `measures`, after run, iteration and `player`; the language is its own turns', and
    `errors` and `aborts` are its own faults, not its partners'.

    """
    found = _aggregate(runs, ("player",), defaulted)
    order, falling = ("iteration", "run", "score"), (False, False, True)
    return found.sort(order, descending=falling, maintain_order=True)


@measure_each(main=True)
def summary(run: Run) -> pl.DataFrame:
    """Return the result table of one run: a row per player, with the main columns of `players`."""
    found = players(run).select("iteration", "player", *MAIN)
    if found["note"].is_null().all():
        found = found.drop("note")
    return found if found["iteration"].n_unique() > 1 else found.drop("iteration")


@measure()
def meetings(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return how every player fares against every other, over both seats.

    Columns: run, `player`, `partner`, `games`, `score` (mean reward of the player), `agreement`,
    `defaulted` (part of all their games that ended because no reply to a turn could be read).

    Args:
        runs: one run or several.
        defaulted: `exclude` leaves those games out.
    """
    pair = ("run", "player", "partner")
    lost = (pl.col("reason") == "aborted").mean().alias("defaulted")
    return (
        seats(runs, defaulted)
        .group_by(pair, maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("games"),
            pl.col("score").mean(),
            pl.col("agreed").mean().alias("agreement"),
        )
        .join(seats(runs).group_by(pair).agg(lost), on=pair, maintain_order="left")
    )


@measure()
def reward_iteration_correlation(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return Pearson's correlation between iteration and score: do rewards rise?

    Columns: `games` (`all`, or `agreed` only), `seats` (sample size), `correlation`; null where
    all iterations or all scores are equal. Under the second, gains that are only more agreements
    vanish.

    Args:
        runs: one run or several.
        defaulted: `exclude` leaves out games that ended because no reply to a turn could be read.
    """
    from scipy import stats

    table = seats(runs, defaulted)
    rows = []
    for name, part in (("all", table), ("agreed", table.filter("agreed"))):
        x, y = part["iteration"].to_list(), part["score"].to_list()
        defined = len(set(x)) > 1 and len(set(y)) > 1
        rows.append((name, len(x), float(stats.pearsonr(x, y).statistic) if defined else None))
    columns = {"games": pl.String, "seats": pl.Int64, "correlation": pl.Float64}
    return pl.DataFrame(rows, schema=columns, orient="row")


@measure()
def inconsistency(runs: Runs) -> pl.DataFrame:
    """Return the part of each seat's messages that the judge flagged; unread verdicts are left out.

    Columns: run, iteration, game, `seat`, `player`, `messages`, `flagged` (how many).
    """
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


def _aggregate(runs: Runs, by: tuple[str, ...], defaulted: Defaulted) -> pl.DataFrame:
    keys = [*WHEN, *by]
    spoken = _grouped(turns(runs), keys)
    judged = _grouped(inconsistency(runs), keys)
    every = _grouped(seats(runs), keys)
    rows = []
    for key, group in seats(runs, defaulted).group_by(keys, maintain_order=True):
        rows.append({**dict(zip(keys, key, strict=True)), **_of_games(group)})
        rows[-1]["defaulted"] = (every[key]["reason"] == "aborted").mean()
        rows[-1].update(_of_language(spoken.get(key)))
        rows[-1].update(_of_verdicts(judged.get(key)))
    names = {"run": pl.String, "iteration": pl.Int64, **dict.fromkeys(by, pl.String), **MEASURES}
    return pl.DataFrame(rows, schema=names)


def _grouped(table: pl.DataFrame, keys: Sequence[str]) -> dict[tuple[Any, ...], pl.DataFrame]:
    return dict(table.group_by(keys, maintain_order=True))


def _of_games(group: pl.DataFrame) -> dict[str, Any]:
    """Return the measures of games; a game counts once, whether both of its seats are there."""
    each = group.unique("game", maintain_order=True)
    faults = group.group_by("game").agg(pl.col("own_corrections").sum(), pl.col("own_abort").any())
    return {
        "games": each.height,
        "score": group["score"].mean(),
        **_interval(group)._asdict(),
        **{name: group[name].mean() for name in ("own", "joint", "lead")},
        "agreement": each["agreed"].mean(),
        **{name: each[name].mean() for name in ("pareto", "joint_share", "nash_product")},
        **{name: each[name].mean() for name in ("nash_share", "distance")},
        "errors": (faults["own_corrections"] > 0).mean(),
        "aborts": faults["own_abort"].mean(),
        "turns": each["turns"].mean(),
    }


def _interval(seated: pl.DataFrame) -> Interval:
    """Return the interval of the mean score.

    Seats of one game depend on each other. So do games over one context where there are several:
    what is said then is about contexts like these, and else about games over this one.
    """
    unit = "context" if seated["context"].n_unique() > 1 else "game"
    return mean_interval(seated["score"].to_list(), seated[unit].to_list(), unit=f"{unit}s")


def _of_language(group: pl.DataFrame | None) -> dict[str, Any]:
    texts = [] if group is None else group["text"].to_list()
    return {
        "tokens": None if group is None else group["tokens"].mean(),
        "vocabulary": len({word for text in texts for word in words_of(text)}),
        **{f"entropy_{n}": ngram_entropy(texts, n) for n in NGRAMS},
    }


def _of_verdicts(group: pl.DataFrame | None) -> dict[str, Any]:
    if group is None:
        return {"inconsistent": None}
    return {"inconsistent": int(group["flagged"].sum()) / int(group["messages"].sum())}
