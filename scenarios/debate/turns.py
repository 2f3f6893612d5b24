"""What every kind of debate is made of: questions, positions, results, and their rows."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from societies.agents.agent import LLMAgent
from societies.scenarios.debate.answers import Position
from societies.scenarios.debate.case import Case, last_words
from societies.scenarios.debate.protocol import DebateProtocol
from societies.scenarios.debate.records import Posed, Result, Statement
from societies.scenarios.debate.tasks import Question, is_right, is_trapped, matches
from societies.scenarios.debate.voting import Decision, consensus
from societies.society import Society

PositionT = TypeVar("PositionT", bound=Position)


class Turns(Society[DebateProtocol]):
    """A society in which questions are posed, positions stated, and results logged."""

    def pose(self, case: Case) -> None:
        """Log the question."""
        question = case.question
        posed = Posed(
            question=question.name,
            kind=question.kind,
            text=question.text,
            accepted=list(question.accepted),
            traps=list(question.traps),
        )
        self.record(posed, scope=case.scope)

    async def hold(self, case: Case, decide: "Decide") -> None:
        """Let a question be decided, and log what it came to."""
        self.conclude(case, await decide(self, case))

    async def state(
        self,
        case: Case,
        debater: LLMAgent,
        prompt: str,
        answer: type[PositionT],
        *,
        round_number: int,
        to: Sequence[LLMAgent] = (),
        sample: int = 1,
        **situation: Any,
    ) -> PositionT:
        """Ask a debater for its position, and let those hear it whom the protocol shows it to."""
        position = await debater.ask(
            prompt,
            answer,
            fallback=answer(),
            attempts=self.protocol.attempts,
            protocol=self.protocol,
            question=case.question,
            round=round_number,
            **situation,
        )
        debater.say(last_words(debater), to=to, channel=f"round {round_number}")
        case.unparsable += position.answer is None
        self.record(
            Statement(
                question=case.question.name,
                round=round_number,
                sample=sample,
                answer=position.answer,
                right=self.is_right(case.question, position.answer),
                trapped=is_trapped(case.question, position.answer),
                satisfied=getattr(position, "satisfied", None),
                outcome=position.outcome,
            ),
            debater,
        )
        return position

    def conclude(self, case: Case, decision: Decision) -> None:
        """Log the result of a question."""
        question = case.question
        self.record(
            Result(
                question=question.name,
                protocol=self.protocol.kind,
                answer=decision.answer,
                right=is_right(question, decision.answer, self.protocol.fidelity),
                trapped=is_trapped(question, decision.answer),
                decided_by=decision.decided_by,
                rounds=decision.rounds,
                consensus=consensus(question, decision.answers),
                unparsable=case.unparsable,
                side_named=decision.named,
                side_holding=holding(case, decision.answer) if decision.named else None,
            )
        )

    def is_right(self, question: Question, answer: str | None) -> bool | None:
        """Return whether a position is right; an unreadable one is wrong.

        In fidelity `released` it is neither right nor wrong: the published evaluation counts a
        question without an answer as right (word problems) or drops it, and knows no positions.
        """
        if answer is None and question.kind != "translation":
            return False if self.protocol.fidelity == "paper" else None
        return is_right(question, answer, self.protocol.fidelity)


Decide = Callable[[Turns, Case], Coroutine[Any, Any, Decision]]
"""Brings one question to its decision."""


def holding(case: Case, answer: str | None) -> str:
    """Return the one side whose last answer is the final one, or `none`, or `several`."""
    holders = [
        debater.name
        for debater, position in case.positions.items()
        if answer and position.answer and matches(case.question, position.answer, answer)
    ]
    return holders[0] if len(holders) == 1 else "several" if holders else "none"
