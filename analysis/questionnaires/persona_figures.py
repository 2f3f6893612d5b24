"""Plots of what personas do to answers: words against deeds, and which attribute moves what."""

from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes

from societies.analysis.figures import (
    GREY,
    colour,
    colour_bar,
    dodge,
    groups_of,
    plain,
    say,
    slant,
    words,
)
from societies.analysis.panels import panel
from societies.analysis.questionnaires.consistency import SCALE, has_scores
from societies.analysis.questionnaires.knowledge import knowledge_action
from societies.analysis.questionnaires.permeability import selective_permeability
from societies.analysis.questionnaires.series import Series, each_series, name_groups, sessions
from societies.runs.run import Run
from societies.runs.runs import Runs

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


def _have_pairs(runs: Runs) -> bool:
    """Whether items are pairs of a statement and a situation."""
    pairs = runs.only.rows("responses").filter(pl.col("trait") != "", pl.col("pair") != "")
    return not pairs.head(1).collect().is_empty()


@panel(
    "Words against deeds",
    "How far every agent acts in situations as it says of itself in the statements that belong to "
    "them, by four metrics; a dot per agent, 1: the same. A black line is the mean over agents of "
    "what pairs that were shuffled give: agreement by chance.",
    (8.0, 4.4),
    _have_pairs,
)
def draw_words_and_deeds(axes: Axes, runs: Runs) -> None:
    """Draw how far every agent acts as it says, beside what its shuffled pairs would show."""
    table = knowledge_action(runs.only)
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
    name_groups(axes)


def _has_attributes(run: Run) -> bool:
    attributes = run.table("agents").select("attributes").collect()["attributes"]
    return has_scores(run) and bool((attributes != "{}").any())


@each_series(
    "Selective permeability",
    "Which attribute of the personas moves which trait: Cohen's d between the agents of the "
    "attribute's values with the lowest and the highest mean score. As these are chosen by their "
    "means, d is above 0 without any effect: what chance would give stands in brackets. A star "
    "marks p < 0.05 of a one-way analysis of variance, after Holm's correction.",
    sessions,
    (9.6, 5.0),
    _has_attributes,
)
def draw_permeability(axes: Axes, run: Run, series: Series) -> None:
    """Draw Cohen's d between the values of every attribute, per trait and group (section 5)."""
    table = series.of(selective_permeability(run))
    undefined = pl.col("d").is_null().all().over("group")
    silent = table.filter(undefined)["group"].unique().sort().to_list()
    notes = (
        "d between the values with the lowest and the highest mean; in brackets by chance; "
        f"* p < {NOTABLE:g} after Holm's correction"
    )
    if silent:
        who = ", ".join(group or "everybody" for group in silent)
        notes += f"\nno effect is defined in: {plain(who, 40)}"
    axes.set_xlabel(notes, fontsize=7, color=GREY)
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
    colour_bar(axes, image, "Cohen's d", extend="max")
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
