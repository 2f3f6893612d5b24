"""What a run shows while it goes: a bar on a terminal, plain lines elsewhere."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO, NamedTuple, Protocol, cast

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from societies.calls.provider import provider_of
from societies.cli.output import Screen, say
from societies.cli.tables import cost_text
from societies.cli.visible import visible
from societies.execute.play import count_answers
from societies.execute.run import Watch, unwatched
from societies.registry import find
from societies.society import Society

TERMINAL_SECONDS = 0.25
PLAIN_SECONDS = 5.0
COUNT_SECONDS = 3.0
"""How long the calls of a run with hosted models are counted before it begins."""


class Expected(NamedTuple):
    """What there will be to do."""

    number: int
    unit: str
    is_certain: bool
    """Whether there can be neither more nor fewer."""

    def told(self, done: int) -> str:
        """Say how far it is done."""
        if self.is_certain:
            return f"{done:,}/{self.number:,} {self.unit}"
        if done > self.number:
            return f"{done:,} {self.unit} (about {self.number:,} were expected)"
        return f"{done:,} of about {self.number:,} {self.unit}"


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
    expected = _expected(society)
    began, over = time.monotonic(), threading.Event()

    def poll() -> None:
        while not over.wait(seconds):
            _show(society, expected, time.monotonic() - began, display)

    thread = threading.Thread(target=poll, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        _show(society, expected, time.monotonic() - began, display)


def _expected(society: Society) -> Expected | None:
    """Return what a run will come to, as far as that is soon known and worth knowing.

    A replay makes the calls that are journalled. Otherwise answers are foretold, and not calls: how
    many of these an answer takes depends on the replies. Scripted minds are too fast to be waited
    for.
    """
    calls, config = society.calls, society.config
    if not calls.live and calls.journal:
        return Expected(calls.journal.size, "calls", is_certain=True)
    if all(
        provider_of(spec.name).is_free for stage in config.stages() for _, spec in stage.models()
    ):
        return None
    answers = count_answers(config, find(config.scenario), COUNT_SECONDS)
    return None if answers is None else Expected(answers, "answers", is_certain=False)


def _show(society: Society, expected: Expected | None, seconds: float, display: Display) -> None:
    totals = society.calls.totals
    tokens = totals.prompt_tokens + totals.completion_tokens
    live = totals.calls - totals.journalled if society.calls.live else totals.calls
    rate = live / seconds if seconds > 0 else 0.0
    parts = [
        f"{totals.calls:,} calls",
        f"{rate:,.0f} calls/s",
        f"{tokens:,} tokens",
        cost_text(totals.cost, totals.unpriced),
    ]
    done = totals.calls
    if expected is not None:
        done = totals.calls if expected.is_certain else totals.answers
        parts = [expected.told(done), *(parts[1:] if expected.is_certain else parts)]
        left = expected.number - done
        if rate > 0 and done and left > 0:
            parts.append(f"about {left * totals.calls / done / rate:,.0f} s left")
    total = None if expected is None else max(expected.number, done)
    display(done, total, ", ".join(parts))
