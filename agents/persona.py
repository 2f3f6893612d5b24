"""Who an agent is: Big Five levels, free attributes, free text."""

from random import Random
from typing import Literal

from pydantic import Field

from societies.agents.strict import Strict

Trait = Literal["openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism"]
Level = Literal["very low", "low", "average", "high", "very high"]
DrawnLevel = Literal["very low", "low", "average", "high", "very high", "random"]

TRAITS: tuple[Trait, ...] = (
    "openness",
    "conscientiousness",
    "extraversion",
    "agreeableness",
    "neuroticism",
)
LEVELS: tuple[Level, ...] = ("very low", "low", "average", "high", "very high")


class Persona(Strict):
    """What makes one agent different from its neighbour. An empty persona adds nothing."""

    big_five: dict[Trait, Level] = Field(default_factory=dict)
    attributes: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """Free facts, such as `occupation: nurse`."""
    text: str | None = None
    """Free text, given to the agent as it stands."""

    def score(self, trait: Trait) -> float:
        """Return the trait's level on the scale -1 (very low) to 1 (very high); 0 if unset."""
        return LEVELS.index(self.big_five.get(trait, "average")) / 2 - 1


class PersonaSpec(Strict):
    """A persona as written in YAML: a trait's level may be `random` (drawn uniformly)."""

    big_five: dict[Trait, DrawnLevel] = Field(default_factory=dict)
    attributes: dict[str, str | int | float | bool] = Field(default_factory=dict)
    text: str | None = None

    def over(self, base: "PersonaSpec") -> "PersonaSpec":
        """Return this persona laid over `base`, key by key."""
        return PersonaSpec(
            big_five={**base.big_five, **self.big_five},
            attributes={**base.attributes, **self.attributes},
            text=base.text if self.text is None else self.text,
        )

    def draw(self, random: Random) -> Persona:
        """Return the persona of one person; every trait consumes one draw, set or not."""
        drawn = {trait: random.choice(LEVELS) for trait in TRAITS}
        levels: dict[Trait, Level] = {
            trait: drawn[trait] if level == "random" else level
            for trait, level in self.big_five.items()
        }
        return Persona(big_five=levels, attributes=self.attributes, text=self.text)
