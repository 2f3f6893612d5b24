"""Contrasts: by how much a figure differs between conditions, with an interval over runs."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import polars as pl
from pydantic_core import to_json

from societies.agents.persona.persona import LEVELS
from societies.analysis.conditions import Tabulate, conditions, figures_of_runs
from societies.analysis.factors import factors, with_factors
from societies.analysis.measures import Column, Frame, measure
from societies.analysis.statistics import Interval, difference_interval, mean_interval
from societies.errors import InputError
from societies.runs.run import Run
from societies.runs.runs import Runs
from societies.words import nearest

WITHIN, BY_SEED, APART = "within runs", "paired by seed", "independent runs"
SIDES = {
    f"{side}{suffix}": Column(told.format(side), unit)
    for side in ("first", "second")
    for suffix, told, unit in (
        ("", "the {} condition", ""),
        ("_runs", "runs of the {}", "in which the figure is known"),
        ("_mean", "mean of the {}", "over runs"),
        ("_defaulted", "answers of the {} that no readable reply stands behind", "share"),
    )
}
COLUMNS = {
    "between": Column("what the conditions differ in"),
    "also": Column("what else differs whenever it does"),
    **SIDES,
    "difference": Column("second minus first"),
    "design": Column("how the runs of both belong together"),
}
TEXT = ("between", "also", "first", "second", "note", "design")


class Side(NamedTuple):
    """The figure of one condition."""

    level: str
    known: dict[Any, float]
    """Its value by run, or by the seed of the run."""
    defaulted: float | None


@measure(COLUMNS)
def contrast(
    runs: Runs,
    measure: Tabulate,
    figure: str,
    between: str,
    by: str | Sequence[str] = (),
    paired: bool | None = None,
) -> Frame:
    """Return by how much a figure differs between conditions, with its 95 % interval over runs.

    Runs are the units: what is said of one run is averaged first, as agents who meet, or share a
    model, are not independent of each other. A row is the difference of two conditions, the second
    minus the first; of several conditions every pair has one, and no interval is corrected for how
    many there are. What else the runs were set to parts the rows, and is never averaged over,
    unless it differs whenever `between` does (column `also`: the effects of these cannot be told
    apart).

    Column `design` says what the interval rests on:

    - `independent runs`: Welch's t (Welch 1947, Biometrika 34), which needs no equal variances and
      no equal numbers of runs.
    - `paired by seed`: Student's t of the differences between runs of one seed (Student 1908),
      which share their people and the random streams of the society: common random numbers (Law
      2015, Simulation Modeling and Analysis, section 11.2). Runs are paired where every seed was
      run once in both conditions; with `paired=False` they count as independent.
    - `within runs`: likewise, of the differences between two groups of agents in each run.

    Args:
        runs: runs of all conditions.
        measure: makes the table that has the figure, such as a scenario's `summary`.
        figure: a numeric column of it.
        between: a parameter in which the runs differ, such as `protocol.multiplier` (all of them:
            `runs.parameters`); or, to compare within runs, a column of the table, such as `group`,
            or, if it has a row per agent, a factor, such as `big_five.agreeableness`.
        by: columns of the table that rows are told apart by, such as `generation`.
        paired: whether runs of one seed belong together; None: if every seed has its partner.

    Raises:
        InputError: nothing differs in `between`, there is no such column, or runs that are to be
            paired have no partners.
    """
    told = [by] if isinstance(by, str) else list(by)
    parameters = conditions(runs).columns[1:]
    within = between not in parameters
    source = _with_factor(measure, between, parameters) if within else measure
    apart, found = figures_of_runs(runs, source, figure, [*told, between] if within else told)
    levels = _levels(found[between].drop_nulls() if within else found[between])
    if len(levels) < 2:
        only = _words(levels[0] if levels else None)
        raise InputError(f"there is nothing to compare: {between} is {only} in all of {runs!r}")
    along = [] if within else _along(found, between, apart)
    seeds = [run.config.seed for run in runs]
    found = found.join(pl.DataFrame({"run": runs.labels, "seed of run": seeds}), on="run")
    keys = [name for name in (*apart, *told) if name not in (between, *along)]
    rows = [
        {**dict(zip(keys, key, strict=True)), "between": between, "also": also, **row}
        for key, part in (found.group_by(keys, maintain_order=True) if keys else [((), found)])
        for also in [", ".join(along) or None]
        for row in _differences(part, between, levels, within=within, paired=paired)
    ]
    return _table(rows, found.select(keys).schema)


def _levels(column: pl.Series) -> list[Any]:
    """Return what there is to compare: traits' levels and numbers as they rise, the rest as met."""
    found = column.unique(maintain_order=True).to_list()
    known = [level for level in found if level is not None]
    if set(known) <= set(LEVELS):
        known.sort(key=LEVELS.index)
    elif column.dtype.is_numeric():
        known.sort()
    return known if len(known) == len(found) else [None, *known]


def _with_factor(tabulate: Tabulate, name: str, parameters: Sequence[str]) -> Tabulate:
    """Return what makes the same table, with a factor of its agents as a column, if it has none."""

    def joined(run: Run) -> Frame:
        table, alone = tabulate(run), Runs.of(run)
        if name in table.columns:
            return table
        if "agent" in table.columns and name in factors(alone).columns:
            labelled = table.with_columns(run=pl.lit(alone.labels[0])).lazy()
            return with_factors(labelled, alone, name).collect()
        raise InputError(
            f"the runs differ in no parameter {name!r}, and the table of {alone.labels[0]} has no "
            f"such column{nearest(name, [*parameters, *table.columns])}"
        )

    return joined


def _along(found: Frame, between: str, apart: Sequence[str]) -> list[str]:
    """Return the parameters that have one value in each condition: they go along with it."""
    others = [name for name in apart if name != between]
    values = found.group_by(between).agg(pl.col(others).n_unique())
    return [name for name in others if (values[name] == 1).all()]


def _differences(
    part: Frame, between: str, levels: Sequence[Any], *, within: bool, paired: bool | None
) -> Iterator[dict[str, Any]]:
    """Yield the difference of every two conditions."""
    for one, other in combinations(levels, 2):
        first, second = (
            part.filter(pl.col(between).eq_missing(pl.lit(level))) for level in (one, other)
        )
        pairs = within or _are_pairs(first, second, paired)
        unit = "run" if within or not pairs else "seed of run"
        sides = [_side(each, level, unit) for each, level in ((first, one), (second, other))]
        design = WITHIN if within else BY_SEED if pairs else APART
        yield {**_difference(*sides, pairs=pairs), "design": design}


def _are_pairs(first: Frame, second: Frame, paired: bool | None) -> bool:
    """Whether every run has one partner of its seed on the other side.

    Raises:
        InputError: it has not, and is to have.
    """
    seeds = [part["seed of run"].sort().to_list() for part in (first, second)]
    matched = seeds[0] == seeds[1] and len(set(seeds[0])) == len(seeds[0]) > 0
    if paired and not matched:
        raise InputError(
            f"runs cannot be paired by seed: the seeds are {seeds[0]} and {seeds[1]}; every seed "
            "needs one run of either condition"
        )
    return matched and paired is not False


def _side(part: Frame, level: Any, unit: str) -> Side:
    known = part.drop_nulls("figure")
    share = part["defaulted"].mean() if "defaulted" in part.columns else None
    values = dict(known.select(unit, "figure").iter_rows())
    return Side(_words(level), values, share)  # type: ignore[arg-type]


def _difference(first: Side, second: Side, *, pairs: bool) -> dict[str, Any]:
    """Return both sides, and the second minus the first; of pairs, those known on both sides."""
    if pairs:
        both = [unit for unit in first.known if unit in second.known]
        known = [{unit: side.known[unit] for unit in both} for side in (first, second)]
    else:
        known = [first.known, second.known]
    one, other = ([*each.values()] for each in known)
    row: dict[str, Any] = {}
    for name, side, values in (("first", first, one), ("second", second, other)):
        mean = sum(values) / len(values) if values else None
        row |= {name: side.level, f"{name}_runs": len(values), f"{name}_mean": mean}
        row[f"{name}_defaulted"] = side.defaulted
    if one and other:
        row["difference"] = row["second_mean"] - row["first_mean"]
    return row | _interval(one, other, pairs=pairs)._asdict()


def _interval(one: Sequence[float], other: Sequence[float], *, pairs: bool) -> Interval:
    if not pairs:
        return difference_interval(one, other, unit="runs of each")
    return mean_interval([b - a for a, b in zip(one, other, strict=True)], unit="pairs of runs")


def _words(level: Any) -> str:
    return level if isinstance(level, str) else to_json(level).decode()


def _table(rows: Sequence[Mapping[str, Any]], keys: pl.Schema) -> Frame:
    counts = {name: pl.Int64() for name in COLUMNS if name.endswith("_runs")}
    order = ["between", "also", *SIDES, "difference", "low", "high", "note", "design"]
    text = dict.fromkeys(TEXT, pl.String())
    types = {name: {**counts, **text}.get(name, pl.Float64()) for name in order}
    return pl.DataFrame([dict(row) for row in rows], schema={**keys, **types})
