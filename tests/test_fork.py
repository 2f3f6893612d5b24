"""Forks: the same past, another future; nothing of the past is paid for again."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import societies
from societies.cli.compare import show_comparison
from societies.cli.main import app
from societies.errors import InputError, ReplayDiffersError, RunInterruptedError
from societies.runs.run import Run
from tests.conftest import SMALL, assert_same_record, record, set_prompt
from tests.openai_server import Reply, serve

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::UserWarning"
)  # LiteLLM's own

COMMAND = [sys.executable, "-m", "societies.cli.main"]


def command(*arguments) -> subprocess.CompletedProcess:
    """Run the command line."""
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True)


def keys(run: Run) -> list[str]:
    """Return the keys of all calls, in program order."""
    return run.table("calls").collect()["key"].to_list()


def before(run: Run, *starts: str) -> list[str]:
    """Return the keys, in program order, up to the first that starts with one of these."""
    everything = keys(run)
    position = next(n for n, key in enumerate(everything) if key.startswith(starts))
    return everything[:position]


def moody(mood: str):
    """Answer in a way that names the mood and the request's number: no two answers are alike."""

    def answer(body, number):
        owned = re.search(r"you own ([\d.]+) units", body["messages"][-1]["content"])
        if owned:
            return Reply(f"Justification: {mood} {number}.\nAnswer: {float(owned[1]) / 3:.4f}")
        return Reply(f"{mood} {number}.\nMy strategy will be to give a third.")

    return answer


@pytest.fixture(scope="module")
def parent(tmp_path_factory) -> Run:
    """Return a finished small run of scripted minds, which no test changes."""
    return societies.run("donor_game/demo", out=tmp_path_factory.mktemp("runs"), sets=SMALL)


def hosted(address: str) -> dict:
    return {
        **SMALL,
        "population.groups": [],
        "model": {"name": "openai/local-model", "api_base": address},
    }


def test_the_past_is_taken_over_and_the_future_is_asked_anew(tmp_path):
    with serve(moody("calm")) as server:
        parent = societies.run("donor_game/demo", out=tmp_path, sets=hosted(server.address))
        past = before(parent, "g1/game2/")
        asked = len(server.requests)
        assert asked == len(keys(parent)) == 38
        sets = {"model.name": "openai/other", "protocol.multiplier": 4}
        fork = societies.fork(parent.path, "g1/game2", sets=sets, out=tmp_path)
        new = server.requests[asked:]
    assert len(past) == 4 + 8
    assert len(new) == len(keys(fork)) - len(past)
    assert {request["model"] for request in new} == {"other"}
    assert all("gets 4 times" in request["messages"][0]["content"] for request in new)
    assert keys(fork)[: len(past)] == past
    for key in keys(fork):
        reply = fork.call(key).completion.text
        number = int(re.search(r"calm (\d+)", reply)[1])
        assert (number < asked) == (key in past), key
        if key in past:
            assert fork.call(key) == parent.call(key)
    assert fork.about["parent"] == {
        "path": "../1",
        "run": parent.name,
        "at": "g1/game2",
        "calls": len(past),
        "interventions": 1,
    }
    assert fork.about["totals"]["journalled"] == len(past)
    assert fork.config.interventions[0].set == sets


def test_a_fork_stands_by_itself(tmp_path):
    with serve(moody("calm")) as server:
        parent = societies.run("donor_game/demo", out=tmp_path, sets=hosted(server.address))
        fork = societies.fork(parent.path, "g2", out=tmp_path / "forks")
        for path in sorted(parent.path.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        asked = len(server.requests)
        societies.replay(fork.path)
        second = societies.fork(
            fork.path, "g2/game1/r03", sets={"protocol.multiplier": 1}, out=tmp_path / "forks"
        )
        past = before(second, "g2/game1/r03")
        assert len(server.requests) - asked == len(keys(second)) - len(past)
    societies.replay(second.path)
    assert [fork.call(key) for key in past] == [second.call(key) for key in past]
    assert [change.at for change in second.config.interventions] == ["g2", "g2/game1/r03"]
    assert second.about["parent"]["path"] == "../1"
    multipliers = {
        (row["game"], row["round"]): row["recipient_after"] - row["recipient_before"]
        for row in second.table("donations").collect().iter_rows(named=True)
        if row["generation"] == 2 and row["donor_before"] == 10
    }
    assert multipliers[1, 1] == pytest.approx(2 * 10 / 3, abs=1e-3)
    assert multipliers[2, 1] == pytest.approx(10 / 3, abs=1e-3)


def test_a_fork_without_a_change_of_scripted_minds_is_the_parent_again(parent, tmp_path, capsys):
    fork = societies.fork(parent.path, "g2/game1", out=tmp_path / "forks")
    one, other = record(parent), record(fork)
    one.pop("interventions"), other.pop("interventions")
    for name, table in one.items():
        assert table.drop("seq").equals(other[name].drop("seq"), null_equal=True), name
    show_comparison([parent, fork])
    assert "every call is the same" in capsys.readouterr().out


def test_a_fork_of_a_hosted_run_with_minds_needs_no_key(tmp_path, monkeypatch):
    monkeypatch.setenv("MY_KEY", "secret")
    with serve(moody("calm")) as server:
        sets = hosted(server.address)
        sets["model"]["api_key_env"] = "MY_KEY"
        parent = societies.run("donor_game/demo", out=tmp_path, sets=sets)
    monkeypatch.delenv("MY_KEY")
    with pytest.raises(InputError, match="environment variable MY_KEY is not set"):
        societies.fork(parent.path, "g2", out=tmp_path)
    mind = {"model": {"name": "scripted/defector"}}
    fork = societies.fork(parent.path, "g2", sets=mind, out=tmp_path)
    models = dict(fork.table("calls").collect().group_by("model").len().iter_rows())
    assert models == {"openai/local-model": 20, "scripted/defector": 18}
    societies.replay(fork.path)


@pytest.mark.slow
def test_a_killed_fork_is_resumed_and_asks_nothing_twice(parent, tmp_path):
    past = before(parent, "g1/game2/")
    directory = tmp_path / "forks" / "donor_game-demo" / "1"
    slow = "model={name: scripted/persona, options: {latency: 0.05}}"
    arguments = ["fork", parent.path, "--at", "g1/game2", "--set", slow]
    arguments += ["--set", "population.groups=[]", "--out", tmp_path / "forks", "--quiet"]
    process = subprocess.Popen([*COMMAND, *map(str, arguments)], stdout=subprocess.DEVNULL)
    journal = directory / "journal.ndjson"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if journal.exists() and len(calls(journal)) > len(past) + 4:
            break
        time.sleep(0.005)
    assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    made = calls(journal)
    assert set(made[: len(past)]) == set(past)
    resumed = societies.resume(directory)
    assert resumed.status == "finished"
    assert calls(journal)[: len(made)] == made
    assert len(set(calls(journal))) == len(calls(journal)) == len(keys(resumed))
    assert resumed.about["parent"]["at"] == "g1/game2"
    undisturbed = societies.fork(
        parent.path,
        "g1/game2",
        sets={"model": yaml.safe_load(slow[6:]), "population.groups": []},
        out=tmp_path / "again",
    )
    assert_same_record(record(undisturbed), record(resumed))
    societies.replay(directory)


def calls(journal: Path) -> list[str]:
    """Return the keys journalled so far, in order."""
    text = journal.read_text(encoding="utf-8")
    return re.findall(r'^\{"call":"([^"]*)"', text, flags=re.MULTILINE)


def test_a_past_that_differs_or_misses_a_call_is_refused_and_nothing_is_made(run_small, tmp_path):
    parent = run_small()
    journal = parent.path / "journal.ndjson"
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith('{"call":"g1/game1/r02')]
    journal.write_text("".join(kept), encoding="utf-8")
    with pytest.raises(ReplayDiffersError, match=r"call 'g1/game1/r02/\S+' is not in the journal"):
        societies.fork(parent.path, "g2", out=tmp_path / "forks")
    journal.write_text("".join(lines), encoding="utf-8")
    set_prompt(parent.path, "strategy", "Plan, {{ agent.name }}")
    done = command("fork", parent.path, "--at", "g2", "--out", tmp_path / "forks")
    assert done.returncode == 4
    assert "call 'g1/strategy/1_1#1_1#1' asks something else" in done.stderr
    assert not (tmp_path / "forks").exists()


def test_calls_behind_the_fork_may_be_damaged_beyond_use(run_small, tmp_path):
    """What the parent recorded after the fork is never looked at."""
    parent = run_small()
    journal = parent.path / "journal.ndjson"
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith('{"call":"g2/')]
    journal.write_text("".join(kept), encoding="utf-8")
    fork = societies.fork(parent.path, "g2", out=tmp_path / "forks")
    assert fork.about["totals"]["calls"] - fork.about["parent"]["calls"] >= 18


def test_an_unknown_scope_lists_the_nearest(parent, tmp_path):
    near = "--at g1/game3: .* never comes to that scope; nearest: g1/game2, g1/game1"
    with pytest.raises(InputError, match=near):
        societies.fork(parent.path, "g1/game3", out=tmp_path / "forks")
    for prefix in ("g1/game", "g1/game1/r01/1_1"):
        with pytest.raises(InputError, match="never comes to that scope"):
            societies.fork(parent.path, prefix, out=tmp_path / "forks")
    assert not (tmp_path / "forks").exists()


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("seed=4", "--set seed: it cannot change during a run"),
        ("scenario=debate", "--set scenario: it cannot change"),
        ("population.size=6", "--set population.size: the number of agents cannot change"),
        ("interventions=[]", "--set interventions: it cannot change"),
        ("prompts.donate=Give!", "--set prompts.donate: it cannot change"),
        ("protocol.multiplyer=3", "--set protocol.multiplyer: unknown key; did you mean"),
        ("limits.in_fligt=3", "--set limits.in_fligt: unknown key; did you mean"),
        ("model.name=scripted/nobody", "--set model.name: no such mind"),
    ],
)
def test_what_cannot_change_is_refused_by_name(parent, tmp_path, setting, told):
    name, _, value = setting.partition("=")
    sets = {name: yaml.safe_load(value)}
    with pytest.raises(InputError, match=re.escape(told)):
        societies.fork(parent.path, "g2", sets=sets, out=tmp_path / "forks")
    assert not (tmp_path / "forks").exists()


def test_limits_and_name_are_the_forks_as_a_whole(parent, tmp_path):
    sets = {"limits.in_flight": 1, "name": "other"}
    fork = societies.fork(parent.path, "g2", sets=sets, out=tmp_path / "forks")
    assert (fork.config.limits.in_flight, fork.path.parent.name) == (1, "other")
    assert fork.config.interventions[0].set == {}


def test_an_interrupted_run_is_forked_where_it_had_come_to(tmp_path):
    def stop_at_g2(society):
        return StopAt(society, "g2/game2")

    with pytest.raises(RunInterruptedError) as caught:
        societies.run("donor_game/demo", out=tmp_path, sets=SMALL, watch=stop_at_g2)
    with pytest.raises(InputError, match="is interrupted and its journal ends before g2/game2/r04"):
        societies.fork(caught.value.run, "g2/game2/r04", out=tmp_path)
    fork = societies.fork(caught.value.run, "g1/game2", out=tmp_path)
    assert fork.status == "finished"
    societies.replay(fork.path)


class StopAt:
    """Interrupts a society once it has journalled a call below a scope."""

    def __init__(self, society, scope: str) -> None:
        append = society.calls.journal.append

        def watched(key, *rest, **options):
            append(key, *rest, **options)
            if key.startswith(scope):
                society.interrupt("enough")

        society.calls.journal.append = watched

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


def test_the_command_forks_shows_and_compares(parent, tmp_path):
    arguments = ["--at", "g2", "--set", "model.name=scripted/defector"]
    arguments += ["--set", "population.groups=[]", "--out", tmp_path / "forks", "--quiet"]
    fork = Path(printed("fork", parent.path, *arguments).splitlines()[-1])
    assert fork == tmp_path / "forks" / "donor_game-demo" / "1"
    relative = os.path.relpath(parent.path, fork)
    past = before(parent, "g2/")
    assert f"fork of {parent.name} ({relative}) at g2: {len(past)} calls taken over" in printed(
        "show", fork
    )
    compared = printed("show", parent.path, fork)
    for part in ("Set differently", "interventions.0.set.model.name", '"scripted/defector"'):
        assert part in compared
    assert "part at call 'g2/strategy/2_1#2_1#1'" in compared
    facts = json.loads(printed("show", parent.path, fork, "--json"))
    assert [row["from the journal"] for row in facts["runs"]] == [0, len(past)]
    assert facts["parting"] == {str(fork): "g2/strategy/2_1#2_1#1"}
    assert [row["generation"] for row in facts["results"]] == [1, 2, 1, 2]
    with pytest.raises(InputError, match="name only one"):
        printed("show", parent.path, fork, "--transcript")


def printed(*arguments) -> str:
    """Run the command line in this process; return its standard output."""
    done = CliRunner().invoke(app, [*map(str, arguments)])
    if done.exception:
        raise done.exception
    return done.stdout
