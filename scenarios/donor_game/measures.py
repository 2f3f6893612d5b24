"""Cooperation in the donor game: the measures of Vallinder & Hughes 2024, and inequality.

Every function takes one run or several, and returns a table whose first column `run` is the run's
label (see `Runs.labels`). What is undefined is null; nothing undefined is ever a zero.
`defaulted="exclude"` leaves moves out that no readable reply stands behind; resources are what
they led to.
"""

from typing import Any

import polars as pl

from societies.analysis.kit import Column, Frame, Runs, measure, measure_each
from societies.analysis.statistics import gini_coefficient, trend
from societies.analysis.tables import Defaulted, under_rules
from societies.runs.run import Run
from societies.scenarios.donor_game import conserved

WHEN = ("run", "generation")
"""What a row of a measure stands for."""

WHO = (*WHEN, "agent")

GIVEN = Column("donation fraction", "of holdings")
PUNISHED = Column("punishments", "share of encounters")
GINI = Column("Gini coefficient of final resources")
SELECTION = Column("survivors' lead in giving", "of the mean")
DEVIATION = Column("standard deviation of final resources over agents", "units")


@measure(
    resources=Column("final resources, mean over the games", "units"),
    score=Column("what survival is decided by", "units"),
    rank=Column("rank by score, 1 is best"),
    survived=Column("whether it survived"),
)
def population(runs: Runs) -> Frame:
    """Return everybody who played in a generation to its end.

    In fidelity `released` the score is not the mean over the games.
    """
    columns = (pl.col("resources").list.mean(), "score", "rank", "survived")
    return runs.rows("scores").select(*WHO, *columns).collect()


@measure(
    resources=Column("mean final resources", "units, mean over games"),
    deviation=DEVIATION,
)
def final_resources(runs: Runs) -> Frame:
    """Return the mean final resources of every generation.

    The agents of a generation play with each other, so that one run defines no interval (one over
    its agents holds the mean of repetitions in 10 to 25 of 100 runs of the demo, not in 95): see
    `replication.across_runs`.
    """
    resources = pl.col("resources")
    columns = (
        pl.len().cast(pl.Int64).alias("agents"),
        resources.mean(),
        resources.std().alias("deviation"),
    )
    return population(runs).group_by(*WHEN, maintain_order=True).agg(columns)


@measure(moves=Column("moves as donor that count"), fraction=GIVEN)
def donation_fractions(runs: Runs, defaulted: Defaulted = "include") -> Frame:
    """Return what part of its holdings every agent gave in every generation, mean over its moves.

    A punishment gives nothing and counts as 0. Moves without a share are left out: of a donor that
    held nothing (the released code calls them full gifts, and fidelity `released` logs them so),
    and `invalid` ones. Null if no move is left. `defaulted` is of all moves.
    """
    held_something = pl.col("share").is_not_null()
    given = (
        pl.when(pl.col("action") == "donate")
        .then(pl.col("share"))
        .when((pl.col("action") == "punish") & held_something)
        .then(0.0)
    )
    counted = _counted(defaulted)
    return (
        runs.rows("donations")
        .group_by(*WHO, maintain_order=True)
        .agg(
            counted.sum().cast(pl.Int64).alias("moves"),
            given.filter(counted).mean().alias("fraction"),
            (pl.col("outcome") == "defaulted").mean().alias("defaulted"),
        )
        .collect()
    )


def _counted(defaulted: Defaulted) -> pl.Expr:
    """Return whether a move counts."""
    return pl.lit(defaulted == "include") | (pl.col("outcome") != "defaulted")


@measure(
    fraction=GIVEN,
    survivors=Column("donation fraction of the survivors", GIVEN.unit),
    eliminated=Column("donation fraction of the eliminated", GIVEN.unit),
    selection=SELECTION,
)
def generosity_selection(runs: Runs, defaulted: Defaulted = "include") -> Frame:
    """Return whether the generous survived: positive if survivors gave more than the eliminated.

    Null where nobody is selected (the last generation), nobody gave, or one of the groups is empty.
    """
    fraction, survived = pl.col("fraction"), pl.col("survived")
    return (
        donation_fractions(runs, defaulted)
        .lazy()
        .join(population(runs).lazy(), on=WHO, how="left")
        .sort(*WHO)  # a sum depends on the order of its terms, in the last digit
        .group_by(*WHEN, maintain_order=True)
        .agg(
            fraction.mean(),
            fraction.filter(survived).mean().alias("survivors"),
            fraction.filter(~survived).mean().alias("eliminated"),
        )
        .with_columns(
            pl.when(fraction > 0)
            .then((pl.col("survivors") - pl.col("eliminated")) / fraction)
            .alias("selection")
        )
        .sort(*WHEN)
        .collect()
    )


@measure(
    encounters=Column("encounters that count"),
    allowed=Column("encounters under rules with costly punishment"),
    punished=Column("encounters in which the donor punished"),
    share=PUNISHED,
)
def punishment_share(runs: Runs, defaulted: Defaulted = "include") -> Frame:
    """Return the part of encounters in which the donor punished, of those in which it might.

    An intervention may have changed on the way where that is; null where nobody could.
    `defaulted` is of all encounters.
    """
    might = (lambda config: config.protocol.costly_punishment, pl.Boolean)
    encounters = under_rules(runs, "donations", might_punish=might)
    counted, lost = _counted(defaulted), pl.col("outcome") == "defaulted"
    share = pl.when(pl.col("allowed") > 0).then(pl.col("punished") / pl.col("allowed"))
    return (
        encounters.group_by(*WHEN, maintain_order=True)
        .agg(
            counted.sum().cast(pl.Int64).alias("encounters"),
            pl.col("might_punish").filter(counted).sum().cast(pl.Int64).alias("allowed"),
            (pl.col("action") == "punish").sum().cast(pl.Int64).alias("punished"),
            lost.mean().alias("defaulted"),
        )
        .with_columns(share.alias("share"))
    )


@measure(endowment=Column("units that everybody starts a game with"))
def endowments(runs: Runs) -> Frame:
    """Return what everybody started the games of a generation with, as interventions changed it.

    A generation without an encounter has no row.
    """
    rows = [
        (label, generation, endowment)
        for label, run in runs.labelled()
        for generation, endowment in conserved.endowments(run).items()
    ]
    return _table(rows, "endowment")


@measure(gini=GINI)
def gini(runs: Runs) -> Frame:
    """Return the inequality of the agents' final resources (their means over the games).

    From 0 to (n - 1) / n; null if nobody owns anything.
    """
    rows = [
        (*key, gini_coefficient(group["resources"].to_list()))
        for key, group in population(runs).group_by(*WHEN, maintain_order=True)
    ]
    return _table(rows, "gini")


@measure(
    adviser=Column("survivor whose strategy it was shown"), strategy=Column("what it made of it")
)
def lineage(runs: Runs) -> Frame:
    """Return who learnt from whom: a row per agent, in the generation it was new in, and adviser.

    Who was shown no strategy has one row, without adviser.
    """
    advisers = pl.col("advisers")
    nobody = pl.lit([None], dtype=pl.List(pl.String))
    heard = pl.when(advisers.list.len() > 0).then(advisers).otherwise(nobody)
    return (
        runs.rows("strategies")
        .select(*WHO, heard.alias("adviser"), "strategy")
        .explode("adviser")
        .collect()
    )


@measure()
def answer_quality(runs: Runs) -> Frame:
    """Return how the answers behind every generation's figures came about: strategies and moves.

    An amount outside the donor's resources is `invalid`, too.
    """
    moves = runs.rows("donations").select(*WHEN, "outcome", pl.col("action") == "invalid")
    plans = runs.rows("strategies").select(*WHEN, "outcome", action=pl.lit(value=False))
    outcome = pl.col("outcome")
    invalid = pl.col("action") | outcome.is_in(["repaired", "defaulted"])
    return (
        pl.concat([moves, plans])
        .group_by(*WHEN, maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("answers"),
            (outcome == "lenient").mean().alias("lenient"),
            invalid.mean().alias("invalid"),
            *((outcome == how).mean().alias(how) for how in ("repaired", "defaulted")),
        )
        .collect()
    )


FIGURES = {
    "agents": Column("agents"),
    "resources": final_resources.column("resources"),
    "resources_deviation": DEVIATION,
    "donation_fraction": GIVEN,
    "punishment_share": PUNISHED,
    "gini": GINI,
    "generosity_selection": SELECTION,
}
"""The columns of all measures together."""


@measure(main=False, **FIGURES)
def measures(runs: Runs, defaulted: Defaulted = "include") -> Frame:
    """Return all measures, one row per run and generation, and how the answers came about.

    A generation that has begun is there; what is only known at its end is null until then.
    """
    chosen = generosity_selection(runs, defaulted)
    table = answer_quality(runs)
    for other in (
        final_resources(runs).rename({"deviation": "resources_deviation"}),
        chosen.select(*WHEN, donation_fraction="fraction", generosity_selection="selection"),
        punishment_share(runs, defaulted).select(*WHEN, punishment_share="share"),
        gini(runs),
    ):
        table = table.join(other, on=WHEN, how="left")
    return table.select(*WHEN, *FIGURES, pl.exclude(*WHEN, *FIGURES)).sort(*WHEN)


@measure_each(main=True, **FIGURES)
def summary(run: Run) -> Frame:
    """Return the result table of one run: one row per generation."""
    return measures(run).drop("run")


@measure(
    generations=Column("generations"),
    slope=Column("change of the mean donation fraction", "per generation"),
    standard_error=Column("standard error of the slope"),
)
def donation_slope(runs: Runs, defaulted: Defaulted = "include") -> Frame:
    """Return how the mean donation fraction changes per generation (line of least squares).

    `defaulted` is of all moves.
    """
    rows = []
    selected = generosity_selection(runs, defaulted).drop_nulls("fraction")
    for (run,), group in selected.group_by("run", maintain_order=True):
        line = trend(group["generation"].to_list(), group["fraction"].to_list())
        rows.append((run, group.height, *line))
    lines = dict.fromkeys(("slope", "standard_error"), pl.Float64)
    names = {"run": pl.String, "generations": pl.Int64, **lines}
    table = pl.DataFrame(rows, schema=names, orient="row")
    lost = (pl.col("outcome") == "defaulted").mean().alias("defaulted")
    shares = runs.rows("donations").group_by("run").agg(lost).collect()
    return table.join(shares, on="run", how="left", maintain_order="left")


def _table(rows: list[tuple[Any, ...]], figure: str) -> Frame:
    names = {"run": pl.String, "generation": pl.Int64, figure: pl.Float64}
    return pl.DataFrame(rows, schema=names, orient="row")
