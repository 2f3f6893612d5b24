"""People, task and questionnaire files made by chance: each is read, or refused in a sentence.

`python -m benchmarks.fuzz_files` tries a hundred thousand files of every kind, or as many as it is
told (`--files 5000`); the test suite tries a few hundred.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from societies.agents.errors import SocietyError
from societies.agents.instruments.files import InstrumentFile, parse
from societies.agents.instruments.files import read as read_instrument
from societies.agents.population.files import people, read_rows
from societies.agents.population.spec import FileSource
from societies.scenarios.debate.tasks import Task, TaskError, load_questions

WORDS = st.sampled_from(
    [
        *("identity", "text", "question", "answer", "openness", "key", "trait", "kind", "items"),
        *("007", "1", "-1", "2.50", "nan", "1e999", "null", "~", "Ada", "", " ", '"', "\\ud800"),
        *(",", ";", "\t", "\n", "\r\n", "\u2028", "\x85", "\0", "\ufeff", ":", "- ", "[", "{", "]"),
        *("}", "&a ", "*a", "<<: ", "!!int x", "? ", "# ", "|\n ", "%", "[" * 500, '{"a":' * 500),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(WORDS | st.text(), inner),
    max_leaves=12,
)
ROWS = st.lists(st.dictionaries(WORDS, VALUES))
CONTENTS = st.one_of(
    st.lists(WORDS | st.text(max_size=5)).map(
        lambda parts: "".join(parts).encode(errors="replace")
    ),
    ROWS.map(lambda rows: json.dumps(rows).encode()),
    ROWS.map(lambda rows: "\n".join(map(json.dumps, rows)).encode()),
    st.binary(max_size=60),
)


def read_people(path: Path) -> None:
    """Read a file as people."""
    people(FileSource(path=path.name, rows=read_rows(path)))


def read_task(path: Path) -> None:
    """Read a file as questions of every kind that files can hold."""
    for kind in ("gsm", "choice", "translation", "text"):
        load_questions(Task.model_validate({"kind": kind, "file": str(path)}))


def read_questionnaire(path: Path) -> None:
    """Read a file as a questionnaire."""
    parse(read_instrument(InstrumentFile(file=path.name), path.parent))


KINDS: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "people": (read_people, ("csv", "json", "jsonl", "parquet")),
    "task": (read_task, ("csv", "tsv", "json", "jsonl", "parquet")),
    "questionnaire": (read_questionnaire, ("csv", "txt", "yaml", "json", "jsonl")),
}


def attempt(kind: str, ending: str, content: bytes) -> str:
    """Read one file; return the sentence that refuses it, or nothing.

    Any other error than those that are sentences is raised on.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file.{ending}"
        path.write_bytes(content)
        try:
            KINDS[kind][0](path)
        except (SocietyError, TaskError) as error:
            return str(error)
    return ""


def fuzz(kind: str, files: int) -> None:
    """Try so many files of a kind, the same ones every time.

    Raises:
        Exception: a file was neither read nor refused in a sentence.
    """

    @settings(
        max_examples=files,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(KINDS[kind][1]), CONTENTS)
    def tries(ending: str, content: bytes) -> None:
        attempt(kind, ending, content)

    tries()


def main() -> None:
    """Try files of every kind, and print how many."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    files = parser.parse_args().files
    for kind in KINDS:
        fuzz(kind, files)
        print(f"{kind}: {files:,} files, each read or refused in a sentence")


if __name__ == "__main__":
    main()
