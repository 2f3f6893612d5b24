"""Files made by chance are read, or refused in a sentence; the longer search is a benchmark."""

import pytest

from benchmarks.fuzz_files import KINDS, fuzz


@pytest.mark.parametrize("kind", KINDS)
def test_any_file_is_read_or_refused_in_a_sentence(kind: str) -> None:
    fuzz(kind, 150)
