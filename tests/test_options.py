"""Options of the command line: each is given once, and what is printed can be copied."""

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from societies.cli.main import app
from societies.errors import InputError
from societies.runs.run import Run


def refusal(*words: str) -> str:
    """Return what a command line is refused with."""
    error = CliRunner().invoke(app, words).exception
    assert isinstance(error, InputError), error
    return str(error)


@pytest.mark.parametrize("words", [["--seed", "1", "--seed", "2"], ["--seed=1", "--seed=2"]])
def test_an_option_is_not_given_twice(words: Sequence[str]) -> None:
    told = "--seed is given more than once (--seed 1 and --seed 2): give it once"
    assert refusal("validate", "donor_game/demo", *words) == told


def test_no_command_takes_an_option_twice() -> None:
    assert "--at a and --at b" in refusal("fork", "runs/1", "--at", "a", "--at", "b")
    assert "--call a and --call b" in refusal("show", "runs/1", "--call", "a", "--call", "b")
    assert "--show 1 and --show 2" in refusal("population", "x", "--show", "1", "--show", "2")


@pytest.mark.parametrize(
    ("words", "both"),
    [
        (("--set", "seed=1", "--seed", "2"), ("--seed 2", "--set seed=1")),
        (("--set", "name=a", "--set", "name=b"), ("--set name=a", "--set name=b")),
        (
            ("--set", "protocol.rounds=1", "--set", "protocol={rounds: 3}"),
            ("--set protocol.rounds=1", "--set protocol={rounds: 3}"),
        ),
    ],
)
def test_a_value_is_not_set_and_undone(words: Sequence[str], both: tuple[str, str]) -> None:
    told = f"{both[0]} and {both[1]}: the one undoes the other; give one"
    assert refusal("validate", "donor_game/demo", *words) == told


def test_parts_of_what_is_set_may_be_set_behind_it() -> None:
    words = ("--set", "protocol={rounds: 3}", "--set", "protocol.rounds=4")
    done = CliRunner().invoke(app, ["validate", "donor_game/demo", *words])
    assert done.exit_code == 0, done.exception


def test_a_flag_may_be_given_twice(run_small: Callable[..., Run]) -> None:
    done = CliRunner().invoke(app, ["show", str(run_small().path), "--json", "--json"])
    assert done.exit_code == 0, done.exception


def test_printed_keys_can_be_copied(run_small: Callable[..., Run]) -> None:
    run = run_small()
    with run.journal() as journal:
        key = next(key for key in journal.keys() if ">" in key)  # noqa: SIM118
    shown = CliRunner().invoke(app, ["show", str(run.path), "--call", key]).stdout
    assert shlex.split(shown.splitlines()[0], comments=True) == ["call", key]
    with pytest.raises(InputError) as caught:
        run.call("no > such # call")
    assert str(caught.value).startswith(f"run {run.path} has no call 'no > such # call'")
    assert "such as 'g1/" in str(caught.value)


def test_printed_commands_can_be_copied(tmp_path: Path) -> None:
    path = tmp_path / "my runs" / "1"
    path.mkdir(parents=True)
    (path / "run.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        _ = Run(path).about
    command = str(caught.value).rpartition("societies ")[2]
    assert shlex.split(command) == ["resume", str(path)]
