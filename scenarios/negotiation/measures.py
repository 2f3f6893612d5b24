"""Negotiations: the measures of Liao, Tomlin & Klein 2024 (core protocol, 2.5), and bargaining.

Every function takes one run or several, and returns a table whose first column `run` is the run's
place on disk. An iteration is what a run logs as such in table `contexts` (learning loops do), or
else its place among the runs given, from 1. Games without a deal count with 0 points for both, as
in the paper. What is undefined is null.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import log2
from typing import Any

import polars as pl
from scipy import stats

from societies.analysis.statistics import Interval, mean_interval
from societies.analysis.tables import Defaulted, Runs, labelled, rows_of
from societies.runs.run import Run
from societies.scenarios.negotiation.contexts import (
    Context,
    Points,
    is_dominated,
    joint_ceiling,
    nash_ceiling,
    optimal_points,
    pareto_frontier,
    rewards,
)

WHEN = ("run", "iteration")
"""What a row of a measure stands for."""

SEATS = ("red", "blue")
STRICT = -1.0
"""Under this weight of the partner's points every outcome is Pareto-optimal."""

WORD = re.compile(r"\w+(?:'\w+)*|[^\w\s]")
"""A word or a punctuation mark: the paper does not say how it splits words."""

NGRAMS = (2, 3, 4, 5)

ORDER = ("iteration", "run", "game")

GAME = ("run", "scope")
"""What tells one game's rows from another's."""

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


def games(runs: Runs) -> pl.DataFrame:
    """Return one row per game: its context, how it ended, and how good the outcome is.

    Columns: run, iteration, game, those of tables `contexts` and `outcomes`, `red_corrections` and
    `blue_corrections` (of each one's own faulty turns), `aborted_by` (the seat whose faults ended
    the game; null if none did), and
    `joint_points` (of both), `joint_ceiling` (the most there is), `joint_share` (the part of it
    that was reached), `nash_product` (of both points) and `nash_share` (part of the largest
    product), `pareto` (whether no full allocation's pair of rewards under the game's objective
    dominates the outcome's), `distance` (in points, from the outcome to the nearest one that is
    Pareto-optimal in the same sense). Both are null under the strict objective, where nothing is
    ever dominated.
    """
    ends = rows_of(runs, "outcomes").drop("seq", "step", "agent", "game", "red", "blue")
    faults = [pl.col(f"{seat}_corrections").fill_null(0) for seat in SEATS]
    frame = (
        _contexts(runs)
        .join(ends, on=GAME, how="inner")
        .join(_corrections(runs), on=GAME, how="left")
        .with_columns(
            *faults, aborted_by=pl.when(pl.col("reason") == "aborted").then(pl.col("last_fault_by"))
        )
        .drop("last_fault_by")
        .sort(ORDER)
        .collect()
    )
    rated = [_rate(row) for row in frame.iter_rows(named=True)]
    columns = {
        "joint_points": pl.Int64,
        "joint_ceiling": pl.Int64,
        "joint_share": pl.Float64,
        "nash_product": pl.Int64,
        "nash_share": pl.Float64,
        "pareto": pl.Boolean,
        "distance": pl.Float64,
    }
    found = pl.concat([frame, pl.DataFrame(rated, schema=columns, orient="row")], how="horizontal")
    return found.select(*WHEN, "game", pl.exclude(*WHEN, "game"))


def _corrections(runs: Runs) -> pl.LazyFrame:
    """Return how many faulty turns each seat of a game had, and whose was the last one."""
    seat = pl.col("seat")
    counts = [(seat == each).sum().cast(pl.Int64).alias(f"{each}_corrections") for each in SEATS]
    rows = rows_of(runs, "corrections").sort("run", "seq")
    return rows.group_by(GAME, maintain_order=True).agg(*counts, last_fault_by=seat.last())


def _rate(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the columns that `games` adds to a row."""
    context = context_of(row)
    points: Points = (row["red_points"], row["blue_points"])
    joint, most = sum(points), joint_ceiling(context)
    product, largest = points[0] * points[1], nash_ceiling(context)
    weight = row["weight"]
    frontier = pareto_frontier(context, weight)
    pair = rewards(points, weight) if row["agreed"] else (0.0, 0.0)
    return (
        joint,
        most,
        joint / most if most else None,
        product,
        product / largest if largest else None,
        None if weight == STRICT else not is_dominated(pair, frontier),
        None if weight == STRICT else distance_to_frontier(context, points, weight),
    )


def context_of(row: Mapping[str, Any]) -> Context:
    """Return the context of a row of `games` or of table `contexts`."""
    return Context(tuple(row["counts"]), (tuple(row["red_values"]), tuple(row["blue_values"])))


def distance_to_frontier(context: Context, points: Points, weight: float = 0.0) -> float:
    """Return how far a pair of points is from the nearest Pareto-optimal one (Euclidean).

    Optimal is meant by the rewards under the objective of this weight.
    """
    return min(
        float(((red - points[0]) ** 2 + (blue - points[1]) ** 2) ** 0.5)
        for red, blue in optimal_points(context, weight)
    )


def seats(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return one row per seat of each game: the 2K samples of the paper.

    Columns: those of `games` that concern both, and `context` (its counts, and red's and blue's
    values, in words), `seat`, `player`, `partner`, `points`,
    `partner_points`, `score` (the reward under the game's objective), the rewards under the
    published objectives: `own` (semi-competitive), `joint` (cooperative), `lead` (strict), and
    `own_corrections` and `own_abort` (whether the seat's own faults ended the game).

    Args:
        runs: one run or several.
        defaulted: `exclude` leaves out games that ended because no reply to a turn could be read.
    """
    table = games(runs)
    if defaulted == "exclude":
        table = table.filter(pl.col("reason") != "aborted")
    sides = [
        table.with_columns(
            pl.lit(seat).alias("seat"),
            pl.col(seat).alias("player"),
            pl.col(other).alias("partner"),
            pl.col(f"{seat}_points").alias("points"),
            pl.col(f"{other}_points").alias("partner_points"),
            pl.col(f"{seat}_score").alias("score"),
            pl.col(f"{seat}_corrections").alias("own_corrections"),
            pl.col("aborted_by").eq_missing(pl.lit(seat)).alias("own_abort"),
        )
        for seat, other in (SEATS, SEATS[::-1])
    ]
    points, partner = pl.col("points"), pl.col("partner_points")
    parts = ("", "_points", "_score", "_share", "_corrections")
    private = [f"{seat}{part}" for seat in SEATS for part in parts]
    return (
        pl.concat(sides)
        .with_columns(
            own=points,
            joint=points + partner,
            lead=points - partner,
            context=pl.concat_str(
                [
                    pl.col(name).cast(pl.List(pl.String)).list.join(" ")
                    for name in ("counts", "red_values", "blue_values")
                ],
                separator=" / ",
            ),
        )
        .drop(*private, "red_values", "blue_values")
        .sort(*ORDER, "seat", descending=[False, False, False, True])
    )


def turns(runs: Runs) -> pl.DataFrame:
    """Return one row per accepted turn, messages and proposals together.

    Columns: run, iteration, game, `turn` (from 1), `player`, `seat`, `action` (`message` or
    `propose`), `text` (with its tag), `tokens` (of the completion, as its model counts them).
    """
    said = rows_of(runs, "messages").filter(pl.col("channel") == "negotiation")
    proposed = rows_of(runs, "proposals")
    both = pl.concat(
        [
            said.select(*GAME, "seq", "agent", "text", action=pl.lit("message")),
            proposed.select(*GAME, "seq", "agent", "text", action=pl.lit("propose")),
        ]
    )
    calls = rows_of(runs, "calls").filter((pl.col("prompt") == "turn") & pl.col("readable"))
    tokens = calls.select(*GAME, _place(), tokens="completion_tokens")
    who = _contexts(runs).select(*GAME, "iteration", "game", "red", "blue")
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


def players(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return the measures of every player, over the games it took part in, best score first.

    Columns as in `measures`, after run, iteration and `player`; the language is its own turns', and
    `errors` and `aborts` are its own faults, not its partners'.

    """
    found = _aggregate(runs, ("player",), defaulted)
    order, falling = ("iteration", "run", "score"), (False, False, True)
    return found.sort(order, descending=falling, maintain_order=True)


def summary(run: Run) -> pl.DataFrame:
    """Return the result table of one run: a row per player, with the main columns of `players`."""
    found = players(run).select("iteration", "player", *MAIN)
    if found["note"].is_null().all():
        found = found.drop("note")
    return found if found["iteration"].n_unique() > 1 else found.drop("iteration")


def meetings(runs: Runs) -> pl.DataFrame:
    """Return how every player fares against every other, over both seats.

    Columns: run, `player`, `partner`, `games`, `score` (mean reward of the player), `agreement`.
    """
    return (
        seats(runs)
        .group_by("run", "player", "partner", maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("games"),
            pl.col("score").mean(),
            pl.col("agreed").mean().alias("agreement"),
        )
    )


def reward_iteration_correlation(runs: Runs) -> pl.DataFrame:
    """Return Pearson's correlation between iteration and score: do rewards rise?

    Columns: `games` (`all`, or `agreed` only), `seats` (sample size), `correlation`; null where
    all iterations or all scores are equal. Under the second, gains that are only more agreements
    vanish.
    """
    table = seats(runs)
    rows = []
    for name, part in (("all", table), ("agreed", table.filter("agreed"))):
        x, y = part["iteration"].to_list(), part["score"].to_list()
        defined = len(set(x)) > 1 and len(set(y)) > 1
        rows.append((name, len(x), float(stats.pearsonr(x, y).statistic) if defined else None))
    columns = {"games": pl.String, "seats": pl.Int64, "correlation": pl.Float64}
    return pl.DataFrame(rows, schema=columns, orient="row")


def inconsistency(runs: Runs) -> pl.DataFrame:
    """Return the part of each seat's messages that the judge flagged; unread verdicts are left out.

    Columns: run, iteration, game, `seat`, `player`, `messages`, `flagged` (how many).
    """
    flagged = pl.col("flagged").list.len().cast(pl.Int64)
    return (
        rows_of(runs, "verdicts")
        .filter(pl.col("outcome") != "defaulted")
        .join(_contexts(runs).select(*GAME, "iteration"), on=GAME, how="left")
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


def _contexts(runs: Runs) -> pl.LazyFrame:
    """Return table `contexts` with the iteration of every game."""
    table = rows_of(runs, "contexts").drop("seq", "step", "agent")
    if "iteration" in table.collect_schema().names():
        return table
    places = {label: place for place, (label, _) in enumerate(labelled(runs), start=1)}
    iteration = pl.col("run").replace_strict(places, return_dtype=pl.Int64)
    return table.with_columns(iteration.alias("iteration"))
