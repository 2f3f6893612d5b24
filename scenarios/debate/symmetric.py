"""Symmetric debate (Du et al. 2023, arXiv 2305.14325, section 2): equals, and a vote."""

from typing import TYPE_CHECKING

from societies.agents.agent import LLMAgent
from societies.agents.answers import Text
from societies.scenarios.debate.answers import Position
from societies.scenarios.debate.protocol import summarises
from societies.scenarios.debate.voting import Decision, vote

if TYPE_CHECKING:
    from societies.scenarios.debate.debate import Case, Debate


async def debate_and_vote(debate: "Debate", case: "Case") -> Decision:
    """Answer alone, then revise in rounds, each shown the others' answers of the round before.

    A single debater is asked to double-check its answer instead: the reflection baseline.
    """
    protocol, debaters = debate.protocol, case.debaters
    said: dict[LLMAgent, str] = {}
    positions: dict[LLMAgent, Position] = {}
    for round_number in range(1, protocol.rounds + 1):
        before, said = said, {}
        for debater in debaters:
            others = [other for other in debaters if other is not debater]
            heard = others if round_number < protocol.rounds else []
            if round_number == 1:
                positions[debater] = await debate.state(
                    case,
                    debater,
                    "solve",
                    Position,
                    round_number=round_number,
                    to=heard,
                    step_by_step=False,
                )
            else:
                replies = [before[other] for other in others]
                summary = await summarise(debate, case, debater, round_number, replies)
                positions[debater] = await debate.state(
                    case,
                    debater,
                    "revise",
                    Position,
                    round_number=round_number,
                    to=heard,
                    replies=replies,
                    summary=summary,
                )
            said[debater] = last_words(debater)
    answers = [positions[debater].answer for debater in debaters]
    answer, decided_by = vote(case.question, answers, protocol.ties, debaters[0].random)
    return Decision(answer, decided_by, protocol.rounds, answers)


async def summarise(
    debate: "Debate", case: "Case", debater: LLMAgent, round_number: int, replies: list[str]
) -> str:
    """Return one summary of the others' replies; empty where they are shown as they are."""
    if not summarises(debate.protocol, len(case.debaters)):
        return ""
    summariser = case.staff["summariser"]
    summary = await summariser.aside(
        "summarise",
        Text,
        fallback=Text(text="(no summary could be made)"),
        context="fresh",
        protocol=debate.protocol,
        question=case.question,
        replies=replies,
    )
    summariser.say(summary.text, to=[debater], channel=f"summary for round {round_number}")
    return summary.text


def last_words(agent: LLMAgent) -> str:
    """Return an agent's last reply as it gave it, whether it could be read or not."""
    return agent.memory.messages()[-1].content
