"""Conditions: what runs were set to, their repetitions aside.

Runs are repetitions of one condition if they were set to the same, but for the seed and for what
decides no record (limits, name and log).
"""

from collections.abc import Callable, Collection, Sequence

import polars as pl

from societies.analysis.quality import SHARES
from societies.calls.provider import provider_of
from societies.errors import InputError
from societies.loading.inputs import WHOLE_RUN
from societies.runs.run import Run
from societies.runs.runs import Runs

Tabulate = Callable[[Run], pl.DataFrame]
"""Any function that makes a table from a run, such as a measure."""

REPEATS = ("seed", *WHOLE_RUN)
"""Top-level keys in which repetitions of one condition may differ."""


def tells_apart(key: str) -> bool:
    """Whether a parameter makes a condition: its dotted key, or a column of `Runs.table`."""
    return key.removeprefix("scenario.").partition(".")[0] not in REPEATS


def check_repetitions(runs: Runs) -> None:
    """Refuse the same run twice: an interval over copies is too narrow.

    With scripted minds the same settings, inputs and seed give the same record. What a hosted model
    answers may differ, so that its runs of one seed are repetitions.

    Raises:
        InputError: two runs are the same.
    """
    seen: dict[str, str] = {}
    for label, run in runs.labelled():
        made_of = run.name.partition("@")[2]
        free = all(provider_of(spec.name).is_free for _, spec in run.config.models())
        if not made_of or not free:
            continue
        first = seen.setdefault(made_of, label)
        if first != label:
            raise InputError(
                f"{first} and {label} are the same run: with scripted minds the same settings, "
                "inputs and seed give the same record, and an interval over both would be too "
                "narrow; leave one out, or give them different seeds"
            )


def conditions(runs: Runs, taken: Collection[str] = ()) -> pl.DataFrame:
    """Return the condition of every run: `run`, and a column per parameter that makes one.

    Runs of one condition have no further column; see `Runs.parameters`.

    Args:
        runs: the runs.
        taken: names of other columns: a parameter of the same name begins with `scenario.`.
    """
    told = runs.parameters
    told = told.select("run", *(key for key in told.columns[1:] if tells_apart(key)))
    names = {key: f"scenario.{key}" for key in told.columns[1:] if key in taken}
    return told.rename(names)


def number_of_conditions(runs: Runs) -> int:
    """Return of how many conditions runs are."""
    return _number(conditions(runs)) if len(runs) > 1 else 1


def pooled_conditions(runs: Runs) -> str:
    """Return in words of how many conditions runs are; nothing of those of one."""
    if len(runs) == 1:
        return ""
    told = conditions(runs)
    number = _number(told)
    names = (key.rpartition(".")[2] for key in told.columns[1:])
    return "" if number == 1 else f"{number} conditions ({', '.join(names)})"


def _number(told: pl.DataFrame) -> int:
    """Return how many conditions a table of them holds; without a parameter it is one."""
    apart = told.drop("run")
    return apart.n_unique() if apart.width else 1


def figures_of_runs(
    runs: Runs, tabulate: Tabulate, figure: str, by: Sequence[str] = ()
) -> tuple[list[str], pl.DataFrame]:
    """Return a figure of every run, under its condition: what is said over runs rests on it.

    Rows of one run with the same key (such as one per agent) are averaged.

    Args:
        runs: the runs.
        tabulate: makes the table of a run that has the figure.
        figure: a numeric column of it.
        by: columns of it that rows are told apart by.

    Returns:
        The names of the parameters that make conditions; and a table of `run`, these, `by`,
        `figure`, and, where the table has them, `answers` and the shares of each kind.

    Raises:
        InputError: there is no such column, or two runs are the same.
    """
    check_repetitions(runs)
    told = conditions(runs, by)
    found = [_one_run(label, tabulate(run), by, figure) for label, run in runs.labelled()]
    whole = pl.concat(found, how="diagonal_relaxed").join(told, on="run", maintain_order="left")
    return told.columns[1:], whole.select(*told.columns, *by, pl.exclude(*told.columns, *by))


def _one_run(label: str, table: pl.DataFrame, by: Sequence[str], figure: str) -> pl.DataFrame:
    """Return the figure of one run by key, with the shares that the table has."""
    missing = [name for name in (*by, figure) if name not in table.columns]
    if missing:
        raise InputError(
            f"the table of {label} has no column {missing[0]!r}: {', '.join(table.columns)}"
        )
    shown = [name for name in SHARES if name in table.columns and name not in by]
    columns = [pl.col(figure).cast(pl.Float64).mean().alias("figure")]
    columns += [pl.col(name).cast(pl.Float64).mean() for name in shown]
    if "answers" in table.columns:
        columns.append(pl.col("answers").sum().cast(pl.Int64))
    rows = table.with_columns(run=pl.lit(label))
    return rows.group_by("run", *by, maintain_order=True).agg(columns)
