"""Secrets: a key is planted in the environment, and found nowhere."""

from pathlib import Path

import pytest

import societies
from societies.agents.errors import ModelError
from societies.agents.secrets import without_secrets
from tests.conftest import SMALL
from tests.openai_server import Reply, serve
from tests.test_hosted_models import hosted, play, pytestmark  # noqa: F401 - LiteLLM's warnings

PLANTED = "sk-planted-0123456789abcdef"


def everything_in(folder: Path) -> str:
    """Return all that was written below a folder, names included."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return "\n".join(f"{path}\n{path.read_bytes()!r}" for path in files)


@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "MY_OWN_KEY"])
def test_a_key_is_sent_and_never_written(tmp_path, monkeypatch, capfd, variable):
    """The server repeats the key in its errors, as providers do."""
    monkeypatch.setenv(variable, PLANTED)
    named = {"api_key_env": variable}

    def repeating(body, number):
        if number > 20:
            text = f"Incorrect API key provided: {PLANTED}. Authorization: Bearer {PLANTED}"
            return Reply(text, status=401)
        return play(body, number)

    with serve(repeating) as server:
        sets = {**SMALL, **hosted(server.address, **named)}
        with pytest.raises(ModelError) as caught:
            societies.run("donor_game/demo", out=tmp_path, sets=sets)
    assert server.requests[0]["authorization"] == f"Bearer {PLANTED}"
    assert PLANTED not in str(caught.value)
    assert f"[{variable}]" in str(caught.value)
    assert "calls" in {path.name for path in caught.value.run.rglob("*")}
    assert PLANTED not in everything_in(tmp_path)
    printed = capfd.readouterr()
    assert PLANTED not in printed.out + printed.err


def test_masking_leaves_ordinary_text_alone(monkeypatch):
    monkeypatch.setenv("SHORT_KEY", "ab")
    monkeypatch.setenv("SOME_TOKEN", "tok-123456")
    assert without_secrets("a table about tok-123456") == "a table about [SOME_TOKEN]"
    assert without_secrets("Authorization: Bearer abc.def") == "Authorization: Bearer [masked]"
