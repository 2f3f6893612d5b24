"""Debate: equals who vote (Du et al. 2023), sides before a judge (Liang et al. 2023), baselines."""

from societies.kit import Scenario

SCENARIO = Scenario.here(
    "Debate over questions: among equals with a vote, before a judge, and its baselines",
    headings={"q": "question", "r": "round", "s": "sample"},
)
