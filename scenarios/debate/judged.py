"""Judged debate (MAD; Liang et al. 2023, arXiv 2305.19118, section 2): two sides and a judge."""

from dataclasses import dataclass

from societies.agents.agent import LLMAgent
from societies.agents.answers.answer import Text
from societies.scenarios.debate.answers import FinalChoice, Verdict
from societies.scenarios.debate.case import Case, last_words
from societies.scenarios.debate.questions import DecidedBy
from societies.scenarios.debate.records import Judgement


@dataclass(frozen=True, slots=True)
class Speech:
    """What a debater said in a round."""

    round: int
    speaker: str
    text: str


async def debate_before_judge(case: Case) -> None:
    """Let the sides speak in a fixed order, and the judge after each round, until it decides.

    A debater is shown what the others said since its own last turn, the judge each round's
    speeches; both remember their own conversation only. If no verdict ends the debate, a fresh
    judge extracts the answer from what was said.
    """
    judge, base, speeches = case.staff["judge"], await answer_first(case), list[Speech]()
    for number in range(1, case.protocol.rounds + 1):
        for debater in case.debaters:
            await speak(case, debater, number, base, speeches)
        verdict = await judge.ask(
            "verdict",
            Verdict,
            fallback=Verdict(),
            attempts=case.protocol.judge_attempts,
            purpose="judgement",
            question=case.question,
            round=number,
            sides=[debater.name for debater in case.debaters],
            speeches=[speech for speech in speeches if speech.round == number],
        )
        ends = verdict.ends_debate(case.protocol.stop_when)
        log_judgement(case, judge, verdict, number, ends=ends)
        if ends:
            answer = verdict.answer or supported_answer(case, verdict)
            case.conclude(answer, "verdict", number, named=verdict.side or "none")
            return
    await extract(case, speeches)


async def answer_first(case: Case) -> str:
    """Return the base answer that seeds the affirmative side; empty without one."""
    if "base" not in case.staff:
        return ""
    base = case.staff["base"]
    await case.state(base, "solve", number=0, to=case.debaters[:1], step_by_step=False)
    return last_words(base)


async def speak(
    case: Case, debater: LLMAgent, number: int, base: str, speeches: list[Speech]
) -> None:
    """Let a debater state its case: first the affirmative side, then who is told to disagree."""
    others = [other for other in case.debaters if other is not debater]
    if number > 1:
        prompt, heard = "respond", speeches[-len(others) :]
    else:
        prompt, heard = ("oppose", speeches[:]) if speeches else ("affirm", [])
    listeners = [*others, case.staff["judge"]]
    await case.state(debater, prompt, number=number, to=listeners, base=base, speeches=heard)
    speeches.append(Speech(number, debater.name, last_words(debater)))


async def extract(case: Case, speeches: list[Speech]) -> None:
    """Let a fresh judge list the candidate answers (call A) and choose one of them (call B)."""
    protocol, judge = case.protocol, case.staff["fresh judge"]
    first_only = protocol.extraction == "first_round"
    candidates = await judge.ask(
        "candidates",
        Text,
        fallback=Text(text="(none)"),
        attempts=protocol.judge_attempts,
        purpose="judgement",
        question=case.question,
        speeches=[speech for speech in speeches if speech.round == 1 or not first_only],
    )
    judge.say(candidates.text, to=[], channel="candidates")
    choice = await judge.ask(
        "choose",
        FinalChoice,
        fallback=FinalChoice(),
        attempts=protocol.judge_attempts,
        purpose="judgement",
        question=case.question,
        candidates=candidates.text,
    )
    found = choice.answer is not None
    log_judgement(case, judge, choice, protocol.rounds, ends=found)
    how: DecidedBy = "extraction" if found else "nobody"
    case.conclude(choice.answer, how, protocol.rounds, named="none")


def supported_answer(case: Case, verdict: Verdict) -> str | None:
    """Return the last answer of the side that a verdict supports."""
    held = zip(case.debaters, case.answers, strict=True)
    return next((own for debater, own in held if debater.name == verdict.side), None)


def log_judgement(
    case: Case, judge: LLMAgent, ruling: Verdict | FinalChoice, number: int, *, ends: bool
) -> None:
    """Log a verdict, or the choice after the last round."""
    verdict = ruling if isinstance(ruling, Verdict) else None
    case.unparsable += ruling.outcome == "defaulted"
    case.society.record(
        Judgement(
            question=case.question.name,
            round=number,
            mode="discriminative" if verdict else "extractive",
            preference=verdict.preference if verdict else None,
            side=verdict.side if verdict else "",
            answer=ruling.answer,
            right=None if ruling.answer is None else case.is_right(ruling.answer),
            ends=ends,
            reason=ruling.reason,
            outcome=ruling.outcome,
        ),
        judge,
    )
