"""Work in two phases: begun once whatever happens, found again, replayed, carried over by forks."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import pytest

import societies
from societies import registry
from societies.errors import (
    InputError,
    JournalError,
    ReplayDiffersError,
    RunInterruptedError,
)
from societies.loading.load import load
from societies.record.artifacts import Artifacts
from societies.record.journal import Journal
from societies.record.work import Intent, Result, digest_of
from societies.society import load_society
from tests.conftest import assert_same_record, record
from tests.school import install
from tests.school.society import started


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Install the school, whose jobs end at once."""
    install(tmp_path / "site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setenv("SCHOOL_JOBS", str(tmp_path / "jobs"))
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "go").touch()
    registry._installed.cache_clear()
    yield tmp_path / "site"
    registry._installed.cache_clear()


@pytest.fixture
def school(site, tmp_path):
    """Return a run of the school."""
    return societies.run("school/demo", out=tmp_path / "runs")


def lines(path: Path, kind: str) -> list[dict]:
    """Return a journal's lines of a kind."""
    found = map(json.loads, (path / "journal.ndjson").read_text().splitlines())
    return [line for line in found if next(iter(line)) == kind]


KEYS = [f"d{day}/{name}#{name}#training#1" for day in (1, 2) for name in ("ann", "bob")]


def test_what_is_begun_and_what_comes_of_it_is_journalled(school):
    assert sorted({line["intent"] for line in lines(school.path, "intent")}) == KEYS
    results = {line["result"]: line for line in lines(school.path, "result")}
    assert sorted(results) == KEYS
    assert results[KEYS[0]]["value"] == {"score": 0.5, "at": [1, 2]}
    weights = school.artifacts.read(results[KEYS[0]]["artifacts"]["weights"])
    assert weights.startswith(b"weights after 1 epochs of ")
    with school.journal() as journal:
        assert journal.size == 4
        assert set(journal.intent(KEYS[0]).handle) == {"process"}
    assert school.about["totals"] | {"calls": 4, "cost": 1.0} == school.about["totals"]
    assert len(started()) == 4


def test_a_replay_takes_the_results_and_begins_nothing(school):
    societies.replay(school.path)
    societies.rebuild(school.path)
    assert len(started()) == 4


def killed_at_work(site: Path, tmp_path: Path) -> Path:
    """Kill a run of the school while its first two jobs are under way."""
    (tmp_path / "jobs" / "go").unlink()
    command = [sys.executable, "-m", "societies.cli.main", "run", "school/demo", "--quiet"]
    paths = os.pathsep.join([str(site), *filter(None, sys.path)])
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path / "killed")], env={**os.environ, "PYTHONPATH": paths}
    )
    until = time.monotonic() + 60
    while len(started()) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (tmp_path / "jobs" / "go").touch()
    return tmp_path / "killed" / "school" / "1"


def test_a_run_that_is_killed_at_work_finds_it_again(school, site, tmp_path):
    before = started()
    (tmp_path / "jobs" / "started").unlink()
    path = killed_at_work(site, tmp_path)
    assert {line["intent"] for line in lines(path, "intent")} == set(KEYS[:2])
    assert lines(path, "result") == []
    with pytest.raises(InputError, match="only a finished run can be replayed"):
        societies.replay(path)
    resumed = societies.resume(path)
    tokens = started()
    assert len(tokens) == len(set(tokens)) == 4
    assert not set(tokens) & set(before)
    assert_same_record(record(school), record(resumed))
    societies.replay(path)


def test_work_that_was_journalled_and_not_begun_is_begun(school, tmp_path):
    """The process died right behind the intent: nobody knows its token."""
    path = school.path / "journal.ndjson"
    kept = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(next(line for line in kept if line.startswith(b'{"intent"')))
    unfinish(school.path)
    (tmp_path / "jobs" / "started").unlink()
    societies.resume(school.path)
    assert len(started()) == 4


def unfinish(path: Path) -> None:
    about = json.loads((path / "run.json").read_text())
    (path / "run.json").write_text(json.dumps({**about, "status": "interrupted"}))


def test_a_fork_carries_over_the_work_and_its_artifacts(school, tmp_path):
    fork = societies.fork(school.path, "d2", sets={"protocol.epochs": 3}, out=tmp_path / "forks")
    assert fork.about["parent"]["works"] == 2
    assert len(started()) == 4 + 2
    epochs = [line["asked"]["epochs"] for line in lines(fork.path, "intent")]
    assert sorted(set(epochs)) == [1, 3]
    for line in lines(fork.path, "result"):
        assert fork.artifacts.read(line["artifacts"]["weights"]).startswith(b"weights after")
    assert fork.about["totals"]["cost"] == 1.0
    societies.replay(fork.path)


def test_other_work_under_a_key_is_told(school):
    file = school.path / "scenario.yaml"
    file.write_text(file.read_text().replace("epochs: 1", "epochs: 9"))
    with pytest.raises(ReplayDiffersError, match=r"(?s)#training#1' is to do something else.*9"):
        societies.replay(school.path)


def test_what_work_costs_counts_for_the_limit(site, tmp_path):
    sets = {"limits.max_cost_usd": 0.2, "protocol.days": 3}
    with pytest.raises(RunInterruptedError, match="max_cost_usd is reached") as caught:
        societies.run("school/demo", out=tmp_path, sets=sets)
    assert len(started()) == 2
    with pytest.raises(RunInterruptedError, match="max_cost_usd is reached"):
        societies.resume(caught.value.run)
    resumed = societies.resume(caught.value.run, sets={"limits.max_cost_usd": None})
    assert resumed.about["totals"]["cost"] == 1.5
    assert len(started()) == 6


def test_work_that_cannot_be_done_stops_the_run_which_can_be_resumed(site, tmp_path):
    (tmp_path / "jobs" / "go").unlink()
    (tmp_path / "jobs" / "broken").touch()
    with pytest.raises(societies.agents.errors.ModelError, match="service is broken") as caught:
        societies.run("school/demo", out=tmp_path)
    (tmp_path / "jobs" / "broken").unlink()
    (tmp_path / "jobs" / "go").touch()
    assert societies.resume(caught.value.run).status == "finished"
    assert len(started()) == 4


def test_a_society_without_a_journal_works_too(site):
    config, scenario = load("school/demo")
    society = load_society(scenario)(config)
    while society.running:
        society.step()
    assert society.log.table("lessons").collect().height == 4
    assert society.artifacts.folder.is_dir()


# -- the journal ------------------------------------------------------------------------------


def intent(key: str = "d1/ann#ann#training#1", **asked: object) -> Intent:
    return Intent(key, "training", digest_of(asked), asked, token=f"token of {key}")


def test_a_torn_or_flipped_line_of_work_is_told(tmp_path):
    path = tmp_path / "journal.ndjson"
    with Journal(path) as journal:
        journal.begin(intent(epochs=1))
        journal.finish(intent(epochs=1), Result({"score": 1}))
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    with Journal(path) as journal:
        assert journal.torn
        assert journal.intent("d1/ann#ann#training#1") == intent(epochs=1)
        assert journal.result("d1/ann#ann#training#1") is None
    path.write_bytes(whole.replace(b'"score":1', b'"score":2'))
    with pytest.raises(JournalError, match="line 2 is damaged"):
        Journal(path)


def test_a_kind_of_lines_that_is_not_known_is_told(tmp_path):
    path = tmp_path / "journal.ndjson"
    body = b'{"batch":"d1","size":3}'
    path.write_bytes(b'%s,"crc":"%08x"}\n' % (body[:-1], crc32(body)))
    with pytest.raises(JournalError, match=r"line 1 is sound, and of a kind .* \('batch'\)"):
        Journal(path, writable=False)


def test_work_has_one_result_and_was_begun_before(tmp_path):
    with Journal(tmp_path / "journal.ndjson") as journal:
        with pytest.raises(JournalError, match="holds no intent of"):
            journal.finish(intent(), Result({}))
        journal.begin(intent())
        with pytest.raises(JournalError, match="no hash"):
            journal.finish(intent(), Result({}, artifacts={"weights": "../run.json"}))
        journal.finish(intent(), Result({}))
        with pytest.raises(JournalError, match="the result of"):
            journal.finish(intent(), Result({}))
        with pytest.raises(JournalError, match="the result of"):
            journal.begin(intent())


def test_what_is_known_last_of_work_counts(tmp_path):
    path = tmp_path / "journal.ndjson"
    with Journal(path) as journal:
        journal.begin(intent(epochs=1))
        journal.begin(replace(intent(epochs=1), handle={"job": "ft-1"}))
    with Journal(path, writable=False) as journal:
        assert journal.intent(intent().key) == replace(intent(epochs=1), handle={"job": "ft-1"})
        assert journal.works() == [intent().key]


def test_a_digest_is_that_of_the_content():
    assert digest_of({"a": 1, "b": {"c": (1, 2), "d": 0}}) == digest_of(
        {"b": {"d": 0, "c": [1, 2]}, "a": 1}
    )
    assert digest_of({"a": 1}) != digest_of({"a": 2})


# -- artifacts --------------------------------------------------------------------------------


def test_an_artifact_is_kept_once_and_read_as_it_was_written(tmp_path):
    kept = Artifacts(tmp_path / "artifacts")
    digest = kept.put(b"weights")
    (tmp_path / "file").write_bytes(b"weights")
    assert kept.put(tmp_path / "file") == digest
    assert [file.name for file in (tmp_path / "artifacts").iterdir()] == [digest]
    assert kept.read(digest) == b"weights"


def test_a_damaged_artifact_is_told_and_may_be_made_again(tmp_path):
    kept = Artifacts(tmp_path)
    file = kept.path(kept.put(b"weights"))
    file.chmod(0o644)
    file.write_bytes(b"weighty")
    with pytest.raises(JournalError, match=r"is damaged .*put a copy of it there"):
        kept.read(file.name)
    with pytest.raises(ReplayDiffersError, match="or it is damaged"):
        Artifacts(tmp_path, writable=False).put(b"weights")
    kept.put(b"weights")
    assert kept.read(file.name) == b"weights"
    file.unlink()
    with pytest.raises(JournalError, match="cannot be read"):
        kept.read(file.name)


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    kept = Artifacts(tmp_path / "no" / "such" / "folder")
    with pytest.raises(JournalError, match="cannot be written"):
        kept.put(b"weights")
