"""The readable story of a run."""

from collections.abc import Iterator

import polars as pl

from societies.record.types import Record
from societies.runs.run import Run

UNTOLD = {"calls", "answers", "steps"}
"""Tables about how the run was made, not about what happened in it."""


def transcript(run: Run) -> Iterator[str]:
    """Yield every message and action of a run as a line, in program order, under its scope."""
    types = {record.table: record for record in run.record_types if record.table not in UNTOLD}
    frames = [run.rows(name).select("seq", "scope", "agent", table=pl.lit(name)) for name in types]
    rows = {name: _rows(run, record) for name, record in types.items()}
    scene = None
    for row in pl.concat(frames).sort("seq").collect().iter_rows(named=True):
        record = next(rows[row["table"]])
        above = row["scope"].rpartition("/")[0] or row["scope"]
        if above != scene:
            scene = above
            yield f"\n== {scene or 'the population'}"
        story = record.story(row["agent"] or "(the society)")
        yield "  " + story.replace("\n", "\n      ")


def _rows(run: Run, record: type[Record]) -> Iterator[Record]:
    """Yield a table's rows as records, in order; what was not recorded once, is null."""
    frame = run.rows(record.table).select(list(record.model_fields))
    for batch in frame.collect().iter_slices(10_000):
        for row in batch.iter_rows(named=True):
            yield record.model_construct(**row)
