"""Factors: what agents differ in by design, as they were drawn."""

import json
from collections.abc import Iterator
from typing import Any

import polars as pl
from pydantic_core import to_json

from societies.analysis.measures import Column, Frame, measure
from societies.errors import InputError
from societies.runs.results import MODEL
from societies.runs.run import Run
from societies.runs.runs import Runs, column_of
from societies.words import nearest

OWN = {
    "person": Column("place in the population's sequence", "from 0; -1 if it is no part of it"),
    "listed": Column("place in the list of people, which begins again", "from 1"),
    "role": Column("role"),
    "group": Column("group of the population"),
    "model": Column("language model, and in what it differs from the run's other variants"),
    "sampling": Column("what the model's replies follow from: its name and settings", "JSON"),
}
BLOCKS = ("big_five", "attributes")
"""Columns of table `agents` that hold levels by name."""


@measure(OWN)
def factors(runs: Runs) -> Frame:
    """Return what every agent was drawn as: a row per agent, for any table that has agents.

    Behind who it is, and the model that answers for it, stands a column for every trait, such as
    `big_five.agreeableness`, and every attribute, such as `attributes.tone`, that anybody has:
    crossed values among them, as they were drawn. What an intervention changed since stands in
    table `interventions`. `with_factors` joins them to a table.
    """
    rows = pl.concat([_of_run(run, label) for label, run in runs.labelled()])
    drawn = [_levels(row) for row in rows.select(BLOCKS).iter_rows(named=True)]
    names = sorted({name for levels in drawn for name in levels})
    columns = [column_of([levels.get(name) for levels in drawn]).alias(name) for name in names]
    return rows.drop(BLOCKS).with_columns(columns)


@measure(kind=Column("group and language model, as far as agents differ in them"))
def kinds(runs: Runs) -> Frame:
    """Return what tells agents apart at a glance: a row per agent.

    That is the group, or the model, or both where neither follows from the other; nothing, if all
    are alike.
    """
    drawn = factors(runs)
    several = [name for name in ("group", "model") if drawn[name].n_unique() > 1]
    joint = drawn.select(several).n_unique() if several else 1
    enough = [name for name in several if drawn[name].n_unique() == joint][:1] or several
    told = [pl.col(name).fill_null("") for name in enough]
    kind = pl.concat_str(told, separator=", ") if told else pl.lit("")
    return drawn.select("run", "agent", kind.alias("kind"))


def with_factors(table: pl.LazyFrame, runs: Runs, *names: str) -> pl.LazyFrame:
    """Return a table of runs with the factors of its agents behind its own columns.

    Args:
        table: with columns `run` and `agent`.
        runs: the runs it is of.
        names: the factors; all that it has no column of the same name for, if none is named.

    Raises:
        InputError: there is no such factor.
    """
    found = factors(runs)
    own = table.collect_schema().names()
    known = [name for name in found.columns if name not in own]
    if unknown := [name for name in names if name not in known]:
        raise InputError(f"agents have no factor {unknown[0]!r}{nearest(unknown[0], known)}")
    taken = found.select("run", "agent", *(names or known)).lazy()
    return table.join(taken, on=["run", "agent"], how="left", maintain_order="left")


def _of_run(run: Run, label: str) -> Frame:
    """Return who takes part in a run, with the levels as they are recorded."""
    spec = run.config.population
    listed = len(spec.file.lines if spec.file else spec.people)
    person = pl.col("person")
    begins_again = 0 < listed < spec.size
    place = person % listed + 1 if begins_again else pl.lit(None, pl.Int64)
    agents = run.rows("agents").select(
        pl.lit(label).alias("run"),
        "agent",
        "person",
        pl.when(person >= 0).then(place).alias("listed"),
        "role",
        "group",
        MODEL,
        *BLOCKS,
    )
    settings = pl.col("model").replace_strict(dict(_settings(run)), default=None).alias("sampling")
    return (
        agents.with_columns(settings.cast(pl.String))
        .select("run", "agent", *OWN, *BLOCKS)
        .collect()
    )


def _settings(run: Run) -> Iterator[tuple[str, str]]:
    """Yield what models are called in tables, and what their replies follow from."""
    labels = run.config.labels()
    for stage in run.config.stages():
        for _, spec in stage.models():
            yield labels[spec.fingerprint], to_json(spec.sampling()).decode()


def _levels(row: dict[str, Any]) -> dict[str, Any]:
    """Return the levels of an agent by the names of their columns."""
    return {
        f"{block}.{name}": value
        for block in BLOCKS
        for name, value in json.loads(row[block] or "{}").items()
    }
