"""Scripted minds for the donor game: known policies that answer in its grammar."""

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from decimal import Decimal
from random import Random
from typing import Any

from pydantic import Field

from societies.agents.models.base import Request
from societies.agents.models.scripted import Mind
from societies.agents.persona import Persona

PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s?%")

Share = float
"""Part of the donor's resources; negative to spend that part on punishing."""


class DonorMind(Mind):
    """Base: words a strategy and a gift from two numbers that subclasses decide."""

    def reply(self, request: Request, random: Random) -> str:
        """Answer the strategy prompt or the donation prompt."""
        situation = request.situation
        if request.prompt == "strategy":
            plan = self.plan(request.persona or Persona(), situation, random)
            return f"Giving builds trust, keeping builds wealth.\nMy strategy will be {plan}"
        share = self.share(situation, random)
        amount = abs(share) * situation["resources"]
        punishing = share < 0 and situation["protocol"].costly_punishment
        reason = self.reason(situation)
        return f"Justification: {reason}\nAnswer: {self.deed(amount, punishing, situation)}"

    def deed(self, amount: float, punishing: bool, situation: Mapping[str, Any]) -> str:
        """Word the action; the amount is written out in full, so that no digit is lost."""
        digits = format(Decimal(repr(amount)), "f")
        if not situation["protocol"].costly_punishment:
            return digits
        return f"{'punish' if punishing else 'donate'} {digits}"

    def reason(self, situation: Mapping[str, Any]) -> str:
        """Say in a sentence what the decision looked at."""
        shares = past_shares(situation["trace"])
        if not shares:
            return f"I know nothing about {situation['recipient']}."
        return f"{situation['recipient']} last gave {shares[0]:.0%} of what it had."

    @abstractmethod
    def plan(self, persona: Persona, situation: Mapping[str, Any], random: Random) -> str:
        """Finish the sentence `My strategy will be ...`."""

    @abstractmethod
    def share(self, situation: Mapping[str, Any], random: Random) -> Share:
        """Decide what part of the donor's resources to give."""


class Constant(DonorMind):
    """Always gives the same part of what it has."""

    fraction: float = Field(default=0.5, ge=0, le=1)

    def plan(self, persona: Persona, situation: Mapping[str, Any], random: Random) -> str:  # noqa: ARG002, D102
        return f"to give {self.fraction:.0%} of what I have, whoever receives it."

    def share(self, situation: Mapping[str, Any], random: Random) -> Share:  # noqa: ARG002, D102
        return self.fraction


class Defector(Constant):
    """Never gives anything."""

    fraction: float = Field(default=0.0, ge=0, le=0)


class RandomGiver(DonorMind):
    """Gives a uniformly drawn part."""

    def plan(self, persona: Persona, situation: Mapping[str, Any], random: Random) -> str:  # noqa: ARG002, D102
        return "to follow my mood of the moment."

    def share(self, situation: Mapping[str, Any], random: Random) -> Share:  # noqa: ARG002, D102
        return random.random()


class NoisyWriter(RandomGiver):
    """Gives a random part, and often forgets the asked format."""

    malformed: float = Field(default=0.3, ge=0, le=1)


class ImageScorer(DonorMind):
    """Gives when the recipient's own last gift was generous (Nowak & Sigmund 1998)."""

    generous: float = Field(default=0.6, ge=0, le=1)
    """Part given to a recipient in good standing, and to a stranger."""
    stingy: float = Field(default=0.05, ge=0, le=1)
    threshold: float = Field(default=0.3, ge=0, le=1)
    """Part of its resources from which a gift counts as generous."""
    punish: float = Field(default=0.0, ge=0, le=1)
    """Part spent on punishing a recipient in bad standing, where the protocol allows it."""

    def plan(self, persona: Persona, situation: Mapping[str, Any], random: Random) -> str:  # noqa: ARG002, D102
        return (
            f"to give {self.generous:.0%} to whoever last gave at least {self.threshold:.0%}, "
            f"and {self.stingy:.0%} to others."
        )

    def share(self, situation: Mapping[str, Any], random: Random) -> Share:  # noqa: ARG002, D102
        shares = past_shares(situation["trace"])
        if not shares or shares[0] >= self.threshold:
            return self.generous
        if self.punish and situation["protocol"].costly_punishment:
            return -self.punish
        return self.stingy


class Discriminator(DonorMind):
    """Reads the whole trace: excuses a recipient whose stinginess met a stingy partner.

    Its view of the recipient is the shares along the chain, each justified in part by what the
    partner had done before (a graded form of the standing rule, Leimar & Hammerstein 2001).
    """

    baseline: float = Field(default=0.5, ge=0, le=1)
    """Part given to a stranger, and taken for whatever the trace does not show."""
    forgiveness: float = Field(default=0.5, ge=0, le=1)
    """How far meeting a stingy partner excuses giving little."""

    def plan(self, persona: Persona, situation: Mapping[str, Any], random: Random) -> str:  # noqa: ARG002, D102
        return (
            f"to give strangers {self.baseline:.0%} and everybody else what they deserve, "
            "looking at what they gave and to whom."
        )

    def share(self, situation: Mapping[str, Any], random: Random) -> Share:  # noqa: ARG002, D102
        standing = self.baseline
        for given in reversed(past_shares(situation["trace"])):
            excuse = self.forgiveness * (1 - standing)
            standing = min(1.0, given + excuse * (1 - given))
        return standing


class PersonaDriven(DonorMind):
    """Kind people give more, and newcomers learn from what their advisers say they give.

    The part that the strategy names is the part it stands by: culture travels in the text.
    """

    baseline: float = Field(default=0.4, ge=0, le=1)
    conformity: float = Field(default=0.6, ge=0, le=1)
    """Weight of the advisers' mean against the newcomer's own inclination."""
    reciprocity: float = Field(default=0.5, ge=0, le=1)
    """How far a gift follows the recipient's own last gift."""
    noise: float = Field(default=0.08, ge=0)
    """Standard deviation of what a newcomer makes of it all."""

    def plan(self, persona: Persona, situation: Mapping[str, Any], random: Random) -> str:  # noqa: D102
        inclination = (
            self.baseline
            + 0.25 * persona.score("agreeableness")
            + 0.05 * persona.score("extraversion")
            + 0.05 * persona.score("openness")
            - 0.10 * persona.score("neuroticism")
        )
        heard = [
            float(found[1]) / 100
            for adviser in situation["advice"]
            if (found := PERCENT.search(adviser.strategy))
        ]
        if heard:
            mean = sum(heard) / len(heard)
            inclination += self.conformity * (mean - inclination)
        part = min(1.0, max(0.0, random.gauss(inclination, self.noise)))
        return f"to give about {part:.0%} of what I have, and to answer in kind."

    def share(self, situation: Mapping[str, Any], random: Random) -> Share:  # noqa: ARG002, D102
        found = PERCENT.search(situation["strategy"])
        own = float(found[1]) / 100 if found else self.baseline
        shares = past_shares(situation["trace"])
        if not shares:
            return own
        return own * (
            1 - self.reciprocity + self.reciprocity * min(1.0, shares[0] / max(own, 0.01))
        )


def past_shares(trace: Sequence[Any]) -> list[float]:
    """Return the shares along a chain, newest first; punishing counts as giving nothing."""
    return [
        0.0 if link.action == "punish" else link.share for link in trace if link.share is not None
    ]


MINDS: dict[str, type[Mind]] = {
    "constant": Constant,
    "defector": Defector,
    "discriminator": Discriminator,
    "image_scorer": ImageScorer,
    "noisy": NoisyWriter,
    "persona": PersonaDriven,
    "random": RandomGiver,
}
