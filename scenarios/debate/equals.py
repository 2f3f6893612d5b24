"""Equals who answer: symmetric debate (Du et al. 2023, arXiv 2305.14325), and the baselines.

The baselines are one answer, many independent ones and a vote, or self-reflection.
"""

from societies.agents.agent import LLMAgent
from societies.agents.answers.answer import Text
from societies.scenarios.debate.answers import Refinement
from societies.scenarios.debate.case import Case, last_words
from societies.scenarios.debate.protocol import summarises
from societies.scenarios.debate.questions import vote


def schedule_rounds(case: Case) -> None:
    """Schedule a debate: everybody answers alone, then revises in rounds, then the vote.

    The turns of a round do not wait for each other; the end of a round waits for all of them, and
    the next round for it. So everybody is shown the replies of the round before.
    """
    for number in range(1, case.protocol.rounds + 1):
        for debater in case.debaters:
            staff = [
                summariser.thread(f"{case.scope}/{debater.name}", **summariser.brief)
                for summariser in case.staff.values()
            ]
            turn = take_turn(case, debater, number, *staff)
            case.schedule(turn, f"r{number}/{debater.name}", debater, *staff)
        case.schedule(end_round(case), f"r{number}/end")
    case.schedule(count_votes(case), "vote")


async def take_turn(
    case: Case, debater: LLMAgent, number: int, summariser: LLMAgent | None = None
) -> None:
    """Let a debater answer: alone at first, then shown what the others said, never its own reply.

    A single debater is asked to double-check its answer instead: the reflection baseline.
    """
    others = [other for other in case.debaters if other is not debater]
    shown_to = others if number < case.protocol.rounds else []
    if number == 1:
        await case.state(debater, "solve", number=1, to=shown_to, step_by_step=False)
        return
    replies = [case.heard[other] for other in others]
    summary = ""
    if summariser and summarises(case.protocol, len(case.debaters)):
        summary = await summarise(case, summariser, replies)
        summariser.say(summary, to=[debater], channel=f"summary for round {number}")
    await case.state(
        debater, "revise", number=number, to=shown_to, replies=replies, summary=summary
    )


async def summarise(case: Case, summariser: LLMAgent, replies: list[str]) -> str:
    """Return one summary of replies."""
    summary = await summariser.aside(
        "summarise",
        Text,
        fallback=Text(text="(no summary could be made)"),
        context="fresh",
        question=case.question,
        replies=replies,
    )
    return summary.text


async def end_round(case: Case) -> None:
    """Let what was said in the round be heard in the next."""
    case.heard = {debater: last_words(debater) for debater in case.debaters}


async def count_votes(case: Case) -> None:
    """Let the most frequent of the last answers win."""
    random = case.debaters[0].random
    answer, decided_by = vote(case.question, case.answers, case.protocol.ties, random)
    rounds = case.protocol.rounds if case.protocol.kind == "symmetric" else 1
    case.conclude(answer, decided_by, rounds)


# -- baselines ---------------------------------------------------------------------------------


def schedule_answers(case: Case) -> None:
    """Schedule independent answers, one agent's many or many agents', and the vote."""
    seats = case.society.config.population.size
    for place, debater in enumerate(case.debaters):
        sample = place // seats + 1
        case.schedule(answer_once(case, debater, sample), f"s{sample}/{debater.name}", debater)
    case.schedule(count_votes(case), "vote")


async def answer_once(case: Case, debater: LLMAgent, sample: int = 1) -> None:
    """Let a debater answer independently: directly, or by a chain of thought."""
    stepwise = case.protocol.kind in {"chain_of_thought", "self_consistency"}
    await case.state(debater, "solve", number=1, sample=sample, step_by_step=stepwise)


async def answer_alone(case: Case) -> None:
    """Answer once, and let that be the decision."""
    await answer_once(case, case.debaters[0])
    (answer,) = case.answers
    case.conclude(answer, "nobody" if answer is None else "answer", 1)


async def reflect(case: Case) -> None:
    """Answer, then criticise and refine until satisfied, or until the rounds are used up."""
    thinker, number = case.debaters[0], 1
    await answer_once(case, thinker)
    for number in range(2, case.protocol.rounds + 1):
        refined = await case.state(thinker, "refine", Refinement, number=number)
        if refined.satisfied and refined.answer is not None:
            break
    (answer,) = case.answers
    case.conclude(answer, "nobody" if answer is None else "answer", number)
