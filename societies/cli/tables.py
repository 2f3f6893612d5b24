"""Data frames as tables for a terminal: so many of them, side by side, that nothing is cut off."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import fill
from typing import Any

import polars as pl
from rich.table import Table
from rich.text import Text

from societies.cli.visible import visible

BORDER = 3
"""What a column takes beside its text."""


def literal(text: object) -> Text:
    """Return a text as rich prints it: without markup, emoji codes, or what a terminal obeys."""
    return Text(visible(text))


def as_table(title: str, frame: pl.DataFrame) -> Table:
    """Return a data frame as one table; in a terminal that is too narrow, texts are folded."""
    table = Table(title=Text(visible(title), style="table.title"), title_justify="left")
    cells = _cells(frame)
    for name, kind in frame.schema.items():
        header = fill(_header(name), _width(name, cells[name]), break_long_words=False)
        side = "right" if kind.is_numeric() else "left"
        table.add_column(literal(header), justify=side, overflow="fold")  # type: ignore[arg-type]
    for row in zip(*cells.values(), strict=True):
        table.add_row(*map(literal, row))
    return table


def with_units(frame: pl.DataFrame, units: Mapping[str, str]) -> pl.DataFrame:
    """Return a data frame whose columns are headed by their names and units."""
    return frame.rename({name: _headed(name, units) for name in frame.columns})


def _headed(name: str, units: Mapping[str, str]) -> str:
    return f"{name} ({units[name]})" if units.get(name) else name


def as_tables(
    title: str,
    frame: pl.DataFrame,
    width: int,
    sections: Mapping[str, Sequence[str]] | None = None,
    units: Mapping[str, str] | None = None,
) -> list[Table]:
    """Return a data frame as tables of at most a width, each beginning with what its rows are of.

    Rows are of the columns before the first number, or of the first column. Of these, what all rows
    have in common is said in the title, if there are several tables.

    Args:
        title: of the tables.
        frame: what is shown.
        width: of the terminal, in characters.
        sections: columns that belong together, by what they are called; others come last.
        units: of columns, which stand in their headings.
    """
    if units:
        named = {
            section: [_headed(name, units) for name in columns]
            for section, columns in (sections or {}).items()
        }
        return as_tables(title, with_units(frame, units), width, named)
    if not sections and _total(frame) <= width:
        return [as_table(title, frame)]
    keys = _keys(frame)
    common = [name for name in keys if frame.height > 1 and frame[name].n_unique() == 1]
    told = [f"{_header(name)} {frame[name][0]}" for name in common if frame[name][0] != ""]
    title = f"{title} ({', '.join(told)})" if told else title
    beside = [name for name in keys if name not in common] or keys[-1:]
    tables = []
    for section, columns in _sections(frame.drop(keys), sections or {}):
        name = f"{title}: {section}" if section else title
        parts = _packed(frame, beside, columns, width)
        tables += [as_table(name, frame.select(*beside, *shown)) for shown in parts]
    return tables


def _keys(frame: pl.DataFrame) -> list[str]:
    """Return the columns that say what a row is of."""
    numbers = [place for place, kind in enumerate(frame.dtypes) if kind.is_numeric()]
    return frame.columns[: max(1, numbers[0])] if numbers else frame.columns[:1]


def _sections(
    frame: pl.DataFrame, sections: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, list[str]]]:
    """Yield the columns of every section that the frame has, and then all others."""
    named = {name for columns in sections.values() for name in columns}
    others = [name for name in frame.columns if name not in named]
    for section, columns in [*sections.items(), ("", others)]:
        if there := [name for name in columns if name in frame.columns]:
            yield section, there


def _packed(
    frame: pl.DataFrame, beside: Sequence[str], columns: Sequence[str], width: int
) -> Iterator[list[str]]:
    """Yield as many columns at a time as fit beside others."""
    shown: list[str] = []
    for name in columns:
        if shown and _total(frame.select(*beside, *shown, name)) > width:
            yield shown
            shown = []
        shown = [*shown, name]
    yield shown


def _total(frame: pl.DataFrame) -> int:
    """Return how wide a table is."""
    return 1 + sum(BORDER + _width(name, cells) for name, cells in _cells(frame).items())


def _width(name: str, cells: Sequence[str]) -> int:
    """Return how wide a column has to be, whose header may be broken between words."""
    return max(map(len, [*_header(name).split(), *cells]), default=1)


def _header(name: str) -> str:
    return visible(name.replace("_", " "))


def _cells(frame: pl.DataFrame) -> dict[str, list[str]]:
    return {column.name: [_cell(value) for value in column] for column in frame}


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        digits = 3 if abs(value) < 1000 else 1
        return f"{round(value, digits) + 0.0:,.{digits}f}"  # no "-0.000"
    return f"{value:,}" if isinstance(value, int) else visible(value)


def cost_text(cost: float, unpriced: int) -> str:
    """Say what calls cost; a call without a known price is named, never counted as free."""
    known = f"${cost:,.4f}" if cost else "$0"
    if not unpriced:
        return known
    return f"{known} and {unpriced:,} unpriced calls"
