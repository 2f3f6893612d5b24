"""Words about places in a file, and about names that are nearly right."""

from collections.abc import Iterable

Place = tuple[str | int, ...]
"""Where a value stands in a configuration: keys and positions, from the top."""


def nearest(name: str, valid: Iterable[str]) -> str:
    """Return a hint at the nearest valid name, and at all of them."""
    from difflib import get_close_matches

    choices = sorted(valid)
    close = get_close_matches(name, choices, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"{hint} (valid: {', '.join(choices) or 'none'})"
