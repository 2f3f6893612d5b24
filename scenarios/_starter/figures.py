"""The plot of the public goods game."""

from pathlib import Path

from matplotlib.figure import Figure

from societies.analysis.figures import save
from societies.runs.run import Run

from .measures import summary


def draw(run: Run, folder: Path) -> list[Path]:
    """Draw what was given over the rounds."""
    rounds, figure = summary(run), Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(rounds["round"], rounds["amount"], marker="o")
    axes.set(xlabel="round", ylabel="mean contribution (units)", ylim=(0, None))
    return [save(figure, folder / "contributions.png", run)]
