"""Symmetric debate (Du et al. 2023, arXiv 2305.14325, section 2): equals, and a vote."""

from societies.agents.agent import LLMAgent
from societies.agents.answers.answer import Text
from societies.scenarios.debate.answers import Position
from societies.scenarios.debate.case import Case, last_words
from societies.scenarios.debate.protocol import summarises
from societies.scenarios.debate.turns import Turns
from societies.scenarios.debate.voting import Decision, vote


def schedule_rounds(debate: Turns, case: Case) -> None:
    """Schedule a debate: everybody answers alone, then revises in rounds, then the vote.

    The turns of a round do not wait for each other; the end of a round waits for all of them, and
    the next round for it. So everybody is shown the replies of the round before.
    """
    protocol = debate.protocol
    for number in range(1, protocol.rounds + 1):
        scope = f"{case.scope}/r{number}"
        for debater in case.debaters:
            summariser = summariser_for(debater, case)
            debate.schedule(
                take_turn(debate, case, debater, summariser, number),
                agents=[debater, summariser] if summariser else [debater],
                scope=f"{scope}/{debater.name}",
            )
        debate.schedule(end_round(case), agents=case.threads, scope=f"{scope}/end")
    debate.schedule(debate.hold(case, count_votes), agents=case.threads, scope=f"{case.scope}/vote")


async def take_turn(
    debate: Turns, case: Case, debater: LLMAgent, summariser: LLMAgent | None, number: int
) -> None:
    """Let a debater answer: alone at first, then shown what the others said, never its own reply.

    A single debater is asked to double-check its answer instead: the reflection baseline.
    """
    others = [other for other in case.debaters if other is not debater]
    shown_to = others if number < debate.protocol.rounds else []
    if number == 1:
        case.positions[debater] = await debate.state(
            case, debater, "solve", Position, round_number=1, to=shown_to, step_by_step=False
        )
        return
    replies = [case.heard[other] for other in others]
    summary = ""
    if summariser and summarises(debate.protocol, len(case.debaters)):
        summary = await summarise(debate, case, summariser, replies)
        summariser.say(summary, to=[debater], channel=f"summary for round {number}")
    case.positions[debater] = await debate.state(
        case,
        debater,
        "revise",
        Position,
        round_number=number,
        to=shown_to,
        replies=replies,
        summary=summary,
    )


async def end_round(case: Case) -> None:
    """Let what was said in the round be heard in the next."""
    case.heard = {debater: last_words(debater) for debater in case.debaters}


def summariser_for(debater: LLMAgent, case: Case) -> LLMAgent | None:
    """Return a thread of the summariser that serves one debater, if there is a summariser."""
    summariser = case.staff.get("summariser")
    if summariser is None:
        return None
    return summariser.thread(f"{case.scope}/{debater.name}", **summariser.brief)


async def summarise(debate: Turns, case: Case, summariser: LLMAgent, replies: list[str]) -> str:
    """Return one summary of replies."""
    summary = await summariser.aside(
        "summarise",
        Text,
        fallback=Text(text="(no summary could be made)"),
        context="fresh",
        protocol=debate.protocol,
        question=case.question,
        replies=replies,
    )
    return summary.text


async def count_votes(debate: Turns, case: Case) -> Decision:
    """Let the most frequent of the last answers win."""
    random = case.debaters[0].random
    answer, decided_by = vote(case.question, case.answers, debate.protocol.ties, random)
    rounds = debate.protocol.rounds if debate.protocol.kind == "symmetric" else 1
    return Decision(answer, decided_by, rounds, case.answers)
