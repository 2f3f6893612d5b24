"""The errors that agents raise; every one says what was found, where, and what to do."""

from pathlib import Path


class SocietyError(Exception):
    """Base of every error of this package: its text is meant for the user, without a traceback."""

    run: Path | None = None
    """The directory of the run that it ended, if one was under way."""


class PromptError(SocietyError):
    """A prompt template is missing, malformed, or uses a variable that it is not given."""


class ModelError(SocietyError):
    """A language model cannot answer, and asking again would not help."""


class OutsideInteractionError(SocietyError):
    """An agent was asked outside an interaction that names it."""


class PassingModelError(ModelError):
    """A language model did not answer now, and may when asked again.

    Args:
        text: what happened.
        overload: whether the model asks for less traffic.
        retry_after: seconds after which the server allows the next request, if it said so.
        unreachable: whether no connection could be made, or it was reset.
        given_up: whether it was not waited for, or not read, to its end: it may have to be paid
            for.
    """

    def __init__(
        self,
        text: str,
        *,
        overload: bool = False,
        retry_after: float | None = None,
        unreachable: bool = False,
        given_up: bool = False,
    ) -> None:
        super().__init__(text)
        self.overload = overload
        self.retry_after = retry_after
        self.unreachable = unreachable
        self.given_up = given_up
