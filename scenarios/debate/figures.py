"""Plots of debates, one per measure, an overview of all, and runs side by side.

Figures are Matplotlib objects of their own: nothing global is touched, no display is needed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

from societies.analysis.figures import (
    BLUE,
    GREEN,
    GREY,
    VERMILION,
    Suffix,
    blank,
    legend,
    plain,
    save,
    style,
)
from societies.errors import InputError
from societies.runs.run import Run
from societies.runs.runs import Given, Runs
from societies.scenarios.debate import measures as measured
from societies.scenarios.debate.positions import decisions

ORANGE, SKY, PURPLE = "#E69F00", "#56B4E9", "#CC79A7"
DECISIONS = {
    "answer": BLUE,
    "vote": BLUE,
    "tie": SKY,
    "verdict": GREEN,
    "extraction": ORANGE,
    "nobody": GREY,
}
STATES = ("right", "wrong", "unreadable")
WAYS = {"named": "named by the judge", "holding": "holds the answer"}
"""How a side wins."""
ROUND_LABEL = "round (debates that go on, of all; the others keep their positions)"
DIVERSITY_BINS = [5.0 * step for step in range(21)]


@dataclass(frozen=True)
class Results:
    """What the plots of one run are drawn from."""

    run: Run
    summary: dict[str, Any]
    """The run's row of `compare`."""
    rounds: pl.DataFrame
    disagreement: pl.DataFrame
    transitions: pl.DataFrame
    flips: pl.DataFrame
    used: pl.DataFrame
    wins: pl.DataFrame
    diversity: pl.DataFrame
    tokens: pl.DataFrame
    """Tokens by prompt: `prompt`, `prompt_tokens`, `completion_tokens`."""

    @classmethod
    def of(cls, run: Run) -> "Results":
        """Compute them from a run."""
        used = decisions(run, "calls").group_by("prompt", maintain_order=True)
        tokens = used.agg(pl.col("prompt_tokens").sum(), pl.col("completion_tokens").sum())
        return cls(
            run=run,
            summary=measured.compare(run).row(0, named=True),
            rounds=measured.accuracy_by_round(run),
            disagreement=measured.disagreement(run),
            transitions=measured.transitions(run),
            flips=measured.flips(run),
            used=measured.rounds_used(run),
            wins=measured.side_wins(run),
            diversity=measured.diversity(run),
            tokens=tokens,
        )

    @property
    def footer(self) -> str:
        """The run, and how many answers were lost, for below every figure."""
        lost = f"{self.summary['answers']:,} answers, {self.summary['defaulted']:.1%} defaulted"
        return f"run {self.summary['run']} · {self.summary['questions']:,} questions · {lost}"


Draw = Callable[[Axes, Results], None]


def draw(run: Run, folder: str | Path, suffix: Suffix = "png") -> list[Path]:
    """Draw the plots of a debate into a folder; return the files, the overview first.

    `overview.png`, `rounds.png`, `costs.png`; as far as the run has them also `accuracy.png` (not
    for translations), `agreement.png` and `flips.png` (several rounds), `sides.png` (a judge) and
    `diversity.png` (several candidates). Of a run that was stopped, they are of the questions that
    are decided.

    Raises:
        InputError: none is.
    """
    if measured.results(run).is_empty():
        raise InputError(f"no question of {run.path} is decided yet: there is nothing to draw")
    results = Results.of(run)
    panels = _panels(results)
    Path(folder).mkdir(parents=True, exist_ok=True)
    files = [
        save(_overview(results, list(panels.values())), Path(folder) / f"overview.{suffix}", run)
    ]
    for name, panel in panels.items():
        figure = blank(6.4, 4.0, results.footer)
        panel(figure.subplots(), results)
        files.append(save(figure, Path(folder) / f"{name}.{suffix}", run))
    return files


def draw_comparison(runs: Given, file: str | Path) -> Path:
    """Draw runs side by side: accuracy with its interval, and tokens per right answer."""
    table = measured.compare(runs)
    figure = blank(10.0, 1.6 + 0.38 * table.height, f"{table.height} runs · 95 % Wilson intervals")
    left, right = figure.subplots(1, 2, sharey=True)
    places = list(range(table.height))[::-1]
    style(left, "Accuracy", "")
    for place, row in zip(places, table.iter_rows(named=True), strict=True):
        if row["accuracy"] is None:
            left.text(0.02, place, "not right or wrong", va="center", fontsize=7, color=GREY)
            continue
        left.plot([row["low"], row["high"]], [place, place], color=GREY, linewidth=1.5)
        left.plot(row["accuracy"], place, "o", color=BLUE)
    left.set_yticks(places, [_label(row) for row in table.iter_rows(named=True)])
    left.set_xlim(0, 1)
    left.xaxis.set_major_formatter(PercentFormatter(1))
    style(right, "Tokens per right answer", "")
    bars = right.barh(places, table["tokens_per_right"].fill_null(0).to_list(), color=BLUE)
    right.bar_label(
        bars,
        [_count(value) for value in table["tokens_per_right"]],
        fontsize=7,
        padding=3,
        color=GREY,
    )
    right.margins(x=0.15)
    right.xaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    return save(figure, Path(file), *Runs.of(runs))


# -- measures ---------------------------------------------------------------------------------


def draw_accuracy(axes: Axes, results: Results) -> None:
    """Draw how many positions are right in each round, and how many final answers."""
    style(axes, "Accuracy", "part that is right")
    table, summary = results.rounds, results.summary
    low, high = (table[end].fill_null(nan) for end in ("low", "high"))
    error = [(table["accuracy"] - low).to_list(), (high - table["accuracy"]).to_list()]
    axes.errorbar(
        table["round"], table["accuracy"], error, fmt="o-", color=BLUE, capsize=3, label="positions"
    )
    last = int(table["round"].to_list()[-1]) + 1
    ends = [
        [summary["accuracy"] - summary["low"]],
        [summary["high"] - summary["accuracy"]],
    ]
    axes.errorbar(
        [last], [summary["accuracy"]], ends, fmt="D", color=VERMILION, capsize=3, label="decisions"
    )
    axes.set_xticks([*table["round"], last], [*_rounds(table), "final"])
    axes.set_xlim(0.5, last + 0.5)
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_xlabel(ROUND_LABEL, fontsize=9)
    legend(axes)


def draw_agreement(axes: Axes, results: Results) -> None:
    """Draw consensus within rounds, and disagreement and changes between adjacent ones."""
    style(axes, "Agreement", "part")
    lines = (
        (results.rounds, "consensus", GREEN),
        (results.disagreement, "disagreement", VERMILION),
        (results.disagreement, "changed", SKY),
    )
    for table, column, colour in lines:
        known = table.drop_nulls(column)
        if not known.is_empty():
            axes.plot(known["round"], known[column], "o-", color=colour, label=column)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlim(0.5, results.rounds["round"].to_list()[-1] + 0.5)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_xticks(results.rounds["round"], _rounds(results.rounds))
    axes.set_xlabel(ROUND_LABEL, fontsize=9)
    legend(axes)


def draw_flips(axes: Axes, results: Results) -> None:
    """Draw the table of first and last positions, with CL, CS and RSS."""
    moved = results.flips.row(0, named=True)
    numbers = ", ".join(
        f"{name} {'n/a' if moved[key] is None else format(moved[key], '.2f')}"
        for name, key in (("CL", "confidence"), ("CS", "critique"), ("RSS", "relative"))
    )
    style(axes, f"Answer flips ({numbers})", "first position")
    counts = {
        (row["first"], row["last"]): row["agents"]
        for row in results.transitions.iter_rows(named=True)
    }
    total = sum(counts.values())
    shown = [state for state in STATES if any(state in pair for pair in counts)]
    grid = [[counts.get((first, last), 0) for last in shown] for first in shown]
    axes.imshow(grid, cmap="Blues", vmin=0, vmax=total, aspect="auto")
    for row, line in enumerate(grid):
        for column, count in enumerate(line):
            colour = "white" if count > 0.6 * total else "black"
            text = f"{count:,}\n{count / total:.0%}"
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=9)
    axes.set_xticks(range(len(shown)), shown)
    axes.set_yticks(range(len(shown)), shown)
    axes.set_xlabel("last position", fontsize=9)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)


def draw_rounds(axes: Axes, results: Results) -> None:
    """Draw how many questions took how many rounds, and how they were decided."""
    style(axes, "Rounds used", "questions")
    rounds = sorted(results.used["rounds"].unique())
    bottom = [0] * len(rounds)
    for how, colour in DECISIONS.items():
        part = results.used.filter(pl.col("decided_by") == how)
        if part.is_empty():
            continue
        known = dict(part.select("rounds", "questions").iter_rows())
        heights = [known.get(number, 0) for number in rounds]
        axes.bar(rounds, heights, 0.6, bottom=bottom, color=colour, label=how)
        bottom = [low + height for low, height in zip(bottom, heights, strict=True)]
    axes.set_xticks(rounds)
    axes.set_xlim(min(rounds) - 0.9, max(rounds) + 0.9)
    axes.set_ylim(0, 1.06 * max(bottom))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("rounds", fontsize=9)
    legend(axes)


def draw_sides(axes: Axes, results: Results) -> None:
    """Draw how often each side was named by the judge, and how often it held the answer.

    What counts as winning is drawn in full colour.
    """
    judge = plain(", ".join(results.wins["judge"].unique().sort()), 30)
    style(axes, "Side wins", "questions")
    axes.set_xlabel(f"side, before {judge}", fontsize=9, parse_math=False)
    seats = results.run.table("agents").filter(pl.col("person") >= 0).collect()["agent"]
    sides = [*seats, "several", "none"]
    for place, (by, colour) in enumerate((("named", BLUE), ("holding", GREEN))):
        part = results.wins.filter(pl.col("by") == by)
        counts = part["counts"].any()
        known = dict(part.group_by("side").agg(pl.col("questions").sum()).iter_rows())
        bars = axes.bar(
            [number + 0.4 * place - 0.2 for number in range(len(sides))],
            [known.get(side, 0) for side in sides],
            0.36,
            color=colour,
            alpha=1.0 if counts else 0.35,
            label=f"{WAYS[by]}{' (counts)' if counts else ''}",
        )
        axes.bar_label(bars, fontsize=8, padding=2)
    axes.set_xticks(range(len(sides)), [plain(side) for side in sides], parse_math=False)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(y=0.12)
    legend(axes)


def draw_diversity(axes: Axes, results: Results) -> None:
    """Draw how different the candidates of the questions are."""
    mean = results.summary["diversity"]
    style(axes, "Diversity of the candidates", "questions")
    axes.hist(results.diversity["diversity"].to_list(), DIVERSITY_BINS, color=BLUE)
    axes.axvline(mean, color=VERMILION, label=f"mean {mean:.1f}")
    axes.set_xlim(0, 100)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("100 - Self-BLEU", fontsize=9)
    legend(axes)


def draw_costs(axes: Axes, results: Results) -> None:
    """Draw what the tokens of a question go to."""
    per_right = results.summary["tokens_per_right"]
    note = "" if per_right is None else f" ({per_right:,.0f} per right answer{_price(results)})"
    style(axes, f"Tokens{note}", "")
    questions = results.summary["questions"]
    table = results.tokens.reverse()
    asked = (table["prompt_tokens"] / questions).to_list()
    written = (table["completion_tokens"] / questions).to_list()
    names = table["prompt"].to_list()
    axes.barh(names, asked, 0.6, color=SKY, label="read")
    axes.barh(names, written, 0.6, left=asked, color=BLUE, label="written")
    axes.set_xlabel("tokens per question, by prompt", fontsize=9)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    legend(axes)


# -- figures ----------------------------------------------------------------------------------


def _panels(results: Results) -> dict[str, Draw]:
    """Return the plots that a run has something for."""
    several = results.rounds["round"].n_unique() > 1
    wanted: dict[str, tuple[Draw, bool]] = {
        "accuracy": (draw_accuracy, results.summary["accuracy"] is not None),
        "agreement": (draw_agreement, several),
        "flips": (draw_flips, not results.flips.is_empty()),
        "rounds": (draw_rounds, True),
        "sides": (draw_sides, not results.wins.is_empty()),
        "diversity": (draw_diversity, not results.diversity.is_empty()),
        "costs": (draw_costs, True),
    }
    return {name: panel for name, (panel, given) in wanted.items() if given}


def _overview(results: Results, panels: Sequence[Draw]) -> Figure:
    rows = -(-len(panels) // 2)
    figure = blank(12.0, 3.6 * rows, results.footer)
    grid = figure.subplots(rows, 2, squeeze=False).ravel().tolist()
    for axes, panel in zip(grid, panels, strict=False):
        panel(axes, results)
    for axes in grid[len(panels) :]:
        axes.remove()
    return figure


def _rounds(table: pl.DataFrame) -> list[str]:
    """Return the rounds, each with how many of the questions were still debated in it."""
    return [
        f"{number}\n({live} of {questions})"
        for number, live, questions in table.select("round", "live", "questions").iter_rows()
    ]


def _price(results: Results) -> str:
    cost = results.summary["cost_per_right"]
    return f", ${cost:.4f}" if cost else ""


def _label(row: dict[str, Any]) -> str:
    return plain(f"{row['run']} ({row['protocol'].replace('_', ' ')})", 48)


def _count(value: float | None) -> str:
    return "n/a" if value is None else f"{value:,.0f}"
