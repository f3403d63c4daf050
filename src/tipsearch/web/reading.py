"""The reading pages, ``/profiles`` and ``/profiles/ID``: plain HTML that needs no script."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from tipsearch.types import FIELD_NAMES
from tipsearch.web import render

if TYPE_CHECKING:
    from starlette.requests import Request

    from tipsearch.answering.assistant import Assistant

_FILES = {
    "/tipsearch/style.css": ("style.css", "text/css"),
    "/tipsearch/page.js": ("page.js", "text/javascript"),
    "/favicon.ico": ("mark.svg", "image/svg+xml"),
}


def routes(assistant: Assistant) -> list[Route]:
    """Return the routes of the reading pages and of the files they and the main page use."""

    def profiles(request: Request) -> Response:
        assistant.refresh()
        name = request.query_params.get("name", "")
        found = profile_list(assistant, name)
        return HTMLResponse(document("Profiles", f"<h1>Profiles</h1>{found}"))

    def profile(request: Request) -> Response:
        assistant.refresh()
        found = assistant.index.profile(request.path_params["profile_id"])
        if found is None:
            gone = render.notice("There is no such profile", "it may have been removed or renamed")
            return HTMLResponse(document("Not found", f"<h1>Not found</h1>{gone}"), 404)
        start, end = (_offset(request.query_params.get(name)) for name in ("start", "end"))
        store = assistant.index.snapshot.store
        read = [said for field in FIELD_NAMES for said in store.evidence(field, found.id)]
        return HTMLResponse(document(found.title, render.profile_page(found, start, end, read)))

    return [
        Route("/profiles", profiles),
        Route("/profiles/{profile_id:path}", profile),
        *(_file(path, name, kind) for path, (name, kind) in _FILES.items()),
    ]


def profile_list(assistant: Assistant, name: str) -> str:
    """Return the profiles whose names hold the words of ``name``, each with what is known of it."""
    store = assistant.index.snapshot.store
    known = [said for field in render.CARD_FIELDS for said in store.evidence(field)]
    return render.profile_list(assistant.index.profiles(), name, known)


def document(title: str, main: str) -> str:
    """Return a whole page around the HTML of its ``<main>``."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · tipsearch</title>"
        '<link rel="icon" href="/favicon.ico" type="image/svg+xml">'
        '<link rel="stylesheet" href="/tipsearch/style.css"></head>'
        f'<body class="reading">{masthead()}<main>{main}</main></body></html>'
    )


def masthead() -> str:
    """Return the line at the top of every page: the name, and what this is."""
    return (
        '<header class="masthead"><a class="brand" href="/"><span aria-hidden="true">“</span>'
        "tipsearch</a> <span>Quoted answers about TIP Report Heroes"
        '</span> <nav><a href="/profiles">All profiles</a></nav></header>'
    )


def _offset(text: str | None) -> int:
    """Return an offset from an address, or -1 if it is none."""
    if text is None or len(text) > 9 or not (text.isascii() and text.isdecimal()):
        return -1
    return int(text)


def _file(path: str, name: str, kind: str) -> Route:
    def serve(request: Request) -> Response:
        headers = {"cache-control": "no-cache"}
        return FileResponse(Path(__file__).with_name(name), media_type=kind, headers=headers)

    return Route(path, serve)
