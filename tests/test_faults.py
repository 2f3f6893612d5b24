"""The table of faults: every mended fault names the test that would find it again."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROW = re.compile(r"^\| (\d+) \| (.+?) \| `?tests/(\w+\.py)::(\w+)`? \|$")


def rows() -> list[tuple[int, str, str, str]]:
    """Return number, fault, file and test of every row of the table."""
    lines = (TESTS / "FAULTS.md").read_text(encoding="utf-8").splitlines()
    body = [line for line in lines if line.startswith("| ")][1:]
    found = [ROW.match(line) for line in body]
    assert all(found), [line for line, match in zip(body, found, strict=True) if not match]
    return [(int(row[1]), row[2], row[3], row[4]) for row in found if row]


def test_every_group_of_faults_has_rows():
    assert {number for number, *_ in rows()} == set(range(1, 29))


@pytest.mark.parametrize("file", sorted({file for _, _, file, _ in rows()}))
def test_every_named_test_exists(file):
    source = (TESTS / file).read_text(encoding="utf-8")
    for _, fault, of, test in rows():
        if of == file:
            assert re.search(rf"^ *(async )?def {test}\(", source, re.MULTILINE), (fault, test)
