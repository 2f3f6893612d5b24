"""Every family of servers: replies are bounded, sent for once, and kept where they are damaged."""

import gzip
import json
import zlib

import pytest
from typer.testing import CliRunner

import societies
from societies import loop
from societies.agents.errors import ModelError, PassingModelError
from societies.agents.models.base import Completion, Message, ModelSpec, Request
from societies.agents.models.hosted import HostedModel
from societies.agents.models.transport import MOST_BYTES
from societies.cli.main import app
from societies.runs.run import Run
from tests.openai_server import Reply, completion, serve
from tests.test_hosted_models import play, pytestmark  # noqa: F401 - LiteLLM's warnings
from tests.test_odd_replies import asking

FAMILIES = [
    "openai",
    "hosted_vllm",
    "groq",
    "mistral",
    "openrouter",
    "deepseek",
    "together_ai",
    "ollama_chat",
    "anthropic",
    "gemini",
]
CORE = ["openai", "hosted_vllm", "groq", "ollama_chat", "anthropic"]
"""What differs most among them."""
BOMB = b'{"id":"' + b" " * (MOST_BYTES + 2**20) + b'"}'
KEYS = ("GROQ", "MISTRAL", "OPENROUTER", "DEEPSEEK", "TOGETHERAI", "ANTHROPIC", "GEMINI", "AZURE")


@pytest.fixture(autouse=True)
def _keys(monkeypatch):
    for name in KEYS:
        monkeypatch.setenv(f"{name}_API_KEY", "none")


def body(family: str, text: str, reason: str = "") -> bytes:
    """Return a whole reply as the servers of a family send it: 7 tokens asked, 3 answered."""
    said = Reply(text, prompt_tokens=7, completion_tokens=3)
    content = {**completion(said, {"model": "m"}), "service_tier": "default"}
    if family == "ollama_chat":
        content = {
            "model": "m",
            "created_at": "2025-01-01T00:00:00Z",
            "message": {"role": "assistant", "content": text},
            "done": True,
            "done_reason": reason or "stop",
            "prompt_eval_count": 7,
            "eval_count": 3,
        }
    elif family == "anthropic":
        content = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "m",
            "content": [{"type": "text", "text": text}] if text else [],
            "stop_reason": reason or "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 7, "output_tokens": 3},
        }
    elif family == "gemini":
        part = {"content": {"parts": [{"text": text}], "role": "model"}, "finishReason": "STOP"}
        usage = {"promptTokenCount": 7, "candidatesTokenCount": 3, "totalTokenCount": 10}
        content = {"candidates": [part], "usageMetadata": usage}
    return json.dumps(content).encode()


def complete(family: str, address: str, timeout: float = 20.0) -> Completion:
    """Send one request to a server of a family."""
    model = HostedModel(ModelSpec(name=f"{family}/m", api_base=address), timeout)
    request = Request(messages=(Message("user", "Hello?"),), agent="a", prompt="p")
    return loop.run(model.complete(request, "key"), on_interrupt=lambda _: None)


def failure(family: str, address: str, timeout: float = 20.0) -> PassingModelError:
    with pytest.raises(PassingModelError) as caught:
        complete(family, address, timeout)
    return caught.value


@pytest.mark.parametrize("family", FAMILIES)
def test_a_whole_reply_is_read(family):
    with serve(lambda *_: Reply(body=body(family, "Héllo."))) as server:
        got = complete(family, server.address)
    assert (got.text, got.prompt_tokens, got.completion_tokens) == ("Héllo.", 7, 3)
    assert (got.finish_reason, len(server.requests)) == ("stop", 1)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_flood_is_given_up(family):
    with serve(lambda *_: Reply(fault="flood")) as server:
        error = failure(family, server.address)
    assert "longer than 64 MiB" in str(error)
    assert error.given_up, "it may have to be paid for"
    assert server.sent < 200 * 2**20
    assert len(server.requests) == 1


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """Return a body of 64 KiB that unpacks to more than any completion has."""
    return zlib.compress(BOMB)


@pytest.mark.parametrize("family", CORE)
def test_what_unpacks_to_too_much_is_given_up(family, bomb):
    with serve(lambda *_: Reply(body=bomb, headers={"content-encoding": "deflate"})) as server:
        error = failure(family, server.address)
    assert len(bomb) < 2**17
    assert "longer than 64 MiB" in str(error)
    assert error.given_up
    assert len(server.requests) == 1


@pytest.mark.parametrize("family", CORE)
def test_an_honest_packed_reply_is_read(family):
    sent = gzip.compress(body(family, "Hello."))
    with serve(lambda *_: Reply(body=sent, headers={"content-encoding": "gzip"})) as server:
        assert complete(family, server.address).text == "Hello."


@pytest.mark.parametrize("packed", ["gzip, gzip", "br"])
def test_what_is_packed_otherwise_is_not_unpacked(packed):
    sent = gzip.compress(gzip.compress(body("openai", "Hello.")))
    with serve(lambda *_: Reply(body=sent, headers={"content-encoding": packed})) as server:
        assert "which nobody asked for" in str(failure("openai", server.address))


@pytest.mark.parametrize("family", CORE)
def test_a_dripping_server_is_given_up(family):
    with serve(lambda *_: Reply(fault="drip")) as server:
        error = failure(family, server.address, 0.3)
    assert error.given_up
    assert "may have to be paid for" in str(error)
    assert len(server.requests) == 1


@pytest.mark.parametrize("family", [*FAMILIES, "azure"])
@pytest.mark.parametrize("fault", ["reset", "tear"])
def test_a_broken_connection_is_not_sent_again_unseen(family, fault):
    with serve(lambda *_: Reply(fault=fault)) as server:
        assert failure(family, server.address).unreachable
    assert len(server.requests) == 1


@pytest.mark.parametrize("family", [*FAMILIES, "azure"])
def test_a_server_error_is_not_sent_again_unseen(family):
    with serve(lambda *_: Reply("no", status=503)) as server:
        failure(family, server.address)
    assert len(server.requests) == 1


@pytest.mark.parametrize("family", CORE)
def test_a_reply_with_bytes_that_are_no_text_keeps_its_usage_and_is_not_read(family):
    sent = body(family, "I give 1XX units").replace(b"XX", b"\xff\xc3")
    with serve(lambda *_: Reply(body=sent)) as server:
        got = complete(family, server.address)
    assert (got.text, got.finish_reason) == ("I give 1?? units", "damaged")
    assert (got.prompt_tokens, got.completion_tokens) == (7, 3)


def test_a_damaged_reply_is_journalled_and_asked_again(tmp_path):
    def answer(asked, number):
        text = play(asked, number).text
        whole = body("openai", text if number else f"{text}0XX")
        return Reply(body=whole.replace(b"XX", b"\xff\xff"))

    with serve(answer) as server:
        sets = asking(server.address, **{"limits.in_flight": 1})
        run = societies.run("donor_game/demo", out=tmp_path, sets=sets)
    calls = run.table("calls").collect()
    assert calls["finish_reason"].to_list()[:2] == ["damaged", "stop"]
    assert "bytes that are no text" in calls["problem"][0]
    assert calls.height == len(server.requests) == run.about["totals"]["calls"]
    assert run.about["totals"]["prompt_tokens"] == 7 * calls.height
    societies.replay(run.path)


@pytest.mark.parametrize("text", ["", "I would rather not."])
def test_a_refusal_that_anthropic_reports_is_one(text):
    with serve(lambda *_: Reply(body=body("anthropic", text, "refusal"))) as server:
        got = complete("anthropic", server.address)
    assert (got.text, got.finish_reason) == (text, "refusal")
    assert (got.prompt_tokens, got.completion_tokens) == (7, 3)


def test_a_questionnaire_notes_what_anthropic_reports(tmp_path):
    with serve(lambda *_: Reply(body=body("anthropic", "I give", "refusal"))) as server:
        sets = {"model": {"name": "anthropic/m", "api_base": server.address}}
        sets |= {"population.size": 1, "population.groups": []}
        run = societies.run("interview/demo", out=tmp_path, sets=sets)
    responses = run.table("responses").collect()
    assert responses["refused"].all()
    assert responses["value"].null_count() == responses.height > 0


def test_requests_given_up_are_counted(tmp_path):
    """Two time-outs before an answer, one reply that is too long: three may have to be paid for."""

    def answer(asked, number):
        fault = {0: "drip", 1: "hang", 2: "flood"}.get(number, "")
        return Reply(fault=fault) if fault else play(asked, number)

    with serve(answer) as server:
        more = {"limits.timeout": 1.0, "limits.in_flight": 1, "limits.retries": 9}
        sets = asking(server.address, **more)
        run = societies.run("donor_game/demo", out=tmp_path, sets=sets)
        assert (run.about["totals"]["calls"], len(server.requests)) == (4, 7)
    assert run.about["totals"]["given_up"] == 3
    with run.journal() as journal:
        told = [entry.completion.given_up for entry in journal.entries()]
        lines = journal.path.read_text("utf-8").count("given_up")
    assert (sum(told), lines) == (3, sum(number > 0 for number in told))
    societies.replay(run.path)


def test_requests_given_up_without_an_answer_are_counted_over_resumes(tmp_path):
    faults = ["", "drip", "drip", "drip", "drip"]

    def answer(asked, number):
        return (
            Reply(fault="drip") if faults[number : number + 1] == ["drip"] else play(asked, number)
        )

    with serve(answer) as server:
        more = {"limits.timeout": 0.3, "limits.in_flight": 1, "limits.retries": 1}
        with pytest.raises(ModelError, match="after 2 attempts") as caught:
            societies.run("donor_game/demo", out=tmp_path, sets=asking(server.address, **more))
        assert Run(caught.value.run).about["totals"]["given_up"] == 2
        with pytest.raises(ModelError, match="after 2 attempts"):
            societies.resume(caught.value.run)
        assert Run(caught.value.run).about["totals"]["given_up"] == 4
        run = societies.resume(caught.value.run)
    assert run.status == "finished"
    assert run.about["totals"]["given_up"] == 4


def test_show_tells_what_was_given_up(tmp_path):
    def answer(asked, number):
        return Reply(fault="drip") if number == 0 else play(asked, number)

    with serve(answer) as server:
        sets = asking(server.address, **{"limits.timeout": 0.3})
        run = societies.run("donor_game/demo", out=tmp_path, sets=sets)
    told = CliRunner().invoke(app, ["show", str(run.path)]).output
    assert "1 request given up, which may have to be paid for" in told
