"""Who an agent is: Big Five, social facts, values, life, goals, secrets, free text."""

from collections.abc import Iterable
from random import Random
from typing import Annotated, Literal

from pydantic import Field

from societies.agents.strict import Strict
from societies.agents.templates.views import View, view

Trait = Literal["openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism"]
Level = Literal["very low", "low", "average", "high", "very high"]
DrawnLevel = Literal["very low", "low", "average", "high", "very high", "random"]
Value = Literal[
    "self-direction",
    "power",
    "universalism",
    "achievement",
    "security",
    "stimulation",
    "conformity",
    "tradition",
    "hedonism",
    "benevolence",
]
"""The ten basic values (Schwartz)."""
Score = Annotated[float, Field(ge=1, le=5)]
"""A trait's score on the scale of item means, 1 to 5."""
Fact = str | int | float | bool
Block = Literal["social", "personality", "life", "attributes", "goals", "secrets", "text"]

TRAITS: tuple[Trait, ...] = (
    "openness",
    "conscientiousness",
    "extraversion",
    "agreeableness",
    "neuroticism",
)
LEVELS: tuple[Level, ...] = ("very low", "low", "average", "high", "very high")

BLOCK_FIELDS: dict[Block, tuple[str, ...]] = {
    "social": ("social",),
    "personality": ("big_five", "values", "summary"),
    "life": ("life",),
    "attributes": ("attributes",),
    "goals": ("goals",),
    "secrets": ("secrets",),
    "text": ("text",),
}
"""Which fields make up a block; `social`, `personality` and `life` are SPeCtrum's S, P and C."""


def told_level(said: Level | float) -> Level:
    """Return a level as it is told in words: of a score from 1 to 5, the nearest one."""
    return said if isinstance(said, str) else LEVELS[min(4, max(0, round(said) - 1))]


class Life(Strict):
    """A person's life context (SPeCtrum's C, Lee et al. 2025), in the first person."""

    weekday: str = ""
    weekend: str = ""
    loves: list[str] = Field(default_factory=list)
    hates: list[str] = Field(default_factory=list)


class PersonaBlocks(Strict):
    """The blocks that persons and their descriptions have in common."""

    values: dict[Value, Level | Score] = Field(default_factory=dict)
    """How important a value is, in the levels of traits, or as a score from 1 to 5."""
    summary: str | None = None
    """Personality and values told in prose, such as a model's summary of questionnaire scores."""
    social: dict[str, Fact] = Field(default_factory=dict)
    """Social identity: facts such as age, occupation, household."""
    life: Life | None = None
    attributes: dict[str, Fact] = Field(default_factory=dict)
    """Free facts, such as `occupation: nurse`."""
    goals: list[str] = Field(default_factory=list)
    secrets: list[str] = Field(default_factory=list)
    """Known to the agent alone: they stand in no other agent's prompt before they are spoken."""
    text: str | None = None
    """Free text, given to the agent as it stands."""
    identity: str | None = None
    """Whom the persona portrays: known to the record and to judges, never shown to the agent."""


class Persona(PersonaBlocks):
    """What makes one agent different from its neighbour. An empty persona adds nothing."""

    big_five: dict[Trait, Level | Score] = Field(default_factory=dict)
    """A level in words, or a score from 1 to 5."""

    def score(self, trait: str) -> float:
        """Return a trait's or value's level on the scale -1 (very low) to 1 (very high).

        It is 0 if the persona does not say.
        """
        return _score(self, trait)

    def level(self, trait: str) -> Level:
        """Return a trait's or value's level in words; a score counts as the nearest level."""
        return _level(self, trait)

    def as_view(self) -> "PersonaView":
        """Return what templates and scripted minds are given: all but whom it portrays."""
        data = {name: view(value) for name, value in self if name != "identity"}
        return PersonaView("persona", data)

    def without_secrets(self) -> "Persona":
        """Return what others may be told of the persona."""
        return self.only(block for block in BLOCK_FIELDS if block != "secrets")

    def only(self, blocks: Iterable[Block]) -> "Persona":
        """Return the persona with all blocks but these left out (its identity stays)."""
        kept = {field for block in blocks for field in BLOCK_FIELDS[block]} | {"identity"}
        return Persona.model_construct(
            **{name: value for name, value in dict(self).items() if name in kept}
        )


class PersonaView(View):
    """The view of a persona."""

    __slots__ = ()
    _methods = frozenset({"level", "score"})

    def score(self, trait: str) -> float:
        """Return what `Persona.score` does."""
        return _score(self, trait)

    def level(self, trait: str) -> Level:
        """Return what `Persona.level` does."""
        return _level(self, trait)


def _score(persona: Persona | PersonaView, trait: str) -> float:
    found = _said(persona, trait)
    if found is None:
        return 0.0
    return LEVELS.index(found) / 2 - 1 if isinstance(found, str) else (found - 3) / 2


def _level(persona: Persona | PersonaView, trait: str) -> Level:
    found = _said(persona, trait)
    return "average" if found is None else told_level(found)


def _said(persona: Persona | PersonaView, trait: str) -> Level | float | None:
    said: Level | float | None
    for block in (persona.big_five, persona.values):
        for name, said in block.items():
            if name == trait:
                return said
    return None


NOBODY = Persona().as_view()
"""Of whom nothing is said."""


class PersonaSpec(PersonaBlocks):
    """A persona as written in YAML: a trait's level may be `random` (drawn uniformly)."""

    big_five: dict[Trait, DrawnLevel | Score] = Field(default_factory=dict)
    blocks: list[Block] | None = None
    """Blocks that are switched on; all when absent. Sweep it to take blocks away."""

    def over(self, base: "PersonaSpec") -> "PersonaSpec":
        """Return this persona laid over `base`: mappings key by key, all else as a whole."""
        merged = dict(base)
        for name, mine in self:
            if isinstance(mine, dict):
                merged[name] = {**merged[name], **mine}
            elif mine is not None and (mine != [] or name == "blocks"):
                merged[name] = mine
        return PersonaSpec.model_construct(set(merged), **merged)

    def draw(self, random: Random) -> Persona:
        """Return the persona of one person; every trait consumes one draw, set or not."""
        drawn = {trait: random.choice(LEVELS) for trait in TRAITS}
        content = dict(self)
        blocks = content.pop("blocks")
        content["big_five"] = {
            trait: drawn[trait] if level == "random" else level
            for trait, level in self.big_five.items()
        }
        persona = Persona.model_construct(**content)
        return persona if blocks is None else persona.only(blocks)
