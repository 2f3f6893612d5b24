"""Illegal and malformed answers: whatever a model replies, a run ends well or says why it stops."""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random
from shlex import quote

from societies.agents.errors import SocietyError
from societies.errors import RunFailedError
from societies.record.types import CORE_RECORDS
from societies.runs.results import violations
from societies.runs.run import Run
from societies.testing.models import MisspeakingModel, Question, wrapped_models
from societies.testing.promises import check_conserved
from societies.testing.reruns import executed_again
from societies.testing.rows import Row, check_rows, in_order, place
from societies.testing.tables import Tables, tables_of, told_in

NONSENSE = "qwyx zorblat frimple"
NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*")
SUM = "{{ 48611 * 65537 }}"
RESULT = str(48611 * 65537)

MALFORMATIONS: dict[str, Callable[[str], str]] = {
    "nonsense": lambda _: NONSENSE,
    "an empty reply": lambda _: "",
    "a blank reply": lambda _: " \n\t ",
    "half of a reply": lambda text: text[: len(text) // 2],
    "a JSON fragment": lambda _: '{"answer": {"amount": [1, nul',
    "huge numbers": lambda text: NUMBER.sub("9" * 40, text),
    "numbers that are infinite": lambda text: NUMBER.sub("1e999", text),
    "numbers that are none": lambda text: NUMBER.sub("NaN", text),
    "negative numbers": lambda text: NUMBER.sub(lambda found: f"-{found[0].lstrip('-')}", text),
    "a very long reply": lambda text: text + " and so on" * 10_000,
    "control characters": lambda text: f"\x00\x1b[31m{text}\u2028\u202e\x07",
    "half an emoji": lambda text: f"{text}\ud83d",
    "template syntax": lambda text: f"{SUM} {{% raw %}} {text} {SUM}",
}
"""Makes a wrong reply of a right one, by what the wrong reply has or is."""


@dataclass(frozen=True)
class Trial:
    """A question that is answered wrongly."""

    prompt: str
    question: Question
    wrong: str
    """What the wrong reply has or is: a key of `MALFORMATIONS`."""
    persistent: bool = True
    """Whether asking again gets a wrong reply, too."""

    def __str__(self) -> str:
        once = "" if self.persistent else " once"
        scope, agent, _ = self.question
        return f"agent {agent} answers {self.prompt!r} in {scope} with {self.wrong}{once}"


def check_malformed_answers(
    run: Run,
    *,
    asks: int | None = None,
    seed: int = 0,
    conserved: Callable[[Run], Iterable[str]] | None = None,
) -> None:
    """Check what happens when one question of a run is answered wrongly.

    For every prompt template and every malformation a question is drawn by lot, and the run is
    executed again with exactly that question answered wrongly, as often as it is asked (and once
    with nonsense at the first attempt only). It must
    finish with consistent rows, or stop with an error that names agent and scope. No value may be
    made up: an empty reply that counts as clean, or nonsense that counts as clean without a word
    of it in the record, is a breach; so is a number that is not finite, or agent text that is
    executed as a template.

    Args:
        run: a finished run with scripted minds.
        asks: how many of these wrong answers are tried, drawn by lot; all by default.
        seed: of the draws.
        conserved: as for `check_conserved`, which is applied to every run made here.

    Raises:
        AssertionError: one of these is not so.
    """
    random = Random(seed)
    conserved = conserved or violations
    trials = list(_trials(_replies(run), random))
    for trial in random.sample(trials, min(asks or len(trials), len(trials))):
        _check_trial(run, trial, conserved)


def _trials(asked: dict[str, dict[Question, str]], random: Random) -> Iterator[Trial]:
    """Draw a question for every prompt template and every malformation that changes its reply.

    It is drawn from the first half of the run, so that there is time for consequences.
    """
    for prompt, replies in asked.items():
        for wrong, malform in MALFORMATIONS.items():
            changed = [question for question, text in replies.items() if malform(text) != text]
            if changed:
                yield Trial(prompt, random.choice(changed[: (len(changed) + 1) // 2]), wrong)
        yield Trial(prompt, random.choice(list(replies)), "nonsense", persistent=False)


def _replies(run: Run) -> dict[str, dict[Question, str]]:
    """Return the first replies of a run, by prompt template and question."""
    replies: dict[str, dict[Question, str]] = {}
    with run.journal() as journal:
        for row in tables_of(run)["calls"].iter_rows(named=True):
            entry = journal.find(row["key"])
            if entry is not None and row["attempt"] == 1:
                question = Question.of(row["key"], 1)
                replies.setdefault(row["prompt"], {})[question] = entry.completion.text
    return replies


def _check_trial(run: Run, trial: Trial, conserved: Callable[[Run], Iterable[str]]) -> None:
    """Execute a run again with one question answered wrongly."""
    question = trial.question
    watch = wrapped_models(
        lambda model: MisspeakingModel(
            model, question, MALFORMATIONS[trial.wrong], persistent=trial.persistent
        )
    )
    try:
        with executed_again(run, watch) as spoilt:
            check_rows(spoilt)
            check_conserved(spoilt, conserved)
            _check_answer(spoilt, trial)
    except RunFailedError as error:
        raise AssertionError(f"When {trial}, the run crashes: {error}") from error
    except SocietyError as error:
        named = str(error).replace(quote("'")[1:-1], "'")  # keys are told as for a shell
        if question.agent not in named or question.scope not in named:
            raise AssertionError(
                f"When {trial}, the run stops, and the error does not name agent and scope: {error}"
            ) from error
    except AssertionError as error:
        raise AssertionError(f"When {trial}: {error}") from error


def _check_answer(run: Run, trial: Trial) -> None:
    """Check that the wrong reply was not taken for what it is not."""
    tables, wrong = tables_of(run), trial.wrong
    answer = _answer_to(tables, trial.prompt, trial.question)
    taken = answer["outcome"] in {"clean", "lenient"}
    if taken and wrong in {"an empty reply", "a blank reply"}:
        raise AssertionError(f"it is recorded as {answer['outcome']}: a value was made up")
    if taken and wrong == "nonsense" and not _stands_in(run, tables, NONSENSE.split()):
        raise AssertionError(
            f"it is recorded as {answer['outcome']}, but no word of it is: "
            "a value was made up, or what was said is not recorded"
        )
    if wrong == "template syntax" and _stands_in(run, tables, [RESULT]):
        raise AssertionError("what it says is executed as a template")
    for name, row in in_order(tables):
        numbers = [value for value in row.values() if isinstance(value, float)]
        if not all(map(math.isfinite, numbers)):
            raise AssertionError(f"{place(name, row)} holds a number that is not finite")


def _answer_to(tables: Tables, prompt: str, question: Question) -> Row:
    """Return the row of table `answers` that closes a question."""
    key = f"{question.scope}#{question.agent}#{question.first_call}"
    open_call = False
    for name, row in in_order(tables, "calls", "answers"):
        open_call = open_call or (name == "calls" and row["key"] == key)
        asked = (row["scope"], row["agent"], row["prompt"])
        if open_call and name == "answers" and asked == (*question[:2], prompt):
            return row
    raise AssertionError(f"the question (call {quote(key)}) is not asked any more")


def _stands_in(run: Run, tables: Tables, words: list[str]) -> bool:
    """Whether one of the words stands in what was recorded, or in what an agent was told."""
    texts = (text for text in _texts(run, tables) if any(word in text for word in words))
    return next(texts, None) is not None


def _texts(run: Run, tables: Tables) -> Iterator[str]:
    """Yield everything a run holds as text, but for the replies and what is wrong with them."""
    counted = {record.table for record in CORE_RECORDS} - {"messages", "agents"}
    with run.journal() as journal:
        for name, row in in_order(tables):
            if name not in counted:
                yield repr(list(row.values())).casefold()
            elif name == "calls" and row["attempt"] == 1:
                yield from (text.casefold() for text in told_in(journal, row["key"]))
