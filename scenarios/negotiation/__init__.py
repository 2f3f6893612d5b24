"""Negotiation: Deal or No Deal self-play (Liao, Tomlin & Klein 2024, arXiv 2406.18872)."""

from societies.kit import Scenario

SCENARIO = Scenario.here(
    "Deal or No Deal: two players talk, then propose in private how to share things out",
    headings={"game": "game"},
    roles=("red", "blue", "judge"),
)
