"""The command `societies`, as a user types it."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SMALL, set_prompt

COMMAND = [sys.executable, "-m", "societies.cli.main"]
SETS = [part for key, value in SMALL.items() for part in ("--set", f"{key}={value}")]


def societies(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command and return what it printed."""
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """Return the directory of a finished run."""
    out = tmp_path_factory.mktemp("runs")
    done = societies("run", "donor_game/demo", "--out", out, "--seed", 4, *SETS)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.splitlines()[-1])


def test_help_and_list_name_what_there_is():
    text = societies("--help").stdout
    for command in ("list", "init", "run", "resume", "replay", "validate", "schema", "show"):
        assert f"\n  {command} " in text
    assert "donor_game/paper" in societies("list").stdout


def test_light_commands_import_nothing_heavy():
    """Mesa, Polars, LiteLLM and matplotlib are imported by the commands that use them."""
    check = (
        "import sys; from societies.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'mesa', 'polars', 'litellm', 'matplotlib', 'scipy', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    for arguments in (["--help"], ["validate", "donor_game/demo"], ["list"], ["schema"]):
        done = subprocess.run(
            [sys.executable, "-c", check, *arguments], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


def test_run_prints_progress_apart_and_the_directory_last(finished):
    assert finished.parts[-2:] == ("donor_game-demo", "4")
    assert (finished / "run.json").is_file()
    again = societies("run", "donor_game/demo", "--out", finished.parent.parent, "--seed", 4, *SETS)
    assert again.stdout == f"{finished}-2\n"
    assert "38 calls, " in again.stderr
    assert "tokens" in again.stderr
    quiet = societies("run", "donor_game/demo", "--out", finished.parent.parent, "--quiet", *SETS)
    assert quiet.stderr == ""


def test_progress_on_a_terminal_is_a_bar(tmp_path):
    screen, terminal = pty.openpty()
    command = [*COMMAND, "run", "donor_game/demo", "--out", str(tmp_path), *SETS]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=terminal)
    os.close(terminal)
    shown = b""
    while True:
        try:
            chunk = os.read(screen, 4096)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
    os.close(screen)
    assert process.wait() == 0
    assert "━".encode() in shown
    assert b"calls" in shown


def test_show_prints_summary_call_transcript_and_json(finished):
    summary = societies("show", finished).stdout
    for part in ("donor_game, finished", "Answers by model", "clean", "Results", "generation"):
        assert part in summary
    key = "g1/strategy/1_1#1_1#1"
    call = societies("show", finished, "--call", key).stdout
    assert "--- system" in call
    assert "My strategy will be" in call
    transcript = societies("show", finished, "--transcript").stdout
    assert "\n-- game 1, round 1 [g1/game1/r01]\n" in transcript
    assert " gives " in transcript
    facts = json.loads(societies("show", finished, "--json").stdout)
    assert facts["status"] == "finished"
    assert facts["totals"]["calls"] >= 38
    assert facts["answers"][0]["answers"] > 0
    assert len(facts["results"]) == 2


def test_show_draws_plots_into_the_run(finished):
    printed = societies("show", finished, "--plots").stdout.splitlines()
    pictures = [Path(line) for line in printed if line.endswith(".png")]
    assert pictures
    for picture in pictures:
        assert picture.parent == finished / "plots"
        assert picture.read_bytes().startswith(b"\x89PNG")


def test_replay_and_resume_of_a_finished_run(finished):
    replayed = societies("replay", finished, "--quiet")
    assert (replayed.returncode, replayed.stdout) == (0, f"{finished}\n")
    resumed = societies("resume", finished, "--quiet")
    assert (resumed.returncode, resumed.stdout) == (0, f"{finished}\n")


def test_exit_codes_and_no_traceback(tmp_path, finished):
    (tmp_path / "bad.yaml").write_text("scenario: donor_game\nfoo: 1\n", encoding="utf-8")
    for arguments, code in [
        (["run", "bad.yaml"], 2),
        (["run", "nothing.yaml"], 2),
        (["run", "donor_game/demo", "--set", "nonsense"], 2),
        (["run", "donor_game/demo", "--set", "seed=[1"], 2),
        (["validate", "bad.yaml"], 2),
        (["init", "nobody"], 2),
        (["show", "nowhere"], 2),
        (["show", finished, "--call", "nobody"], 2),
        (["resume", "nowhere"], 2),
        (["replay", "nowhere"], 2),
        (["unknown"], 2),
    ]:
        done = societies(*arguments, cwd=tmp_path)
        assert done.returncode == code, (arguments, done.stderr)
        assert "Traceback" not in done.stderr
        assert done.stderr.strip()
    assert [path.name for path in tmp_path.iterdir()] == ["bad.yaml"]


def test_a_replay_that_differs_has_exit_code_four(tmp_path):
    done = societies("run", "donor_game/demo", "--out", tmp_path, "--quiet", *SETS)
    run = Path(done.stdout.strip())
    set_prompt(run, "strategy", "Plan, {{ agent.name }}")
    replayed = societies("replay", run, "--quiet")
    assert replayed.returncode == 4
    assert "call 'g1/strategy/1_1#1_1#1' asks something else" in replayed.stderr


def test_init_copies_something_that_runs_and_overwrites_nothing(tmp_path):
    made = societies("init", "donor_game/demo", tmp_path / "mine").stdout.split()
    assert {Path(path).name for path in made} >= {"demo.yaml", "donate.j2", "strategy.j2"}
    donate = tmp_path / "mine" / "prompts" / "donate.j2"
    donate.write_text("My own words. " + donate.read_text(encoding="utf-8"), encoding="utf-8")
    done = societies("run", tmp_path / "mine" / "demo.yaml", "--out", tmp_path / "runs", *SETS)
    run = Path(done.stdout.splitlines()[-1])
    assert b"My own words." in (run / "journal.ndjson").read_bytes()
    again = societies("init", "donor_game", tmp_path / "mine")
    assert again.returncode == 2
    assert "exists" in again.stderr


def test_an_out_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    done = societies("run", "donor_game/demo", "--out", tmp_path / "file", *SETS)
    assert done.returncode == 2
    assert "cannot be made" in done.stderr
    assert "Traceback" not in done.stderr
