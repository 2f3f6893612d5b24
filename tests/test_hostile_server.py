"""A hostile server: whatever it does, no completion is lost, doubled or made up."""

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

import societies
from societies.record.journal import Journal
from tests.openai_server import Reply, Server, serve
from tests.test_hosted_models import play, pytestmark  # noqa: F401 - LiteLLM's warnings

FAULTS = [
    (0.05, Reply("slow down", status=429, headers={"retry-after": "0.02"})),
    (0.05, Reply("internal error", status=500)),
    (0.02, Reply(fault="reset")),
    (0.02, Reply("", prompt_tokens=0, completion_tokens=0)),
    (0.02, Reply(fault="garbage")),
    (0.01, Reply(fault="hang")),
]
"""What goes wrong, with its share of all requests."""


def debate(body: dict[str, Any], number: int) -> Reply:
    """Answer as a debater who is right every third time."""
    return Reply(f"Let me see. It is \\boxed{{{number % 3}}}.")


def hostile(
    seed: int, play: Callable[[dict[str, Any], int], Reply]
) -> Callable[[dict[str, Any], int], Reply]:
    """Return how a hostile server answers: faults by share, and a slow tail."""
    random = Random(seed)

    def answer(body: dict[str, Any], number: int) -> Reply:
        drawn = random.random()
        for share, fault in FAULTS:
            if drawn < share:
                return fault
            drawn -= share
        reply = play(body, number)
        slow = 0.3 if random.random() < 0.01 else 0.0
        return Reply(
            f"No. {number}\n{reply.text}", delay=slow, prompt_tokens=number, completion_tokens=7
        )

    return answer


def configuration(server: Server, scenario: str, **protocol: Any) -> dict[str, Any]:
    """Return a scenario that asks the server, at most six things at once."""
    return {
        "scenario": scenario,
        "name": "hostile",
        "model": {"name": "openai/local-model", "api_base": server.address},
        "population": {"size": 12 if scenario == "donor_game" else 3},
        "protocol": protocol,
        "limits": {"timeout": 3.0, "backoff": 0.01, "retries": 20, "in_flight": 6},
    }


def answered(server: Server) -> dict[int, str]:
    """Return the completions that the server gave, by their number."""
    return {
        reply.prompt_tokens: reply.text
        for reply in server.replies
        if reply.status == 200 and reply.text and not reply.fault
    }


def journalled(run: Path) -> dict[int, str]:
    """Return the completions that the journal holds, by their number; none is there twice."""
    with Journal(run / "journal.ndjson", writable=False) as journal:
        completions = [entry.completion for entry in journal.entries()]
    by_number = {completion.prompt_tokens: completion.text for completion in completions}
    assert len(by_number) == len(completions)
    return by_number


def arithmetic(count: int) -> dict[str, Any]:
    """Return the protocol of a symmetric debate: three agents, two rounds, so many questions."""
    return {"kind": "symmetric", "task": {"kind": "arithmetic", "count": count}}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scenario", "protocol", "answer", "expected"),
    [
        ("donor_game", {"generations": 4}, play, 12 + 3 * 6 + 4 * 144),
        ("debate", arithmetic(100), debate, 600),
    ],
)
def test_a_run_of_six_hundred_calls_finishes_and_nothing_is_lost(
    tmp_path, scenario, protocol, answer, expected
):
    with serve(hostile(1, answer)) as server:
        run = societies.run(configuration(server, scenario, **protocol), out=tmp_path)
        assert journalled(run.path) == answered(server)
        kinds = {(reply.status, reply.fault, bool(reply.text)) for reply in server.replies}
    assert len(kinds) == 7, "every kind of fault was met"
    calls = run.table("calls").collect()
    assert calls.height == expected
    unread = calls["wall_attempts"].sum() - len(server.requests)
    resets = sum(reply.fault == "reset" for reply in server.replies)
    assert 0 <= unread <= resets, "a request on a connection that was just reset is not read"
    assert not (run.table("answers").collect()["outcome"] == "defaulted").any()
    societies.replay(run.path)


@pytest.mark.parametrize(
    ("scenario", "protocol", "answer", "expected"),
    [
        ("donor_game", {"generations": 2}, play, 18 + 2 * 2 * 72),
        ("debate", arithmetic(40), debate, 3 * 2 * 40),
    ],
)
def test_killed_in_the_middle_only_what_was_in_flight_is_lost(
    tmp_path, scenario, protocol, answer, expected
):
    with serve(hostile(2, answer), delay=0.02) as server:
        file = tmp_path / "hostile.yaml"
        content = configuration(server, scenario, **protocol)
        file.write_text(yaml.safe_dump(content), encoding="utf-8")
        run = tmp_path / "runs" / "hostile" / "0"
        command = [sys.executable, "-m", "societies.cli.main", "run", str(file), "--quiet"]
        process = subprocess.Popen([*command, "--out", str(tmp_path / "runs")])
        while process.poll() is None and len(answered(server)) < 60:
            time.sleep(0.01)
        process.kill()
        process.wait()
        kept, given = journalled(run), answered(server)
        assert kept.items() <= given.items()
        assert len(given) - len(kept) <= 6, "so many are in flight at once"
        finished = societies.resume(run)
        whole = journalled(run)
        assert kept.items() <= whole.items() <= answered(server).items()
        assert len(answered(server)) - len(whole) == len(given) - len(kept)
    assert finished.about["totals"]["calls"] == expected
    assert finished.about["totals"]["journalled"] == len(kept)
    assert re.fullmatch(r"\d+", str(finished.about["torn_bytes_dropped"]))
