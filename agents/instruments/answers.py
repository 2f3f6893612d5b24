"""How replies to questionnaires are read, and how a refusal is told from an answer."""

import re
from collections.abc import Mapping, Sequence
from math import exp
from typing import Any, Self

from societies.agents.answers.answer import Answer, AnswerError
from societies.agents.answers.refusals import is_refusal
from societies.agents.instruments.choices import find_option, is_label, names_none
from societies.agents.instruments.design import Form, Option
from societies.agents.models.base import Completion

LINE = re.compile(r"\W*([a-z]{1,2})\s*[).:]\s*(.+)")


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
        """Read the one option that the reply states; otherwise tell a refusal."""
        options: Sequence[Option] = situation["form"].options
        value, lenient = find_option(text, options)
        if value is not None:
            answer = cls(value=value, raw=text)
            return answer.marked("lenient") if lenient else answer
        if is_refusal(text) and names_none(text, options):
            return cls(value=None, refused=True, raw=text)
        labels = ", ".join(option.label for option in options)
        raise AnswerError(f"the reply does not state exactly one of the options {labels}")

    @classmethod
    def take(cls, completion: Completion, situation: Mapping[str, Any]) -> Self:
        """Read the reply, and the options' probabilities if the model gave them."""
        if not completion.logprobs:
            return super().take(completion, situation)
        weights = option_probabilities(completion.logprobs, situation["form"].options)
        if situation.get("score_by") == "logprobs" and weights:
            value = weights.index(max(weights)) + 1
            return cls(value=value, raw=completion.text, probabilities=weights)
        answer = super().take(completion, situation)
        return answer.model_copy(update={"probabilities": weights or None})

    @classmethod
    def refusal(cls, text: str, situation: Mapping[str, Any]) -> Self:  # noqa: ARG003
        """Note the refusal."""
        return cls(value=None, refused=True, raw=text)

    @classmethod
    def is_whole(cls, text: str, situation: Mapping[str, Any]) -> bool:
        """Whether a reply that was cut off is one label, as where one token is asked for."""
        return is_label(text, situation["form"].options)


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
        return cls(raw=text.strip(), refused=is_refusal(text))

    @classmethod
    def refusal(cls, text: str, situation: Mapping[str, Any]) -> Self:  # noqa: ARG003
        """Note the refusal."""
        return cls(raw=text.strip(), refused=True)


class FormAnswers(Answer):
    """All answers of a whole form: one line per item, `(a) 4`."""

    values: list[int | None]
    refused: bool = False
    raw: str = ""

    @classmethod
    def refusal(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Note that every item is refused."""
        return cls(values=[None] * len(situation["forms"]), refused=True, raw=text)

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read one option per item; every item must be answered, unless all are refused."""
        forms: Sequence[Form] = situation["forms"]
        found = _lines(text)
        if not found and is_refusal(text):
            return cls(values=[None] * len(forms), refused=True, raw=text)
        names = [item_label(place) for place in range(len(forms))]
        missing = [name for name in names if name not in found]
        if missing:
            raise AnswerError(
                f"there is no line for {', '.join(f'({name})' for name in missing[:5])}"
            )
        read = [
            find_option(found[name], each.options) for name, each in zip(names, forms, strict=True)
        ]
        values = [value for value, _ in read]
        odd = [name for name, value in zip(names, values, strict=True) if value is None]
        if odd:
            raise AnswerError(
                f"line ({odd[0]}) does not state exactly one of the options: {found[odd[0]]!r}"
            )
        answer = cls(values=values, raw=text)
        asked = "\n".join(f"({name}) {found[name]}" for name in names)
        is_clean = text.strip() == asked and not any(lenient for _, lenient in read)
        return answer if is_clean else answer.marked("lenient")

    @classmethod
    def is_whole(cls, text: str, situation: Mapping[str, Any]) -> bool:
        """Whether every item has its line, and the last one ends in a label."""
        forms: Sequence[Form] = situation["forms"]
        last = _lines(text).get(item_label(len(forms) - 1), "")
        return is_label(last, forms[-1].options)


def _lines(text: str) -> dict[str, str]:
    """Return what stands behind the letters of items.

    Raises:
        AnswerError: an item has two lines that are not the same.
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = LINE.match(line.strip())
        if match and found.setdefault(match[1], match[2]) != match[2]:
            raise AnswerError(f"there are two lines for ({match[1]})")
    return found


def item_label(place: int) -> str:
    """Return a, b, ... z, aa, ab, ...: labels that cannot be taken for ratings."""
    first, second = divmod(place, 26)
    letter = chr(ord("a") + second)
    return letter if first == 0 else chr(ord("a") + first - 1) + letter


def option_probabilities(
    logprobs: Mapping[str, float], options: Sequence[Option]
) -> list[float] | None:
    """Return the options' probabilities in canonical order, normalised; None if none is known.

    Label tokens with and without a leading blank are summed (TRAIT, Lee et al. 2024).
    """
    weights = [0.0] * len(options)
    for option in options:
        for token, logprob in logprobs.items():
            if token.strip() == option.label:
                weights[option.value - 1] += exp(logprob)
    total = sum(weights)
    return [weight / total for weight in weights] if total > 0 else None
