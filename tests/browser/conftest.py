"""A real server and a real browser; every page is checked for errors and for outside requests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.find_browser import find_browser
from tests.conftest import CORPUS
from tests.web import hostile

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Site:
    """A running server, and the folders it serves."""

    address: str
    corpus: Path
    index: Path

    def tipsearch(self, command: str) -> None:
        run_tipsearch(command, "--corpus", str(self.corpus), "--index", str(self.index))


def run_tipsearch(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "tipsearch", *arguments], check=True, timeout=120)


@contextmanager
def _serving(index: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "tipsearch", "serve", "--index", str(index), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            words = process.stdout.readline().split()
            yield next(word for word in words if word.startswith("http://"))
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The real corpus and one hostile profile, served."""
    folder = tmp_path_factory.mktemp("site")
    corpus, index = folder / "corpus", folder / "index"
    shutil.copytree(CORPUS, corpus)
    (corpus / hostile.FILE).write_text(hostile.PROFILE, "utf-8")
    run_tipsearch("build", "--corpus", str(corpus), "--index", str(index))
    with _serving(index) as address:
        yield Site(address, corpus, index)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = find_browser()
    if executable is None:
        pytest.fail("no Chromium found: install it, or name it in TIPSEARCH_BROWSER")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=_ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def _watched(context: BrowserContext) -> Iterator[Page]:
    """Open a page that may neither complain nor ask anyone but this machine for anything."""
    page = context.new_page()
    complaints: list[str] = []
    outside: list[str] = []

    def requested(address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in {"data", "blob"} and parts.hostname != "127.0.0.1":
            outside.append(address)

    page.on("request", lambda request: requested(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text) if message.type in {"error", "warning"} else None
        ),
    )
    yield page
    assert not outside
    assert not complaints
    context.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with _watched(browser.new_context(viewport={"width": 1100, "height": 800})) as page:
        yield page


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 375, "height": 720}, has_touch=True, is_mobile=True
    )
    with _watched(context) as page:
        yield page


@pytest.fixture
def without_scripts(browser: Browser) -> Iterator[Page]:
    with _watched(browser.new_context(java_script_enabled=False)) as page:
        yield page
