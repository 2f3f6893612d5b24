"""How replies to questionnaires are read, and how a refusal is told from an answer."""

import re
from collections.abc import Mapping, Sequence
from math import exp
from typing import Any, Self

from societies.agents.answers import Answer, AnswerError
from societies.agents.instruments.design import Form, Option
from societies.agents.models.base import Completion

MARKUP = " \t\r\n*_`\"'().:[]{}"
MARKED = re.compile(
    r"(?:answer|rating|option|choice)\s*(?:is|:|=)\s*[*_`\"'(\[]*([\w ]+)",
    re.IGNORECASE,
)
LEADING = re.compile(r"[*_`\"'(\[]*(\w+)[*_`\"']*\s*[).:\]=\u2013-]")
BRACKETED = re.compile(r"\((\w+)\)")
REFUSAL = re.compile(
    r"\b(?:can(?:no|')t|can not|am (?:not able|unable)|won't|will not|decline|refuse|"
    r"(?:would )?rather not|prefer not|not comfortable)\b.{0,60}"
    r"\b(?:answer|say|choose|select|rate|pick|respond|provide|give|assess|discuss|take part)"
    r"|\bas an? (?:ai|artificial|language model|assistant)\b"
    r"|\bdo(?:n't| not) have (?:personal|feelings|emotions|opinions|preferences|a personality)",
    re.IGNORECASE | re.DOTALL,
)


class Choice(Answer):
    """The option that was chosen; none, if the agent refuses to choose."""

    value: int | None
    """The option's value in canonical order; null for a refusal, or when nothing was readable."""
    refused: bool = False
    raw: str = ""
    probabilities: list[float] | None = None
    """The options' probabilities in canonical order, normalised, where the model gives them."""

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read the label (or the words) of exactly one option; otherwise tell a refusal."""
        options: Sequence[Option] = situation["form"].options
        value, lenient = find_option(text, options)
        if value is not None:
            answer = cls(value=value, raw=text)
            return answer.marked("lenient") if lenient else answer
        if REFUSAL.search(text):
            return cls(value=None, refused=True, raw=text)
        labels = ", ".join(option.label for option in options)
        raise AnswerError(f"the reply names none, or more than one, of the options {labels}")

    @classmethod
    def take(cls, completion: Completion, situation: Mapping[str, Any]) -> Self:
        """Read the reply, and the options' probabilities if the model gave them."""
        if not completion.logprobs:
            return cls.read(completion.text, situation)
        weights = option_probabilities(completion.logprobs, situation["form"].options)
        if situation.get("score_by") == "logprobs" and weights:
            value = weights.index(max(weights)) + 1
            return cls(value=value, raw=completion.text, probabilities=weights)
        answer = cls.read(completion.text, situation)
        return answer.model_copy(update={"probabilities": weights or None})


class Said(Answer):
    """Free text in answer to an open question."""

    raw: str
    refused: bool = False
    value: None = None
    probabilities: None = None

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:  # noqa: ARG003
        """Take the reply as it stands, and note whether it is a refusal."""
        if not text.strip():
            raise AnswerError("the reply is empty")
        return cls(raw=text.strip(), refused=bool(REFUSAL.search(text)))


class FormAnswers(Answer):
    """All answers of a whole form: one line per item, `(a) 4`."""

    values: list[int | None]
    refused: bool = False
    raw: str = ""

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read one option per item; every item must be answered, unless all are refused."""
        forms: Sequence[Form] = situation["forms"]
        found: dict[str, str] = {}
        for line in text.splitlines():
            match = re.match(r"\W*([a-z]{1,2})\s*[).:]\s*(.+)", line.strip())
            if match:
                found[match[1]] = match[2]
        if not found and REFUSAL.search(text):
            return cls(values=[None] * len(forms), refused=True, raw=text)
        names = [item_label(place) for place in range(len(forms))]
        missing = [name for name in names if name not in found]
        if missing:
            raise AnswerError(
                f"there is no line for {', '.join(f'({name})' for name in missing[:5])}"
            )
        values = [
            find_option(found[name], each.options)[0]
            for name, each in zip(names, forms, strict=True)
        ]
        odd = [name for name, value in zip(names, values, strict=True) if value is None]
        if odd:
            raise AnswerError(f"line ({odd[0]}) names none of the options: {found[odd[0]]!r}")
        return cls(values=values, raw=text)


def item_label(place: int) -> str:
    """Return a, b, ... z, aa, ab, ...: labels that cannot be taken for ratings."""
    first, second = divmod(place, 26)
    letter = chr(ord("a") + second)
    return letter if first == 0 else chr(ord("a") + first - 1) + letter


def find_option(text: str, options: Sequence[Option]) -> tuple[int | None, bool]:
    """Return the value of the one option that a reply names, and whether goodwill was needed."""
    labels = {option.label.casefold(): option.value for option in options}
    bare = text.strip(MARKUP).casefold()
    if bare in labels:
        return labels[bare], False
    marked = {label for found in MARKED.findall(text) if (label := _first(found, labels))}
    if len(marked) == 1:
        return labels[marked.pop()], False
    leading = LEADING.match(text.strip())
    if leading and leading[1].casefold() in labels:
        return labels[leading[1].casefold()], True
    worded = _worded(text, options)
    if len(worded) == 1:
        return worded.pop(), True
    bracketed = {found.casefold() for found in BRACKETED.findall(text)} & labels.keys()
    return (labels[bracketed.pop()], True) if len(bracketed) == 1 else (None, False)


def _first(found: str, labels: Mapping[str, int]) -> str | None:
    """Return the label that a marked answer is, or begins with."""
    whole = found.strip().casefold()
    if whole in labels:
        return whole
    word = whole.split(" ", 1)[0]
    return word if word in labels else None


def _worded(text: str, options: Sequence[Option]) -> set[int]:
    """Return the options whose words stand in a reply; longer ones first, each place once."""
    remaining, found = text.casefold(), set()
    for option in sorted(options, key=lambda option: -len(option.text)):
        pattern = rf"\b{re.escape(option.text.casefold().strip(MARKUP))}\b"
        remaining, times = re.subn(pattern, " ", remaining)
        if times:
            found.add(option.value)
    return found


def option_probabilities(
    logprobs: Mapping[str, float], options: Sequence[Option]
) -> list[float] | None:
    """Return the options' probabilities in canonical order, normalised; None if none is known.

    Label tokens with and without a leading blank are summed (persona protocol 2.6).
    """
    weights = [0.0] * len(options)
    for option in options:
        for token, logprob in logprobs.items():
            if token.strip() == option.label:
                weights[option.value - 1] += exp(logprob)
    total = sum(weights)
    return [weight / total for weight in weights] if total > 0 else None
