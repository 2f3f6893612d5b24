"""Real language models: the files for small ones, their benchmark, and the corpus of replies."""

import json
from pathlib import Path

import pytest

import societies
from benchmarks import real_models, real_replies
from benchmarks.real_plays import PLAYS, SMALL
from societies import registry
from societies.agents.answers.replies import read_reply
from societies.agents.models.base import Completion
from societies.loading.load import load

from .openai_server import Reply, serve

CORPUS = Path(__file__).parent / "real_replies"
LINES = [
    json.loads(line)
    for file in sorted(CORPUS.glob("*.ndjson"))
    for line in file.read_text(encoding="utf-8").splitlines()
]
PARTS = {
    "system",
    "form",
    "question",
    "persona",
    "repair",
    "structured",
    "announcement",
    "experience",
}
"""Templates that are no question of their own."""
FREE = {"open_question"}
"""Templates that only questionnaires of a user's own have: any reply is an answer."""


# -- the files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", registry.names())
def test_a_model_that_never_follows_the_form_comes_to_the_end(name, tmp_path):
    with serve(lambda *_: Reply("I would rather talk about the sea.")) as server:
        play = SMALL[name].settings(server.address)
        run = societies.run(SMALL[name].file, out=tmp_path, sets=play)
    assert societies.replay(run.path).status == "finished"
    assert set(run.table("answers").collect()["outcome"]) == {"defaulted"}


@pytest.mark.parametrize("name", registry.names())
def test_small_models_are_asked_on_loopback_and_repaired_once(name):
    config, _ = load(f"{name}/small_model")
    assert config.model.name == "openai/local"
    assert config.model.api_base == "http://127.0.0.1:8080/v1"
    design = getattr(config.protocol, "questionnaires", [config.protocol])[0]
    assert design.attempts == 2


# -- the benchmark --------------------------------------------------------------------------------


def scripted(name: str, out: Path, mind: str) -> societies.Run:
    sets = {**PLAYS[name].sets, "model.name": f"scripted/{mind}"}
    return societies.run(PLAYS[name].file, out=out / name, sets=sets)


def test_a_row_tells_how_answers_came_about_and_what_one_took(tmp_path):
    run = scripted("donor_game", tmp_path, "constant")
    whole, *prompts = [row[:7] for row in real_models.rows("donor_game", run)]
    assert whole == ("donor_game", "14", "14", "0", "0", "0", "1.00")
    assert prompts == [
        ("  donate", "8", "8", "0", "0", "0", "1.00"),
        ("  strategy", "6", "6", "0", "0", "0", "1.00"),
    ]


# -- the corpus -----------------------------------------------------------------------------------


def test_replies_are_collected_with_what_they_are_read_by(tmp_path):
    run = scripted("punishment", tmp_path, "defector")
    lines = real_replies.of_run(tmp_path, run.path / "run.json")
    assert [line["template"] for line in lines] == ["strategy"] * 4 + ["donate"] * 4
    gift = lines[4]
    assert gift["play"] == "punishment"
    assert gift["situation"] == {
        "protocol": {"fidelity": "paper", "costly_punishment": True},
        "resources": 10.0,
    }
    assert gift["question"].startswith("Your name is 1_")
    assert gift["reply"].endswith("Answer: donate 0.0")
    assert (gift["label"], gift["second_label"]) == (None, None)


def test_a_repair_is_collected_with_the_question_and_not_with_what_was_wrong(tmp_path):
    with serve(lambda *_: Reply("nothing")) as server:
        play = PLAYS["thoughts"].settings(server.address)
        run = societies.run(PLAYS["thoughts"].file, out=tmp_path / "thoughts", sets=play)
    first, second = real_replies.of_run(tmp_path, run.path / "run.json")
    assert [first["attempt"], second["attempt"]] == [1, 2]
    assert first["question"] == second["question"]
    assert real_replies.unlike([first, second]) == [first]


def test_the_corpus_holds_replies_to_every_prompt():
    folders = [registry.find(name).folder for name in registry.names()]
    folders.append(Path(societies.__file__).parent / "agents")
    there = {file.stem for folder in folders for file in (folder / "prompts").glob("*.j2")}
    assert {line["template"] for line in LINES} == there - PARTS - FREE
    assert len(LINES) >= 200
    assert len(real_replies.unlike(LINES)) == len(LINES)


def test_every_reply_of_the_corpus_can_be_read_again_from_its_line():
    for line in LINES:
        reply = Completion(line["reply"], line["finish_reason"])
        kind = real_replies.ANSWERS[line["answer"]]
        value, problem = read_reply(
            kind, reply, real_replies.situation_of(line), as_object=line["as_object"]
        )
        assert (value is None) == bool(problem), line["key"]
