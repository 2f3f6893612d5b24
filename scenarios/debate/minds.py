"""Scripted minds for debates: solvers of known accuracy, and judges of known habits."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Literal

from societies.agents.answers.mathematics import number
from societies.agents.models.base import Request
from societies.kit import AnswerError, Field, Mind, Random, Seen, part
from societies.scenarios.debate.answers import PREFERENCE, REASON, SIDE, answer_key
from societies.scenarios.debate.questions import Question, is_right, matches
from societies.scenarios.debate.reading import read_answer

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

    def verdict(self, seen: Seen, random: Random) -> str:
        """Decide after a round."""
        said = [(speech.speaker, read(speech.text, seen.question)) for speech in seen.speeches]
        held = {speaker: answer for speaker, answer in said if answer is not None}
        decided = random.random() < self.decisiveness or agree(seen.question, list(held.values()))
        chosen = self.pick(seen.question, list(held.values()), random)
        side = random.choice([name for name in held if held[name] == chosen] or [""])
        preferring = bool(side) and decided and _begun(self.prefers_from, seen.round)
        answering = chosen is not None and _begun(self.answers_from, seen.round)
        convinced = "its steps are the sounder ones"
        return self.write(
            {
                PREFERENCE: "Yes" if preferring else "No",
                SIDE: side.capitalize() if preferring else "",
                REASON: convinced if preferring else "neither side convinces yet",
                answer_key(seen.question): chosen if answering else "",
            }
        )

    def candidates(self, seen: Seen, random: Random) -> str:  # noqa: ARG002 - every method has it
        """List the different answers that were given."""
        answers = answers_in((speech.text for speech in seen.speeches), seen.question)
        lines = [f"- {form(seen.question, answer)}" for answer in dict.fromkeys(answers)]
        return "\n".join(lines) or "none"

    def choose(self, seen: Seen, random: Random) -> str:
        """Choose among the candidate answers."""
        answers = answers_in(seen.candidates.splitlines(), seen.question)
        chosen = self.pick(seen.question, answers, random)
        return self.write(
            {REASON: "it is the best founded one", answer_key(seen.question): chosen or ""}
        )

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
        """Let its judge speak where a judgement is asked for."""
        if request.purpose == "judgement":
            return self.judge.reply(request, random)
        return super().reply(request, random)

    def solve(self, seen: Seen, random: Random) -> str:
        """Give an answer of its own."""
        return word(seen, self.think(seen, random), random)

    def revise(self, seen: Seen, random: Random) -> str:
        """Answer again, having heard others, or having checked its answer if there are none."""
        fresh = self.think(seen, random)
        own = last_answer(seen) or fresh
        if not seen.replies:
            return word(seen, own if self.keeps(seen, random) else fresh, random)
        heard = summarised(seen) if seen.summary else answers_in(seen.replies, seen.question)
        return word(seen, self.weigh(own, heard, seen, random), random)

    def refine(self, seen: Seen, random: Random) -> str:
        """Say whether it is satisfied with its answer, and answer again."""
        fresh = self.think(seen, random)
        kept = self.keeps(seen, random)
        answer = word(seen, (last_answer(seen) or fresh) if kept else fresh, random)
        return f"Satisfied: {'yes' if kept else 'no'}\n{answer}"

    def affirm(self, seen: Seen, random: Random) -> str:
        """Open the debate, with the base answer if there is one."""
        fresh = self.think(seen, random)
        return word(seen, (read(seen.base, seen.question) if seen.base else None) or fresh, random)

    def oppose(self, seen: Seen, random: Random) -> str:
        """Give its own answer, or another one so as to disagree as the level wants it."""
        question, answer = seen.question, self.think(seen, random)
        stated = read(seen.speeches[-1].text, question)
        contrary = random.random() < CONTRARINESS[seen.protocol.tit_for_tat]
        if stated is not None and contrary and matches(question, answer, stated):
            other = mistake(question, random)
            answer = question.accepted[0] if matches(question, other, stated) else other
        return word(seen, answer, random)

    def respond(self, seen: Seen, random: Random) -> str:
        """Go on with the debate, having heard the other side."""
        own = self.think(seen, random)
        own = last_answer(seen) or own
        heard = answers_in((speech.text for speech in seen.speeches), seen.question)
        return word(seen, self.weigh(own, heard, seen, random), random)

    def summarise(self, seen: Seen, random: Random) -> str:  # noqa: ARG002 - every method has it
        """Sum up replies: every answer on a line, with how many agents give it."""
        lines = [
            f"Agents who answer so: {count}. {form(seen.question, answer)}"
            for answer, count in Counter(answers_in(seen.replies, seen.question)).items()
        ]
        return "\n".join(lines) or "No agent gave an answer."

    def think(self, seen: Seen, random: Random) -> str:
        """Return an answer of its own."""
        if random.random() < part(self.accuracy + 0.1 * seen.persona.score("conscientiousness")):
            right: str = seen.question.accepted[0]
            return right
        return mistake(seen.question, random if self.errors == "scattered" else None)

    def keeps(self, seen: Seen, random: Random) -> bool:
        """Decide whether it keeps its answer."""
        firm = part(self.stubbornness - 0.25 * seen.persona.score("agreeableness"))
        return random.random() < ((1 + firm) / 2 if seen.protocol.wording == "long" else firm)

    def weigh(self, own: str, heard: Sequence[str], seen: Seen, random: Random) -> str:
        """Keep its answer, or take over one that it recognises as right, or the most frequent."""
        kept = self.keeps(seen, random)
        recognised = random.random() < self.discernment
        if kept or seen.protocol.tit_for_tat == 3:
            return own
        right = [answer for answer in (own, *heard) if is_known_right(seen.question, answer)]
        if recognised and right:
            return right[0]
        return Counter([own, *heard]).most_common(1)[0][0]


# -- words and answers ------------------------------------------------------------------------


def read(text: str, question: Question) -> str | None:
    """Return the answer in somebody's words, or None."""
    try:
        return read_answer(text, question)[0]
    except AnswerError:
        return None


def answers_in(texts: Iterable[str], question: Question) -> list[str]:
    """Return the answers in several texts, as far as they can be read."""
    return [answer for text in texts if (answer := read(text, question)) is not None]


def last_answer(seen: Seen) -> str | None:
    """Return the answer that an agent gave last in this conversation."""
    own = [message.content for message in seen.request.messages if message.role == "assistant"]
    return read(own[-1], seen.question) if own else None


def summarised(seen: Seen) -> list[str]:
    """Return the answers in the summary that is shown, each as often as agents give it."""
    answers: list[str] = []
    for line in seen.summary.splitlines():
        head, _, rest = line.partition(". ")
        count = head.rpartition(": ")[2]
        if count.isdecimal():
            answers += answers_in([rest], seen.question) * int(count)
    return answers


def is_known_right(question: Question, answer: str) -> bool:
    """Whether an answer is right; a translation only if it is the reference itself."""
    return is_right(question, answer) or answer in question.accepted


def agree(question: Question, answers: Sequence[str]) -> bool:
    """Whether there are answers and all of them are equal."""
    return bool(answers) and all(matches(question, answer, answers[0]) for answer in answers)


def word(seen: Seen, answer: str, random: Random) -> str:
    """Word an answer in the form that the question's kind, in this fidelity, asks for."""
    opening = random.choice(OPENINGS)
    if seen.question.kind == "arithmetic" and seen.protocol.fidelity == "released":
        return f"{opening}\nThe answer is {answer}"
    return f"{opening}\n{form(seen.question, answer)}"


def form(question: Question, answer: str) -> str:
    """Return an answer in the form that the question's kind asks for."""
    if question.kind == "choice":
        return f"The right option is ({answer})"
    if question.kind == "translation":
        return f"Translation: {answer}"
    return f"The answer is \\boxed{{{answer}}}"


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
