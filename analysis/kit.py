"""What a scenario's measures and figures import, in one place."""

from typing import TYPE_CHECKING, Any

from societies.analysis.measures import (
    Column,
    Frame,
    Measure,
    means,
    measure,
    measure_each,
    rules_at,
)
from societies.runs.runs import Runs
from societies.scenario import resolve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from societies.analysis.panels import bars, dots, heat, lines, panel, save_panels

__all__ = [
    "Axes",
    "Column",
    "Frame",
    "Measure",
    "Runs",
    "bars",
    "dots",
    "heat",
    "lines",
    "means",
    "measure",
    "measure_each",
    "panel",
    "rules_at",
    "save_panels",
]


def __getattr__(name: str) -> Any:
    """Import what draws when it is first used: Matplotlib takes half a second."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "matplotlib.axes" if name == "Axes" else "societies.analysis.panels"
    return resolve(f"{home}:{name}")
