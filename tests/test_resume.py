"""Kill it, stop it, break it: a run goes on where it was, and replays exactly."""

import asyncio
import json
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
import yaml

import societies
from societies.errors import (
    InputError,
    JournalError,
    ReplayDiffersError,
    RunFailedError,
    RunInterruptedError,
)
from societies.loading.load import load
from societies.runs.run import Run
from societies.society import load_society
from tests.conftest import SMALL, assert_same_record, forge, record

SLOW = {
    "protocol.generations": 4,
    "population.groups": [
        {"share": 1, "model": {"name": "scripted/persona", "options": {"latency": 0.01}}},
        {"share": 1, "model": {"name": "scripted/noisy", "options": {"latency": 0.01}}},
    ],
}
"""A donor game of some seconds: every call takes 10 ms, and some are asked again."""

COMMAND = [sys.executable, "-m", "societies.cli.main"]


def slow_file(folder: Path) -> Path:
    """Write the slow donor game as a file."""
    data = {
        "scenario": "donor_game",
        "name": "slow",
        "model": {"name": "scripted/persona"},
        "population": {"size": 12, "groups": SLOW["population.groups"]},
        "protocol": {"generations": SLOW["protocol.generations"]},
    }
    path = folder / "slow.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


def calls(path: Path) -> list[str]:
    """Return the keys journalled so far, in order, with repetitions."""
    text = (path / "journal.ndjson").read_text(encoding="utf-8")
    return re.findall(r'^\{"call":"([^"]*)"', text, flags=re.MULTILINE)


@pytest.mark.slow
def test_killed_twenty_times_a_run_ends_as_if_undisturbed(tmp_path):
    file = slow_file(tmp_path)
    undisturbed = societies.run(file, out=tmp_path / "undisturbed")
    moments = random.Random(2412)
    run_path = tmp_path / "runs" / "slow" / "0"
    kills = 0
    while kills < 20:
        verb = (
            ["resume", run_path] if run_path.exists() else ["run", file, "--out", tmp_path / "runs"]
        )
        process = subprocess.Popen(
            [*COMMAND, *map(str, verb), "--quiet"], stdout=subprocess.DEVNULL
        )
        before = len(calls(run_path)) if (run_path / "journal.ndjson").exists() else 0
        _wait_for_calls(process, run_path, before + 1)
        time.sleep(moments.uniform(0, 0.06))
        assert process.poll() is None, "the run ended before it was killed twenty times"
        process.kill()
        process.wait()
        kills += 1
    made = calls(run_path)
    finished = societies.resume(run_path)
    assert finished.status == "finished"
    assert calls(run_path)[: len(made)] == made
    assert len(set(calls(run_path))) == len(calls(run_path)) == len(calls(undisturbed.path))
    assert_same_record(record(undisturbed), record(finished))
    societies.replay(run_path)


def _wait_for_calls(process: subprocess.Popen, run_path: Path, count: int) -> None:
    """Wait until the journal holds `count` calls."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if (run_path / "journal.ndjson").exists() and len(calls(run_path)) >= count:
            return
        time.sleep(0.005)
    raise AssertionError(f"no {count} calls within a minute; exit code {process.poll()}")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_within_five_seconds_resumable(tmp_path, sent):
    file, run_path = slow_file(tmp_path), tmp_path / "runs" / "slow" / "0"
    process = subprocess.Popen(
        [*COMMAND, "run", str(file), "--out", str(tmp_path / "runs")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _wait_for_calls(process, run_path, 20)
    process.send_signal(sent)
    began = time.monotonic()
    out, err = process.communicate(timeout=10)
    assert time.monotonic() - began < 5
    assert process.returncode == 3
    assert f"societies resume {run_path}" in err
    assert "Traceback" not in err
    assert out.splitlines()[-1] == str(run_path)
    assert Run(run_path).status == "interrupted"
    stopped = calls(run_path)
    assert societies.resume(run_path).status == "finished"
    assert calls(run_path)[: len(stopped)] == stopped


def test_a_hanging_call_is_abandoned_when_stopped():
    """The model takes a minute; Ctrl-C does not."""
    config, scenario = load(
        "donor_game/demo",
        {**SMALL, "population.groups": [], "model.options": {"latency": 60.0}},
    )
    society = load_society(scenario)(config)

    class Impatient(type(society)):
        async def play(self):
            async for _ in super().play():
                asyncio.get_running_loop().call_soon(self.interrupt, "enough")
                yield

    began = time.monotonic()
    with pytest.raises(RunInterruptedError, match="enough"):
        Impatient(config).run()
    assert time.monotonic() - began < 5


def test_resume_asks_only_what_is_not_journalled(run_small):
    run = run_small()
    whole = record(run)
    lines = (run.path / "journal.ndjson").read_bytes().splitlines(keepends=True)
    for cut in random.Random(7).sample(range(len(lines)), 5):
        (run.path / "journal.ndjson").write_bytes(b"".join(lines[:cut]))
        _mark(run, "interrupted")
        kept = len(calls(run.path))
        resumed = societies.resume(run.path)
        assert resumed.about["totals"]["journalled"] == kept
        assert resumed.about["totals"]["calls"] == len(calls(run.path)) == 39
        assert_same_record(whole, record(resumed))


def test_resume_of_a_finished_run_does_nothing(run_small):
    run = run_small()
    before = run.about
    assert societies.resume(run.path).about == before


def test_a_torn_last_line_is_dropped_asked_again_and_said(run_small):
    run = run_small()
    whole = record(run)
    path = run.path / "journal.ndjson"
    path.write_bytes(path.read_bytes()[:-20])
    _mark(run, "running")
    resumed = societies.resume(run.path)
    assert resumed.about["torn_bytes_dropped"] > 0
    assert_same_record(whole, record(resumed))


def test_a_damaged_journal_is_refused_and_nothing_is_lost(run_small):
    run = run_small()
    path = run.path / "journal.ndjson"
    damaged = path.read_bytes().replace(b"Justification", b"justification", 1)
    path.write_bytes(damaged)
    _mark(run, "interrupted")
    with pytest.raises(JournalError, match=r"line \d+ is damaged"):
        societies.resume(run.path)
    assert path.read_bytes() == damaged
    assert run.table("donations").collect().height == 32


def test_replay_makes_no_call_and_changes_nothing(run_small):
    run = run_small()
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    societies.replay(run.path)
    assert before == {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}


def test_replay_names_the_first_differing_key_and_shows_the_difference(run_small):
    run = run_small()
    _edit(run, {"prompts": {"donate": "How much, {{ agent.name }}?\nAnswer: "}})
    with pytest.raises(ReplayDiffersError) as caught:
        societies.replay(run.path)
    first_donation = run.table("donations").collect().row(0, named=True)
    key = f"{first_donation['scope']}#{first_donation['agent']}#1"
    text = str(caught.value)
    assert text.startswith(f"call '{key}' asks something else than was recorded")
    assert f"+[user] How much, {first_donation['agent']}?" in text
    assert "-This is generation 1, round 1." in text


def test_replay_tells_a_changed_record(run_small):
    run = run_small()
    changed = pl.col("amount") + (pl.col("round") == 2)
    forge(run, "donations", lambda table: table.with_columns(amount=changed))
    with pytest.raises(ReplayDiffersError, match=r"table 'donations' .* column 'amount'"):
        societies.replay(run.path)


def test_replay_tells_missing_and_surplus_calls(run_small):
    run = run_small()
    path = run.path / "journal.ndjson"
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    with pytest.raises(ReplayDiffersError, match="is not in the journal"):
        societies.replay(run.path)
    path.write_bytes(whole)
    _edit(run, {"protocol": {"generations": 1}})
    with pytest.raises(ReplayDiffersError, match="were not asked again"):
        societies.replay(run.path)


def test_resume_with_a_changed_prompt_is_refused_and_keeps_the_log(run_small):
    run = run_small()
    whole = record(run)
    _mark(run, "interrupted")
    _edit(run, {"prompts": {"strategy": "Plan?"}})
    with pytest.raises(ReplayDiffersError, match="g1/strategy/1_1#1_1#1"):
        societies.resume(run.path)
    assert_same_record(whole, record(run))


def test_an_unfinished_run_is_not_replayed(run_small):
    run = run_small()
    _mark(run, "interrupted")
    with pytest.raises(InputError, match="societies resume"):
        societies.replay(run.path)


def test_a_scenarios_own_failure_is_told_with_its_scope_and_kept(tmp_path):
    """A template that divides by zero in round 3: what came before is kept, and it resumes."""
    broken = "{{ 1 // (round - 3) }} How many units? Reply as Answer: 1"
    with pytest.raises(societies.agents.errors.PromptError, match="prompt 'donate'") as caught:
        societies.run(
            "donor_game/demo", out=tmp_path, sets={**SMALL, "prompts": {"donate": broken}}
        )
    run = Run(caught.value.run)
    assert run.status == "failed"
    assert "prompt 'donate'" in run.about["reason"]
    assert run.table("donations").collect().height == 4
    assert "ZeroDivisionError" in (run.path / "error.txt").read_text(encoding="utf-8")


def test_a_bug_in_a_scenario_is_told_with_its_scope():
    config, scenario = load("donor_game/demo", SMALL)

    class Buggy(load_society(scenario)):
        def pay(self, answer, giver, receiver):
            raise KeyError("hands")

    with pytest.raises(RunFailedError, match=r"interaction g1/game1/r01/.* failed: KeyError"):
        Buggy(config).run()


def _mark(run: Run, status: str) -> None:
    about = {**run.about, "status": status}
    (run.path / "run.json").write_text(json.dumps(about), encoding="utf-8")


def _edit(run: Run, changes: dict) -> None:
    path = run.path / "scenario.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    for key, value in changes.items():
        data[key] = {**data[key], **value}
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")


def test_tables_that_are_gone_are_written_anew_from_the_journal(run_small):
    run = run_small()
    whole = record(run)
    shutil.rmtree(run.path / "log")
    restored = societies.resume(run.path)
    assert restored.about["totals"]["journalled"] == 39
    assert_same_record(whole, record(restored))


def test_a_finished_run_without_its_journal_is_not_asked_anew(run_small):
    run = run_small()
    shutil.rmtree(run.path / "log")
    (run.path / "journal.ndjson").unlink()
    with pytest.raises(InputError, match=r"has no journal\.ndjson"):
        societies.resume(run.path)


def test_a_template_that_never_ends_is_stopped_by_its_bound(tmp_path):
    file = slow_file(tmp_path)
    text = file.read_text(encoding="utf-8")
    loops = "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}"
    file.write_text(f"{text}prompts: {{strategy: '{loops}'}}\n", encoding="utf-8")
    out = tmp_path / "runs"
    command = [*COMMAND, "run", str(file), "--out", str(out), "--quiet"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "100,000 turns" in err
    assert "Traceback" not in err
    assert Run(out / "slow" / "0").status == "failed"
