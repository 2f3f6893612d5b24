"""Text of models, servers and files, as a terminal may be given it."""

import json
import re
from typing import Any

COMMANDS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""What a terminal obeys, or what reorders a line: all control characters but tab and line feed,
separators of lines, marks and overrides of direction, halves of characters, and the annotations
and tags of Unicode, which are not seen at all."""


def visible(text: object) -> str:
    r"""Return a text in which what a terminal would obey is seen instead, such as `\x1b`."""
    return COMMANDS.sub(_escape, str(text))


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def json_text(data: Any) -> str:
    """Return data as JSON that a terminal obeys nothing of: all else is an escape of JSON's own."""
    return json.dumps(data, indent=2).replace("\x7f", "\\u007f")
