"""What stands between the network and the page: one plain ASGI layer, outermost.

It answers before any framework does: a body too large, a host that is not ours, a route the
page does not use. It puts the security headers on every response, its own included, and turns
a crash into a plain 500 without a traceback.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import secrets
from collections.abc import Collection
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_BYTES = 256_000
"""Largest request body. The longest question is 2,000 characters, at most 24 kB as JSON."""

_OPEN = re.compile(
    r"/|/(?:healthz|readyz|profiles|config|theme\.css|favicon\.ico)"
    r"|/(?:api|profiles|tipsearch|assets|static)/.*"
    r"|/gradio_api/(?:queue/(?:join|data)|heartbeat/\w+|startup-events|app_id|cancel|reset)",
    re.DOTALL,
)
"""What the pages and the API use.

Gradio's other routes (upload, file, proxy, run, call, dev/reload, monitoring, runs, openapi.json,
vibe-code) are where its advisories were; nothing here needs one.
"""

_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_CLOSED = "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
CSP_READING = f"default-src 'none'; style-src 'self'; img-src 'self' data:; {_CLOSED}"
"""For everything but Gradio's page: no script at all."""

_log = logging.getLogger(__name__)


def csp_page(nonce: str) -> str:
    """Return the policy of Gradio's page.

    Its inline scripts need the nonce, its templates ``unsafe-eval`` and its components inline
    styles; an inline event handler in injected markup stays dead.
    """
    return (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; "
        f"style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; {_CLOSED}"
    )


class Hosts:
    """The host names a request may ask for; without this a foreign name can be rebound to us."""

    def __init__(self, names: Collection[str], any_address: bool) -> None:
        self._names = {name.lower() for name in names}
        self._any_address = any_address

    def allow(self, header: str) -> bool:
        """Whether a Host header names one of ours.

        With ``any_address`` an IP address does too: rebinding needs a name.
        """
        found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::\d{1,5})?", header.strip())
        if not found:
            return False
        name = found[1].lower()
        return name in self._names or (self._any_address and _is_address(name))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


class Guard:
    """ASGI middleware: body cap, hosts, open routes, headers on every response."""

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        else:
            await self._http(scope, receive, _Headed(scope, send))

    async def _http(self, scope: Scope, receive: Receive, send: _Headed) -> None:
        refusal = self._refusal(scope)
        if refusal is None:
            body = await _read(scope, receive)
            if body is None:
                refusal = _plain(413, "the request is too large")
            else:
                receive = body
        try:
            await (refusal or self._app)(scope, receive, send)
        except Exception:
            _log.exception("%s %r failed", scope["method"], scope["path"])
            if not send.started:
                await _plain(500, "something went wrong here; the server's log has it")(
                    scope, receive, send
                )

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if not self._hosts.allow(headers.get("host", "")):
            return _plain(400, "this server does not answer to that host name")
        if not _OPEN.fullmatch(scope["path"]):
            return _plain(404, "not found")
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdecimal() or int(length[:20]) > BODY_BYTES:
            return _plain(413, "the request is too large")
        return None


def _plain(status: int, text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status)


async def _read(scope: Scope, receive: Receive) -> Receive | None:
    """Return a receive that replays the body, or None if the body is over ``BODY_BYTES``.

    A chunked body says its size only by being read.
    """
    if "content-length" in Headers(scope=scope):
        return receive
    messages: list[Message] = []
    size = 0
    while not messages or messages[-1].get("more_body"):
        messages.append(await receive())
        size += len(messages[-1].get("body", b""))
        if size > BODY_BYTES:
            return None

    async def replay() -> Message:
        return messages.pop(0) if messages else await receive()

    return replay


class _Headed:
    """A send that adds the headers a response lacks."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            headers.setdefault("content-security-policy", CSP_READING)
            for name, value in _ALWAYS.items():
                headers[name] = value
            if self._scope.get("scheme") == "https":
                headers["strict-transport-security"] = "max-age=31536000"
        await self._send(message)


class PageScripts:
    """ASGI middleware: gives Gradio's page the nonce that its policy asks for.

    Also drops ``<base>``, which the policy forbids, and the tags that present the page as
    Gradio's own to other sites.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on but the page itself."""
        if scope["type"] != "http" or scope["path"] != "/":
            await self._app(scope, receive, send)
            return
        plain = [(k, v) for k, v in scope["headers"] if k != b"accept-encoding"]
        start: Message = {}
        pieces: list[bytes] = []

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                pieces.append(message.get("body", b""))
                if not message.get("more_body"):
                    await _send_page(start, b"".join(pieces), send)

        await self._app({**scope, "headers": plain}, receive, collect)


_GRADIO_TAGS = re.compile(
    rb"<base\b[^>]*>|<link rel=\"manifest\"[^>]*>|<meta\s+(?:property=\"og|name=\"twitter)[^>]*>"
)


async def _send_page(start: Message, body: bytes, send: Send) -> None:
    nonce = secrets.token_urlsafe(16)
    body = _GRADIO_TAGS.sub(b"", body)
    body = body.replace(b"<script", f'<script nonce="{nonce}"'.encode("ascii"))
    headers = MutableHeaders(scope=start)
    headers["content-security-policy"] = csp_page(nonce)
    headers["cache-control"] = "no-store"
    if "content-length" in headers and body:
        headers["content-length"] = str(len(body))
    await send(start)
    await send({"type": "http.response.body", "body": body})
