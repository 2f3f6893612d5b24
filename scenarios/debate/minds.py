"""Scripted minds for debates: solvers of known accuracy, and judges of known habits."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from random import Random
from typing import Any, ClassVar, Literal

from pydantic import Field

from societies.agents.answers.answer import AnswerError
from societies.agents.answers.mathematics import number
from societies.agents.models.base import Request
from societies.agents.models.scripted import Mind, part
from societies.agents.persona.persona import NOBODY, PersonaView
from societies.scenarios.debate.answers import (
    PREFERENCE,
    REASON,
    SIDE,
    answer_key,
)
from societies.scenarios.debate.reading import read_answer
from societies.scenarios.debate.tasks import Question, is_right, matches

OPENINGS = (
    "I went through it from left to right.",
    "Taking the parts one by one, I find the following.",
    "I worked it out and checked it once.",
    "Written down in order, it comes to this.",
    "My reasoning is short.",
)
OFFSETS = (-10, -1, 1, 10)
"""How far off a wrong number is: slips are of few kinds, so that they meet."""
CONTRARINESS = (0.0, 0.8, 0.4, 1.0)
"""How likely the opposing side denies what it thinks itself, by tit-for-tat level."""


class Judge(Mind):
    """Hears the debaters, and recognises a right answer with a known probability."""

    acuity: float = Field(default=0.7, ge=0, le=1)
    """Probability that it recognises a right answer among those it hears."""
    decisiveness: float = Field(default=0.6, ge=0, le=1)
    """Probability that it has a preference although the debaters disagree."""
    prefers_from: int | None = 1
    """First round in which it can have a preference; null: it never has one."""
    answers_from: int | None = 1
    """First round in which its verdict holds an answer; null: none does."""
    style: Literal["json", "python", "fenced", "truncated", "prose"] = "json"
    """How it writes its verdict; the last two cannot be read."""

    def reply(self, request: Request, random: Random) -> str:
        """Answer a judge's prompts."""
        situation = request.situation
        if request.prompt == "candidates":
            return candidates(situation)
        if request.prompt == "choose":
            return self.choose(situation, random)
        return self.verdict(situation, random)

    def verdict(self, situation: Mapping[str, Any], random: Random) -> str:
        """Decide after a round."""
        question, round_number = situation["question"], situation["round"]
        held = {
            speech.speaker: answer
            for speech in situation["speeches"]
            if (answer := read(speech.text, question)) is not None
        }
        decided = random.random() < self.decisiveness or agree(question, list(held.values()))
        chosen = self.pick(question, list(held.values()), random)
        side = random.choice([name for name in held if held[name] == chosen] or [""])
        preferring = bool(side) and decided and _begun(self.prefers_from, round_number)
        answering = chosen is not None and _begun(self.answers_from, round_number)
        content = {
            PREFERENCE: "Yes" if preferring else "No",
            SIDE: side.capitalize() if preferring else "",
            REASON: "its steps are the sounder ones"
            if preferring
            else "neither side convinces yet",
            answer_key(question): chosen if answering else "",
        }
        return self.write(content)

    def choose(self, situation: Mapping[str, Any], random: Random) -> str:
        """Choose among the candidate answers."""
        question = situation["question"]
        listed = (read(line, question) for line in situation["candidates"].splitlines())
        answers = [answer for answer in listed if answer is not None]
        chosen = self.pick(question, answers, random)
        content = {REASON: "it is the best founded one", answer_key(question): chosen or ""}
        return self.write(content)

    def pick(self, question: Question, answers: Sequence[str], random: Random) -> str | None:
        """Return the right one of some answers, if it is there and recognised, or any."""
        recognised = random.random() < self.acuity
        right = [answer for answer in answers if is_known_right(question, answer)]
        return random.choice((right if recognised and right else answers) or [None])

    def write(self, content: dict[str, Any]) -> str:
        """Write the verdict down."""
        text = json.dumps(content, ensure_ascii=False)
        return {
            "json": text,
            "python": repr(content),
            "fenced": f"This is my verdict:\n```json\n{text}\n```",
            "truncated": text[: len(text) * 2 // 3],
            "prose": "Both sides made good points, and I lean towards the first.",
        }[self.style]


class Solver(Mind):
    """Solves with a known accuracy, and gives way to others as far as it is not stubborn.

    Conscientious people solve better, agreeable ones give way more easily.
    """

    longest: ClassVar[Mapping[str, Any]] = {
        "stubbornness": 0.0,
        "judge": {"prefers_from": None, "answers_from": None},
    }

    accuracy: float = Field(default=0.6, ge=0, le=1)
    """Probability that an answer of its own is right."""
    stubbornness: float = Field(default=0.5, ge=0, le=1)
    """Probability that it keeps its answer whatever it hears; the long wording halves the rest."""
    discernment: float = Field(default=0.5, ge=0, le=1)
    """Probability that, giving way, it recognises a right answer; else it follows the majority."""
    errors: Literal["scattered", "shared"] = "scattered"
    """Whether wrong answers differ, or everybody makes the same mistake."""
    judge: Judge = Judge()
    """How it judges, where no other model is given to that role."""

    def reply(self, request: Request, random: Random) -> str:
        """Answer a debater's prompts, and those of the staff."""
        situation, question = request.situation, request.situation["question"]
        if request.prompt in {"verdict", "candidates", "choose"}:
            return self.judge.reply(request, random)
        if request.prompt == "summarise":
            return summary(situation)
        persona = request.persona or NOBODY
        fresh = self.solve(question, persona, random)
        own = last_answer(request) or fresh
        if request.prompt == "refine":
            kept = random.random() < self.firmness(situation, persona)
            lead = f"Satisfied: {'yes' if kept else 'no'}\n"
            return lead + word(situation, own if kept else fresh, random)
        if request.prompt == "revise" and not situation["replies"]:
            kept = random.random() < self.firmness(situation, persona)
            return word(situation, own if kept else fresh, random)
        if request.prompt in {"revise", "respond"}:
            heard = self.heard(request.prompt, situation)
            return word(situation, self.weigh(own, heard, situation, persona, random), random)
        if request.prompt == "affirm" and situation["base"]:
            fresh = read(situation["base"], question) or fresh
        if request.prompt == "oppose":
            fresh = self.oppose(fresh, situation, random)
        return word(situation, fresh, random)

    def solve(self, question: Question, persona: PersonaView, random: Random) -> str:
        """Return an answer of its own."""
        accuracy = part(self.accuracy + 0.1 * persona.score("conscientiousness"))
        if random.random() < accuracy:
            return question.accepted[0]
        return mistake(question, random if self.errors == "scattered" else None)

    def firmness(self, situation: Mapping[str, Any], persona: PersonaView) -> float:
        """Return how likely it keeps its answer."""
        firm = part(self.stubbornness - 0.25 * persona.score("agreeableness"))
        return (1 + firm) / 2 if situation["protocol"].wording == "long" else firm

    def heard(self, prompt: str, situation: Mapping[str, Any]) -> list[str]:
        """Return the answers that it is shown, one for every agent that holds it."""
        question = situation["question"]
        if prompt == "respond":
            texts: Iterable[str] = (speech.text for speech in situation["speeches"])
        elif situation["summary"]:
            return summarised(situation["summary"], question)
        else:
            texts = situation["replies"]
        return [answer for text in texts if (answer := read(text, question)) is not None]

    def weigh(
        self,
        own: str,
        heard: Sequence[str],
        situation: Mapping[str, Any],
        persona: PersonaView,
        random: Random,
    ) -> str:
        """Keep its answer, or take over one that it recognises as right, or the most frequent."""
        kept = random.random() < self.firmness(situation, persona)
        recognised = random.random() < self.discernment
        if kept or situation["protocol"].tit_for_tat == 3:
            return own
        question = situation["question"]
        right = [answer for answer in (own, *heard) if is_known_right(question, answer)]
        if recognised and right:
            return right[0]
        return Counter([own, *heard]).most_common(1)[0][0]

    def oppose(self, fresh: str, situation: Mapping[str, Any], random: Random) -> str:
        """Return its own answer, or another one so as to disagree as the level wants it."""
        question = situation["question"]
        stated = read(situation["speeches"][-1].text, question)
        contrary = random.random() < CONTRARINESS[situation["protocol"].tit_for_tat]
        if stated is None or not contrary or not matches(question, fresh, stated):
            return fresh
        other = mistake(question, random)
        return question.accepted[0] if matches(question, other, stated) else other


# -- words and answers ------------------------------------------------------------------------


def read(text: str, question: Question) -> str | None:
    """Return the answer in somebody's words, or None."""
    try:
        return read_answer(text, question)[0]
    except AnswerError:
        return None


def last_answer(request: Request) -> str | None:
    """Return the answer that an agent gave last in this conversation."""
    own = [message.content for message in request.messages if message.role == "assistant"]
    return read(own[-1], request.situation["question"]) if own else None


def is_known_right(question: Question, answer: str) -> bool:
    """Whether an answer is right; a translation only if it is the reference itself."""
    return is_right(question, answer) or answer in question.accepted


def agree(question: Question, answers: Sequence[str]) -> bool:
    """Whether there are answers and all of them are equal."""
    return bool(answers) and all(matches(question, answer, answers[0]) for answer in answers)


def word(situation: Mapping[str, Any], answer: str, random: Random) -> str:
    """Word an answer in the form that the question's kind, in this fidelity, asks for."""
    question, opening = situation["question"], random.choice(OPENINGS)
    if question.kind == "arithmetic" and situation["protocol"].fidelity == "released":
        return f"{opening}\nThe answer is {answer}"
    return f"{opening}\n{form(question, answer)}"


def form(question: Question, answer: str) -> str:
    """Return an answer in the form that the question's kind asks for."""
    if question.kind == "choice":
        return f"The right option is ({answer})"
    if question.kind == "translation":
        return f"Translation: {answer}"
    return f"The answer is \\boxed{{{answer}}}"


def summary(situation: Mapping[str, Any]) -> str:
    """Sum up replies: every answer on a line, with how many agents give it."""
    question = situation["question"]
    answers = [answer for reply in situation["replies"] if (answer := read(reply, question))]
    lines = [
        f"Agents who answer so: {count}. {form(question, answer)}"
        for answer, count in Counter(answers).items()
    ]
    return "\n".join(lines) or "No agent gave an answer."


def summarised(text: str, question: Question) -> list[str]:
    """Return the answers in a summary, each as often as agents give it."""
    answers: list[str] = []
    for line in text.splitlines():
        head, _, rest = line.partition(". ")
        count = head.rpartition(": ")[2]
        answer = read(rest, question)
        if answer is not None and count.isdecimal():
            answers += [answer] * int(count)
    return answers


def candidates(situation: Mapping[str, Any]) -> str:
    """List the different answers that were given."""
    question = situation["question"]
    answers = [
        answer for speech in situation["speeches"] if (answer := read(speech.text, question))
    ]
    return "\n".join(f"- {form(question, answer)}" for answer in dict.fromkeys(answers)) or "none"


def mistake(question: Question, random: Random | None) -> str:
    """Return a wrong answer; without a generator always the same one."""
    right = question.accepted[0]
    if question.traps:
        return random.choice(question.traps) if random else question.traps[0]
    if question.kind == "choice":
        others = [letter for letter in question.letters if letter != right]
        after = [letter for letter in others if letter > right] or others
        return random.choice(others) if random else after[0]
    if question.kind == "translation":
        return _garbled(right, random)
    offset = random.choice(OFFSETS) if random else 1
    if number(right) is not None:
        return format(Decimal(str(number(right))) + offset, "f")
    if question.kind == "math":
        return f"{right}{offset:+d}"
    return f"not {right} but number {offset}"


def _garbled(text: str, random: Random | None) -> str:
    """Drop a word of a sentence and repeat its neighbour."""
    words = text.split()
    place = random.randrange(len(words)) if random else 0
    return " ".join([*words[:place], *words[place + 1 :], words[place - 1]])


def _begun(first: int | None, round_number: int) -> bool:
    return first is not None and round_number >= first
