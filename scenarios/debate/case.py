"""A case: one question with the conversations it is answered in, and what is logged of it."""

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from societies.agents.agent import LLMAgent
from societies.scenarios.debate.answers import Position
from societies.scenarios.debate.protocol import DebateProtocol
from societies.scenarios.debate.questions import (
    DecidedBy,
    Question,
    consensus,
    is_right,
    is_trapped,
    matches,
)
from societies.scenarios.debate.records import Posed, Result, Statement
from societies.society import Society


@dataclass(slots=True)
class Case:
    """One question, with a thread of everybody who has a part in it: cases share nothing."""

    society: Society[DebateProtocol]
    scope: str
    """Its interactions' scopes are this, or begin with it and a slash."""
    question: Question
    debaters: list[LLMAgent]
    """In seat order; with several samples, a thread for each of them."""
    staff: dict[str, LLMAgent]
    """Judge, fresh judge, summariser and base, as far as the protocol has them."""
    positions: dict[LLMAgent, Position] = field(default_factory=dict)
    """What everybody holds at present."""
    heard: dict[LLMAgent, str] = field(default_factory=dict)
    """What everybody said in the last round that is over."""
    unparsable: int = 0
    """Replies so far from which no answer could be read."""

    @property
    def protocol(self) -> DebateProtocol:
        """The parameters in force."""
        return self.society.protocol

    @property
    def answers(self) -> list[str | None]:
        """What everybody holds at present, in seat order; None where it cannot be read."""
        return [self.positions[debater].answer for debater in self.debaters]

    def pose(self) -> None:
        """Log the question."""
        posed = Posed(
            question=self.question.name,
            kind=self.question.kind,
            text=self.question.text,
            accepted=list(self.question.accepted),
            traps=list(self.question.traps),
        )
        self.society.record(posed, scope=self.scope)

    def schedule(self, work: Coroutine[Any, Any, None], part: str = "", *agents: LLMAgent) -> None:
        """Schedule a part of the case, of some who have a part in it; of everybody by default."""
        everybody = (*self.debaters, *self.staff.values())
        scope = f"{self.scope}/{part}" if part else self.scope
        self.society.schedule(work, agents=agents or everybody, scope=scope)

    async def state(
        self,
        debater: LLMAgent,
        prompt: str,
        answer: type[Position] = Position,
        *,
        number: int,
        to: Sequence[LLMAgent] = (),
        sample: int = 1,
        **situation: Any,
    ) -> Position:
        """Ask a debater for its position, and let those hear it whom the protocol shows it to."""
        position = await debater.ask(
            prompt,
            answer,
            fallback=answer(),
            attempts=self.protocol.attempts,
            question=self.question,
            round=number,
            **situation,
        )
        debater.say(last_words(debater), to=to, channel=f"round {number}")
        self.positions[debater] = position
        self.unparsable += position.answer is None
        self.society.record(
            Statement(
                question=self.question.name,
                round=number,
                sample=sample,
                answer=position.answer,
                right=self.is_right(position.answer),
                trapped=is_trapped(self.question, position.answer),
                satisfied=position.satisfied,
                outcome=position.outcome,
            ),
            debater,
        )
        return position

    def is_right(self, answer: str | None) -> bool | None:
        """Return whether a position is right; an unreadable one is wrong.

        In fidelity `released` it is neither right nor wrong: the published evaluation counts a
        question without an answer as right (word problems) or drops it, and knows no positions.
        """
        if answer is None and self.question.kind != "translation":
            return False if self.protocol.fidelity == "paper" else None
        return is_right(self.question, answer, self.protocol.fidelity)

    def conclude(
        self, answer: str | None, decided_by: DecidedBy, rounds: int, named: str | None = None
    ) -> None:
        """Log what the question came to.

        Args:
            answer: the decision; None if there is none.
            decided_by: how it was reached.
            rounds: how many were used.
            named: judged debate: the side that the deciding verdict named, or `none`.
        """
        self.society.record(
            Result(
                question=self.question.name,
                protocol=self.protocol.kind,
                answer=answer,
                right=is_right(self.question, answer, self.protocol.fidelity),
                trapped=is_trapped(self.question, answer),
                decided_by=decided_by,
                rounds=rounds,
                consensus=consensus(self.question, self.answers),
                unparsable=self.unparsable,
                side_named=named,
                side_holding=self.holding(answer) if named else None,
            )
        )

    def holding(self, answer: str | None) -> str:
        """Return the one side whose last answer is the final one, or `none`, or `several`."""
        held = zip(self.debaters, self.answers, strict=True)
        holders = [
            debater.name
            for debater, own in held
            if answer and own and matches(self.question, own, answer)
        ]
        return holders[0] if len(holders) == 1 else "several" if holders else "none"


def last_words(agent: LLMAgent) -> str:
    """Return an agent's last reply as it gave it, whether it could be read or not."""
    return agent.memory.messages()[-1].content
