"""The parameters of an interview."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Literal, cast

from pydantic import Field

from societies.agents.instruments.design import Design, cells
from societies.agents.persona.persona import Block
from societies.config.schema import Protocol, RunConfig
from societies.words import Place

Ablation = Literal["S", "P", "C", "SP", "SC", "PC", "SPC"]
"""Which of SPeCtrum's blocks a persona keeps (Lee et al. 2025, arXiv 2502.08599)."""

LETTERS: dict[str, Block] = {"S": "social", "P": "personality", "C": "life"}


class InterviewProtocol(Protocol):
    """What everybody is asked."""

    questionnaires: list[Design] = Field(default_factory=list)
    """Administered one after the other."""
    baseline: int = Field(default=0, ge=0, le=1_000_000)
    """Agents without any persona, asked the same."""
    ablations: list[Ablation] = Field(default_factory=list)
    """Enrol every person once per entry, with these persona blocks only; empty: as they are."""
    twenty_statements: bool = False
    """Ask who they are; a judge who knows the person rates every statement."""
    guess_who: bool = False
    """Let a judge guess from the persona's text alone who it is."""
    attempts: int = Field(default=3, ge=1)
    """How often an unreadable self-description, verdict or guess is asked again at most."""


def kept_blocks(ablation: Ablation) -> list[Block]:
    """Return the persona blocks that an ablation keeps."""
    return [LETTERS[letter] for letter in ablation]


def check(config: RunConfig) -> Iterator[tuple[Place, str]]:
    """Yield what is wrong with the questionnaires, and what is missing for the judge."""
    from societies.loading.load import design_problems

    protocol = cast(InterviewProtocol, config.protocol)
    for position, design in enumerate(protocol.questionnaires):
        place = ("protocol", "questionnaires", position)
        yield from design_problems(config, design, place)
        if design.context not in ("fresh", "shared"):
            told = f"context: {design.context} is for probes; say fresh, or shared"
            yield (*place, "context"), told
    for position, (one, other) in _asked_twice(protocol.questionnaires):
        told = f"asks {other.instrument} as protocol.questionnaires.{one} does: set repeats there"
        yield ("protocol", "questionnaires", position), told
    if not (protocol.questionnaires or protocol.twenty_statements or protocol.guess_who):
        yield ("protocol",), "nothing is asked: give questionnaires, or another task"
    if len(set(protocol.ablations)) < len(protocol.ablations):
        yield ("protocol", "ablations"), "an ablation stands there twice"
    judged = protocol.twenty_statements or protocol.guess_who
    people = config.population.people
    if judged and people and not all(person.identity for person in people):
        yield ("population", "people"), "the judge needs everybody's identity: add it to the list"


def _asked_twice(designs: Sequence[Design]) -> Iterator[tuple[int, tuple[int, Design]]]:
    """Yield designs that ask items once more that an earlier one asks in the same cell."""
    for (one, first), (other, second) in combinations(enumerate(designs), 2):
        alike = ("instrument", "batch", "context")
        if any(getattr(first, name) != getattr(second, name) for name in alike):
            continue
        apart = first.items and second.items and not set(first.items) & set(second.items)
        if not apart and set(cells(first)) & set(cells(second)):
            yield other, (one, second)
