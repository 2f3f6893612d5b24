"""What plots have in common: colours, names, titles and legends, and how they are saved."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from textwrap import fill
from typing import Any

import polars as pl
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font

from societies.analysis.conditions import pooled_conditions
from societies.analysis.layout import Margins
from societies.analysis.quality import outcomes
from societies.runs.formats import Suffix as Suffix
from societies.runs.results import caution
from societies.runs.run import Run
from societies.runs.runs import Runs

# Okabe & Ito's palette, which colour-blind readers can tell apart.
BLUE, VERMILION, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#8A8A8A"
COLOURS = [BLUE, VERMILION, GREEN, "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
"""Groups beyond these are drawn in grey."""
RED = "#C00000"
DPI = 160
CHARACTERS_PER_INCH = 17
"""Of the footer and the red line."""
BETWEEN = " · "
"""Stands between the parts of the footer."""


def plain(name: str, limit: int = 14) -> str:
    """Return a name as it can be drawn: one line, shortened, without signs the font lacks."""
    font = get_font(findfont(FontProperties()))
    known = (
        c if c.isprintable() and font.get_char_index(ord(c)) else "\N{WHITE SQUARE}" for c in name
    )
    shown = "".join(known)
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


def blank(width: float, height: float, footer: str) -> Figure:
    """Return an empty figure, in inches, with a line below that says what it is of."""
    figure = Figure(figsize=(width, height), layout=Margins())
    FigureCanvasAgg(figure)
    told = "\n".join(_packed(plain(footer, 400).split(BETWEEN), CHARACTERS_PER_INCH * width))
    figure.supxlabel(told, x=0.99, ha="right", fontsize=7, color=GREY, parse_math=False)
    return figure


def _packed(parts: Sequence[str], width: float) -> list[str]:
    """Return parts of the footer in as few lines as they fit into."""
    lines = [parts[0]]
    for part in parts[1:]:
        longer = f"{lines[-1]}{BETWEEN}{part}"
        if len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


def save(figure: Figure, path: Path, *runs: Run) -> Path:
    """Save a plot; if answers of its runs were lost by the score, with a red line that says so.

    Args:
        figure: the plot.
        path: where to; its ending says whether it is a PNG, SVG or PDF file.
        runs: what it is drawn from.
    """
    told = [(run, text) for run in runs if (text := run.once(caution, partial(caution, run)))]
    if told:
        width = int(CHARACTERS_PER_INCH * figure.get_figwidth())
        lines = [f"{run.path.name}: {text}" if len(runs) > 1 else text for run, text in told]
        text = "\n".join(fill(plain(line, 1000), width) for line in lines)
        figure.suptitle(text, x=0.01, ha="left", color=RED, fontsize=7, parse_math=False)
    figure.set_dpi(DPI)
    WRITERS[path.suffix](figure, path)
    return path


# `savefig` draws everything twice. Without dates, the same picture is always the same file.


def _png(figure: Figure, path: Path) -> None:
    # Three times as fast as the best compression, for a few per cent more bytes.
    options = {"compress_level": 3}
    FigureCanvasAgg(figure).print_png(path, pil_kwargs=options)  # type: ignore[no-untyped-call]


def _svg(figure: Figure, path: Path) -> None:
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    with rc_context({"svg.hashsalt": path.stem, "svg.fonttype": "none"}):
        FigureCanvasSVG(figure).print_svg(path, metadata={"Date": None})  # type: ignore[no-untyped-call]


def _pdf(figure: Figure, path: Path) -> None:
    from matplotlib.backends.backend_pdf import FigureCanvasPdf

    with rc_context({"pdf.fonttype": 42}):  # letters that can be selected and edited
        FigureCanvasPdf(figure).print_pdf(path, metadata={"CreationDate": None})  # type: ignore[no-untyped-call]


WRITERS = {".png": _png, ".svg": _svg, ".pdf": _pdf}


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


def footer(runs: Runs) -> str:
    """Return what a plot is of: the runs, and how their answers came about.

    `invalid` answers are those with a reply that was none: the `repaired` and the `defaulted`.
    """
    return runs.once(footer, lambda: _footer(runs))


def _footer(runs: Runs) -> str:
    told = [f"run {runs.labels[0]}" if len(runs) == 1 else f"{len(runs)} runs"]
    if apart := pooled_conditions(runs):
        told[0] += f" of {apart}"
    repaired = (pl.col("outcome") == "repaired").mean().alias("repaired")
    answers = runs.rows("answers").select(*outcomes(), repaired).collect().row(0, named=True)
    if answers["answers"]:
        names = ("lenient", "invalid", "repaired", "defaulted")
        shares = ", ".join(f"{answers[name]:.1%} {name}" for name in names)
        told.append(f"{answers['answers']:,} answers: {shares}")
    asked = runs.rows("responses").select(pl.len(), pl.col("refused").mean().alias("refused"))
    items, refused = asked.collect().row(0)
    if items:
        told.append(f"{items:,} items: {refused:.1%} refused")
    return BETWEEN.join(told)


TITLE: dict[str, Any] = {
    "loc": "left",
    "fontsize": 10,
    "fontweight": "bold",
    "parse_math": False,
}


def style(axes: Axes, title: str, unit: str) -> None:
    """Title the axes, and name what they measure."""
    axes.set_title(title, y=1.0, **TITLE)
    axes.set_ylabel(unit, fontsize=9)
    axes.xaxis.label.set_fontsize(9)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def legend(axes: Axes, **options: Any) -> None:
    """Put the legend above the plot, to the right of the title."""
    place = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.1}
    axes.legend(**{**place, "ncols": 4, "frameon": False, "fontsize": 7, **options})


def colour_bar(axes: Axes, image: ScalarMappable, label: str, **options: Any) -> Colorbar:
    """Put a bar beside axes that tells what the colours of an image mean."""
    bar = axes.figure.colorbar(image, cax=axes.inset_axes((1.015, 0, 0.025, 1)), **options)
    bar.set_label(label, fontsize=8)
    bar.ax.tick_params(labelsize=8)
    bar.outline.set_visible(False)
    return bar
