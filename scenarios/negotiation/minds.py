"""Scripted minds for negotiations: known bargainers who speak in sentences.

Whoever likes the partner's latest spoken offer proposes its own part of it; the other then
proposes the part that it had offered to take, and the two add up.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from societies.agents.models.base import Request
from societies.kit import Field, Mind, Random, Seen
from societies.scenarios.negotiation.contexts import Counts, remainder, shares, worth
from societies.scenarios.negotiation.offers import (
    list_words,
    read_offer,
    read_values,
    word_offer,
    word_values,
)

FAULTS = (
    "I would rather have everything. [END]",
    "[message] Here is my idea. [propose] as I said [END]",
    "[propose] whatever you think is fair [END]",
    "Let me correct myself: all of it, please.",
)
"""Faulty turns, in the order in which a mind that slips sends them; no situation allows them."""


@dataclass(frozen=True)
class View:
    """What a negotiator sees of its game."""

    resources: tuple[str, ...]
    counts: Counts
    values: Counts
    mine: tuple[str, ...]
    """What it has said so far, oldest first."""
    theirs: tuple[str, ...]
    """What its partner has said."""
    proposed: bool
    """Whether the partner has made its proposal."""
    agreeableness: float
    """Its persona's, from -1 to 1."""

    @classmethod
    def of(cls, seen: Seen) -> "View":
        """Take it from the variables of the turn, and from the persona."""
        history, seat = seen.history, seen.seat
        return cls(
            resources=tuple(seen.resources),
            counts=tuple(seen.counts),
            values=tuple(seen.values),
            mine=tuple(said.text for said in history if said.seat == seat),
            theirs=tuple(said.text for said in history if said.seat != seat),
            proposed=seen.proposed,
            agreeableness=seen.persona.score("agreeableness"),
        )

    @cached_property
    def offered(self) -> Counts | None:
        """What it would get itself by the partner's latest offer."""
        claim = self._last_offer(self.theirs)
        return None if claim is None else remainder(self.counts, claim)

    @cached_property
    def promised(self) -> Counts | None:
        """What it would get by its own latest offer."""
        return self._last_offer(self.mine)

    @cached_property
    def heard_values(self) -> Counts | None:
        """What the partner said things are worth to it."""
        told = (read_values(text, self.resources) for text in reversed(self.theirs))
        return next((values for values in told if values is not None), None)

    @cached_property
    def all_points(self) -> int:
        """What everything together is worth to it."""
        return worth(self.values, self.counts)

    def _last_offer(self, texts: Sequence[str]) -> Counts | None:
        offers = (read_offer(text, self.resources, self.counts) for text in reversed(texts))
        return next((offer for offer in offers if offer is not None), None)


class Negotiator(Mind):
    """Base: bargains by offers; subclasses decide what to accept and what to say."""

    slips: int = Field(default=0, ge=0, le=len(FAULTS))
    """Faulty outputs before every turn."""
    patience: int = Field(default=6, ge=1)
    """Own messages after which it gives up talking, and proposes what it claims."""

    def judge(self, seen: Seen, random: Random) -> str:  # noqa: ARG002 - a fixed policy
        """Answer template `judge`: messages are judged by their sentences."""
        return judge_reply(seen)

    def turn(self, seen: Seen, random: Random) -> str:
        """Answer template `turn` with a message or a proposal."""
        attempt = seen.request.attempt
        if attempt <= self.slips:
            return FAULTS[attempt - 1]
        view = View.of(seen)
        if view.proposed:
            return self.propose(view, self.settle(view, random))
        if view.offered is not None and self.accepts(view, view.offered, random):
            return self.propose(view, view.offered)
        if view.theirs and self.gives_up(view, random):
            return self.propose(view, self.settle(view, random))
        return f"[message] {self.speak(view, random)} [END]"

    def propose(self, view: View, share: Counts) -> str:
        """Word the private proposal of a share."""
        parts = [f"{name}: {n}" for name, n in zip(view.resources, share, strict=True)]
        return f"[propose] {', '.join(parts)} [END]"

    def settle(self, view: View, random: Random) -> Counts:
        """Decide what to propose when talking is over: what it last offered to take."""
        return self.claim(view, random) if view.promised is None else view.promised

    def gives_up(self, view: View, random: Random) -> bool:  # noqa: ARG002
        """Decide whether to propose although there is no agreement."""
        return len(view.mine) >= self.patience

    def offer(self, view: View, share: Counts) -> str:
        """Word an offer that gives itself a share, and the partner the rest."""
        return word_offer(share, remainder(view.counts, share), view.resources)

    def speak(self, view: View, random: Random) -> str:
        """Say something: by default, offer what it claims."""
        claim = self.claim(view, random)
        if view.offered is None:
            opening = "How about this?"
        elif view.promised is None:
            opening = "That is not enough for me."
        elif claim == view.promised:
            opening = "I have to insist."
        else:
            opening = "Then let me try another way."
        return f"{opening} {self.offer(view, claim)}"

    @abstractmethod
    def claim(self, view: View, random: Random) -> Counts:
        """Decide what to ask for now."""

    @abstractmethod
    def accepts(self, view: View, offered: Counts, random: Random) -> bool:
        """Decide whether the partner's latest offer will do."""


class Greedy(Negotiator):
    """Wants every piece that is worth anything to it, and never moves."""

    def claim(self, view: View, random: Random) -> Counts:  # noqa: ARG002
        """Claim whatever has a value."""
        return tuple(n if value else 0 for n, value in zip(view.counts, view.values, strict=True))

    def accepts(self, view: View, offered: Counts, random: Random) -> bool:  # noqa: ARG002
        """Accept only what is worth as much as everything."""
        return worth(view.values, offered) == view.all_points


class Conceder(Negotiator):
    """Lowers what it aims at from everything to a floor, as time goes by (Faratin et al. 1998).

    The aim after a share t of its patience is `floor + (1 - floor) * (1 - t ** (1 / beta))` of all
    points: `beta` 1 concedes evenly, below 1 late (Boulware), above 1 early. Among the shares that
    reach the aim it asks for one that leaves the partner as much as possible of what that asked
    for last. Agreeable personas have a lower floor.
    """

    beta: float = Field(default=1.0, gt=0)
    floor: float = Field(default=0.4, ge=0, le=1)
    """Part of all points below which it does not go."""
    kindness: float = Field(default=0.1, ge=0, le=1)
    """How much a very agreeable persona lowers the floor, and a very disagreeable one lifts it."""
    patience: int = Field(default=8, ge=1)

    def aim(self, view: View, own_messages: int) -> float:
        """Return the points that it wants after so many messages of its own."""
        elapsed = min(1.0, own_messages / self.patience)
        conceded: float = elapsed ** (1 / self.beta)
        floor = min(1.0, max(0.0, self.floor - self.kindness * view.agreeableness))
        part = floor + (1 - floor) * (1 - conceded)
        return min(1.0, part) * view.all_points

    def claim(self, view: View, random: Random) -> Counts:  # noqa: ARG002
        """Claim a share that reaches the aim and suits the partner best."""
        aim = self.aim(view, len(view.mine))
        good = [share for share in shares(view.counts) if worth(view.values, share) >= aim]
        wanted = view.offered or view.counts

        def burden(share: Counts) -> tuple[int, int, int]:
            taken = sum(max(0, n - left) for n, left in zip(share, wanted, strict=True))
            return taken, worth(view.values, share), sum(share)

        return min(good, key=burden)

    def accepts(self, view: View, offered: Counts, random: Random) -> bool:  # noqa: ARG002
        """Accept what is worth as much as the next own claim aims at."""
        return worth(view.values, offered) >= self.aim(view, len(view.mine))


class Boulware(Conceder):
    """Concedes late: holds out until time runs short."""

    beta: float = Field(default=0.3, gt=0)


class Logroller(Negotiator):
    """Asks what things are worth to the partner, then offers the joint optimum.

    Of several joint optima it takes the one with the largest product of points, then the most
    even one. A partner who never says what things are worth to it is taken to want what it asks
    for, and its offer is accepted from a share of all points on.
    """

    reservation: float = Field(default=0.5, ge=0, le=1)
    """Part of all points that will do with a partner who does not tell its values."""

    def told(self, view: View) -> Counts:
        """Return the values that it tells its partner."""
        return view.values

    def speak(self, view: View, random: Random) -> str:
        """Tell the own values and ask; once the partner's are known, offer the optimum."""
        said = any(read_values(text, view.resources) for text in view.mine)
        own = "" if said else word_values(self.told(view), view.resources)
        if view.heard_values is None and not view.mine:
            return f"Let us make the best of this together. {own} And what is it worth to you?"
        plan = self.offer(view, self.claim(view, random))
        if view.heard_values is None:
            return f"You have not told me what things are worth to you. My guess at it: {plan}"
        return f"Thank you for being open. {own} This gives the two of us most: {plan}".replace(
            "  ", " "
        )

    def claim(self, view: View, random: Random) -> Counts:  # noqa: ARG002
        """Claim its part of the joint optimum."""
        partner = view.heard_values or self.guess(view)

        def gain(share: Counts) -> tuple[int, int, int, Counts]:
            own = worth(self.told(view), share)
            other = worth(partner, remainder(view.counts, share))
            return own + other, own * other, -abs(own - other), share

        return max(shares(view.counts), key=gain)

    def guess(self, view: View) -> Counts:
        """Guess the partner's values: it wants what it asks for, or else it values all alike."""
        claimed = view.counts if view.offered is None else remainder(view.counts, view.offered)
        pieces = sum(claimed) or 1
        return tuple(-(-view.all_points // pieces) if n else 0 for n in claimed)

    def accepts(self, view: View, offered: Counts, random: Random) -> bool:
        """Accept any joint optimum; with a silent partner, what is worth enough."""
        own = worth(view.values, offered)
        if view.heard_values is None:
            return own >= self.reservation * view.all_points
        best = self.claim(view, random)
        return self.joint(view, offered) >= self.joint(view, best)

    def joint(self, view: View, share: Counts) -> int:
        """Return what both get together, by the values that were told, when it gets a share."""
        partner = view.heard_values or self.guess(view)
        return worth(self.told(view), share) + worth(partner, remainder(view.counts, share))


class Liar(Logroller):
    """Tells a logroller's story with inflated values, and may not keep its word."""

    inflation: int = Field(default=2, ge=1)
    """Factor by which it overstates every value."""
    betrayal: float = Field(default=0.0, ge=0, le=1)
    """Probability of proposing all that it values instead of what it promised."""

    def told(self, view: View) -> Counts:
        """Overstate."""
        return tuple(self.inflation * value for value in view.values)

    def settle(self, view: View, random: Random) -> Counts:
        """Keep the promise, or claim everything of value."""
        if random.random() < self.betrayal:
            return Greedy().claim(view, random)
        return super().settle(view, random)


class RandomNegotiator(Negotiator):
    """Offers, accepts and proposes by chance."""

    called: ClassVar[str] = "random"
    acceptance: float = Field(default=0.3, ge=0, le=1)
    """Probability of accepting an offer."""

    def claim(self, view: View, random: Random) -> Counts:
        """Claim any share."""
        return tuple(random.randint(0, count) for count in view.counts)

    def accepts(self, view: View, offered: Counts, random: Random) -> bool:  # noqa: ARG002
        """Accept by chance."""
        return random.random() < self.acceptance


class Talker(Negotiator):
    """Talks on and never proposes first: games between talkers end at the limit of turns."""

    longest: ClassVar[Mapping[str, Any]] = {}

    def speak(self, view: View, random: Random) -> str:  # noqa: ARG002
        """Chat without an offer."""
        return f"What a fine lot of {list_words(view.resources)} we have here!"

    def gives_up(self, view: View, random: Random) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def claim(self, view: View, random: Random) -> Counts:  # noqa: ARG002
        """Claim nothing."""
        return tuple(0 for _ in view.counts)

    def accepts(self, view: View, offered: Counts, random: Random) -> bool:  # noqa: ARG002
        """Accept nothing."""
        return False


class Reciter(Mind):
    """Says given lines, one per call and faulty ones included, and the last one for ever."""

    lines: list[str] = Field(min_length=1)

    def reply(self, request: Request, random: Random) -> str:  # noqa: ARG002
        """Say the line of as many calls as its live context shows."""
        said = sum(message.role == "assistant" for message in request.messages)
        return self.lines[min(said, len(self.lines) - 1)]


def judge_reply(seen: Seen) -> str:
    """Judge messages by their sentences: false values, and offers that were not kept."""
    resources, counts = seen.resources, seen.counts
    own = [said for said in seen.history if said.number in seen.judged]
    flagged = {
        said.number
        for said in own
        if (told := read_values(said.text, resources)) and told != tuple(seen.values)
    }
    last = seen.history[-1]
    promise = read_offer(last.text, resources, counts)
    kept = seen.share is None or promise in (None, seen.share)
    if last.number in seen.judged and not kept:
        flagged.add(last.number)
    numbers = ", ".join(map(str, sorted(flagged))) or "none"
    return f"I compared every message with the values and the proposal.\nInconsistent: {numbers}"
