"""Tasks: where questions come from."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from societies.agents.answers.letters import LETTERS
from societies.agents.answers.mathematics import (
    boxed,
    quantity,
)
from societies.agents.errors import SocietyError
from societies.agents.files import documents, rows
from societies.agents.streams import stream
from societies.agents.strict import Strict
from societies.loading.inputs import InputFile
from societies.scenarios.debate.questions import Question
from societies.words import Place

TaskKind = Literal["arithmetic", "gsm", "math", "choice", "ciar", "translation", "text"]
SHIPPED = {
    "gsm": "word_problems.jsonl",
    "math": "competition.jsonl",
    "choice": "multiple_choice.csv",
    "ciar": "counterintuitive.json",
    "translation": "translation.tsv",
    "text": "short_answers.csv",
}
"""Our own items per kind of task; arithmetic is generated."""
QUESTION_COLUMNS = ("question", "problem", "source", "Question")
ANSWER_COLUMNS = ("answer", "solution", "reference", "target", "Answer")
OPTION_COLUMNS = ("options", "choices")
Row = Mapping[str, Any]


class Columns(Strict):
    """What the columns of a file are called; the names usual for its kind when absent."""

    question: str | None = None
    answer: str | None = None
    options: list[str] | None = None
    """The columns of a multiple-choice question's options, in order; or one that lists them."""

    @property
    def named(self) -> list[str]:
        """The columns that are named."""
        single = [name for name in (self.question, self.answer) if name is not None]
        return [*single, *(self.options or [])]


class Task(Strict):
    """Where the questions come from, and how their answers are read and compared."""

    kind: TaskKind = "arithmetic"
    file: InputFile | None = None
    """A CSV, TSV, JSON, JSONL or Parquet file, relative to the YAML file; the items shipped for the
    kind when absent."""
    sha256: str | None = None
    """The file's digest, where another file of that name should be noticed."""
    count: int | None = Field(default=None, ge=1, le=100_000)
    """How many questions; all of the file when absent (arithmetic: 100)."""
    seed: int = 0
    """Of generated questions and of the shuffle: runs of any seed share their questions."""
    shuffle: bool = False
    """Whether questions are taken in an order drawn from the seed."""
    where: dict[str, list[str]] = Field(default_factory=dict)
    """Takes only the rows whose column has one of these values, such as `level: [Level 1]`."""
    columns: Columns = Columns()
    source_language: str = "German"
    target_language: str = "English"


class TaskError(ValueError):
    """A task's file cannot be used; the text says where it fails, and what is expected."""

    def __init__(self, message: str, place: Place = ("file",)) -> None:
        super().__init__(message)
        self.place = place


def load_questions(task: Task) -> list[Question]:
    """Return the questions of a task, in the order they are asked.

    Raises:
        TaskError: the file is missing, is not what it is said to be, or has a bad row.
    """
    if task.kind == "arithmetic" and task.file is None:
        return [arithmetic(task.seed, number) for number in range(1, (task.count or 100) + 1)]
    path = Path(task.file) if task.file else Path(__file__).parent / "tasks" / SHIPPED[task.kind]
    rows = [row for row in _checked_rows(path, task) if _is_wanted(row, task.where)]
    questions = [_question(row, task, f"{path}, item {n}", n) for n, row in enumerate(rows, 1)]
    _check_names(questions, path)
    if task.shuffle:
        stream(task.seed, "shuffle").shuffle(questions)
    if not questions:
        raise TaskError(f"{path} has no question" + (" that `where` lets pass" * bool(task.where)))
    if task.count and task.count > len(questions):
        raise TaskError(f"{path} has {len(questions)} questions, not {task.count}", ("count",))
    return questions[: task.count]


def arithmetic(seed: int, number: int) -> Question:
    """Return the generated question of that number: a+b*c+d-e*f of integers from 0 to 29."""
    random = stream(seed, "arithmetic", number)
    a, b, c, d, e, f = (random.randint(0, 29) for _ in range(6))
    return Question(
        name=str(number),
        kind="arithmetic",
        text=f"What is the result of {a}+{b}*{c}+{d}-{e}*{f}?",
        accepted=(str(a + b * c + d - e * f),),
    )


# -- files ------------------------------------------------------------------------------------


def _checked_rows(path: Path, task: Task) -> Sequence[Row]:
    """Read a file's rows, and see that it is still the file that the run was made with."""
    if not path.is_file():
        raise TaskError(f"there is no file {path}")
    if task.sha256 and sha256(path.read_bytes()).hexdigest() != task.sha256:
        raise TaskError(
            f"{path} is another file than the one with digest {task.sha256[:12]}...; "
            "restore it, or leave out `sha256` to use the file as it is",
            ("sha256",),
        )
    try:
        found = _read(path, task)
    except SocietyError as error:
        raise TaskError(str(error)) from error
    except (OSError, ValueError) as error:
        raise TaskError(f"{path} cannot be read: {error}") from error
    strays = [number for number, row in enumerate(found, 1) if not isinstance(row, Mapping)]
    if strays:
        raise TaskError(f"{path}, item {strays[0]}: should hold keys and values")
    return found


def _read(path: Path, task: Task) -> Sequence[Row]:
    """Return the rows of a file by its ending; a table's are text, and a JSON file may hold one."""
    ending = path.suffix.lower()
    if ending == ".csv":
        return _named(rows.table(documents.text(path)), task)
    if ending in {".tsv", ".txt"}:
        return _named(_tabbed(documents.text(path)), task)
    if ending == ".json":
        content = documents.json_value(documents.text(path))
        return content if isinstance(content, list) else [content]
    if ending in rows.READERS:
        return rows.read(path)
    raise ValueError("its name should end in .csv, .tsv, .txt, .json, .jsonl, .ndjson or .parquet")


def _tabbed(text: str) -> list[rows.Line]:
    """Return the rows of a text with tabs between fields, which knows no quotation marks."""
    lines = enumerate(documents.lines(text), start=1)
    return [(number, line.split("\t")) for number, line in lines if line.strip()]


def _named(table: Sequence[rows.Line], task: Task) -> list[dict[str, str]]:
    """Return the rows of a table.

    Translations and multiple choice come without a header, too: a first line that names no known
    column is a row itself, unless the configuration says what the columns are called.
    """
    if not table:
        return []
    _, header = table[0]
    may_be_row = task.kind in {"translation", "choice"} and not task.columns.named
    if may_be_row and not {*QUESTION_COLUMNS} & {column.strip() for column in header}:
        return rows.named(["question", *LETTERS[: len(header) - 2], "answer"], table)
    rows.check_header(header)
    return rows.named(header, table[1:])


def _is_wanted(row: Row, where: Mapping[str, Sequence[str]]) -> bool:
    return all(str(row.get(column)) in values for column, values in where.items())


def _question(row: Row, task: Task, place: str, number: int) -> Question:
    """Make a question of a row."""
    text = str(_field(row, task.columns.question, QUESTION_COLUMNS, place))
    given = _field(row, task.columns.answer, ANSWER_COLUMNS, place)
    options = _options(row, task, place) if task.kind == "choice" else ()
    answers = given if isinstance(given, list) else [given]
    traps = row.get("incorrect answer") or [] if task.kind == "ciar" else []
    return Question(
        name=str(row.get("id", number)),
        kind=task.kind,
        text=text.strip(),
        accepted=tuple(_reference(answer, task.kind, options, place) for answer in answers),
        traps=tuple(map(str, traps if isinstance(traps, list) else [traps])),
        options=options,
        source_language=task.source_language if task.kind == "translation" else "",
        target_language=task.target_language if task.kind == "translation" else "",
    )


def _field(row: Row, named: str | None, usual: Sequence[str], place: str) -> Any:
    """Return a row's field: the one named in the configuration, or the first usual one."""
    for column in (named,) if named else usual:
        value = row.get(column)
        if value not in (None, "", []):
            return value
    wanted = repr(named) if named else " or ".join(map(repr, usual[:3]))
    have = ", ".join(map(str, row))
    raise TaskError(f"{place}: there is nothing in column {wanted} (columns: {have})")


def _options(row: Row, task: Task, place: str) -> tuple[str, ...]:
    """Return what a multiple-choice row offers."""
    named = task.columns.options
    columns = named or [name for name in OPTION_COLUMNS if name in row]
    columns = columns or [letter for letter in LETTERS if row.get(letter) not in (None, "")]
    listed = row.get(columns[0]) if len(columns) == 1 else [row.get(name) for name in columns]
    if not isinstance(listed, list) or not 2 <= len(listed) <= len(LETTERS) or None in listed:
        raise TaskError(
            f"{place}: a multiple-choice question needs 2 to {len(LETTERS)} options, in columns "
            "A, B, ... or in a list called 'options'"
        )
    return tuple(map(str, listed))


def _reference(given: Any, kind: str, options: Sequence[str], place: str) -> str:
    """Return a reference in the form in which answers are compared."""
    answer = str(given)
    if kind in {"arithmetic", "gsm"}:
        found = quantity(answer.rpartition("####")[2])
        if found is None:
            raise TaskError(
                f"{place}: there is no number alone, or after '####', in the answer {answer[:60]!r}"
            )
        return found[0]
    if kind == "math":
        return boxed(answer) or answer.strip()
    if kind == "choice":
        return _option_letter(given, options, place)
    return answer.strip()


def _option_letter(given: Any, options: Sequence[str], place: str) -> str:
    """Return the right option's letter; given as a letter, a number (from 0), or its text."""
    letters = LETTERS[: len(options)]
    is_number = isinstance(given, int) and not isinstance(given, bool)
    if is_number and 0 <= given < len(options):
        return letters[given]
    answer = str(given).strip()
    if len(answer) == 1 and answer.upper() in letters:
        return answer.upper()
    if answer in options:
        return letters[options.index(answer)]
    if answer.isascii() and answer.isdecimal() and int(answer) < len(options):
        return letters[int(answer)]
    raise TaskError(f"{place}: the answer {answer[:60]!r} is none of the options")


def _check_names(questions: Sequence[Question], path: Path) -> None:
    seen: set[str] = set()
    for question in questions:
        if question.name in seen:
            raise TaskError(f"{path}: two questions have the id {question.name!r}")
        seen.add(question.name)
