"""Interviews: who agents say they are, asked in many ways, and whether they act on it."""

from societies.kit import Scenario

SCENARIO = Scenario.here(
    "Questionnaires, choices and self-descriptions: how stable a persona is, and how true",
    roles=("judge",),
    sections={
        "trait scores": ("score", "induction", "as_told", "taken", "agents"),
        "reliability": (
            *("alpha", "alpha_low", "alpha_high", "retest", "retest_difference"),
            *("order_difference", "order_flips", "order_half_flips", "direction_difference"),
        ),
        "templates and wordings": (
            *("template_difference", "template_spread", "template_flips", "template_half_flips"),
            *("paraphrase_difference", "paraphrase_flips", "paraphrase_half_flips"),
        ),
        "answers": ("answers", "lenient", "invalid", "refused", "defaulted"),
    },
    plots="societies.analysis.questionnaires.figures:PANELS",
)
