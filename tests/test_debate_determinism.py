"""Debate: the same record at any concurrency, by steps, after a stop, and with probes."""

import json
import time

import polars as pl
import pytest

import societies
from societies.loading.load import load
from societies.record.log import logical
from societies.society import load_society
from tests.debate_runs import KINDS, play, settings


def tables(run):
    return {name: logical(run.table(name)).drop("run").collect() for name in run.tables}


@pytest.mark.parametrize("kind", KINDS)
def test_the_record_is_the_same_whatever_the_concurrency(tmp_path, kind):
    records = []
    for in_flight in (1, 8, 64):
        solver = {"latency": 0.001, "latency_sigma": 1.0, "malformed": 0.1}
        given = settings(kind, count=8, solver=solver, ties="random")
        given["limits"] = {"in_flight": in_flight}
        records.append(tables(play(given, tmp_path / str(in_flight))))
    for name, frame in records[0].items():
        assert frame.equals(records[1][name])
        assert frame.equals(records[2][name])


@pytest.mark.parametrize("kind", KINDS)
def test_stepping_gives_the_same_record_as_running(kind):
    config, scenario = load(settings(kind, ties="random"))
    ran, stepped = load_society(scenario)(config), load_society(scenario)(config)
    ran.run()
    while stepped.running:
        stepped.step()
    for record in ran.records:
        first = logical(ran.log.table(record.table)).collect()
        assert first.equals(logical(stepped.log.table(record.table)).collect())
        assert first.height or record.table == "verdicts"


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_is_replayed_exactly(tmp_path, kind):
    run = play(settings(kind, solver={"malformed": 0.1}, summaries_from=3), tmp_path)
    assert societies.replay(run.path).status == "finished"


@pytest.mark.parametrize(("kind", "size"), [("symmetric", 20), ("majority", 20)])
def test_the_turns_of_a_round_do_not_wait_for_each_other(tmp_path, kind, size):
    rounds = 2 if kind == "symmetric" else 1
    given = settings(kind, size=size, count=1, solver={"latency": 0.2}, summaries_from=None)
    began = time.monotonic()
    run = play(given, tmp_path)
    assert run.about["totals"]["calls"] == rounds * size
    assert time.monotonic() - began < 0.5 * rounds * size * 0.2


@pytest.mark.parametrize("kind", ["symmetric", "judged", "self_consistency"])
def test_a_run_goes_on_from_half_a_journal(tmp_path, kind):
    run = play(settings(kind, solver={"malformed": 0.1}, ties="random"), tmp_path)
    before, about = tables(run), run.about
    journal = run.path / "journal.ndjson"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[: len(lines) // 2]))
    (run.path / "run.json").write_text(json.dumps({**about, "status": "interrupted"}))
    after = tables(societies.resume(run.path))
    assert run.about["totals"]["calls"] == about["totals"]["calls"]
    assert 0 < run.about["totals"]["journalled"] < about["totals"]["calls"]
    for name, frame in before.items():
        assert frame.equals(after[name])


def test_the_same_few_agents_answer_all_questions(tmp_path):
    run = play(settings("judged", count=10), tmp_path)
    agents = run.table("agents").collect()
    assert agents["agent"].to_list() == ["affirmative", "negative", "judge"]
    assert agents["role"].to_list() == ["affirmative", "negative", "judge"]


@pytest.mark.parametrize("kind", ["symmetric", "judged"])
def test_a_thousand_debates_take_less_than_a_minute(tmp_path, kind):
    began = time.process_time()
    run = play(settings(kind, count=1000), tmp_path)
    assert time.process_time() - began < 60
    assert run.table("results").collect().height == 1000


@pytest.mark.parametrize("kind", ["symmetric", "judged"])
def test_probes_ask_the_debaters_and_change_nothing(tmp_path, kind):
    plain = settings(kind, count=4)
    probed = {**plain, "probes": [{"instrument": "mini_markers", "before": True, "after": True}]}
    first, second = play(plain, tmp_path / "plain"), play(probed, tmp_path / "probed")
    for name in ("messages", "statements", "verdicts", "results"):
        one, other = (run.table(name).drop("run", "seq").collect() for run in (first, second))
        assert one.equals(other)
    asked = second.table("responses").group_by("agent", "moment").len().collect()
    debaters = set(second.table("agents").filter(pl.col("person") >= 0).collect()["agent"])
    assert set(asked["agent"]) == debaters
    assert asked.height == 2 * len(debaters)
