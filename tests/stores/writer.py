"""What other processes do to an index folder in the tests; functions, to be run by fork."""

from __future__ import annotations

import os
import time
from multiprocessing.connection import Connection
from pathlib import Path

from tests.conftest import LetterEncoder, write_corpus
from tipsearch.errors import TipsearchError
from tipsearch.index import Index
from tipsearch.settings import Settings
from tipsearch.stores import generation

SETTINGS = Settings(cache=Path("unused"))
NOBODY = 65534


def files_of(version: int) -> dict[str, str]:
    """Three files that each say their version; all of a generation say the same."""
    return {
        f"{name}.txt": f"{name.title()} Roe founded it in version {version}. " * (3 + version % 3)
        for name in ("ann", "bea", "cam")
    }


def hold_lock(root: Path, told: Connection) -> None:
    """Hold the write lock until killed."""
    with generation.write_lock(root):
        told.send(os.getpid())
        while True:
            time.sleep(60)


def update_forever(folder: Path, version: int, told: Path) -> None:
    """Write version after version, and tell of each once it is published."""
    index = Index.open(folder / "index", settings=SETTINGS, encoder=LetterEncoder())
    with told.open("ab", buffering=0) as file:
        while True:
            version += 1
            index.update(write_corpus(folder / f"corpus-{version % 2}", files_of(version)))
            file.write(f"{version}\n".encode())


def search_without_rights(root: Path, told: Connection) -> None:
    """Open and search an index as a user who may write nothing there."""
    if os.geteuid() == 0:  # whoever has every right must lose them, once all is imported
        Index.open(root, settings=SETTINGS, encoder=LetterEncoder()).search("Ann")
        "Ann".encode("ascii").decode("ascii")
        os.setuid(NOBODY)
    writable = [str(path) for path in [root, *root.rglob("*")] if os.access(path, os.W_OK)]
    index = Index.open(root, settings=SETTINGS, encoder=LetterEncoder())
    try:
        with generation.write_lock(root):
            refusal = ""
    except TipsearchError as error:
        refusal = type(error).__name__
    told.send((writable, [hit.title for hit in index.search("Ann Roe")], refusal))
