"""What a reply comes to: a value, the reason why there is none, or what stands in for it."""

import json
from collections.abc import Mapping
from shlex import quote
from typing import Any, TypeVar

from pydantic import ValidationError

from societies.agents.answers.answer import CUT, DAMAGED, Answer, AnswerError
from societies.agents.answers.structured import holds_object, read_object
from societies.agents.errors import ModelError
from societies.agents.models.base import Completion

AnswerT = TypeVar("AnswerT", bound=Answer)


def read_reply(
    answer: type[AnswerT],
    completion: Completion,
    situation: Mapping[str, Any],
    *,
    as_object: bool,
) -> tuple[AnswerT | None, str | None]:
    """Return the value read from a reply, or the reason why there is none."""
    try:
        if completion.finish_reason == "damaged":
            return None, DAMAGED
        if completion.finish_reason == "refusal":
            return answer.refusal(completion.text, situation), None
        if as_object:
            return _read_object(answer, completion, situation), None
        return answer.take(completion, situation), None
    except ValidationError as error:
        return None, "; ".join(detail["msg"] for detail in error.errors(include_url=False))
    except AnswerError as error:
        return None, f"{error}{_why_empty(completion)}"


def _why_empty(completion: Completion) -> str:
    """Return what an empty reply's finish reason means, where it is not an ordinary one."""
    reason = completion.finish_reason
    if completion.text.strip() or reason == "stop":
        return ""
    if thought := completion.reasoning_tokens:
        spent = f"{thought:,} of its {completion.completion_tokens:,} tokens went into reasoning"
        return (
            f" (empty; finish reason: {reason}; {spent}: raise max_tokens, or have it reason less)"
        )
    meaning = {
        "length": "; max_tokens may be too small for a model that reasons first",
        "content_filter": "; the provider's filter withheld it",
    }
    return f" (empty; finish reason: {reason}{meaning.get(reason, '')})"


def _read_object(
    answer: type[AnswerT], completion: Completion, situation: Mapping[str, Any]
) -> AnswerT:
    """Return the value of a reply that was asked for as a JSON object."""
    cut = CUT.get(completion.finish_reason)
    if cut and not holds_object(completion.text):
        raise AnswerError(cut)
    content, clean = read_object(completion.text)
    value = answer.model_validate_json(json.dumps(content)).within(situation)
    return value if clean else value.marked("lenient")


def defaulted(
    fallback: AnswerT | None, agent: str, prompt: str, key: str, attempts: int, problem: str | None
) -> AnswerT:
    """Return the fallback, marked as such.

    Raises:
        ModelError: there is none.
    """
    if fallback is None:
        raise ModelError(
            f"agent {agent} gave no readable answer to '{prompt}' in {attempts} attempts "
            f"(last call {quote(key)}): {problem}"
        )
    return fallback.marked("defaulted")
