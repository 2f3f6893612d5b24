"""What users bring is taken as it stands, or refused in a sentence; never accepted and changed."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from societies.agents.errors import SocietyError
from societies.agents.files import documents, rows
from societies.agents.instruments import files
from societies.agents.population.files import people, read_rows
from societies.agents.population.spec import FileSource
from societies.errors import InputError
from societies.loading.load import load
from societies.scenarios.debate.tasks import Task, TaskError, load_questions
from tests.test_command_line import societies

DEEP = 100_000
SMALL = {"scenario": "donor_game", "model": {"name": "scripted/random"}, "population": {"size": 12}}


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def valid(data: dict[str, Any], **sets: Any) -> Any:
    return load({**SMALL, "protocol": {}, **data}, sets)[0]


def test_line_breaks_within_quoted_fields_of_a_task_are_kept(tmp_path: Path) -> None:
    table = 'question,answer\n"What is\n1 + 1?","two,\r\nor 2"\n'
    asked = load_questions(Task(kind="text", file=str(written(tmp_path, "t.csv", table))))
    assert [(q.text, q.accepted) for q in asked] == [("What is\n1 + 1?", ("two,\r\nor 2",))]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_people_parted_by_something_else_than_commas_are_refused(tmp_path: Path, mark: str) -> None:
    table = mark.join(["identity", "age"]) + "\n" + mark.join(["Ada", "3,5"]) + "\n"
    with pytest.raises(SocietyError, match=r"line 1: .*save it with commas"):
        read_rows(written(tmp_path, "p.csv", table))


def test_what_does_not_look_the_same_as_a_number_stays_text(tmp_path: Path) -> None:
    table = "zip,age,share,big,yes,date,gap\n"
    table += "007,30,2.5,12345678901234567890,true,2020-01-01,1\n"
    table += "10115,31,3,1,no,2020-1-1,\n"
    first, second = rows.read(written(tmp_path, "p.csv", table))
    assert first == {
        "zip": "007",
        "age": 30,
        "share": 2.5,
        "big": "12345678901234567890",
        "yes": "true",
        "date": "2020-01-01",
        "gap": 1,
    }
    assert (second["zip"], second["share"], second["gap"]) == ("10115", 3, None)
    assert isinstance(second["share"], int)


@pytest.mark.parametrize("written_as", ["2.50", "1e0", "02", "+3", "-0", "nan", "1_0", "\u0663"])
def test_numbers_in_another_spelling_stay_text(tmp_path: Path, written_as: str) -> None:
    [row] = rows.read(written(tmp_path, "p.csv", f"a,b\n{written_as},x\n"))
    assert row["a"] == written_as


def test_blank_lines_are_nobody(tmp_path: Path) -> None:
    path = written(tmp_path, "p.csv", "identity\nAda\n\n  \nBen\n\n")
    assert [row["identity"] for row in rows.read(path)] == ["Ada", "Ben"]
    with pytest.raises(SocietyError, match="line 3: every field is empty"):
        rows.read(written(tmp_path, "q.csv", "identity,age\nAda,3\n,\n"))


@pytest.mark.parametrize(
    ("row", "told"), [("Ben", "line 4: 1 field, and"), ("Ben,3,x", "line 4: 3 fields, and")]
)
def test_short_and_long_rows_are_told_by_their_line(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(SocietyError, match=f"{told} 2 columns"):
        rows.read(written(tmp_path, "p.csv", f'identity,text\nAda,"one\ntwo"\n{row}\n'))


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("Ada,31", "column 2 is called '31'"),
        ("Ada,", "column 2 has no name"),
        ("a,a", "two columns are called 'a'"),
    ],
)
def test_a_table_without_a_header_is_refused(tmp_path: Path, header: str, told: str) -> None:
    with pytest.raises(SocietyError, match=f"line 1: {told}"):
        rows.read(written(tmp_path, "p.csv", f"{header}\nBen,40\n"))


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_a_key_that_stands_twice_in_json_is_refused(tmp_path: Path, name: str) -> None:
    row = '{"question": "1+1?", "answer": "2", "answer": "3"}'
    path = written(tmp_path, name, row if name.endswith("l") else f"[{row}]")
    with pytest.raises(SocietyError, match="'answer' stands twice"):
        rows.read(path)
    with pytest.raises(TaskError, match="'answer' stands twice"):
        load_questions(Task(kind="text", file=str(path)))


def test_only_line_breaks_end_items_and_lines(tmp_path: Path) -> None:
    item = "I am\u2028often\u2029sad\x85or\x0bso"
    table = "identity,text\nAda," + item + "\n"
    [person] = people(FileSource(path="p.csv", rows=read_rows(written(tmp_path, "p.csv", table))))
    assert person.text == item
    tsv = written(tmp_path, "t.tsv", f"source\treference\n{item}\t{item}\n")
    task = Task(kind="translation", file=str(tsv))
    assert load_questions(task)[0].text == item
    lines = "\r\n".join([item] * 44)
    source = files.InstrumentFile(file="i.txt", key="bfi_44")
    written(tmp_path, "i.txt", lines)
    assert [each["text"] for each in files.read(source, tmp_path)["items"]] == [item] * 44


def test_half_characters_are_told_with_their_place(tmp_path: Path) -> None:
    person = '{"identity": "Ada"}\n{"identity": "half \\ud800 one"}'
    with pytest.raises(SocietyError, match=r"line 2.*half a character"):
        rows.read(written(tmp_path, "p.jsonl", person))
    task = '[{"question": "\\udfff", "answer": "2"}]'
    with pytest.raises(TaskError, match="half a character"):
        load_questions(Task(kind="text", file=str(written(tmp_path, "t.json", task))))
    data = {"title": "T", "kind": "rating", "instruction": "\ud83d"}
    (tmp_path / "q.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(SocietyError, match=r"q\.yaml"):
        files.read(files.InstrumentFile(file="q.yaml"), tmp_path)
    with pytest.raises(InputError, match=r"population\.people\.0\.identity: .*half a character"):
        valid({"population": {"size": 1, "people": [{"identity": "\ud800"}]}})
    assert rows.read(written(tmp_path, "p.json", '[{"a": "\\ud83d\\ude00"}]')) == [{"a": "😀"}]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("p.csv", "identity\nAda\n"),
        ("p.json", '[{"identity": "Ada"}]'),
        ("p.jsonl", '{"identity": "Ada"}'),
    ],
)
def test_a_byte_order_mark_is_no_part_of_the_data(tmp_path: Path, name: str, content: str) -> None:
    path = written(tmp_path, name, b"\xef\xbb\xbf" + content.encode())
    assert rows.read(path) == [{"identity": "Ada"}]


def test_yaml_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    text = json.dumps({**SMALL, "protocol": {}}).encode()
    config, _ = load(written(tmp_path, "s.yaml", b"\xef\xbb\xbf" + text))
    assert config.scenario == "donor_game"
    written(tmp_path, "donate.j2", b"\xef\xbb\xbfGive {{ protocol.rounds }}.")
    data = {**SMALL, "protocol": {}, "prompts": {"donate": "donate.j2"}}
    config, _ = load(written(tmp_path, "s.yaml", json.dumps(data)))
    assert config.prompts["donate"].startswith("Give")


@pytest.mark.parametrize("unit", ["[", '{"a":', "- "])
def test_what_is_nested_too_deeply_is_a_sentence(tmp_path: Path, unit: str) -> None:
    told = "nested more than 100 levels deep"
    deep = unit * DEEP
    with pytest.raises(InputError, match=told):
        load(written(tmp_path, "s.yaml", f"a: {deep}" if unit != "- " else deep))
    written(tmp_path, "q.yaml", deep)
    with pytest.raises(SocietyError, match=told):
        files.read(files.InstrumentFile(file="q.yaml"), tmp_path)
    if unit != "- ":
        for name in ("p.json", "p.jsonl"):
            with pytest.raises(SocietyError, match=told):
                rows.read(written(tmp_path, name, deep))
        with pytest.raises(TaskError, match=told):
            load_questions(Task(kind="text", file=str(written(tmp_path, "t.json", deep))))


def test_json_a_little_too_deep_is_refused_as_well(tmp_path: Path) -> None:
    nested = "[" * 150 + "]" * 150
    with pytest.raises(SocietyError, match="nested more than 100 levels deep"):
        rows.read(written(tmp_path, "p.json", f'[{{"a": {nested}}}]'))


def test_data_and_set_values_that_are_too_deep_are_refused(tmp_path: Path) -> None:
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(InputError, match="nested more than 100 levels deep"):
        valid({"protocol": {"rounds": deep}})


def test_aliases_that_multiply_in_a_questionnaire_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    written(tmp_path, "q.yaml", "\n".join(lines))
    with pytest.raises(SocietyError, match="values once its aliases are filled in"):
        files.read(files.InstrumentFile(file="q.yaml"), tmp_path)


def test_a_key_that_stands_twice_in_a_questionnaire_is_refused(tmp_path: Path) -> None:
    written(tmp_path, "q.yaml", "title: A\nkind: rating\ntitle: B\n")
    with pytest.raises(SocietyError, match=r"q\.yaml:3: key 'title' stands twice"):
        files.read(files.InstrumentFile(file="q.yaml"), tmp_path)


@pytest.mark.parametrize("position", ["²", "\u0660", "-1", "7"])
def test_only_a_plain_number_is_a_position_in_a_list(position: str) -> None:
    with pytest.raises(InputError, match="leads nowhere"):
        valid(
            {"population": {"size": 4, "groups": [{"share": 1}]}},
            **{f"population.groups.{position}": 1},
        )


@pytest.mark.parametrize("name", ["~", " ", "null", "openai/", "\n", " openai/gpt-4o"])
def test_what_is_no_name_of_a_model_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"model\.name"):
        valid({"model": {"name": name}})


def test_a_seed_that_is_null_is_refused() -> None:
    with pytest.raises(InputError, match=r"seed: .*leave the key out"):
        valid({"seed": None})
    with pytest.raises(InputError, match="--set seed"):
        load({**SMALL, "protocol": {}}, {"seed": None})
    assert valid({"interventions": None, "limits": None}).seed == 0


def test_a_number_that_is_infinite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SocietyError, match="1e999 is no number that can be held"):
        rows.read(written(tmp_path, "p.json", '[{"a": 1e999}]'))


@pytest.mark.parametrize("command", ["validate", "population"])
def test_people_beyond_the_size_are_told(tmp_path: Path, command: str) -> None:
    names = "\n".join(f"P{number}" for number in range(9))
    written(tmp_path, "people.csv", f"identity\n{names}\n")
    model = "model: {name: scripted/solver}\n"
    text = f"scenario: debate\n{model}population: {{size: 3, file: people.csv}}\nprotocol: {{}}\n"
    done = societies(command, written(tmp_path, "s.yaml", text))
    told = "9 people are listed, and 3 take part: the last 6 are left out (population.size is 3)"
    assert told in done.stdout, done.stderr
    assert (
        "left out"
        not in societies(command, tmp_path / "s.yaml", "--set", "population.size=9").stdout
    )


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ("population.groups.²=1", "leads nowhere"),
        ("protocol.rounds=" + "[" * 9_000, "nested more than 100 levels deep"),
        ("protocol.rounds=[1", "is not plain YAML"),
        ("protocol.rounds={a: 1, a: 2}", "key 'a' stands twice"),
    ],
)
def test_set_values_are_read_as_strictly(item: str, told: str) -> None:
    groups = "population.groups=[{share: 1}]"
    done = societies("validate", "donor_game/demo", "--set", groups, "--set", item)
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["a: !!int ''", "a: !!timestamp x", "a: !!float ''"])
def test_values_with_a_tag_that_they_are_not_are_a_sentence(text):
    with pytest.raises(
        SocietyError, match=r"here:1:4: '\w?' cannot be read as a (date|whole number|number)"
    ):
        documents.yaml_document(text, "here")


@given(st.text(max_size=40))
def test_text_is_written_so_that_it_reads_back(text):
    whole = text.encode("utf-8", "replace").decode()
    assert yaml.safe_load(documents.dump_yaml({"a": whole})) == {"a": whole}
