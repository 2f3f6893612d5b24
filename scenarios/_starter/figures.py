"""The picture of the public goods game."""

from societies.analysis.kit import Axes, Runs, lines, panel

from .measures import summary


@panel("Contributions", "Mean over players; band: 95 % interval over runs (players of one run).")
def draw_contributions(axes: Axes, runs: Runs) -> None:
    """Draw what was given over the rounds."""
    axes.set_ylabel(str(summary.column("amount")))
    lines(axes, summary(runs), x="round", y="amount")
    axes.set_ylim(bottom=0)


PANELS = (draw_contributions,)
