"""A local OpenAI-compatible server: real HTTP on loopback, answers by a function."""

import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal


@dataclass
class Reply:
    """What the server answers: a text with its usage, an error status, or a fault."""

    text: str = ""
    fault: Literal["", "reset", "tear", "garbage", "hang", "drip", "flood"] = ""
    """End or reset the connection, answer something that is no completion, or do not answer; send
    a byte at a time for ever, or three gigabytes."""
    delay: float = 0.0
    """Seconds that this answer takes."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    prompt_tokens: int = 1
    completion_tokens: int = 1
    logprobs: dict[str, float] | None = None
    """The first token's most likely candidates."""
    instead: Mapping[str, Any] = field(default_factory=dict)
    """Top-level keys of the completion that are something else."""
    body: bytes | None = None
    """What is sent in place of a completion."""


@dataclass
class Server:
    """A running server: how it answers, where, and what it was asked.

    Args:
        answer: gets the request's body and its number from 0.
        delay: seconds that an answer takes.
        capacity: answers under way at once, beyond which a request gets status 429.
    """

    answer: Callable[[dict[str, Any], int], Reply]
    delay: float = 0.0
    capacity: int | None = None
    address: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    sent: int = 0
    """Bytes of bodies that never end."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)

    def reply(self, body: dict[str, Any], authorization: str | None) -> Reply:
        """Note the request, and return its answer once it is due."""
        with self.lock:
            self.requests.append({**body, "authorization": authorization})
            full = self.capacity is not None and self.at_once >= self.capacity
            reply = full_house() if full else self.answer(body, len(self.requests) - 1)
            self.replies.append(reply)
            self.at_once += not full
            self.most_at_once = max(self.most_at_once, self.at_once)
        if not full:
            time.sleep(self.delay + reply.delay)
            with self.lock:
                self.at_once -= 1
        return reply


class Handler(BaseHTTPRequestHandler):
    """One connection; its server is `chat`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are sent apart: else 40 ms a request
    chat: Server

    def do_POST(self) -> None:
        """Answer one request, or fail as asked."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        reply = self.chat.reply(body, self.headers["authorization"])
        if reply.fault == "reset":
            self.reset()
        elif reply.fault == "tear":
            self.reset()
            os.close(self.connection.detach())
        elif reply.fault == "hang":
            self.chat.over.wait(60)
            self.close_connection = True
        elif reply.fault in {"drip", "flood"}:
            self.go_on(reply.fault)
        else:
            self.send(reply, body)

    def reset(self) -> None:
        """Reset the connection."""
        linger_not = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
        self.close_connection = True

    def go_on(self, fault: str) -> None:
        """Send a body that never ends, until the other side has enough."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(3 * 10**9))
        self.end_headers()
        with suppress(OSError):
            while not self.chat.over.wait(0.05 if fault == "drip" else 0):
                self.wfile.write(b" " if fault == "drip" else bytes(2**20))
                self.chat.sent += 1 if fault == "drip" else 2**20

    def send(self, reply: Reply, body: dict[str, Any]) -> None:
        """Send a completion, an error, or garbage."""
        failed = {"error": {"message": reply.text}}
        content = {**completion(reply, body), **reply.instead} if reply.status == 200 else failed
        data = b"<html>so sorry" if reply.fault == "garbage" else json.dumps(content).encode()
        data = data if reply.body is None else reply.body
        self.send_response(reply.status)
        for name, value in {"content-type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@contextmanager
def serve(
    answer: Callable[[dict[str, Any], int], Reply],
    delay: float = 0.0,
    capacity: int | None = None,
) -> Iterator[Server]:
    """Serve chat completions; the arguments are those of `Server`."""
    server = Server(answer, delay, capacity)
    handler = type("BoundHandler", (Handler,), {"chat": server})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        http.daemon_threads = True
        server.address = f"http://127.0.0.1:{http.server_port}/v1"
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            http.shutdown()
            thread.join()


def full_house() -> Reply:
    """Return the answer of an overloaded server."""
    return Reply("too many requests", status=429, headers={"retry-after": "0.02"})


def completion(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a chat completion."""
    usage = {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "total_tokens": reply.prompt_tokens + reply.completion_tokens,
    }
    message = {"role": "assistant", "content": reply.text}
    choice: dict[str, Any] = {"index": 0, "finish_reason": "stop", "message": message}
    if reply.logprobs:
        likely = [
            {"token": token, "logprob": value, "bytes": None}
            for token, value in reply.logprobs.items()
        ]
        choice["logprobs"] = {"content": [{**likely[0], "top_logprobs": likely}]}
    return {
        "id": "local",
        "object": "chat.completion",
        "created": 0,
        "model": body.get("model", ""),
        "choices": [choice],
        "usage": usage,
    }
