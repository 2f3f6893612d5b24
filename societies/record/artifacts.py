"""Artifacts: files that a run made and refers to by the hash of their content, such as weights."""

import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from societies.errors import JournalError, ReplayDiffersError

CHUNK = 2**20
"""Bytes that are read at once."""


class Artifacts:
    """A folder of files, each named by the hash (BLAKE2b, 128 bits) of what is in it.

    Args:
        folder: where they lie; it is made with the first one. None keeps them in a temporary
            folder, for as long as this object lives.
        writable: False takes nothing new: a replay makes again what is there.
    """

    def __init__(self, folder: Path | None = None, *, writable: bool = True) -> None:
        self._folder = folder
        self._writable = writable

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="societies-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder

    def put(self, content: bytes | Path) -> str:
        """Keep some bytes, or a copy of a file, whole or not at all; return the hash.

        Raises:
            JournalError: it cannot be written (a full disk, say).
            ReplayDiffersError: this is a replay, and the run has made no such file.
        """
        digest = blake2b(content, digest_size=16).hexdigest() if isinstance(content, bytes) else ""
        digest = digest or _hash(Path(str(content)))
        with suppress(JournalError):
            self.path(digest)
            return digest
        if not self._writable:
            raise ReplayDiffersError(
                f"artifact {digest} is made, and {self.folder} has none of that content: the run "
                "made another, or it is damaged"
            )
        with self._written(digest) as partial:
            if isinstance(content, bytes):
                partial.write(content)
            else:
                with content.open("rb") as source:
                    shutil.copyfileobj(source, partial, CHUNK)
        return digest

    def path(self, digest: str) -> Path:
        """Return the file of that content, once it was found to be what was written.

        Raises:
            JournalError: it is missing or damaged.
        """
        if not re.fullmatch(r"[0-9a-f]{32}", digest):
            raise JournalError(f"{digest!r} is no hash of an artifact: 32 hexadecimal digits")
        file = self.folder / digest
        try:
            found = _hash(file)
        except OSError as error:
            raise JournalError(
                f"artifact {file} cannot be read ({error.strerror}): put a copy of it there"
            ) from error
        if found != digest:
            raise JournalError(
                f"artifact {file} is damaged (its content has hash {found}): put a copy of it there"
            )
        return file

    def read(self, digest: str) -> bytes:
        """Return the content, as it was written.

        Raises:
            JournalError: it is missing or damaged.
        """
        return self.path(digest).read_bytes()

    @contextmanager
    def _written(self, digest: str) -> Iterator[BinaryIO]:
        """Open a new file that is put in its place once it is whole, and is what it should be."""
        partial: Path | None = None
        try:
            self.folder.mkdir(exist_ok=True)
            number, name = tempfile.mkstemp(prefix=f"{digest}.", suffix=".partial", dir=self.folder)
            partial = Path(name)
            with os.fdopen(number, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if (found := _hash(partial)) != digest:
                raise JournalError(
                    f"what was to be artifact {digest} changed while it was copied, to {found}"
                )
            partial.chmod(0o444)
            partial.replace(self.folder / digest)
        except OSError as error:
            told = f"artifact {self.folder / digest} cannot be written: {error.strerror}"
            raise JournalError(told) from error
        finally:
            if partial is not None:
                with suppress(OSError):
                    partial.unlink(missing_ok=True)


def _hash(file: Path) -> str:
    digest = blake2b(digest_size=16)
    with file.open("rb") as content:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
