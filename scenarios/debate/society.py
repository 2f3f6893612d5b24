"""The debate: questions, each answered in conversations of its own by the same few agents."""

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

from societies.agents.agent import LLMAgent
from societies.scenarios.debate.baselines import answer_alone, reflect, schedule_answers
from societies.scenarios.debate.case import Case
from societies.scenarios.debate.judged import debate_before_judge
from societies.scenarios.debate.protocol import summarises
from societies.scenarios.debate.records import Judgement, Posed, Result, Statement
from societies.scenarios.debate.symmetric import schedule_rounds
from societies.scenarios.debate.tasks import Question, load_questions
from societies.scenarios.debate.turns import Decide, Turns

ONE_BY_ONE: dict[str, Decide] = {
    "judged": debate_before_judge,
    "single": answer_alone,
    "chain_of_thought": answer_alone,
    "self_reflection": reflect,
}
"""Protocols in which every turn waits for the one before: an interaction per question."""
SIDE_BY_SIDE: dict[str, Callable[[Turns, Case], None]] = {
    "symmetric": schedule_rounds,
    "self_consistency": schedule_answers,
    "majority": schedule_answers,
}
"""Protocols with turns that need not wait for each other: an interaction per turn."""


class Debate(Turns):
    """Du et al. 2023 (symmetric), Liang et al. 2023 (judged), and their baselines."""

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
