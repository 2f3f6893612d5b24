"""Secrets: a key is planted in the environment, and found nowhere."""

import logging
import traceback
from contextlib import nullcontext
from pathlib import Path

import pytest
from pydantic import ValidationError

import societies
from societies.agents.errors import ModelError
from societies.agents.models.base import ModelSpec
from societies.agents.secrets import without_secrets
from societies.errors import InputError, RunFailedError
from societies.loading.load import load
from societies.society import load_society
from tests.conftest import SMALL
from tests.openai_server import Reply, serve
from tests.test_hosted_models import hosted, play, pytestmark  # noqa: F401 - LiteLLM's warnings
from tests.test_records import Count

PLANTED = "sk-planted-0123456789abcdef"


def everything_in(folder: Path) -> str:
    """Return all that was written below a folder, names included."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return "\n".join(f"{path}\n{path.read_bytes()!r}" for path in files)


@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "MY_OWN_KEY", "MY_ACCOUNT"])
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
    assert PLANTED not in "".join(traceback.format_exception(caught.value))
    assert "calls" in {path.name for path in caught.value.run.rglob("*")}
    assert PLANTED not in everything_in(tmp_path)
    printed = capfd.readouterr()
    assert PLANTED not in printed.out + printed.err


def test_masking_leaves_ordinary_text_alone(monkeypatch):
    monkeypatch.setenv("SHORT_KEY", "ab")
    monkeypatch.setenv("SOME_TOKEN", "tok-123456")
    assert without_secrets("a table about tok-123456") == "a table about [SOME_TOKEN]"
    assert without_secrets("Authorization: Bearer abc.def") == "Authorization: Bearer [masked]"


def test_of_two_secrets_the_longer_is_masked_whole(monkeypatch):
    monkeypatch.setenv("A_KEY", "abcdef")
    monkeypatch.setenv("B_KEY", "abcdef-and-more")
    assert without_secrets("bad key abcdef-and-more") == "bad key [B_KEY]"


@pytest.mark.parametrize(
    "model",
    [
        {"api_base": f"http://user:{PLANTED}@localhost:8000/v1"},
        {"api_base": f"http://{PLANTED}@localhost:8000/v1"},
        {"api_base": f"http://localhost:8000/v1?api_key={PLANTED}"},
        {"api_base": f"localhost {PLANTED}"},
        {"api_key_env": PLANTED},
        {"api_key": PLANTED},
        *(
            {"options": options}
            for options in (
                {"Api-Key": PLANTED},
                {"extra_body": {"api_key": PLANTED}},
                {"extra_body": [{"token": PLANTED}]},
                {"azure_ad_token": PLANTED},
                {"aws_secret_access_key": PLANTED},
                {"vertex_credentials": PLANTED},
                {"extra_headers": {"x": PLANTED}},
            )
        ),
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path, model):
    sets = {**SMALL, "model": {"name": "openai/local-model", **model}}
    with pytest.raises(InputError) as caught:
        societies.run("donor_game/demo", out=tmp_path / "runs", sets=sets)
    assert PLANTED not in str(caught.value)
    assert not (tmp_path / "runs").exists()


def test_parameters_that_only_sound_like_secrets_are_taken():
    options = {"input_cost_per_token": 1e-6, "max_completion_tokens": 5, "stop_token_ids": [1]}
    options |= {"extra_body": {"skip_special_tokens": True, "prompt_cache_key": "a"}, "top_k": 3}
    assert ModelSpec(name="openai/m", options=options).options == options


@pytest.mark.parametrize(
    "option",
    [
        *("auth", "bearer", "http_auth", "openai_key", "jwt", "pat", "sig", "proxy", "proxies"),
        *("httpAuth", "X-Api-Key", "api_key", "apikey", "access-token", "sessionToken", "PAT"),
        *("db_password", "client_secret", "aws_secret_access_key", "key", "token", "azure_sig"),
    ],
)
def test_options_are_refused_by_the_words_of_their_names(option):
    for options in ({option: PLANTED}, {"extra_body": {"x": [{option: PLANTED}]}}):
        with pytest.raises(ValidationError, match="written into the run directory") as caught:
            ModelSpec(name="openai/m", options=options)
        told = caught.value.errors(include_input=False, include_url=False)
        assert PLANTED not in told[0]["msg"]
    with pytest.raises(ValidationError, match="key in this address"):
        ModelSpec(name="openai/m", api_base=f"http://localhost/v1?{option}={PLANTED}")


@pytest.mark.parametrize(
    "option",
    [
        *("max_tokens", "input_cost_per_token", "pattern", "signal", "author", "path", "patience"),
        *("prompt_cache_key", "stop_token_ids", "skip_special_tokens", "keyword", "design"),
        *("authority", "compatible", "significance", "max_completion_tokens", "top_k", "tokens"),
    ],
)
def test_words_that_only_begin_alike_are_no_secrets(option):
    assert ModelSpec(name="openai/m", options={option: 1}).options == {option: 1}


@pytest.mark.parametrize(
    ("variable", "value", "secret"),
    [
        ("HTTPS_PROXY", "http://jo:hunter2secret@proxy.example:8080", "hunter2secret"),
        ("DATABASE_URL", "postgresql://jo:p%40ss-w0rd@db.example/x", "p@ss-w0rd"),
        ("REDIS_URL", "redis://:only-a-password@cache.example:6379/0", "only-a-password"),
        ("OPENAI_PAT", "pat-planted-0123456789", "pat-planted-0123456789"),
        ("GITHUB_JWT", "eyJplanted.0123456789", "eyJplanted.0123456789"),
    ],
)
def test_passwords_of_addresses_and_other_secrets_are_masked(monkeypatch, variable, value, secret):
    monkeypatch.setenv(variable, value)
    told = without_secrets(f"cannot connect to {value}: {secret} was refused")
    assert secret not in told
    assert value not in told
    assert "cannot connect to" in told


def test_a_password_in_any_address_is_masked():
    text = "at http://jo:sec@ret9@proxy:8080/x, mail me@example.org, see http://host:80/a@b"
    told = "at http://[masked]@proxy:8080/x, mail me@example.org, see http://host:80/a@b"
    assert without_secrets(text) == told


def test_an_ordinary_proxy_is_named_in_full(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:8080")
    assert "http://proxy.example:8080" in without_secrets("via http://proxy.example:8080")


@pytest.mark.parametrize("option", ["oauth2", "openAIKey", "sas", "db_pass"])
def test_more_names_of_secrets_are_refused(option):
    with pytest.raises(ValidationError, match="would be written"):
        ModelSpec(name="openai/m", options={option: "planted"})


def test_an_address_with_a_password_is_no_option():
    with pytest.raises(ValidationError, match="password in an address"):
        ModelSpec(name="openai/m", options={"base": ["http://user:planted@host"]})


def test_the_working_directory_is_no_secret(monkeypatch):
    monkeypatch.setenv("PWD", "/somewhere/else")
    monkeypatch.setenv("OLDPWD", "/somewhere/before")
    assert without_secrets("cd /somewhere/before") == "cd /somewhere/before"
    monkeypatch.setenv("DB_PASS", "planted-1")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:plan/ted#1@host")
    text = without_secrets("/somewhere/else/run: planted-1, plan/ted#1")
    assert text == "/somewhere/else/run: [DB_PASS], [DATABASE_URL]"


@pytest.mark.parametrize("password", ["pa/ssw0rd", "pa@ssw0rd", "p/a@s/sw0rd", "80x/pass@w"])
@pytest.mark.parametrize("user", ["jo", "jo@tenant", ""])
def test_a_password_with_any_sign_is_masked_in_an_address(user, password):
    address = f"postgres://{user}:{password}@db.example/x"
    text = f"cannot connect to <{address}>, see http://localhost:8000/v1/a@b or ask"
    assert without_secrets(text) == text.replace(f"{user}:{password}", "[masked]")


def test_a_password_within_a_longer_variable_is_masked_wherever_it_stands(monkeypatch):
    value = "-Da=1 -Ddb=postgres://u:pa/ss-w0rd@h/db?mail=a@b -Dc=amqp://v:other/pass@h"
    monkeypatch.setenv("JAVA_SETTINGS", value)
    text = "refused: pa/ss-w0rd, other/pass"
    assert without_secrets(text) == "refused: [JAVA_SETTINGS], [JAVA_SETTINGS]"


def test_no_error_of_a_scenario_holds_a_secret(tmp_path, monkeypatch, capfd, caplog):
    """Neither the error, nor what it came from, nor what is logged, nor a file."""
    monkeypatch.setenv("MY_SERVICE_KEY", PLANTED)

    def leak(*_):
        try:
            {}[f"no access with {PLANTED}"]
        except KeyError as error:
            raise ValueError(f"key {PLANTED}") from error

    def leaking(society):
        society.pay = leak
        return nullcontext()

    with pytest.raises(RunFailedError) as caught:
        societies.run("donor_game/demo", out=tmp_path, sets=SMALL, watch=leaking)
    logging.getLogger("app").error("failed", exc_info=caught.value)
    told = "".join(traceback.format_exception(caught.value))
    assert "key [MY_SERVICE_KEY]" in str(caught.value)
    assert "no access with [MY_SERVICE_KEY]" in told
    printed = capfd.readouterr()
    kept = everything_in(tmp_path)
    assert "no access with [MY_SERVICE_KEY]" in kept
    assert "no access with [MY_SERVICE_KEY]" in caplog.text
    assert PLANTED not in told + kept + caplog.text + printed.out + printed.err


def test_an_error_beside_a_bad_row_holds_no_secret_either(monkeypatch):
    monkeypatch.setenv("MY_SERVICE_KEY", PLANTED)
    config, scenario = load("donor_game/demo", SMALL)

    class Wrong(load_society(scenario)):
        records = (*load_society(scenario).records, Count)

        def pay(self, answer, giver, receiver):
            self.record(Count(number=10**40))
            if self.log.rows > 30:
                raise KeyError(f"key {PLANTED}")

    with pytest.raises(RunFailedError, match="besides") as caught:
        Wrong(config).run()
    assert PLANTED not in "".join(traceback.format_exception(caught.value))
