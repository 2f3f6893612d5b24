"""The journal: every completion of a run, append-only, written before the agent sees it.

Those of scripted minds that answer at once may wait, to be written together: asked again, they say
the same, and take nothing. They are written before whatever comes behind them.

One JSON object per line, each ending in the CRC-32 of what stands before it. Three kinds:

- `{"message": digest, "role": …, "content": …}`: a message of a prompt, stored once;
- `{"model": fingerprint, "sampling": {…}}`: a model with its sampling settings, stored once;
- `{"call": key, "request": hash, "model": fingerprint, "messages": [digests], "completion": {…}}`.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zlib import crc32

from filelock import FileLock, Timeout
from pydantic_core import from_json, to_json

from societies.agents.models.base import Completion, ModelSpec, Request
from societies.errors import JournalError

MAX_LENGTH = 2**32
"""Bytes; no line of the journal is as long as this."""
BATCH = 32 * 1024
"""Bytes of lines that wait at most to be written."""
CRC_LENGTH = len(b',"crc":"00000000"}\n')
HEAD = re.compile(rb'\{"(call|message|model)":"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Entry:
    """One journalled call."""

    key: str
    request: str
    model: str
    messages: tuple[str, ...]
    completion: Completion


class Journal:
    """The journal file of one run, open for appending and for looking up what it holds.

    Args:
        path: the file; it is created if absent. A torn last line (the process died while writing
            it) is cut off and reported in `torn`.
        writable: False opens for reading only, takes no lock and leaves a torn line alone.

    Raises:
        JournalError: a line is damaged, or another process is writing to the journal.
    """

    def __init__(self, path: Path, *, writable: bool = True) -> None:
        self.path = path
        self.torn = 0
        self.adopted = 0
        """How many of its calls, the first ones, another run has paid for."""
        self._calls: dict[str, int] = {}
        self._stored: dict[str, int] = {}
        self._waiting = bytearray()
        self._lock = FileLock(path.with_suffix(".lock"), blocking=False) if writable else None
        self._take_lock()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND if writable else os.O_RDONLY
        self._file = os.open(path, flags, 0o644)
        try:
            self._end = self._written = self._index()
            if writable and self.torn:
                os.ftruncate(self._file, self._end)
        except BaseException:
            self.close()
            raise

    @property
    def size(self) -> int:
        """How many calls it holds."""
        return len(self._calls)

    def keys(self) -> Iterator[str]:
        """Yield the keys of all calls, in the order they were journalled."""
        return iter(self._calls)

    def find(self, key: str) -> Entry | None:
        """Return the call journalled under `key`, or None."""
        place = self._calls.get(key)
        return None if place is None else self._entry(key, place)

    def entries(self) -> Iterator[Entry]:
        """Yield all calls, in the order they were journalled."""
        return (self._entry(key, place) for key, place in self._calls.items())

    def _entry(self, key: str, place: int) -> Entry:
        line = self._read(place)
        return Entry(
            key=key,
            request=line["request"],
            model=line["model"],
            messages=tuple(line["messages"]),
            completion=Completion(**line["completion"]),
        )

    def message(self, digest: str) -> tuple[str, str]:
        """Return role and content of a stored message."""
        line = self._read(self._stored[digest])
        return line["role"], line["content"]

    def sampling(self, model: str) -> dict[str, Any]:
        """Return the sampling settings of a stored model."""
        settings: dict[str, Any] = self._read(self._stored[model])["sampling"]
        return settings

    def append(
        self, key: str, digest: str, request: Request, spec: ModelSpec, completion: Completion
    ) -> None:
        """Write one completion, with whatever of its prompt is not stored yet.

        That of a scripted mind that answered at once may wait until `flush`.

        Raises:
            JournalError: the file cannot be written (a full disk, say), or holds that call.
        """
        if key in self._calls:
            raise JournalError(f"{self.path} holds call {key} already: no two calls share a key")
        new: dict[str, bytes] = {}
        if spec.fingerprint not in self._stored:
            new[spec.fingerprint] = _line({"model": spec.fingerprint, "sampling": spec.sampling()})
        digests = [message.digest for message in request.messages]
        for name, message in zip(digests, request.messages, strict=True):
            if name not in self._stored and name not in new:
                stored = {"message": name, "role": message.role, "content": message.content}
                new[name] = _line(stored)
        call = {
            "call": key,
            "request": digest,
            "model": spec.fingerprint,
            "messages": digests,
            "completion": _content(completion),
        }
        self._put(key, new, _line(call), may_wait=spec.is_scripted and not completion.latency)

    def adopt(self, other: "Journal", key: str) -> None:
        """Copy a call of another journal, with whatever of its prompt is not stored yet.

        Raises:
            KeyError: the other journal has no call of that key.
            JournalError: the file cannot be written.
        """
        last = other._read_line(other._calls[key])
        call = from_json(last)
        needed = dict.fromkeys((call["model"], *call["messages"]))
        new = {
            name: other._read_line(other._stored[name])
            for name in needed
            if name not in self._stored
        }
        self._put(key, new, last, may_wait=False)

    def flush(self) -> None:
        """Write the lines that wait.

        Raises:
            JournalError: the file cannot be written; lines that did not fit wait on.
        """
        if not self._waiting:
            return
        try:
            written = os.write(self._file, self._waiting)
        except OSError as error:
            raise JournalError(f"{self.path} cannot be written: {error.strerror}") from error
        whole = self._waiting.rfind(b"\n", 0, written) + 1
        self._written += whole
        del self._waiting[:whole]
        if self._waiting:
            os.ftruncate(self._file, self._written)
            raise JournalError(f"{self.path} cannot be written: the disk is full")

    def close(self) -> None:
        """Flush to the disk and let go of the file.

        Raises:
            JournalError: the file cannot be written.
        """
        try:
            if self._file >= 0:
                self.flush()
                if self._lock:
                    os.fsync(self._file)
        finally:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1
            if self._lock:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except JournalError:
            if error is None:  # otherwise it has been told already
                raise

    def _take_lock(self) -> None:
        try:
            if self._lock:
                self._lock.acquire()
        except Timeout as error:
            raise JournalError(
                f"{self.path} is being written by another process; wait for it, or stop it"
            ) from error

    def _place(self, line: bytes) -> int:
        # One number, not a pair: a long run has millions of them.
        place = self._end * MAX_LENGTH + len(line)
        self._end += len(line)
        return place

    def _put(self, key: str, new: Mapping[str, bytes], last: bytes, *, may_wait: bool) -> None:
        """Write a call's line behind the lines that it refers to, and behind those that wait."""
        for name, line in new.items():
            self._stored[name] = self._place(line)
        self._calls[key] = self._place(last)
        self._waiting += b"".join((*new.values(), last))
        if not may_wait or self._end - self._written > BATCH:
            self.flush()

    def _read(self, place: int) -> dict[str, Any]:
        line: dict[str, Any] = from_json(self._read_line(place))
        return line

    def _read_line(self, place: int) -> bytes:
        offset, length = divmod(place, MAX_LENGTH)
        if offset >= self._written:
            self.flush()
        return os.pread(self._file, length, offset)

    def _index(self) -> int:
        """Note where every line stands; return where the last sound line ends."""
        end = 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                head = HEAD.match(line)
                if head is None or not _is_sound(line):
                    if line.endswith(b"\n"):
                        raise JournalError(
                            f"{self.path}, line {number} is damaged (its checksum does not match); "
                            "restore the file from a copy, or cut it before that line: what stands "
                            "behind it is then asked again"
                        )
                    self.torn = len(line)
                    break
                name: str = from_json(b'"' + head[2] + b'"')
                kept = self._calls if head[1] == b"call" else self._stored
                kept[name] = end * MAX_LENGTH + len(line)
                end += len(line)
        return end


def _content(completion: Completion) -> dict[str, Any]:
    """Return a completion's fields; some of them only where they say anything."""
    content = vars(completion).copy()
    if completion.logprobs is None:
        del content["logprobs"]
    if not completion.given_up:
        del content["given_up"]
    return content


def _line(content: dict[str, Any]) -> bytes:
    body = to_json(content)
    return b'%s,"crc":"%08x"}\n' % (body[:-1], crc32(body))


def _is_sound(line: bytes) -> bool:
    """Whether a line is complete and says what was written."""
    body = line[:-CRC_LENGTH] + b"}"
    return line[-CRC_LENGTH:] == b',"crc":"%08x"}\n' % crc32(body)
