"""Which questions are asked, and how their answers are read and compared: what a file says."""

from typing import Literal

from pydantic import Field

from societies.agents.strict import Strict
from societies.loading.inputs import InputFile

TaskKind = Literal["arithmetic", "gsm", "math", "choice", "ciar", "translation", "text"]


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
