"""Panels: answers that must not share one picture's axes stand in axes of their own.

What different probes asked, at different moments, in different contexts, with different
instruments, is on different scales or about different questions.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from societies.analysis.figures import plain
from societies.analysis.questionnaires.consistency import SESSION
from societies.runs.run import Run

MOST = 6
"""Panels beyond which the rest is only named."""
SERIES = ["probe", "instrument", "kind", "context"]
"""What is followed over occasions."""
GRID = [*SESSION, "instrument", "kind", "option_order"]
"""What has cells of its own."""


class Panel(NamedTuple):
    """One series of answers; what is None does not tell it from others."""

    probe: str | None = None
    moment: str | None = None
    instrument: str | None = None
    kind: str | None = None
    context: str | None = None
    option_order: str | None = None

    def of(self, table: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of a table that belong to it."""
        told = {name: value for name, value in self._asdict().items() if value is not None}
        return table.filter(**told)


ALL = Panel()
"""All answers together."""


def panels(run: Run, by: Sequence[str]) -> list[Panel]:
    """Return every series of first answers to scored items, told apart by some fields of `Panel`.

    They are in the order of the run.
    """
    answers = (
        run.table("responses").filter(pl.col("trait") != "", pl.col("asking") == 1).sort("seq")
    )
    rows = answers.select(by).unique(maintain_order=True).collect().iter_rows(named=True)
    return [Panel(**row) for row in rows]


def repeated(run: Run) -> list[Panel]:
    """Return the series that were asked on several occasions."""
    times = (
        run.table("responses")
        .filter(pl.col("trait") != "", pl.col("asking") == 1)
        .group_by(SERIES)
        .agg(pl.col("occasion").n_unique())
        .collect()
    )
    return [each for each in panels(run, SERIES) if each.of(times)["occasion"].sum() > 1]


def names(shown: Sequence[Panel]) -> list[str]:
    """Return what tells panels apart, as a title says it; empty for a single one."""
    told = [
        place for place in range(len(Panel._fields)) if len({each[place] for each in shown}) > 1
    ]
    return [", ".join(filter(None, (_told(each, place) for place in told))) for each in shown]


def _told(panel: Panel, place: int) -> str:
    """Return a field in words; who asked without a probe had no moment either."""
    return plain(panel[place] or "", 30) or ("no probe" if Panel._fields[place] == "probe" else "")


def compose(
    figure: Figure,
    draws: Callable[[Axes, Run, Panel], None],
    run: Run,
    several: Sequence[Panel],
    across: int = 1,
) -> str:
    """Draw every panel into a figure that is empty; return which are not drawn, in words.

    Args:
        figure: its height is for one panel, and is multiplied by the rows.
        draws: draws one panel.
        run: where the answers are.
        several: the panels, at least one.
        across: panels that stand side by side.
    """
    shown = several[:MOST]
    columns = min(across, len(shown))
    rows = -(-len(shown) // columns)
    figure.set_figheight(figure.get_figheight() * (1 if rows == 1 else 0.85 * rows))
    grid: Any = figure.subplots(rows, columns, squeeze=False)
    titles = names(several)
    for axes, panel, title in zip(grid.flat, shown, titles, strict=False):
        draws(axes, run, panel)
        if title:
            axes.set_title(f"{axes.get_title(loc='left')}\n{title}", loc="left", fontsize=10)
    for axes in grid.flat[len(shown) :]:
        axes.set_axis_off()
    return "; ".join(titles[MOST:])
