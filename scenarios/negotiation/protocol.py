"""The parameters of the negotiation game."""

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal

from societies.agents.strict import Strict
from societies.config.schema import RunConfig
from societies.kit import Field, Protocol
from societies.loading.inputs import InputFile
from societies.scenarios.negotiation.classic import read_contexts
from societies.scenarios.negotiation.contexts import (
    CLASSIC_COUNTS,
    SEATS,
    Context,
    Counts,
    count_tuples,
    count_valuations,
    generate,
)
from societies.words import Place

OBJECTIVES = {"semi_competitive": 0.0, "cooperative": 1.0, "strict": -1.0}
"""The published objectives as the weight of the partner's points in the own reward."""

MOST_OBJECTS = 15
MOST_TOTAL = 100
MOST_VALUATIONS = 200_000
"""Sizes beyond which contexts take too long to generate."""

Values = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]


class GivenContext(Strict):
    """A bargaining problem of the user's own."""

    counts: list[Annotated[int, Field(ge=1)]] = Field(min_length=1)
    """Pieces of each resource."""
    red: Values
    """What one piece of each resource is worth to red."""
    blue: Values
    """The same for blue."""

    def context(self) -> Context:
        """Return it as a context."""
        return Context(tuple(self.counts), (tuple(self.red), tuple(self.blue)))


class GeneratorSpec(Strict):
    """Which contexts are generated (Lewis et al. 2017)."""

    objects: list[Annotated[int, Field(ge=1)]] = Field(
        default_factory=lambda: [5, 7], min_length=2, max_length=2
    )
    """The fewest and the most pieces in total; of every resource there is one at least."""
    counts: Literal["all", "classic"] = "all"
    """`all` counts that are possible, or those of the `classic` file (20 triples of book, hat,
    ball, whatever `objects` says)."""
    total: int = Field(default=10, ge=1)
    """What everything together is worth to each seat."""

    def tuples(self, types: int) -> Sequence[Counts]:
        """Return the counts that are generated over."""
        if self.counts == "classic":
            return CLASSIC_COUNTS
        return count_tuples(types, *self.objects)


class NegotiationProtocol(Protocol):
    """Rules and sizes (Liao, Tomlin & Klein 2024, section 3; defaults as published)."""

    template_properties: ClassVar[tuple[str, ...]] = ("weight",)

    fidelity: Literal["paper", "released"] = "paper"
    """`paper`: as described; `released`: as the published code does it (see the README's table)."""
    objective: (
        Literal["semi_competitive", "cooperative", "strict"] | Annotated[float, Field(ge=-1, le=1)]
    ) = "semi_competitive"
    """What both seats want: a published objective, or the weight of the partner's points."""
    rules: Literal["uniform", "published"] = "uniform"
    """`uniform`: the same rules text whatever the objective; `published`: the texts differ in more
    than the objective, as they did."""
    games: int = Field(default=500, ge=1, le=1_000_000)
    """Games per pairing of players."""
    pairing: Literal["fixed", "random", "round_robin"] = "fixed"
    """`fixed`: a population of one plays against itself, one of two against each other;
    `random`: every game draws two players; `round_robin`: everybody meets everybody in both
    seats over the same contexts."""
    max_turns: int = Field(default=50, ge=2)
    """Turns after which a game is over; proposals count as turns."""
    attempts: int = Field(default=5, ge=1)
    """Faulty outputs in a row at which a game is aborted."""
    resources: list[str] = Field(
        default_factory=lambda: ["book", "hat", "ball"], min_length=1, max_length=6
    )
    """What there is to share, in the order in which proposals name it."""
    generator: GeneratorSpec = GeneratorSpec()
    file: InputFile | None = None
    """A classic data file to take the contexts from instead of generating them, relative to the
    YAML file."""
    contexts: list[GivenContext] = Field(default_factory=list)
    """Contexts of your own to use instead of generated ones."""
    draw: Literal["with_replacement", "in_order"] = "with_replacement"
    """`in_order` plays all contexts in turn, again from the first when they are used up."""
    judge: bool = False
    """Whether a judge (role `judge`) looks for inconsistent messages after each game."""

    @property
    def weight(self) -> float:
        """The weight of the partner's points in the own reward: lambda of Liao et al. 2024."""
        if isinstance(self.objective, str):
            return OBJECTIVES[self.objective]
        return self.objective

    @property
    def listed(self) -> tuple[Context, ...] | None:
        """The contexts that are given or read from a file; None if they are generated.

        In fidelity `released` the last context of a file is never drawn.
        """
        if self.contexts:
            return tuple(given.context() for given in self.contexts)
        if self.file is None:
            return None
        contexts = tuple(read_contexts(self.file))
        return contexts[:-1] if self.fidelity == "released" else contexts


def check(config: RunConfig) -> Iterator[tuple[Place, str]]:
    """Yield what is wrong between the population and the protocol, and in the contexts."""
    protocol: NegotiationProtocol = config.protocol
    size = config.population.size
    if protocol.pairing == "fixed" and size > 2:
        yield (
            ("population", "size"),
            f"pairing fixed seats one player or two, not {size}; use random or round_robin",
        )
    if protocol.pairing != "fixed" and size < 2:
        yield ("population", "size"), f"pairing {protocol.pairing} needs two players at least"
    for seat in SEATS:
        if protocol.pairing != "fixed" and seat in config.model.roles:
            yield (
                ("model", "roles", seat),
                f"with pairing {protocol.pairing} every player sits in both seats: give the "
                "groups of the population models of their own",
            )
    for position, group in enumerate(config.population.groups):
        if protocol.judge and group.name == "judge":
            yield ("population", "groups", position, "name"), "the judge has this name; use another"
    yield from _check_resources(protocol.resources)
    yield from _check_contexts(protocol)


def _check_resources(resources: list[str]) -> Iterator[tuple[Place, str]]:
    for position, name in enumerate(resources):
        place = ("protocol", "resources", position)
        if not name.replace(" ", "").replace("-", "").isalpha():
            yield place, f"{name!r} should be words: proposals are read by names and numbers"
        others = resources[:position] + resources[position + 1 :]
        within = next((other for other in others if name.lower() in other.lower()), None)
        if within is not None:
            yield place, f"{name!r} is part of {within!r}, so that proposals could not be read"


def _check_contexts(protocol: NegotiationProtocol) -> Iterator[tuple[Place, str]]:
    types = len(protocol.resources)
    if protocol.contexts and protocol.file:
        yield ("protocol", "file"), "there are contexts of your own as well; give one of the two"
    for position, given in enumerate(protocol.contexts):
        found = [len(given.counts), len(given.red), len(given.blue)]
        if set(found) != {types}:
            told = (
                f"counts, red and blue need one number for each of the {types} resources; found "
                "{}, {} and {}".format(*found)
            )
            yield ("protocol", "contexts", position), told
    if protocol.file:
        yield from _check_file(protocol)
    elif not protocol.contexts and protocol.generator.counts == "classic" and types != 3:
        told = f"the classic counts are of 3 resources, and there are {types}"
        yield ("protocol", "generator", "counts"), told
    elif not protocol.contexts and (told := _check_generator(protocol.generator, types)):
        yield ("protocol", "generator"), told


def _check_file(protocol: NegotiationProtocol) -> Iterator[tuple[Place, str]]:
    if len(protocol.resources) != 3:
        yield ("protocol", "resources"), "the classic files have 3 types: name as many resources"
    try:
        contexts = protocol.listed
    except (OSError, ValueError) as error:
        yield ("protocol", "file"), f"{error}"
    else:
        if not contexts:
            yield ("protocol", "file"), f"{protocol.file} has no context to draw"


def _check_generator(generator: GeneratorSpec, types: int) -> str:
    """Return why no contexts can be generated; empty if they can."""
    (fewest, most), total = generator.objects, generator.total
    if most > MOST_OBJECTS or total > MOST_TOTAL:
        return f"more than {MOST_OBJECTS} objects, or a total over {MOST_TOTAL}, is too much"
    size = sum(count_valuations(each, total) for each in generator.tuples(types))
    if size > MOST_VALUATIONS:
        return (
            f"there are {size:,} ways to value so many things, which is more than "
            f"{MOST_VALUATIONS:,}: use fewer resources or objects, or a smaller total"
        )
    if next(generate(generator.tuples(types), total), None) is None:
        return (
            f"no context of {types} resources and {fewest} to {most} objects is worth {total} "
            "to both seats"
        )
    return ""
