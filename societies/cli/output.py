"""Printing to somebody who may have gone: a terminal that was closed, a pipe that nobody reads."""

import errno
import os
import sys
from typing import Any, TextIO

from societies.cli.visible import visible

GONE = (errno.EPIPE, errno.EIO)
"""What writing to a pipe, or a terminal, fails with once nobody reads there."""


class Screen:
    """A stream of text to which writing goes on, and into nothing, once nobody reads it.

    Args:
        stream: standard output, or standard error.
        any_failure: whether every failure is taken so: where nothing is printed that is missed.
    """

    def __init__(self, stream: TextIO, *, any_failure: bool = False) -> None:
        self._stream = stream
        self._any_failure = any_failure

    def write(self, text: str) -> int:
        """Write a text, if somebody reads it; return its length."""
        try:
            self._stream.write(text)
        except OSError as error:
            self._fall_silent(error)
        return len(text)

    def flush(self) -> None:
        """Write what waits."""
        try:
            self._stream.flush()
        except OSError as error:
            self._fall_silent(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _fall_silent(self, error: OSError) -> None:
        """Lead the stream nowhere, so that Python does not fail on it at its end either."""
        if error.errno not in GONE and not self._any_failure:
            raise error
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


def say(text: object, *, err: bool = False) -> None:
    """Print a line on standard output, or standard error, unless nobody reads it any more.

    What a terminal would obey in it is shown as an escape.
    """
    screen = Screen(sys.stderr, any_failure=True) if err else Screen(sys.stdout)
    print(visible(text), file=screen, flush=True)
