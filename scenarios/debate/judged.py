"""Judged debate (MAD; Liang et al. 2023, arXiv 2305.19118, section 2): two sides and a judge."""

from dataclasses import dataclass
from typing import Literal

from societies.agents.agent import LLMAgent
from societies.agents.answers.answer import Text
from societies.scenarios.debate.answers import FinalChoice, Position, Verdict
from societies.scenarios.debate.case import Case, last_words
from societies.scenarios.debate.records import Judgement
from societies.scenarios.debate.turns import Turns
from societies.scenarios.debate.voting import Decision


@dataclass(frozen=True, slots=True)
class Speech:
    """What a debater said in a round."""

    round: int
    speaker: str
    text: str


async def debate_before_judge(debate: Turns, case: Case) -> Decision:
    """Let the sides speak in a fixed order, and the judge after each round, until it decides.

    A debater is shown what the others said since its own last turn, the judge each round's
    speeches; both remember their own conversation only. If no verdict ends the debate, a fresh
    judge extracts the answer from what was said.
    """
    protocol, judge = debate.protocol, case.staff["judge"]
    speeches: list[Speech] = []
    base = await answer_first(debate, case)
    for round_number in range(1, protocol.rounds + 1):
        for debater in case.debaters:
            case.positions[debater] = await speak(
                debate, case, debater, round_number, base, speeches
            )
            speeches.append(Speech(round_number, debater.name, last_words(debater)))
        verdict = await judge.ask(
            "verdict",
            Verdict,
            fallback=Verdict(),
            attempts=protocol.judge_attempts,
            protocol=protocol,
            question=case.question,
            round=round_number,
            sides=[debater.name for debater in case.debaters],
            speeches=[speech for speech in speeches if speech.round == round_number],
        )
        ends = verdict.ends_debate(protocol.stop_when)
        log_judgement(debate, case, judge, verdict, round_number=round_number, ends=ends)
        if ends:
            answer = verdict.answer or supported_answer(verdict, case)
            named = verdict.side or "none"
            return Decision(answer, "verdict", round_number, case.answers, named)
    return await extract(debate, case, speeches)


async def answer_first(debate: Turns, case: Case) -> str:
    """Return the base answer that seeds the affirmative side; empty without one."""
    if "base" not in case.staff:
        return ""
    base = case.staff["base"]
    await debate.state(
        case, base, "solve", Position, round_number=0, to=case.debaters[:1], step_by_step=False
    )
    return last_words(base)


async def speak(
    debate: Turns,
    case: Case,
    debater: LLMAgent,
    round_number: int,
    base: str,
    speeches: list[Speech],
) -> Position:
    """Let a debater state its case: first the affirmative side, then who is told to disagree."""
    others = len(case.debaters) - 1
    if round_number > 1:
        prompt, heard = "respond", speeches[-others:]
    else:
        prompt, heard = ("oppose", speeches[:]) if speeches else ("affirm", [])
    listeners = [other for other in case.debaters if other is not debater]
    return await debate.state(
        case,
        debater,
        prompt,
        Position,
        round_number=round_number,
        to=[*listeners, case.staff["judge"]],
        base=base,
        speeches=heard,
    )


async def extract(debate: Turns, case: Case, speeches: list[Speech]) -> Decision:
    """Let a fresh judge list the candidate answers (call A) and choose one of them (call B)."""
    protocol, judge = debate.protocol, case.staff["fresh judge"]
    first_only = protocol.extraction == "first_round"
    read = [speech for speech in speeches if speech.round == 1 or not first_only]
    candidates = await judge.ask(
        "candidates",
        Text,
        fallback=Text(text="(none)"),
        attempts=protocol.judge_attempts,
        protocol=protocol,
        question=case.question,
        speeches=read,
    )
    judge.say(candidates.text, to=[], channel="candidates")
    choice = await judge.ask(
        "choose",
        FinalChoice,
        fallback=FinalChoice(),
        attempts=protocol.judge_attempts,
        protocol=protocol,
        question=case.question,
        candidates=candidates.text,
    )
    log_judgement(
        debate, case, judge, choice, round_number=protocol.rounds, ends=choice.answer is not None
    )
    how: Literal["extraction", "nobody"] = "nobody" if choice.answer is None else "extraction"
    return Decision(choice.answer, how, protocol.rounds, case.answers, "none")


def supported_answer(verdict: Verdict, case: Case) -> str | None:
    """Return the last answer of the side that a verdict supports."""
    return next((p.answer for d, p in case.positions.items() if d.name == verdict.side), None)


def log_judgement(
    debate: Turns,
    case: Case,
    judge: LLMAgent,
    ruling: Verdict | FinalChoice,
    *,
    round_number: int,
    ends: bool,
) -> None:
    """Log a verdict, or the choice after the last round."""
    verdict = ruling if isinstance(ruling, Verdict) else None
    case.unparsable += ruling.outcome == "defaulted"
    right = None if ruling.answer is None else debate.is_right(case.question, ruling.answer)
    debate.record(
        Judgement(
            question=case.question.name,
            round=round_number,
            mode="discriminative" if verdict else "extractive",
            preference=verdict.preference if verdict else None,
            side=verdict.side if verdict else "",
            answer=ruling.answer,
            right=right,
            ends=ends,
            reason=ruling.reason,
            outcome=ruling.outcome,
        ),
        judge,
    )
