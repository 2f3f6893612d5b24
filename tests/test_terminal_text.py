"""What models, servers and files say is shown to a terminal, and never obeyed by it."""

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from societies.cli.progress import _bar, _in_lines
from societies.cli.tables import as_table, as_tables
from societies.cli.visible import visible
from societies.loading import load
from societies.society import load_society
from tests.conftest import SMALL
from tests.openai_server import Reply, serve

COMMAND = [sys.executable, "-m", "societies.cli.main"]
EVIL = "A\x1b[31mred\x1b]0;owned\x07\x9b2Jx\rback\x00\u202eabc[bold]m[/bold]"
SHOWN = r"A\x1b[31mred\x1b]0;owned\x07\x9b2Jx\rback".replace(r"\r", r"\x0d") + r"\x00\u202eabc"
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")


def societies(*arguments: object, key: str = "") -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "OPENAI_API_KEY": key}
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, env=environment)


def on_a_terminal(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command as at a terminal, where colours are kept; return all that it printed."""
    primary, secondary = os.openpty()
    with subprocess.Popen([*COMMAND, *arguments], stdout=secondary, stderr=secondary) as command:
        os.close(secondary)
        printed = b""
        with suppress(OSError):  # Linux's way to say that nobody writes any more
            while part := os.read(primary, 4096):
                printed += part
        os.close(primary)
    return subprocess.CompletedProcess(command.args, command.returncode, printed, b"")


def hosted(file: str, address: str, out: Path, *more: object) -> subprocess.CompletedProcess[bytes]:
    """Run a scenario with a model on a server here."""
    sets = ("--set", "model.name=openai/m", "--set", f"model.api_base={address}")
    return societies("run", file, "--out", out, "--quiet", *sets, *more, key="planted-key")


def is_inert(done: subprocess.CompletedProcess[bytes]) -> bool:
    return not RAW.search((done.stdout + done.stderr).decode())


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> Path:
    """Return the directory of a finished run whose every reply is full of commands."""
    out = tmp_path_factory.mktemp("runs")
    with serve(lambda body, number: Reply(EVIL)) as server:
        done = hosted("donor_game/demo", server.address, out, "--set", "limits.max_calls=6")
    assert done.returncode == 3, done
    assert is_inert(done), done
    return Path(done.stdout.decode().splitlines()[-1])


@pytest.mark.parametrize("option", [[], ["--transcript"], ["--json"]])
def test_replies_are_shown_and_not_obeyed(told: Path, option: list[str]) -> None:
    done = societies("show", told, *option)
    assert done.returncode == 0, done.stderr
    assert is_inert(done), done


def test_a_call_shows_the_reply_as_escapes(told: Path) -> None:
    import societies as package

    with package.Run(told).journal() as journal:
        key = next(entry.key for entry in journal.entries() if "owned" in entry.completion.text)
    done = societies("show", told, "--call", key)
    assert is_inert(done), done
    assert SHOWN in done.stdout.decode()
    assert "[bold]m[/bold]" in done.stdout.decode()


def test_what_a_server_answers_in_an_error_is_not_obeyed(tmp_path: Path) -> None:
    with serve(lambda body, number: Reply(f"denied {EVIL}", status=401)) as server:
        done = hosted("donor_game/demo", server.address, tmp_path)
    assert b"denied" in done.stderr
    assert is_inert(done), done
    run = done.stdout.decode().splitlines()[-1]
    shown = societies("show", run)
    assert is_inert(shown), shown


def test_what_a_file_holds_is_not_obeyed_in_an_error(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text('scenario: "\\e[31mx\\x9b"\n', encoding="utf-8")
    done = societies("validate", path)
    assert b"\\x1b[31mx" in done.stderr
    assert is_inert(done), done


def test_markup_in_a_table_is_text() -> None:
    frame = pl.DataFrame({"who[red]": ["[bold]Ada[/bold]\x1b"] * 2, "n": [1, 2], "m": [3, 4]})
    screen = Console(width=200, record=True, file=StringIO())
    screen.print(as_table("[link]Title[/link]", frame))
    for table in as_tables("Results", frame, 10):
        screen.print(table)
    text = screen.export_text()
    assert "who[red]" in text
    assert "[bold]Ada[/bold]\\x1b" in text
    assert "[link]Title[/link]" in text


def test_emoji_codes_in_a_table_are_text() -> None:
    screen = Console(width=200, record=True, file=StringIO())
    screen.print(as_table(":warning:", pl.DataFrame({":smile:": [":tada:"]})))
    text = screen.export_text()
    assert all(code in text for code in (":warning:", ":smile:", ":tada:"))


@pytest.mark.parametrize("shown", [_bar, _in_lines])
def test_progress_shows_a_name_and_obeys_nothing(shown, capsys) -> None:
    config, scenario = load("donor_game/demo", SMALL)
    society = load_society(scenario)(config)
    society.log.run = f"a{EVIL}"
    with shown(society):
        pass
    told = capsys.readouterr().err
    assert SHOWN in told.replace("\n", "")
    assert not RAW.search(told)


@pytest.mark.parametrize(
    "arguments",
    [
        [EVIL],
        ["show"],
        ["show", "x", f"--{EVIL}"],
        ["run", "donor_game/demo", f"more{EVIL}"],
        ["run", "donor_game/demo", "--set", EVIL],
        ["validate", EVIL],
    ],
)
def test_arguments_are_shown_and_not_obeyed(arguments: list[str]) -> None:
    given = [argument.replace("\0", "") for argument in arguments]
    done = on_a_terminal(*given)
    assert done.returncode == 2, done
    assert b"Traceback" not in done.stdout
    text = done.stdout.decode().replace("\r\n", "\n")
    assert not RAW.search(text), text
    assert r"\x1b[31m" in text or arguments == ["show"]


def test_paths_of_compared_runs_are_shown_and_not_obeyed(told: Path, tmp_path: Path) -> None:
    name = "b\x1b[31m\x9b2J\x7f[bold]:tada:"
    others = [shutil.copytree(told, tmp_path / f"{name}{number}") for number in "12"]
    for option in ([], ["--json"]):
        done = societies("show", *others, *option)
        assert done.returncode == 0, done.stderr
        assert is_inert(done), done
        assert b"[bold]:tada:" in done.stdout
    assert [str(path) for path in others] == [row["run"] for row in json.loads(done.stdout)["runs"]]
    done = societies("show", others[0])
    assert is_inert(done), done


@given(st.text())
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    shown = visible(text)
    assert not RAW.search(shown)
    assert shown == text or len(shown) > len(text)
    assert visible(shown) == shown
