"""Windows of models: prompts that outgrow them are not sent, or memories give way, and say so."""

import json

import polars as pl
import pytest
from typer.testing import CliRunner

import societies
from societies import loop
from societies.agents.errors import ModelError
from societies.agents.memory import Past
from societies.agents.models import hosted
from societies.agents.models.base import Message, ModelSpec, Request
from societies.agents.models.tokens import count_tokens
from societies.cli.main import app
from societies.errors import InputError
from societies.runs.run import Run
from tests.openai_server import Reply, serve
from tests.test_hosted_models import pytestmark  # noqa: F401 - LiteLLM's warnings

LONG = "I think so, for many reasons that I could go into. " * 6 + r"\boxed{7}"
DEBATE = {"population.size": 2, "protocol.task.count": 1, "protocol.rounds": 4}


def argue(body, number):
    """Answer at length, so that prompts grow from round to round."""
    return Reply(LONG, prompt_tokens=sum(len(m["content"]) for m in body["messages"]) // 4)


def debate(address, out, **model):
    """Run a debate of two agents who remember all of it."""
    hosted_model = {"name": "openai/local-model", "api_base": address, "max_tokens": 100, **model}
    return societies.run("debate/demo", out=out, sets={**DEBATE, "model": hosted_model})


def refused(address, out, **model):
    """Run a debate that a window ends; return the error's text and the run."""
    with pytest.raises(ModelError) as caught:
        debate(address, out, **model)
    return str(caught.value), Run(caught.value.run)


def test_a_prompt_that_outgrows_the_window_is_not_sent_and_the_run_can_be_resumed(tmp_path):
    with serve(argue) as server:
        told, run = refused(server.address, tmp_path, context=700)
        who = told.partition("#")[2].partition("#")[0]
        assert told.startswith(
            f"call q0001/r3/{who}#{who}#1 was not sent: the prompt of agent {who} in scope "
            f"q0001/r3/{who} has 859 tokens (estimated), and the window of model "
            "openai/local-model is 700 tokens (model.context), 100 of which are kept for the reply."
        )
        assert run.status == "failed"
        assert len(server.requests) == 4
        resumed = societies.resume(run.path, sets={"model.context": 4000})
        assert len(server.requests) == 8
    assert resumed.config.model.context == 4000
    assert societies.replay(run.path).about["totals"]["calls"] == 8


def test_memories_give_way_and_the_record_says_what_was_left_out(tmp_path):
    with serve(argue) as server:
        run = debate(server.address, tmp_path, context=1100, overflow="drop_oldest")
    calls = run.table("calls").collect()
    assert calls["dropped"].to_list() == [0, 0, 0, 0, 0, 0, 2, 2]
    for request, key in zip(server.requests, calls["key"], strict=True):
        sent = [(message["role"], message["content"]) for message in request["messages"]]
        assert run.call(key).messages == sent
    assert [len(request["messages"]) for request in server.requests[::2]] == [1, 3, 5, 3]
    shown = CliRunner().invoke(app, ["show", str(run.path), "--call", calls["key"][7]]).stdout
    assert shown.count("--- user") == 2
    societies.replay(run.path)


def test_a_run_that_was_refused_goes_on_with_memories_that_give_way(tmp_path):
    with serve(argue) as server:
        _, run = refused(server.address, tmp_path, context=1100)
        assert len(server.requests) == 6
        resumed = societies.resume(run.path, sets={"model.overflow": "drop_oldest"})
        assert len(server.requests) == 8
    assert resumed.table("calls").select(pl.col("dropped").sum()).collect().item() == 4
    societies.replay(run.path)


def test_what_was_sent_whole_is_not_left_out_by_resuming(tmp_path):
    def stop(body, number):
        return argue(body, number) if number < 6 else Reply("no such model", status=404)

    with serve(stop) as server:
        _, run = refused(server.address, tmp_path)
    before = (run.path / "scenario.yaml").read_text(encoding="utf-8")
    sets = {"model.overflow": "drop_oldest", "model.context": 700}
    with pytest.raises(InputError, match=r"call q0001/r3/debater 1#.* was sent whole, and would"):
        societies.resume(run.path, sets=sets)
    assert (run.path / "scenario.yaml").read_text(encoding="utf-8") == before
    with pytest.raises(InputError, match=r"probes.0.context: a resumed run can take other limits"):
        societies.resume(run.path, sets={"probes.0.context": "fresh"})


def complete(spec, *texts):
    """Ask a hosted model for one completion."""
    messages = tuple(Message("user", text) for text in texts)
    request = Request(messages, agent="ann", prompt="question")
    model = hosted.HostedModel(spec, 60)
    return loop.run(model.complete(request, "g1/game1#ann#1"), on_interrupt=lambda _: None)


def test_windows_that_litellm_knows_are_kept_by_the_models_tokenizer():
    with serve(argue) as server:
        spec = ModelSpec(name="openai/gpt-4", api_base=server.address)
        assert hosted.window(spec)[::2] == (8192, "LiteLLM's table")
        assert complete(spec, "word " * 8000).text == LONG
        with pytest.raises(ModelError, match=r"ann in scope g1/game1 has 8,\d+ tokens \(by its"):
            complete(spec, "word " * 8300)
        assert complete(spec.model_copy(update={"context": 20_000}), "word " * 8300).text == LONG
        assert len(server.requests) == 2


def test_where_nobody_knows_the_window_everything_is_sent():
    assert hosted.window(ModelSpec(name="openai/local-model")) is None
    assert hosted.window(ModelSpec(name="ollama/llama3")) is None, "its server decides"
    cut = ModelSpec(name="ollama/llama3", options={"num_ctx": 4096})
    assert hosted.window(cut)[::2] == (4096, "options.num_ctx")


def test_a_window_is_no_part_of_what_is_asked():
    plain = ModelSpec(name="openai/m")
    windowed = ModelSpec(name="openai/m", context=9000, overflow="drop_oldest")
    assert windowed.fingerprint == plain.fingerprint
    assert windowed.access != plain.access


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        ({"overflow": "drop_oldest"}, "overflow: drop_oldest needs context"),
        ({"context": 500, "max_tokens": 500}, "leaves no room for a prompt in a context of 500"),
        ({"context": 0}, "greater than or equal to 1"),
    ],
)
def test_a_window_that_cannot_be_kept_is_told_in_its_place(model, problem):
    with pytest.raises(InputError, match=rf"model\b.*{problem}"):
        societies.load("debate/demo", {"model": {"name": "scripted/solver", **model}})


def test_scripted_minds_have_a_window_where_one_is_configured(tmp_path):
    model = {"name": "scripted/solver", "context": 200}
    with pytest.raises(
        ModelError, match=r"was not sent: .* window of model scripted/solver is 200"
    ):
        societies.run("debate/demo", out=tmp_path, sets={**DEBATE, "model": model})


def test_the_count_of_tokens_is_fixed():
    """Prompts of recorded runs depend on it: these numbers never change."""
    counted = {
        "": 0,
        "to be": 2,
        "agreeableness": 5,
        "You own 10.50 units.\n\nGive 3?": 15,
        "naïve": 4,
        "日本": 6,
    }
    assert {text: count_tokens(text) for text in counted} == counted


def test_the_newest_exchanges_stay_and_what_is_shown_besides_always():
    def exchange(number):
        return Message("user", f"question {number}"), Message("assistant", f"answer {number}")

    past = Past([exchange(number) for number in range(4)], (Message("user", "doubt"),))
    tokens = sum(message.tokens for message in exchange(0))
    beside = [Message("user", "and now?")]
    taken = sum(message.tokens for message in (*beside, *past.history))
    for room, kept in ((taken, 0), (taken + tokens, 1), (taken + 3 * tokens, 3), (9000, 4)):
        spec = ModelSpec(name="m/m", context=room + 1, max_tokens=1, overflow="drop_oldest")
        messages, dropped = past.fitting(spec, beside)
        assert (len(messages), dropped) == (2 * kept + 1, 4 - kept)
        assert messages[-1].content == "doubt"
        assert kept == 0 or messages[0].content == f"question {4 - kept}"
    refusing = ModelSpec(name="m/m", context=10, max_tokens=1)
    assert past.fitting(refusing, beside)[1] == 0


def thought(tokens, reasoning, content="", thoughts=None):
    """Return what a reasoning model answers that has come to the end of `max_tokens`."""
    usage = {"prompt_tokens": 9, "completion_tokens": tokens, "total_tokens": 9 + tokens}
    usage["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    message = {"role": "assistant", "content": content, "reasoning_content": thoughts}
    choice = {"index": 0, "finish_reason": "stop" if content else "length", "message": message}
    return Reply(instead={"usage": usage, "choices": [choice]})


def test_tokens_that_were_thought_and_not_said_are_told_and_counted(tmp_path):
    def think(body, number):
        return thought(100, 100) if number == 0 else thought(60, 40, r"So \boxed{7}")

    with serve(think) as server:
        run = debate(server.address, tmp_path)
    calls = run.table("calls").collect()
    assert sorted(calls["reasoning_tokens"]) == [40] * 8 + [100]
    assert (
        calls.filter(~pl.col("readable"))["problem"]
        .item()
        .endswith(
            "(empty; finish reason: length; 100 of its 100 tokens went into reasoning: raise "
            "max_tokens, or have it reason less)"
        )
    )
    totals = json.loads((run.path / "run.json").read_text(encoding="utf-8"))["totals"]
    assert (totals["reasoning_tokens"], totals["completion_tokens"]) == (420, 580)
    societies.replay(run.path)


def test_what_came_to_nothing_but_thoughts_was_all_thought():
    spec = ModelSpec(name="openai/local-model")
    for reply, expected in (
        (thought(80, None, thoughts="Let me see"), 80),
        (thought(80, None, content="7", thoughts="Let me see"), 0),
        (thought(80, None), 0),
    ):
        with serve(lambda body, number, reply=reply: reply) as server:
            there = spec.model_copy(update={"api_base": server.address})
            assert complete(there, "How many?").reasoning_tokens == expected
