"""Secrets of the environment: they are used, and never written."""

import os
import re

SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
AUTHORIZATION = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{6,}")
SHORTEST = 6
"""Shorter values are no secrets, and would be found in any text."""


def without_secrets(text: str) -> str:
    """Return `text` with every secret of the environment, and any authorization, masked.

    Providers repeat keys in their error texts, and those go into logs and run directories.
    """
    for name, value in os.environ.items():
        if len(value) >= SHORTEST and SECRET_NAME.search(name):
            text = text.replace(value, f"[{name}]")
    return AUTHORIZATION.sub(r"\1 [masked]", text)
