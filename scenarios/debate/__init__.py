"""Debate: equals who vote (Du et al. 2023), sides before a judge (Liang et al. 2023), baselines."""

from pathlib import Path

from societies.scenario import Scenario
from societies.scenarios.debate.minds import MINDS
from societies.scenarios.debate.protocol import ROLES, DebateProtocol, check

SCENARIO = Scenario(
    name="debate",
    title="Debate over questions: among equals with a vote, before a judge, and its baselines",
    folder=Path(__file__).parent,
    society="societies.scenarios.debate.society:Debate",
    protocol=DebateProtocol,
    minds=MINDS,
    roles=ROLES,
    check=check,
    summary="societies.scenarios.debate.measures:summary",
    plots="societies.scenarios.debate.figures:draw",
)
