"""The donor game: generations of agents who give, are seen giving, and pass on how to."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, cast

from societies.agents.agent import LLMAgent
from societies.agents.templates.views import FrozenDict
from societies.config.schema import RunConfig
from societies.scenarios.donor_game.answers import GiftAnswer, StrategyAnswer
from societies.scenarios.donor_game.protocol import DonorProtocol
from societies.scenarios.donor_game.records import Donation, Score, Strategy
from societies.scenarios.donor_game.schedule import pairings, swap_roles
from societies.society import Society

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
    """What an agent holds in one game."""

    resources: float
    chain: tuple[Link, ...] = ()
    """The newest link first: its own last act, then its partner's last act before that, ..."""


@dataclass(slots=True)
class Game:
    """One game of a generation: everybody starts with the endowment and without a history."""

    generation: int
    number: int
    hands: dict[LLMAgent, Hand] = field(default_factory=dict)


class DonorGame(Society[DonorProtocol]):
    """Vallinder & Hughes 2024, section 3: strategies, two games, selection, inheritance."""

    records = (Strategy, Donation, Score)
    strategies: dict[LLMAgent, str]
    """What everybody alive has devised: the only state that an agent carries between turns."""
    advisers: list[tuple[LLMAgent, float]]
    """Who survived the last generation, best first, with the scores."""
    size: int
    """How many play: the population's size, until interventions let agents join or leave."""
    predecessors: int
    """How many played in the generation before; 0 in the first."""
    generation: int
    born: int
    """Newcomers of this generation so far."""
    joined: list[LLMAgent]
    """Those of them whom an intervention let join."""

    def __init__(self, config: RunConfig, **options: Any) -> None:
        super().__init__(config, **options)
        self.size, self.predecessors = config.population.size, 0

    async def play(self) -> AsyncGenerator[None, None]:
        """Play all generations; one Mesa step is a strategy stage or a round."""
        self.strategies, self.advisers = {}, []
        generation = 0
        # Interventions may set how many there are, so that it is read anew each time.
        while (generation := generation + 1) <= self.protocol.generations:
            self.generation, self.born, self.joined = generation, 0, []
            newcomers = self.welcome(self.size - len(self.advisers))
            self.schedule_strategies(generation, newcomers)
            self.schedule_strategies(generation, self.joined)
            yield
            await self.settle()
            players = cast(list[LLMAgent], list(self.agents.shuffle()))
            games = [self.new_game(generation, n + 1, players) for n in range(self.protocol.games)]
            rounds = pairings(players, self.protocol.rounds, self.protocol.fidelity)
            for game in games:
                for round_number, pairs in enumerate(rounds, start=1):
                    self.schedule_round(game, round_number, pairs)
                    yield
            await self.settle()
            self.advisers = self.select_survivors(generation, games, players)
            self.predecessors = len(players)

    def show(self, variables: Mapping[str, Any]) -> FrozenDict:
        """Return the views of a template's variables; every template is told how many play."""
        return super().show({"players": self.size, **variables})

    def welcome(self, number: int) -> list[LLMAgent]:
        """Let newcomers join, named by the protocol in order of birth."""
        names, newcomers = self.protocol.names, []
        parents = [adviser.name for adviser, _ in self.heard()]
        for _ in range(number):
            self.born += 1
            numbered = f"{self.generation}_{self.born}"
            name = names[len(self.roles)] if isinstance(names, list) else numbered
            newcomers.append(self.enroll(name, parents=parents))
        return newcomers

    def heard(self) -> list[tuple[LLMAgent, float]]:
        """Return whose advice newcomers hear, with their scores."""
        if self.protocol.inheritance == "none":
            return []
        return [(adviser, score) for adviser, score in self.advisers if adviser in self.agents]

    def add_agents(self, number: int) -> list[LLMAgent]:
        """Let more newcomers join a generation; from now on so many more play."""
        self.size += number
        joined = self.welcome(number)
        self.joined += joined
        return joined

    def remove_agents(self, agents: Sequence[LLMAgent]) -> None:
        """Let agents leave a generation; from now on so many fewer play."""
        self.size -= len(agents)
        super().remove_agents(agents)

    def schedule_strategies(self, generation: int, newcomers: Sequence[LLMAgent]) -> None:
        """Schedule the strategy stage: newcomers hear the survivors, and think independently."""
        advice: list[Advice] = []
        for adviser, score in self.heard() if newcomers else ():
            adviser.say(self.strategies[adviser], to=newcomers, channel="advice")
            advice.append(Advice(adviser.name, self.strategies[adviser], score))
        for newcomer in newcomers:
            self.schedule(
                self.devise_strategy(newcomer, generation, advice),
                agents=[newcomer],
                scope=f"g{generation}/strategy/{newcomer.name}",
            )

    async def devise_strategy(self, agent: LLMAgent, generation: int, advice: list[Advice]) -> None:
        """Strategy stage: one call per new agent (Vallinder & Hughes 2024, section 3)."""
        answer = await agent.ask(
            "strategy",
            StrategyAnswer,
            fallback=NO_STRATEGY,
            attempts=self.protocol.attempts,
            explain=self.protocol.reask == "explain",
            generation=generation,
            advice=advice,
            predecessors=self.predecessors,
        )
        self.strategies[agent] = answer.strategy
        self.record(
            Strategy(
                generation=generation,
                strategy=answer.strategy,
                rationale=answer.rationale,
                advisers=[adviser.name for adviser in advice],
                outcome=answer.outcome,
            ),
            agent,
        )

    def new_game(self, generation: int, number: int, players: Sequence[LLMAgent]) -> Game:
        """Return a game in which everybody holds the endowment and nobody has a history."""
        hands = {agent: Hand(self.protocol.endowment) for agent in players}
        return Game(generation, number, hands)

    def schedule_round(
        self, game: Game, number: int, pairs: Sequence[tuple[LLMAgent, LLMAgent]]
    ) -> None:
        """Schedule all donations of a round; the second game exchanges the roles."""
        for donor, recipient in swap_roles(list(pairs)) if game.number == 2 else pairs:
            scope = (
                f"g{game.generation}/game{game.number}/r{number:02}/{donor.name}>{recipient.name}"
            )
            self.schedule(
                self.donate(game, number, donor, recipient), agents=(donor, recipient), scope=scope
            )

    async def donate(self, game: Game, number: int, donor: LLMAgent, recipient: LLMAgent) -> None:
        """Donation stage: the donor is shown the recipient's chain and acts (section 3)."""
        giver, receiver = game.hands[donor], game.hands[recipient]
        protocol = self.protocol
        trace = receiver.chain[: protocol.trace_depth]
        answer = await donor.ask(
            "donate",
            GiftAnswer,
            fallback=NO_GIFT,
            attempts=protocol.attempts,
            explain=protocol.reask == "explain",
            strategy=self.strategies[donor],
            generation=game.generation,
            game=game.number,
            round=number,
            recipient=recipient.name,
            recipient_resources=receiver.resources,
            trace=trace,
            resources=giver.resources,
        )
        before = giver.resources, receiver.resources
        valid = answer.amount <= giver.resources
        share = self.share_given(answer.amount, giver.resources) if valid else None
        deed = Link(number, donor.name, recipient.name, answer.action, share)
        giver.chain = (deed, *receiver.chain)[:LINKS] if valid else receiver.chain
        if valid:
            self.pay(answer, giver, receiver)
        self.record(
            Donation(
                generation=game.generation,
                game=game.number,
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
            ),
            donor,
        )

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
        self, generation: int, games: Sequence[Game], players: Sequence[LLMAgent]
    ) -> list[tuple[LLMAgent, float]]:
        """Rank by score and remove all but the best; ties fall as the players were shuffled.

        The score is the mean over the games; the released code means the last game with
        itself.
        """
        counted = games[-1:] if self.protocol.fidelity == "released" else games
        scores = {
            agent: sum(game.hands[agent].resources for game in counted) / len(counted)
            for agent in players
        }
        ranking = sorted(players, key=scores.__getitem__, reverse=True)
        last = generation >= self.protocol.generations
        for rank, agent in enumerate(ranking, start=1):
            survives = rank <= self.protocol.survivors
            resources = [game.hands[agent].resources for game in games]
            self.record(
                Score(
                    generation=generation,
                    resources=resources,
                    score=scores[agent],
                    rank=rank,
                    survived=None if last else survives,
                ),
                agent,
                scope=f"g{generation}/selection",
            )
            if not survives and not last:
                del self.strategies[agent]
                agent.remove()
        return [(agent, scores[agent]) for agent in ranking[: self.protocol.survivors]]
