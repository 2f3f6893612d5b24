"""Hosted models: real HTTP through LiteLLM, against a server of our own."""

import re

import polars as pl
import pytest

import societies
from societies.agents.errors import ModelError
from societies.runs.run import Run
from tests.conftest import SMALL
from tests.openai_server import Reply, serve

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::UserWarning"
)  # LiteLLM's own


def play(body, number):
    """Answer as a giver of a third; token counts are different for every request."""
    prompt = body["messages"][-1]["content"]
    owned = re.search(r"you own ([\d.]+) units", prompt)
    usage = {"prompt_tokens": len(prompt) + number, "completion_tokens": 7 + number % 3}
    if owned:
        return Reply(f"Justification: fair.\nAnswer: {float(owned[1]) / 3:.4f}", **usage)
    return Reply("I think.\nMy strategy will be to give a third.", **usage)


def hosted(address: str, **more) -> dict:
    return {
        "population.groups": [],
        "model": {"name": "openai/local-model", "api_base": address, **more},
    }


def test_the_paper_configuration_completes_and_every_request_is_in_calls(tmp_path):
    with serve(play) as server:
        run = societies.run("donor_game/demo", out=tmp_path, sets=hosted(server.address))
    calls = run.table("calls").collect()
    assert calls.height == len(server.requests) == 1506
    assert calls["prompt_tokens"].sum() == sum(reply.prompt_tokens for reply in server.replies)
    assert calls["completion_tokens"].sum() == sum(r.completion_tokens for r in server.replies)
    assert run.about["totals"]["unpriced"] == 1506
    assert calls["cost"].null_count() == 1506
    assert run.table("answers").select((pl.col("outcome") == "clean").all()).collect().item()
    asked = {tuple(m["content"] for m in request["messages"]) for request in server.requests}
    recorded = {tuple(text for _, text in run.call(key).messages) for key in calls["key"][::100]}
    assert recorded <= asked
    societies.replay(run.path)
    assert len(server.requests) == 1506


def test_parameters_reach_the_server_and_keys_come_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("MY_KEY", "secret-123")
    parameters = {"temperature": 0.8, "max_tokens": 99, "seed": 7, "options": {"top_p": 0.9}}
    with serve(play) as server:
        sets = {**SMALL, **hosted(server.address, api_key_env="MY_KEY", **parameters)}
        run = societies.run("donor_game/demo", out=tmp_path, sets=sets)
    for request in server.requests:
        assert request["authorization"] == "Bearer secret-123"
        assert (request["temperature"], request["max_tokens"]) == (0.8, 99)
        assert (request["seed"], request["top_p"]) == (7, 0.9)
    for path in run.path.rglob("*"):
        assert not path.is_file() or b"secret-123" not in path.read_bytes()


def test_a_priced_model_is_priced(tmp_path):
    with serve(play) as server:
        sets = {**SMALL, **hosted(server.address)}
        sets["model"]["name"] = "openai/gpt-4o-mini"
        run = societies.run("donor_game/demo", out=tmp_path, sets=sets)
    tokens = [
        sum(getattr(r, n) for r in server.replies) for n in ("prompt_tokens", "completion_tokens")
    ]
    expected = tokens[0] * 0.15e-6 + tokens[1] * 0.60e-6
    assert run.about["totals"]["cost"] == pytest.approx(expected)
    assert run.about["totals"]["unpriced"] == 0


def test_what_can_pass_is_asked_again(tmp_path):
    def flaky(body, number):
        if number % 5 == 1:
            return Reply("slow down", status=429, headers={"retry-after": "0.01"})
        if number % 7 == 2:
            return Reply("oops", status=500, headers={"retry-after": "0.01"})
        if number % 11 == 3:
            return Reply(fault="garbage")
        if number % 13 == 4:
            return Reply("overloaded", status=529)
        return play(body, number)

    with serve(flaky) as server:
        sets = {**SMALL, **hosted(server.address), "limits.backoff": 0.01}
        run = societies.run("donor_game/demo", out=tmp_path, sets=sets)
    kinds = {(reply.status, reply.fault) for reply in server.replies}
    assert len(kinds) == 5, "every kind of failure was met"
    calls = run.table("calls").collect()
    assert calls.height == 38
    assert calls["wall_attempts"].sum() == len(server.requests)
    assert (calls["wall_attempts"] > 1).any()


def test_what_cannot_pass_stops_the_run_resumable_and_names_model_and_call(tmp_path):
    def closing(body, number):
        return play(body, number) if number < 10 else Reply("no such model", status=404)

    with serve(closing) as server:
        sets = {**SMALL, **hosted(server.address), "limits.in_flight": 1}
        with pytest.raises(ModelError) as caught:
            societies.run("donor_game/demo", out=tmp_path, sets=sets)
    run = Run(caught.value.run)
    assert run.status == "failed"
    assert re.search(r"model openai/local-model failed at call 'g1/\S+#\S+#1'", str(caught.value))
    with serve(play) as server:
        text = (run.path / "scenario.yaml").read_text(encoding="utf-8")
        moved = re.sub(r"api_base: \S+", f"api_base: {server.address}", text)
        (run.path / "scenario.yaml").write_text(moved, encoding="utf-8")
        resumed = societies.resume(run.path)
        assert len(server.requests) == 28
    assert resumed.about["totals"]["calls"] == 38


def test_a_server_that_is_not_there_is_told(tmp_path):
    sets = {**SMALL, **hosted("http://127.0.0.1:9/v1"), "limits.retries": 0}
    with pytest.raises(ModelError, match=r"model openai/local-model failed at call .*after 1 att"):
        societies.run("donor_game/demo", out=tmp_path, sets=sets)


def test_two_models_in_one_society(tmp_path):
    with serve(play) as server:
        groups = [
            {"share": 1, "model": {"name": "openai/local-model", "api_base": server.address}},
            {"share": 1, "model": {"name": "scripted/defector"}},
        ]
        sets = {**SMALL, "population.groups": groups}
        run = societies.run("donor_game/demo", out=tmp_path, sets=sets)
    by_model = run.table("calls").group_by("model").len().collect()
    counted = dict(by_model.iter_rows())
    assert counted["openai/local-model"] == len(server.requests)
    assert counted["scripted/defector"] + len(server.requests) == 38


def test_log_probabilities_of_a_hosted_model_are_journalled_and_score(tmp_path):
    likely = {"B": -0.2, " A": -2.0, "C": -4.0, "Well": -5.0}
    options = {"logprobs": True, "top_logprobs": 20}
    design = {"instrument": "everyday_choices", "items": ["o1"], "score_by": "logprobs"}
    with serve(lambda *_: Reply("B", logprobs=likely)) as server:
        model = hosted(server.address, options=options)["model"]
        data = {"scenario": "interview", "name": "weighed", "model": model}
        data |= {"population": {"size": 1}, "protocol": {"questionnaires": [design]}}
        run = societies.run(data, out=tmp_path)
    assert server.requests[0]["top_logprobs"] == 20
    row = run.table("responses").collect().row(0, named=True)
    assert (row["value"], row["score"]) == (2, 0.0)
    assert row["probabilities"] == pytest.approx([0.1387, 0.8391, 0.0188 + 0.0001, 0.0], abs=5e-3)
    with run.journal() as journal:
        key = next(iter(journal.keys()))
    assert run.call(key).completion.logprobs == likely
    assert societies.replay(run.path).table("responses").collect().height == 1
