"""The reading pages, served."""

from __future__ import annotations

import re
from html import unescape

import pytest
from starlette.testclient import TestClient

from tests.web import hostile
from tipsearch.answering.assistant import Assistant


@pytest.fixture(scope="module")
def legros(assistant: Assistant) -> str:
    return next(p.id for p in assistant.index.profiles() if "Legros" in p.title)


def test_a_quote_is_marked_where_the_address_says(
    client: TestClient, assistant: Assistant, legros: str
) -> None:
    profile = assistant.index.profile(legros)
    assert profile
    quote = "Pierre Legros resigned from AFESIP in 2004"
    start = profile.text.index(quote)
    page = client.get(f"/profiles/{legros}?start={start}&end={start + len(quote)}").text
    assert f'<mark id="quote">{quote}</mark>' in page
    assert "<script" not in page


@pytest.mark.parametrize(
    "offsets",
    ["", "?start=1", "?start=a&end=b", "?start=-5&end=3", "?start=5&end=2", "?start=0&end=999999",
     "?start=%C2%B2&end=9", f"?start=0&end={'9' * 5000}", "?start=1_0&end=2_0"],
)  # fmt: skip
def test_offsets_of_nothing_mark_nothing(client: TestClient, legros: str, offsets: str) -> None:
    page = client.get(f"/profiles/{legros}{offsets}")
    assert page.status_code == 200
    assert "<mark" not in page.text


def test_every_profile_is_listed_and_opens(client: TestClient) -> None:
    links = re.findall(r'href="(/profiles/[^"]+)"', client.get("/profiles").text)
    assert len(links) == 33  # one of them hostile
    for link in links:
        assert client.get(unescape(link)).status_code == 200


def test_a_missing_profile_is_said_calmly(client: TestClient) -> None:
    page = client.get("/profiles/<script>")
    assert page.status_code == 404
    assert "There is no such profile" in page.text
    assert "<script" not in page.text


def test_a_hostile_profile_is_text(client: TestClient, assistant: Assistant) -> None:
    profile = next(p for p in assistant.index.profiles() if p.file == hostile.FILE)
    page = client.get(f"/profiles/{profile.id}?start=0&end=9").text
    body = page[page.index("<main>") :]
    assert not re.search(r"<(script|img|svg|form|input|iframe)\b", body)
    assert not re.search(r"<[^>]*\son\w+=", body)
    shown = unescape(re.sub(r"<[^>]+>", "", body))
    assert all(payload in shown for payload in hostile.PAYLOADS)
