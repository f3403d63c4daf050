"""A real HTTP server on 127.0.0.1 that speaks chat completions, well or badly, as it is told."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

PIECE_CHARS = 7
OK = b"HTTP/1.1 200 OK\r\n"
CLOSE = b"Connection: close\r\n"


@dataclass(frozen=True)
class Asked:
    """A request, and the ways to answer it: every byte, the status line too, is the behaviour's."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    send: Callable[[bytes], None]
    pause: Callable[[float], bool]

    @property
    def data(self) -> dict[str, Any]:
        """What the user message holds."""
        data: dict[str, Any] = json.loads(self.body["messages"][1]["content"])
        return data


Behaviour = Callable[[Asked], None]


class ChatServer:
    """Serves until its block ends; keeps what it was asked."""

    def __init__(self, behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.behaviour = behaviour
        self.asked: list[Asked] = []
        self._closing = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.path, headers, body, self.send, outer._closing.wait)
                outer.asked.append(asked)
                with suppress(OSError):  # whoever asked may be gone
                    outer.behaviour(asked)
                self.close_connection = True

            def send(self, data: bytes) -> None:
                self.wfile.write(data)
                self.wfile.flush()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._scheme = "http"
        if tls is not None:
            self._scheme = "https"
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def response(body: bytes, kind: str = "application/json", status: str = "200 OK") -> bytes:
    """A whole response."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def completion(words: str | None, **more: object) -> bytes:
    """The body of a reply that is not streamed."""
    message = {"role": "assistant", "content": words} | more
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return json.dumps({"object": "chat.completion", "choices": [choice]}, indent=1).encode()


def event(delta: dict[str, Any], end: str | None = None) -> bytes:
    """One event of a streamed reply."""
    choice = {"index": 0, "delta": delta, "finish_reason": end}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


def events(words: str) -> Iterable[bytes]:
    """The events of some words, cut without regard for words or lines."""
    yield event({"role": "assistant"})
    for start in range(0, len(words), PIECE_CHARS):
        yield event({"content": words[start : start + PIECE_CHARS]})


SSE_HEAD = OK + b"Content-Type: text/event-stream; charset=utf-8\r\n" + CLOSE + b"\r\n"
SSE_TAIL = event({}, "stop") + b'data: {"choices": [], "usage": {}}\n\ndata: [DONE]\n\n'


def says(words: str) -> Behaviour:
    """Answer with these words, streamed if that is asked for."""

    def behave(asked: Asked) -> None:
        if asked.body["stream"]:
            asked.send(SSE_HEAD + b": a comment\n\n")
            for piece in events(words):
                asked.send(piece)
            asked.send(SSE_TAIL)
        else:
            asked.send(response(completion(words)))

    return behave


def sends(*pieces: bytes, pause_s: float = 0.0) -> Behaviour:
    """Send these bytes, as slowly as that, and close."""

    def behave(asked: Asked) -> None:
        for piece in pieces:
            asked.send(piece)
            if asked.pause(pause_s):
                return

    return behave


def drips(first: bytes, byte: bytes, pause_s: float = 0.02) -> Behaviour:
    """Send a beginning, then one byte again and again."""

    def behave(asked: Asked) -> None:
        asked.send(first)
        while not asked.pause(pause_s):
            asked.send(byte)

    return behave


def line(text: str, *quotes: tuple[str, str]) -> str:
    """One line of a model that keeps to the form."""
    cite = [{"source": source, "quote": quote} for source, quote in quotes]
    return json.dumps({"text": text, "cite": cite}, ensure_ascii=False)
