"""Items by agents, coloured by answer: rows of one colour are inertia (arXiv 2408.09049)."""

from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap

from societies.analysis.figures import BLUE, GREY, VERMILION, colour_bar, plain, words
from societies.analysis.questionnaires.consistency import responses
from societies.analysis.questionnaires.series import GRID, Series, each_series, series_of
from societies.runs.run import Run

MOST_AGENTS = 120
"""Agents beyond which only the first of every group are drawn."""
BOTH, HIGH, LOW = 0, 5, 6
"""Stand for a choice that was not the same whenever it was asked, and for the sides it was on."""
CHOICES = {
    1: ("high, first", BLUE),
    3: ("high, second", "#56B4E9"),
    HIGH: ("high, now one, now the other", "#B5DCF5"),
    2: ("low, first", VERMILION),
    4: ("low, second", "#E69F00"),
    LOW: ("low, now one, now the other", "#F6D8A6"),
    BOTH: ("now high, now low", GREY),
}
"""The four options of a choice, which are in no order: what they show, and their colours."""


@each_series(
    "Answers to every item",
    "A row per item, a column per agent: the mean of an agent's answers to an item, in the "
    "direction of the trait, so that reversed items (the lower rows of each trait) are turned. "
    "Rows of one colour are inertia: whoever is asked, the answer is the same. Where the reversed "
    "rows of a trait have the other colour, agents agree to everything. White is no answer. "
    "Choices have no order: each option has a colour.",
    lambda run: series_of(run, GRID),
    (9.0, 5.4),
)
def draw_stripes(axes: Axes, run: Run, series: Series) -> None:
    """Draw one series of answers, each cell the mean of an agent's ratings of an item.

    Choices have no order and no mean: each option has a colour, and so have choices that differ.
    """
    answers = series.of(responses(run).filter(pl.col("asking") == 1))
    homes = answers.select("group", "agent").unique().sort("group", "agent")
    most = max(1, MOST_AGENTS // homes["group"].n_unique())
    shown = homes.filter(pl.int_range(pl.len()).over("group") < most)
    cell = _choice() if series.kind == "choose" else _rating()
    wide = (
        answers.sort("group", "agent")
        .group_by("trait", "reversed", "item", "agent", maintain_order=True)
        .agg(cell.alias("value"))
        .pivot("agent", index=["trait", "reversed", "item"], values="value")
        .sort("trait", "reversed", "item")
    )
    image = wide.select(shown["agent"].to_list()).to_numpy().astype(float)
    (_draw_choices if series.kind == "choose" else _draw_ratings)(axes, image)
    _name_rows(axes, wide["trait"].to_list())
    _name_columns(axes, shown["group"].to_list())
    part = f"{shown.height} of {homes.height} agents" if shown.height < homes.height else "agents"
    axes.set_xlabel(f"{part}, by group (rows of one colour: inertia; white: no answer)", fontsize=8)


def _rating() -> pl.Expr:
    """Return the mean rating of a cell in the direction of its trait, as a part of the scale."""
    return ((pl.col("score") - 1) / (pl.col("points") - 1)).mean()


def _choice() -> pl.Expr:
    """Return the option that was chosen whenever a cell was asked, or what such choices share."""
    chosen = pl.col("value").drop_nulls()
    high = chosen.is_in([1, 3])
    return (
        pl.when(chosen.len() == 0)
        .then(None)
        .when(chosen.n_unique() == 1)
        .then(chosen.first())
        .when(high.all())
        .then(HIGH)
        .when(~high.any())
        .then(LOW)
        .otherwise(BOTH)
        .cast(pl.Float64)
    )


def _draw_ratings(axes: Axes, image: Any) -> None:
    drawn = axes.imshow(
        image, aspect="auto", vmin=0, vmax=1, cmap="viridis", interpolation="nearest"
    )
    colour_bar(axes, drawn, "answer, from the trait's low end to its high end")


def _draw_choices(axes: Axes, image: Any) -> None:
    places = {option: place for place, option in enumerate(CHOICES)}
    coded = np.full(image.shape, np.nan)
    for option, place in places.items():
        coded[image == option] = place
    colours = ListedColormap([shade for _, shade in CHOICES.values()])
    norm = BoundaryNorm(np.arange(len(CHOICES) + 1) - 0.5, colours.N)
    drawn = axes.imshow(coded, aspect="auto", cmap=colours, norm=norm, interpolation="nearest")
    bar = colour_bar(axes, drawn, "option chosen (side of the trait)", ticks=range(len(CHOICES)))
    bar.ax.set_yticklabels([name for name, _ in CHOICES.values()], fontsize=8)


def _name_rows(axes: Axes, traits: list[str]) -> None:
    starts = [row for row, trait in enumerate(traits) if row == 0 or traits[row - 1] != trait]
    axes.set_yticks(starts, [words(traits[row]) for row in starts], fontsize=8)
    for row in starts[1:]:
        axes.axhline(row - 0.5, color="white", lw=1)


def _name_columns(axes: Axes, groups: list[str]) -> None:
    firsts = [at for at, group in enumerate(groups) if at == 0 or groups[at - 1] != group]
    axes.set_xticks(firsts, [plain(groups[at]) or "agents" for at in firsts], fontsize=8, ha="left")
    for at in firsts[1:]:
        axes.axvline(at - 0.5, color="white", lw=1)
