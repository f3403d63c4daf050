"""One suite, every engine: what they run against."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.stores.servers import Cluster, pglite, postgres

OWN_SERVER = os.environ.get("TIPSEARCH_TEST_PG_DSN", "")
"""A PostgreSQL of your own, to run the same suite on; each test in a schema of its own."""

ENGINES = ("local", "postgres", "pglite", "milvus", *(("own server",) if OWN_SERVER else ()))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Cluster]:
    """PostgreSQL without pg_textsearch: words are ranked in SQL."""
    with postgres() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def pglite_server() -> Iterator[str]:
    """PostgreSQL in one process, with pg_textsearch."""
    with pglite() as address:
        yield address


@pytest.fixture(scope="session")
def milvus_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of milvus-lite: it emulates Milvus, and shows nothing about a cluster."""
    return tmp_path_factory.mktemp("milvus") / "milvus.db"


@pytest.fixture(params=ENGINES)
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An address of each engine where nothing is kept yet."""
    schema = f"test_{uuid4().hex[:12]}"
    if request.param == "local":
        return str(tmp_path / "index")
    if request.param == "postgres":
        return f"{request.getfixturevalue('postgres_server').address}?schema={schema}"
    if request.param == "milvus":
        return f"milvus://{request.getfixturevalue('milvus_file')}?name={schema}"
    if request.param == "pglite":
        return f"{request.getfixturevalue('pglite_server')}&schema={schema}"
    return f"{OWN_SERVER}{'&' if '?' in OWN_SERVER else '?'}schema={schema}"
