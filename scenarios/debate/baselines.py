"""What debate is compared with: one answer, many answers and a vote, or self-reflection."""

from societies.agents.agent import LLMAgent
from societies.scenarios.debate.answers import Position, Refinement
from societies.scenarios.debate.case import Case
from societies.scenarios.debate.symmetric import count_votes
from societies.scenarios.debate.turns import Turns
from societies.scenarios.debate.voting import DecidedBy, Decision


async def answer_alone(debate: Turns, case: Case) -> Decision:
    """Answer once: directly, or by a chain of thought."""
    stepwise = debate.protocol.kind == "chain_of_thought"
    position = await debate.state(
        case, case.debaters[0], "solve", Position, round_number=1, step_by_step=stepwise
    )
    how: DecidedBy = "nobody" if position.answer is None else "answer"
    return Decision(position.answer, how, 1, [position.answer])


def schedule_answers(debate: Turns, case: Case) -> None:
    """Schedule independent answers, one agent's many or many agents', and the vote."""
    seats = debate.config.population.size
    for place, debater in enumerate(case.debaters):
        sample = place // seats + 1
        debate.schedule(
            answer_once(debate, case, debater, sample),
            agents=[debater],
            scope=f"{case.scope}/s{sample}/{debater.name}",
        )
    debate.schedule(debate.hold(case, count_votes), agents=case.threads, scope=f"{case.scope}/vote")


async def answer_once(debate: Turns, case: Case, debater: LLMAgent, sample: int) -> None:
    """Let a debater answer independently; self-consistency is about chains of thought."""
    case.positions[debater] = await debate.state(
        case,
        debater,
        "solve",
        Position,
        round_number=1,
        sample=sample,
        step_by_step=debate.protocol.kind == "self_consistency",
    )


async def reflect(debate: Turns, case: Case) -> Decision:
    """Answer, then criticise and refine until satisfied, or until the rounds are used up."""
    thinker = case.debaters[0]
    position = await debate.state(
        case, thinker, "solve", Position, round_number=1, step_by_step=False
    )
    answer, number = position.answer, 1
    for number in range(2, debate.protocol.rounds + 1):
        refined = await debate.state(case, thinker, "refine", Refinement, round_number=number)
        answer = refined.answer
        if refined.satisfied and answer is not None:
            break
    return Decision(answer, "nobody" if answer is None else "answer", number, [answer])
