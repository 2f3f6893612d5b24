"""Series of answers: what must not share axes is drawn on axes of its own.

What different probes asked, at different moments, in different contexts, with different
instruments, is on different scales or about different questions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from societies.analysis.figures import GREY, legend, plain, style
from societies.analysis.panels import Picture, Size
from societies.analysis.questionnaires.consistency import SESSION, has_scores
from societies.runs.run import Run
from societies.runs.runs import Runs

MOST = 6
"""Series beyond which the rest is only named."""
FOLLOWED = ["probe", "instrument", "kind", "context"]
"""What is followed over occasions."""
GRID = [*SESSION, "instrument", "kind", "option_order"]
"""What has cells of its own."""
ABOVE_FOOTER = 0.03
"""Where a note stands in a figure, as a part of its height."""


class Series(NamedTuple):
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


ALL = Series()
"""All answers together."""
Several = Callable[[Run], Sequence[Series]]


@dataclass(frozen=True)
class EachSeries(Picture):
    """A picture of one run, with axes for each series of its answers."""

    draw: Callable[[Axes, Run, Series], None] = field(kw_only=True)

    def __call__(self, axes: Axes, run: Run, series: Series = ALL) -> None:
        """Draw one series on axes."""
        style(axes, self.title, axes.get_ylabel())
        self.draw(axes, run, series)


def each_series(
    title: str,
    caption: str,
    of: Several,
    size: Size,
    shown: Callable[[Run], bool] = has_scores,
) -> Callable[[Callable[[Axes, Run, Series], None]], EachSeries]:
    """Make a picture of a function that draws one series, named as by `panels.panel`.

    Args:
        title: above the axes.
        caption: what it shows, in words, for a report.
        of: returns the series of a run.
        size: of one series' axes, in inches.
        shown: whether a run has something to show.
    """

    def declare(draw: Callable[[Axes, Run, Series], None]) -> EachSeries:
        def compose(figure: FigureBase, runs: Runs) -> None:
            compose_each(figure, made, runs.only, of(runs.only))

        def whole(runs: Runs) -> Size:
            rows = min(MOST, max(1, len(of(runs.only))))
            return size[0], size[1] * (1 if rows == 1 else 0.85 * rows)

        name = draw.__name__.removeprefix("draw_")
        made = EachSeries(
            name, title, caption, compose, whole, lambda runs: shown(runs.only), draw=draw
        )
        return made

    return declare


def compose_each(
    figure: FigureBase,
    draw: Callable[[Axes, Run, Series], None],
    run: Run,
    several: Sequence[Series],
) -> None:
    """Draw series below each other into a figure that is empty; those beyond `MOST` are named."""
    shown = drawn(several)
    rows: Any = figure.subplots(len(shown), 1, squeeze=False)
    titles = names(several)
    for axes, series, title in zip(rows.flat, shown, titles, strict=False):
        draw(axes, run, series)
        if title:
            style(axes, f"{axes.get_title(loc='left')}\n{title}", axes.get_ylabel())
    name_left_out(figure, titles)


def drawn(several: Sequence[Series]) -> Sequence[Series]:
    """Return the series that a picture has room for."""
    return several[:MOST]


def name_left_out(figure: FigureBase, titles: Sequence[str]) -> None:
    """Write below a figure which series are not drawn."""
    if titles[MOST:]:
        told = f"not drawn: {'; '.join(titles[MOST:])}"
        figure.text(0.01, ABOVE_FOOTER, told, fontsize=7, color=GREY, parse_math=False)


def series_of(run: Run, by: Sequence[str]) -> list[Series]:
    """Return every series of first answers to scored items, told apart by some of its fields.

    They are in the order of the run.
    """
    answers = (
        run.table("responses").filter(pl.col("trait") != "", pl.col("asking") == 1).sort("seq")
    )
    rows = answers.select(by).unique(maintain_order=True).collect().iter_rows(named=True)
    return [Series(**row) for row in rows]


def sessions(run: Run) -> list[Series]:
    """Return what was asked by one probe, at one moment, in one context, each."""
    return series_of(run, SESSION)


def repeated(run: Run) -> list[Series]:
    """Return the series that were asked on several occasions."""
    times = (
        run.table("responses")
        .filter(pl.col("trait") != "", pl.col("asking") == 1)
        .group_by(FOLLOWED)
        .agg(pl.col("occasion").n_unique())
        .collect()
    )
    return [each for each in series_of(run, FOLLOWED) if each.of(times)["occasion"].sum() > 1]


def was_repeated(run: Run) -> bool:
    """Whether something was asked on several occasions."""
    return has_scores(run) and bool(repeated(run))


def names(shown: Sequence[Series]) -> list[str]:
    """Return what tells series apart, as a title says it; empty for a single one."""
    told = [
        place for place in range(len(Series._fields)) if len({each[place] for each in shown}) > 1
    ]
    return [", ".join(filter(None, (_told(each, place) for place in told))) for each in shown]


def _told(series: Series, place: int) -> str:
    """Return a field in words; who asked without a probe had no moment either."""
    field_name, told = Series._fields[place], plain(series[place] or "", 30)
    if field_name == "option_order" and told:
        return f"options {told}"
    return told or ("no probe" if field_name == "probe" else "")


def name_groups(axes: Axes) -> None:
    """Put the legend beside the axes, unless there is one group without a name."""
    _, labels = axes.get_legend_handles_labels()
    if labels and labels != ["everybody"]:
        legend(axes, **BESIDE)


BESIDE: dict[str, Any] = {
    "loc": "center left",
    "bbox_to_anchor": (1.0, 0.5),
    "borderaxespad": 0.5,
    "ncols": 1,
    "fontsize": 8,
}
"""Options of a legend that has many names."""
