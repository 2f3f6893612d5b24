"""The donor game: generations of agents who give, are seen giving, and pass on how to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, ClassVar, Literal

from societies.agents.templates.views import FrozenDict
from societies.kit import Agent, Play, Society
from societies.scenarios.donor_game.answers import GiftAnswer, StrategyAnswer
from societies.scenarios.donor_game.protocol import DonorProtocol
from societies.scenarios.donor_game.records import Donation, Score, Strategy
from societies.scenarios.donor_game.schedule import Pairs, pairings, swap_roles

NO_STRATEGY = StrategyAnswer(strategy="(no strategy was given)", rationale="")
NO_GIFT = GiftAnswer(amount=0.0, justification="no answer could be read")
"""What stands in when no reply could be read."""

LINKS = 3
"""Links of a chain that can ever be shown."""


@dataclass(frozen=True, slots=True)
class Link:
    """One past action in a chain, as a donor is shown it."""

    template_properties: ClassVar[tuple[str, ...]] = ("percent",)

    round: int
    donor: str
    recipient: str
    action: Literal["donate", "punish"]
    share: float | None
    """Part of its resources that the donor used; None if it had none."""

    @property
    def percent(self) -> float:
        """The share in per cent; 0 if it had nothing to use."""
        return 100 * (self.share or 0.0)


@dataclass(frozen=True, slots=True)
class Advice:
    """What a newcomer hears from a survivor."""

    name: str
    strategy: str
    score: float


@dataclass(slots=True)
class Hand:
    """What an agent holds in one game, which everybody starts with the endowment and unknown."""

    resources: float
    chain: tuple[Link, ...] = ()
    """The newest link first: its own last act, then its partner's last act before that, ..."""


Hands = dict[Agent, Hand]


class DonorGame(Society[DonorProtocol]):
    """Vallinder & Hughes 2024, section 3: strategies, two games, selection, inheritance."""

    records = (Strategy, Donation, Score)
    strategies: dict[Agent, str]
    """What everybody alive has devised: the only state that an agent carries between turns."""
    advisers: list[tuple[Agent, float]]
    """Who survived the last generation, best first, with the scores."""
    more = 0
    """How many more play than at first, as interventions let agents join and leave."""
    predecessors = 0
    """How many played in the generation before; 0 in the first."""
    generation = 0
    newcomers: list[Agent]
    """Who joined in this generation: those who replace the dead, then those of interventions."""

    async def play(self) -> Play:
        """Play all generations; one Mesa step is a strategy stage or a round."""
        self.strategies, self.advisers = {}, []
        # Interventions may set how many there are, so that it is read anew each time.
        while self.generation < self.protocol.generations:
            self.generation, self.newcomers = self.generation + 1, []
            missing = self.config.population.size + self.more - len(self.advisers)
            self.schedule_strategies(self.welcome(missing))
            self.schedule_strategies(self.newcomers[missing:])
            yield
            await self.settle()
            players = self.members()
            self.random.shuffle(players)
            games = [self.deal(players) for _ in range(self.protocol.games)]
            rounds = pairings(players, self.protocol.rounds, self.protocol.fidelity)
            for game, hands in enumerate(games, start=1):
                for number, pairs in enumerate(rounds, start=1):
                    self.schedule_round(hands, game, number, pairs)
                    yield
            await self.settle()
            self.advisers = self.select_survivors(games, players)
            self.predecessors = len(players)

    def show(self, variables: Mapping[str, Any]) -> FrozenDict:
        """Return the views of a template's variables; every template is told how many play."""
        players = self.config.population.size + self.more
        return super().show({"players": players, **variables})

    def welcome(self, number: int) -> list[Agent]:
        """Let newcomers join, named by the protocol in order of birth."""
        names, joined = self.protocol.names, []
        parents = [adviser.name for adviser, _ in self.heard()]
        for _ in range(number):
            numbered = f"{self.generation}_{len(self.newcomers) + 1}"
            name = names[len(self.roles)] if isinstance(names, list) else numbered
            joined.append(self.enroll(name, parents=parents))
            self.newcomers.append(joined[-1])
        return joined

    def heard(self) -> list[tuple[Agent, float]]:
        """Return whose advice newcomers hear, with their scores."""
        if self.protocol.inheritance == "none":
            return []
        return [(adviser, score) for adviser, score in self.advisers if adviser in self.agents]

    def add_agents(self, number: int) -> list[Agent]:
        """Let more newcomers join a generation; from now on so many more play."""
        self.more += number
        return self.welcome(number)

    def remove_agents(self, agents: Sequence[Agent]) -> None:
        """Let agents leave a generation; from now on so many fewer play."""
        self.more -= len(agents)
        super().remove_agents(agents)

    def schedule_strategies(self, newcomers: Sequence[Agent]) -> None:
        """Schedule the strategy stage: newcomers hear the survivors, and think independently."""
        advice: list[Advice] = []
        for adviser, score in self.heard() if newcomers else ():
            adviser.say(self.strategies[adviser], to=newcomers, channel="advice")
            advice.append(Advice(adviser.name, self.strategies[adviser], score))
        for newcomer in newcomers:
            scope = f"g{self.generation}/strategy/{newcomer.name}"
            self.schedule(self.devise_strategy(newcomer, advice), agents=[newcomer], scope=scope)

    async def devise_strategy(self, agent: Agent, advice: list[Advice]) -> None:
        """Strategy stage: one call per new agent (Vallinder & Hughes 2024, section 3)."""
        answer = await agent.ask(
            "strategy",
            StrategyAnswer,
            fallback=NO_STRATEGY,
            attempts=self.protocol.attempts,
            explain=self.protocol.reask == "explain",
            generation=self.generation,
            advice=advice,
            predecessors=self.predecessors,
        )
        self.strategies[agent] = answer.strategy
        row = Strategy(
            generation=self.generation,
            strategy=answer.strategy,
            rationale=answer.rationale,
            advisers=[adviser.name for adviser in advice],
            outcome=answer.outcome,
        )
        self.record(row, agent)

    def deal(self, players: Sequence[Agent]) -> Hands:
        """Return what everybody holds when a game begins."""
        return {agent: Hand(self.protocol.endowment) for agent in players}

    def schedule_round(self, hands: Hands, game: int, number: int, pairs: Pairs[Agent]) -> None:
        """Schedule all donations of a round; the second game exchanges the roles."""
        stage = f"g{self.generation}/game{game}/r{number:02}"
        for donor, recipient in swap_roles(pairs) if game == 2 else pairs:
            self.schedule(
                self.donate(hands, game, number, donor, recipient),
                agents=(donor, recipient),
                scope=f"{stage}/{donor.name}>{recipient.name}",
            )

    async def donate(
        self, hands: Hands, game: int, number: int, donor: Agent, recipient: Agent
    ) -> None:
        """Donation stage: the donor is shown the recipient's chain and acts (section 3)."""
        giver, receiver = hands[donor], hands[recipient]
        before = giver.resources, receiver.resources
        trace = receiver.chain[: self.protocol.trace_depth]
        answer = await donor.ask(
            "donate",
            GiftAnswer,
            fallback=NO_GIFT,
            attempts=self.protocol.attempts,
            explain=self.protocol.reask == "explain",
            strategy=self.strategies[donor],
            generation=self.generation,
            game=game,
            round=number,
            recipient=recipient.name,
            recipient_resources=receiver.resources,
            trace=trace,
            resources=giver.resources,
        )
        valid = answer.amount <= giver.resources
        share = self.share_given(answer.amount, giver.resources) if valid else None
        deed = (Link(number, donor.name, recipient.name, answer.action, share),) if valid else ()
        giver.chain = (*deed, *receiver.chain)[:LINKS]
        if valid:
            self.pay(answer, giver, receiver)
        row = Donation(
            generation=self.generation,
            game=game,
            round=number,
            recipient=recipient.name,
            action=answer.action if valid else "invalid",
            amount=answer.amount,
            share=share,
            donor_before=before[0],
            donor_after=giver.resources,
            recipient_before=before[1],
            recipient_after=receiver.resources,
            links=len(trace),
            justification=answer.justification,
            outcome=answer.outcome,
        )
        self.record(row, donor)

    def pay(self, answer: GiftAnswer, giver: Hand, receiver: Hand) -> None:
        """Move the units: the recipient gets a multiple of a gift, or loses one of a punishment."""
        giver.resources -= answer.amount
        if answer.action == "donate":
            receiver.resources += self.protocol.multiplier * answer.amount
        else:
            loss = self.protocol.punishment_multiplier * answer.amount
            receiver.resources = max(0.0, receiver.resources - loss)

    def share_given(self, amount: float, resources: float) -> float | None:
        """Return the part of its resources that a donor used; of nothing, no part is defined.

        The released code calls 0 of 0 a full gift.
        """
        if resources > 0:
            return amount / resources
        return 1.0 if self.protocol.fidelity == "released" else None

    def select_survivors(
        self, games: Sequence[Hands], players: Sequence[Agent]
    ) -> list[tuple[Agent, float]]:
        """Rank by score and remove all but the best; ties fall as the players were shuffled.

        The score is the mean over the games; the released code means the last game with itself.
        """
        held = {agent: [hands[agent].resources for hands in games] for agent in players}
        first = -1 if self.protocol.fidelity == "released" else 0
        scores = {agent: fmean(resources[first:]) for agent, resources in held.items()}
        ranking = sorted(players, key=scores.__getitem__, reverse=True)
        is_last = self.generation >= self.protocol.generations
        for rank, agent in enumerate(ranking, start=1):
            survives = rank <= self.protocol.survivors
            row = Score(
                generation=self.generation,
                resources=held[agent],
                score=scores[agent],
                rank=rank,
                survived=None if is_last else survives,
            )
            self.record(row, agent, scope=f"g{self.generation}/selection")
            if not survives and not is_last:
                del self.strategies[agent]
                agent.remove()
        return [(agent, scores[agent]) for agent in ranking[: self.protocol.survivors]]
