"""A server that speaks OpenAI's chat completions: its settings, one request, what comes back.

Every wait of a request shares one deadline, and a response has a limit of bytes: a server that
drips costs no more than a dead one.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from itertools import chain
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tipsearch.errors import BackendError, QueryError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ssl import SSLContext

    import httpcore
    from httpcore import SOCKET_OPTION, NetworkBackend, NetworkStream
else:  # subtle: both only name methods, so httpcore (it comes with Gradio) is imported when asked
    NetworkBackend = NetworkStream = object

_TYPES: dict[object, type[str | float]] = {"str": str, "int": int, "float": float}


@dataclass(frozen=True, slots=True)
class GeneratorSettings:
    """Which server phrases, and what it may cost; ``TIPSEARCH_LLM_<NAME>`` sets each.

    At the defaults a request is at most some 9,000 characters and 400 tokens back, and a day costs
    at most 1,000 of them.

    Attributes
    ----------
    url : str
        The address that OpenAI's clients call the base, mostly one that ends in ``/v1``.
    model : str
        Its name, as the server knows it.
    key : str
        Sent in the Authorization header only; shown nowhere.
    timeout_s : float
        Longest time from asking to the last word, however slowly it comes.
    answer_tokens : int
        Longest completion that is asked for; four cited sentences take some 300.
    passages : int
        Most sources that travel. Reading found the answer in one; the others are context.
    passage_chars : int
        Longest source, in whole sentences. A passage of 200 tokens has about 1,000.
    response_bytes : int
        A longer response is broken off. 400 streamed tokens take 120,000, at 300 an event.
    requests_per_minute, requests_per_day : int
        Most requests of one process in any 60 seconds and any 24 hours, failed ones included.

    Raises
    ------
    QueryError
        If a value cannot be used.
    """

    url: str
    model: str
    key: str = field(default="", repr=False)
    timeout_s: float = 30.0
    answer_tokens: int = 400
    passages: int = 5
    passage_chars: int = 1_200
    response_bytes: int = 1_000_000
    requests_per_minute: int = 20
    requests_per_day: int = 1_000

    def __post_init__(self) -> None:
        if not _is_address(self.url):
            raise QueryError(
                "TIPSEARCH_LLM_URL is no address of a server",
                "use http:// or https://, a host and a path, like http://127.0.0.1:8000/v1",
            )
        if not self.model or not self.model.isprintable():
            raise QueryError("no model is named", "set TIPSEARCH_LLM_MODEL")
        if not re.fullmatch(r"[!-~]*", self.key):
            raise QueryError("TIPSEARCH_LLM_KEY holds a space or a sign that no key has")
        for setting in fields(self):
            value = getattr(self, setting.name)
            if not isinstance(value, str) and not 0 < value < math.inf:
                raise QueryError(f"setting {setting.name} is {value}", "use a number above 0")

    @classmethod
    def from_environment(cls) -> GeneratorSettings | None:
        """Return what the environment sets, or None where ``TIPSEARCH_LLM_URL`` is not set.

        Raises
        ------
        QueryError
            If a value cannot be used, or no model is named.
        """
        values: dict[str, Any] = {"model": ""}
        for setting in fields(cls):
            variable = f"TIPSEARCH_LLM_{setting.name.upper()}"
            if text := os.environ.get(variable, "").strip():
                try:
                    values[setting.name] = _TYPES[setting.type](text)
                except ValueError as error:
                    raise QueryError(f"{variable}={text!r} is no number") from error
        return cls(**values) if "url" in values else None


def _is_address(url: str) -> bool:
    """Whether it is an http address of a host, without a password in it (errors may show it)."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna")
        port = parts.port
    except ValueError:
        return False
    plain = re.fullmatch(r"[!-~]+", url) and not (set("@?#") & set(url))
    return bool(plain and host and port != 0 and parts.scheme in {"http", "https"})


_SLOW = ("the language model took too long", "raise TIPSEARCH_LLM_TIMEOUT_S")


def left_s(deadline: float) -> float:
    """Return how many seconds are left.

    Raises
    ------
    BackendError
        If none are.
    """
    left = deadline - monotonic()
    if left <= 0:
        raise BackendError(*_SLOW)
    return left


class _Stream(NetworkStream):
    """A connection whose reads share one deadline: a drip of bytes does not renew it."""

    def __init__(self, stream: NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, left_s(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, left_s(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> NetworkStream:
        left = left_s(self._deadline)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class _Backend(NetworkBackend):
    """Opens such connections."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> NetworkStream:
        import httpcore

        stream = httpcore.SyncBackend().connect_tcp(host, port, left_s(self._deadline))
        return _Stream(stream, self._deadline)


@contextmanager
def posted(
    settings: GeneratorSettings, request: bytes, deadline: float
) -> Iterator[httpcore.Response]:
    """Post a request; no proxy, no redirect, no compression, no second try.

    Yields
    ------
    Response
        Of status 200, its body unread.

    Raises
    ------
    BackendError
        If the server cannot be reached, says anything else, or breaks off.
    """
    import httpcore

    headers = [("Content-Type", "application/json"), ("Accept-Encoding", "identity")]
    if settings.key:
        headers.append(("Authorization", f"Bearer {settings.key}"))
    address = f"{settings.url.rstrip('/')}/chat/completions"
    try:
        with (
            httpcore.ConnectionPool(network_backend=_Backend(deadline)) as pool,
            pool.stream("POST", address, headers=headers, content=request) as response,
        ):
            if response.status != 200:
                raise BackendError(
                    f"the language model's server says {response.status}",
                    "check TIPSEARCH_LLM_URL, _MODEL and _KEY, or try again later",
                )
            yield response
    except httpcore.TimeoutException as error:
        raise BackendError(*_SLOW) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise BackendError(
            "the language model's server cannot be reached, or broke off", "check TIPSEARCH_LLM_URL"
        ) from error


def lines(response: httpcore.Response, limit_bytes: int) -> Iterator[str]:
    """Yield each line of the model, once it is whole; blank ones and code fences say nothing."""
    held = ""
    for words in chain(_words(response, limit_bytes), ["\n"]):
        *whole, held = (held + words).split("\n")
        yield from (line for line in whole if line.strip() and not line.startswith("```"))


def _words(response: httpcore.Response, limit_bytes: int) -> Iterator[str]:
    """Yield the words of a response, streamed or not, as they come.

    Yields
    ------
    str
        Any part of what the model says.

    Raises
    ------
    BackendError
        If it is no completion, is longer than the limit, or ends before it is done.
    """
    body = __body_lines(response, limit_bytes)
    kind = {name.lower(): value for name, value in response.headers}.get(b"content-type", b"")
    if not kind.startswith(b"text/event-stream"):
        yield _event(b"\n".join(body))[0]
        return
    done = False
    for line in body:
        data = line.removeprefix(b"data:").strip()
        if data == b"[DONE]":
            return
        if data and line.startswith(b"data:"):
            words, last = _event(data)
            done |= last
            yield words
    if not done:
        raise BackendError("the language model broke off")


def __body_lines(response: httpcore.Response, limit_bytes: int) -> Iterator[bytes]:
    held, length = b"", 0
    for piece in response.iter_stream():
        length += len(piece)
        if length > limit_bytes:
            raise BackendError(f"the language model's response is over {limit_bytes:,} bytes")
        *whole, held = (held + piece).split(b"\n")
        yield from whole
    yield held


def _event(data: bytes) -> tuple[str, bool]:
    """Return the words in a completion or a piece of one, and whether it is the last."""
    try:
        choices = json.loads(data)["choices"]
        choice: dict[str, Any] = choices[0] if choices else {}
        part: dict[str, Any] = choice.get("delta") or choice.get("message") or {}
        end, words = choice.get("finish_reason"), part.get("content") or ""
        called = part.get("tool_calls") or part.get("function_call") or end == "tool_calls"
        refused = part.get("refusal") or end == "content_filter"
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise BackendError("the language model's server sends no completion") from error
    if refused:
        raise BackendError("the language model refuses")
    if called or not isinstance(words, str):
        raise BackendError("the language model calls a tool, and was given none")
    return words, end is not None
