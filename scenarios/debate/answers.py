"""How debaters' answers and judges' verdicts are read."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Self

from societies.agents.answers import Answer, AnswerError
from societies.scenarios.debate import equality
from societies.scenarios.debate.tasks import Question

LETTER = re.compile(r"\(([A-Za-z])\)")
BARE_LETTER = re.compile(
    r"(?:answer|option|choice)\s*(?:is|:)?\s*\*{0,2}([A-Za-z])\b", re.IGNORECASE
)
DIGITS_IN_BRACES = re.compile(r"\{([0-9.,$]*)\}")
SATISFIED = re.compile(r"^\W*satisfied\W*(yes|no)\b", re.IGNORECASE | re.MULTILINE)
TRANSLATION = "Translation:"
PREFERENCE = "Whether there is a preference"
SIDE = "Supported Side"
REASON = "Reason"
ANSWER_KEYS = {"translation": "debate_translation"}
YES_AND_NO = {"yes": True, "true": True, "no": False, "false": False}


def answer_key(question: Question) -> str:
    """Return the key under which a judge gives the answer."""
    return ANSWER_KEYS.get(question.kind, "debate_answer")


class Position(Answer):
    """A debater's reply: what it holds to be the answer, in the form that answers are compared."""

    answer: str | None = None
    """None only in the fallback, for a reply from which no answer could be read."""

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read the answer in the form that the question's kind asks for."""
        answer, clean = read_answer(text, situation["question"], situation["protocol"].fidelity)
        return cls(answer=answer).marked("clean" if clean else "lenient")


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


class Verdict(Answer):
    """What a judge says after a round."""

    preference: bool = False
    side: str = ""
    """Name of the supported debater; empty for none."""
    reason: str = ""
    answer: str | None = None
    """None if the judge gives none yet."""

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read the JSON object with preference, supported side, reason and answer."""
        content, clean = read_object(text)
        preference = _yes_or_no(_value(content, PREFERENCE))
        side = _side(_value(content, SIDE, default=""), situation["sides"])
        if preference and not side:
            raise AnswerError(f"there is a preference, but '{SIDE}' names nobody")
        given = _value(content, answer_key(situation["question"]), default="")
        verdict = cls(
            preference=preference,
            side=side,
            reason=_words(_value(content, REASON, default="")),
            answer=_judged_answer(given, situation),
        )
        return verdict if clean else verdict.marked("lenient")

    def ends_debate(self, stop_when: str) -> bool:
        """Whether a debate that ends with `stop_when` ends with this verdict."""
        answered = self.answer is not None
        return {
            "preference_and_answer": self.preference and answered,
            "answer": answered,
            "preference": self.preference,
        }[stop_when]


class FinalChoice(Answer):
    """What a fresh judge decides when no verdict ended the debate."""

    reason: str = ""
    answer: str | None = None
    """None only in the fallback."""

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read the JSON object with reason and answer."""
        content, clean = read_object(text)
        answer = _judged_answer(_value(content, answer_key(situation["question"])), situation)
        if answer is None:
            raise AnswerError(f"'{answer_key(situation['question'])}' is empty")
        choice = cls(reason=_words(_value(content, REASON, default="")), answer=answer)
        return choice if clean else choice.marked("lenient")


# -- a debater's answer -------------------------------------------------------------------------


def read_answer(text: str, question: Question, fidelity: str = "paper") -> tuple[str, bool]:
    """Return the answer in a reply and whether it stands in the asked form.

    Raises:
        AnswerError: there is none.
    """
    if fidelity == "released" and question.kind in {"arithmetic", "gsm", "choice"}:
        return _released(text, question), True
    if question.kind == "choice":
        return _choice(text, question)
    if question.kind == "translation":
        return _translation(text)
    box = equality.boxed(text)
    if question.kind in {"arithmetic", "gsm"}:
        return _number(text, box)
    if question.kind == "math":
        if box:
            return box, True
        raise AnswerError("there is no \\boxed{...} with the answer")
    return _short_answer(text, box)


def _number(text: str, box: str | None) -> tuple[str, bool]:
    """Return the number in the box; without a box the last one of the reply."""
    if box is not None:
        plain = equality.number(box.replace("\\$", "").replace("$", ""))
        if plain is not None:
            return plain, True
        value = equality.value_of(box)
        found = equality.last_number(box) if value is None else equality.number(f"{value:.12g}")
    else:
        found = equality.last_number(text)
    if found is None:
        raise AnswerError("there is no number in \\boxed{...}, nor any other number")
    return found, False


def _choice(text: str, question: Question) -> tuple[str, bool]:
    """Return the last option letter in parentheses; without one, a letter that is announced."""
    found = [letter.upper() for letter in LETTER.findall(text)]
    valid = [letter for letter in found if letter in question.letters]
    if valid:
        return valid[-1], True
    announced = [*BARE_LETTER.findall(text), *([equality.boxed(text) or ""])]
    valid = [
        letter.upper() for letter in announced if letter and letter.upper() in question.letters
    ]
    if valid and len(valid[-1]) == 1:
        return valid[-1], False
    raise AnswerError(f"there is no option letter in parentheses, (A) to ({question.letters[-1]})")


def _translation(text: str) -> tuple[str, bool]:
    """Return what follows the last marker; without a marker the whole reply."""
    _, marker, after = text.rpartition(TRANSLATION)
    words = " ".join(after.split())
    if not words:
        raise AnswerError(f"there is nothing after '{TRANSLATION}'")
    return words, bool(marker)


def _short_answer(text: str, box: str | None) -> tuple[str, bool]:
    """Return what stands in the box; without a box, what follows the last `Answer:`."""
    if box:
        return " ".join(re.sub(r"\\text\{([^{}]*)\}", r"\1", box).replace("\\$", "$").split()), True
    _, marker, after = text.rpartition("Answer:")
    line = after.strip().partition("\n")[0].strip(" *_`")
    if not marker or not line:
        raise AnswerError("there is no \\boxed{...} with the answer")
    return line, False


def _released(text: str, question: Question) -> str:
    """Read an answer as the code of Du et al. does, slips included."""
    found: str | None = None
    if question.kind == "arithmetic":
        words = [_float_or_none(word) for word in text.replace(",", ".").split()]
        found = next((word for word in reversed(words) if word is not None), None)
    elif question.kind == "gsm":
        braces = DIGITS_IN_BRACES.findall(text)
        digits = (
            "".join(letter for letter in braces[-1] if letter in "0123456789.") if braces else ""
        )
        plain = re.findall(r"[0-9]+\.?[0-9]*", text)
        found = equality.number(digits) or (
            equality.number(plain[-1].rstrip(".")) if plain else None
        )
    else:
        letters = LETTER.findall(text)
        found = letters[-1].upper() if letters else None
    if found is None:
        raise AnswerError("no answer is found where the released code looks for one")
    return found


def _float_or_none(word: str) -> str | None:
    """Return a word that Python would take for a finite number, in canonical form."""
    return equality.number(word.rstrip(".")) if re.fullmatch(r"[-+]?[0-9.]+", word) else None


# -- a judge's object ---------------------------------------------------------------------------


def read_object(text: str) -> tuple[dict[str, Any], bool]:
    """Return the JSON object in a reply, and whether the reply was nothing else.

    Python's quotes and literals, code fences and trailing commas are read with goodwill; nothing
    is ever evaluated. What was cut off is not guessed.

    Raises:
        AnswerError: there is no complete object.
    """
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if isinstance(content, dict):
        return content, True
    start, end = text.find("{"), text.rfind("}")
    if start < 0:
        raise AnswerError("there is no JSON object in the reply")
    if end < start:
        raise AnswerError("the JSON object is cut off: there is no closing brace")
    from json_repair import loads

    content = loads(text[start : end + 1], skip_json_loads=True)
    if not isinstance(content, dict) or not content:
        raise AnswerError("the reply is not one JSON object")
    return content, False


def _value(content: Mapping[str, Any], key: str, default: Any = None) -> Any:
    """Return the value of a key whatever its case; null counts as the default."""
    folded = {str(name).casefold().replace("_", " "): value for name, value in content.items()}
    wanted = key.casefold().replace("_", " ")
    if wanted not in folded:
        raise AnswerError(f"the key '{key}' is missing")
    value = folded[wanted]
    if value is None:
        return default
    return value


def _yes_or_no(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    found = YES_AND_NO.get(str(value).strip(" .").casefold())
    if found is None:
        raise AnswerError(f"'{PREFERENCE}' should be Yes or No, found {value!r}")
    return found


def _side(value: Any, sides: Sequence[str]) -> str:
    """Return the debater that a verdict names; empty if it names none."""
    name = str(value).strip().casefold()
    if name in {"", "none", "neither", "null", "n/a", "no", "both", "tie"}:
        return ""
    named = [side for side in sides if name.removesuffix(" side") == side.casefold()]
    if not named:
        raise AnswerError(f"'{SIDE}' should be one of {', '.join(sides)}, found {value!r}")
    return named[0]


def _words(value: Any) -> str:
    return " ".join(str(value).split())


def _judged_answer(given: Any, situation: Mapping[str, Any]) -> str | None:
    """Return the answer a judge gives, in the form in which answers are compared."""
    words = _words(given)
    if not words:
        return None
    question: Question = situation["question"]
    if question.kind in {"arithmetic", "gsm"}:
        return _number(words, equality.boxed(words) or words)[0]
    if question.kind == "choice":
        bare = words.strip("(). ").upper()
        return bare if bare in question.letters and len(bare) == 1 else _choice(words, question)[0]
    box = equality.boxed(words)
    return box or words
