"""Debate: where questions come from."""

import json
import re
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest

import societies
from societies.agents.answers.mathematics import equality, expressions, reading
from societies.errors import InputError
from societies.scenarios.debate.questions import is_right, is_trapped
from societies.scenarios.debate.tasks import Task, TaskError, arithmetic, load_questions

SHIPPED = Path(societies.__file__).parent / "scenarios" / "debate" / "tasks"
KINDS = ("gsm", "math", "choice", "ciar", "translation", "text")


def test_arithmetic_keeps_precedence_and_range():
    for question in load_questions(Task(count=300)):
        expression = re.search(r"of (.*)\?", question.text)[1]
        a, b, c, d, e, f = map(int, re.findall(r"\d+", expression))
        assert expression == f"{a}+{b}*{c}+{d}-{e}*{f}"
        assert question.accepted == (str(a + b * c + d - e * f),)
        assert all(0 <= number <= 29 for number in (a, b, c, d, e, f))
        assert -841 <= int(question.accepted[0]) <= 899


def test_arithmetic_depends_on_its_own_seed_alone():
    assert arithmetic(0, 7) == arithmetic(0, 7)
    assert arithmetic(0, 7) != arithmetic(1, 7)
    assert load_questions(Task(count=20))[:5] == load_questions(Task(count=5))


@pytest.mark.parametrize("kind", KINDS)
def test_two_dozen_items_of_every_kind_are_shipped(kind):
    questions = load_questions(Task(kind=kind))
    assert len(questions) == 24
    for question in questions:
        assert len(question.text.split()) > 1
        if kind != "translation":
            assert all(is_right(question, answer) for answer in question.accepted)
        for trap in question.traps:
            assert is_trapped(question, trap)
            assert not is_right(question, trap)


def test_word_problems_add_up():
    for line in (SHIPPED / "word_problems.jsonl").read_text(encoding="utf-8").splitlines():
        solution, _, answer = json.loads(line)["answer"].partition("\n#### ")
        steps = re.findall(r"([0-9][0-9.+*/-]*) = (-?[0-9.]+[0-9]|-?[0-9])", solution)
        assert steps
        for expression, value in steps:
            assert expressions.evaluate(expression).real == pytest.approx(float(value))
        assert equality.same_number(steps[-1][1], answer)


@pytest.mark.parametrize("file", ["competition.jsonl", "counterintuitive.json"])
def test_answers_agree_with_their_check(file):
    text = (SHIPPED / file).read_text(encoding="utf-8")
    items = json.loads(text) if file.endswith("json") else map(json.loads, text.splitlines())
    checked = 0
    for item in items:
        if not item["check"]:
            continue
        answer = reading.boxed(item["solution"]) if "solution" in item else item["answer"][0]
        expected = expressions.evaluate(equality.normal_form(item["check"]))
        numbers = {"second": "2", "all": "12"}
        found = expressions.evaluate(equality.normal_form(numbers.get(answer, answer)))
        tolerance = 0.3 if item["id"] in {"c19", "c14"} else 1e-9  # the question says "rounded"
        assert abs(found - expected) <= tolerance, item["id"]
        checked += 1
    assert checked >= 22


def test_gsm_files_in_the_usual_form(tmp_path):
    path = tmp_path / "gsm.jsonl"
    rows = [
        {"question": "How many?", "answer": "3*400=<<3*400=1200>>1200\n#### 1,200"},
        {"question": "How cold?", "answer": "It is colder.\n#### -5"},
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert [q.accepted for q in load_questions(Task(kind="gsm", file=str(path)))] == [
        ("1200",),
        ("-5",),
    ]


def test_math_files_are_filtered_by_level(tmp_path):
    path = tmp_path / "math.json"
    rows = [
        {"problem": "a b c", "level": f"Level {n}", "solution": f"\\boxed{{1}} \\boxed{{{n}}}"}
        for n in (1, 2, 3, 4)
    ]
    path.write_text(json.dumps(rows), encoding="utf-8")
    task = Task(kind="math", file=str(path), where={"level": ["Level 2", "Level 4"]})
    assert [q.accepted for q in load_questions(task)] == [("2",), ("4",)]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "ndjson", "json", "parquet", "tsv"])
def test_any_table_with_named_columns(tmp_path, ending):
    frame = pl.DataFrame({"id": ["a", "b"], "asked": ["1 + 1?", "2, 2?"], "gold": ["two", "4"]})
    path = tmp_path / f"mine.{ending}"
    if ending == "csv":
        frame.write_csv(path)
    elif ending == "tsv":
        frame.write_csv(path, separator="\t", quote_style="never")
    elif ending in ("jsonl", "ndjson"):
        frame.write_ndjson(path)
    elif ending == "json":
        frame.write_json(path)
    else:
        frame.write_parquet(path)
    columns = {"question": "asked", "answer": "gold"}
    questions = load_questions(Task(kind="text", file=str(path), columns=columns))
    assert [(q.name, q.text, q.accepted) for q in questions] == [
        ("a", "1 + 1?", ("two",)),
        ("b", "2, 2?", ("4",)),
    ]


def test_multiple_choice_files_without_a_header_or_with_a_list(tmp_path):
    plain = tmp_path / "mmlu.csv"
    plain.write_text('"What is 1+1?",1,2,3,4,B\n"And 2+2?",1,2,3,4,D\n', encoding="utf-8")
    questions = load_questions(Task(kind="choice", file=str(plain)))
    assert [q.accepted for q in questions] == [("B",), ("D",)]
    assert questions[0].options == ("1", "2", "3", "4")
    listed = tmp_path / "listed.jsonl"
    row = {"question": "What is 1+1?", "choices": ["1", "2"], "answer": 1}
    listed.write_text(json.dumps(row), encoding="utf-8")
    assert load_questions(Task(kind="choice", file=str(listed)))[0].accepted == ("B",)
    row = {"question": "Is 1+1 = 2?", "choices": ["True", "False"], "answer": True}
    listed.write_text(json.dumps(row), encoding="utf-8")
    assert load_questions(Task(kind="choice", file=str(listed)))[0].accepted == ("A",)


def test_shuffling_and_counting_are_seeded():
    task = Task(kind="gsm", shuffle=True, seed=3, count=10)
    names = [question.name for question in load_questions(task)]
    assert names == [question.name for question in load_questions(task)]
    assert names != sorted(names)
    assert len(set(names)) == 10


def refused(path, content, kind="gsm", **task):
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TaskError) as caught:
        load_questions(Task(kind=kind, file=str(path), **task))
    return str(caught.value)


def test_bad_files_are_named_with_the_place(tmp_path):
    assert "line 2, column 2: Unterminated string" in refused(
        tmp_path / "a.jsonl", '{"question": 1}\n{"quest'
    )
    rows = json.dumps({"question": "x y", "result": 3})
    assert "item 1: there is nothing in column 'answer'" in refused(tmp_path / "b.jsonl", rows)
    assert "columns: question, result" in refused(tmp_path / "b.jsonl", rows)
    assert "no number" in refused(tmp_path / "c.jsonl", '{"question": "x", "answer": "many"}')
    assert "line 2: 1 field, and 2 columns" in refused(tmp_path / "d.csv", "question,answer\nx\n")
    assert "should end in" in refused(tmp_path / "e.xml", "<x/>")
    assert "none of the options" in refused(
        tmp_path / "f.csv", "question,A,B,answer\nx,1,2,E\n", "choice"
    )
    assert "has no question" in refused(tmp_path / "g.json", "[]")
    assert "has 1 questions, not 5" in refused(
        tmp_path / "h.csv", "question,answer\nx,1\n", count=5
    )
    assert "two questions have the id" in refused(
        tmp_path / "i.csv", "id,question,answer\n1,x,1\n1,y,2\n"
    )


def test_a_missing_file_is_an_input_error_before_anything_is_run(tmp_path):
    config = tmp_path / "mine.yaml"
    config.write_text(
        "scenario: debate\nmodel: {name: scripted/solver}\npopulation: {size: 3}\n"
        "protocol:\n  task:\n    kind: gsm\n    file: nowhere.jsonl\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError, match=r"mine\.yaml:7:5: protocol\.task\.file: there is no file"):
        societies.run(config, out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_files_are_relative_to_the_yaml_file(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine.csv").write_text("question,answer\nWhat is 1+1?,2\n")
    (tmp_path / "mine.yaml").write_text(
        "scenario: debate\nmodel: {name: scripted/solver}\npopulation: {size: 3}\n"
        "protocol: {task: {kind: gsm, file: data/mine.csv}}\n",
        encoding="utf-8",
    )
    run = societies.run(tmp_path / "mine.yaml", out=tmp_path)
    assert run.config.protocol.task.file == str(next((run.path / "inputs").glob("*-mine.csv")))
    assert societies.replay(run.path).status == "finished"


def test_a_file_that_is_not_the_one_with_the_digest_is_noticed(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("question,answer\nWhat is 1+1?,2\n", encoding="utf-8")
    task = {"kind": "gsm", "file": str(path), "sha256": sha256(path.read_bytes()).hexdigest()}
    run = societies.run("debate/demo", out=tmp_path, sets={"protocol.task": task})
    path.write_text("question,answer\nWhat is 1+1?,3\n", encoding="utf-8")
    with pytest.raises(InputError, match="another file"):
        societies.load("debate/demo", {"protocol.task": task})
    assert societies.replay(run.path).status == "finished"
