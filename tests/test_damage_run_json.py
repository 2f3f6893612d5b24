"""A `run.json` that somebody wrote in is told with its key, and written anew from the journal."""

import json
import shutil
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import societies
from societies.calls.totals import Totals
from societies.cli.main import app
from societies.errors import InputError
from societies.execute import rebuild as repairs
from societies.runs import run_json
from societies.runs.run import Run
from tests.conftest import SMALL, assert_same_record, record


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Run:
    return societies.run("donor_game/demo", out=tmp_path_factory.mktemp("runs"), sets=SMALL)


@pytest.fixture
def run(sound, tmp_path) -> Run:
    return Run(shutil.copytree(sound.path, tmp_path / "1"))


def edited(run: Run, key: str, value: Any) -> None:
    """Write a value into `run.json`, by its dotted key; without a key it is all."""
    *way, last = f"all.{key}".rstrip(".").split(".")
    holder = whole = {"all": json.loads((run.path / "run.json").read_text(encoding="utf-8"))}
    for part in way:
        holder = holder[part]
    holder[last] = value
    (run.path / "run.json").write_text(json.dumps(whole["all"]), encoding="utf-8")


ODD = [
    ("", []),
    ("status", 3),
    ("status", "done"),
    ("run", None),
    ("reason", ["x"]),
    ("seconds", "long"),
    ("seconds", -1),
    ("parent", "1"),
    ("totals", "many"),
    ("totals", [1]),
    ("totals.calls", -1),
    ("totals.calls", "12"),
    ("totals.calls", None),
    ("totals.calls", True),
    ("totals.cost", float("nan")),
    ("totals.cost", {}),
    ("totals.prompt_tokens", 1.5),
    ("totals.given_up", "2"),
    ("unanswered", "2"),
    ("unanswered", -1),
    ("tables", None),
    ("tables", []),
    ("tables", "all"),
    ("tables.donations", 3),
    ("tables.donations.rows", None),
    ("tables.donations.rows", "32"),
    ("tables.donations.segments", -1),
    ("tables.donations.segments", 2),
    ("tables.donations.checksums", "abc"),
    ("tables.donations.checksums", [None]),
]


@pytest.mark.parametrize(("key", "value"), ODD)
def test_odd_values_are_told_with_their_file_and_key(run: Run, key: str, value: Any) -> None:
    edited(run, key, value)
    told = key.replace("segments", "") if value == 2 else key
    for command in (["show"], ["show", "--json"], ["replay", "--quiet"]):
        done = CliRunner().invoke(app, [*command, str(run.path)])
        assert isinstance(done.exception, InputError), done.exception
        text = str(done.exception)
        assert f"{run.path / 'run.json'} is damaged: {told or 'all of it'}" in text
        assert f"societies rebuild {run.path}" in text
        assert "pydantic" not in text


@pytest.mark.parametrize(("key", "value"), [("totals", [1]), ("tables.donations", 3), ("", [])])
@pytest.mark.parametrize("mend", [societies.resume, repairs.rebuild])
def test_odd_values_are_written_anew(sound: Run, run: Run, mend: Any, key: str, value: Any) -> None:
    edited(run, key, value)
    mend(run.path)
    assert_same_record(record(run), record(sound))
    assert run.about["totals"] == {
        **sound.about["totals"],
        "journalled": run.about["totals"]["calls"],
    }
    assert (run.path / "run.json.damaged").is_file()
    assert CliRunner().invoke(app, ["show", str(run.path)]).exit_code == 0


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(key=st.sampled_from(sorted({key for key, _ in ODD})), value=ANY)
def test_whatever_stands_there_it_is_read_or_refused(sound: Run, key: str, value: Any) -> None:
    edited_in = Run(sound.path)
    kept = (sound.path / "run.json").read_text(encoding="utf-8")
    try:
        edited(edited_in, key, value)
        for command in ([], ["--json"]):
            done = CliRunner().invoke(app, ["show", *command, str(sound.path)])
            assert done.exception is None or isinstance(done.exception, InputError), done.exception
    finally:
        (sound.path / "run.json").write_text(kept, encoding="utf-8")


@pytest.mark.parametrize("key", ["totals.unpriced", "totals.cost", "seconds", "tables"])
def test_what_an_earlier_version_did_not_write_has_its_default(run: Run, key: str) -> None:
    about = json.loads((run.path / "run.json").read_text(encoding="utf-8"))
    holder = about["totals"] if "." in key else about
    del holder[key.rpartition(".")[2]]
    (run.path / "run.json").write_text(json.dumps(about), encoding="utf-8")
    for command in (["show", str(run.path)], ["show", str(run.path), str(run.path)]):
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output


def test_a_parent_that_is_null_is_none(sound: Run, run: Run) -> None:
    edited(run, "parent", None)
    edited(run, "status", "interrupted")
    assert_same_record(record(societies.resume(run.path)), record(sound))


def test_everything_that_is_counted_is_looked_at() -> None:
    assert set(run_json.Totals.model_fields) == {field.name for field in fields(Totals)}
