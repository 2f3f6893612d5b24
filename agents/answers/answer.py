"""Answer types: how a value is read from a reply, and how sure we are that it was meant."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self, get_args

from societies.agents.models.base import Completion
from societies.agents.strict import Strict

Outcome = Literal["clean", "lenient", "repaired", "defaulted"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
"""How an answer came about, from what followed the format at once to what had to stand in."""

CUT_OFF = "the reply was cut off by the token limit before the answer was whole"
DAMAGED = "the reply holds bytes that are no text"
CUT = {
    "length": CUT_OFF,
    "content_filter": "the provider's filter cut the reply off before the answer was whole",
}
"""Why a reply with such a finish reason is read only if the answer's whole form stands in it."""


class AnswerError(ValueError):
    """A reply does not follow the asked format; the text is written to be shown to the model."""


class Situation(dict[str, Any]):
    """What a question was about: the variables of its template, by key or as attributes."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(
                f"the question was not given {name!r}, only {', '.join(self)}"
            ) from None


class Answer(Strict):
    """Base of answer types. Subclasses say how they are read from text.

    How an answer came about is kept beside its fields: it is no part of what two answers are
    compared by.
    """

    _outcome: ClassVar[Outcome] = "clean"

    structured: ClassVar[bool] = False
    """Whether the fields are what a model may be asked for as a JSON object."""

    @classmethod
    @abstractmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read the answer from a reply.

        Args:
            text: the model's reply.
            situation: the variables of the prompt, for limits such as the donor's resources; the
                `protocol` in force and the `agent` (as its template sees it) are always among them.

        Raises:
            AnswerError: the reply does not follow the asked format, or is out of range.
        """

    def within(self, situation: Mapping[str, Any]) -> Self:  # noqa: ARG002 - subclasses use it
        """Check the answer against the situation it was given in; return what it means there.

        Raises:
            AnswerError: it is out of range.
        """
        return self

    @classmethod
    def take(cls, completion: Completion, situation: Mapping[str, Any]) -> Self:
        """Read the answer from a completion: from its text, unless a subclass knows better.

        Raises:
            AnswerError: the reply is no answer, or the token limit cut it off before one was whole.
        """
        cut = CUT.get(completion.finish_reason)
        if cut and not cls.is_whole(completion.text, situation):
            raise AnswerError(cut)
        return cls.read(completion.text, situation)

    @classmethod
    def is_whole(cls, text: str, situation: Mapping[str, Any]) -> bool:  # noqa: ARG003
        """Whether the whole answer form stands in a reply that the token limit cut off.

        Only a form that has an end of its own, such as a closed box or object, can be whole: the
        last word of anything else may be the half of one.
        """
        return False

    @classmethod
    def refusal(cls, text: str, situation: Mapping[str, Any]) -> Self:  # noqa: ARG003
        """Return what it means that the model's provider reports a refusal; `text` is its words.

        Raises:
            AnswerError: a refusal is no answer, unless a subclass knows it as one.
        """
        raise AnswerError(f"the model refuses to answer: {text[:200]}")

    @property
    def outcome(self) -> Outcome:
        """How the answer came about.

        `clean`: the first reply followed the format. `lenient`: it was read with goodwill.
        `repaired`: a later reply did. `defaulted`: no reply did, and the fallback stands in.
        """
        return self._outcome

    def marked(self, outcome: Outcome) -> Self:
        """Return this answer, marked with how it came about; others may hold the unmarked one."""
        if outcome == self._outcome:
            return self
        copy = self.model_copy()
        # As cached_property does on a frozen model; a private attribute costs more than parsing.
        vars(copy)["_outcome"] = outcome
        return copy


class Text(Answer):
    """Free text: any reply that is not blank."""

    text: str

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:  # noqa: ARG003
        """Take the reply as it stands, without blanks around it."""
        if not text.strip():
            raise AnswerError("the reply is empty")
        return cls(text=text.strip())
