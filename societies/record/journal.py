"""The journal: whatever a run paid for, append-only, written before the agent sees it.

Those of scripted minds that answer at once may wait, to be written together: asked again, they say
the same, and take nothing. They are written before whatever comes behind them.

One JSON object per line, each ending in the CRC-32 of what stands before it. Five kinds:

- `{"message": digest, "role": …, "content": …}`: a message of a prompt, stored once;
- `{"model": fingerprint, "sampling": {…}}`: a model with its sampling settings, stored once;
- `{"call": key, "request": hash, "model": fingerprint, "messages": [digests], "completion": {…}}`;
- `{"intent": key, "kind": …, "digest": …, "asked": {…}, "token": …, "handle": {…}}`: work that
  outlives the process, before it is begun; again with what is known of it then (the last counts);
- `{"result": key, "kind": …, "digest": …, "value": {…}, "cost": …, "artifacts": {name: hash}}`.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from types import TracebackType
from typing import Any, Self

from filelock import Timeout
from pydantic_core import from_json

from societies.agents.models.base import Completion, ModelSpec, Request
from societies.errors import JournalError
from societies.record.artifacts import Artifacts
from societies.record.lines import HEAD, encoded, fields_of, is_sound
from societies.record.lock import writers_lock
from societies.record.work import Intent, Result

MAX_LENGTH = 2**32
"""Bytes; no line of the journal is as long as this."""
BATCH = 32 * 1024
"""Bytes of lines that wait at most to be written."""


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
        self.adopted_results = 0
        """The same of its results."""
        self.artifacts = Artifacts(path.parent / "artifacts", writable=writable)
        self._calls: dict[str, int] = {}
        self._stored: dict[str, int] = {}
        self._intents: dict[str, int] = {}
        self._results: dict[str, int] = {}
        self._places = {
            b"call": self._calls,
            b"message": self._stored,
            b"model": self._stored,
            b"intent": self._intents,
            b"result": self._results,
        }
        self._waiting = bytearray()
        self._lock = writers_lock(path) if writable else None
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
        self,
        key: str,
        digest: str,
        request: Request,
        spec: ModelSpec,
        completion: Completion,
        *,
        may_wait: bool = False,
    ) -> None:
        """Write one completion, with whatever of its prompt is not stored yet.

        One that `may_wait`, because it is had again for nothing, is written with `flush`.

        Raises:
            JournalError: the file cannot be written (a full disk, say), or holds that call.
        """
        if key in self._calls:
            raise JournalError(
                f"{self.path} holds call {quote(key)} already: no two calls share a key"
            )
        new: dict[str, bytes] = {}
        if spec.fingerprint not in self._stored:
            model = {"model": spec.fingerprint, "sampling": spec.sampling()}
            new[spec.fingerprint] = encoded(model)
        digests = [message.digest for message in request.messages]
        for name, message in zip(digests, request.messages, strict=True):
            if name not in self._stored and name not in new:
                stored = {"message": name, "role": message.role, "content": message.content}
                new[name] = encoded(stored)
        call = {
            "call": key,
            "request": digest,
            "model": spec.fingerprint,
            "messages": digests,
            "completion": fields_of(completion),
        }
        self._put(key, new, encoded(call), may_wait=may_wait)

    def adopt(self, other: "Journal", key: str) -> None:
        """Copy what another journal holds under a key, with all that it refers to.

        Raises:
            KeyError: the other journal has no call, and no result, of that key.
            JournalError: the file cannot be written, or an artifact is missing or damaged.
        """
        if key in other._intents:
            self._adopt_work(other, key)
            return
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

    # -- work in two phases --------------------------------------------------------------------

    def works(self) -> list[str]:
        """Return the keys of all work that was begun, in the order it was journalled."""
        return list(self._intents)

    def results(self) -> Iterator[Result]:
        """Yield what came of all work, in the order it was journalled."""
        return (self._result(place) for place in self._results.values())

    def intent(self, key: str) -> Intent | None:
        """Return the work journalled under `key`, as it is known last; None if there is none."""
        place = self._intents.get(key)
        if place is None:
            return None
        line = self._read(place)
        return Intent(
            key=key,
            kind=line["kind"],
            digest=line["digest"],
            asked=line["asked"],
            token=line["token"],
            handle=line.get("handle", {}),
        )

    def result(self, key: str) -> Result | None:
        """Return what came of the work journalled under `key`; None if nothing has yet."""
        place = self._results.get(key)
        return None if place is None else self._result(place)

    def _result(self, place: int) -> Result:
        line = self._read(place)
        return Result(line["value"], line["cost"], line.get("artifacts", {}))

    def begin(self, intent: Intent) -> None:
        """Write that work is about to be begun, or what else is known of it.

        Raises:
            JournalError: the file cannot be written, or the work has its result already.
        """
        if intent.key in self._results:
            raise JournalError(f"{self.path} holds the result of {quote(intent.key)} already")
        line = {
            "intent": intent.key,
            "kind": intent.kind,
            "digest": intent.digest,
            "asked": intent.asked,
            "token": intent.token,
            **({"handle": intent.handle} if intent.handle else {}),
        }
        self._append(self._intents, intent.key, encoded(line))

    def finish(self, intent: Intent, result: Result) -> None:
        """Write what came of work that was begun.

        Raises:
            JournalError: the file cannot be written, the work was never begun or has its result
                already, or one of the artifacts is not there.
        """
        if intent.key in self._results or intent.key not in self._intents:
            there = "the result of" if intent.key in self._results else "no intent of"
            raise JournalError(
                f"{self.path} holds {there} {quote(intent.key)}: it cannot be written"
            )
        for digest in result.artifacts.values():
            self.artifacts.path(digest)
        line = {
            "result": intent.key,
            "kind": intent.kind,
            "digest": intent.digest,
            "value": result.value,
            "cost": result.cost,
            **({"artifacts": result.artifacts} if result.artifacts else {}),
        }
        self._append(self._results, intent.key, encoded(line))

    def _adopt_work(self, other: "Journal", key: str) -> None:
        """Copy work with its result, and the artifacts that this names."""
        for digest in other._result(other._results[key]).artifacts.values():
            self.artifacts.put(other.artifacts.path(digest))
        self._append(self._intents, key, other._read_line(other._intents[key]))
        self._append(self._results, key, other._read_line(other._results[key]))

    def _append(self, places: dict[str, int], key: str, line: bytes) -> None:
        self._hold(places, key, line)
        self.flush()

    # -- the file ------------------------------------------------------------------------------

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

    def _hold(self, places: dict[str, int], key: str, line: bytes) -> None:
        """Let a line wait to be written, and note its place."""
        # One number, not a pair: a long run has millions of them.
        places[key] = self._end * MAX_LENGTH + len(line)
        self._end += len(line)
        self._waiting += line

    def _put(self, key: str, new: Mapping[str, bytes], last: bytes, *, may_wait: bool) -> None:
        """Write a call's line behind the lines that it refers to, and behind those that wait."""
        for name, line in new.items():
            self._hold(self._stored, name, line)
        self._hold(self._calls, key, last)
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
                if head is None or not is_sound(line):
                    if line.endswith(b"\n"):
                        raise JournalError(
                            f"{self.path}, line {number} is damaged (its checksum does not match); "
                            "restore the file from a copy, or cut it before that line: what stands "
                            "behind it is then asked again"
                        )
                    self.torn = len(line)
                    break
                name: str = from_json(b'"' + head[2] + b'"')
                kept = self._places.get(head[1])
                if kept is None:
                    raise JournalError(
                        f"{self.path}, line {number} is sound, and of a kind that this version "
                        f"does not know ({head[1].decode()!r}): use the version that made the run "
                        "(run.json names it), or a later one"
                    )
                kept[name] = end * MAX_LENGTH + len(line)
                end += len(line)
        return end
