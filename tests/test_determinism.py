"""The same configuration, seed and completions give the same record, however it is driven."""

import asyncio

import pytest

import societies
from societies.errors import RunFailedError
from societies.loading.load import load
from societies.record.log import logical
from societies.society import load_society
from tests.conftest import SMALL, assert_same_record, record


@pytest.mark.parametrize("in_flight", [1, 8, 64])
def test_the_record_does_not_depend_on_concurrency_or_latency(run_small, in_flight):
    undisturbed = run_small()
    hurried = run_small(**{"limits.in_flight": in_flight})
    assert_same_record(record(undisturbed), record(hurried))


def test_random_latencies_change_the_order_of_replies_but_not_the_record(tmp_path):
    """The model's options are part of what is asked, so hashes and labels are left out."""
    mixed = {**SMALL, "population.size": 12, "protocol.rounds": 12, "protocol.survivors": 6}
    runs = []
    for position, (in_flight, latency) in enumerate(
        [(64, 0.0), (1, 0.0005), (8, 0.002), (64, 0.004)]
    ):
        minds = {
            f"population.groups.{group}.model": {
                "name": f"scripted/{mind}",
                "options": {"latency": latency, "latency_sigma": 1.5},
            }
            for group, mind in enumerate(["persona", "image_scorer", "discriminator", "random"])
        }
        runs.append(
            societies.run(
                "donor_game/demo",
                out=tmp_path / str(position),
                sets={**mixed, **minds, "limits.in_flight": in_flight},
            )
        )
    first = _without_hashes(record(runs[0]))
    for run in runs[1:]:
        assert_same_record(first, _without_hashes(record(run)))
    order = [line.split('"', 4)[3] for line in _calls(runs[3])]
    assert order != [line.split('"', 4)[3] for line in _calls(runs[0])]
    assert sorted(order) == sorted(line.split('"', 4)[3] for line in _calls(runs[0]))


def _without_hashes(tables):
    return {name: table.drop("request", "label", strict=False) for name, table in tables.items()}


def _calls(run):
    lines = (run.path / "journal.ndjson").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith('{"call"')]


def test_stepping_by_hand_gives_the_record_of_a_run():
    config, scenario = load("donor_game/demo", SMALL)
    at_once, by_hand = load_society(scenario)(config), load_society(scenario)(config)
    at_once.run()
    while by_hand.running:
        by_hand.step()
    assert at_once.steps == by_hand.steps == 2 * (1 + 2 * 4) + 1
    for table in ("agents", "calls", "answers", "messages", "donations", "scores", "steps"):
        one, other = (logical(s.log.table(table)).collect() for s in (at_once, by_hand))
        assert one.height > 0
        assert one.equals(other, null_equal=True), table


def test_a_step_settles():
    config, scenario = load("donor_game/demo", SMALL)
    society = load_society(scenario)(config)
    society.step()
    assert society.log.table("strategies").collect().height == 4
    society.step()
    assert society.log.table("donations").collect().height == 2


def test_runs_and_steps_inside_a_running_event_loop(tmp_path):
    """As in a notebook, whose cells run on a loop of their own."""

    async def cell() -> int:
        run = societies.run("donor_game/demo", out=tmp_path, sets=SMALL)
        config, scenario = load("donor_game/demo", SMALL)
        society = load_society(scenario)(config)
        society.step()
        assert society.steps == 1
        return run.table("donations").collect().height

    assert asyncio.run(cell()) == 32


def test_a_run_inside_an_interaction_is_refused():
    config, scenario = load("donor_game/demo", SMALL)

    class Nested(load_society(scenario)):
        async def donate(self, *_):
            self.run()

    with pytest.raises(RunFailedError, match="cannot be called from inside an interaction"):
        Nested(config).run()


def test_seeds_decide(run_small):
    one, same, other = run_small(seed=5), run_small(seed=5), run_small(seed=6)
    assert_same_record(record(one), record(same))
    amounts = [run.table("donations").collect()["amount"].to_list() for run in (one, other)]
    assert amounts[0] != amounts[1]
