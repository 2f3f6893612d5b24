"""Where a scenario's own code fails: its file and line are told, and the traceback is kept."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import societies
from societies.agents.errors import SocietyError
from societies.cli.init import write_scenario
from societies.cli.main import app
from societies.runs.run import Run

SETS = {"population.size": 2, "protocol.rounds": 2}


@pytest.fixture
def game(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The public goods game of `societies init --scenario`, in a folder of one's own."""
    monkeypatch.chdir(tmp_path)
    write_scenario("public_goods", None)
    return tmp_path / "public_goods"


def change(file: Path, old: str, new: str) -> int:
    """Change a file where it says `old`; return the line."""
    text = file.read_text(encoding="utf-8")
    before, found, after = text.partition(old)
    assert found
    file.write_text(before + new + after, encoding="utf-8")
    return before.count("\n") + 1 + new.count("\n")


def failure(game: Path) -> SocietyError:
    with pytest.raises(SocietyError) as caught:
        societies.run(game / "demo.yaml", sets=SETS)
    return caught.value


def told(error: SocietyError) -> str:
    """Return what an error says, once its traceback was found where it says."""
    text, _, kept = str(error).partition("; the whole traceback lies in ")
    assert "Traceback (most recent call last)" in Path(kept).read_text(encoding="utf-8")
    assert error.run is not None
    assert Run(error.run).about["reason"] == text
    return text


SHARE = "share = self.protocol.multiplier * pot / len(gifts)"


def test_a_crash_in_play_names_the_line(game: Path) -> None:
    line = change(game / "society.py", SHARE, f"share = pot / 0\n        {SHARE}") - 1
    assert told(failure(game)) == (
        f"{game / 'society.py'}:{line}: play() failed: ZeroDivisionError: float division by zero"
    )


def test_a_crash_in_a_mind_names_the_line_that_came_last(game: Path) -> None:
    line = change(game / "minds.py", "own = self.start", "own = self.started")
    text = told(failure(game))
    assert text.startswith(f"{game / 'minds.py'}:{line}: interaction r01/player 1 failed: ")
    assert "'Conditional' object has no attribute 'started'" in text


def test_an_agent_that_is_asked_out_of_turn_names_the_line(game: Path) -> None:
    ask = 'await players[0].ask("give", Gift)'
    play = "gave: dict[Agent, float] = {}"
    line = change(game / "society.py", play, f"{play}\n        {ask}")
    assert told(failure(game)).startswith(f"{game / 'society.py'}:{line}: agent player 1 is used")


def test_an_init_that_fails_names_the_line(game: Path) -> None:
    init = (
        "    def __init__(self, *given, **more):\n        super().__init__(*given, **more)\n"
        "        self.pot = {}['pot']\n\n    async def play("
    )
    line = change(game / "society.py", "    async def play(", init) - 2
    text = f"{game / 'society.py'}:{line}: KeyError: 'pot'"
    assert told(failure(game)) == text
    shown = CliRunner().invoke(app, ["estimate", str(game / "demo.yaml")])
    assert str(shown.exception) == text


def test_the_command_line_tells_the_line_and_no_traceback(game: Path) -> None:
    line = change(game / "society.py", SHARE, f"share = pot / 0\n        {SHARE}") - 1
    done = CliRunner().invoke(app, ["run", str(game / "demo.yaml"), "--quiet"])
    first = done.stderr.splitlines()[0]
    assert f"{game / 'society.py'}:{line}: play() failed" in first
    assert first.endswith("the whole traceback lies in runs/public_goods-demo/1/error.txt")
    assert "Traceback" not in done.stderr
    assert done.exit_code == 1


@pytest.mark.parametrize("name", ["check", "people"])
def test_a_check_that_fails_names_the_line(game: Path, name: str) -> None:
    line = (
        change(
            game / "protocol.py",
            "class Public",
            f"def {name}(config):\n    1 / 0\n\n\nclass Public",
        )
        - 3
    )
    shown = CliRunner().invoke(app, ["validate", str(game / "demo.yaml")])
    assert (
        str(shown.exception)
        == f"{game / 'protocol.py'}:{line}: ZeroDivisionError: division by zero"
    )


def test_a_measure_that_fails_names_the_line(game: Path) -> None:
    path = societies.run(game / "demo.yaml", sets=SETS).path
    line = change(game / "measures.py", "    return means(", "    1 / 0\n    return means(") - 1
    shown = subprocess.run(
        [sys.executable, "-m", "societies.cli.main", "show", str(path)],
        capture_output=True,
        text=True,
    )
    assert f"error: {game / 'measures.py'}:{line}: ZeroDivisionError" in shown.stderr
    assert shown.returncode == 2
    assert "Traceback" not in shown.stderr
