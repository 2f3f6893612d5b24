"""What looks like data and is none, and what Python takes for more than people mean by it."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from societies.agents.errors import SocietyError
from societies.agents.files import documents
from societies.agents.models.base import ModelSpec
from societies.agents.population.files import people
from societies.agents.population.spec import FileSource
from societies.errors import InputError
from societies.loading import source
from societies.loading.load import load
from societies.scenarios.debate.tasks import Task, TaskError, load_questions
from societies.scenarios.negotiation import classic
from tests.test_input_kept import written

SCENARIO = {"scenario": "donor_game", "model": {"name": "scripted/random"}, "protocol": {}}


def loaded(path: Path, columns: dict[str, str] | None = None, **population: Any) -> list[Any]:
    file = {"path": str(path), "columns": columns or {}}
    config, _ = load(
        {**SCENARIO, "population": {"size": 12, "repeat": True, "file": file, **population}}
    )
    return people(config.population.file)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("Ada,high\nBen,low\n", "one is called 'high'"),
        ("Ada,baker\nBen,smith\n", "none of them is known .'Ada', 'baker'.: write a header"),
        ("hobby,town\nchoir,Rome\n", r"say what a column fills, .* \{hobby: attributes.hobby\}"),
        ("identity,Very High\nBen,low\n", "one is called 'Very High'"),
    ],
)
def test_a_people_file_without_a_header_loses_nobody(tmp_path: Path, table: str, told: str) -> None:
    with pytest.raises(InputError, match=f"line 1 should name the columns.*{told}"):
        loaded(written(tmp_path, "p.csv", table))


@pytest.mark.parametrize(
    ("header", "settings"),
    [
        ("name,hobby", {}),
        ("openness,hobby", {}),
        ("social.job,hobby", {}),
        ("attributes.town,hobby", {}),
        ("town,hobby", {"columns": {"hobby": "attributes.hobby"}}),
        ("town,hobby", {"cross": {"hobby": ["a", "b"]}}),
        ("town,hobby", {"attributes": {"town": {"values": ["x"]}}}),
        ("town,hobby", {"margins": {"margins": {"town, job": {"x, y": 1}}}}),
        ("town,hobby", {"exclude": [{"town": "Bonn"}]}),
        ("town,hobby", {"persona": {"attributes": {"town": "x"}}}),
        ("town,hobby", {"groups": [{"share": 1, "persona": {"attributes": {"hobby": "x"}}}]}),
    ],
)
def test_a_header_is_known_by_one_name(
    tmp_path: Path, header: str, settings: dict[str, Any]
) -> None:
    [person] = loaded(written(tmp_path, "p.csv", f"{header}\n3,chess\n"), **settings)
    assert person.attributes["hobby"] == "chess"


def test_files_that_name_every_value_need_no_known_name(tmp_path: Path) -> None:
    path = written(tmp_path, "p.jsonl", '{"town": "Rome", "hobby": "choir"}')
    assert loaded(path)[0].attributes == {"town": "Rome", "hobby": "choir"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("p.csv", "name, openness\nAda,3\n"),
        ("p.csv", "name,openness\xa0\nAda,3\n"),
        ("p.json", '[{"name": "Ada", " openness": 3}]'),
    ],
)
def test_a_column_with_blanks_around_its_name_is_refused(
    tmp_path: Path, name: str, content: str
) -> None:
    with pytest.raises(InputError, match=r"a column is called '.*openness.*': take the blanks off"):
        loaded(written(tmp_path, name, content))


@pytest.mark.parametrize("cells", ['{"": [], "!": []}', '{"name": "Ada", "": "x"}'])
def test_a_column_without_a_name_is_refused(tmp_path: Path, cells: str) -> None:
    with pytest.raises(InputError, match="has a column without a name: name it, or take it out"):
        loaded(written(tmp_path, "p.json", f"[{cells}]"))


@pytest.mark.parametrize("score", ["\u0663", "\uff13", "0_3", "1_0", "inf", "nan", "1e0", "0x3"])
def test_only_plain_digits_are_a_score(score: str) -> None:
    with pytest.raises(SocietyError, match=r"person 1, big_five\.openness"):
        people(FileSource(path="p.csv", rows=f'{{"openness":"{score}"}}'))


@pytest.mark.parametrize(("score", "value"), [("3", 3.0), (" 2.50 ", 2.5), ("+4", 4.0)])
def test_plain_digits_are_one(score: str, value: float) -> None:
    [person] = people(FileSource(path="p.csv", rows=f'{{"openness":"{score}"}}'))
    assert person.big_five == {"openness": value}


CHOICE = {"question": "asked", "options": ["one", "two"], "answer": "right"}


def test_a_multiple_choice_file_may_name_its_columns_itself(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "asked,one,two,right\n1+1?,1,2,B\n")
    task = Task.model_validate({"kind": "choice", "file": str(path), "columns": CHOICE})
    [question] = load_questions(task)
    assert (question.text, question.options, question.accepted) == ("1+1?", ("1", "2"), ("B",))


def test_a_translation_may_name_its_columns_itself(tmp_path: Path) -> None:
    path = written(tmp_path, "t.tsv", "German\tEnglish\nHaus\thouse\n")
    columns = {"question": "German", "answer": "English"}
    task = Task.model_validate({"kind": "translation", "file": str(path), "columns": columns})
    [question] = load_questions(task)
    assert (question.text, question.accepted) == ("Haus", ("house",))


def test_a_column_that_is_named_and_absent_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "ask,one,two,right\n1+1?,1,2,B\n")
    task = Task.model_validate({"kind": "choice", "file": str(path), "columns": CHOICE})
    with pytest.raises(
        TaskError, match=r"nothing in column 'asked' .columns: ask, one, two, right"
    ):
        load_questions(task)


def test_a_header_with_blanks_is_no_question(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", " question,A,B,answer\n1+1?,1,2,B\n")
    with pytest.raises(TaskError, match="a column is called ' question'"):
        load_questions(Task(kind="choice", file=str(path)))


def test_an_option_s_number_is_written_in_plain_digits(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "question,A,B,answer\n1+1?,1,2,\u0661\n")
    with pytest.raises(TaskError, match="is none of the options"):
        load_questions(Task(kind="choice", file=str(path)))


@pytest.mark.parametrize("sign", ["\x85", "\u2028", "\u2029", "\x1c", "\x0b", "\x0c"])
def test_a_dialogue_is_one_line_whatever_signs_it_holds(tmp_path: Path, sign: str) -> None:
    said = f"one{sign}two"
    line = f"1 1 1 4 1 5 YOU: {said} <eos> THEM: <selection> item0=1 item1=0 item2=0 "
    line += "<eos> reward=4 agree 1 1 1 4 1 5"
    [dialogue] = classic.read_dialogues(written(tmp_path, "val.txt", f"{line}\r\n\n"))
    assert dialogue.turns == (("YOU", said),)


@pytest.mark.parametrize("name", ["/", "//", "-", "...", "openai/-", "/openai/", "?"])
def test_punctuation_names_no_model(name: str) -> None:
    with pytest.raises(ValueError, match="names no model"):
        ModelSpec(name=name)


@pytest.mark.parametrize("name", ["gpt-4", "ollama/llama3:8b", "openai//models/a.gguf", "模型"])
def test_names_of_models_are_taken(name: str) -> None:
    assert ModelSpec(name=name).name == name


def chain(levels: int, times: int, first: str = "[x]") -> str:
    """Return YAML of aliases that hold the one before, so often each."""
    held = [", ".join([f"*a{level - 1}"] * times) for level in range(1, levels)]
    return f"a0: &a0 {first}\n" + "".join(
        f"a{n}: &a{n} [{each}]\n" for n, each in enumerate(held, 1)
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (chain(40, 2), "over 1,000,000 values once its aliases are filled in"),
        (chain(90, 2), "over 1,000,000 values once its aliases are filled in"),
        (chain(150, 1), "nested more than 100 levels deep"),
        (chain(5_000, 1), "nested more than 100 levels deep"),
        ("a: &a [*a]\n", "an alias stands for something that contains it"),
        ("a: &a {b: [1, *a]}\n", "an alias stands for something that contains it"),
        ("a: &a {<<: *a}\n", "an alias stands for something that contains it"),
        ("a: &a {? *a : 1}\n", "an alias stands for something that contains it"),
        (
            "a0: &a0 {k: 1}\n"
            + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 50)),
            "over 1,000,000 values once its aliases are filled in",
        ),
    ],
)
def test_aliases_without_end_are_a_sentence(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        source.read(written(tmp_path, "s.yaml", text))


def test_aliases_take_no_more_memory_than_the_file(tmp_path: Path) -> None:
    """Two hundred thousand values, each up to ninety-five levels deep, stand in ten kilobytes."""
    path = written(tmp_path, "s.yaml", chain(95, 1, f"[{', '.join(['x'] * 2_000)}]"))
    tracemalloc.start()
    try:
        read = source.read(path)
        assert tracemalloc.get_traced_memory()[1] < 2**25
    finally:
        tracemalloc.stop()
    assert read.where(("a1", 0, 5)).endswith(f"{path}:1:25: a1.0.5")


def test_data_that_shares_its_parts_is_looked_through_in_bounded_time() -> None:
    held: list[Any] = []
    held += [held, held]
    with pytest.raises(InputError, match="nested more than 100 levels deep"):
        load({**SCENARIO, "protocol": {"held": held}})


def test_a_merged_key_stands_where_it_was_set_last(tmp_path: Path) -> None:
    text = "base: &b {size: 1}\npopulation:\n  <<: *b\n  size: 2\n"
    path = written(tmp_path, "s.yaml", text)
    assert source.read(path).where(("population", "size")) == f"{path}:4:3: population.size"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "a: 1\nb: !!timestamp x",
            "here:2:4: 'x' cannot be read as a date; a text stands in quotes",
        ),
        ("a: 2020-13-45", "here:1:4: '2020-13-45' cannot be read as a date"),
        ("a: [!!int '']", "here:1:5: '' cannot be read as a whole number"),
        ("a: !!float x", "here:1:4: 'x' cannot be read as a number"),
        ("a: !!bool x", "here:1:4: 'x' cannot be read as a truth value"),
        (f"a: {'9' * 5_000}", "here:1:4: '9{60}' cannot be read as a whole number"),
        ("a: x\x1b", "here is not plain YAML: unacceptable character #x001b.* .character 5.$"),
        ("a: !!timestamp [1]", "here:1:4: "),
    ],
)
def test_what_is_not_of_its_kind_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(SocietyError, match=told) as caught:
        documents.yaml_document(text, "here")
    assert "NoneType" not in str(caught.value)
    assert "Exceeds" not in str(caught.value)
