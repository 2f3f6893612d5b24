"""Text of models, servers and files, as a terminal may be given it."""

import re

COMMANDS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What a terminal obeys, or what reorders a line: all control characters but tab and line feed,
marks and overrides of direction, and halves of characters."""


def visible(text: object) -> str:
    r"""Return a text in which what a terminal would obey is seen instead, such as `\x1b`."""
    return COMMANDS.sub(_escape, str(text))


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
