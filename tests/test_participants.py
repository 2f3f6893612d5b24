"""What takes part in a run is told of it in program order, whatever comes in first."""

from collections.abc import Hashable, Sequence

from societies.agents.agent import LLMAgent
from societies.loading.load import load
from societies.scheduler import Interaction, Row
from societies.society import Society, load_society
from societies.stage import Participant
from tests.conftest import SMALL


class Follower(Participant):
    """Notes all that it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.begun: list[str] = []
        self.rows: list[str] = []

    def joined(self, agent: LLMAgent) -> None:
        self.told.append(f"{agent.name} joined")

    def scheduling(self, scope: str, agents: Sequence[Hashable]) -> Sequence[Hashable]:
        self.told.append(f"{scope} is scheduled")
        return ()

    def beginning(self, interaction: Interaction) -> None:
        self.begun.append(interaction.scope)

    def retired(self, row: Row) -> None:
        self.rows.append(row.record.table)

    def stepped(self, step: int) -> None:
        self.told.append(f"step {step}")

    def left(self, agents: Sequence[LLMAgent]) -> None:
        self.told += [f"{agent.name} left" for agent in agents]

    def ended(self) -> None:
        self.told.append("the end")


def followed(latency: float) -> tuple[Society, Follower]:
    """Play a small donor game, in which replies take a while, and follow it."""
    sets = {**SMALL, "protocol.rounds": 2, "population.groups": []}
    config, scenario = load(
        "donor_game/demo", {**sets, "model.options": {"latency": latency, "latency_sigma": 1.0}}
    )
    society, follower = load_society(scenario)(config), Follower()
    society.participants.add(follower)
    society.run()
    return society, follower


def test_a_participant_is_told_in_program_order() -> None:
    society, at_once = followed(latency=0.0)
    _, slowly = followed(latency=0.002)
    assert at_once.told == slowly.told
    assert at_once.told[:6] == [
        *("1_1 joined", "1_2 joined", "1_3 joined", "1_4 joined"),
        *("g1/strategy/1_1 is scheduled", "g1/strategy/1_2 is scheduled"),
    ]
    assert at_once.told[8] == "step 1"
    assert at_once.told[-1] == "the end"
    assert sum(line.endswith(" left") for line in at_once.told) == 6
    assert sorted(at_once.begun) == sorted(slowly.begun)
    assert at_once.rows == slowly.rows
    assert len(at_once.rows) == society.log.rows
