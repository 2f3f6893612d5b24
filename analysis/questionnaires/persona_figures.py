"""Plots of what personas do to answers: words against deeds, and which attribute moves what."""

from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes

from societies.analysis.figures import (
    GREY,
    colour,
    dodge,
    finish,
    groups_of,
    plain,
    say,
    slant,
    words,
)
from societies.analysis.questionnaires.consistency import SCALE
from societies.analysis.questionnaires.knowledge import knowledge_action
from societies.analysis.questionnaires.panels import ALL, Panel
from societies.analysis.questionnaires.permeability import selective_permeability
from societies.runs.run import Run

METRICS = {
    "spearman": "rank\ncorrelation",
    "centred_cosine": "cosine,\ncentred",
    "cosine": "cosine",
    "consistent": "pairs that\nagree (share)",
}
"""Metrics of words and deeds that share the scale from -1 to 1."""
LARGEST = 2.0
"""Effect from which the colour no longer changes."""
NOTABLE = 0.05
"""Corrected p-value below which a cell is marked."""


def draw_words_and_deeds(axes: Axes, run: Run) -> None:
    """Draw how far every agent acts as it says, beside what its shuffled pairs would show."""
    table = knowledge_action(run)
    groups = groups_of(table)
    for place, group in enumerate(groups):
        part = table.filter(pl.col("group") == group)
        offset = dodge(place, len(groups), 0.8)
        for x, name in enumerate(METRICS):
            values = part[name].drop_nulls().to_list()
            label = (group or "everybody") if x == 0 else None
            spots = x + offset + np.linspace(-0.25, 0.25, len(values)) * 0.8 / len(groups)
            axes.plot(spots, values, "o", ms=3.5, color=colour(place), alpha=0.6, label=label, lw=0)
            chance = part[f"shuffled_{name}"].mean()
            if isinstance(chance, float):
                ends = x + offset - 0.4 / len(groups), x + offset + 0.4 / len(groups)
                axes.hlines(chance, *ends, color="black", lw=1.6, zorder=3)
    if table.is_empty() or table.select(pl.col(METRICS).is_null().all()).row(0) == (True,) * 4:
        say(axes, "no agent has answered both a statement and its situation")
    axes.plot([], [], color="black", lw=1.6, label="mean of shuffled pairs")
    axes.axhline(0, color=GREY, lw=0.8)
    axes.set_xticks(range(len(METRICS)), list(METRICS.values()))
    axes.set(ylim=(-1.05, 1.05), ylabel="words and deeds of an agent (1: the same)")
    finish(axes, "Words against deeds, one dot per agent")


def draw_permeability(axes: Axes, run: Run, panel: Panel = ALL) -> None:
    """Draw Cohen's d between the values of every attribute, per trait and group (section 5)."""
    table = panel.of(selective_permeability(run))
    undefined = pl.col("d").is_null().all().over("group")
    silent = table.filter(undefined)["group"].unique().sort().to_list()
    title = "Selective permeability: d between the values with the lowest and the highest mean"
    notes = f"in brackets by chance; * p < {NOTABLE:g} after Holm's correction"
    if silent:
        who = ", ".join(group or "everybody" for group in silent)
        notes += f"; no effect is defined in: {plain(who, 40)}"
    axes.set_title(f"{title}\n{notes}", loc="left", fontsize=10)
    if table["d"].is_null().all():
        axes.set_axis_off()
        return say(axes, "no attribute has two values with three agents whose answers differ")
    table = table.filter(~undefined)
    scales = table.select(SCALE).unique().sort(SCALE).rows()
    attributes = sorted(table["attribute"].unique())
    found = {(row["attribute"], *(row[key] for key in SCALE)): row for row in table.to_dicts()}
    cells = [[found[name, *scale] for scale in scales] for name in attributes]
    values = np.array([[cell["d"] for cell in line] for line in cells], dtype=float)
    image = axes.imshow(values, aspect="auto", vmin=0, vmax=LARGEST, cmap="viridis")
    for y, line in enumerate(cells):
        for x, cell in enumerate(line):
            _write(axes, x, y, cell)
    axes.set_yticks(range(len(cells)), [plain(name.replace("_", " "), 20) for name in attributes])
    axes.set_xticks(range(len(scales)), _names(scales), fontsize=8)
    slant(axes, len(scales))
    axes.figure.colorbar(image, ax=axes, pad=0.01, extend="max").set_label("Cohen's d")
    return None


def _write(axes: Axes, x: int, y: int, cell: dict[str, Any]) -> None:
    """Write a cell's d, whether it is notable, and what chance would give."""
    if cell["d"] is None:
        return
    notable = cell["corrected_p"] is not None and cell["corrected_p"] < NOTABLE
    chance = "" if cell["chance"] is None else f" ({cell['chance']:.1f})"
    axes.text(
        x,
        y,
        f"{cell['d']:.1f}{'*' * notable}{chance}",
        ha="center",
        va="center",
        fontsize=7,
        fontweight="bold" if notable else "normal",
        color="black" if cell["d"] > 0.6 * LARGEST else "white",
    )


def _names(scales: list[tuple[Any, ...]]) -> list[str]:
    """Return the traits, with whatever else tells the scales apart."""
    told = [place for place in (0, 1, 2) if len({scale[place] for scale in scales}) > 1]
    return [
        "\n".join([words(scale[3]), *(plain(scale[place]) for place in told)]) for scale in scales
    ]
