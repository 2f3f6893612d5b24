"""What a run shows while it goes: a bar on a terminal, plain lines elsewhere."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO, Protocol, cast

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from societies.cli.output import Screen, say
from societies.cli.tables import cost_text
from societies.cli.visible import visible
from societies.execute.planning import plan
from societies.execute.run import Watch, unwatched
from societies.registry import find
from societies.society import Society

TERMINAL_SECONDS = 0.25
PLAIN_SECONDS = 5.0


class Display(Protocol):
    """Shows one line about how far a run is."""

    def __call__(self, done: int, planned: int | None, text: str) -> None:
        """Show it."""
        ...


def watch_with(*, quiet: bool) -> Watch:
    """Return what shows a society's progress on standard error."""
    if quiet:
        return unwatched
    return _on_terminal if sys.stderr.isatty() else _in_lines


def _on_terminal(society: Society) -> AbstractContextManager[None]:
    return _bar(society)


@contextmanager
def _bar(society: Society) -> Iterator[None]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[text]}", markup=False),
    )
    screen = Console(file=cast(IO[str], Screen(sys.stderr, any_failure=True)))
    with Progress(*columns, console=screen) as progress:
        task = progress.add_task(visible(society.log.run), total=None, text="")

        def display(done: int, planned: int | None, text: str) -> None:
            progress.update(task, completed=done, total=planned, text=text)

        with _polled(society, TERMINAL_SECONDS, display):
            yield


@contextmanager
def _in_lines(society: Society) -> Iterator[None]:
    def display(done: int, planned: int | None, text: str) -> None:  # noqa: ARG001
        say(f"{society.log.run}: {text}", err=True)

    with _polled(society, PLAIN_SECONDS, display):
        yield


@contextmanager
def _polled(society: Society, seconds: float, display: Display) -> Iterator[None]:
    """Show progress every so often, from a thread of its own, and once more at the end."""
    planned = plan(society.config, find(society.config.scenario)).total
    began, over = time.monotonic(), threading.Event()

    def poll() -> None:
        while not over.wait(seconds):
            _show(society, planned, time.monotonic() - began, display)

    thread = threading.Thread(target=poll, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        _show(society, planned, time.monotonic() - began, display)


def _show(society: Society, planned: int | None, seconds: float, display: Display) -> None:
    totals = society.calls.totals
    rate = totals.calls / seconds if seconds > 0 else 0.0
    of_planned = f"/{planned:,}" if planned is not None else ""
    tokens = totals.prompt_tokens + totals.completion_tokens
    parts = [
        f"{totals.calls:,}{of_planned} calls",
        f"{rate:,.0f}/s",
        f"{tokens:,} tokens",
        cost_text(totals.cost, totals.unpriced),
    ]
    if planned is not None and rate > 0 and planned > totals.calls:
        parts.append(f"{(planned - totals.calls) / rate:,.0f} s left")
    display(totals.calls, planned, ", ".join(parts))
