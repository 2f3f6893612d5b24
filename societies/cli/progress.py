"""What a run shows while it goes: a bar on a terminal, plain lines elsewhere."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO, Protocol, cast

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from societies.calls.provider import provider_of
from societies.cli.output import Screen, say
from societies.cli.tables import cost_text
from societies.cli.visible import visible
from societies.execute.play import count_calls
from societies.execute.run import Watch, unwatched
from societies.registry import find
from societies.society import Society

TERMINAL_SECONDS = 0.25
PLAIN_SECONDS = 5.0
COUNT_SECONDS = 3.0
"""How long the calls of a run with hosted models are counted before it begins."""


class Display(Protocol):
    """Shows one line about how far a run is."""

    def __call__(self, done: int, total: int | None, text: str) -> None:
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

        def display(done: int, total: int | None, text: str) -> None:
            progress.update(task, completed=done, total=total, text=text)

        with _polled(society, TERMINAL_SECONDS, display):
            yield


@contextmanager
def _in_lines(society: Society) -> Iterator[None]:
    def display(done: int, total: int | None, text: str) -> None:  # noqa: ARG001
        say(f"{society.log.run}: {text}", err=True)

    with _polled(society, PLAIN_SECONDS, display):
        yield


@contextmanager
def _polled(society: Society, seconds: float, display: Display) -> Iterator[None]:
    """Show progress every so often, from a thread of its own, and once more at the end."""
    total = _total(society)
    began, over = time.monotonic(), threading.Event()

    def poll() -> None:
        while not over.wait(seconds):
            _show(society, total, time.monotonic() - began, display)

    thread = threading.Thread(target=poll, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        _show(society, total, time.monotonic() - began, display)


def _total(society: Society) -> int | None:
    """Return how many calls a run will make, as far as that is soon known and worth knowing.

    A replay makes those that are journalled; scripted minds are too fast to be waited for.
    """
    calls, config = society.calls, society.config
    if not calls.live and calls.journal:
        return calls.journal.size
    if all(
        provider_of(spec.name).is_free for stage in config.stages() for _, spec in stage.models()
    ):
        return None
    return count_calls(config, find(config.scenario), COUNT_SECONDS)


def _show(society: Society, total: int | None, seconds: float, display: Display) -> None:
    totals = society.calls.totals
    rate = totals.calls / seconds if seconds > 0 else 0.0
    of_total = f"/{total:,}" if total is not None else ""
    tokens = totals.prompt_tokens + totals.completion_tokens
    parts = [
        f"{totals.calls:,}{of_total} calls",
        f"{rate:,.0f}/s",
        f"{tokens:,} tokens",
        cost_text(totals.cost, totals.unpriced),
    ]
    if total is not None and rate > 0 and total > totals.calls:
        parts.append(f"{(total - totals.calls) / rate:,.0f} s left")
    display(totals.calls, total, ", ".join(parts))
