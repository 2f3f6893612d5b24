"""What a scenario's measures and figures import, in one place."""

from typing import TYPE_CHECKING, Any

from societies.analysis.conditions import conditions
from societies.analysis.contrasts import contrast
from societies.analysis.factors import factors, with_factors
from societies.analysis.means import means
from societies.analysis.measures import (
    Column,
    Frame,
    Measure,
    measure,
    measure_each,
    rules_at,
)
from societies.runs.runs import Runs
from societies.scenario import resolve
from societies.words import nearest

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    from societies.analysis.panels import (
        bars,
        dots,
        heat,
        lines,
        overview,
        page,
        panel,
        save_panels,
    )

__all__ = [
    "Axes",
    "Column",
    "FigureBase",
    "Frame",
    "Measure",
    "Runs",
    "bars",
    "conditions",
    "contrast",
    "dots",
    "factors",
    "heat",
    "lines",
    "means",
    "measure",
    "measure_each",
    "overview",
    "page",
    "panel",
    "rules_at",
    "save_panels",
    "with_factors",
]


def __dir__() -> list[str]:
    """Return what is there, for completion."""
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    """Import what draws when it is first used: Matplotlib takes half a second."""
    if name not in __all__:
        hint = nearest(name, __all__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")
    homes = {"Axes": "matplotlib.axes", "FigureBase": "matplotlib.figure"}
    return resolve(f"{homes.get(name, 'societies.analysis.panels')}:{name}")
