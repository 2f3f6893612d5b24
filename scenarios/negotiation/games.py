"""Games of negotiation and their seats: what was dealt out, how it ended, and how good that is."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from societies.analysis.kit import Column, Frame, Runs, measure
from societies.analysis.tables import Defaulted
from societies.scenarios.negotiation.contexts import (
    SEATS,
    Context,
    Points,
    context_of,
    is_dominated,
    joint_ceiling,
    nash_ceiling,
    optimal_points,
    pareto_frontier,
    rewards,
)

WHEN = ("run", "iteration")
"""What a row of a measure stands for."""
GAME = ("run", "scope")
"""What tells one game's rows from another's."""
ORDER = ("iteration", "run", "game")
STRICT = -1.0
"""Under this weight of the partner's points every outcome is Pareto-optimal."""

OF_SEATS = {
    "score": Column("mean reward", "points per seat"),
    "own": Column("own points", "per seat"),
    "joint": Column("points of both", "per seat"),
    "lead": Column("own points less the partner's", "per seat"),
}
"""The rewards of a seat: under its game's objective, and under the published ones (`own` is
semi-competitive, `joint` cooperative, `lead` strict)."""
OF_OUTCOMES = {
    "pareto": Column("Pareto-optimal outcomes", "share of the games"),
    "joint_share": Column("joint points reached", "share of the most there is"),
    "nash_product": Column("product of both seats' points", "points squared"),
    "nash_share": Column("product of points reached", "share of the largest there is"),
    "distance": Column("distance to the nearest Pareto-optimal outcome", "points"),
}
"""How good an outcome is; Pareto-optimal is meant by the rewards of the game's objective."""
RATED = {
    "joint_points": pl.Int64,
    "joint_ceiling": pl.Int64,
    "joint_share": pl.Float64,
    "nash_product": pl.Int64,
    "nash_share": pl.Float64,
    "pareto": pl.Boolean,
    "distance": pl.Float64,
}
"""What `_rate` adds to a game."""


@measure(
    main=False,
    red_corrections=Column("faulty turns of red"),
    blue_corrections=Column("faulty turns of blue"),
    aborted_by=Column("seat whose faults ended the game"),
    joint_points=Column("points of both seats"),
    joint_ceiling=Column("most points of both seats that there are"),
    **OF_OUTCOMES,
)
def games(runs: Runs) -> Frame:
    """Return one row per game: its context, how it ended, and how good the outcome is.

    The columns of tables `contexts` and `outcomes`, and those of its own. An outcome is
    Pareto-optimal (`pareto`) if no full allocation's pair of rewards under the game's objective
    dominates its own, at 0 without a deal; so is meant what `distance` (Euclidean) is to. Both are
    null under the strict objective, where nothing is ever dominated.
    """
    ends = runs.rows("outcomes").drop("seq", "step", "agent", "game", "red", "blue")
    faults = [pl.col(f"{seat}_corrections").fill_null(0) for seat in SEATS]
    by = pl.when(pl.col("reason") == "aborted").then(pl.col("last_fault_by"))
    frame = (
        contexts(runs)
        .join(ends, on=GAME, how="inner")
        .join(_corrections(runs), on=GAME, how="left")
        .with_columns(*faults, aborted_by=by)
        .drop("last_fault_by")
        .sort(ORDER)
        .collect()
    )
    rated = pl.DataFrame(list(map(_rate, frame.iter_rows(named=True))), schema=RATED)
    found = pl.concat([frame, rated], how="horizontal")
    return found.select(*WHEN, "game", pl.exclude(*WHEN, "game"))


def _corrections(runs: Runs) -> pl.LazyFrame:
    """Return how many faulty turns each seat of a game had, and whose was the last one."""
    seat = pl.col("seat")
    counts = [(seat == each).sum().cast(pl.Int64).alias(f"{each}_corrections") for each in SEATS]
    rows = runs.rows("corrections").sort("run", "seq")
    return rows.group_by(GAME, maintain_order=True).agg(*counts, last_fault_by=seat.last())


def _rate(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that say how good the outcome of a game is."""
    context, weight = context_of(row), row["weight"]
    points: Points = (row["red_points"], row["blue_points"])
    joint, most = sum(points), joint_ceiling(context)
    product, largest = points[0] * points[1], nash_ceiling(context)
    pair = rewards(points, weight) if row["agreed"] else (0.0, 0.0)
    optimal = not is_dominated(pair, pareto_frontier(context, weight))
    return {
        "joint_points": joint,
        "joint_ceiling": most,
        "joint_share": joint / most if most else None,
        "nash_product": product,
        "nash_share": product / largest if largest else None,
        "pareto": None if weight == STRICT else optimal,
        "distance": None if weight == STRICT else distance_to_frontier(context, points, weight),
    }


def distance_to_frontier(context: Context, points: Points, weight: float = 0.0) -> float:
    """Return how far a pair of points is from the nearest Pareto-optimal one (Euclidean).

    Optimal is meant by the rewards under the objective of this weight.
    """
    return min(
        float(((red - points[0]) ** 2 + (blue - points[1]) ** 2) ** 0.5)
        for red, blue in optimal_points(context, weight)
    )


@measure(
    main=False,
    context=Column("counts, and red's and blue's values"),
    points=Column("own points"),
    partner_points=Column("points of the partner"),
    own_corrections=Column("own faulty turns"),
    own_abort=Column("own faults ended the game"),
    **OF_SEATS,
    **OF_OUTCOMES,
)
def seats(runs: Runs, defaulted: Defaulted = "include") -> Frame:
    """Return one row per seat of each game: the 2K samples of the paper.

    What `games` says of both, `seat`, `player` and `partner`, and how the seat fared.

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
    dealt = ("counts", "red_values", "blue_values")
    worded = [pl.col(name).cast(pl.List(pl.String)).list.join(" ") for name in dealt]
    parts = ("", "_points", "_score", "_share", "_corrections")
    return (
        pl.concat(sides)
        .with_columns(
            own=points,
            joint=points + partner,
            lead=points - partner,
            context=pl.concat_str(worded, separator=" / "),
        )
        .drop(f"{seat}{part}" for seat in SEATS for part in (*parts, "_values"))
        .sort(*ORDER, "seat", descending=[False, False, False, True])
    )


def contexts(runs: Runs) -> pl.LazyFrame:
    """Return table `contexts` with the iteration of every game."""
    table = runs.rows("contexts").drop("seq", "step", "agent")
    if "iteration" in table.collect_schema().names():
        return table
    places = {label: place for place, label in enumerate(runs.labels, start=1)}
    iteration = pl.col("run").replace_strict(places, return_dtype=pl.Int64)
    return table.with_columns(iteration.alias("iteration"))
