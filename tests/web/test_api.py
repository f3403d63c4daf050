"""The JSON API: records field for field, errors without tracebacks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.web import hostile
from tipsearch.answering.assistant import Assistant
from tipsearch.answering.reader import SpanReader
from tipsearch.index import FilterValue
from tipsearch.types import Answer, Kind
from tipsearch.web import api

QUESTION = "Who founded Repórter Brasil?"


def test_an_answer_is_the_record(client: TestClient, assistant: Assistant) -> None:
    response = client.get("/api/ask", params={"q": QUESTION})
    assert response.status_code == 200
    said, answer = response.json(), assistant.ask(QUESTION)
    assert set(said) == set(asdict(answer))
    assert said["text"] == answer.text
    (citation,) = said["citations"]
    profile = assistant.index.profile(citation["profile_id"])
    assert profile
    assert profile.text[citation["start"] : citation["end"]] == citation["quote"]


def test_a_refusal_says_why(client: TestClient) -> None:
    said = client.get("/api/ask", params={"q": "What is the capital of France?"}).json()
    assert said["text"] is None
    assert said["citations"] == []
    assert said["reason"]
    assert said["detail"]


def test_hits_are_ranked_and_filtered(client: TestClient) -> None:
    parameters = {"q": "slave labour", "k": "3", "active_in": "Brazil"}
    hits = client.get("/api/search", params=parameters).json()
    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    assert {hit["title"] for hit in hits} <= {"Leonardo Sakamoto", "Xavier Plassat"}


def test_a_repeated_filter_means_either(client: TestClient) -> None:
    hits = client.get("/api/search?q=award&active_in=Nepal&active_in=Cambodia").json()
    nepal_and_cambodia = {
        "Charimaya Tamang", "Tek Narayan Kunwar", "Vannak Anan Prum",
        "Pierre Legros and Somaly Mam",  # as its text says; no label does
    }  # fmt: skip
    assert {hit["title"] for hit in hits} == nepal_and_cambodia


def test_profiles_and_one_profile_are_the_records(client: TestClient, assistant: Assistant) -> None:
    listed = client.get("/api/profiles").json()
    assert [profile["id"] for profile in listed] == [p.id for p in assistant.index.profiles()]
    assert client.get(f"/api/profiles/{listed[0]['id']}").json() == listed[0]


@pytest.mark.parametrize(
    "query",
    [
        "/api/ask",
        "/api/ask?q=",
        "/api/ask?q=%20%00",
        "/api/ask?q=%F0%9F%99%82",
        "/api/ask?q=?!...",
        f"/api/ask?q={'x' * 2001}",
        "/api/ask?q=award&shoe_size=42",
        "/api/search",
        "/api/ask?q=award&threshold=2",
        "/api/ask?q=award&threshold=-0.1",
        "/api/ask?q=award&threshold=nan",
        "/api/ask?q=award&threshold=x",
        "/api/search?q=award&k=0",
        "/api/search?q=award&k=-1",
        "/api/search?q=award&k=x",
        "/api/search?q=award&k=101",
        f"/api/search?q=award&k={'9' * 5000}",
        "/api/search?q=award&color=red",
    ],
)
def test_what_cannot_be_used_is_422_with_a_hint(client: TestClient, query: str) -> None:
    response = client.get(query)
    assert response.status_code == 422
    assert set(response.json()) == {"error", "hint"}
    assert response.json()["error"]


@pytest.mark.parametrize(
    "words",
    ['" OR 1=1 --', "NEAR(a b)", "*", "title:award^9", "(a+)+$", "award\x00", "%ff", "\u202eaward"],
)
def test_no_syntax_has_a_meaning(client: TestClient, words: str) -> None:
    for path in ("/api/ask", "/api/search"):
        assert client.get(path, params={"q": words}).status_code in {200, 422}


@pytest.mark.parametrize(
    "profile_id",
    [
        "none",
        "../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "C:%5Cwindows",
        "x::$DATA",
        "%00",
        "%ff",
        "x" * 5000,
    ],
)
def test_an_id_is_only_looked_up(client: TestClient, profile_id: str) -> None:
    response = client.get(f"/api/profiles/{profile_id}")
    assert response.status_code == 404
    assert "root:" not in response.text
    assert client.get(f"/profiles/{profile_id}").status_code == 404


def test_a_threshold_is_taken(client: TestClient) -> None:
    asked = {"q": "When did Legros leave AFESIP?"}
    assert client.get("/api/ask", params=asked).json()["text"] == "2004"
    assert client.get("/api/ask", params={**asked, "threshold": "1"}).json()["text"] is None


def test_an_unknown_route_is_404_in_json(client: TestClient) -> None:
    assert client.get("/api/nothing").json()["error"] == "not found"


def test_health_and_readiness(client: TestClient) -> None:
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").text == "ready\n"


def test_payloads_are_data(client: TestClient) -> None:
    response = client.get("/api/ask", params={"q": hostile.QUESTION})
    assert response.headers["content-type"] == "application/json"


def test_a_burst_is_answered_or_refused_at_once(assistant: Assistant, reader: SpanReader) -> None:
    """While every place is taken by a question that takes its time, the next is told to wait."""
    go_on = threading.Event()

    class Slow(Assistant):
        def ask(
            self,
            question: str,
            k: int | None = None,
            filters: Mapping[str, FilterValue] | None = None,
            threshold: float | None = None,
            kind: Kind | None = None,
        ) -> Answer:
            assert go_on.wait(20)
            return super().ask(question, k, filters, threshold, kind)

    slow = Slow(assistant.index, reader)
    app = Starlette(routes=list(api.routes(slow)))
    extra = 7

    async def burst() -> list[int]:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://x") as client:
            tasks = [
                asyncio.ensure_future(client.get("/api/ask", params={"q": "Who is Plassat?"}))
                for _ in range(api.WAITING + extra)
            ]
            refused, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            while len(refused) < extra:
                refused, _ = await asyncio.wait(tasks, timeout=0.05)
            go_on.set()
            return sorted(response.status_code for response in await asyncio.gather(*tasks))

    with ThreadPoolExecutor(1) as beside:  # the browser tests keep a loop running in this thread
        codes = beside.submit(asyncio.run, burst()).result()
    assert codes == [200] * api.WAITING + [503] * extra
    with TestClient(app) as client:
        assert client.get("/api/ask", params={"q": "Who is Plassat?"}).status_code == 200
