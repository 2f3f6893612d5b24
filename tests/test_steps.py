"""Steps: every row carries the step that it belongs to, and every step is in table `steps`."""

import polars as pl
import pytest

import societies
from societies.agents.answers.answer import Text
from societies.loading.load import load
from societies.record.journal import Journal
from societies.record.types import MessageRecord
from societies.society import load_society
from tests.conftest import SMALL

PER_GENERATION = 1 + 2 * 4
"""Steps of a generation of `SMALL`: the strategies, and four rounds of each game."""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return societies.run("donor_game/demo", out=tmp_path_factory.mktemp("steps"), sets=SMALL)


def test_what_is_recorded_after_settling_belongs_to_the_step_that_was_settled(small):
    scores = small.table("scores").collect()
    by_generation = dict(scores.group_by("generation").agg(pl.col("step").unique()).iter_rows())
    assert by_generation == {1: [PER_GENERATION], 2: [2 * PER_GENERATION]}


def test_newcomers_join_in_the_step_in_which_they_devise_their_strategy(small):
    joined = small.table("agents").select("agent", joined="step")
    devised = small.table("strategies").select("agent", devised="step")
    both = joined.join(devised, on="agent", maintain_order="left").collect()
    assert both["joined"].to_list() == both["devised"].to_list() == [1] * 4 + [10] * 2


@pytest.mark.parametrize(
    ("given", "sets"),
    [
        ("donor_game/demo", {**SMALL, "probes": [{"ask": ["How are you?"], "after": True}]}),
        ("interview/who_am_i", {}),
        ("debate/demo", {"protocol.task.count": 2}),
        ("negotiation/demo", {"protocol.games": 2}),
    ],
)
def test_every_step_of_a_row_is_in_the_table_of_steps(tmp_path, given, sets):
    run = societies.run(given, out=tmp_path, sets=sets)
    steps = set(run.table("steps").collect()["step"])
    for table in run.tables:
        assert set(run.table(table).collect()["step"]) <= steps, table


def test_what_play_does_behind_its_last_yield_is_a_step_if_it_does_anything():
    config, scenario = load("donor_game/demo", SMALL)

    class Late(load_society(scenario)):
        async def play(self):
            agent = self.enroll("ann")
            self.schedule(self.greet(agent), agents=[agent], scope="first")
            yield
            await self.settle()
            self.record(MessageRecord(receivers=[], channel="settled", text=""))
            self.schedule(self.greet(agent), agents=[agent], scope="last")

        async def greet(self, agent):
            await agent.ask("strategy", Text, fallback=Text(text=""), advice=[], generation=1)

    society = Late(config)
    society.run()
    steps = society.log.table("steps").collect()
    assert steps.select("step", "interactions").rows() == [(1, 1), (2, 1)]
    assert society.log.table("messages").collect()["step"].to_list() == [1]
    calls = society.log.table("calls").collect()
    assert calls.select("scope", "step").rows() == [("first", 1), ("last", 2)]


def test_after_every_step_the_journal_on_disk_holds_every_call(tmp_path):
    """The lines of scripted minds wait for one another, and for nothing longer."""
    path = tmp_path / "journal.ndjson"
    config, scenario = load("donor_game/demo", SMALL)
    with Journal(path) as journal:
        society = load_society(scenario)(config, journal=journal)
        for _ in range(2):
            society.step()
            with Journal(path, writable=False) as on_disk:
                assert list(on_disk.keys()) == list(journal.keys())
        assert journal.size > 0
