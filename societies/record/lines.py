"""Lines of the journal: JSON, each ending in the CRC-32 of what stands before it."""

import re
from typing import Any
from zlib import crc32

from pydantic_core import to_json

from societies.agents.models.base import Completion

CRC_LENGTH = len(b',"crc":"00000000"}\n')
HEAD = re.compile(rb'\{"(\w+)":"((?:[^"\\]|\\.)*)"')


def fields_of(completion: Completion) -> dict[str, Any]:
    """Return a completion's fields; some of them only where they say anything."""
    content = vars(completion).copy()
    if completion.logprobs is None:
        del content["logprobs"]
    for name in ("given_up", "reasoning_tokens"):
        if not content[name]:
            del content[name]
    return content


def encoded(content: dict[str, Any]) -> bytes:
    """Return a line: an object of JSON that ends in the CRC-32 of what stands before."""
    body = to_json(content)
    return b'%s,"crc":"%08x"}\n' % (body[:-1], crc32(body))


def is_sound(line: bytes) -> bool:
    """Whether a line is complete and says what was written."""
    body = line[:-CRC_LENGTH] + b"}"
    return line[-CRC_LENGTH:] == b',"crc":"%08x"}\n' % crc32(body)
