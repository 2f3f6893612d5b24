"""Deal or No Deal: two players talk, and then propose in private how to share things out."""

from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Sequence
from itertools import cycle, islice, permutations
from typing import Any, Literal

from societies.agents.agent import LLMAgent
from societies.agents.memory import Conversation
from societies.scenarios.negotiation.answers import (
    TurnAnswer,
    VerdictAnswer,
    kind_of_violation,
)
from societies.scenarios.negotiation.contexts import (
    SEATS,
    Context,
    rewards,
    sample,
)
from societies.scenarios.negotiation.game import Game, Said, Side
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


class Negotiation(Society[NegotiationProtocol]):
    """Liao, Tomlin & Klein 2024, section 3: many independent games of two seats."""

    records = (ContextRecord, Proposal, Correction, Outcome, Sample, Verdict)

    async def play(self) -> AsyncGenerator[None, None]:
        """Play all games; one Mesa step is one game, and games run at the same time."""
        players = self.players()
        judge = self.judge()
        contexts = list(islice(self.contexts(), self.protocol.games))
        fixtures = self.fixtures(players, contexts)
        for number, (scope, red, blue, context) in enumerate(fixtures, start=1):
            game = self.new_game(number, context, (red, blue), judge)
            self.schedule(
                self.negotiate(game), agents=game.agents(), scope=f"{scope}game{number:04}"
            )
            yield

    def judge(self) -> LLMAgent | None:
        """Let the judge join, if there is one."""
        if not self.protocol.judge:
            return None
        return self.enroll("judge", role="judge", person=self.staff("judge"))

    def players(self) -> list[LLMAgent]:
        """Let the population join; in fixed pairings the first is red, and the last is blue."""
        people = [self.population.next_person() for _ in range(self.config.population.size)]
        if self.protocol.pairing != "fixed":
            names = tell_apart([person.group or "player" for person in people])
            return [self.enroll(n, person=p) for n, p in zip(names, people, strict=True)]
        seated = list(zip(SEATS, (people[0], people[-1]), strict=True))
        if len(people) == 1:
            names = [f"{person.group} {seat}".strip() for seat, person in seated]
        else:
            names = tell_apart([person.group or seat for seat, person in seated])
        return [
            self.enroll(name, role=seat, person=person)
            for name, (seat, person) in zip(names, seated, strict=True)
        ]

    def contexts(self) -> Iterator[Context]:
        """Yield contexts without end, as the protocol draws them."""
        listed, generator = self.protocol.listed, self.protocol.generator
        if self.protocol.draw == "in_order":
            yield from cycle(listed or self.protocol.generated())
        tuples = generator.tuples(len(self.protocol.resources))
        while True:
            if listed:
                yield self.random.choice(listed)
            else:
                yield sample(tuples, generator.total, self.random)

    def fixtures(
        self, players: Sequence[LLMAgent], contexts: Sequence[Context]
    ) -> Iterator[tuple[str, LLMAgent, LLMAgent, Context]]:
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
        self,
        number: int,
        context: Context,
        players: tuple[LLMAgent, LLMAgent],
        judge: LLMAgent | None,
    ) -> Game:
        """Seat two players; who opens the game is drawn.

        Everybody takes part in a thread of its own for this game, with a fresh conversation, so
        that all games can be under way at once.
        """
        topic = f"game {number}"
        sides = [
            Side(
                seat,
                player.thread(
                    topic,
                    Conversation(corrections=True),
                    resources=self.protocol.resources,
                    counts=context.counts,
                    values=values,
                ),
                values,
            )
            for seat, player, values in zip(SEATS, players, context.values, strict=True)
        ]
        opener = self.random.choice(SEATS)
        reader = judge.thread(topic, Conversation(window=0), judging=True) if judge else None
        return Game(number, context, (sides[0], sides[1]), opener, reader)

    async def negotiate(self, game: Game) -> None:
        """Play one game to its end, judge it, and log how it went."""
        red, blue = game.sides
        self.record(
            ContextRecord(
                game=game.number,
                red=red.agent.name,
                blue=blue.agent.name,
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
                red=red.agent.name,
                blue=blue.agent.name,
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
                    score=score,
                    agreed=agreed,
                    messages=[message.content for message in learnt],
                ),
                side.agent,
            )

    async def judge_messages(self, game: Game, side: Side) -> None:
        """Ask the judge about one seat's messages; the other seat's values are masked."""
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
