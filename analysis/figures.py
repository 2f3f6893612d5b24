"""What the plots of consistency have in common: colours, names, titles and legends."""

from typing import Any

import polars as pl
from matplotlib.axes import Axes

from societies.analysis.plots import BLUE, GREEN, GREY, VERMILION, plain

COLOURS = [BLUE, VERMILION, GREEN, "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
"""Okabe & Ito's palette; groups beyond it are drawn in grey."""


def words(trait: str) -> str:
    """Return a trait's name as it is drawn."""
    return plain(trait.replace("_", " "), 20).replace("emotional stability", "stability")


def groups_of(table: pl.DataFrame) -> list[str]:
    """Return the names of the groups in order."""
    return sorted(table["group"].unique().to_list())


def colour(place: int) -> str:
    """Return the colour of the group in a place."""
    return COLOURS[place] if place < len(COLOURS) else GREY


def dodge(place: int, groups: int, span: float = 0.7) -> float:
    """Return how far the marks of the group in a place stand beside the middle."""
    return (place - (groups - 1) / 2) * span / groups


def slant(axes: Axes, labels: int) -> None:
    """Slant the names below the axes where there are too many to stand side by side."""
    if labels > 6:
        for label in axes.get_xticklabels():
            label.set(rotation=45, ha="right", rotation_mode="anchor", fontsize=8)


def say(axes: Axes, text: str) -> None:
    """Write instead of a plot why there is none."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", color=GREY)


def finish(axes: Axes, title: str) -> None:
    """Title the axes, and put the legend beside them."""
    axes.set_title(title, loc="left", fontsize=10)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    handles: Any = axes.get_legend_handles_labels()
    if handles[0] and handles[1] != ["everybody"]:
        axes.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
