"""What questionnaires say: consistency, change, choices, personas."""

from societies.analysis.questionnaires.change import (
    administrations,
    before_after,
    drift,
    icc,
    steadfastness,
)
from societies.analysis.questionnaires.choices import choice_scores
from societies.analysis.questionnaires.consistency import (
    quality,
    reliability,
    responses,
    trait_scores,
    z_scores,
)
from societies.analysis.questionnaires.inertia import inertia_indices
from societies.analysis.questionnaires.knowledge import congruence, knowledge_action
from societies.analysis.questionnaires.permeability import (
    group_differences,
    selective_permeability,
)
from societies.analysis.questionnaires.personas import induction
from societies.analysis.questionnaires.portraits import portrait_accuracy
from societies.analysis.questionnaires.probed import probed

__all__ = [
    "administrations",
    "before_after",
    "choice_scores",
    "congruence",
    "drift",
    "group_differences",
    "icc",
    "induction",
    "inertia_indices",
    "knowledge_action",
    "portrait_accuracy",
    "probed",
    "quality",
    "reliability",
    "responses",
    "selective_permeability",
    "steadfastness",
    "trait_scores",
    "z_scores",
]
