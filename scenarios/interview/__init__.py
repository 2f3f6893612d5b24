"""Interviews: who agents say they are, asked in many ways, and whether they act on it."""

from pathlib import Path

from societies.scenario import Scenario
from societies.scenarios.interview.minds import MINDS
from societies.scenarios.interview.protocol import (
    InterviewProtocol,
    attendance,
    check,
    planned_calls,
)

SCENARIO = Scenario(
    name="interview",
    title="Questionnaires, choices and self-descriptions: how stable a persona is, and how true",
    folder=Path(__file__).parent,
    society="societies.scenarios.interview.society:Interview",
    protocol=InterviewProtocol,
    minds=MINDS,
    roles=("judge",),
    check=check,
    calls=planned_calls,
    attendance=attendance,
    summary="societies.analysis.questionnaires.results:summary",
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
    findings="societies.analysis.questionnaires.personas:findings",
    plots="societies.analysis.questionnaires.figures:draw",
)
