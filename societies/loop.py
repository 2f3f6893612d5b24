"""The one event loop of the process, in a thread of its own.

HTTP clients are bound to the loop they were made on, and a notebook already runs one in the main
thread; hence everything of ours runs on this one, and callers wait for it.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds after which work that was told to end is abandoned: something holds the loop."""

_threads: dict[int, tuple[asyncio.AbstractEventLoop, threading.Thread]] = {}
_lock = threading.Lock()


def _process_loop() -> tuple[asyncio.AbstractEventLoop, threading.Thread]:
    """Return the loop and its thread, started when first asked for (anew after a fork)."""
    with _lock:
        process = os.getpid()
        if process not in _threads:
            loop = asyncio.new_event_loop()
            thread = threading.Thread(target=loop.run_forever, name="societies", daemon=True)
            thread.start()
            _threads[process] = (loop, thread)
        return _threads[process]


def is_here() -> bool:
    """Whether the calling code runs on the loop, so that it can start something there."""
    started = _threads.get(os.getpid())
    return started is not None and threading.current_thread() is started[1]


def run(work: Coroutine[Any, Any, T], on_interrupt: Callable[[str], None]) -> T:
    """Run `work` on the loop and wait for it, from any other thread.

    Args:
        work: what to run.
        on_interrupt: called on the loop with a reason when the waiting thread gets Ctrl-C, or
            another `KeyboardInterrupt`, whose text is the reason; the work is then expected to end
            by itself within `PATIENCE`. A second one abandons it.

    Raises:
        RuntimeError: called from the loop itself, which would wait for itself.
        KeyboardInterrupt: the work was abandoned.
    """
    loop, thread = _process_loop()
    if threading.current_thread() is thread:
        work.close()
        raise RuntimeError("run() and step() cannot be called from inside an interaction")
    future = asyncio.run_coroutine_threadsafe(work, loop)
    try:
        return future.result()
    except KeyboardInterrupt as stop:
        loop.call_soon_threadsafe(on_interrupt, str(stop) or "interrupted from the keyboard")
    try:
        return future.result(PATIENCE)
    except TimeoutError as error:
        raise KeyboardInterrupt from error
