"""What the guard lets through, and the headers on what comes back."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tipsearch.web.guard import BODY_BYTES, Guard, Hosts

CLOSED = (
    "/gradio_api/upload",
    "/gradio_api/upload/",
    "/gradio_api/upload_progress",
    "/gradio_api/dev/reload",
    "/gradio_api/openapi.json",
    "/gradio_api/info",
    "/gradio_api/runs",
    "/gradio_api/mcp/",
    "/gradio_api/mcp/sse",
    "/gradio_api/file=/etc/passwd",
    "/gradio_api/proxy=http://127.0.0.1/",
    "/gradio_api/run/ask",
    "/gradio_api/call/ask",
    "/gradio_api/vibe-code",
    "/monitoring",
    "/monitoring/summary",
    "/openapi.json",
    "/docs",
    "/login",
    "/unknown",
)
OPEN = ("/", "/healthz", "/readyz", "/profiles", "/theme.css", "/tipsearch/style.css", "/config")
DIRECTIVES = (
    "img-src 'self' data:",
    "form-action 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_nothing_needs_is_not_found(client: TestClient, method: str, path: str) -> None:
    assert client.request(method, path).status_code == 404


@pytest.mark.parametrize("path", OPEN)
def test_what_the_page_uses_is_open(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", [*OPEN, "/unknown", "/api/ask", "/profiles/none", "/api/none"])
def test_headers_are_on_every_response(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert all(directive in policy for directive in DIRECTIVES)
    assert "'unsafe-inline'" not in policy.split("style-src")[0]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"


def test_refusals_carry_the_headers_too(client: TestClient) -> None:
    wrong_host = client.get("/", headers={"host": "evil.example"})
    too_large = client.post("/gradio_api/queue/join", content=b"x" * 1_000_000)
    for response in (wrong_host, too_large):
        assert "content-security-policy" in response.headers


def test_reading_pages_allow_no_script(client: TestClient) -> None:
    policy = client.get("/profiles").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy


def test_every_script_of_the_page_has_its_nonce_and_no_other_page_has_the_same(
    client: TestClient,
) -> None:
    nonces = []
    for page in (client.get("/"), client.get("/")):
        found = re.search(r"'nonce-([\w-]+)'", page.headers["content-security-policy"])
        assert found
        scripts = re.findall(r"<script[^>]*>", page.text)
        assert scripts
        assert all(f'nonce="{found[1]}"' in script for script in scripts)
        assert "<base" not in page.text
        nonces.append(found[1])
    assert nonces[0] != nonces[1]


@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/api/ask", "/"])
def test_a_body_too_large_is_refused(client: TestClient, path: str) -> None:
    assert client.post(path, content=b"x" * 1_000_000).status_code == 413


def test_a_chunked_body_too_large_is_refused(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 10_000

    assert client.post("/gradio_api/queue/join", content=chunks()).status_code == 413


def test_a_chunked_body_within_the_cap_arrives_whole(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"data": '
        yield b"[]}"

    response = client.post("/gradio_api/queue/join", content=chunks())
    assert response.status_code not in {400, 413, 500}


@pytest.mark.parametrize("length", ["-1", "x", "²", str(BODY_BYTES + 1), "9" * 5000])
def test_an_impossible_length_is_refused(client: TestClient, length: str) -> None:
    headers = {b"content-length": length.encode("utf-8")}
    response = client.post("/gradio_api/queue/join", headers=headers, content=b"")
    assert response.status_code == 413


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "a b"])
def test_a_wrong_host_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 400


@pytest.mark.parametrize("host", ["localhost:7860", "LOCALHOST", "127.0.0.1", "[::1]:7860"])
def test_our_own_names_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 200


def test_any_address_means_addresses_not_names() -> None:
    hosts = Hosts({"localhost"}, any_address=True)
    assert hosts.allow("192.0.2.7:7860")
    assert hosts.allow("[2001:db8::1]")
    assert not hosts.allow("rebound.example")
    assert not Hosts({"localhost"}, any_address=False).allow("192.0.2.7")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9"])
@pytest.mark.parametrize("path", ["/", "/api/profiles", "/config", "/gradio_api/queue/join"])
def test_a_foreign_origin_is_allowed_nothing(client: TestClient, path: str, origin: str) -> None:
    asked = client.get(path, headers={"origin": origin})
    preflight = client.options(
        path, headers={"origin": origin, "access-control-request-method": "POST"}
    )
    for response in (asked, preflight):
        assert "access-control-allow-origin" not in response.headers
    assert preflight.status_code == 400


def test_a_crash_is_a_plain_500_with_the_headers(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: object, receive: object, send: object) -> None:
        raise RuntimeError("a secret")

    client = TestClient(Guard(broken, Hosts({"127.0.0.1"}, False)), base_url="http://127.0.0.1")
    response = client.get("/")
    assert response.status_code == 500
    assert "a secret" not in response.text
    assert "content-security-policy" in response.headers
    assert "a secret" in caplog.text
