"""What comes over the wire: replies that are too long, connections that break."""

from collections.abc import AsyncIterator, Iterator

import httpx

MOST_BYTES = 64 * 2**20
"""No completion is as long as this; a longer reply is not read to its end."""
LOST = (ConnectionError, httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError)
"""A connection was refused or reset, or could not be made."""


class Bounded(httpx.AsyncByteStream):
    """A reply's body, given up where it is longer than any completion."""

    def __init__(self, body: httpx.AsyncByteStream) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body's chunks.

        Raises:
            httpx.DecodingError: it is too long.
        """
        read = 0
        async for chunk in self._body:
            read += len(chunk)
            if read > MOST_BYTES:
                raise httpx.DecodingError(f"the reply is longer than {MOST_BYTES // 2**20} MiB")
            yield chunk

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._body.aclose()


async def bound(response: httpx.Response) -> None:
    """Bound a reply's body before it is read: a response hook of httpx."""
    if isinstance(response.stream, httpx.AsyncByteStream):
        response.stream = Bounded(response.stream)


def is_unreachable(error: BaseException) -> bool:
    """Whether an error came of a connection that was refused or reset."""
    return any(isinstance(cause, LOST) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, and what it was raised from."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__
