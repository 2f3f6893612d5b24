"""Panels: pictures of measures that draw themselves on axes, and lines, dots, bars and heat maps.

A table drawn by these has a column per axis; the ends of an interval stand in `FIGURE_low` and
`FIGURE_high`, as `means` puts them there. Rows are parted into groups by a column.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from societies.analysis.figures import (
    Suffix,
    blank,
    colour,
    dodge,
    footer,
    legend,
    plain,
    save,
    say,
    slant,
    style,
)
from societies.runs.runs import Given, Runs

NOTHING = "there is no data"


@dataclass(frozen=True)
class Panel:
    """A picture of one measure."""

    name: str
    title: str
    caption: str
    """What it shows, in words: of whom the figures are, and what a band or a bar stands for."""
    draw: Callable[[Axes, Runs], None]
    size: tuple[float, float] = (6.4, 4.2)
    """Width and height in inches."""

    def __call__(self, axes: Axes, runs: Given) -> None:
        """Draw it on axes."""
        style(axes, self.title, axes.get_ylabel())
        self.draw(axes, Runs.of(runs))

    def save(self, runs: Given, folder: str | Path, suffix: Suffix = "png") -> Path:
        """Save it alone, as a PNG or an SVG file of its name; return the file."""
        taken = Runs.of(runs)
        figure = blank(*self.size, footer(taken))
        self(figure.subplots(), taken)
        Path(folder).mkdir(parents=True, exist_ok=True)
        return save(figure, Path(folder) / f"{self.name}.{suffix}", *taken)


def panel(
    title: str, caption: str, size: tuple[float, float] = Panel.size
) -> Callable[[Callable[[Axes, Runs], None]], Panel]:
    """Make a panel of a function that draws on axes; `draw_lineage` becomes panel `lineage`."""

    def declare(function: Callable[[Axes, Runs], None]) -> Panel:
        return Panel(function.__name__.removeprefix("draw_"), title, caption, function, size)

    return declare


def save_panels(
    panels: Iterable[Panel], runs: Given, folder: str | Path, suffix: Suffix = "png"
) -> list[Path]:
    """Save panels each in a file of its own; return the files."""
    taken = Runs.of(runs)
    return [each.save(taken, folder, suffix) for each in panels]


def lines(axes: Axes, table: pl.DataFrame, x: str, y: str, by: str | None = None) -> None:
    """Draw a figure over a number: a line per group, with a band where there are intervals."""
    for place, name, part in _groups(axes, table, x, y, by):
        shade, across = colour(place), part[x].to_list()
        axes.plot(across, part[y].to_list(), "o-", ms=4, color=shade, label=name)
        if f"{y}_low" in part.columns:
            low, high = (part[f"{y}_{end}"].fill_null(float("nan")) for end in ("low", "high"))
            axes.fill_between(across, low, high, color=shade, alpha=0.18, lw=0)
    if not table.is_empty() and table.schema[x].is_integer():
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def dots(axes: Axes, table: pl.DataFrame, x: str, y: str, by: str | None = None) -> None:
    """Draw a dot per row over the values of a column, groups beside each other."""
    _over_names(axes, table, x, y, by, "dots")


def bars(axes: Axes, table: pl.DataFrame, x: str, y: str, by: str | None = None) -> None:
    """Draw a bar per row over the values of a column, groups beside each other."""
    _over_names(axes, table, x, y, by, "bars")


def heat(axes: Axes, table: pl.DataFrame, x: str, y: str, value: str) -> None:
    """Draw a figure as the colour of cells, with a bar that tells what the colours mean."""
    if table[value].is_null().all():
        return say(axes, NOTHING)
    across, up = _names(table, x), _names(table, y)
    found = {(row[x], row[y]): row[value] for row in table.iter_rows(named=True)}
    cells = [[found.get((column, row)) for column in across] for row in up]
    grid = [[float("nan") if cell is None else float(cell) for cell in row] for row in cells]
    image = axes.imshow(grid, aspect="auto", cmap="viridis", interpolation="nearest")
    axes.set_xticks(range(len(across)), [plain(str(name)) for name in across], parse_math=False)
    axes.set_yticks(range(len(up)), [plain(str(name)) for name in up], parse_math=False)
    slant(axes, len(across))
    axes.set(xlabel=_words(x), ylabel=_words(y))
    axes.figure.colorbar(image, ax=axes, pad=0.01).set_label(_words(value))
    return None


def _over_names(axes: Axes, table: pl.DataFrame, x: str, y: str, by: str | None, kind: str) -> None:
    """Draw values over the names of a column; intervals, where there are any, are whiskers."""
    ticks = _names(table, x)
    groups = 1 if by is None else len(_names(table, by))
    for place, name, part in _groups(axes, table, x, y, by):
        spots = [ticks.index(each) + dodge(place, groups) for each in part[x]]
        values = part[y].cast(pl.Float64).to_list()
        if kind == "bars" and spots:
            axes.bar(spots, values, 0.65 / groups, color=colour(place), label=name)
        else:
            marker = "s" if kind == "bars" else "o"
            axes.plot(spots, values, marker, ms=5, color=colour(place), alpha=0.6, label=name)
        if f"{y}_low" in part.columns:
            known = part.with_columns(spot=pl.Series(spots)).drop_nulls(f"{y}_low")
            axes.vlines(known["spot"], known[f"{y}_low"], known[f"{y}_high"], color="black", lw=1)
    axes.set_xticks(range(len(ticks)), [plain(str(tick)) for tick in ticks], parse_math=False)
    slant(axes, len(ticks))


def _groups(
    axes: Axes, table: pl.DataFrame, x: str, y: str, by: str | None
) -> Iterator[tuple[int, str, pl.DataFrame]]:
    """Yield each group's place, name and known values; name the axes, and put up the legend.

    A group without a value keeps its place, its colour and its name in the legend.
    """
    axes.set(xlabel=_words(x), ylabel=axes.get_ylabel() or _words(y))
    if table[y].is_null().all():
        return say(axes, NOTHING)
    names: Sequence[Any] = [None] if by is None else _names(table, by)
    for place, name in enumerate(names):
        part = table if by is None else table.filter(pl.col(by).eq_missing(pl.lit(name)))
        told = "" if by is None else plain(f"{_words(by)} {name}", 30)
        yield place, told, part.drop_nulls(y).sort(x, maintain_order=True)
    if by is not None:
        legend(axes)
    return None


def _names(table: pl.DataFrame, column: str) -> list[Any]:
    return table[column].unique(maintain_order=True).to_list()


def _words(column: str) -> str:
    """Return a column's name as it is drawn: the last part of a parameter's key, in words."""
    return column.rpartition(".")[2].replace("_", " ")
