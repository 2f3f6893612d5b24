"""How much room the labels of a figure need: margins that are measured once.

Matplotlib's constrained layout measures every label twice, which takes as long as drawing them.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.gridspec import GridSpecBase
from matplotlib.layout_engine import LayoutEngine
from matplotlib.transforms import Bbox, BboxBase

PAD = 0.08
"""Inches on each side of axes and their labels."""

Part = Figure | SubFigure
"""A figure, or a part of one, with axes of its own."""
Ends = Sequence[tuple[float, float]]
"""Where the columns, or the rows, of a grid begin and end, in pixels."""


class Cell(NamedTuple):
    """What stands in one place of a grid: axes, and those that took room from them."""

    axes: list[Axes]
    columns: range
    rows: range
    inner: Bbox
    """The axes without their labels, in pixels."""
    outer: Bbox
    """With them."""


class Margins(LayoutEngine):
    """Lays out grids of axes, in figures and parts of figures, beside titles and legends."""

    _adjust_compatible = False
    _colorbar_gridspec = True

    def execute(self, fig: Figure) -> None:
        """Move the axes of a figure so that no label is cut off or lies upon another."""
        # Texts are as long whatever they are drawn on.
        renderer = RendererAgg(1, 1, fig.dpi)  # type: ignore[no-untyped-call]
        _lay_out(fig, fig.bbox, renderer, PAD * fig.dpi)


def _lay_out(figure: Part, room: BboxBase, renderer: RendererAgg, pad: float) -> None:
    """Lay out a figure, or a part of one, within some room."""
    room = _beside(figure, room, renderer, pad)
    for part in figure.subfigs:
        inside = Bbox.intersection(part.bbox, room)
        if inside is not None:
            _lay_out(part, inside, renderer, pad)
    for grid, cells in _grids(figure, renderer):
        _arrange(grid, cells, room, figure, pad)


def _beside(figure: Part, room: BboxBase, renderer: RendererAgg, pad: float) -> Bbox:
    """Return the room that titles, footers and legends of a figure leave to its axes."""
    left, bottom, right, top = room.extents
    middle = (bottom + top) / 2
    for text in figure.texts:
        box = text.get_window_extent(renderer)
        if (box.y0 + box.y1) / 2 < middle:
            bottom = max(bottom, box.y1)
        else:
            top = min(top, box.y0)
    for legend in figure.legends:
        box = legend.get_window_extent(renderer)
        if box.x0 - left > right - box.x1:
            right = min(right, box.x0)
        else:
            left = max(left, box.x1)
    return Bbox.from_extents(left + pad, bottom + pad, right - pad, top - pad)


def _grids(figure: Part, renderer: RendererAgg) -> Iterator[tuple[GridSpecBase, list[Cell]]]:
    """Yield every grid of axes that belong to a figure itself, with its cells."""
    grids: dict[GridSpecBase, dict[tuple[range, range], list[Axes]]] = {}
    every: Sequence[Any] = figure.axes
    for axes in every:
        spec = axes.get_subplotspec()
        if axes.get_figure(root=False) is figure and spec is not None:
            top = spec.get_topmost_subplotspec()
            places = grids.setdefault(top.get_gridspec(), {})
            places.setdefault((top.colspan, top.rowspan), []).append(axes)
    for grid, places in grids.items():
        cells = [_measured(axes, *place, figure, renderer) for place, axes in places.items()]
        yield grid, cells


def _measured(
    several: list[Axes], columns: range, rows: range, figure: Part, renderer: RendererAgg
) -> Cell:
    labels = [axes.get_tightbbox(renderer, for_layout_only=True) for axes in several]
    inner = [
        axes.bbox
        if axes.get_aspect() != "auto"
        else axes.get_position(original=True).transformed(figure.transSubfigure)
        for axes in several
    ]
    own = Bbox.union(inner)
    return Cell(several, columns, rows, own, Bbox.union([own, *filter(None, labels)]))


def _arrange(grid: GridSpecBase, cells: list[Cell], room: Bbox, figure: Part, pad: float) -> None:
    """Move the axes of a grid; what has no room for its labels stays where it is."""
    sides = [
        (cell.columns, cell.inner.x0 - cell.outer.x0, cell.outer.x1 - cell.inner.x1)
        for cell in cells
    ]
    across = _ends(sides, grid.get_width_ratios(), room.x0, room.x1, pad)
    sides = [
        (cell.rows, cell.outer.y1 - cell.inner.y1, cell.inner.y0 - cell.outer.y0) for cell in cells
    ]
    down = _ends(sides, grid.get_height_ratios(), -room.y1, -room.y0, pad)
    if not across or not down:
        return
    for cell in cells:
        left, right = across[cell.columns.start][0], across[cell.columns.stop - 1][1]
        top, bottom = down[cell.rows.start][0], down[cell.rows.stop - 1][1]
        _move(cell, Bbox.from_extents(left, -bottom, right, -top), figure)


def _ends(
    sides: list[tuple[range, float, float]],
    ratios: Any,
    start: float,
    end: float,
    pad: float,
) -> Ends:
    """Return where columns (or rows, from above) begin and end; nothing if there is no room.

    Args:
        sides: of each cell its columns, and what its labels take before and behind it.
        ratios: of the columns' sizes.
        start: of the room.
        end: of the room.
        pad: between the labels of neighbours, on either side.
    """
    parts = np.asarray(ratios, dtype=float) / np.sum(ratios)
    before, behind = np.zeros(parts.size), np.zeros(parts.size)
    for span, one, other in sides:
        before[span.start] = max(before[span.start], one)
        behind[span.stop - 1] = max(behind[span.stop - 1], other)
    inner = end - start - before.sum() - behind.sum() - 2 * pad * (parts.size - 1)
    found, place = [], start
    for one, size, other in zip(before, inner * parts, behind, strict=True):
        found.append((place + one, place + one + size))
        place += one + size + other + 2 * pad
    return found if inner > 0 else []


def _move(cell: Cell, place: Bbox, figure: Part) -> None:
    """Move the axes of a cell together to a place in pixels."""
    whole = figure.transSubfigure
    old = Bbox.union([axes.get_position(original=True) for axes in cell.axes])
    new = place.transformed(whole.inverted())
    for axes in cell.axes:
        box = axes.get_position(original=True)
        x, y = ((box.get_points() - old.p0) / old.size * new.size + new.p0).T
        axes.set_position(Bbox.from_extents(x[0], y[0], x[1], y[1]))
        axes.set_in_layout(True)  # or it would be left out when the figure is drawn once more
