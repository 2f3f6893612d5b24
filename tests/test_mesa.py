"""A society is a Mesa model: others may live in it, and whoever steps it may remove them."""

import mesa
import pytest

from societies.agents import LLMAgent, Text
from societies.agents.models.base import Completion
from societies.loading.load import load
from societies.society import Society
from tests.conftest import SMALL

PROBE = {
    "ask": ["How are you?"],
    "context": "fresh",
    "before": True,
    "after": True,
    "every": 1,
}
TEMPLATES = {"system": "{{ persona }}", "strategy": "Speak."}


class Fence(mesa.Agent):
    """What stands about and is asked nothing."""


class Days(Society):
    """Everybody who can speak does, every day, for three days."""

    async def play(self):
        for name in ("ann", "bob"):
            self.enroll(name)
        for day in range(1, 4):
            for agent in self.agents.select(agent_type=LLMAgent):
                self.schedule(self.speak(agent), agents=[agent], scope=f"d{day}/{agent.name}")
            yield

    async def speak(self, agent: LLMAgent) -> None:
        await agent.ask("strategy", Text)


@pytest.fixture
def days() -> Days:
    """A society that is probed before, after and every day, and not run yet."""
    config, _ = load("donor_game/demo", {**SMALL, "prompts": TEMPLATES, "probes": [PROBE]})

    class Yes:
        async def complete(self, request, key):
            return Completion("yes")

    return Days(config, open_model=lambda spec: Yes())


def asked(society: Days) -> list[tuple[str, str]]:
    """Return who was probed when, in program order."""
    rows = society.log.table("responses").collect()
    return list(rows.select("agent", "moment").iter_rows())


def test_probes_pass_over_agents_that_cannot_be_asked(days):
    Fence(days)
    days.run()
    steps = [f"step {number:05}" for number in (1, 2, 3)]
    assert asked(days) == [
        (name, moment) for moment in ("before", *steps, "after") for name in ("ann", "bob")
    ]


def test_an_agent_that_cannot_be_asked_leaves_without_a_word(days):
    fence = Fence(days)
    days.step()
    fence.remove()
    while days.running:
        days.step()
    assert fence not in days.agents
    assert len(asked(days)) == 10


def test_who_is_removed_between_steps_is_asked_and_stays_away(days):
    days.step()
    bob = next(agent for agent in days.agents.select(agent_type=LLMAgent) if agent.name == "bob")
    bob.remove()
    while days.running:
        days.step()
    assert [moment for name, moment in asked(days) if name == "bob"] == [
        "before",
        "step 00001",
        "after",
    ]
    spoken = days.log.table("calls").collect().filter(prompt="strategy")["scope"].to_list()
    assert spoken == ["d1/ann", "d1/bob", "d2/ann", "d3/ann"]


def test_who_joins_and_leaves_between_steps_is_asked_in_that_order(days):
    days.step()
    days.enroll("cem").remove()
    while days.running:
        days.step()
    assert [moment for name, moment in asked(days) if name == "cem"] == ["before", "after"]


def test_an_agent_is_removed_after_the_run(days):
    days.run()
    for agent in list(days.agents):
        agent.remove()
    assert len(days.agents) == 0
    assert len(asked(days)) == 10


def test_who_joins_between_steps_in_a_notebook_is_asked_at_the_next(days):
    """A cell runs on an event loop of its own, where nothing of ours can be started."""
    import asyncio

    async def cell() -> None:
        days.step()
        days.enroll("cem")
        while days.running:
            days.step()

    asyncio.run(cell())
    moments = [moment for name, moment in asked(days) if name == "cem"]
    assert moments == ["before", "step 00002", "step 00003", "after"]


@pytest.mark.parametrize("by_hand", [True, False])
def test_time_passes_a_unit_a_step(days, by_hand):
    """Models have a time since Mesa 3.4, which its own step() moves on."""
    times = []
    if by_hand:
        while days.running:
            days.step()
            times.append(getattr(days, "time", float(days.steps)))
        assert times == [1.0, 2.0, 3.0, 4.0]
    else:
        days.run()
    assert getattr(days, "time", float(days.steps)) == days.steps == 4
