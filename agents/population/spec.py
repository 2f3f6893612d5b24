"""What a scenario file may say about its population."""

from math import isclose, prod
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from societies.agents.models.base import ModelSpec
from societies.agents.persona.persona import LEVELS, TRAITS, Fact, Level, PersonaSpec, Trait
from societies.agents.persona.portraits import Style
from societies.agents.strict import Strict

Weights = dict[str, float]


class ModelShare(ModelSpec):
    """A language model, or scripted mind, that answers for a share of the people."""

    share: float = Field(default=1.0, gt=0)
    """Relative size: shares are divided by their sum."""

    def spec(self) -> ModelSpec:
        """Return the model without its share."""
        return ModelSpec.model_construct(**self.model_dump(exclude={"share"}))


class Group(Strict):
    """A share of the population with a persona and a language model of its own."""

    share: float = Field(gt=0)
    """Relative size: shares are divided by their sum."""
    name: str = Field(default="", pattern=r"^[\w -]*$")
    persona: PersonaSpec = PersonaSpec()
    """Laid over the population's persona, key by key."""
    model: ModelSpec | None = None
    """The group's language model; the run's own when absent."""


class Listed(PersonaSpec):
    """One person of a fixed list: a persona, and who answers for it."""

    group: str = Field(default="", pattern=r"^[\w -]*$")
    model: ModelSpec | None = None


class Distribution(Strict):
    """How one attribute is distributed, independently of the others; exactly one key is set."""

    values: list[Fact] | None = Field(default=None, min_length=1)
    """Equally likely values."""
    weights: Weights | None = Field(default=None, min_length=1)
    """Values with their relative frequencies."""
    between: tuple[int, int] | None = Field(default=None, strict=False)
    """A whole number, uniform from the first to the second, both included."""
    normal: tuple[float, float] | None = Field(default=None, strict=False)
    """Mean and standard deviation of a normal variable."""

    @model_validator(mode="after")
    def choose_one(self) -> Self:
        """Refuse none, or several, of the keys, and ranges that are upside down."""
        given = [name for name, value in self if value is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of values, weights, between, normal")
        if self.values and len({str(value) for value in self.values}) < len(self.values):
            raise ValueError("a value stands there twice; say with weights how frequent each is")
        if self.normal and self.normal[1] < 0:
            raise ValueError(f"the standard deviation is {self.normal[1]:g}; it cannot be negative")
        if self.between and self.between[0] > self.between[1]:
            raise ValueError(f"between {self.between[0]} and {self.between[1]} there is nothing")
        if self.weights:
            check_weights(self.weights)
        return self


class Traits(Strict):
    """Big Five scores drawn together: truncated to the scale, with the asked moments."""

    means: dict[Trait, float] = Field(min_length=1)
    sds: dict[Trait, float]
    correlations: dict[str, float] = Field(default_factory=dict)
    """Pairs such as `extraversion openness: 0.3`; what is not given is uncorrelated."""
    scale: tuple[float, float] = Field(default=(1.0, 5.0), strict=False)

    @model_validator(mode="after")
    def match(self) -> Self:
        """Check that every trait has both moments and every pair names two of them."""
        if set(self.means) != set(self.sds):
            odd = sorted(set(self.means) ^ set(self.sds))
            raise ValueError(f"{odd[0]} needs both a mean and a standard deviation")
        low, high = self.scale
        if not 1 <= low < high <= 5:
            raise ValueError(f"scores lie between 1 and 5, and the scale is {low:g}-{high:g}")
        pairs = [set(pair.split()) for pair in self.correlations]
        for both, told in zip(pairs, self.correlations, strict=True):
            if pairs.count(both) > 1:
                raise ValueError(f"the correlation of {told!r} is given twice, either way round")
        for trait, mean in self.means.items():
            if not low < mean < high:
                raise ValueError(
                    f"mean {mean:g} of {trait} is not inside the scale {low:g}-{high:g}"
                )
            if self.sds[trait] <= 0:
                raise ValueError(f"the standard deviation of {trait} must be above 0")
        for pair, correlation in self.correlations.items():
            if len(set(pair.split()) & set(self.means)) != 2 or len(pair.split()) != 2:
                raise ValueError(f"{pair!r} is not a pair of the traits that are drawn")
            if not -1 < correlation < 1:
                raise ValueError(f"correlation {correlation:g} of {pair!r} is not between -1 and 1")
        return self


class Margins(Strict):
    """A joint table of attributes that is raked to given margins (quotas)."""

    margins: dict[str, Weights] = Field(min_length=1)
    """Attribute to its categories' shares (or counts); `a, b` for a two-way margin with
    categories written `x, y`."""
    table: list[dict[str, Fact]] = Field(default_factory=list)
    """Rows of attribute values with a `weight`: the joint table to start from. Cells that are not
    listed are impossible; without a table all are equally likely to begin with."""
    quotas: bool = True
    """Fill the cells as evenly as possible in every prefix of the population; otherwise draw."""

    @field_validator("margins")
    @classmethod
    def check_margins(cls, margins: dict[str, Weights]) -> dict[str, Weights]:
        """Check every margin's shares and the number of its categories' parts."""
        for name, weights in margins.items():
            check_weights(weights)
            parts = [tuple(part.strip() for part in each.split(",")) for each in weights]
            if len(set(parts)) < len(parts):
                raise ValueError(f"margin {name!r} has a category twice")
            if "weight" in name.split(","):
                raise ValueError("no attribute can be called weight: rows of the table have one")
            for category in weights:
                if len(category.split(",")) != len(name.split(",")):
                    raise ValueError(f"category {category!r} does not fit margin {name!r}")
        return margins

    @field_validator("table")
    @classmethod
    def check_table(cls, table: list[dict[str, Fact]]) -> list[dict[str, Fact]]:
        """Check that every row's weight is a number, none negative, and not all 0."""
        for number, row in enumerate(table, start=1):
            weight = row.get("weight", 1.0)
            if isinstance(weight, str | bool) or weight < 0:
                raise ValueError(f"row {number}: weight {weight!r} is no number from 0 up")
        if table and not any(row.get("weight", 1.0) for row in table):
            raise ValueError("all rows have weight 0")
        return table

    @property
    def attributes(self) -> list[str]:
        """The attributes that are drawn, in the order in which they are named first."""
        names = (part.strip() for name in self.margins for part in name.split(","))
        return list(dict.fromkeys(names))


class Condition(Strict):
    """What a value must be to match."""

    is_in: list[Fact] | None = None
    below: float | None = None
    above: float | None = None

    def holds(self, value: Any) -> bool:
        """Whether a value matches; an absent value never does.

        A trait's level counts as the score in its place, 1 (very low) to 5.

        Raises:
            ValueError: a text is to lie below or above a number.
        """
        if value is None:
            return False
        if self.is_in is not None and not any(same(value, each) for each in self.is_in):
            return False
        if self.below is not None and not _number(value) < self.below:
            return False
        return self.above is None or _number(value) > self.above


def same(one: Any, other: Any) -> bool:
    """Whether two facts are the same: numbers by value, all else as it is written."""
    if isinstance(one, bool) or isinstance(other, bool):
        return str(one).casefold() == str(other).casefold()
    return bool(one == other) or str(one) == str(other)


def _number(value: Any) -> float:
    return float(LEVELS.index(value) + 1 if value in LEVELS else value)


class FileSource(Strict):
    """A file with one person per row (CSV, Parquet, JSON lines)."""

    path: str
    """Where it lies, relative to the scenario file."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Column to the persona's key it fills, such as `O: big_five.openness`. By default a trait's
    name, `text`, `summary`, `identity`, `group`, and dotted names (`social.age`) find their place,
    and any other column is a free attribute."""
    rows: str | None = None
    """The file's rows as JSON lines, filled in on loading, so that the run holds them."""

    @property
    def lines(self) -> list[str]:
        """The rows, one JSON object each; texts in them may hold other kinds of line breaks."""
        return [line for line in (self.rows or "").split("\n") if line]


class PopulationSpec(Strict):
    """How many agents there are, and who they are.

    A person is put together from what everybody shares, what is drawn (margins, attributes,
    traits, cross), its group, and its row of the list or file; the later wins, key by key.
    """

    size: int = Field(ge=1, le=1_000_000)
    persona: PersonaSpec = PersonaSpec()
    """What everybody shares."""
    groups: list[Group] = Field(default_factory=list)
    """Mixes personas and models by share; empty: everybody is alike."""
    models: list[ModelShare] = Field(default_factory=list)
    """Mixes language models by share, evenly within every group that has none of its own."""
    people: list[Listed] = Field(default_factory=list)
    """A fixed list, taken in order."""
    file: FileSource | None = None
    """A file of people, taken in order."""
    repeat: bool = False
    """Begin again when the list or file is used up; otherwise that is an error."""
    attributes: dict[str, Distribution] = Field(default_factory=dict)
    """Attributes drawn independently (Lee et al. 2024, arXiv 2408.09049)."""
    traits: Traits | None = None
    """Correlated Big Five scores."""
    margins: Margins | None = None
    """Attributes drawn together, from a table raked to margins."""
    cross: dict[str, list[Fact | Level]] = Field(default_factory=dict)
    """Every combination of these values in turn, within every group, model and listed person; keys
    are attributes or `big_five.<trait>`."""
    exclude: list[dict[str, Condition | Fact]] = Field(default_factory=list)
    """Impossible people: whoever matches all conditions of a rule is drawn again."""
    written_as: Style | None = None
    """Let a model (`model.roles.writer`, or the run's own) write every persona before its agent
    does anything else. `prose`: one text from all but the secrets; `spectrum`: Big Five and values
    by SPeCtrum's chains of summaries, the rest as it is (Lee et al. 2025, arXiv 2502.08599)."""

    @model_validator(mode="after")
    def name_groups_apart(self) -> Self:
        """Refuse two groups of one name: tables could not tell them apart."""
        names = [group.name for group in self.groups if group.name]
        doubles = sorted({name for name in names if names.count(name) > 1})
        if doubles:
            raise ValueError(f"two groups are called {doubles[0]!r}; give each its own name")
        return self

    @model_validator(mode="after")
    def list_enough(self) -> Self:
        """Refuse both a list and a file, and a list that is too short."""
        if self.people and self.file:
            raise ValueError("give either people or a file of people")
        if self.people and len(self.people) < self.size and not self.repeat:
            raise ValueError(
                f"{len(self.people)} people are listed and the size is {self.size}; "
                "add people, or set repeat: true"
            )
        return self

    @field_validator("exclude")
    @classmethod
    def check_rules(cls, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Refuse rules and conditions that everybody meets."""
        for number, rule in enumerate(rules, start=1):
            if not rule:
                raise ValueError(f"rule {number} has no condition: it would exclude everybody")
            for name, condition in rule.items():
                if condition == Condition():
                    raise ValueError(f"rule {number}, {name}: give is_in, below or above")
        return rules

    @field_validator("cross")
    @classmethod
    def check_cross(cls, cross: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """Refuse empty factors and unknown traits."""
        for name, levels in cross.items():
            block, _, trait = name.rpartition(".")
            if not levels:
                raise ValueError(f"factor {name!r} has no values")
            if len({str(level) for level in levels}) < len(levels):
                raise ValueError(f"factor {name!r} has a value twice")
            if block and (block != "big_five" or trait not in TRAITS):
                raise ValueError(f"{name!r}: write an attribute, or big_five.<trait>")
            odd = [level for level in levels if block and not _is_level(level)]
            if odd:
                raise ValueError(f"{name!r}: {odd[0]!r} is no level, and no score from 1 to 5")
        return cross

    @property
    def cells(self) -> int:
        """How many combinations the cross product has."""
        return prod(len(levels) for levels in self.cross.values())

    @property
    def is_drawn(self) -> bool:
        """Whether anything is drawn by distributions that have to be fitted or checked."""
        return bool(self.traits or self.margins or self.exclude or self.file)


def _is_level(level: Any) -> bool:
    if isinstance(level, str):
        return level in LEVELS
    return not isinstance(level, bool) and 1 <= level <= 5


def check_weights(weights: Weights) -> None:
    """Raise ValueError unless weights are non-negative and not all 0."""
    for name, weight in weights.items():
        if weight < 0:
            raise ValueError(f"the share of {name!r} is {weight:g}; it cannot be negative")
    if isclose(sum(weights.values()), 0.0):
        raise ValueError("all shares are 0")
