"""A small JSON API: the records of ``tipsearch.types``, field for field."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tipsearch.errors import QueryError, TipsearchError
from tipsearch.types import ANSWERED_KINDS, Kind

if TYPE_CHECKING:
    from starlette.requests import Request

    from tipsearch.answering.assistant import Assistant

HITS = 100
"""Most hits a request may ask for; more would be a way to copy the corpus slowly."""

WAITING = 32
"""Most requests answered or waiting at once; a further one is refused at once, not kept for
seconds. Two cores answer about 70 questions a second."""

Endpoint = Callable[["Request"], Response]


def routes(assistant: Assistant) -> list[Route]:
    """Return the routes of the API, below ``/api``."""

    def ask(request: Request) -> Response:
        assistant.refresh()
        threshold, kind = _threshold(request), _kind(request)
        filters = _filters(request, {"q", "threshold", "kind"})
        answer = assistant.ask(_query(request), None, filters, threshold, kind)
        return JSONResponse(asdict(assistant.phrase(answer)))

    def search(request: Request) -> Response:
        assistant.refresh()
        k, filters = _count(request), _filters(request, {"q", "k"})
        hits = assistant.index.search(_query(request), k, filters)
        return JSONResponse([asdict(hit) for hit in hits])

    def profiles(request: Request) -> Response:
        assistant.refresh()
        return JSONResponse([asdict(profile) for profile in assistant.index.profiles()])

    def profile(request: Request) -> Response:
        assistant.refresh()
        found = assistant.index.profile(request.path_params["profile_id"])
        if found is None:
            return error(404, "there is no profile of that id", "see /api/profiles")
        return JSONResponse(asdict(found))

    def unknown(request: Request) -> Response:
        return error(404, "not found", "use /api/ask, /api/search or /api/profiles")

    limited = _Limit(WAITING)
    return [
        Route("/api/ask", limited(ask)),
        Route("/api/search", limited(search)),
        Route("/api/profiles", limited(profiles)),
        Route("/api/profiles/{profile_id:path}", limited(profile)),
        Route("/api/{rest:path}", unknown),
    ]


def error(status: int, message: str, hint: str = "") -> JSONResponse:
    """Return an error as the API gives it."""
    return JSONResponse({"error": message, "hint": hint}, status)


class _Limit:
    """Runs endpoints in threads, so many at once, and turns their errors into responses."""

    def __init__(self, most: int) -> None:
        self._free = most  # only ever touched by the event loop's thread

    def __call__(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            if not self._free:
                return error(503, "too many questions at once", "ask again in a second")
            self._free -= 1
            try:
                return await run_in_threadpool(endpoint, request)
            except QueryError as query_error:
                return error(422, query_error.message, query_error.hint)
            except TipsearchError as failure:
                return error(503, failure.message, failure.hint)
            finally:
                self._free += 1

        return answer


def _query(request: Request) -> str:
    query = request.query_params.get("q")
    if query is None:
        raise QueryError("q is missing", "give the question as ?q=")
    return query


def _count(request: Request) -> int | None:
    text = request.query_params.get("k")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= HITS):
        raise QueryError(f"k is {text[:20]!r}", f"ask for 1 to {HITS} hits")
    return int(text)


def _threshold(request: Request) -> float | None:
    text = request.query_params.get("threshold")
    if text is None:
        return None
    try:
        return float(text)
    except ValueError as wrong:
        raise QueryError(f"threshold is {text[:20]!r}", "use a number from 0 to 1") from wrong


def _kind(request: Request) -> Kind | None:
    text = request.query_params.get("kind")
    if text is None:
        return None
    if text not in ANSWERED_KINDS:
        raise QueryError(f"kind is {text[:20]!r}", f"use one of {', '.join(ANSWERED_KINDS)}")
    return Kind(text)


def _filters(request: Request, taken: set[str]) -> dict[str, list[str]] | None:
    """Return every other parameter as a filter; a repeated one asks for any of its values."""
    names = dict.fromkeys(name for name in request.query_params if name not in taken)
    return {name: request.query_params.getlist(name) for name in names} or None
