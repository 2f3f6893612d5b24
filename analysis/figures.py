"""What plots have in common: colours, names, titles and legends, and how they are saved."""

from pathlib import Path
from textwrap import fill
from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font

from societies.runs.results import caution
from societies.runs.run import Run

# Okabe & Ito's palette, which colour-blind readers can tell apart.
BLUE, VERMILION, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#8A8A8A"
COLOURS = [BLUE, VERMILION, GREEN, "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
"""Groups beyond these are drawn in grey."""
RED = "#C00000"
DPI = 160
CHARACTERS_PER_INCH = 17
"""Of the red line."""


def plain(name: str, limit: int = 14) -> str:
    """Return a name as it can be drawn: one line, shortened, without signs the font lacks."""
    font = get_font(findfont(FontProperties()))
    known = (
        c if c.isprintable() and font.get_char_index(ord(c)) else "\N{WHITE SQUARE}" for c in name
    )
    shown = "".join(known)
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


def save(figure: Figure, path: Path, *runs: Run) -> Path:
    """Save a plot; if answers of its runs were lost by the score, with a red line that says so."""
    told = [(run, text) for run in runs if (text := caution(run))]
    if told:
        width = int(CHARACTERS_PER_INCH * figure.get_figwidth())
        lines = [f"{run.path.name}: {text}" if len(runs) > 1 else text for run, text in told]
        text = "\n".join(fill(plain(line, 1000), width) for line in lines)
        figure.suptitle(text, x=0.01, ha="left", color=RED, fontsize=7, parse_math=False)
    if layout := figure.get_layout_engine():  # once: saving would draw all, only to lay it out
        layout.execute(figure)
        figure.set_layout_engine("none")
    figure.savefig(path, dpi=DPI)
    return path


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
