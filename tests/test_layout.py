"""Layouts: no label is cut off, and none lies upon another."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from societies.analysis.figures import blank, colour_bar, style


def drawn(figure: Figure) -> list[Bbox]:
    """Draw a figure, and return where its axes lie with their labels."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    boxes = [axes.get_tightbbox(renderer) for axes in figure.axes]
    return [*filter(None, boxes), *(text.get_window_extent(renderer) for text in figure.texts)]


def labelled(figure: Figure) -> Figure:
    figure.suptitle("a title\nof two lines")
    for number, axes in enumerate(figure.axes):
        style(axes, f"picture {number}", "a label\nof two lines")
        axes.set_xticks([0, 1], ["a long name", "another"], rotation=45)
        axes.set(xlabel="below", ylim=(0, 10 ** (3 * number)))
    return figure


def grid() -> Figure:
    figure = blank(8, 6, "run demo/1")
    figure.subplots(2, 3, width_ratios=(1, 2, 1))
    return figure


def parts() -> Figure:
    figure = blank(8, 8, "run demo/1")
    above, below = figure.subfigures(2, 1, height_ratios=(2, 3))
    above.subplots(1, 2)
    axes = below.subplots()
    colour_bar(axes, axes.imshow(np.eye(3), aspect="auto"), "what colours mean")
    return figure


def square() -> Figure:
    figure = blank(8, 4, "run demo/1")
    figure.subplots().set_aspect("equal")
    return figure


@pytest.mark.parametrize("make", [grid, parts, square])
def test_nothing_is_cut_off_and_nothing_overlaps(make):
    figure = labelled(make())
    boxes = drawn(figure)
    for box in boxes:
        assert (box.min >= 0).all()
        assert (box.max <= figure.bbox.max).all()
    for one, other in combinations(boxes, 2):
        common = Bbox.intersection(one, other)
        assert common is None or common.width * common.height < 1, (one, other)
    assert np.allclose(drawn(figure)[0].extents, boxes[0].extents, atol=2), "drawn again: the same"


def test_a_figure_without_room_is_drawn_as_it_is():
    figure = labelled(blank(0.5, 0.5, "run demo/1"))
    figure.subplots()
    assert drawn(figure)
