"""What is computed from runs on disk: measures, statistics and plots.

>>> import societies
>>> from societies import analysis
>>> run = societies.run("interview/demo", seed=3)
>>> analysis.reliability(run)
>>> analysis.plot_consistency(run, "figures")
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from societies.analysis.questionnaires.change import (
        administrations,
        before_after,
        drift,
        icc,
        steadfastness,
    )
    from societies.analysis.questionnaires.choices import choice_scores
    from societies.analysis.questionnaires.consistency import quality as response_quality
    from societies.analysis.questionnaires.consistency import (
        reliability,
        responses,
        trait_scores,
        z_scores,
    )
    from societies.analysis.questionnaires.figures import draw as plot_consistency
    from societies.analysis.questionnaires.inertia import inertia_indices
    from societies.analysis.questionnaires.knowledge import congruence, knowledge_action
    from societies.analysis.questionnaires.permeability import (
        group_differences,
        selective_permeability,
    )
    from societies.analysis.questionnaires.personas import induction
    from societies.analysis.questionnaires.portraits import portrait_accuracy
    from societies.analysis.replication import across_runs, profile_correlations
    from societies.analysis.statistics import (
        difference_interval,
        effect_size,
        gini_coefficient,
        mean_interval,
    )
    from societies.analysis.tables import summary
    from societies.scenarios.donor_game.figures import cooperation as plot_cooperation
    from societies.scenarios.donor_game.measures import (
        answer_quality,
        donation_fractions,
        donation_slope,
        endowments,
        final_resources,
        generosity_selection,
        gini,
        lineage,
        measures,
        punishment_share,
    )

_HOMES = {
    "change": ("administrations", "before_after", "drift", "icc", "steadfastness"),
    "choices": ("choice_scores",),
    "consistency": ("reliability", "responses", "trait_scores", "z_scores"),
    "cooperation": (
        "answer_quality",
        "donation_fractions",
        "donation_slope",
        "endowments",
        "final_resources",
        "generosity_selection",
        "gini",
        "lineage",
        "measures",
        "punishment_share",
    ),
    "inertia": ("inertia_indices",),
    "knowledge": ("congruence", "knowledge_action"),
    "permeability": ("group_differences", "selective_permeability"),
    "personas": ("induction",),
    "portraits": ("portrait_accuracy",),
    "replication": ("across_runs", "profile_correlations"),
    "statistics": ("difference_interval", "effect_size", "gini_coefficient", "mean_interval"),
    "tables": ("summary",),
}
"""Public names by module."""

_PLACES = {name: f"{module}:{name}" for module, names in _HOMES.items() for name in names} | {
    "plot_consistency": "consistency_plots:draw",
    "plot_cooperation": "plots:cooperation",
    "response_quality": "consistency:quality",
}

__all__ = [
    "across_runs",
    "administrations",
    "answer_quality",
    "before_after",
    "choice_scores",
    "congruence",
    "difference_interval",
    "donation_fractions",
    "donation_slope",
    "drift",
    "effect_size",
    "endowments",
    "final_resources",
    "generosity_selection",
    "gini",
    "gini_coefficient",
    "group_differences",
    "icc",
    "induction",
    "inertia_indices",
    "knowledge_action",
    "lineage",
    "mean_interval",
    "measures",
    "plot_consistency",
    "plot_cooperation",
    "portrait_accuracy",
    "profile_correlations",
    "punishment_share",
    "reliability",
    "response_quality",
    "responses",
    "selective_permeability",
    "steadfastness",
    "summary",
    "trait_scores",
    "z_scores",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: SciPy and Matplotlib are slow to import."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from societies.registry import resolve

    return resolve(f"societies.analysis.{_PLACES[name]}")
