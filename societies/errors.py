"""Errors that end a run or keep it from starting, each with the exit code it stands for."""

from societies.agents.errors import SocietyError


class InputError(SocietyError):
    """What the user gave cannot be run; nothing was run."""


class JournalError(SocietyError):
    """A journal is damaged, locked, or was written by another program."""


class ReplayDiffersError(SocietyError):
    """Re-execution does not ask what was recorded, or does not yield the same record."""


class RunInterruptedError(SocietyError):
    """The run was stopped at a safe point and can be resumed."""


class RunFailedError(SocietyError):
    """The run met a failure that cannot pass; it can be resumed once its cause is removed."""


EXIT_CODES: dict[type[SocietyError], int] = {
    InputError: 2,
    RunInterruptedError: 3,
    ReplayDiffersError: 4,
}


def exit_code(error: SocietyError) -> int:
    """Return the process exit code for an error: 2 input, 3 interrupted, 4 differs, 1 else."""
    return EXIT_CODES.get(type(error), 1)
