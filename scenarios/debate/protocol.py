"""The parameters of a debate and of the baselines it is compared with."""

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, model_validator

from societies.config.schema import Protocol, RunConfig
from societies.scenarios.debate.questions import Ties
from societies.scenarios.debate.tasks import Task, TaskError, load_questions
from societies.words import Place

Kind = Literal[
    "symmetric",
    "judged",
    "single",
    "chain_of_thought",
    "self_consistency",
    "self_reflection",
    "majority",
]
ONE_AGENT: tuple[Kind, ...] = ("single", "chain_of_thought", "self_consistency", "self_reflection")
ROLES = ("affirmative", "negative", "debater", "judge", "summariser", "base")
DEFAULTS: dict[str, dict[str, int]] = {
    "judged": {"rounds": 3},
    "self_reflection": {"rounds": 3},
    "self_consistency": {"samples": 5},
}
"""Published sizes where they differ between the kinds of protocol."""


class DebateProtocol(Protocol):
    """Rules and sizes (Du et al. 2023, section 2; Liang et al. 2023, section 2)."""

    kind: Kind = "symmetric"
    fidelity: Literal["paper", "released"] = "paper"
    """`paper`: as described; `released`: as the published code does it (see the README's table)."""
    task: Task = Task()
    rounds: int = Field(default=2, ge=1, le=1_000_000)
    """symmetric: the first answers and all revisions; judged: at most so many turns of the judge
    (3 by default); self_reflection: at most so many answers (3)."""
    samples: int = Field(default=1, ge=1)
    """self_consistency (5 by default) and majority: independent answers of every agent."""
    wording: Literal["short", "long", "verbatim"] = "short"
    """How a revision is asked for: `long` makes agents take the others as advice, and slower;
    `verbatim` repeats the question to a single agent (Yang et al. 2024, for CL, CS and RSS)."""
    summaries_from: int | None = Field(default=5, ge=2)
    """From so many agents on, each is shown one summary of the others; null: never."""
    ties: Ties = "first"
    """Which of several equally frequent answers wins a vote: the one reached first in seat order,
    one drawn at random, the last in alphabetical order, or none (which counts as wrong)."""
    base_answer: bool = False
    """judged: a separate call answers first and seeds the affirmative side (translation: true)."""
    tit_for_tat: Literal[0, 1, 2, 3] = 2
    """judged: how far debaters are told to disagree, from 0 (agree) to 3 (on every point)."""
    stop_when: Literal["preference_and_answer", "answer", "preference"] = "preference_and_answer"
    """judged: what in the judge's verdict ends the debate."""
    extraction: Literal["history", "first_round"] = "history"
    """judged: what a fresh judge reads when no verdict ended the debate."""
    attempts: int = Field(default=3, ge=1)
    """How often a debater is asked before its answer counts as unparsable (released: once)."""
    judge_attempts: int = Field(default=3, ge=1)
    """How often a judge is asked before the verdict counts as none."""

    @model_validator(mode="before")
    @classmethod
    def fill_defaults(cls, data: Any) -> Any:
        """Set what the kind, the task and the fidelity imply, unless it is given."""
        if not isinstance(data, dict):
            return data
        implied: dict[str, Any] = dict(DEFAULTS.get(str(data.get("kind")), {}))
        task = data.get("task")
        if isinstance(task, dict) and data.get("kind") == "judged":
            implied["base_answer"] = task.get("kind") == "translation"
        if data.get("fidelity") == "released":
            implied |= {"stop_when": "answer", "extraction": "first_round", "attempts": 1}
        return {**implied, **data}


def check(config: RunConfig) -> Iterator[tuple[Place, str]]:
    """Yield what is wrong between the population, the protocol and the task's file."""
    protocol: DebateProtocol = config.protocol
    size = config.population.size
    if protocol.kind in ONE_AGENT and size != 1:
        yield ("population", "size"), f"{protocol.kind} is about 1 agent, found {size}"
    if protocol.kind == "judged" and size < 2:
        yield ("population", "size"), "a judged debate has at least 2 debaters, found 1"
    if protocol.samples > 1 and protocol.kind not in {"self_consistency", "majority"}:
        yield ("protocol", "samples"), f"{protocol.kind} takes one answer of every agent"
    if protocol.wording == "verbatim" and not (protocol.kind == "symmetric" and size == 1):
        yield (
            ("protocol", "wording"),
            f"verbatim is for kind: symmetric with 1 agent, found {protocol.kind} with {size}",
        )
    try:
        load_questions(protocol.task)
    except TaskError as error:
        yield ("protocol", "task", *error.place), str(error)


def summarises(protocol: DebateProtocol, size: int) -> bool:
    """Whether debaters are shown a summary of the others instead of their replies."""
    return protocol.summaries_from is not None and size >= max(2, protocol.summaries_from)
