"""The debate: questions, each answered in conversations of its own by the same few agents."""

from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from societies.agents.agent import LLMAgent
from societies.scenarios.debate.answers import Position
from societies.scenarios.debate.baselines import answer_alone, reflect, schedule_answers
from societies.scenarios.debate.case import Case, last_words
from societies.scenarios.debate.judged import debate_before_judge, holding
from societies.scenarios.debate.protocol import DebateProtocol, summarises
from societies.scenarios.debate.records import Judgement, Posed, Result, Statement
from societies.scenarios.debate.symmetric import schedule_rounds
from societies.scenarios.debate.tasks import Question, is_right, is_trapped, load_questions
from societies.scenarios.debate.voting import Decision, consensus
from societies.society import Society

Decide = Callable[["Debate", Case], Coroutine[Any, Any, Decision]]

ONE_BY_ONE: dict[str, Decide] = {
    "judged": debate_before_judge,
    "single": answer_alone,
    "chain_of_thought": answer_alone,
    "self_reflection": reflect,
}
"""Protocols in which every turn waits for the one before: an interaction per question."""
SIDE_BY_SIDE: dict[str, Callable[["Debate", Case], None]] = {
    "symmetric": schedule_rounds,
    "self_consistency": schedule_answers,
    "majority": schedule_answers,
}
"""Protocols with turns that need not wait for each other: an interaction per turn."""
PositionT = TypeVar("PositionT", bound=Position)


class Debate(Society):
    """Du et al. 2023 (symmetric), Liang et al. 2023 (judged), and their baselines."""

    protocol: DebateProtocol
    records = (Posed, Statement, Judgement, Result)

    async def play(self) -> AsyncGenerator[None, None]:
        """Ask all questions; one Mesa step is one question. They do not wait for each other."""
        debaters = [self.enroll_debater(seat) for seat in range(self.config.population.size)]
        staff = {
            role: self.enroll(role, role=role, person=self.staff(role))
            for role in self.staff_roles()
        }
        for number, question in enumerate(load_questions(self.protocol.task), start=1):
            case = self.open_case(f"q{number:04}", question, debaters, staff)
            self.pose(case)
            if self.protocol.kind in SIDE_BY_SIDE:
                SIDE_BY_SIDE[self.protocol.kind](self, case)
            else:
                held = self.hold(case, ONE_BY_ONE[self.protocol.kind])
                self.schedule(held, agents=case.threads, scope=case.scope)
            yield

    def enroll_debater(self, seat: int) -> LLMAgent:
        """Let the population's next person take a seat; judged debates name the first two sides."""
        sides = ("affirmative", "negative") if self.protocol.kind == "judged" else ()
        if seat < len(sides):
            return self.enroll(sides[seat], role=sides[seat])
        return self.enroll(f"debater {seat + 1}", role="debater")

    def staff_roles(self) -> list[str]:
        """Return the roles beside the debaters that the protocol needs."""
        if self.protocol.kind == "judged":
            return ["base", "judge"] if self.protocol.base_answer else ["judge"]
        size = self.config.population.size
        summarised = self.protocol.kind == "symmetric" and summarises(self.protocol, size)
        return ["summariser"] if summarised else []

    def open_case(
        self,
        scope: str,
        question: Question,
        debaters: Sequence[LLMAgent],
        staff: dict[str, LLMAgent],
    ) -> Case:
        """Give everybody a conversation of its own for a question."""
        seats = [debater.name for debater in debaters]
        shared: dict[str, Any] = {"question": question, "seats": seats}
        threads = [
            debater.thread(f"{scope}/{sample}", part="debater", **shared)
            for sample in range(self.protocol.samples)
            for debater in debaters
        ]
        others = {role: agent.thread(scope, part=role, **shared) for role, agent in staff.items()}
        if "judge" in staff:
            fresh = staff["judge"].thread(f"{scope}/fresh", part="judge", **shared)
            others["fresh judge"] = fresh
        return Case(scope, question, threads, others)

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

    async def hold(self, case: Case, decide: Decide) -> None:
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
