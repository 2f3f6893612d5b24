"""The readable story of a run."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import groupby
from typing import Any

import polars as pl

from societies.errors import InputError
from societies.imports import import_part
from societies.record.types import Record, Response, schema
from societies.runs.forms import WIDTH, forms
from societies.runs.headings import Headings
from societies.runs.run import Run
from societies.scenario import only
from societies.telling import Teller
from societies.words import nearest

UNTOLD = {"calls", "answers", "steps"}
"""Tables about how the run was made, not about what happened in it."""


def transcript(
    run: Run,
    *,
    agent: str | None = None,
    scope: str = "",
    reasons: bool = False,
    width: int = WIDTH,
) -> Iterator[str]:
    """Yield what happened in a run, in program order, under headings; questionnaires as forms.

    Args:
        run: the run.
        agent: tell only what this agent did, what names it (as recipient, say), and what the
            society records for everybody.
        scope: tell only what has this scope, or one below it, such as `g1/game2`.
        reasons: tell below an act also why, where its record holds a reason.
        width: of lines in which ratings stand side by side, in letters.

    Raises:
        InputError: there is no such agent, or nothing in that scope.
    """
    names = run.rows("agents").select("agent").unique().collect()["agent"].to_list()
    if agent is not None and agent not in names:
        raise InputError(f"{run.path} has no agent {agent!r}{nearest(agent, names)}")
    told = {record.table: record for record in run.record_types if record.table not in UNTOLD}
    chosen = {name: _concerning(each, agent) & _below(scope) for name, each in told.items()}
    parts = [_index(run, name, shown) for name, shown in chosen.items()]
    index = pl.concat(parts).sort("seq").collect()
    if scope and not index["shown"].any():
        raise InputError(f"{run.path} tells nothing of scope {scope!r}{_hint(index, scope)}")
    asked = run.rows(Response.table).filter(chosen[Response.table]).collect()
    headings = Headings(run.scenario.headings, set(names))
    shown = _shown(run, told, index, reasons=reasons)
    for (scene, is_form), part in groupby(shown, key=lambda each: headings.scene(each[0])):
        yield from headings.above(scene)
        if is_form:
            count = sum(1 for _ in part)
            yield from forms(asked.head(count), width)
            asked = asked.slice(count)
        else:
            yield from (story for _, story in part)


def _shown(
    run: Run, told: Mapping[str, type[Record]], index: pl.DataFrame, *, reasons: bool
) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the rows that are shown, each with its story; those of forms have none.

    The others are told to the teller, too, who may have to know of them.
    """
    teller = _teller(run)
    rows = {name: _records(run, each) for name, each in told.items() if name != Response.table}
    for row in index.iter_rows(named=True):
        story = ""
        if row["table"] in rows:
            story = _story(teller, next(rows[row["table"]]), row["agent"], reasons=reasons)
        if row["shown"]:
            yield row, story


def _concerning(record: type[Record], agent: str | None) -> pl.Expr:
    """Return whether rows of a table are an agent's, name it, or are everybody's."""
    if agent is None:
        return pl.lit(True)
    acts, kinds = pl.col("agent") == agent, schema(record)
    named = [
        pl.col(name).list.contains(agent) if kinds[name] == pl.List else pl.col(name) == agent
        for name in record.concerns
    ]
    everybody = [] if record.concerns else [pl.col("agent").is_null()]
    return pl.any_horizontal(acts, *named, *everybody).fill_null(False)


def _below(scope: str) -> pl.Expr:
    """Return whether rows have a scope, or one below it."""
    place = scope.rstrip("/")
    own = pl.col("scope") == place
    return own | pl.col("scope").str.starts_with(f"{place}/") if place else pl.lit(True)


def _index(run: Run, name: str, shown: pl.Expr) -> pl.LazyFrame:
    """Return where the rows of a table belong; those of forms with how their cells are named."""
    cell = pl.lit(None, pl.String)
    if name == Response.table:
        cell = pl.concat_str("option_order", "scale_direction", separator="-")
    frame = run.rows(name)
    return frame.select("seq", "scope", "agent", table=pl.lit(name), cell=cell, shown=shown)


def _records(run: Run, record: type[Record]) -> Iterator[Record]:
    """Yield a table's rows as records, in order; what was not recorded once, is null."""
    frame = run.rows(record.table).select(list(record.model_fields))
    for batch in frame.collect().iter_slices(10_000):
        for row in batch.iter_rows(named=True):
            yield record.model_construct(**row)


def _story(teller: Teller, record: Record, agent: str | None, *, reasons: bool) -> str:
    """Return what is told of a row, and, if reasons are asked for, why."""
    story = teller.tell(record, agent or "(the society)")
    because = getattr(record, record.because) if reasons and record.because else ""
    told = f"{story}\nbecause: {because}" if because else story
    return "  " + told.replace("\n", "\n      ")


def _teller(run: Run) -> Teller:
    """Return who tells the run."""
    scenario = run.scenario
    if not scenario.teller:
        return Teller(run.config)
    return only(import_part(scenario.folder, scenario.teller), Teller)(run.config)


def _hint(index: pl.DataFrame, scope: str) -> str:
    """Return a hint at the scopes that are most like one that was not found."""
    depth = scope.rstrip("/").count("/") + 1
    alike = {"/".join(each.split("/")[:depth]) for each in index["scope"].unique() if each}
    close = get_close_matches(scope, sorted(alike), n=3, cutoff=0.0)
    return f"; nearest: {', '.join(close)}" if close else ""
