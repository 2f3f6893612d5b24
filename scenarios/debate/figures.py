"""Pictures of a debate, a panel per measure, and of runs side by side."""

from math import nan
from typing import Any

import polars as pl
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

from societies.analysis.figures import BLUE, COLOURS, GREEN, GREY, VERMILION, legend, plain, style
from societies.analysis.kit import Axes, FigureBase, Frame, Runs, page, panel
from societies.errors import InputError
from societies.scenarios.debate.measures import (
    accuracy,
    accuracy_by_round,
    compare,
    costs,
    disagreement,
    diversity,
    flips,
    results,
    rounds_used,
    side_wins,
    tokens,
    transitions,
)

ORANGE, SKY = COLOURS[4:6]
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
CARRIED = "A debate that ended keeps its positions, so that every round is of the same questions."


def _one(runs: Runs) -> Runs:
    """Return runs of which a picture is of one; an InputError says if there are several.

    Measures are given these, and not the run alone, since what they share is remembered with them.
    """
    _ = runs.only
    return runs


def _has_rounds(runs: Runs) -> bool:
    return accuracy_by_round(_one(runs))["round"].n_unique() > 1


@panel(
    "Accuracy",
    "Positions that are right in each round (bars: 95 % interval over questions, t), and final"
    f" answers that are (95 % Wilson interval). {CARRIED}",
    shown=lambda runs: accuracy(_one(runs))["accuracy"].item() is not None,
)
def draw_accuracy(axes: Axes, runs: Runs) -> None:
    """Draw how many positions are right in each round, and how many final answers."""
    positions, decisions = accuracy_by_round(_one(runs)), accuracy(runs)
    final = int(positions["round"].to_list()[-1]) + 1
    for table, places, mark, colour, label in (
        (positions, positions["round"].to_list(), "o-", BLUE, "positions"),
        (decisions, [final], "D", VERMILION, "decisions"),
    ):
        low, high = (table[end].fill_null(nan) for end in ("low", "high"))
        ends = [(table["accuracy"] - low).to_list(), (high - table["accuracy"]).to_list()]
        given: dict[str, Any] = {"fmt": mark, "color": colour, "capsize": 3, "label": label}
        axes.errorbar(places, table["accuracy"].to_list(), ends, **given)
    _over_rounds(axes, positions, str(accuracy_by_round.column("accuracy")))
    axes.set_xticks([*positions["round"], final], [*_rounds(positions), "final"])
    axes.set_xlim(0.5, final + 0.5)


@panel(
    "Agreement",
    "Consensus: answers of a round that equal its most frequent one. Disagreement: pairs of one's"
    " answer and another's a round before that differ. Changed: agents whose answer differs from"
    " their own a round before. Bars: 95 % interval over questions (t); over runs, see"
    f" `replication.across_runs`. {CARRIED}",
    shown=_has_rounds,
)
def draw_agreement(axes: Axes, runs: Runs) -> None:
    """Draw consensus within rounds, and disagreement and changes between adjacent ones."""
    positions, changes = accuracy_by_round(_one(runs)), disagreement(runs)
    for table, column, colour in (
        (positions, "consensus", GREEN),
        (changes, "disagreement", VERMILION),
        (changes, "changed", SKY),
    ):
        known = table.drop_nulls(column)
        if not known.is_empty():
            low, high = (known[f"{column}_{end}"].fill_null(nan) for end in ("low", "high"))
            ends = [(known[column] - low).to_list(), (high - known[column]).to_list()]
            style: dict[str, Any] = {"fmt": "o-", "color": colour, "capsize": 3, "label": column}
            axes.errorbar(known["round"].to_list(), known[column].to_list(), ends, **style)
    _over_rounds(axes, positions, "share")


@panel(
    "Answer flips",
    "First and last positions of every agent in every question, with the measures of Yang et al."
    " 2024 (arXiv 2412.19513). CL, confidence level: the share of the right first positions that"
    " stayed right. CS, critique score: the share of the wrong ones that became right. RSS,"
    " relative self-correction score: (Acc2 - Acc1^2) / (2 Acc1 (1 - Acc1)) of the accuracies Acc1"
    " and Acc2 of first and last positions, which is 0.5 where accuracy did not change.",
    shown=lambda runs: not flips(_one(runs)).is_empty(),
)
def draw_flips(axes: Axes, runs: Runs) -> None:
    """Draw the table of first and last positions, with CL, CS and RSS."""
    counts = {row[:2]: row[2] for row in transitions(_one(runs)).drop("run").iter_rows()}
    total = sum(counts.values())
    states = [state for state in STATES if any(state in pair for pair in counts)]
    grid = [[counts.get((first, last), 0) for last in states] for first in states]
    axes.imshow(grid, cmap="Blues", vmin=0, vmax=total, aspect="auto")
    for row, line in enumerate(grid):
        for column, count in enumerate(line):
            colour = "white" if count > 0.6 * total else "black"
            text = f"{count:,}\n{count / total:.0%}"
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=9)
    axes.set_xticks(range(len(states)), states)
    axes.set_yticks(range(len(states)), states)
    moved = flips(runs).row(0, named=True)
    confidence, critique, relative = (
        _number(moved[name], ".2f") for name in ("confidence", "critique", "relative")
    )
    told = (
        f"right stays right (CL) {confidence}, wrong becomes right (CS) {critique},\n"
        f"self-correction (RSS) {relative}; 0.5: as accurate as before"
    )
    axes.set_xlabel(f"{transitions.column('last')}\n{told}", fontsize=9)
    axes.set_ylabel(str(transitions.column("first")), fontsize=9)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)


@panel("Rounds used", "How many questions took how many rounds, and how they were decided.")
def draw_rounds(axes: Axes, runs: Runs) -> None:
    """Draw how many questions took how many rounds, and how they were decided."""
    used = rounds_used(_one(runs))
    rounds = sorted(used["rounds"].unique())
    bottom = [0] * len(rounds)
    for how, colour in DECISIONS.items():
        known = dict(used.filter(decided_by=how).select("rounds", "questions").iter_rows())
        if known:
            heights = [known.get(number, 0) for number in rounds]
            axes.bar(rounds, heights, 0.6, bottom=bottom, color=colour, label=how)
            bottom = [low + height for low, height in zip(bottom, heights, strict=True)]
    axes.set_xticks(rounds)
    axes.set_xlim(min(rounds) - 0.9, max(rounds) + 0.9)
    axes.set_ylim(0, 1.06 * max(bottom))
    axes.set_xlabel(str(rounds_used.column("rounds")), fontsize=9)
    _count_questions(axes)


@panel(
    "Side wins",
    "How often each side is named by the judge, and how often its last answer is the decision; what"
    " the rules count as winning is drawn in full colour.",
    shown=lambda runs: not side_wins(_one(runs)).is_empty(),
)
def draw_sides(axes: Axes, runs: Runs) -> None:
    """Draw how often each side was named by the judge, and how often it held the answer."""
    wins = side_wins(_one(runs))
    seats = runs.only.table("agents").filter(pl.col("person") >= 0).collect()["agent"]
    sides = [*seats, "several", "none"]
    for place, (by, colour) in enumerate((("named", BLUE), ("holding", GREEN))):
        part = wins.filter(by=by)
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
    judge = plain(", ".join(wins["judge"].unique().sort()), 30)
    axes.set_xlabel(f"side, before {judge}", fontsize=9, parse_math=False)
    axes.set_xticks(range(len(sides)), [plain(side) for side in sides], parse_math=False)
    axes.margins(y=0.12)
    _count_questions(axes)


@panel(
    "Diversity of the candidates",
    "100 - Self-BLEU of every question's first replies (Liang et al. 2023).",
    shown=lambda runs: not diversity(_one(runs)).is_empty(),
)
def draw_diversity(axes: Axes, runs: Runs) -> None:
    """Draw how different the candidates of the questions are."""
    found = diversity(_one(runs))["diversity"].to_list()
    mean = sum(found) / len(found)
    axes.hist(found, DIVERSITY_BINS, color=BLUE)
    axes.axvline(mean, color=VERMILION, label=f"mean {mean:.1f}")
    axes.set_xlim(0, 100)
    axes.set_xlabel(diversity.column("diversity").unit, fontsize=9)
    _count_questions(axes)


@panel("Tokens", "What the tokens of a question go to, by prompt; without probes and portraits.")
def draw_costs(axes: Axes, runs: Runs) -> None:
    """Draw what the tokens of a question go to."""
    spent, questions = (
        costs(_one(runs)).row(0, named=True),
        accuracy(runs)["questions"].item(),
    )
    table, left = tokens(runs).reverse(), 0
    for column, colour in (("prompt_tokens", SKY), ("completion_tokens", BLUE)):
        label, lengths = tokens.column(column).caption, table[column] / questions
        axes.barh(table["prompt"].to_list(), lengths, 0.6, left=left, color=colour, label=label)
        left = lengths
    price = f", ${spent['cost_per_right']:.4f}" if spent["cost_per_right"] else ""
    right = f"{_number(spent['tokens_per_right'])} per right answer{price}"
    note = f" ({right})" if spent["tokens_per_right"] is not None else ""
    axes.set_xlabel(f"tokens per question, by prompt{note}", fontsize=9)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    legend(axes)


PARTS = (
    draw_accuracy,
    draw_agreement,
    draw_flips,
    draw_rounds,
    draw_sides,
    draw_diversity,
    draw_costs,
)


def _is_decided(runs: Runs) -> bool:
    """Return True, or raise an InputError if nothing can be drawn yet."""
    if results(_one(runs)).is_empty():
        raise InputError(
            f"no question of {runs.only.path} is decided yet: there is nothing to draw"
        )
    return True


def _rows(runs: Runs) -> int:
    return -(-sum(each.shown(runs) for each in PARTS) // 2)


@page(
    "Debate",
    "All panels that the run has something for.",
    size=lambda runs: (12.0, 3.6 * _rows(runs)),
    shown=_is_decided,
    parts=PARTS,
)
def draw_overview(figure: FigureBase, runs: Runs) -> None:
    """Draw all panels, two in a row."""
    grid = figure.subplots(_rows(runs), 2, squeeze=False).ravel().tolist()
    for each in PARTS:
        if each.shown(runs):
            each(grid.pop(0), runs)
    for axes in grid:
        axes.remove()


PANELS = (draw_overview, *PARTS)


@page(
    "Runs side by side",
    "Accuracy with its 95 % Wilson interval, and tokens per right answer, a row per run.",
    size=lambda runs: (10.0, 1.6 + 0.38 * len(runs)),
)
def draw_comparison(figure: FigureBase, runs: Runs) -> None:
    """Draw accuracy and tokens per right answer, a row per run."""
    table = compare(runs)
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
    left.set_xlabel(f"{compare.column('accuracy').unit}, with its 95 % Wilson interval", fontsize=9)
    style(right, "Tokens per right answer", "")
    bars = right.barh(places, table["tokens_per_right"].fill_null(0).to_list(), color=BLUE)
    labels = [_number(value) for value in table["tokens_per_right"]]
    right.bar_label(bars, labels, fontsize=7, padding=3, color=GREY)
    right.margins(x=0.15)
    right.xaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))


def _over_rounds(axes: Axes, positions: Frame, label: str) -> None:
    """Draw shares over rounds, each with how many questions were still debated in it."""
    axes.set_ylabel(label, fontsize=9)
    axes.set_ylim(-0.02, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_xlim(0.5, positions["round"].to_list()[-1] + 0.5)
    axes.set_xticks(positions["round"], _rounds(positions))
    axes.set_xlabel(ROUND_LABEL, fontsize=9)
    legend(axes)


def _rounds(positions: Frame) -> list[str]:
    told = positions.select("round", "live", "questions").iter_rows()
    return [f"{number}\n({live} of {questions})" for number, live, questions in told]


def _count_questions(axes: Axes) -> None:
    """Label an axis of questions, of which there are no parts."""
    axes.set_ylabel("questions", fontsize=9)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    if axes.get_legend_handles_labels()[0]:
        legend(axes)


def _label(row: dict[str, Any]) -> str:
    return plain(f"{row['run']} ({row['protocol'].replace('_', ' ')})", 48)


def _number(value: float | None, form: str = ",.0f") -> str:
    return "n/a" if value is None else format(value, form)
