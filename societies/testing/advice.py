"""Advice: what is not wrong, but leaves something of a scenario unchecked."""

import warnings


class ConformanceAdvice(UserWarning):
    """Something that the kit could check if the scenario, or the call, said more."""


def advise(text: str) -> None:
    """Warn the author of a scenario."""
    warnings.warn(text, ConformanceAdvice, stacklevel=3)
