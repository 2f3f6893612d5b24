"""Servers that drip, flood, vanish or cancel: bounded by time and size, and nothing is lost."""

import asyncio
import time
from random import Random

import pytest

import societies
from societies.agents.errors import ModelError, PassingModelError
from societies.agents.models.base import Completion, ModelSpec
from societies.agents.models.hosted import HostedModel
from societies.calls.patience import Patience
from societies.config.limits import Limits
from societies.society import load_society
from tests.openai_server import Reply, serve
from tests.test_hosted_models import play, pytestmark  # noqa: F401 - LiteLLM's warnings
from tests.test_odd_replies import asking


def test_a_dripping_server_holds_no_call_for_longer_than_the_time_out(tmp_path):
    def answer(body, number):
        return Reply(fault="drip") if number == 0 else play(body, number)

    with serve(answer) as server:
        sets = asking(server.address, **{"limits.timeout": 0.5})
        began = time.monotonic()
        run = societies.run("donor_game/demo", out=tmp_path, sets=sets)
        assert time.monotonic() - began < 30
    assert (run.about["totals"]["calls"], len(server.requests)) == (4, 5)


def test_a_time_out_says_that_it_may_have_cost_something(tmp_path):
    with serve(lambda *_: Reply(fault="drip")) as server:
        sets = asking(server.address, **{"limits.timeout": 0.2, "limits.retries": 0})
        with pytest.raises(ModelError, match=r"within 0.2 seconds .*may have to be paid for"):
            societies.run("donor_game/demo", out=tmp_path, sets=sets)


def test_a_flood_is_not_read_into_memory(tmp_path):
    with serve(lambda *_: Reply(fault="flood")) as server:
        sets = asking(server.address, **{"limits.retries": 0, "limits.in_flight": 1})
        with pytest.raises(ModelError, match="longer than 64 MiB"):
            societies.run("donor_game/demo", out=tmp_path, sets=sets)
    assert server.sent < 200 * 2**20


def test_the_time_out_is_generous_by_default():
    assert Limits().timeout == 600


def lost() -> PassingModelError:
    return PassingModelError("connection refused", unreachable=True)


def test_an_outage_of_a_server_that_answered_is_waited_for_by_time():
    patience = Patience(Limits(retries=1, backoff=0.001, max_outage_seconds=0.05), Random(1))
    waited: list[float] = []
    began = time.monotonic()

    def wait_for_ever() -> None:
        while True:
            waited.append(patience.pause(lost(), known=True))
            time.sleep(waited[-1])

    with pytest.raises(ModelError, match="no connection for"):
        wait_for_ever()
    assert len(waited) > 2
    assert time.monotonic() - began >= 0.05


def test_a_wrong_address_fails_after_a_few_attempts():
    patience = Patience(Limits(retries=5, backoff=0.001), Random(1))
    waits = [patience.pause(lost(), known=False) for _ in range(2)]
    assert sum(waits) < 0.01
    with pytest.raises(ModelError, match="after 3 attempts"):
        patience.pause(lost(), known=False)


def test_resets_in_a_run_are_an_outage_and_cost_no_retry(tmp_path):
    """The first call is answered, then eight connections are reset, more than may be retried."""

    def answer(body, number):
        return Reply(fault="reset") if 1 <= number <= 8 else play(body, number)

    with serve(answer) as server:
        sets = asking(server.address, **{"limits.in_flight": 1, "limits.backoff": 0.001})
        run = societies.run("donor_game/demo", out=tmp_path, sets=sets)
    assert run.about["totals"]["calls"] == 4
    assert len(server.requests) >= 12


def test_a_retry_after_of_zero_does_not_burn_the_attempts():
    patience = Patience(Limits(retries=5, backoff=1.0), Random(1))
    refused = PassingModelError("429", overload=True, retry_after=0.0)
    waits = [patience.pause(refused, known=True) for _ in range(5)]
    assert all(wait >= 0.5 * 2**number for number, wait in enumerate(waits))


class CancelsItself:
    """A model whose library cancels its own work."""

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec

    async def complete(self, request, key):
        raise asyncio.CancelledError


def test_a_cancellation_out_of_a_library_ends_the_run_and_does_not_hang_it():
    config, scenario = societies.load("donor_game/demo", {"limits.retries": 0})
    society = load_society(scenario)(config, open_model=CancelsItself)
    with pytest.raises(ModelError, match="was cancelled by the model's library"):
        society.run()


def test_the_models_time_out_is_its_own():
    spec = ModelSpec(name="openai/m", api_base="http://127.0.0.1:9/v1", timeout=3.0)
    assert HostedModel(spec, 600.0)._timeout == 3.0
    assert Completion(text="x").finish_reason == "stop"
