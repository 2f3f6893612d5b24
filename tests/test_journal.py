"""The journal: what it holds, and how damage is told from a torn end."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from societies.agents.models.base import Completion, Message, ModelSpec, Request
from societies.errors import JournalError
from societies.record.journal import Journal

SPEC = ModelSpec(name="scripted/random", options={"malformed": 0.5})


def request(*texts: str) -> Request:
    return Request(tuple(Message("user", text) for text in texts), agent="ann", prompt="donate")


def fill(path, calls: int = 3) -> None:
    with Journal(path) as journal:
        for number in range(calls):
            asked = request("the rules", f"question {number}")
            completion = Completion(f"answer {number}", prompt_tokens=number, cost=None)
            journal.append(
                f"g1#ann#{number}", asked.digest(SPEC.fingerprint), asked, SPEC, completion
            )


def test_what_is_appended_is_found_again(tmp_path):
    path = tmp_path / "journal.ndjson"
    fill(path)
    with Journal(path, writable=False) as journal:
        assert list(journal.keys()) == ["g1#ann#0", "g1#ann#1", "g1#ann#2"]
        entry = journal.find("g1#ann#1")
        assert entry.completion == Completion("answer 1", prompt_tokens=1, cost=None)
        assert [journal.message(digest) for digest in entry.messages] == [
            ("user", "the rules"),
            ("user", "question 1"),
        ]
        assert journal.sampling(entry.model) == {
            "name": "scripted/random",
            "options": {"malformed": 0.5},
        }
        assert journal.find("g1#ann#7") is None


def test_a_message_is_stored_once(tmp_path):
    path = tmp_path / "journal.ndjson"
    fill(path)
    assert path.read_text(encoding="utf-8").count("the rules") == 1


@settings(max_examples=40, deadline=None)
@given(st.text(), st.text(min_size=1), st.floats(allow_nan=False, allow_infinity=False))
def test_any_text_survives(tmp_path_factory, text, key, cost):
    path = tmp_path_factory.mktemp("journal") / "journal.ndjson"
    asked = request(text)
    surrogates = any("\ud800" <= letter <= "\udfff" for letter in text + key)
    if surrogates:
        return
    with Journal(path) as journal:
        digest = asked.digest(SPEC.fingerprint)
        journal.append(key, digest, asked, SPEC, Completion(text, cost=cost))
    with Journal(path, writable=False) as journal:
        entry = journal.find(key)
        assert entry.completion == Completion(text, cost=cost)
        assert journal.message(entry.messages[0]) == ("user", text)


def test_a_torn_last_line_is_cut_off_and_said(tmp_path):
    path = tmp_path / "journal.ndjson"
    fill(path)
    whole = path.read_bytes()
    for cut in range(1, len(whole.splitlines(keepends=True)[-1])):
        path.write_bytes(whole[:-cut])
        with Journal(path) as journal:
            assert journal.size == 2
            assert journal.torn == len(whole.splitlines(keepends=True)[-1]) - cut
    fill(path.with_name("other.ndjson"))


def test_reading_leaves_a_torn_line_alone(tmp_path):
    path = tmp_path / "journal.ndjson"
    fill(path)
    path.write_bytes(path.read_bytes()[:-5])
    size = path.stat().st_size
    with Journal(path, writable=False) as journal:
        assert journal.size == 2
    assert path.stat().st_size == size


@pytest.mark.parametrize("line", [0, 2, 6])
def test_a_flipped_byte_is_told_with_its_line(tmp_path, line):
    path = tmp_path / "journal.ndjson"
    fill(path)
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 1 + 1 + 2 * 3 - 0
    damaged = bytearray(lines[line])
    damaged[len(damaged) // 2] ^= 1
    lines[line] = bytes(damaged)
    path.write_bytes(b"".join(lines))
    with pytest.raises(JournalError, match=rf"line {line + 1} is damaged"):
        Journal(path)
    assert path.read_bytes() == b"".join(lines)


def test_two_writers_are_refused_and_readers_are_not(tmp_path):
    path = tmp_path / "journal.ndjson"
    with Journal(path):
        with pytest.raises(JournalError, match="written by another process"):
            Journal(path)
        Journal(path, writable=False).close()
    Journal(path).close()


HOSTED = ModelSpec(name="openai/gpt-4o-mini")


def ask(journal: Journal, key: str, spec: ModelSpec) -> None:
    asked = request(f"question {key}")
    answer, waits = Completion(f"answer {key}"), spec is SPEC
    journal.append(key, asked.digest(spec.fingerprint), asked, spec, answer, may_wait=waits)


@contextmanager
def full_disk(journal: Journal) -> Iterator[None]:
    if not os.path.exists("/dev/full"):  # noqa: PTH110 - a device, not a path of ours
        pytest.skip("no /dev/full on this system")
    sound = journal._file
    journal._file = os.open("/dev/full", os.O_WRONLY)
    yield
    os.close(journal._file)
    journal._file = sound


def test_a_full_disk_is_told_and_what_was_paid_for_is_written_once_there_is_room(tmp_path):
    path = tmp_path / "journal.ndjson"
    with Journal(path) as journal:
        with full_disk(journal), pytest.raises(JournalError, match="No space left"):
            ask(journal, "k", HOSTED)
        assert path.read_bytes() == b""
    with Journal(path, writable=False) as journal:
        assert journal.find("k").completion.text == "answer k"


def test_lines_of_scripted_minds_wait_for_one_another(tmp_path):
    path = tmp_path / "journal.ndjson"
    with Journal(path) as journal:
        ask(journal, "a", SPEC)
        ask(journal, "b", SPEC)
        assert path.read_bytes() == b""
        assert journal.find("b").completion.text == "answer b"
        ask(journal, "c", SPEC)
        ask(journal, "d", HOSTED)
        with Journal(path, writable=False) as other:
            assert list(other.keys()) == ["a", "b", "c", "d"]
        ask(journal, "e", SPEC)
        slow = request("x")
        journal.append("f", "0" * 32, slow, SPEC, Completion("late", latency=0.5))
        with Journal(path, writable=False) as other:
            assert list(other.keys()) == ["a", "b", "c", "d", "e", "f"]


def test_a_full_disk_keeps_the_whole_lines_that_fit(tmp_path, monkeypatch):
    path = tmp_path / "journal.ndjson"
    with Journal(path) as journal:
        for key in "abc":
            ask(journal, key, SPEC)
        write = os.write
        monkeypatch.setattr(os, "write", lambda file, block: write(file, block[:-20]))
        with pytest.raises(JournalError, match="the disk is full"):
            journal.flush()
        monkeypatch.undo()
        with Journal(path, writable=False) as other:
            assert (list(other.keys()), other.torn) == (["a", "b"], 0)
    with Journal(path, writable=False) as journal:
        assert list(journal.keys()) == ["a", "b", "c"]
