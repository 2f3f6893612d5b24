"""The donor game with cultural evolution (Vallinder & Hughes 2024, arXiv 2412.10270)."""

from societies.kit import Scenario

SCENARIO = Scenario.here(
    "Indirect reciprocity under cultural evolution: agents give, and are seen giving",
    headings={"g": "generation", "game": "game", "r": "round", "strategy": "strategies"},
    supports=("add", "remove"),
)
