"""Scripted minds for negotiations: known bargainers who speak in sentences.

Whoever likes the partner's latest spoken offer proposes its own part of it; the other then
proposes the part that it had offered to take, and the two add up.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from societies.agents.models.base import Request
from societies.kit import Field, Mind, Random, Seen, part
from societies.scenarios.negotiation.contexts import (
    Context,
    Counts,
    joint_ceiling,
    remainder,
    shares,
    worth,
)
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


class View(Seen):
    """What a negotiator sees of its game: the variables of its turn, and what follows from them."""

    def __init__(self, request: Request, random: Random) -> None:
        super().__init__(request)
        self.random = random

    @cached_property
    def mine(self) -> list[str]:
        """What it has said so far, oldest first."""
        return [said.text for said in self.history if said.seat == self.seat]

    @cached_property
    def theirs(self) -> list[str]:
        """What its partner has said, oldest first."""
        return [said.text for said in self.history if said.seat != self.seat]

    @cached_property
    def offered(self) -> Counts | None:
        """What it would get itself by the partner's latest offer."""
        claim = _latest(self.theirs, lambda text: read_offer(text, self.resources, self.counts))
        return None if claim is None else remainder(self.counts, claim)

    @cached_property
    def promised(self) -> Counts | None:
        """What it would get by its own latest offer."""
        return _latest(self.mine, lambda text: read_offer(text, self.resources, self.counts))

    @cached_property
    def heard_values(self) -> Counts | None:
        """What the partner said things are worth to it."""
        return _latest(self.theirs, lambda text: read_values(text, self.resources))

    @cached_property
    def all_points(self) -> int:
        """What everything together is worth to it."""
        return worth(self.values, self.counts)


def _latest(texts: Sequence[str], read: Callable[[str], Counts | None]) -> Counts | None:
    """Return what is read in the last text in which anything is."""
    return next((found for each in reversed(texts) if (found := read(each)) is not None), None)


class Negotiator(Mind):
    """Base: bargains by offers; subclasses decide what to claim, to accept and to say."""

    slips: int = Field(default=0, ge=0, le=len(FAULTS))
    """Faulty outputs before every turn."""
    patience: int = Field(default=6, ge=1)
    """Own messages after which it gives up talking, and proposes what it claims."""

    def turn(self, seen: Seen, random: Random) -> str:
        """Answer template `turn` with a message or a proposal."""
        if seen.request.attempt <= self.slips:
            return FAULTS[seen.request.attempt - 1]
        view = View(seen.request, random)
        if not view.proposed and view.offered is not None and self.accepts(view, view.offered):
            share = view.offered
        elif view.proposed or (view.theirs and self.gives_up(view)):
            share = self.settle(view)
        else:
            return f"[message] {self.speak(view)} [END]"
        parts = (f"{name}: {n}" for name, n in zip(view.resources, share, strict=True))
        return f"[propose] {', '.join(parts)} [END]"

    def settle(self, view: View) -> Counts:
        """Decide what to propose when talking is over: what it last offered to take."""
        return self.claim(view) if view.promised is None else view.promised

    def gives_up(self, view: View) -> bool:
        """Decide whether to propose although there is no agreement."""
        return len(view.mine) >= self.patience

    def offer(self, view: View, share: Counts) -> str:
        """Word an offer that gives itself a share, and the partner the rest."""
        return word_offer(share, remainder(view.counts, share), view.resources)

    def speak(self, view: View) -> str:
        """Say something: by default, offer what it claims."""
        claim = self.claim(view)
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
    def claim(self, view: View) -> Counts:
        """Decide what to ask for now."""

    @abstractmethod
    def accepts(self, view: View, offered: Counts) -> bool:
        """Decide whether the partner's latest offer will do."""

    def judge(self, seen: Seen, random: Random) -> str:  # noqa: ARG002 - a fixed policy
        """Answer template `judge`: flag false values, and offers that were not kept."""
        said = {each.number: each.text for each in seen.history}
        told = {number: read_values(said[number], seen.resources) for number in seen.judged}
        flagged = {number for number, values in told.items() if values not in (None, seen.values)}
        last = max(said)
        promise = read_offer(said[last], seen.resources, seen.counts)
        if last in told and None not in (seen.share, promise) and promise != seen.share:
            flagged.add(last)
        numbers = ", ".join(map(str, sorted(flagged))) or "none"
        return (
            f"I compared every message with the values and the proposal.\nInconsistent: {numbers}"
        )


class Greedy(Negotiator):
    """Wants every piece that is worth anything to it, and never moves."""

    def claim(self, view: View) -> Counts:
        """Claim whatever has a value."""
        return tuple(n if value else 0 for n, value in zip(view.counts, view.values, strict=True))

    def accepts(self, view: View, offered: Counts) -> bool:
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

    def aim(self, view: View) -> float:
        """Return the points that it wants after as many messages as it has sent."""
        conceded: float = min(1.0, len(view.mine) / self.patience) ** (1 / self.beta)
        floor = part(self.floor - self.kindness * view.persona.score("agreeableness"))
        return min(1.0, floor + (1 - floor) * (1 - conceded)) * view.all_points

    def claim(self, view: View) -> Counts:
        """Claim a share that reaches the aim and suits the partner best."""
        aim = self.aim(view)
        good = [share for share in shares(view.counts) if worth(view.values, share) >= aim]
        wanted = view.offered or view.counts

        def burden(share: Counts) -> tuple[int, int, int]:
            taken = sum(max(0, n - left) for n, left in zip(share, wanted, strict=True))
            return taken, worth(view.values, share), sum(share)

        return min(good, key=burden)

    def accepts(self, view: View, offered: Counts) -> bool:
        """Accept what is worth as much as the next own claim aims at."""
        return worth(view.values, offered) >= self.aim(view)


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
        values: Counts = view.values
        return values

    def speak(self, view: View) -> str:
        """Tell the own values and ask; once the partner's are known, offer the optimum."""
        said = any(read_values(text, view.resources) for text in view.mine)
        own = "" if said else f"{word_values(self.told(view), view.resources)} "
        if view.heard_values is None and not view.mine:
            return f"Let us make the best of this together. {own}And what is it worth to you?"
        plan = self.offer(view, self.claim(view))
        if view.heard_values is None:
            return f"You have not told me what things are worth to you. My guess at it: {plan}"
        return f"Thank you for being open. {own}This gives the two of us most: {plan}"

    def claim(self, view: View) -> Counts:
        """Claim its part of the joint optimum."""
        partner = view.heard_values or self.guess(view)
        known = Context(view.counts, (self.told(view), partner))

        def gain(share: Counts) -> tuple[int, int, int, Counts]:
            own, other = known.points(share)
            return own + other, own * other, -abs(own - other), share

        return max(shares(view.counts), key=gain)

    def guess(self, view: View) -> Counts:
        """Guess the partner's values: it wants what it asks for, or else it values all alike."""
        claimed = view.counts if view.offered is None else remainder(view.counts, view.offered)
        pieces = sum(claimed) or 1
        return tuple(-(-view.all_points // pieces) if n else 0 for n in claimed)

    def accepts(self, view: View, offered: Counts) -> bool:
        """Accept any joint optimum; with a silent partner, what is worth enough."""
        if view.heard_values is None:
            return worth(view.values, offered) >= self.reservation * view.all_points
        known = Context(view.counts, (self.told(view), view.heard_values))
        return sum(known.points(offered)) == joint_ceiling(known)


class Liar(Logroller):
    """Tells a logroller's story with inflated values, and may not keep its word."""

    inflation: int = Field(default=2, ge=1)
    """Factor by which it overstates every value."""
    betrayal: float = Field(default=0.0, ge=0, le=1)
    """Probability of proposing all that it values instead of what it promised."""

    def told(self, view: View) -> Counts:
        """Overstate."""
        return tuple(self.inflation * value for value in view.values)

    def settle(self, view: View) -> Counts:
        """Keep the promise, or claim everything of value."""
        broken = view.random.random() < self.betrayal
        return Greedy().claim(view) if broken else super().settle(view)


class RandomNegotiator(Negotiator):
    """Offers, accepts and proposes by chance."""

    called: ClassVar[str] = "random"
    acceptance: float = Field(default=0.3, ge=0, le=1)
    """Probability of accepting an offer."""

    def claim(self, view: View) -> Counts:
        """Claim any share."""
        return tuple(view.random.randint(0, count) for count in view.counts)

    def accepts(self, view: View, offered: Counts) -> bool:  # noqa: ARG002 - by chance
        """Accept by chance."""
        return view.random.random() < self.acceptance


class Talker(Negotiator):
    """Talks on and never proposes first: games between talkers end at the limit of turns."""

    longest: ClassVar[Mapping[str, Any]] = {}

    def speak(self, view: View) -> str:
        """Chat without an offer."""
        return f"What a fine lot of {list_words(view.resources)} we have here!"

    def gives_up(self, view: View) -> bool:  # noqa: ARG002 - never
        """Never."""
        return False

    def claim(self, view: View) -> Counts:
        """Claim nothing."""
        return tuple(0 for _ in view.counts)

    def accepts(self, view: View, offered: Counts) -> bool:  # noqa: ARG002 - never
        """Accept nothing."""
        return False


class Reciter(Mind):
    """Says given lines, one per call and faulty ones included, and the last one for ever."""

    lines: list[str] = Field(min_length=1)

    def reply(self, request: Request, random: Random) -> str:  # noqa: ARG002 - it recites
        """Say the line of as many calls as its live context shows."""
        said = sum(message.role == "assistant" for message in request.messages)
        return self.lines[min(said, len(self.lines) - 1)]
