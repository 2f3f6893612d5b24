"""A chat server that costs next to nothing: fixed answers after a fixed time, on loopback.

It runs in a process of its own, so that only the client's processor time is measured. It is
bounded: it ends when the process that started it ends, and after ten minutes at the latest.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

LONGEST_LIFE = 600.0
"""Seconds after which a forgotten server ends by itself."""
TEXT = "My strategy will be to give one unit.\nAnswer: 1"
"""Answers the donor game's two questions."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    address: str
    """Base address of its OpenAI-compatible interface."""
    process: subprocess.Popen[str]


@contextmanager
def serve(latency: float, capacity: int | None = None) -> Iterator[Server]:
    """Run a server in a process of its own.

    Args:
        latency: seconds that every answer takes.
        capacity: answers under way at once, beyond which a request gets status 429 at once.
    """
    command = [sys.executable, "-m", "benchmarks.server", str(latency), str(capacity or 0)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("the server has no standard output")
            port = int(process.stdout.readline())
            yield Server(f"http://127.0.0.1:{port}/v1", process)
        finally:
            process.terminate()


def response(status: str, content: object, headers: str = "") -> bytes:
    """Return a whole HTTP response with a JSON body."""
    body = json.dumps(content).encode()
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


ANSWER = response(
    "200 OK",
    {
        "id": "local",
        "object": "chat.completion",
        "created": 0,
        "model": "local-model",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": TEXT},
            }
        ],
        "usage": {"prompt_tokens": 300, "completion_tokens": 20, "total_tokens": 320},
    },
)
FULL = response("429 Too Many Requests", {"error": {"message": "too many requests"}})


class Connection(asyncio.Protocol):
    """One client's connection: reads requests by their length, answers each after the latency."""

    under_way = 0
    """Answers under way in the whole server."""

    def __init__(self, latency: float, capacity: int) -> None:
        self.latency = latency
        self.capacity = capacity
        self.buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Take every whole request from the buffer."""
        self.buffer += data
        while (head := self.buffer.find(b"\r\n\r\n")) >= 0:
            length = content_length(bytes(self.buffer[:head]))
            if len(self.buffer) < head + 4 + length:
                return
            del self.buffer[: head + 4 + length]
            self.answer()

    def answer(self) -> None:
        """Answer after the latency, or refuse at once."""
        if self.capacity and Connection.under_way >= self.capacity:
            self.send(FULL)
            return
        Connection.under_way += 1
        asyncio.get_running_loop().call_later(self.latency, self.finish)

    def finish(self) -> None:
        """Send the answer."""
        Connection.under_way -= 1
        self.send(ANSWER)

    def send(self, content: bytes) -> None:
        """Write, unless the client has gone."""
        if isinstance(self.transport, asyncio.WriteTransport) and not self.transport.is_closing():
            self.transport.write(content)


def content_length(head: bytes) -> int:
    """Return the length of a request's body."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def main(latency: float, capacity: int) -> None:
    """Serve until standard input is closed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(latency, capacity), "127.0.0.1", 0, backlog=2048
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    parent_ended = loop.run_in_executor(None, sys.stdin.read)
    await asyncio.wait([parent_ended], timeout=LONGEST_LIFE)


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), int(sys.argv[2])))
