"""The run that is measured: the donor game at the size of the paper, offline."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from societies.execute.run import release
from societies.loading.load import load
from societies.record.journal import Journal
from societies.record.log import RunLog
from societies.society import Society, load_society

GAME = "donor_game/paper"
"""Twelve agents, ten generations, two games of twelve rounds: 1,506 answers."""


@contextmanager
def society(
    sets: Mapping[str, Any], *, on_disk: bool = True, other: type[Society] | None = None
) -> Iterator[Society]:
    """Give a donor game with a journal, ready to be run.

    Args:
        sets: values to set over the shipped file, by dotted key.
        on_disk: write the log in segments, as a run does; otherwise its tables stay at hand.
        other: a society to play in place of the donor game's own.
    """
    config, scenario = load(GAME, sets)
    kind = other or load_society(scenario)
    with TemporaryDirectory(prefix="societies-benchmark-") as name:
        folder = Path(name)
        place = folder / "log" if on_disk else None
        log = RunLog(place, "benchmark/1", kind.records, config.log.segment_rows)
        with Journal(folder / "journal.ndjson") as journal:
            made = kind(config, journal=journal, log=log)
            try:
                yield made
            finally:
                release(made)
