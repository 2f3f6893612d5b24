"""Structured answers: asked for by schema where a model takes one, read with goodwill, checked."""

import json
import re

import pytest

import societies
from societies.agents.answers.answer import CUT_OFF, AnswerError
from societies.agents.answers.structured import read_object, response_schema
from societies.agents.models.base import ModelSpec
from societies.calls.provider import provider_of
from societies.scenarios.donor_game.answers import GiftAnswer
from tests.conftest import SMALL
from tests.openai_server import Reply, serve
from tests.test_hosted_models import hosted, play, pytestmark  # noqa: F401 - LiteLLM's warnings


@pytest.mark.parametrize(
    ("text", "content", "clean"),
    [
        ('{"a": 1}', {"a": 1}, True),
        ('```json\n{"a": 1}\n```', {"a": 1}, False),
        ('Here you are: {"a": 1}. Good luck!', {"a": 1}, False),
        ("{'a': 'it', 'b': True, 'c': None}", {"a": "it", "b": True, "c": None}, False),
        ('{"a": 1,}', {"a": 1}, False),
    ],
)
def test_objects_are_read_with_goodwill(text, content, clean):
    assert read_object(text) == (content, clean)


DEEP = '{"a": ' * 20_000 + "}" * 20_000
LONG = '{"a": ' + "9" * 5_000 + "}"


@pytest.mark.parametrize("text", ["", "five", "[1, 2]", '{"a": 1', "{}}{", "{}"[:1], DEEP])
def test_what_is_no_object_or_cut_off_is_refused(text):
    with pytest.raises(AnswerError):
        read_object(text)


@pytest.mark.parametrize("odd", [DEEP, LONG, '{"amount": "\\ud800"}', '{"amount": 1e999}'])
def test_an_odd_object_is_asked_again_and_stops_nothing(tmp_path, odd):
    gift = '{"action": "donate", "amount": 1, "justification": "fair"}'

    def oddly(body, number):
        return (
            Reply(odd if number % 2 else gift) if "response_format" in body else play(body, number)
        )

    with serve(oddly) as server:
        sets = {**SMALL, **hosted(server.address, structured="always"), "limits.in_flight": 1}
        run = societies.run("donor_game/demo", out=tmp_path, sets=sets)
    outcomes = set(run.table("answers").filter(prompt="donate").collect()["outcome"])
    assert outcomes <= {"clean", "repaired"}
    assert "repaired" in outcomes


def cut_off(text: str) -> Reply:
    """Return a reply that says that the token limit ended it."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "finish_reason": "length", "message": message}
    return Reply(instead={"choices": [choice]})


@pytest.mark.parametrize("cut", ['"a note {of mine}', '"fair", "more": {"a": "b"}'])
def test_an_object_that_the_token_limit_cut_off_is_not_completed(tmp_path, cut):
    gift = '{"action": "donate", "amount": 1, "justification": "fair"}'
    half = cut_off(f'{{"action": "donate", "amount": 1, "justification": {cut}')

    def falters(body, number):
        if "response_format" not in body:
            return play(body, number)
        return half if number % 2 else cut_off(gift)

    with serve(falters) as server:
        sets = {**SMALL, **hosted(server.address, structured="always"), "limits.in_flight": 1}
        run = societies.run("donor_game/demo", out=tmp_path, sets=sets)
    calls = run.table("calls").filter(prompt="donate").collect()
    assert {error for error in calls["problem"] if error} == {CUT_OFF}
    assert set(run.table("answers").filter(prompt="donate").collect()["outcome"]) == {
        "clean",
        "repaired",
    }


def test_schemas_are_closed_and_require_every_key():
    schema = response_schema(GiftAnswer)
    assert schema["required"] == ["action", "amount", "justification"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["amount"] == {"minimum": 0, "type": "number"}


def gives_objects(spec: ModelSpec) -> bool:
    return provider_of(spec.name).takes_schema(spec)


def test_which_models_are_asked_for_objects():
    assert not gives_objects(ModelSpec(name="openai/gpt-4o-mini"))
    assert gives_objects(ModelSpec(name="openai/gpt-4o-mini", structured="supported"))
    assert not gives_objects(ModelSpec(name="openai/my-own", structured="supported"))
    assert gives_objects(ModelSpec(name="openai/my-own", structured="always"))
    assert not gives_objects(ModelSpec(name="scripted/random", structured="always"))


def objects(body, number):
    """Answer by schema; now and then in single quotes, beyond the donor's means, or in words."""
    keys = body["response_format"]["json_schema"]["schema"]["required"]
    prompt = body["messages"][-1]["content"]
    if keys == ["strategy", "rationale"]:
        return Reply(json.dumps({"strategy": "My strategy will be thrift.", "rationale": ""}))
    gift = {"action": "donate", "amount": 1.5, "justification": "fair"}
    if number % 7 == 1:
        return Reply(str(gift))
    if number % 7 == 2 and "could not be read" not in prompt:
        owned = float(re.search(r"you own ([\d.]+) units", prompt)[1])
        return Reply(json.dumps({**gift, "amount": owned + 100}))
    return Reply(json.dumps(gift))


def test_a_model_that_takes_schemas_is_asked_for_objects(tmp_path):
    with serve(objects) as server:
        sets = {**SMALL, **hosted(server.address, structured="always")}
        sets["protocol.reask"] = "explain"
        run = societies.run("donor_game/demo", out=tmp_path, sets=sets)
    schema = server.requests[0]["response_format"]
    assert schema["type"] == "json_schema"
    assert schema["json_schema"]["strict"] is True
    assert "keys strategy, rationale" in server.requests[0]["messages"][-1]["content"]
    outcomes = set(run.table("donations").collect()["outcome"])
    assert outcomes == {"clean", "lenient", "repaired"}
    assert (run.table("donations").collect()["amount"] == 1.5).all()
    societies.replay(run.path)


def test_by_default_the_published_format_is_asked_for(tmp_path):
    with serve(play) as server:
        run = societies.run(
            "donor_game/demo", out=tmp_path, sets={**SMALL, **hosted(server.address)}
        )
    assert all("response_format" not in request for request in server.requests)
    assert "structured" not in run.call("g1/strategy/1_1#1_1#1").sampling
