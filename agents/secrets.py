"""Secrets of the environment: they are used, and never written."""

import os
import re
from collections.abc import Container

SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
SECRET_OPTION = re.compile(
    r"(api|access|private|secret|subscription)[-_]?key|secret|password|passphrase|credential"
    r"|authori[sz]ation|cookie|headers$|^(key|token)$"
    r"|(ad|access|api|auth|bearer|id|identity|refresh|security|session)[-_]token$",
    re.IGNORECASE,
)
"""Parameters that carry secrets; `max_tokens` and `input_cost_per_token` do not."""
AUTHORIZATION = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{6,}")
SHORTEST = 6
"""Shorter values are no secrets, and would be found in any text."""


def without_secrets(text: str, names: Container[str | None] = ()) -> str:
    """Return `text` with every secret of the environment, and any authorization, masked.

    Providers repeat keys in their error texts, and those go into logs and run directories.

    Args:
        text: what is to be shown or written.
        names: environment variables that hold keys, whatever they are called.
    """
    secrets = [
        (value, name)
        for name, value in os.environ.items()
        if len(value) >= SHORTEST and (name in names or SECRET_NAME.search(name))
    ]
    # The longest first: one secret may begin with another.
    for value, name in sorted(secrets, key=lambda secret: -len(secret[0])):
        text = text.replace(value, f"[{name}]")
    return AUTHORIZATION.sub(r"\1 [masked]", text)
