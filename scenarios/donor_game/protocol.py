"""The parameters of the donor game."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from societies.config.interventions import EVERYBODY
from societies.config.schema import RunConfig
from societies.kit import Field, Protocol
from societies.words import Place

MOST_STEPS = 1_000_000
"""Mesa steps of a run, which are planned one by one."""


class DonorProtocol(Protocol):
    """Rules and sizes (Vallinder & Hughes 2024, section 3 and appendix; defaults as published)."""

    fidelity: Literal["paper", "released"] = "paper"
    """`paper`: as described; `released`: as the published code does it (see the README's table)."""
    generations: int = Field(default=10, ge=1)
    rounds: int = Field(default=12, ge=1)
    """Rounds per game; every agent acts once in each, as donor or recipient."""
    games: Literal[1, 2] = 2
    """Games per generation; the second swaps the roles of every pair and starts afresh."""
    endowment: float = Field(default=10.0, ge=0)
    """Units every agent owns when a game starts."""
    multiplier: float = Field(default=2.0, gt=0)
    """What the recipient gets per unit given."""
    trace_depth: int = Field(default=3, ge=0, le=3)
    """Links of the chain of past actions that a donor is shown."""
    survivors: int = Field(default=6, ge=0)
    """Agents with the best scores that enter the next generation."""
    costly_punishment: bool = False
    """Whether a donor may punish instead of give."""
    punishment_multiplier: float = Field(default=2.0, gt=0)
    """What the recipient loses per unit spent on punishing it."""
    inheritance: Literal["strategies", "none"] = "strategies"
    """Whether newcomers are shown the survivors' strategies as advice."""
    names: Literal["numbered"] | list[str] = "numbered"
    """`numbered`: generation and number, such as 3_4; or a list with a name for everybody."""
    attempts: int = Field(default=11, ge=1)
    """How often an agent is asked at most (as published: once, and 10 retries); then it gives 0."""
    reask: Literal["identical", "explain"] = "identical"
    """After an unreadable answer: the same prompt again (as published), or with what is wrong."""


def check(config: RunConfig) -> Iterator[tuple[Place, str]]:
    """Yield what is wrong between the population and the protocol."""
    size, protocol = config.population.size, _protocol(config)
    generations, rounds, survivors = protocol.generations, protocol.rounds, protocol.survivors
    if (steps := generations * (1 + protocol.games * rounds)) > MOST_STEPS:
        told = f"{generations:,} generations of {rounds:,} rounds are {steps:,} steps"
        yield ("protocol", "generations"), f"{told}; at most {MOST_STEPS:,} can be played"
        return
    if size % 2:
        yield ("population", "size"), f"agents are paired: {size} is odd, use {size + 1}"
    else:
        yield from _check_comings_and_goings(config)
    if survivors > size:
        told = f"{survivors} agents cannot survive of a population of {size}"
        yield ("protocol", "survivors"), told
    if protocol.fidelity == "released" and rounds != size:
        told = f"the released code plays as many rounds as there are agents ({size})"
        yield ("protocol", "rounds"), f"{told} whatever is set; set {size}, or use fidelity: paper"
    if protocol.fidelity == "released" and protocol.games == 1:
        yield ("protocol", "games"), "the released code plays 2 games; use fidelity: paper"
    if isinstance(protocol.names, list):
        yield from _check_names(protocol.names, people(config))


def _check_comings_and_goings(config: RunConfig) -> Iterator[tuple[Place, str]]:
    """Yield what is wrong with interventions that let agents join and leave."""
    playing, protocol = sizes(config), _protocol(config)
    left_at = {"g1": playing[0]}
    for generation, (before, size) in enumerate(pairwise(playing), start=2):
        if before > protocol.survivors:
            left_at[f"g{generation}"] = size
    for number, change in enumerate(config.interventions):
        if change.kind in ("add", "remove"):
            place, left = ("interventions", number, change.kind), left_at.get(change.at)
            if left is None:
                told = f"agents join and leave when newcomers do, at one of {', '.join(left_at)}"
                yield place, f"{told} (found: at {change.at})"
            elif EVERYBODY in (change.remove or ()):
                yield place, "somebody has to stay: name those who leave"
            elif left % 2 or left < protocol.survivors:
                told = f"{left} agents would play then: an even number is needed, and as many as"
                yield place, f"{told} survive ({protocol.survivors})"
            elif protocol.fidelity == "released" and left != protocol.rounds:
                told = f"the released code plays as many rounds ({protocol.rounds}) as there are"
                yield place, f"{told} agents, and {left} would play then; use fidelity: paper"


def _check_names(names: list[str], needed: int) -> Iterator[tuple[Place, str]]:
    place = ("protocol", "names")
    if len(names) < needed:
        yield place, f"{needed} agents live in this run, and {len(names)} names are given"
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        yield place, f"name {doubles[0]!r} is given twice"
    odd = [name for name in names if not name.strip() or not set("#>/\n").isdisjoint(name)]
    if odd:
        yield place, f"name {odd[0]!r} is blank or has one of # > / or a line break in it"


def people(config: RunConfig) -> int:
    """Return how many agents live in a run, all generations together."""
    born = sum(size - _protocol(config).survivors for size in sizes(config)[:-1])
    return config.population.size + born + sum(change.add or 0 for change in config.interventions)


def sizes(config: RunConfig) -> list[int]:
    """Return how many agents play in each generation, as interventions have them join and leave."""
    size, found = config.population.size, []
    for generation in range(1, _protocol(config).generations + 1):
        for change in config.interventions:
            if change.at == f"g{generation}":
                size += (change.add or 0) - len(set(change.remove or ()))
        found.append(size)
    return found


def _protocol(config: RunConfig) -> DonorProtocol:
    protocol: DonorProtocol = config.protocol
    return protocol
