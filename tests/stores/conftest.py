"""One suite, every engine: what they run against."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
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


@pytest.fixture(scope="session", params=ENGINES)
def new_address(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], str]:
    """Makes addresses of one engine where nothing is kept yet."""

    def address() -> str:
        schema = f"test_{uuid4().hex[:12]}"
        match request.param:
            case "local":
                return str(tmp_path_factory.mktemp("local") / "index")
            case "postgres":
                return f"{request.getfixturevalue('postgres_server').address}?schema={schema}"
            case "milvus":
                return f"milvus://{request.getfixturevalue('milvus_file')}?name={schema}"
            case "pglite":
                return f"{request.getfixturevalue('pglite_server')}&schema={schema}"
        return f"{OWN_SERVER}{'&' if '?' in OWN_SERVER else '?'}schema={schema}"

    return address


@pytest.fixture
def where(new_address: Callable[[], str]) -> str:
    """An address where nothing is kept yet."""
    return new_address()
