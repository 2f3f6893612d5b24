"""How debaters' answers and judges' verdicts are read."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from societies.agents.answers.answer import Answer, AnswerError
from societies.agents.answers.letters import named_letter
from societies.agents.answers.mathematics import last_box, read_number
from societies.agents.answers.structured import ObjectAnswer, read_object
from societies.scenarios.debate import reading
from societies.scenarios.debate.questions import Question
from societies.scenarios.debate.reading import read_answer

SATISFIED = re.compile(r"^\W*satisfied\W*(yes|no)\b", re.IGNORECASE | re.MULTILINE)
PREFERENCE = "Whether there is a preference"
SIDE = "Supported Side"
REASON = "Reason"
KEYS = {"preference": PREFERENCE, "side": SIDE, "reason": REASON}
"""What a judge's object calls the fields of a ruling; see `answer_key` for the answer."""
YES_AND_NO = {"yes": True, "true": True, "no": False, "false": False}


def answer_key(question: Question) -> str:
    """Return the key under which a judge gives the answer."""
    return "debate_translation" if question.kind == "translation" else "debate_answer"


class Position(Answer):
    """A debater's reply: what it holds to be the answer, in the form that answers are compared."""

    answer: str | None = None
    """None only in the fallback, for a reply from which no answer could be read."""
    satisfied: bool | None = None
    """Self-reflection: whether it is satisfied with its last answer."""

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read the answer in the form that the question's kind asks for."""
        answer, clean = read_answer(text, situation["question"], situation["protocol"].fidelity)
        return cls(answer=answer).marked("clean" if clean else "lenient")

    @classmethod
    def is_whole(cls, text: str, situation: Mapping[str, Any]) -> bool:
        """Whether the answer's box is closed at the end."""
        return reading.is_whole(text, situation["question"])


class Refinement(Position):
    """A self-reflection: whether the agent is satisfied with its last answer, and its new one."""

    satisfied: bool = True

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read `Satisfied: yes` or `no`, and the answer."""
        found = SATISFIED.search(text)
        if found is None:
            raise AnswerError("there is no line 'Satisfied: yes' or 'Satisfied: no'")
        position = Position.read(text, situation)
        satisfied = found[1].lower() == "yes"
        return cls(answer=position.answer, satisfied=satisfied).marked(position.outcome)


class Ruling(ObjectAnswer):
    """Base of what a judge says: a JSON object whose keys are the prompt's words for the fields."""

    structured: ClassVar[bool] = True

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read the object; a key may be written in other letters, and null counts as empty."""
        content, clean = read_object(text)
        given = {name.casefold().replace("_", " "): value for name, value in content.items()}
        keys = {**KEYS, "answer": answer_key(situation["question"])}
        fields = {name: _field(given, keys[name]) for name in cls.model_fields}
        ruling = cls(**fields).within(situation)
        return ruling if clean else ruling.marked("lenient")


class Verdict(Ruling):
    """What a judge says after a round."""

    preference: bool = False
    side: str = ""
    """Name of the supported debater; empty for none."""
    reason: str = ""
    answer: str | None = None
    """None if the judge gives none yet."""

    def within(self, situation: Mapping[str, Any]) -> Self:
        """Find out whom the verdict names, and which answer it gives."""
        side = _side(self.side, situation["sides"])
        if self.preference and not side:
            raise AnswerError(f"there is a preference, but '{SIDE}' names nobody")
        answer = _judged_answer(self.answer, situation["question"])
        return self.model_copy(update={"side": side, "answer": answer})

    def ends_debate(self, stop_when: str) -> bool:
        """Whether a debate that ends with `stop_when` ends with this verdict."""
        given = {"preference": self.preference, "answer": self.answer is not None}
        return all(given[wanted] for wanted in stop_when.split("_and_"))


class FinalChoice(Ruling):
    """What a fresh judge decides when no verdict ended the debate."""

    reason: str = ""
    answer: str | None = None
    """None only in the fallback."""

    def within(self, situation: Mapping[str, Any]) -> Self:
        """Find out which answer is given; there must be one."""
        answer = _judged_answer(self.answer, situation["question"])
        if answer is None:
            raise AnswerError(f"'{answer_key(situation['question'])}' is empty")
        return self.model_copy(update={"answer": answer})


def _field(given: Mapping[str, Any], key: str) -> Any:
    """Return what an object says under a key: yes or no for the preference, or else words."""
    folded = key.casefold().replace("_", " ")
    if folded not in given:
        raise AnswerError(f"the key '{key}' is missing")
    value = given[folded]
    if key != PREFERENCE:
        return _words("" if value is None else value)
    found = YES_AND_NO.get(str(value).strip(" .").casefold())
    if found is None:
        raise AnswerError(f"'{PREFERENCE}' should be Yes or No, found {value!r}")
    return found


def _side(given: str, sides: Sequence[str]) -> str:
    """Return the debater that a verdict names; empty if it names none."""
    name = given.strip().casefold()
    if name in {"", "none", "neither", "null", "n/a", "no", "both", "tie"}:
        return ""
    named = [side for side in sides if name.removesuffix(" side") == side.casefold()]
    if not named:
        raise AnswerError(f"'{SIDE}' should be one of {', '.join(sides)}, found {given!r}")
    return named[0]


def _words(value: Any) -> str:
    return " ".join(str(value).split())


def _judged_answer(given: str | None, question: Question) -> str | None:
    """Return the answer a judge gives, in the form in which answers are compared."""
    words = _words(given or "")
    if not words:
        return None
    if question.kind in {"arithmetic", "gsm"}:
        return read_number(words)[0]
    if question.kind == "choice":
        return named_letter(words, question.options) or read_answer(words, question)[0]
    box = last_box(words)
    return words if box is None else box
