"""Servers that answer oddly: nothing is made up of it, and no limit is got round by it."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

import societies
from societies.agents.errors import ModelError
from societies.agents.models.base import ModelSpec
from societies.agents.models.hosted import prices, retry_after
from societies.errors import RunInterruptedError
from societies.runs.run import Run
from tests.openai_server import Reply, serve
from tests.test_hosted_models import play, pytestmark  # noqa: F401 - LiteLLM's warnings

FOUR_CALLS: dict[str, Any] = {
    "population.size": 2,
    "population.groups": [],
    "protocol.generations": 1,
    "protocol.rounds": 2,
    "protocol.games": 1,
    "protocol.survivors": 1,
    "limits.backoff": 0.01,
    "limits.retries": 2,
}


def asking(address: str, **more: Any) -> dict[str, Any]:
    """Return a game of four calls that asks a server."""
    return {**FOUR_CALLS, "model": {"name": "openai/gpt-4o-mini", "api_base": address}, **more}


def failed(tmp_path, sets: dict[str, Any], match: str) -> ModelError:
    """Run until the model's failure stops the run; return it."""
    with pytest.raises(ModelError, match=match) as caught:
        societies.run("donor_game/demo", out=tmp_path, sets=sets)
    return caught.value


@pytest.mark.parametrize(
    "odd",
    [
        Reply(instead={"choices": [], "usage": None}),
        Reply("busy with something else", status=409),
        Reply("too early", status=425),
        Reply(instead={"choices": [{"index": 0, "message": {"content": 42}}]}),
    ],
)
def test_what_is_no_completion_is_asked_again(tmp_path, odd):
    with serve(lambda body, number: odd if number == 0 else play(body, number)) as server:
        run = societies.run("donor_game/demo", out=tmp_path, sets=asking(server.address))
    assert (run.about["totals"]["calls"], len(server.requests)) == (4, 5)


def test_the_librarys_tracebacks_are_not_shown(tmp_path):
    junk = Reply(instead={"choices": [{"index": 0, "message": {"content": 42}}]})
    with serve(lambda *_: junk) as server:
        error = failed(tmp_path, asking(server.address), r"Invalid response object \(after 3")
    assert "Traceback" not in str(error) + (error.run / "run.json").read_text("utf-8")


@pytest.mark.parametrize(
    ("reason", "told"), [("length", "max_tokens may be too small"), ("content_filter", "withheld")]
)
def test_an_empty_reply_says_why_it_is_empty(tmp_path, reason, told):
    message = {"role": "assistant", "content": None}
    choices = [{"index": 0, "finish_reason": reason, "message": message}]
    with serve(lambda *_: Reply(instead={"choices": choices})) as server:
        run = societies.run("donor_game/demo", out=tmp_path, sets=asking(server.address))
    problems = run.table("answers").collect()["problem"]
    assert all(f"finish reason: {reason}; " in text and told in text for text in problems)


def test_billed_replies_that_lead_nowhere_are_journalled_and_the_fallback_decides(tmp_path):
    """Three kinds of paid nothing: the run ends, with every cent counted, and resumes for free."""
    nothing = [
        {"finish_reason": "stop", "message": {"role": "assistant", "content": ""}},
        {"finish_reason": "content_filter", "message": {"role": "assistant", "content": None}},
        {
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": None, "refusal": "I must not."},
        },
    ]

    def answer(body, number):
        choices = [{"index": 0, **nothing[number % 3]}]
        return Reply("", prompt_tokens=100, completion_tokens=10, instead={"choices": choices})

    with serve(answer) as server:
        sets = asking(server.address, **{"limits.in_flight": 1})
        run = societies.run("donor_game/demo", out=tmp_path, sets=sets)
        sent = len(server.requests)
        (run.path / "log").rename(tmp_path / "gone")
        again = societies.resume(run.path)
        assert len(server.requests) == sent
    assert set(run.table("answers").collect()["outcome"]) == {"defaulted"}
    assert run.about["totals"]["calls"] == sent >= 12
    assert run.about["totals"]["cost"] == pytest.approx(sent * (100 * 0.15e-6 + 10 * 0.60e-6))
    reasons = run.table("calls").collect()["finish_reason"]
    assert set(reasons) == {"stop", "content_filter", "refusal"}
    with again.journal() as journal:
        texts = {entry.completion.text for entry in journal.entries()}
    assert texts == {"", "I must not."}
    societies.replay(run.path)


def test_no_request_holds_an_empty_reply(tmp_path):
    with serve(lambda *_: Reply("")) as server:
        societies.run("donor_game/demo", out=tmp_path, sets=asking(server.address))
    contents = [m["content"] for request in server.requests for m in request["messages"]]
    assert all(text.strip() for text in contents)


def test_what_leads_nowhere_counts_against_the_budget(tmp_path):
    with serve(lambda *_: Reply("", prompt_tokens=10_000)) as server:
        sets = asking(server.address, **{"limits.max_cost_usd": 0.004, "limits.in_flight": 1})
        with pytest.raises(RunInterruptedError, match="max_cost_usd is reached"):
            societies.run("donor_game/demo", out=tmp_path, sets=sets)
    assert len(server.requests) == 3


def test_half_a_character_keeps_its_usage(tmp_path, capfd):
    def half(body, number):
        reply = play(body, number)
        message = {"role": "assistant", "content": f"\ud83d {reply.text}"}
        choices = [{"index": 0, "finish_reason": "stop", "message": message}]
        return Reply("", prompt_tokens=7, completion_tokens=3, instead={"choices": choices})

    with serve(half) as server:
        run = societies.run("donor_game/demo", out=tmp_path, sets=asking(server.address))
    calls = run.table("calls").collect()
    assert set(calls["prompt_tokens"]) == {7}
    assert calls["cost"].null_count() == 0
    assert "Traceback" not in "".join(capfd.readouterr())
    societies.replay(run.path)


@pytest.mark.parametrize("tokens", [-10, 10**30, None])
def test_tokens_that_are_no_count_are_not_counted(tmp_path, tokens):
    usage = {"prompt_tokens": tokens, "completion_tokens": tokens, "total_tokens": tokens}

    def uncounted(body, number):
        reply = play(body, number)
        reply.instead = {"usage": usage}
        return reply

    with serve(uncounted) as server:
        run = societies.run("donor_game/demo", out=tmp_path, sets=asking(server.address))
    totals = run.about["totals"]
    assert (totals["prompt_tokens"], totals["cost"], totals["unpriced"]) == (0, 0.0, 4)
    societies.replay(run.path)


@pytest.mark.parametrize("limit", ["max_tokens_total", "max_cost_usd"])
def test_a_limit_that_nobody_can_count_stops_the_run(tmp_path, limit):
    """Without usage a budget would never be reached, however much is spent."""

    def silent(body, number):
        reply = play(body, number)
        reply.instead = {"usage": None}
        return reply

    with serve(silent) as server:
        sets = asking(server.address, **{f"limits.{limit}": 1, "limits.in_flight": 1})
        error = failed(tmp_path, sets, rf"limits\.{limit} cannot be kept: .* does not say")
        assert len(server.requests) <= 2, "one that waited may be on its way already"
        run = societies.resume(error.run, sets={f"limits.{limit}": None})
        assert len(server.requests) == run.about["totals"]["calls"] == 4


def test_what_is_in_flight_when_a_limit_is_reached_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("societies.driving.GRACE_SECONDS", 0.1)

    def slow(body, number):
        reply = play(body, number)
        reply.delay = 0.5 if number else 0.0
        return reply

    with serve(slow) as server:
        sets = asking(server.address, **{"population.size": 8, "limits.in_flight": 3})
        with pytest.raises(RunInterruptedError, match="is reached") as caught:
            societies.run(
                "donor_game/demo", out=tmp_path, sets={**sets, "limits.max_tokens_total": 1}
            )
        asked = len(server.requests)
        assert asked > 1
        assert Run(caught.value.run).about["totals"]["calls"] == asked
        societies.resume(caught.value.run, sets={"limits.max_tokens_total": None})
        assert len(server.requests) == 8 + 8


def test_one_name_at_two_addresses_is_two_models(tmp_path, monkeypatch):
    monkeypatch.setenv("ONE_KEY", "key-of-one")
    monkeypatch.setenv("TWO_KEY", "key-of-two")
    with serve(play) as one, serve(play) as two:
        groups = [
            {"share": 1, "model": {"name": "openai/own", "api_base": at, "api_key_env": key}}
            for at, key in ((one.address, "ONE_KEY"), (two.address, "TWO_KEY"))
        ]
        sets = {**FOUR_CALLS, "population.groups": groups}
        run = societies.run("donor_game/demo", out=tmp_path, sets=sets)
        monkeypatch.delenv("ONE_KEY")
        with pytest.raises(societies.errors.InputError, match="ONE_KEY is not set"):
            societies.run("donor_game/demo", out=tmp_path, sets=sets)
    assert {request["authorization"] for request in one.requests} == {"Bearer key-of-one"}
    assert {request["authorization"] for request in two.requests} == {"Bearer key-of-two"}
    first, second = run.about["in_flight"]
    assert first == "openai/own"
    assert second in {f"openai/own at {server.address}" for server in (one, two)}


class RefusedError(Exception):
    """An error of LiteLLM with the headers of a response."""

    def __init__(self, asked: str) -> None:
        self.litellm_response_headers = {"retry-after": asked}


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("7", 7.0),
        (" 0.5 ", 0.5),
        ("-1", 0.0),
        ("1e9", 1e9),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
        ("\u00b2", None),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0.0),
    ],
)
def test_retry_after_is_read(asked, seconds):
    assert retry_after(RefusedError(asked)) == seconds


def test_retry_after_may_be_a_date():
    later = datetime.now(UTC) + timedelta(seconds=60)
    asked = retry_after(RefusedError(format_datetime(later, usegmt=True)))
    assert asked is not None
    assert 55 < asked <= 60


def test_a_server_that_asks_for_hours_stops_the_run(tmp_path):
    away = Reply("come back tomorrow", status=429, headers={"retry-after": "36000"})
    began = time.monotonic()
    with serve(lambda *_: away) as server:
        failed(tmp_path, asking(server.address), "left alone for 10.0 hours")
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("price", ["a", -1e-6, None, True])
def test_a_price_is_an_amount(price):
    options = {"input_cost_per_token": price, "output_cost_per_token": 1e-6}
    assert prices(ModelSpec(name="openai/no-such-model", options=options)) is None


def test_a_questionnaire_notes_a_refusal_that_the_provider_reports(tmp_path):
    message = {"role": "assistant", "content": None, "refusal": "I must not."}
    choices = [{"index": 0, "finish_reason": "stop", "message": message}]
    with serve(lambda *_: Reply("", instead={"choices": choices})) as server:
        sets = {"model": {"name": "openai/m", "api_base": server.address}, "population.size": 1}
        run = societies.run("interview/demo", out=tmp_path, sets={**sets, "population.groups": []})
    responses = run.table("responses").collect()
    assert responses["refused"].all()
    assert responses["value"].null_count() == responses.height > 0


def test_half_a_character_among_the_log_probabilities_loses_no_reply(tmp_path):
    def half(body, number):
        reply = play(body, number)
        reply.logprobs = {"\ud83d": -0.1, "a": -0.2}
        return reply

    with serve(half) as server:
        run = societies.run("donor_game/demo", out=tmp_path, sets=asking(server.address))
    assert run.about["totals"]["calls"] == 4
    societies.replay(run.path)


def test_text_that_the_filter_cut_off_is_no_answer(tmp_path):
    def filtered(body, number):
        message = {"role": "assistant", "content": play(body, number).text}
        choices = [{"index": 0, "finish_reason": "content_filter", "message": message}]
        return Reply("", instead={"choices": choices})

    with serve(filtered) as server:
        run = societies.run("donor_game/demo", out=tmp_path, sets=asking(server.address))
    assert set(run.table("answers").collect()["outcome"]) == {"defaulted"}


def test_openais_own_client_can_be_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPERIMENTAL_OPENAI_BASE_LLM_HTTP_HANDLER", "False")
    with serve(play) as server:
        run = societies.run("donor_game/demo", out=tmp_path, sets=asking(server.address))
    assert run.about["totals"]["calls"] == 4
