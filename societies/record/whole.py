"""Writing a file whole or not at all."""

from contextlib import suppress
from pathlib import Path

from societies.errors import RunFailedError


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file beside its place, and put it there once it is whole.

    Raises:
        RunFailedError: the disk is full, or the directory is read-only; nothing is left behind.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise RunFailedError(f"{path} cannot be written: {error.strerror}") from error
