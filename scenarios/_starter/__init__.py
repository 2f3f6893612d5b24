"""The linear public goods game, repeated (Isaac & Walker 1988)."""

from societies.kit import Scenario

SCENARIO = Scenario.here(
    "Everybody may give to a pot that is multiplied and shared out", headings={"r": "round"}
)
