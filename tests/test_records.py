"""The run log: typed tables, in order, in segments, every row once."""

from typing import Any, ClassVar, Literal

import polars as pl
import pytest

from societies.errors import InputError, RunFailedError
from societies.loading.load import load
from societies.record.log import RunLog, Table
from societies.record.types import COMMON_COLUMNS, Record, schema
from societies.society import load_society
from tests.conftest import SMALL


class Everything(Record):
    table: ClassVar[str] = "everything"

    text: str
    number: int
    real: float | None
    truth: bool
    word: Literal["a", "b"]
    words: list[str]


def test_types_become_column_types_behind_the_common_columns():
    assert schema(Everything) == pl.Schema(
        {
            "run": pl.String,
            "seq": pl.Int64,
            "step": pl.Int64,
            "scope": pl.String,
            "agent": pl.String,
            "text": pl.String,
            "number": pl.Int64,
            "real": pl.Float64,
            "truth": pl.Boolean,
            "word": pl.String,
            "words": pl.List(pl.String),
        }
    )


def test_a_field_that_is_no_column_is_told():
    class Odd(Record):
        table: ClassVar[str] = "odd"
        anything: dict[str, Any]

    with pytest.raises(TypeError, match="field 'anything' of record type Odd"):
        schema(Odd)


def test_rows_are_written_in_segments_while_the_run_goes(tmp_path):
    log = RunLog(tmp_path / "log", "me/0", [Everything], segment_rows=10)
    for number in range(25):
        row = Everything(text="ä", number=number, real=None, truth=True, word="a", words=["x"])
        log.write(row, step=1, scope="s", agent=None)
        segments = list((tmp_path / "log" / "everything").glob("*.parquet"))
        assert len(segments) == (number + 1) // 10
    log.close()
    table = pl.scan_parquet(tmp_path / "log" / "everything" / "*.parquet").collect()
    assert table["number"].to_list() == table["seq"].to_list() == list(range(25))
    assert table.columns[:5] == list(COMMON_COLUMNS)
    empty = pl.read_parquet(tmp_path / "log" / "messages" / "*.parquet")
    assert empty.height == 0
    assert "text" in empty.columns


def test_every_row_is_in_exactly_one_table_and_numbered_in_program_order(run_small):
    run = run_small()
    numbers = pl.concat([run.table(name).select("seq") for name in run.tables]).collect()["seq"]
    assert sorted(numbers) == list(range(run.about["rows"]))
    donations = run.table("donations").collect()
    assert donations["seq"].is_sorted()
    scopes = donations["scope"].to_list()
    assert len(set(scopes)) == len(scopes) == 32
    rounds = donations.select("generation", "game", "round")
    assert rounds.equals(rounds.sort("generation", "game", "round"))


def test_every_call_of_the_log_is_in_the_journal_and_the_other_way_round(run_small):
    run = run_small()
    calls = run.table("calls").collect()
    with run.journal() as journal:
        assert sorted(journal.keys()) == sorted(calls["key"])
        for key, request in calls.select("key", "request").iter_rows():
            assert journal.find(key).request == request


def test_an_unknown_table_is_told_with_the_nearest(run_small):
    with pytest.raises(InputError, match="no table 'donation'; did you mean 'donations'"):
        run_small().table("donation")


def test_a_row_that_fits_into_no_table_is_named_and_the_others_are_written(tmp_path):
    log = RunLog(tmp_path, "demo/1", (Count, Remark))
    log.write(Count(number=1), 1, "s1", "ann")
    log.write(Count(number=10**40), 1, "s2", "bob")
    log.write(Remark(text="fine"), 1, "s3", "cem")
    told = (
        r"row seq 1 \(scope s2, agent bob\) does not fit into table 'counts': int value too large"
    )
    with pytest.raises(RunFailedError, match=told):
        log.flush()
    remarks = pl.read_parquet(tmp_path / "remarks" / "*.parquet")
    assert remarks["text"].to_list() == ["fine"]


class Count(Record):
    table: ClassVar[str] = "counts"
    number: int


class Remark(Record):
    table: ClassVar[str] = "remarks"
    text: str


def test_closing_writes_the_other_tables_whatever_one_of_them_holds(tmp_path):
    """The bad table comes first; what follows it is written, and empty tables get their schema."""
    log = RunLog(tmp_path, "demo/1", (Count, Remark))
    log.write(Count(number=10**40), 1, "s1", "ann")
    log.write(Remark(text="fine"), 1, "s2", "bob")
    with pytest.raises(RunFailedError, match=r"row seq 0 .* does not fit into table 'counts'"):
        log.close()
    assert pl.read_parquet(tmp_path / "remarks" / "*.parquet")["text"].to_list() == ["fine"]
    assert pl.read_parquet(tmp_path / "messages" / "*.parquet").height == 0


def test_a_table_that_cannot_be_written_is_named_and_the_others_are_written(tmp_path):
    log = RunLog(tmp_path, "demo/1", (Count, Remark))
    log.write(Count(number=1), 1, "s1", "ann")
    log.write(Remark(text="fine"), 1, "s2", "bob")
    (tmp_path / "counts").rmdir()
    with pytest.raises(RunFailedError, match=r"counts/000000\.parquet cannot be written: No such"):
        log.close()
    assert pl.read_parquet(tmp_path / "remarks" / "*.parquet").height == 1


def test_a_bad_row_at_the_end_of_a_failing_run_hides_neither_the_failure_nor_other_tables():
    """Both are wrong, an interaction and a row: the failure is told, and the rest is written."""
    config, scenario = load("donor_game/demo", SMALL)

    class Wrong(load_society(scenario)):
        records = (*load_society(scenario).records, Count)

        def pay(self, answer, giver, receiver):
            self.record(Count(number=10**40))
            if self.log.rows > 30:
                raise KeyError("hands")

    society = Wrong(config)
    with pytest.raises(RunFailedError, match=r"interaction g1/game1/r\d+/.* failed: KeyError"):
        society.run()
    assert society.log.table("strategies").collect().height == 4


def test_rows_become_columns_a_few_at_a_time_and_are_one_segment(tmp_path, monkeypatch):
    """The event loop waits for the conversion: of 1,024 rows at most, not of a segment's 20,000."""
    made: list[int] = []
    frame = Table._frame

    def counted(table: Table, rows: list[tuple[Any, ...]]) -> pl.DataFrame:
        made.append(len(rows))
        return frame(table, rows)

    monkeypatch.setattr(Table, "_frame", counted)
    log = RunLog(tmp_path, "demo/1", (Count,))
    for number in range(3000):
        log.write(Count(number=number), 1, "s", "ann")
    log.close()
    assert max(made) == 1024
    counts = pl.read_parquet(tmp_path / "counts" / "000000.parquet")
    assert counts["number"].to_list() == counts["seq"].to_list() == list(range(3000))
    assert log.written()["counts"]["rows"] == 3000


def test_what_was_sound_before_a_bad_row_is_written(tmp_path):
    log = RunLog(tmp_path, "demo/1", (Count,))
    for number in range(1100):
        log.write(Count(number=number), 1, "s", "ann")
    log.write(Count(number=10**40), 1, "s", "ann")
    with pytest.raises(RunFailedError, match="row seq 1100"):
        log.close()
    assert pl.read_parquet(tmp_path / "counts" / "*.parquet")["number"].to_list() == list(
        range(1024)
    )
