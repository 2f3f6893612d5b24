"""Negotiation: Deal or No Deal self-play (Liao, Tomlin & Klein 2024, arXiv 2406.18872)."""

from pathlib import Path

from societies.scenario import Scenario
from societies.scenarios.negotiation.minds import MINDS
from societies.scenarios.negotiation.protocol import NegotiationProtocol, check

SCENARIO = Scenario(
    name="negotiation",
    title="Deal or No Deal: two players talk, then propose in private how to share things out",
    folder=Path(__file__).parent,
    society="societies.scenarios.negotiation.society:Negotiation",
    protocol=NegotiationProtocol,
    minds=MINDS,
    roles=("red", "blue", "judge"),
    check=check,
    conserved="societies.scenarios.negotiation.conserved:violations",
    summary="societies.scenarios.negotiation.measures:summary",
    plots="societies.scenarios.negotiation.figures:draw",
)
