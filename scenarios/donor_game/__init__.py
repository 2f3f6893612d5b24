"""The donor game with cultural evolution (Vallinder & Hughes 2024, arXiv 2412.10270)."""

from pathlib import Path

from societies.scenario import Scenario
from societies.scenarios.donor_game.minds import MINDS
from societies.scenarios.donor_game.protocol import (
    DonorProtocol,
    check,
    people,
)

SCENARIO = Scenario(
    name="donor_game",
    title="Indirect reciprocity under cultural evolution: agents give, and are seen giving",
    folder=Path(__file__).parent,
    society="societies.scenarios.donor_game.society:DonorGame",
    protocol=DonorProtocol,
    minds=MINDS,
    check=check,
    people=people,
    supports=("add", "remove"),
    conserved="societies.scenarios.donor_game.conserved:violations",
    summary="societies.scenarios.donor_game.measures:summary",
    plots="societies.scenarios.donor_game.figures:draw",
)
