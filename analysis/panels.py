"""Panels: pictures of measures that draw themselves on axes, and lines, dots, bars and heat maps.

A table drawn by these has a column per axis; the ends of an interval stand in `FIGURE_low` and
`FIGURE_high`, as `means` puts them there. Rows are parted into groups by columns: where none is
named, by those that `means` puts first, so that no line is of two conditions.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
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
from societies.errors import InputError
from societies.runs.runs import Given, Runs

NOTHING = "there is no data"


Size = tuple[float, float]
"""Width and height of a picture in inches."""
SIZE: Size = (6.4, 4.2)
By = str | Sequence[str] | None
"""Columns that groups of rows are told apart by."""


def _always(_: Runs) -> bool:
    return True


@dataclass(frozen=True)
class Picture:
    """A picture of runs, on axes of its own."""

    name: str
    """Of its file."""
    title: str
    caption: str
    """What it shows, in words: of whom the figures are, and what a band or a bar stands for."""
    compose: Callable[[FigureBase, Runs], None]
    """Draws it into a figure, or a part of one, that is empty."""
    size: Size | Callable[[Runs], Size] = SIZE
    shown: Callable[[Runs], bool] = _always
    """Whether there is something to show."""
    parts: Sequence["Picture"] = ()
    """The pictures that it is put together of."""

    def figure(self, runs: Given) -> Figure:
        """Return it as a figure of its own, with a line below that says what it is of."""
        taken = Runs.of(runs)
        figure = blank(*(self.size(taken) if callable(self.size) else self.size), footer(taken))
        self.compose(figure, taken)
        return figure

    def save(self, runs: Given, folder: str | Path, suffix: Suffix = "png") -> Path:
        """Save it as a file of its name; return the file."""
        taken = Runs.of(runs)
        Path(folder).mkdir(parents=True, exist_ok=True)
        return save(self.figure(taken), Path(folder) / f"{self.name}.{suffix}", *taken)


@dataclass(frozen=True)
class Panel(Picture):
    """A picture of one measure, which draws itself on axes."""

    draw: Callable[[Axes, Runs], None] = field(kw_only=True)

    def __call__(self, axes: Axes, runs: Given) -> None:
        """Draw it on axes."""
        style(axes, self.title, axes.get_ylabel())
        self.draw(axes, Runs.of(runs))


def panel(
    title: str,
    caption: str,
    size: Size | Callable[[Runs], Size] = SIZE,
    shown: Callable[[Runs], bool] = _always,
) -> Callable[[Callable[[Axes, Runs], None]], Panel]:
    """Make a panel of a function that draws on axes; `draw_lineage` becomes panel `lineage`.

    Args:
        title: above the axes.
        caption: what it shows, in words, for a report.
        size: of the picture if it stands alone, in inches, or what tells it from the runs.
        shown: whether runs have something to show.
    """

    def declare(draw: Callable[[Axes, Runs], None]) -> Panel:
        name = draw.__name__.removeprefix("draw_")

        def compose(figure: FigureBase, runs: Runs) -> None:
            made(figure.subplots(), runs)

        made = Panel(name, title, caption, compose, size, shown, draw=draw)
        return made

    return declare


def page(
    title: str,
    caption: str,
    size: Size | Callable[[Runs], Size] = SIZE,
    shown: Callable[[Runs], bool] = _always,
    parts: Sequence[Picture] = (),
) -> Callable[[Callable[[FigureBase, Runs], None]], Picture]:
    """Make a picture of a function that puts several axes into a figure, named as by `panel`.

    `parts` are the panels that it draws, whose captions belong to its own.
    """
    return lambda compose: Picture(
        compose.__name__.removeprefix("draw_"), title, caption, compose, size, shown, parts
    )


def overview(
    name: str,
    title: str,
    caption: str,
    rows: Sequence[Sequence[Picture]],
    size: Size,
    heights: Sequence[float] | None = None,
) -> Picture:
    """Make one picture of several, in rows; what has nothing to show leaves its place out.

    Args:
        name: of its file.
        title: what it is.
        caption: what it shows, in words.
        rows: the pictures, from above, each row from the left.
        size: width and height in inches.
        heights: of the rows, in relation to each other; all alike if there are none.
    """

    def compose(figure: FigureBase, runs: Runs) -> None:
        shown = [[each for each in row if each.shown(runs)] for row in rows]
        parts: Any = figure.subfigures(len(rows), 1, squeeze=False, height_ratios=heights)
        for (part,), row in zip(parts, shown, strict=True):
            _compose_row(part, row, runs)

    parts = tuple(each for row in rows for each in row)
    return Picture(name, title, caption, compose, size, parts=parts)


def _compose_row(figure: FigureBase, row: Sequence[Picture], runs: Runs) -> None:
    """Draw pictures side by side."""
    panels = [each for each in row if isinstance(each, Panel)]
    if panels and len(panels) == len(row):
        axes: Any = figure.subplots(1, len(row), squeeze=False)
        for place, each in zip(axes[0], panels, strict=True):
            each(place, runs)
        return
    parts: Any = figure.subfigures(1, max(1, len(row)), squeeze=False)
    for part, picture in zip(parts[0], row, strict=False):
        picture.compose(part, runs)


def save_panels(
    panels: Iterable[Picture], runs: Given, folder: str | Path, suffix: Suffix = "png"
) -> list[Path]:
    """Save what has something to show, each in a file of its own; return the files.

    Beside them, `captions.md` says what each shows.
    """
    taken = Runs.of(runs).remembering()
    shown = [each for each in panels if each.shown(taken)]
    files = [each.save(taken, folder, suffix) for each in shown]
    if shown:
        text = "\n".join(captions(shown, taken, suffix))
        (Path(folder) / "captions.md").write_text(text, encoding="utf-8")
    return files


def captions(shown: Sequence[Picture], runs: Given, suffix: Suffix = "png") -> Iterator[str]:
    """Yield lines of Markdown: what each picture shows; of a page, also panels only it has."""
    taken = Runs.of(runs)
    yield f"What the pictures show ({footer(taken)}):"
    for picture in shown:
        yield f"\n## {picture.name}.{suffix}: {picture.title}\n\n{picture.caption}"
        for part in picture.parts:
            if part not in shown and part.shown(taken):
                yield f"\n- {part.title}: {part.caption}"
    yield ""


def lines(axes: Axes, table: pl.DataFrame, x: str, y: str, by: By = None) -> None:
    """Draw a figure over a number: a line per group, with a band where there are intervals.

    Raises:
        InputError: a group has several rows for one x.
    """
    for place, name, part in _groups(axes, table, x, y, _parting(table, x, by)):
        shade, across = colour(place), part[x].to_list()
        axes.plot(across, part[y].to_list(), "o-", ms=4, color=shade, label=name)
        if f"{y}_low" in part.columns:
            low, high = (part[f"{y}_{end}"].fill_null(float("nan")) for end in ("low", "high"))
            axes.fill_between(across, low, high, color=shade, alpha=0.18, lw=0)
    if not table.is_empty() and table.schema[x].is_integer():
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def dots(axes: Axes, table: pl.DataFrame, x: str, y: str, by: By = None) -> None:
    """Draw a dot per row over the values of a column, groups beside each other."""
    _over_names(axes, table, x, y, _columns(table, x, by), "dots")


def bars(axes: Axes, table: pl.DataFrame, x: str, y: str, by: By = None) -> None:
    """Draw a bar per row over the values of a column, groups beside each other.

    Raises:
        InputError: a group has several rows for one x.
    """
    _over_names(axes, table, x, y, _parting(table, x, by), "bars")


def heat(axes: Axes, table: pl.DataFrame, x: str, y: str, value: str) -> None:
    """Draw a figure as the colour of cells, with a bar that tells what the colours mean.

    Raises:
        InputError: there are several rows for one cell.
    """
    if table[value].is_null().all():
        return say(axes, NOTHING)
    _check_single(table, x, [y])
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


def _over_names(
    axes: Axes, table: pl.DataFrame, x: str, y: str, by: Sequence[str], kind: str
) -> None:
    """Draw values over the names of a column; intervals, where there are any, are whiskers."""
    ticks = _names(table, x)
    groups = table.select(by).n_unique() if by else 1
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
    axes: Axes, table: pl.DataFrame, x: str, y: str, by: Sequence[str]
) -> Iterator[tuple[int, str, pl.DataFrame]]:
    """Yield each group's place, name and known values; name the axes, and put up the legend.

    A group without a value keeps its place, its colour and its name in the legend.
    """
    axes.set(xlabel=_words(x), ylabel=axes.get_ylabel() or _words(y))
    if table[y].is_null().all():
        return say(axes, NOTHING)
    groups = table.group_by(by, maintain_order=True) if by else [((), table)]
    for place, (key, part) in enumerate(groups):
        told = (f"{_words(column)} {value}" for column, value in zip(by, key, strict=True))
        name = plain(", ".join(told), 30 if len(by) < 2 else 48)
        yield place, name, part.drop_nulls(y).sort(x, maintain_order=True)
    if by:
        legend(axes)
    return None


def _columns(table: pl.DataFrame, x: str, by: By) -> list[str]:
    """Return what groups are told apart by: where nobody says, what `means` puts first."""
    if by is not None:
        return [by] if isinstance(by, str) else list(by)
    front = table.columns[: table.columns.index("runs")] if "runs" in table.columns else []
    return [name for name in front if name != x and table[name].n_unique() > 1]


def _parting(table: pl.DataFrame, x: str, by: By) -> list[str]:
    """Return the same, or the runs where nothing else tells rows of one x apart."""
    found = _columns(table, x, by)
    if by is None and not found and "run" in table.columns and table[x].is_duplicated().any():
        found = ["run"]
    _check_single(table, x, found)
    return found


def _check_single(table: pl.DataFrame, x: str, by: Sequence[str]) -> None:
    """Refuse to draw several rows in one place.

    Raises:
        InputError: there are.
    """
    counts = table.group_by(*by, x, maintain_order=True).len().filter(pl.col("len") > 1)
    for row in counts.head(1).iter_rows(named=True):
        raise InputError(
            f"there are {row['len']} rows for {x} {row[x]}; name the column that tells them apart "
            "in `by`, or leave rows out"
        )


def _names(table: pl.DataFrame, column: str) -> list[Any]:
    return table[column].unique(maintain_order=True).to_list()


def _words(column: str) -> str:
    """Return a column's name as it is drawn: the last part of a parameter's key, in words."""
    return column.rpartition(".")[2].replace("_", " ")
