"""One server for the page, the reading pages and the API: Gradio in FastAPI under uvicorn.

Gradio's own ``launch`` drops answers on SIGTERM, takes another port without a word, and opens
routes nothing here needs; so it is only mounted.
"""

from __future__ import annotations

import errno
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Self

import click
import uvicorn
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tipsearch.errors import ServerError
from tipsearch.settings import go_offline
from tipsearch.web import api, reading
from tipsearch.web.guard import Guard, Hosts, PageScripts

if TYPE_CHECKING:
    from starlette.requests import Request

    from tipsearch.answering.assistant import Assistant

HOST = "127.0.0.1"
PORT = 7860
LOCAL = ("127.0.0.1", "localhost", "[::1]")

_DRAIN_S = 8  # for answers under way when the server is told to stop
_HEAD = (
    '<link rel="icon" href="/favicon.ico" type="image/svg+xml">'
    '<link rel="stylesheet" href="/tipsearch/style.css">'
    '<script src="/tipsearch/page.js" defer></script>'
)


def create_app(
    assistant: Assistant, hosts: Collection[str] = LOCAL, *, any_address: bool = False
) -> FastAPI:
    """Put the page, the reading pages and the API behind one guard.

    Parameters
    ----------
    assistant : Assistant
        Answers; its index is refreshed before each use.
    hosts : collection of str
        Host names requests may ask for.
    any_address : bool
        Whether any IP address will do as well.

    Returns
    -------
    FastAPI
        An ASGI application; ``serve`` runs it.
    """
    go_offline()
    work = tempfile.mkdtemp(prefix="tipsearch-")  # 0700; Gradio's default is shared by all users
    os.environ["GRADIO_TEMP_DIR"] = work

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.ready = True
        yield
        app.state.ready = False
        shutil.rmtree(work, ignore_errors=True)

    app = FastAPI(openapi_url=None, lifespan=lifespan)
    app.state.ready = False
    app.router.routes += [
        *_health(app, assistant),
        *api.routes(assistant),
        *reading.routes(assistant),
    ]
    app.add_middleware(CORSMiddleware)  # allows no other origin, and turns Gradio's own off
    app.add_middleware(PageScripts)
    app.add_middleware(Guard, hosts=Hosts(hosts, any_address))
    _mount_page(app, assistant)
    return app


def _mount_page(app: FastAPI, assistant: Assistant) -> None:
    """Mount the Gradio page; what the environment could turn on is off by name."""
    import gradio as gr

    from tipsearch.web import page

    gr.mount_gradio_app(
        app,
        page.build(assistant),
        path="/",
        theme=_theme(),
        head=_HEAD,
        footer_links=[],
        run_history=False,
        app_kwargs={"openapi_url": None, "docs_url": None, "redoc_url": None},
        allowed_paths=[],
        show_error=False,
        max_file_size="1mb",
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
    )
    app.state.gradio = app.router.routes[-1].app  # type: ignore[attr-defined]


def _theme() -> object:
    """Return a theme that takes its colours from style.css, and names only system fonts."""
    import gradio as gr

    theme = gr.themes.Base(
        font=["ui-sans-serif", "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    return theme.set(
        body_background_fill="#fbfaf6",
        body_background_fill_dark="#15191b",
        body_text_color="#1c2326",
        body_text_color_dark="#e8e6df",
    )


def _health(app: FastAPI, assistant: Assistant) -> list[Route]:
    def healthz(request: Request) -> Response:
        notice = assistant.index.snapshot.notice
        return PlainTextResponse(f"degraded: {notice}\n" if notice else "ok\n")

    def readyz(request: Request) -> Response:
        ready = app.state.ready
        return PlainTextResponse("ready\n" if ready else "starting\n", 200 if ready else 503)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


@dataclass(frozen=True, slots=True)
class Listening:
    """A socket that listens, and the host it was asked for; closes as a context manager."""

    socket: socket.socket
    host: str

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.socket.close()

    @property
    def is_any_address(self) -> bool:
        """Whether every address of this machine is listened on."""
        return self.socket.getsockname()[0] in {"0.0.0.0", "::"}  # noqa: S104

    @property
    def is_public(self) -> bool:
        """Whether another machine can reach it."""
        return not ip_address(self.socket.getsockname()[0]).is_loopback

    @property
    def name(self) -> str:
        """The host as it stands in an address."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def address(self) -> str:
        """What to open in a browser on this machine."""
        name = HOST if self.is_any_address else self.name
        return f"http://{name}:{self.socket.getsockname()[1]}"


def listen(host: str = HOST, port: int = PORT) -> Listening:
    """Listen on exactly that host and port, before anything slow is loaded.

    Parameters
    ----------
    host : str
        An address of this machine, or a name of one; ``127.0.0.1`` reaches nobody else.
    port : int
        In [0, 65535]; 0 takes any free one.

    Returns
    -------
    Listening
        What ``serve`` serves on.

    Raises
    ------
    ServerError
        If the host is not this machine's, or the port is in use or not allowed.
    """
    if not 0 <= port <= 65_535:
        raise ServerError(f"port {port} does not exist", "use one from 1024 to 65535")
    try:
        found = socket.getaddrinfo(host or " ", port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise ServerError(f"unknown host {host!r}", f"use {HOST}") from error
    if os.name == "posix":  # elsewhere it would let two servers share the port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        message, hint = _refused(error, host, port)
        raise ServerError(message, hint) from error
    return Listening(listening, host)


def _refused(error: OSError, host: str, port: int) -> tuple[str, str]:
    """Say in words why a port cannot be had, and what to do about it."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use", "stop what uses it, or choose another with --port"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"port {port} needs more rights", "use one from 1024 to 65535"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine", f"use {HOST}"
    return f"cannot listen on {host}:{port}: {error.strerror}", f"use {HOST}"


def serve(assistant: Assistant, listening: Listening, hosts: Collection[str] = ()) -> None:
    """Serve until told to stop; answers under way are finished first.

    The address is printed once it answers.

    Parameters
    ----------
    assistant : Assistant
        Answers.
    listening : Listening
        From ``listen``.
    hosts : collection of str
        Further host names requests may ask for, such as a proxy's.
    """
    if listening.is_public:
        click.echo(
            f"Warning: {listening.name} is public. Whoever reaches this machine can ask; there is "
            "no log-in and no encryption.",
            err=True,
        )
    allowed = {*LOCAL, listening.name, *hosts}
    app = create_app(assistant, allowed, any_address=listening.is_any_address)
    _Server(app, listening.address).run(sockets=[listening.socket])


class _Server(uvicorn.Server):
    """Says where it is once it answers, and lets open pages go when it stops."""

    def __init__(self, app: FastAPI, address: str) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="on",
                ws="none",
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=_DRAIN_S,
            )
        )
        self._app = app
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        click.echo(f"tipsearch answers at {self._address} (Ctrl-C stops it)")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.gradio.stop_event.set()  # ends each open page's heartbeat
        await super().shutdown(sockets)
