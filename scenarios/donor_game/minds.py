"""Scripted minds for the donor game: known policies that answer in its grammar."""

import re
from abc import abstractmethod
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from societies.kit import Field, Mind, Random, Seen, part

PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s?%")


class DonorMind(Mind):
    """Base: words a strategy and a gift from two numbers that subclasses decide."""

    planned: ClassVar[str] = ""
    """What `My strategy will be` goes on with, with options in braces."""

    def strategy(self, seen: Seen, random: Random) -> str:
        """Answer template `strategy`."""
        plan = self.plan(seen, random)
        return f"Giving builds trust, keeping builds wealth.\nMy strategy will be {plan}"

    def donate(self, seen: Seen, random: Random) -> str:
        """Answer template `donate`; the amount is written out in full, so that no digit is lost."""
        share, given = self.share(seen, random), last_gift(seen)
        amount = format(Decimal(repr(abs(share) * seen.resources)), "f")
        deed = f"{'punish' if share < 0 else 'donate'} " if seen.protocol.costly_punishment else ""
        why = f"{seen.recipient} last gave {given or 0:.0%} of what it had."
        if given is None:
            why = f"I know nothing about {seen.recipient}."
        return f"Justification: {why}\nAnswer: {deed}{amount}"

    def plan(self, seen: Seen, random: Random) -> str:  # noqa: ARG002
        """Finish the sentence `My strategy will be ...`."""
        return self.planned.format_map(vars(self))

    @abstractmethod
    def share(self, seen: Seen, random: Random) -> float:
        """Decide what part of its resources to give; negative to punish by that part."""


class Constant(DonorMind):
    """Always gives the same part of what it has."""

    planned: ClassVar[str] = "to give {fraction:.0%} of what I have, whoever receives it."
    fraction: float = Field(default=0.5, ge=0, le=1)

    def share(self, seen: Seen, random: Random) -> float:  # noqa: ARG002, D102
        return self.fraction


class Defector(Constant):
    """Never gives anything."""

    fraction: float = Field(default=0.0, ge=0, le=0)


class RandomGiver(DonorMind):
    """Gives a uniformly drawn part of what it has, or spends it on punishing."""

    called: ClassVar[str] = "random"
    planned: ClassVar[str] = "to follow my mood of the moment."
    punishing: float = Field(default=0.0, ge=0, le=1)
    """Probability of punishing instead of giving, where the protocol allows it."""

    def share(self, seen: Seen, random: Random) -> float:  # noqa: ARG002, D102
        share = random.random()
        return -share if random.random() < self.punishing else share


class NoisyWriter(RandomGiver):
    """Gives a random part, often forgets the asked format, and is sloppy about numbers."""

    called: ClassVar[str] = "noisy"
    malformed: float = Field(default=0.3, ge=0, le=1)
    sloppy: float = Field(default=0.2, ge=0, le=1)
    """Probability that a gift is written in bold, in per cent, negatively, or beyond all means."""

    def donate(self, seen: Seen, random: Random) -> str:  # noqa: D102
        text = super().donate(seen, random)
        if random.random() >= self.sloppy:
            return text
        before, _, amount = text.rpartition(" ")
        beyond = f"{100 + 2 * seen.resources:,.2f}"
        return f"{before} {random.choice([f'**{amount}**', '50%', f'-{amount}', beyond])}"


class ImageScorer(DonorMind):
    """Gives when the recipient's own last gift was generous (Nowak & Sigmund 1998)."""

    planned: ClassVar[str] = (
        "to give {generous:.0%} to whoever last gave at least {threshold:.0%}, "
        "and {stingy:.0%} to others."
    )
    generous: float = Field(default=0.6, ge=0, le=1)
    """Part given to a recipient in good standing, and to a stranger."""
    stingy: float = Field(default=0.05, ge=0, le=1)
    threshold: float = Field(default=0.3, ge=0, le=1)
    """Part of its resources from which a gift counts as generous."""
    punish: float = Field(default=0.0, ge=0, le=1)
    """Part spent on punishing a recipient in bad standing, where the protocol allows it."""

    def share(self, seen: Seen, random: Random) -> float:  # noqa: ARG002, D102
        given = last_gift(seen)
        if given is None or given >= self.threshold:
            return self.generous
        if self.punish and seen.protocol.costly_punishment:
            return -self.punish
        return self.stingy


class Discriminator(DonorMind):
    """Reads the whole trace: excuses a recipient whose stinginess met a stingy partner.

    Its view of the recipient is the shares along the chain, each justified in part by what the
    partner had done before (a graded form of the standing rule, Leimar & Hammerstein 2001).
    """

    planned: ClassVar[str] = (
        "to give strangers {baseline:.0%} and everybody else what they deserve, "
        "looking at what they gave and to whom."
    )
    baseline: float = Field(default=0.5, ge=0, le=1)
    """Part given to a stranger, and taken for whatever the trace does not show."""
    forgiveness: float = Field(default=0.5, ge=0, le=1)
    """How far meeting a stingy partner excuses giving little."""

    def share(self, seen: Seen, random: Random) -> float:  # noqa: ARG002, D102
        standing = self.baseline
        for link in reversed(seen.trace):
            given = kindness(link)
            excuse = self.forgiveness * (1 - standing)
            standing = self.baseline if given is None else given + excuse * (1 - given)
        return self.baseline if last_gift(seen) is None else min(1.0, standing)


class PersonaDriven(DonorMind):
    """Kind people give more, and newcomers learn from what their advisers say they give.

    The part that the strategy names is the part it stands by: culture travels in the text.
    """

    called: ClassVar[str] = "persona"
    baseline: float = Field(default=0.4, ge=0, le=1)
    conformity: float = Field(default=0.6, ge=0, le=1)
    """Weight of the advisers' mean against the newcomer's own inclination."""
    reciprocity: float = Field(default=0.5, ge=0, le=1)
    """How far a gift follows the recipient's own last gift."""
    noise: float = Field(default=0.08, ge=0)
    """Standard deviation of what a newcomer makes of it all."""

    def plan(self, seen: Seen, random: Random) -> str:  # noqa: D102
        inclination = (
            self.baseline
            + 0.25 * seen.persona.score("agreeableness")
            + 0.05 * seen.persona.score("extraversion")
            + 0.05 * seen.persona.score("openness")
            - 0.10 * seen.persona.score("neuroticism")
        )
        named = [named_part(adviser.strategy) for adviser in seen.advice]
        heard = [share for share in named if share is not None]
        if heard:
            mean = sum(heard) / len(heard)
            inclination += self.conformity * (mean - inclination)
        share = part(random.gauss(inclination, self.noise))
        return f"to give about {share:.0%} of what I have, and to answer in kind."

    def share(self, seen: Seen, random: Random) -> float:  # noqa: ARG002, D102
        named, given = named_part(seen.strategy), last_gift(seen)
        own = self.baseline if named is None else named
        if given is None:
            return own
        kept, followed = 1 - self.reciprocity, self.reciprocity * min(1.0, given / max(own, 0.01))
        return own * (kept + followed)


def kindness(link: Any) -> float | None:
    """Return the part that was given in a link of a trace; None if there was nothing to give.

    Punishing counts as giving nothing.
    """
    return 0.0 if link.action == "punish" and link.share is not None else link.share


def last_gift(seen: Seen) -> float | None:
    """Return the part that the recipient gave when it last was a donor; None if not known."""
    trace: Sequence[Any] = seen.trace
    known = trace and trace[0].donor == seen.recipient
    return kindness(trace[0]) if known else None


def named_part(strategy: str) -> float | None:
    """Return the first percentage that a strategy names, as a part of at most 1."""
    found = PERCENT.search(strategy)
    return min(1.0, float(found[1]) / 100) if found else None
