"""Every message and every action is in exactly one row, and the rows agree with each other."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from shlex import quote
from typing import Any

import polars as pl

from societies.record.types import CORE_RECORDS
from societies.runs.run import Run
from societies.testing.tables import Tables, tables_of

Row = dict[str, Any]


def check_rows(run: Run) -> None:
    """Check that a finished run's tables are complete and consistent.

    - `seq` numbers the rows of all tables together, 0 to n-1, each once, steps in order;
    - every call has its journal line, every journal line its call, and no scope is used twice;
    - every answer has its calls, and says truly how it came about, as does every row of the
      scenario that has a column `outcome`;
    - everybody named (agent, receiver, parent) joined before;
    - no row stands twice: of two equal rows of an agent, the second must follow an answer.

    Raises:
        AssertionError: one of these is not so; the text names table, scope and agent.
    """
    tables = tables_of(run)
    _check_numbers(tables)
    _check_journal(run, tables["calls"])
    _check_scopes(tables)
    _check_answers(tables)
    _check_outcomes(tables)
    _check_names(tables)
    _check_doubles(tables)


def in_order(tables: Tables, *names: str) -> Iterator[tuple[str, Row]]:
    """Yield the rows of some tables (of all by default) with their table, in program order."""
    chosen = names or tuple(tables)
    rows = [(name, row) for name in chosen for row in tables[name].iter_rows(named=True)]
    return iter(sorted(rows, key=lambda entry: entry[1]["seq"]))


def place(table: str, row: Row) -> str:
    """Say which row this is."""
    scope, agent = row["scope"] or "(none)", row["agent"] or "(the society)"
    return f"table {table!r}, row seq {row['seq']} (scope {scope}, agent {agent})"


def _check_numbers(tables: Tables) -> None:
    step = 0
    for expected, (name, row) in enumerate(in_order(tables)):
        if row["seq"] != expected:
            raise AssertionError(f"{place(name, row)} should have number {expected}")
        if row["step"] < step:
            raise AssertionError(f"{place(name, row)} is of step {row['step']}, after step {step}")
        step = row["step"]


def _check_journal(run: Run, calls: pl.DataFrame) -> None:
    with run.journal() as journal:
        for row in calls.iter_rows(named=True):
            entry = journal.find(row["key"])
            if entry is None:
                raise AssertionError(
                    f"call {quote(row['key'])} has a row, and no line in the journal"
                )
            if entry.request != row["request"]:
                raise AssertionError(f"call {quote(row['key'])}: the journal holds another request")
        unlogged = set(journal.keys()).difference(calls["key"])
    if unlogged:
        raise AssertionError(f"call {quote(min(unlogged))} has a line in the journal, and no row")
    doubles = calls.filter(pl.col("key").is_duplicated())["key"]
    if len(doubles):
        raise AssertionError(
            f"call {quote(doubles[0])} stands in two rows: is its scope used twice?"
        )


def _check_scopes(tables: Tables) -> None:
    """The rows of an interaction stand together; if they do not, there are two of one scope."""
    acting = set(tables["calls"]["scope"])
    seen: set[str] = set()
    rows = (row for _, row in in_order(tables) if row["scope"] in acting)
    for (scope, step), _ in groupby(rows, itemgetter("scope", "step")):
        if scope in seen:
            raise AssertionError(
                f"scope {scope} is used by two interactions (again in step {step})"
            )
        seen.add(scope)


def _check_answers(tables: Tables) -> None:
    """Walk through calls and answers: each answer closes the attempts that were made for it."""
    attempts: dict[tuple[str, str, str], list[bool]] = {}
    for name, row in in_order(tables, "calls", "answers"):
        asked = row["scope"], row["agent"], row["prompt"]
        if name == "calls":
            attempts.setdefault(asked, []).append(row["readable"])
            continue
        made = attempts.pop(asked, [])
        if row["calls"] != len(made):
            raise AssertionError(
                f"{place(name, row)} says that it took {row['calls']} calls, {len(made)} were made"
            )
        first = {"clean", "lenient"} if len(made) == 1 else {"repaired"}
        possible = first if made[-1] else {"defaulted"}
        if row["outcome"] not in possible or any(made[:-1]):
            raise AssertionError(
                f"{place(name, row)} is recorded as {row['outcome']}, but its replies were "
                + ", ".join("readable" if readable else "unreadable" for readable in made)
            )
    for scope, agent, prompt in attempts:
        raise AssertionError(f"agent {agent} was asked {prompt!r} in {scope}: there is no answer")


def _check_outcomes(tables: Tables) -> None:
    """A scenario's row of an answer says the same of it as the answer's own row."""
    core = {record.table for record in CORE_RECORDS}
    own = [
        name for name, table in tables.items() if "outcome" in table.columns and name not in core
    ]
    if not own:
        return
    given: dict[tuple[str, str], set[str]] = {}
    for row in tables["answers"].iter_rows(named=True):
        given.setdefault((row["scope"], row["agent"]), set()).add(row["outcome"])
    for name, row in in_order(tables, *own):
        answered = given.get((row["scope"], row["agent"]))
        if answered and row["outcome"] is not None and row["outcome"] not in answered:
            raise AssertionError(
                f"{place(name, row)} says {row['outcome']!r} of an answer that was "
                + " and ".join(sorted(answered))
            )


def _check_names(tables: Tables) -> None:
    joined: set[str] = set()
    for name, row in in_order(tables):
        if name == "agents":
            if row["agent"] in joined:
                raise AssertionError(f"{place(name, row)}: the agent has joined before")
            joined.add(row["agent"])
        named = {row["agent"]} - {None} | {*row.get("receivers", ()), *row.get("parents", ())}
        if not named <= joined:
            stranger = min(named - joined)
            raise AssertionError(f"{place(name, row)} names {stranger!r}, who has not joined")


def _check_doubles(tables: Tables) -> None:
    """Two equal rows are two deeds only if their agent was asked in between."""
    answered: dict[tuple[str, str], int] = {}
    seen: dict[str, int] = {}
    for name, row in in_order(tables):
        if name == "answers":
            answered[row["scope"], row["agent"]] = row["seq"]
        content = repr((name, [value for column, value in row.items() if column != "seq"]))
        before = seen.get(content)
        if before is not None and answered.get((row["scope"], row["agent"]), -1) < before:
            raise AssertionError(
                f"{place(name, row)} repeats row seq {before}, and its agent was not asked in "
                "between: is it recorded twice?"
            )
        seen[content] = row["seq"]
