"""Deal or No Deal: two players talk, and then propose in private how to share things out."""

from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice, permutations
from typing import Any, Literal, NamedTuple

from societies.agents.agent import LLMAgent
from societies.agents.memory import Conversation
from societies.agents.population import Person
from societies.scenarios.negotiation.answers import (
    MESSAGE,
    TurnAnswer,
    VerdictAnswer,
    kind_of_violation,
)
from societies.scenarios.negotiation.contexts import (
    SEATS,
    Context,
    Counts,
    Seat,
    rewards,
    sample,
)
from societies.scenarios.negotiation.protocol import NegotiationProtocol
from societies.scenarios.negotiation.records import (
    ContextRecord,
    Correction,
    Outcome,
    Proposal,
    Sample,
    Verdict,
)
from societies.society import Society

Reason = Literal["agreed", "mismatch", "turn_limit", "aborted"]


class Player(NamedTuple):
    """Somebody who plays games, in a fresh seat each time."""

    name: str
    person: Person


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a dialogue."""

    number: int
    """Its turn, from 1."""
    seat: Seat
    text: str

    @property
    def turn(self) -> str:
        """The turn as the partner receives it."""
        return f"{MESSAGE} {self.text}".strip()


@dataclass(slots=True)
class Side:
    """A player in a seat of one game: an agent of that game alone, with a fresh conversation."""

    seat: Seat
    player: Player
    agent: LLMAgent
    values: Counts
    share: Counts | None = None
    """What it proposed to get; hidden from the partner."""


@dataclass(slots=True)
class Game:
    """One game between two players."""

    number: int
    context: Context
    sides: tuple[Side, Side]
    """Red and blue."""
    opener: Seat
    judge: LLMAgent | None = None
    history: list[Said] = field(default_factory=list)
    turns: int = 0
    corrections: int = 0

    def order(self) -> tuple[Side, Side]:
        """Return who speaks first, and who second."""
        red, blue = self.sides
        return (red, blue) if self.opener == "red" else (blue, red)

    def agents(self) -> list[LLMAgent]:
        """Return everybody who takes part."""
        return [side.agent for side in self.sides] + ([self.judge] if self.judge else [])


class Negotiation(Society):
    """Liao, Tomlin & Klein 2024, section 3: many independent games of two seats."""

    protocol: NegotiationProtocol
    records = (ContextRecord, Proposal, Correction, Outcome, Sample, Verdict)

    async def play(self) -> AsyncGenerator[None, None]:
        """Play all games; one Mesa step is one game, and games run at the same time."""
        players = self.players()
        contexts = list(islice(self.contexts(), self.protocol.games))
        fixtures = self.fixtures(players, contexts)
        for number, (scope, red, blue, context) in enumerate(fixtures, start=1):
            self.schedule_game(number, context, (red, blue), f"{scope}game{number:04}")
            yield

    def players(self) -> list[Player]:
        """Return the population under names that tell its members apart."""
        people = [self.population.next_person() for _ in range(self.config.population.size)]
        labels = [person.group or "player" for person in people]
        seen: Counter[str] = Counter()
        players = []
        for person, label in zip(people, labels, strict=True):
            seen[label] += 1
            name = label if labels.count(label) == 1 else f"{label} {seen[label]}"
            players.append(Player(name, person))
        return players

    def contexts(self) -> Iterator[Context]:
        """Yield contexts without end, as the protocol draws them."""
        listed, generator = self.protocol.listed, self.protocol.generator
        if self.protocol.draw == "in_order":
            yield from cycle(listed or tuple(self.protocol.generated()))
        tuples = generator.tuples(len(self.protocol.resources))
        while True:
            if listed:
                yield self.random.choice(listed)
            else:
                yield sample(tuples, generator.total, self.random)

    def fixtures(
        self, players: Sequence[Player], contexts: Sequence[Context]
    ) -> Iterator[tuple[str, Player, Player, Context]]:
        """Yield who meets whom over what; the text is the first part of the game's scope."""
        if self.protocol.pairing == "round_robin":
            for red, blue in permutations(players, 2):
                for context in contexts:
                    yield f"{red.name} against {blue.name}/", red, blue, context
            return
        for context in contexts:
            if self.protocol.pairing == "random":
                red, blue = self.random.sample(players, 2)
            else:
                red, blue = players[0], players[-1]
            yield "", red, blue, context

    def schedule_game(
        self, number: int, context: Context, players: tuple[Player, Player], scope: str
    ) -> None:
        """Seat two players and schedule their game; who opens it is drawn.

        Each seat of each game is an agent of its own: its conversation is fresh, and all games
        can be under way at once.
        """
        sides = [
            Side(seat, player, self.seat(f"{seat}-{number}", seat, player, context, values), values)
            for seat, player, values in zip(SEATS, players, context.values, strict=True)
        ]
        game = Game(number, context, (sides[0], sides[1]), self.random.choice(SEATS))
        if self.protocol.judge:
            game.judge = self.enroll(
                f"judge-{number}", role="judge", person=self.staff("judge"), brief={"judging": True}
            )
        self.schedule(self.negotiate(game), agents=game.agents(), scope=scope)

    def seat(
        self, name: str, seat: Seat, player: Player, context: Context, values: Counts
    ) -> LLMAgent:
        """Let a player join as the agent of one seat, told what is worth what to it."""
        return self.enroll(
            name,
            role=seat,
            person=player.person,
            memory=Conversation(corrections=True),
            brief={
                "resources": self.protocol.resources,
                "counts": context.counts,
                "values": values,
            },
        )

    async def negotiate(self, game: Game) -> None:
        """Play one game to its end, judge it, and log how it went."""
        red, blue = game.sides
        self.record(
            ContextRecord(
                game=game.number,
                red=red.player.name,
                blue=blue.player.name,
                opener=game.opener,
                resources=self.protocol.resources,
                counts=list(game.context.counts),
                red_values=list(red.values),
                blue_values=list(blue.values),
                weight=self.protocol.weight,
            )
        )
        self.conclude(game, await self.talk(game))
        for side in game.sides:
            await self.judge_messages(game, side)
        for agent in game.agents():
            agent.remove()

    async def talk(self, game: Game) -> Reason:
        """Let the players take turns until both have proposed (core protocol, 2.2)."""
        speaker, listener = game.order()
        while game.turns < self.protocol.max_turns:
            answer = await self.take_turn(game, speaker, proposed=listener.share is not None)
            if answer.outcome == "defaulted":
                return "aborted"
            game.turns += 1
            if answer.action == "message":
                speaker.agent.say(answer.text, to=[listener.agent], channel="negotiation")
                game.history.append(Said(game.turns, speaker.seat, answer.text))
            else:
                self.propose(game, speaker, answer)
                if listener.share is not None:
                    adds_up = game.context.rest(tuple(answer.share)) == listener.share
                    return "agreed" if adds_up else "mismatch"
            speaker, listener = listener, speaker
        return "turn_limit"

    async def take_turn(self, game: Game, speaker: Side, *, proposed: bool) -> TurnAnswer:
        """Ask for one turn; faulty outputs stay in the speaker's live context, and are logged."""
        situation: dict[str, Any] = {
            "protocol": self.protocol,
            "seat": speaker.seat,
            "resources": self.protocol.resources,
            "counts": game.context.counts,
            "values": speaker.values,
            "turn": game.turns + 1,
            "history": tuple(game.history),
            "proposed": proposed,
        }
        answer = await speaker.agent.ask(
            "turn",
            TurnAnswer,
            fallback=TurnAnswer(action="message", text=""),
            attempts=self.protocol.attempts,
            **situation,
        )
        for attempt, text in enumerate(speaker.agent.memory.faults(), start=1):
            game.corrections += 1
            self.record(
                Correction(
                    game=game.number,
                    turn=game.turns + 1,
                    attempt=attempt,
                    seat=speaker.seat,
                    kind=kind_of_violation(text, situation),
                    text=text,
                ),
                speaker.agent,
            )
        return answer

    def propose(self, game: Game, speaker: Side, answer: TurnAnswer) -> None:
        """Put a proposal on the table, face down."""
        speaker.share = tuple(answer.share)
        self.record(
            Proposal(
                game=game.number,
                turn=game.turns,
                seat=speaker.seat,
                share=answer.share,
                text=answer.text,
                outcome=answer.outcome,
            ),
            speaker.agent,
        )

    def conclude(self, game: Game, reason: Reason) -> None:
        """Log the outcome, and both seats' dialogues with their rewards."""
        red, blue = game.sides
        agreed = reason == "agreed"
        points = game.context.points(red.share) if agreed and red.share else (0, 0)
        scores = rewards(points, self.protocol.weight)
        self.record(
            Outcome(
                game=game.number,
                red=red.player.name,
                blue=blue.player.name,
                reason=reason,
                agreed=agreed,
                turns=game.turns,
                corrections=game.corrections,
                red_share=list(red.share) if red.share else None,
                blue_share=list(blue.share) if blue.share else None,
                red_points=points[0],
                blue_points=points[1],
                red_score=scores[0],
                blue_score=scores[1],
            )
        )
        for side, score in zip(game.sides, scores, strict=True):
            learnt = [side.agent.system_message, *side.agent.memory.accepted()]
            self.record(
                Sample(
                    game=game.number,
                    seat=side.seat,
                    player=side.player.name,
                    score=score,
                    agreed=agreed,
                    messages=[message.content for message in learnt],
                ),
                side.agent,
            )

    async def judge_messages(self, game: Game, side: Side) -> None:
        """Ask the judge about one seat's messages; the other seat's values are masked (2.5)."""
        judged = [said.number for said in game.history if said.seat == side.seat]
        if game.judge is None or not judged:
            return
        answer = await game.judge.ask(
            "judge",
            VerdictAnswer,
            fallback=VerdictAnswer(flagged=[], reason="no verdict could be read"),
            seat=side.seat,
            resources=self.protocol.resources,
            counts=game.context.counts,
            values=side.values,
            history=tuple(game.history),
            share=side.share,
            judged=judged,
        )
        self.record(
            Verdict(
                game=game.number,
                seat=side.seat,
                player=side.player.name,
                messages=len(judged),
                flagged=answer.flagged,
                reason=answer.reason,
                outcome=answer.outcome,
            ),
            game.judge,
        )
