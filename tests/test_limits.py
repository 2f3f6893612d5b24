"""Limits: runs pause when they are reached, models are not overrun, nothing paid for is lost."""

import asyncio
import re
import threading
import time
from pathlib import Path

import pytest

import societies
from societies.agents.errors import ModelError
from societies.calls.throttle import FIRST_LIMIT, Rate, Throttle, attach_shared, detach_shared
from societies.config.limits import Limits
from societies.errors import InputError, JournalError, RunInterruptedError
from societies.execute.estimate import estimate
from societies.record.journal import Journal
from societies.runs.run import Run
from tests.conftest import SMALL, assert_same_record, record
from tests.openai_server import Reply, serve
from tests.test_hosted_models import hosted, play, pytestmark  # noqa: F401 - LiteLLM's warnings


def paused(tmp_path: Path, **sets) -> Run:
    """Run until a limit pauses it."""
    with pytest.raises(RunInterruptedError, match="is reached") as caught:
        societies.run("donor_game/demo", out=tmp_path / "paused", sets={**SMALL, **sets})
    return Run(caught.value.run)


@pytest.mark.parametrize(
    ("limit", "value", "raised"),
    [("max_calls", 17, 1000), ("max_tokens_total", 8000, 10**9)],
)
def test_a_limit_pauses_the_run_which_goes_on_with_a_raised_one(
    tmp_path, run_small, limit, value, raised
):
    whole = run_small()
    run = paused(tmp_path, **{f"limits.{limit}": value})
    about = run.about
    assert about["status"] == "interrupted"
    assert about["limit_reached"]["name"] == limit
    assert about["limit_reached"]["used"] >= value
    with pytest.raises(RunInterruptedError, match=rf"limits\.{limit} is reached"):
        societies.resume(run.path)
    assert run.about["totals"]["calls"] == about["totals"]["calls"]
    resumed = societies.resume(run.path, sets={f"limits.{limit}": raised})
    assert_same_record(record(whole), record(resumed))


def test_max_calls_is_exact(tmp_path):
    run = paused(tmp_path, **{"limits.max_calls": 17, "limits.in_flight": 8})
    assert run.about["totals"]["calls"] == 17


def test_max_seconds_stops_what_waits(tmp_path):
    slow = {"population.groups": [], "model.options": {"latency": 2.0}}
    began = time.monotonic()
    run = paused(tmp_path, **slow, **{"limits.max_seconds": 0.3})
    assert 2.0 < time.monotonic() - began < 4.0, "what is in flight is finished"
    assert run.about["totals"]["calls"] == 4
    assert run.about["limit_reached"]["name"] == "max_seconds"


def test_the_cost_limit_is_overshot_by_no_more_than_the_calls_in_flight(tmp_path):
    with serve(play) as server:
        priced = hosted(server.address)
        priced["model"]["name"] = "openai/gpt-4o-mini"
        run = paused(tmp_path, **priced, **{"limits.max_cost_usd": 0.002, "limits.in_flight": 4})
        cost = run.table("calls").collect()["cost"]
        spent = run.about["totals"]["cost"]
        assert 0.002 <= spent <= 0.002 + 4 * cost.max()
        asked = len(server.requests)
        assert run.about["totals"]["calls"] == asked
        resumed = societies.resume(run.path, sets={"limits.max_cost_usd": 1.0})
        assert len(server.requests) == resumed.about["totals"]["calls"] == 38


def test_a_cost_limit_needs_a_price(tmp_path):
    sets = {**SMALL, **hosted("http://127.0.0.1:9/v1"), "limits.max_cost_usd": 1.0}
    with pytest.raises(InputError, match="has no known price"):
        societies.run("donor_game/demo", out=tmp_path / "runs", sets=sets)
    assert not (tmp_path / "runs").exists()


def test_resume_refuses_what_would_change_the_run(tmp_path):
    run = paused(tmp_path, **{"limits.max_calls": 5})
    before = (run.path / "scenario.yaml").read_text("utf-8")
    for key in ("protocol.rounds", "model.options.timeout", "model.options.api_base"):
        with pytest.raises(InputError, match=rf"--set {re.escape(key)}: a resumed run"):
            societies.resume(run.path, sets={key: 3})
    with (
        Journal(run.path / "journal.ndjson"),
        pytest.raises(JournalError, match="another process"),
    ):
        societies.resume(run.path, sets={"limits.max_calls": 50})
    assert (run.path / "scenario.yaml").read_text("utf-8") == before


def test_requests_per_minute_are_spaced(tmp_path):
    moments: list[float] = []

    def timed(body, number):
        moments.append(time.monotonic())
        return play(body, number)

    with serve(timed) as server:
        sets = {**SMALL, **hosted(server.address), "protocol.generations": 1}
        societies.run(
            "donor_game/demo", out=tmp_path, sets={**sets, "limits.requests_per_minute": 600}
        )
    assert len(moments) == 20
    for start in range(len(moments) - 12):
        assert moments[start + 12] - moments[start] > 0.1 * (12 - 11)


def test_a_rate_allows_a_second_of_burst_and_then_its_pace():
    rate = Rate()
    assert rate.reserve(10**9, now=0.0) == 0.0
    rate.per_minute = 60
    waits = [rate.reserve(1, now=100.0) for _ in range(4)]
    assert waits == [0.0, 0.0, 1.0, 2.0]
    rate.correct(-1)
    assert rate.reserve(1, now=100.0) == 2.0


def test_the_limit_in_flight_grows_halves_and_stays_below_what_was_too_much():
    throttle = Throttle(adaptive=True)
    throttle.attach(throttle, Limits(in_flight=500))
    assert throttle.limit == FIRST_LIMIT

    async def course() -> None:
        while throttle.limit < 200:
            throttle.busy = int(throttle.limit)
            throttle.succeeded(1.0)
        sent = time.monotonic()
        throttle.overloaded(sent)
        assert throttle.limit == 100
        throttle.overloaded(sent - 1)
        assert throttle.limit == 100, "requests sent before the halving count once"
        for _ in range(90):
            throttle.busy = int(throttle.limit)
            throttle.succeeded(1.0)
        assert throttle.limit == 190
        for _ in range(190):
            throttle.busy = int(throttle.limit)
            throttle.succeeded(1.0)
        assert 190.9 < throttle.limit < 191.1

    asyncio.run(course())
    assert [change.reason for change in throttle.course].count("overload") == 1


def test_a_wave_of_refusals_tells_how_much_was_too_much():
    throttle = Throttle(adaptive=True)
    throttle.attach(throttle, Limits(in_flight=500))
    while throttle.limit < 260:
        throttle.busy = int(throttle.limit)
        throttle.succeeded(1.0)
    sent = time.monotonic()
    for _ in range(61):
        throttle.overloaded(sent)
    assert throttle.limit == 130
    for _ in range(400):
        throttle.busy = int(throttle.limit)
        throttle.succeeded(1.0)
    assert 190 <= throttle.limit < 193, "it stays just below the 200 that were borne"


def test_places_that_come_free_together_are_not_taken_together():
    throttle = Throttle(adaptive=True)
    throttle.attach(throttle, Limits(in_flight=8))
    throttle.succeeded(0.4)

    async def course() -> list[int]:
        for _ in range(8):
            assert throttle.enter_at_once()
        waiting = [asyncio.create_task(throttle.enter()) for _ in range(10)]
        await asyncio.sleep(0)
        for _ in range(8):
            throttle.leave()
        sent = [throttle.busy]
        throttle.leave(unused=True)
        sent.append(throttle.busy)
        await asyncio.gather(*waiting[:8])
        for _ in range(2):
            throttle.leave()
        await asyncio.gather(*waiting)
        return sent

    assert asyncio.run(course()) == [2, 3], "two go at once; one unused place lets two others go"
    assert throttle.busy == 7


def test_an_idle_limit_does_not_grow():
    throttle = Throttle(adaptive=True)
    throttle.attach(throttle, Limits(in_flight=500))
    throttle.succeeded(1.0)
    assert throttle.limit == FIRST_LIMIT


def test_runs_of_one_process_share_a_models_throttle():
    one, other = object(), object()
    throttle = attach_shared("openai/shared", None, one, Limits(in_flight=50))
    assert attach_shared("openai/shared", None, other, Limits(in_flight=7)) is throttle
    assert throttle.ceiling == 7
    detach_shared(other)
    assert throttle.ceiling == 50
    detach_shared(one)
    fresh = attach_shared("openai/shared", None, one, Limits())
    assert fresh is not throttle
    detach_shared(one)


def test_two_runs_at_once_share_the_limit_of_a_model(tmp_path):
    errors: list[Exception] = []

    with serve(play, delay=0.02) as server:

        def run(name: str) -> None:
            try:
                sets = {**SMALL, **hosted(server.address), "limits.in_flight": 2}
                sets["population.size"], sets["protocol.survivors"] = 8, 4
                societies.run("donor_game/demo", out=tmp_path / name, sets=sets)
            except Exception as error:  # noqa: BLE001 - shown by the assertion below
                errors.append(error)

        threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not errors
    assert server.most_at_once == 2


def test_overload_is_met_by_fewer_requests_and_told_in_the_run(tmp_path):
    with serve(play, delay=0.03, capacity=4) as server:
        sets = {**SMALL, **hosted(server.address), "population.size": 40, "protocol.survivors": 20}
        run = societies.run("donor_game/demo", out=tmp_path, sets={**sets, "limits.retries": 20})
    assert run.about["totals"]["calls"] == 60 + 2 * 2 * 4 * 20
    course = run.about["in_flight"]["openai/local-model"]
    assert {"answers come", "overload"} <= {change["reason"] for change in course["latest"]}
    assert len(course["latest"]) <= 50 <= course["changes"]
    logged = run.table("calls").collect()["wall_in_flight"]
    assert course["lowest"] <= logged.min() < FIRST_LIMIT
    assert logged.max() <= course["highest"]
    rejected = sum(reply.status == 429 for reply in server.replies)
    assert rejected > 0
    assert len(server.requests) - rejected == run.about["totals"]["calls"]


def test_an_empty_reply_that_is_paid_for_is_asked_again(tmp_path):
    def sometimes_empty(body, number):
        return Reply("  ") if number % 6 == 3 else play(body, number)

    with serve(sometimes_empty) as server:
        sets = {**SMALL, **hosted(server.address), "protocol.generations": 1, "protocol.rounds": 2}
        run = societies.run("donor_game/demo", out=tmp_path, sets=sets)
    outcomes = run.table("answers").collect()["outcome"].to_list()
    assert len(outcomes) == 12
    assert outcomes.count("repaired") == len(server.requests) - 12 > 0


def test_after_a_failure_that_cannot_pass_nothing_more_is_sent(tmp_path):
    def refuse(body, number):
        return Reply("no such key", status=401)

    with serve(refuse) as server:
        sets = {**SMALL, **hosted(server.address), "limits.in_flight": 1}
        with pytest.raises(ModelError, match="would not help") as failed:
            societies.run("donor_game/demo", out=tmp_path, sets=sets)
    assert len(server.requests) == 1
    assert Run(failed.value.run).status == "failed"


def test_time_is_counted_from_the_first_call_that_is_not_in_the_journal(tmp_path):
    """A finished run has its log written anew in however little time it is given."""
    run = societies.run("donor_game/demo", out=tmp_path, sets=SMALL)
    settings = (run.path / "scenario.yaml").read_text("utf-8")
    limited = settings.replace("max_seconds: null", "max_seconds: 0.001")
    assert limited != settings
    (run.path / "scenario.yaml").write_text(limited, "utf-8")
    (run.path / "log").rename(tmp_path / "gone")
    assert societies.resume(run.path).status == "finished"
    societies.replay(run.path)


def test_a_forks_limits_count_its_own_calls_alone(tmp_path):
    """The limit is of four calls, and the past that it takes over has far more."""
    parent = societies.run("donor_game/demo", out=tmp_path, sets=SMALL)
    sets = {"limits.max_calls": 4, "protocol.multiplier": 3}
    with pytest.raises(RunInterruptedError, match="max_calls is reached: 4 of 4") as caught:
        societies.fork(parent.path, at="g2", sets=sets, out=tmp_path)
    fork = Run(caught.value.run)
    inherited = fork.about["parent"]["calls"]
    assert inherited > 4
    assert fork.about["totals"]["calls"] == inherited + 4
    resumed = {"limits.max_calls": 9}
    with pytest.raises(RunInterruptedError, match="max_calls is reached: 9 of 9"):
        societies.resume(fork.path, sets=resumed)


def test_an_estimate_leaves_the_throttle_of_the_real_model_alone():
    config, scenario = societies.load("donor_game/hosted")
    real = attach_shared(config.model.name, config.model.api_base, "a live run", config.limits)
    try:
        before = (real.limit, real.changes)
        estimate(config, scenario)
        assert (real.limit, real.changes) == before
    finally:
        detach_shared("a live run")


def test_a_runs_record_of_its_throttle_does_not_grow(tmp_path):
    throttle = Throttle(adaptive=True)
    throttle.attach(throttle, Limits(in_flight=500))
    for number in range(5000):
        throttle.attach(number, Limits(in_flight=500))
    assert len(throttle.course) <= 1000 < throttle.changes
