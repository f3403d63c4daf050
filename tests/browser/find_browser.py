"""Name the Chromium that the browser tests drive: python tests/browser/find_browser.py."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

_COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_browser() -> str | None:
    """Return the path of $TIPSEARCH_BROWSER, of an installed Chromium, or of Playwright's own."""
    if named := os.environ.get("TIPSEARCH_BROWSER"):
        return named
    return next(filter(None, map(shutil.which, _COMMANDS)), None) or _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).is_file() else None


def main() -> None:
    """Print the browser that was found; say what is missing if the tests could not drive one."""
    try:
        _playwrights_own()
    except Exception as error:
        sys.exit(f"Playwright does not start ({error}); on Debian: apt-get install libatomic1")
    found = find_browser()
    if found is None:
        sys.exit("no Chromium found: install it, or name it in TIPSEARCH_BROWSER")
    print(f"Browser tests use {found}")  # noqa: T201


if __name__ == "__main__":
    main()
