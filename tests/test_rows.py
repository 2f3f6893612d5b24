"""Tables that users bring: read as they stand, or refused in plain words."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from societies.agents.errors import SocietyError
from societies.agents.files import rows
from societies.agents.population.files import people, read_rows
from societies.agents.population.spec import FileSource


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("broken.csv", 'a,b\n"x,1\n', "line 2: unexpected end of data"),
        ("long.csv", "a,b\n1,2,3\n", "line 2: 3 fields, and 2 columns"),
        ("empty.csv", "", "it is empty; the first line has to"),
        ("twice.csv", "E,E\n1,2\n", "two columns are called 'E'"),
        ("latin.csv", "stadt\nKöln\n".encode("latin-1"), "it is not UTF-8; save it so"),
        ("torn.parquet", b"PAR1", "Parquet file must contain"),
        ("torn.jsonl", '{"a": 1}\n{"a":\n', "line 2, column 6: Expecting value"),
        ("words.jsonl", '{"a": 1}\n"a"\n', "line 2 is no JSON object"),
        ("number.jsonl", '{"a": NaN}\n', "line 1: NaN is no value; leave it out"),
        ("object.json", '{"a": 1}', "it should be one list of objects"),
        ("sheet.xlsx", "", r"tables come as \.csv"),
    ],
)
def test_what_cannot_be_read_is_told_without_the_library_s_advice(
    tmp_path: Path, name: str, content: str | bytes, told: str
) -> None:
    with pytest.raises(SocietyError, match=told) as caught:
        rows.read(written(tmp_path, name, content))
    assert "infer_schema" not in str(caught.value)
    assert "truncate_ragged_lines" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for name in ("none.csv", "folder.csv"):
        with pytest.raises(SocietyError, match="there is no such file"):
            rows.read(tmp_path / name)


def test_numbers_and_words_may_share_a_column_however_late_the_words_come(tmp_path: Path) -> None:
    table = "identity,openness\n" + "Ada,3\n" * 200 + "Omar,high\n"
    source = FileSource(path="p.csv", rows=read_rows(written(tmp_path, "p.csv", table)))
    listed = people(source)
    assert listed[0].big_five == {"openness": 3.0}
    assert listed[-1].big_five == {"openness": "high"}
    mixed = '{"openness": 2}\n{"openness": "low"}\n'
    source = FileSource(path="p.jsonl", rows=read_rows(written(tmp_path, "p.jsonl", mixed)))
    assert [person.big_five["openness"] for person in people(source)] == [2, "low"]


def test_absent_numbers_and_parts_of_lists_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    frame = {"openness": [float("nan"), 2.0], "secrets": ["I sold it; ", None]}
    pl.DataFrame({**frame, "born": [date(1990, 1, 2)] * 2}).write_parquet(path)
    first, second = people(FileSource(path="people.parquet", rows=read_rows(path)))
    assert (first.big_five, first.secrets) == ({}, ["I sold it"])
    assert (second.big_five, second.secrets) == ({"openness": 2.0}, [])
    assert first.attributes == {"born": "1990-01-02"}


def test_lines_end_where_json_says_so() -> None:
    row = '{"identity":"Ada","text":"one\u2028two\x85three"}'
    assert people(FileSource(path="p.jsonl", rows=row))[0].text == "one\u2028two\x85three"


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"opennes": "big_five.openness"}, "no column 'opennes' .there are: openness, O"),
        ({"O": "openness"}, "columns 'openness' and 'O' both fill big_five.openness"),
    ],
)
def test_columns_must_fit_the_file(columns: dict[str, str], told: str) -> None:
    with pytest.raises(SocietyError, match=told):
        people(FileSource(path="p.csv", columns=columns, rows='{"openness":2,"O":3}'))


def test_a_score_off_the_scale_is_told_both_ways_out() -> None:
    with pytest.raises(
        SocietyError, match=r"person 1, big_five.openness: .*less than or equal to 5"
    ):
        people(FileSource(path="p.csv", rows='{"openness":7}'))
