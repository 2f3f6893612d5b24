"""Games of negotiation and their seats: what was dealt out, how it ended, and how good that is."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from societies.analysis.measures import measure
from societies.analysis.tables import Defaulted
from societies.runs.runs import Runs
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

ORDER = ("iteration", "run", "game")

GAME = ("run", "scope")
"""What tells one game's rows from another's."""


@measure()
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
    ends = runs.rows("outcomes").drop("seq", "step", "agent", "game", "red", "blue")
    faults = [pl.col(f"{seat}_corrections").fill_null(0) for seat in SEATS]
    frame = (
        contexts(runs)
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
    rows = runs.rows("corrections").sort("run", "seq")
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


@measure()
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


def contexts(runs: Runs) -> pl.LazyFrame:
    """Return table `contexts` with the iteration of every game."""
    table = runs.rows("contexts").drop("seq", "step", "agent")
    if "iteration" in table.collect_schema().names():
        return table
    places = {label: place for place, (label, _) in enumerate(runs.labelled(), start=1)}
    iteration = pl.col("run").replace_strict(places, return_dtype=pl.Int64)
    return table.with_columns(iteration.alias("iteration"))
