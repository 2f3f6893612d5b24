"""Repetitions: intervals over runs, and profiles correlated across their seeds."""

from collections.abc import Sequence
from itertools import combinations
from statistics import fmean
from typing import Any

import polars as pl

from societies.analysis.conditions import Tabulate, figures_of_runs
from societies.analysis.quality import SHARES, pooled, pooled_sides
from societies.analysis.questionnaires.consistency import SCALE, SESSION, correlation, trait_scores
from societies.analysis.questionnaires.paired import noted
from societies.analysis.statistics import Interval, mean_interval, standard_error
from societies.errors import InputError
from societies.runs.run import Run
from societies.runs.runs import Given, Runs


def across_runs(
    runs: Given, measure: Tabulate, figure: str, by: str | Sequence[str] = ()
) -> pl.DataFrame:
    """Return the mean of a figure over runs, with its interval over runs (Student's t).

    Runs are independent of each other; agents of one run, who may meet or share a model's moods,
    are not. Rows of one run with the same key (such as one per agent) are averaged first. Runs of
    different conditions are never averaged: a row is of one condition (see `conditions`).

    Args:
        runs: repetitions, at least two runs.
        measure: makes the table that has the figure.
        figure: a numeric column of it.
        by: columns of it that rows are told apart by, such as `generation`.

    Columns: the parameters that differ, those of `by`, `runs` (in which the figure is defined),
    `mean`, `standard_error`, `low` and `high` (95 %; those of shares may lie beyond 0 and 1),
    `note` (why there is no interval), and, where the table has them, `answers` (all) and `lenient`,
    `invalid`, `refused`, `defaulted` (mean over runs).

    Raises:
        InputError: there is one run only, one is given twice, or there is no such column.
    """
    told = [by] if isinstance(by, str) else list(by)
    repetitions(runs)
    apart, found = figures_of_runs(Runs.of(runs), measure, figure, told)
    keys = [*apart, *told]
    rows = [
        {**dict(zip(keys, key, strict=True)), **_interval(part)}
        for key, part in (found.group_by(keys, maintain_order=True) if keys else [((), found)])
    ]
    table = noted(rows)
    return table.sort(keys) if keys and rows else table


def profile_correlations(runs: Given) -> pl.DataFrame:
    """Return how the mean profiles of runs correlate, for every pair of runs (section 5).

    A profile is a group's mean score of every trait, in scale widths. Columns: group, instrument,
    kind, the session (`probe`, `moment`, `context`, as in `reliability`), `one` and
    `other` (runs), `traits` (with a score in both), `r` (Pearson's; null for fewer than three
    traits, or a flat profile) with its 95 % interval `low` and `high` (Fisher's z; from
    four traits on), and how the answers behind both came about.

    Args:
        runs: repetitions of the same conditions with other seeds, at least two.

    Raises:
        InputError: there is one run only, or one is given twice.
    """
    profiles = [(label, _profiles(run)) for label, run in repetitions(runs)]
    keys, scale = [*SCALE[:3], *SESSION], [*SCALE, *SESSION]
    rows = []
    for (one, first), (other, second) in combinations(profiles, 2):
        both = first.join(second, on=scale, suffix="_other").sort(scale)
        for key, part in both.group_by(keys, maintain_order=True):
            rows.append(
                {
                    **dict(zip(keys, key, strict=True)),
                    "one": one,
                    "other": other,
                    **_correlation(part.drop_nulls(["score", "score_other"])),
                    **pooled_sides(part, "_other"),
                }
            )
    table = pl.DataFrame(rows, infer_schema_length=None)
    return table.sort([*keys, "one", "other"]) if rows else table


def _profiles(run: Run) -> pl.DataFrame:
    keys = [*SCALE, *SESSION]
    rows = [
        {
            **dict(zip(keys, key, strict=True)),
            "score": (part["item_mean"] / part["width"]).mean(),
            **pooled(part),
        }
        for key, part in trait_scores(run).group_by(keys, maintain_order=True)
    ]
    scale = dict.fromkeys(keys, pl.String)
    numbers = dict.fromkeys(SHARES, pl.Float64)
    schema = {**scale, "score": pl.Float64, "answers": pl.Int64, **numbers}
    return pl.DataFrame(rows, schema=schema)


def _correlation(both: pl.DataFrame) -> dict[str, float | int | None]:
    first, second = both["score"].to_list(), both["score_other"].to_list()
    r = correlation(first, second)
    ends = Interval()
    if r is not None and len(first) > 3:
        from scipy.stats import pearsonr

        ends = Interval(*pearsonr(first, second).confidence_interval(0.95))
    return {"traits": both.height, "r": r, "low": ends.low, "high": ends.high}


def repetitions(runs: Given) -> list[tuple[str, Run]]:
    """Return at least two runs with labels that tell them apart.

    Raises:
        InputError: there is one run only, none, or one of them twice.
    """
    found = list(Runs.of(runs).labelled())
    if len(found) < 2:
        raise InputError(
            "what is said over runs needs at least two of them, and there is only "
            f"{found[0][1].path}: repeat it with other seeds (societies run FILE --seed N)"
        )
    return found


def _interval(part: pl.DataFrame) -> dict[str, Any]:
    """Return the mean over runs, its interval, and the shares."""
    values = part["figure"].drop_nulls().sort().to_list()
    known = {name: part[name].mean() for name in SHARES if name in part.columns}
    if "answers" in part.columns:
        known = {"answers": int(part["answers"].sum()), **known}
    return {
        "runs": len(values),
        "mean": fmean(values) if values else None,
        "standard_error": standard_error(values),
        **mean_interval(values, unit="runs")._asdict(),
        **known,
    }
