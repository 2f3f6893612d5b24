"""Cooperation in the donor game: the measures of Vallinder & Hughes 2024, and inequality.

Every function takes one run or several, and returns a table whose first column `run` is the run's
place on disk (`<name>/<seed>`). What is undefined is null; nothing undefined is ever a zero.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from societies.analysis.measures import measure, measure_each
from societies.analysis.statistics import gini_coefficient, trend
from societies.analysis.tables import Defaulted, under_rules
from societies.runs.run import Run
from societies.runs.runs import Runs
from societies.scenarios.donor_game import conserved

WHEN = ("run", "generation")
"""What a row of a measure stands for."""

WHO = (*WHEN, "agent")


@measure()
def population(runs: Runs) -> pl.DataFrame:
    """Return everybody who played in a generation to its end.

    Columns: run, generation, agent, `resources` (mean of its final resources over the generation's
    games, in units), `score`, `rank`, `survived`. In fidelity `released` the score is not the mean.
    """
    columns = (pl.col("resources").list.mean(), "score", "rank", "survived")
    return runs.rows("scores").select(*WHO, *columns).collect()


@measure()
def final_resources(runs: Runs) -> pl.DataFrame:
    """Return the mean final resources of every generation, in units.

    Columns: run, generation, `agents`, `resources` (mean over agents of their means over the
    games), `deviation` (standard deviation over agents). The agents of a generation play with each
    other, so that one run defines no interval (one over its agents holds the mean of repetitions
    in 10 to 25 of 100 runs of the demo, not in 95): see `replication.across_runs`.
    """
    resources = pl.col("resources")
    columns = (
        pl.len().cast(pl.Int64).alias("agents"),
        resources.mean(),
        resources.std().alias("deviation"),
    )
    return population(runs).group_by(*WHEN, maintain_order=True).agg(columns)


@measure()
def donation_fractions(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return what part of its holdings every agent gave in every generation.

    Columns: run, generation, agent, `moves` (as donor), `fraction` (mean over those moves of
    amount over holdings, from 0 to 1), `defaulted` (the part of all its moves that no readable
    reply stands behind: a gift of 0 stands in). A punishment gives nothing and counts as 0. Moves
    without a share are left out: of a donor that held nothing (the released code calls them full
    gifts, and fidelity `released` logs them so), and `invalid` ones. Null if no move is left.

    Args:
        runs: one run or several.
        defaulted: `exclude` leaves the moves without a readable reply out.
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


@measure()
def generosity_selection(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return whether the generous survived: positive if survivors gave more than the eliminated.

    Columns: run, generation, `fraction` (mean of the agents' donation fractions), `survivors` and
    `eliminated` (the same of these), `selection` = (survivors - eliminated) / fraction. Null where
    nobody is selected (the last generation), nobody gave, or one of the groups is empty.

    Args:
        runs: one run or several.
        defaulted: as in `donation_fractions`, which has the share.
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


@measure()
def punishment_share(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return the part of encounters in which the donor punished, of those in which it might.

    Columns: run, generation, `encounters`, `allowed` (those under rules with costly punishment,
    which an intervention may have changed on the way), `punished`, `share` = punished / allowed
    (from 0 to 1; null where nobody could), `defaulted` (the part of all encounters that no readable
    reply stands behind).

    Args:
        runs: one run or several.
        defaulted: `exclude` leaves these out.
    """
    might = (lambda config: config.protocol.costly_punishment, pl.Boolean)
    encounters = under_rules(runs, "donations", might_punish=might)
    counted, lost = _counted(defaulted), pl.col("outcome") == "defaulted"
    return (
        encounters.group_by(*WHEN, maintain_order=True)
        .agg(
            counted.sum().cast(pl.Int64).alias("encounters"),
            pl.col("might_punish").filter(counted).sum().cast(pl.Int64).alias("allowed"),
            (pl.col("action") == "punish").sum().cast(pl.Int64).alias("punished"),
            lost.mean().alias("defaulted"),
        )
        .with_columns(
            pl.when(pl.col("allowed") > 0)
            .then(pl.col("punished") / pl.col("allowed"))
            .alias("share")
        )
    )


@measure()
def endowments(runs: Runs) -> pl.DataFrame:
    """Return what everybody started the games of a generation with: run, generation, `endowment`.

    In units, as interventions changed it; a generation without an encounter has no row.
    """
    rows = [
        (label, generation, endowment)
        for label, run in runs.labelled()
        for generation, endowment in conserved.endowments(run).items()
    ]
    return _measure(rows, {"endowment": pl.Float64})


@measure()
def gini(runs: Runs) -> pl.DataFrame:
    """Return the inequality of the agents' final resources (their means over the games).

    Columns: run, generation, `gini` (0 to (n - 1) / n; null if nobody owns anything).
    """
    rows = [
        (*key, gini_coefficient(group["resources"].to_list()))
        for key, group in population(runs).group_by(*WHEN, maintain_order=True)
    ]
    return _measure(rows, {"gini": pl.Float64})


@measure()
def lineage(runs: Runs) -> pl.DataFrame:
    """Return who learnt from whom.

    Columns: run, generation (in which the agent was new), agent, `adviser` (a survivor of the
    generation before whose strategy it was shown; null for those who were shown none), `strategy`
    (what it made of it). One row per agent and adviser.
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
def answer_quality(runs: Runs) -> pl.DataFrame:
    """Return how the answers behind every generation's figures came about.

    Columns: run, generation, `answers` (strategies and moves), and the parts of them that were
    `lenient` (read with goodwill as to their form), `invalid` (with a reply that could not be
    read, or that names an amount outside the donor's resources), `repaired` (read only when asked
    again) and `defaulted` (never read: the fallback stands in).
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


@measure()
def measures(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return all measures, one row per run and generation.

    A generation that has begun is there; what is only known at its end is null until then.

    Args:
        runs: one run or several.
        defaulted: `exclude` leaves moves without a readable reply out of `donation_fraction`,
            `punishment_share` and `generosity_selection`; resources are what they led to.
    """
    tables = (
        final_resources(runs).rename({"deviation": "resources_deviation"}),
        generosity_selection(runs, defaulted).select(*WHEN, "fraction", "selection"),
        punishment_share(runs, defaulted).select(*WHEN, "share"),
        gini(runs),
    )
    joined = answer_quality(runs)
    for table in tables:
        joined = joined.join(table, on=WHEN, how="left")
    return joined.select(
        *WHEN,
        "agents",
        "resources",
        "resources_deviation",
        pl.col("fraction").alias("donation_fraction"),
        pl.col("share").alias("punishment_share"),
        "gini",
        pl.col("selection").alias("generosity_selection"),
        "answers",
        "lenient",
        "invalid",
        "repaired",
        "defaulted",
    ).sort(*WHEN)


@measure_each(main=True)
def summary(run: Run) -> pl.DataFrame:
    """Return the result table of one run: one row per generation (columns as in `measures`)."""
    return measures(run).drop("run")


@measure()
def donation_slope(runs: Runs, defaulted: Defaulted = "include") -> pl.DataFrame:
    """Return how the mean donation fraction changes per generation (line of least squares).

    Columns: run, `generations`, `slope`, `standard_error`, `defaulted` (the part of all moves that
    no readable reply stands behind: a gift of 0 stands in).

    Args:
        runs: one run or several.
        defaulted: `exclude` leaves the moves without a readable reply out.
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


def _measure(rows: Sequence[Sequence[Any]], columns: Mapping[str, Any]) -> pl.DataFrame:
    names = {"run": pl.String, "generation": pl.Int64, **columns}
    return pl.DataFrame(rows, schema=names, orient="row")
