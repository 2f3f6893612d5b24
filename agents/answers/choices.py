"""Choices in replies: one of several words, read strictly."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from societies.agents.answers.answer import Answer, AnswerError, Situation
from societies.agents.answers.numbers import disagreeing, line_has_ended, split_at

AROUND = " \t\r\n*_`'\"()[].,;!"
"""What may stand around a choice."""


class ChoiceAnswer(Answer):
    """Base of answers that are one of several options, alone on the line behind a marker.

    >>> class Hunt(ChoiceAnswer, marker="I hunt:", options=("stag", "hare")): ...
    """

    marker: ClassVar[str] = "Answer:"
    """What stands before the choice."""
    options: ClassVar[tuple[str, ...]] = ()
    structured: ClassVar[bool] = True

    reason: str = ""
    """What the reply says above the marker."""
    choice: str
    """One of the options, as they are written."""

    def __init_subclass__(
        cls, *, marker: str = "", options: Sequence[str] = (), **others: Any
    ) -> None:
        super().__init_subclass__(**others)
        cls.marker, cls.options = marker or cls.marker, tuple(options) or cls.options

    def among(self, situation: Situation) -> Sequence[str]:  # noqa: ARG002 - subclasses use it
        """Return what can be chosen; by default the options of the class."""
        return self.options

    @classmethod
    def read(cls, text: str, situation: Mapping[str, Any]) -> Self:
        """Read the rest of the line behind the marker."""
        reason, *after = split_at(cls.marker, text)
        lines = [each.strip().partition("\n")[0].strip() for each in after]
        found = [cls(reason=reason.strip(), choice=line).within(situation) for line in lines]
        if any(other.choice != found[0].choice for other in found):
            raise AnswerError(disagreeing(cls.marker))
        return found[0]

    def within(self, situation: Mapping[str, Any]) -> Self:
        """Find the option that is meant: in other letters, or marked up, with goodwill."""
        options = self.among(Situation(situation))
        if self.choice in options:
            return self
        bare = self.choice.strip(AROUND).casefold()
        meant = [option for option in options if option.strip(AROUND).casefold() == bare]
        if len(meant) != 1:
            raise AnswerError(f"{self.choice[:40]!r} should be one of: {', '.join(options)}")
        return self.model_copy(update={"choice": meant[0]}).marked("lenient")

    @classmethod
    def is_whole(cls, text: str, situation: Mapping[str, Any]) -> bool:  # noqa: ARG003
        """Whether the line with the choice has ended."""
        return line_has_ended(cls.marker, text)
