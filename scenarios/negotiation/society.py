"""Deal or No Deal: two players talk, and then propose in private how to share things out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice, permutations
from typing import Any, ClassVar

from societies.kit import Agent, Conversation, Play, Society
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
    generate,
    rewards,
    sample,
)
from societies.scenarios.negotiation.protocol import NegotiationProtocol
from societies.scenarios.negotiation.records import (
    ContextRecord,
    Correction,
    Outcome,
    Proposal,
    Reason,
    Sample,
    Verdict,
)

NO_TURN = TurnAnswer(action="message", text="")
NO_VERDICT = VerdictAnswer(flagged=[], reason="no verdict could be read")
"""What stands in when no reply could be read."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a dialogue."""

    template_properties: ClassVar[tuple[str, ...]] = ("turn",)

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
    """A player in a seat of one game."""

    seat: Seat
    agent: Agent
    """The player's thread in this game, with a fresh conversation."""
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
    judge: Agent | None
    history: list[Said] = field(default_factory=list)
    turns: int = 0
    corrections: int = 0

    @property
    def named(self) -> dict[str, Any]:
        """What a record says of which game it is, and who plays it."""
        red, blue = (side.agent.name for side in self.sides)
        return {"game": self.number, "red": red, "blue": blue}


class Negotiation(Society[NegotiationProtocol]):
    """Liao, Tomlin & Klein 2024, section 3: many independent games of two seats."""

    records = (ContextRecord, Proposal, Correction, Outcome, Sample, Verdict)

    async def play(self) -> Play:
        """Play all games; one Mesa step is one game, and games run at the same time."""
        players = self.players()
        judge = None
        if self.protocol.judge:
            judge = self.enroll("judge", role="judge", person=self.staff("judge"))
        contexts = list(islice(self.contexts(), self.protocol.games))
        fixtures = self.fixtures(players, contexts)
        for number, (scope, red, blue, context) in enumerate(fixtures, start=1):
            game = self.new_game(number, context, (red, blue), judge)
            there = [side.agent for side in game.sides] + ([game.judge] if game.judge else [])
            self.schedule(self.negotiate(game), agents=there, scope=f"{scope}game{number:04}")
            yield

    def players(self) -> list[Agent]:
        """Let the population join; in fixed pairings the first is red, and the last is blue."""
        people = [self.population.next_person() for _ in range(self.config.population.size)]
        seats: Sequence[str] = [""] * len(people)
        alone = len(people) == 1
        if self.protocol.pairing == "fixed":
            people, seats = [people[0], people[-1]], SEATS
        labels = [
            f"{person.group} {seat}".strip() if alone else person.group or seat or "player"
            for person, seat in zip(people, seats, strict=True)
        ]
        named = zip(tell_apart(labels), seats, people, strict=True)
        return [self.enroll(name, role=seat, person=person) for name, seat, person in named]

    def contexts(self) -> Iterator[Context]:
        """Yield contexts without end, as the protocol draws them."""
        listed, generator = self.protocol.listed, self.protocol.generator
        tuples = generator.tuples(len(self.protocol.resources))
        if self.protocol.draw == "in_order":
            yield from cycle(listed or generate(tuples, generator.total))
        while True:
            if listed:
                yield self.random.choice(listed)
            else:
                yield sample(tuples, generator.total, self.random)

    def fixtures(
        self, players: Sequence[Agent], contexts: Sequence[Context]
    ) -> Iterator[tuple[str, Agent, Agent, Context]]:
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

    def new_game(
        self, number: int, context: Context, players: tuple[Agent, Agent], judge: Agent | None
    ) -> Game:
        """Seat two players; who opens the game is drawn.

        Everybody takes part in a thread of its own for this game, with a fresh conversation, so
        that all games can be under way at once.
        """
        topic, things = f"game {number}", self.things(context)
        red, blue = (
            Side(
                seat,
                player.thread(topic, Conversation(corrections=True), **things, values=values),
                values,
            )
            for seat, player, values in zip(SEATS, players, context.values, strict=True)
        )
        opener = self.random.choice(SEATS)
        reader = judge.thread(topic, Conversation(window=0), judging=True) if judge else None
        return Game(number, context, (red, blue), opener, reader)

    def things(self, context: Context) -> dict[str, Any]:
        """Return what everybody is told of what there is to share."""
        return {"resources": self.protocol.resources, "counts": context.counts}

    async def negotiate(self, game: Game) -> None:
        """Play one game to its end, judge it, and log how it went."""
        red, blue = game.sides
        self.record(
            ContextRecord(
                **game.named,
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

    async def talk(self, game: Game) -> Reason:
        """Let the players take turns until both have proposed (Liao et al. 2024, section 3)."""
        speaker, listener = game.sides if game.opener == "red" else game.sides[::-1]
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
            **self.things(game.context),
            "values": speaker.values,
            "turn": game.turns + 1,
            "history": tuple(game.history),
            "proposed": proposed,
        }
        answer = await speaker.agent.ask(
            "turn", TurnAnswer, fallback=NO_TURN, attempts=self.protocol.attempts, **situation
        )
        for attempt, text in enumerate(speaker.agent.memory.faults(), start=1):
            game.corrections += 1
            fault = Correction(
                game=game.number,
                turn=game.turns + 1,
                attempt=attempt,
                seat=speaker.seat,
                kind=kind_of_violation(text, situation),
                text=text,
            )
            self.record(fault, speaker.agent)
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
                **game.named,
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
            texts = [message.content for message in learnt]
            line = Sample(
                game=game.number, seat=side.seat, score=score, agreed=agreed, messages=texts
            )
            self.record(line, side.agent)

    async def judge_messages(self, game: Game, side: Side) -> None:
        """Ask the judge about one seat's messages; the other seat's values are masked."""
        judged = [said.number for said in game.history if said.seat == side.seat]
        if game.judge is None or not judged:
            return
        answer = await game.judge.ask(
            "judge",
            VerdictAnswer,
            fallback=NO_VERDICT,
            seat=side.seat,
            **self.things(game.context),
            values=side.values,
            history=tuple(game.history),
            share=side.share,
            judged=judged,
        )
        self.record(
            Verdict(
                game=game.number,
                seat=side.seat,
                player=side.agent.name,
                messages=len(judged),
                flagged=answer.flagged,
                reason=answer.reason,
                outcome=answer.outcome,
            ),
            game.judge,
        )


def tell_apart(labels: Sequence[str]) -> list[str]:
    """Return names of which no two are alike: labels, numbered where several are the same."""
    times, seen = Counter(labels), Counter[str]()
    names = []
    for label in labels:
        seen[label] += 1
        names.append(label if times[label] == 1 else f"{label} {seen[label]}")
    return names
