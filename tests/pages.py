"""Pages as a reader follows them: save the files, run the commands and the code, compare."""

import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from typer.testing import CliRunner

from societies.cli.main import app
from societies.imports import PREFIX

DOCS = Path(__file__).parent.parent / "docs"
BLOCK = re.compile(
    r"(?:^`([\w./]+)`(, at its end)?:\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
SHOWN = "text"
"""The kind of block that shows what the block before it prints."""


class Block(NamedTuple):
    """A fenced part of a page: a file if it has a name, else something to run, or what is shown."""

    name: str
    more: str
    """Whether it is put at the end of the file that has the name."""
    kind: str
    text: str


def blocks(page: str) -> list[Block]:
    """Return the fenced parts of a page of `docs/`, in their order."""
    return [Block(*found) for found in BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))]


def follow(page: str, folder: Path) -> dict[str, object]:
    """Do in the present folder what a page says; return the variables of its Python code.

    Each `text` block must stand in what was printed by the last block that runs; a line of it
    that is `...` stands for any lines.
    """
    variables: dict[str, object] = {}
    printed = ""
    run: dict[str, Callable[[str], str]] = {
        "sh": commands,
        "python": lambda code: python(code, variables),
    }
    for block in blocks(page):
        kind, text = block.kind, block.text
        if block.name:
            save(block, folder)
        elif kind == SHOWN:
            missing = next(left_out(text, printed), None)
            assert missing is None, f"{page} shows:\n{missing}\nwhat is printed is:\n{printed}"
        elif kind in run:
            printed = run[kind](text)
    return variables


def save(block: Block, folder: Path) -> None:
    """Save a file, or put more at its end."""
    path = folder / block.name
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text(encoding="utf-8") if block.more else ""
    path.write_text(before + block.text, encoding="utf-8")


def commands(text: str) -> str:
    """Run commands, one a line; return what they print.

    Each finds a scenario's files as they are, as in a process of its own.
    """
    printed = ""
    for line in text.splitlines():
        program, *words = shlex.split(line, comments=True)
        assert program == "societies", line
        for module in [name for name in sys.modules if name.startswith(PREFIX)]:
            del sys.modules[module]
        shown = CliRunner().invoke(app, words)
        assert shown.exit_code == 0, f"{line}: {shown.output}, {shown.exception}"
        printed += shown.output
    return printed


def python(code: str, variables: dict[str, object]) -> str:
    """Run code; return what it prints."""
    printed = StringIO()
    with redirect_stdout(printed):
        exec(code, variables)  # noqa: S102 - a page of our own
    return printed.getvalue()


def left_out(shown: str, printed: str) -> Iterator[str]:
    """Yield the parts of what a page shows that were not printed, in this order."""
    lines = "\n".join(line.rstrip() for line in printed.splitlines())
    for part in re.split(r"^\.\.\.\n", shown, flags=re.MULTILINE):
        where = lines.find(part.rstrip("\n"))
        if where < 0:
            yield part
        lines = lines[max(where, 0) + len(part.rstrip("\n")) :]
