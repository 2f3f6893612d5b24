"""What debate is compared with: one answer, many answers and a vote, or self-reflection."""

from typing import TYPE_CHECKING

from societies.scenarios.debate.answers import Position, Refinement
from societies.scenarios.debate.voting import DecidedBy, Decision, vote

if TYPE_CHECKING:
    from societies.scenarios.debate.debate import Case, Debate


async def answer_alone(debate: "Debate", case: "Case") -> Decision:
    """Answer once: directly, or by a chain of thought."""
    position = await debate.state(
        case,
        case.debaters[0],
        "solve",
        Position,
        round_number=1,
        step_by_step=debate.protocol.kind == "chain_of_thought",
    )
    decided_by: DecidedBy = "nobody" if position.answer is None else "answer"
    return Decision(position.answer, decided_by, 1, [position.answer])


async def answer_and_vote(debate: "Debate", case: "Case") -> Decision:
    """Answer independently and vote: one agent many times by chains of thought, or many agents."""
    answers: list[str | None] = []
    for seat, debater in enumerate(case.debaters):
        position = await debate.state(
            case,
            debater,
            "solve",
            Position,
            round_number=1,
            sample=seat // debate.config.population.size + 1,
            step_by_step=debate.protocol.kind == "self_consistency",
        )
        answers.append(position.answer)
    answer, decided_by = vote(case.question, answers, debate.protocol.ties, case.debaters[0].random)
    return Decision(answer, decided_by, 1, answers)


async def reflect(debate: "Debate", case: "Case") -> Decision:
    """Answer, then criticise and refine until satisfied, or until the rounds are used up."""
    thinker = case.debaters[0]
    position = await debate.state(
        case, thinker, "solve", Position, round_number=1, step_by_step=False
    )
    answer, round_number = position.answer, 1
    for round_number in range(2, debate.protocol.rounds + 1):
        refined = await debate.state(case, thinker, "refine", Refinement, round_number=round_number)
        answer = refined.answer
        if refined.satisfied and answer is not None:
            break
    return Decision(answer, "nobody" if answer is None else "answer", round_number, [answer])
