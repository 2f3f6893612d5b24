"""Runs that read nothing pause: shares of defaulted and of unreadable answers."""

import json
from collections import Counter

import pytest

import societies
from societies.calls.shares import AnswerShares
from societies.config.limits import Limits
from societies.errors import RunInterruptedError
from societies.execute.play import play as dry_play
from societies.record.types import AnswerRecord
from societies.runs.run import Run
from tests.conftest import assert_same_record, record
from tests.openai_server import Reply, serve
from tests.test_hosted_models import play, pytestmark  # noqa: F401 - LiteLLM's warnings

SIXTY: dict[str, object] = {
    "population.size": 4,
    "population.groups": [],
    "protocol.generations": 2,
    "protocol.rounds": 8,
    "protocol.survivors": 2,
    "limits.backoff": 0.01,
}


def asking(address, **more):
    return {**SIXTY, "model": {"name": "openai/local-model", "api_base": address}, **more}


def babble(body, number):
    return Reply("Let me think about it some more.")


def paused(tmp_path, answer, match, delay=0.0, **sets):
    """Run until the share of bad answers pauses it; return the run, and how much was asked."""
    with serve(answer, delay=delay) as server:
        with pytest.raises(RunInterruptedError, match=match) as caught:
            societies.run("donor_game/demo", out=tmp_path, sets=asking(server.address, **sets))
        return Run(caught.value.run), server


def test_a_run_that_reads_nothing_pauses_with_an_example(tmp_path):
    match = r"max_defaulted_share is exceeded: \d+ of 50 .*Let me think about it"
    run, _ = paused(tmp_path, babble, match, **{"protocol.generations": 40})
    assert run.status == "interrupted"
    assert run.about["limit_reached"]["name"] == "max_defaulted_share"
    assert run.table("answers").collect().height < dry_play(run.config, run.scenario).calls / 2


def test_it_goes_on_with_another_limit_and_pays_for_nothing_twice(tmp_path):
    with serve(babble) as server:
        with pytest.raises(RunInterruptedError) as caught:
            societies.run("donor_game/demo", out=tmp_path, sets=asking(server.address))
        path, sent = caught.value.run, len(server.requests)
        with pytest.raises(RunInterruptedError, match="max_defaulted_share"):
            societies.resume(path)
        assert len(server.requests) == sent, "it says the same again, for nothing"
        raised = {"limits.max_defaulted_share": None, "limits.max_invalid_share": None}
        run = societies.resume(path, sets=raised)
    assert run.status == "finished"
    assert run.about["totals"]["journalled"] == sent
    societies.replay(path)


def test_the_pause_does_not_depend_on_latency(tmp_path):
    """The record up to the pause is the same, with one call at once and with sixteen."""

    def answer(body, number):
        asked = body["messages"][-1]["content"]
        reply = (babble if "Answer:" in asked else play)(body, number)
        return Reply(reply.text, delay=0.003 * (number % 4))

    one, _ = paused(tmp_path / "1", answer, "max_defaulted_share", **{"limits.in_flight": 1})
    many, _ = paused(tmp_path / "2", answer, "max_defaulted_share")
    same = [run.about["reason"].partition(". Latest")[0] for run in (one, many)]
    assert same[0] == same[1]
    first, second = record(one), record(many)
    assert first["answers"].height >= 50
    assert_same_record(first, second)
    with many.journal() as journal:
        assert journal.size > second["calls"].height, "what is paid for is kept, and taken up again"


def test_unreadable_first_replies_have_a_limit_of_their_own(tmp_path):
    asked = Counter[str]()

    def answer(body, number):
        question = json.dumps(body["messages"])
        asked[question] += 1
        return (babble if asked[question] == 1 else play)(body, number)

    run, _ = paused(tmp_path, answer, "max_invalid_share is exceeded: 50 of 50 .*unreadable")
    assert set(run.table("answers").collect()["outcome"]) == {"repaired"}


def row(outcome, model="openai/m"):
    return AnswerRecord(
        prompt="give", model=model, label=model, calls=1, outcome=outcome, problem=None
    )


def test_shares_count_from_fifty_answers_of_hosted_models_on():
    shares = AnswerShares(Limits())
    assert not any(shares.count(row("defaulted", "scripted/persona")) for _ in range(500))
    assert not any(shares.count(row("defaulted")) for _ in range(49))
    exceeded = shares.count(row("clean"))
    assert exceeded is not None
    assert (exceeded.limit, exceeded.bad, exceeded.answers) == ("max_defaulted_share", 49, 50)


def test_without_limits_nothing_pauses():
    shares = AnswerShares(Limits(max_defaulted_share=None, max_invalid_share=None))
    assert not any(shares.count(row("defaulted")) for _ in range(500))
