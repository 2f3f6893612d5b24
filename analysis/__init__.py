"""What is computed from runs on disk: measures, statistics and plots.

>>> import societies
>>> from societies import analysis
>>> run = societies.run("donor_game/demo", seed=3)
>>> analysis.summary(run)
>>> analysis.plot_cooperation(run, "figures")
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from societies.analysis.cooperation import (
        across_runs,
        answer_quality,
        donation_fractions,
        donation_slope,
        final_resources,
        generosity_selection,
        gini,
        lineage,
        measures,
        punishment_share,
        summary,
    )
    from societies.analysis.plots import cooperation as plot_cooperation
    from societies.analysis.statistics import bootstrap_mean, gini_coefficient

__all__ = [
    "across_runs",
    "answer_quality",
    "bootstrap_mean",
    "donation_fractions",
    "donation_slope",
    "final_resources",
    "generosity_selection",
    "gini",
    "gini_coefficient",
    "lineage",
    "measures",
    "plot_cooperation",
    "punishment_share",
    "summary",
]

_HOMES = {
    "bootstrap_mean": "statistics:bootstrap_mean",
    "gini_coefficient": "statistics:gini_coefficient",
    "plot_cooperation": "plots:cooperation",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: SciPy and Matplotlib are slow to import."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from societies.registry import resolve

    return resolve(f"societies.analysis.{_HOMES.get(name, f'cooperation:{name}')}")
