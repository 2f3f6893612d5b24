"""What comes over the wire: replies that are too long or damaged, connections that break."""

import json
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any, NoReturn

import httpx

MOST_BYTES = 64 * 2**20
"""No completion is as long as this, unpacked; a longer reply is not read to its end."""
PACKED = ("", "identity", "gzip", "deflate")
"""How a body may be packed: once, and so that a chunk of it unpacks to a thousand at most."""
LOST = (ConnectionError, httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError)
"""A connection was refused or reset, or could not be made."""


class OverlongReplyError(httpx.DecodingError):
    """The body of a reply is longer than any completion."""


async def ask_for_packed(request: httpx.Request) -> None:
    """Ask for what can be unpacked within bounds: a request hook of httpx."""
    request.headers["accept-encoding"] = "gzip, deflate"


async def read_whole(response: httpx.Response) -> None:
    """Read a reply's body within bounds, before anybody else does: a response hook of httpx.

    Raises:
        OverlongReplyError: it is too long.
        httpx.DecodingError: it is packed in a way that was not asked for.
    """
    if not isinstance(response.stream, httpx.AsyncByteStream):
        return
    packed = response.headers.get("content-encoding", "").strip().lower()
    if packed not in PACKED:
        told = f"the reply is packed as {packed!r}, which nobody asked for"
        raise httpx.DecodingError(told, request=response.request)
    packet = httpx.Response(
        response.status_code,
        headers=response.headers,
        stream=response.stream,
        request=response.request,
    )
    body = bytearray()
    async for chunk in packet.aiter_bytes():
        body += chunk
        if len(body) > MOST_BYTES:
            told = f"the reply is longer than {MOST_BYTES // 2**20} MiB"
            raise OverlongReplyError(told, request=response.request)
    response.headers.pop("content-encoding", None)
    response.stream = httpx.ByteStream(_with_escapes(bytes(body)))


def _with_escapes(body: bytes) -> bytes:
    r"""Return a JSON body whose bytes that are no UTF-8 are escapes, from \udc80 to \udcff.

    So it can be read, with the usage that has to be paid for, and `is_damaged` tells its text.
    """
    is_text = body.lstrip()[:1] in (b"{", b"[") and json.detect_encoding(body) == "utf-8"
    if not is_text or body.isascii():
        return body
    return body.decode("utf-8", "surrogateescape").encode("utf-8", "backslashreplace")


def is_damaged(text: str) -> bool:
    """Whether bytes of a reply's text were no characters."""
    return not text.isascii() and any("\udc80" <= character <= "\udcff" for character in text)


@cache
def handler() -> Any:
    """Return LiteLLM's own way to servers, with whole replies within bounds, and one attempt.

    There is one of it, as there is one event loop (`societies/loop.py`).
    """
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

    class OneAttempt(AsyncHTTPHandler):
        """Does not send a request again, uncounted, whose connection was refused or reset."""

        async def single_connection_post_request(self, *_: Any, **__: Any) -> NoReturn:
            raise sys.exc_info()[1] or httpx.ConnectError("the connection broke")

    return OneAttempt(event_hooks={"request": [ask_for_packed], "response": [read_whole]})


def is_unreachable(error: BaseException) -> bool:
    """Whether an error came of a connection that was refused or reset."""
    return any(isinstance(cause, LOST) for cause in _causes(error))


def is_overlong(error: BaseException) -> bool:
    """Whether an error came of a reply that was too long to be read."""
    return any(isinstance(cause, OverlongReplyError) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, and what it was raised from."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__
