"""The debate: questions, each answered in conversations of its own by the same few agents."""

from collections.abc import Sequence
from typing import Any

from societies.agents.agent import LLMAgent
from societies.scenarios.debate.case import Case
from societies.scenarios.debate.equals import (
    answer_alone,
    reflect,
    schedule_answers,
    schedule_rounds,
)
from societies.scenarios.debate.judged import debate_before_judge
from societies.scenarios.debate.protocol import DebateProtocol, summarises
from societies.scenarios.debate.questions import Question
from societies.scenarios.debate.records import Judgement, Posed, Result, Statement
from societies.scenarios.debate.tasks import load_questions
from societies.society import Play, Society

ONE_BY_ONE = {
    "judged": debate_before_judge,
    "single": answer_alone,
    "chain_of_thought": answer_alone,
    "self_reflection": reflect,
}
"""Protocols in which every turn waits for the one before: an interaction per question."""
SIDE_BY_SIDE = {
    "symmetric": schedule_rounds,
    "self_consistency": schedule_answers,
    "majority": schedule_answers,
}
"""Protocols with turns that need not wait for each other: an interaction per turn."""


class Debate(Society[DebateProtocol]):
    """Du et al. 2023 (symmetric), Liang et al. 2023 (judged), and their baselines."""

    records = (Posed, Statement, Judgement, Result)

    async def play(self) -> Play:
        """Ask all questions; one Mesa step is one question. They do not wait for each other."""
        debaters = [self.enroll_debater(seat) for seat in range(self.config.population.size)]
        staff = {
            role: self.enroll(role, role=role, person=self.staff(role))
            for role in self.staff_roles()
        }
        for number, question in enumerate(load_questions(self.protocol.task), start=1):
            case = self.open_case(f"q{number:04}", question, debaters, staff)
            case.pose()
            if self.protocol.kind in SIDE_BY_SIDE:
                SIDE_BY_SIDE[self.protocol.kind](case)
            else:
                case.schedule(ONE_BY_ONE[self.protocol.kind](case))
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
        shown: dict[str, Any] = {
            "question": question,
            "seats": [debater.name for debater in debaters],
        }
        threads = [
            debater.thread(f"{scope}/{sample}", part="debater", **shown)
            for sample in range(self.protocol.samples)
            for debater in debaters
        ]
        others = {role: agent.thread(scope, part=role, **shown) for role, agent in staff.items()}
        if "judge" in staff:
            others["fresh judge"] = staff["judge"].thread(f"{scope}/fresh", part="judge", **shown)
        return Case(self, scope, question, threads, others)
