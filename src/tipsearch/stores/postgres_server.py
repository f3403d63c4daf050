"""Connections to PostgreSQL: many to read by, one to write by; errors that say what is wrong."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote, urlencode

from tipsearch.errors import BackendError, IndexBusyError, IndexFormatError
from tipsearch.settings import Settings
from tipsearch.stores.generation import NewerFormatError
from tipsearch.stores.store import RewrittenError, StoreInfo, shown

try:
    import psycopg
    import psycopg_pool
    from psycopg import errors as pg
except ImportError as error:
    raise BackendError(
        "PostgreSQL needs the package psycopg", "pip install 'tipsearch[postgres]'"
    ) from error

FORMAT = 1
"""The layout of the tables; a newer one is refused."""

_POOL = 8  # connections for reading
_SCANNED = 200_000  # passages that HNSW looks at, at most, to find enough that pass a filter
_WHILE_WRITING = {
    "statement_timeout": "0", "idle_in_transaction_session_timeout": "0", "lock_timeout": "'10s'",
}  # fmt: skip
"""A build embeds inside its transaction: that takes as long as it takes, a lock does not."""
_NETWORK = {
    "keepalives_idle": "5", "keepalives_interval": "2", "keepalives_count": "3",
}  # fmt: skip
"""So that a host that lost its power is found to be gone."""
_EF_SEARCH = 200  # what HNSW keeps in sight while it looks
_FIRST_WAIT_S = 0.05

logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # what it warns of is raised here


@dataclass(frozen=True, slots=True)
class State:
    """The one row of ``state``."""

    format: int
    generation: int
    revision: int
    info: Mapping[str, Any]
    ranking: str
    profiles: int
    passages: int
    expired: int
    """Passages that are there still, for those who read the revision before."""
    mean_words: float


Row = tuple[Any, ...]


class Session(Protocol):
    """Where statements go: a pool that reads, or the one connection that writes."""

    def rows(self, sql: str, values: Mapping[str, Any] | None = None) -> list[Row]:
        """Return the rows of a statement."""

    def at(
        self, held: State, sql: str, values: Mapping[str, Any], *, patient: bool = False
    ) -> list[Row]:
        """Return the rows of a statement, as of a revision, however long it takes if patient.

        Where ``values`` has a k, the statement gets ``deep`` as well: how many passages must be
        looked at to be left with k that hold.
        """


def _deep(values: Mapping[str, Any], hidden: int) -> dict[str, Any]:
    return {**values, **({"deep": values["k"] + hidden} if "k" in values else {})}


class Server:
    """Where an index lives: connections to read from, and one to write by."""

    def __init__(self, where: str, timeout_s: int | None = None) -> None:
        """Take an address; nothing is connected yet."""
        self.shown = shown(where)
        self.timeout_s = timeout_s or Settings.from_environment().store_timeout_s
        self._address, self.schema = _address(where, self.timeout_s)
        self._pool: psycopg_pool.ConnectionPool | None = None
        self._opening = threading.Lock()

    def tables(self, generation: int) -> dict[str, str]:
        """Return the full names of a generation's tables and indexes."""
        names = ("profiles", "evidence", "passages", "postings")
        tables = {name: f"{self.schema}.{name}_{generation}" for name in names}
        return {
            **tables, "hnsw": f"hnsw_{generation}", "bm25": f"bm25_{generation}",
            "ranker": f"{self.schema}.bm25_{generation}",
        }  # fmt: skip

    def state(self, session: Session | None = None, missing: State | None = None) -> State:
        """Return what the schema holds, or ``missing`` where it holds nothing yet."""
        sql = (
            f"SELECT format, generation, revision, info, ranking, profiles, passages, expired,"
            f" mean_words FROM {self.schema}.state"
        )
        try:
            rows = (session or self).rows(sql)
        except NothingThereError:
            rows = []
        if not rows:
            if missing is not None:
                return missing
            raise IndexFormatError(f"no index at {self.shown}", "run 'tipsearch build'")
        state = State(*rows[0])
        if state.format > FORMAT:
            raise NewerFormatError(
                f"the index at {self.shown} was made by a newer tipsearch", "upgrade tipsearch"
            )
        return state

    def caught_up(self, written: State) -> State:
        """Wait until what is read holds what was written; standbys follow a little later."""
        deadline = time.monotonic() + self.timeout_s
        while True:
            state = self.state(missing=nothing(StoreInfo("", {}, {}, "")))
            if state.revision >= written.revision:
                return state
            if time.monotonic() > deadline:
                raise BackendError(
                    f"a standby of {self.shown} is behind: at revision {state.revision},"
                    f" {written.revision} was written",
                    "it will follow; what was written is safe",
                )
            time.sleep(_FIRST_WAIT_S)

    def rows(self, sql: str, values: Mapping[str, Any] | None = None) -> list[Row]:
        """Return the rows of a statement that only reads; tried again while a server restarts."""
        return self._tried(lambda connection: connection.execute(sql, values).fetchall())

    def at(
        self, held: State, sql: str, values: Mapping[str, Any], *, patient: bool = False
    ) -> list[Row]:
        """Return the rows of a statement, as of a revision; see `Session`."""

        def read(connection: psycopg.Connection[Any]) -> list[Row]:
            with connection.transaction():  # of one snapshot: what is read is of one moment
                if patient:
                    connection.execute("SET LOCAL statement_timeout = 0")
                hidden = self._hidden(held, connection)
                return connection.execute(sql, _deep(values, hidden)).fetchall()

        return self._tried(read)

    def _hidden(self, held: State, connection: psycopg.Connection[Any]) -> int:
        """Return how many passages are there on a host that do not hold at a revision.

        Raises
        ------
        _AwayError
            If the host is behind: another may not be, or it may be up to date in a moment.
        RewrittenError
            If two writes went by: what the revision held may be deleted.
        """
        try:
            (row,) = connection.execute(
                f"SELECT generation, revision, passages, expired FROM {self.schema}.state"
            ).fetchall()
            generation, revision, passages, expired = row
        except (pg.UndefinedTable, pg.InvalidSchemaName, ValueError):
            revision = 0
        if revision < held.revision:
            raise _AwayError(
                f"a standby of {self.shown} is behind: at revision {revision},"
                f" {held.revision} is asked for",
                "it will follow; what was written is safe",
            )
        if revision > held.revision + 1:
            raise RewrittenError
        return passages + expired - held.passages if generation == held.generation else held.expired

    def _tried(self, read: Callable[[psycopg.Connection[Any]], list[Row]]) -> list[Row]:
        deadline = time.monotonic() + self.timeout_s
        wait_s = _FIRST_WAIT_S
        while True:
            left_s = max(0.1, deadline - time.monotonic())
            try:
                with _named_errors(self.shown), self._open_pool().connection(left_s) as connection:
                    return read(connection)
            except _AwayError as error:
                if time.monotonic() + wait_s > deadline:
                    raise BackendError(error.message, error.hint) from error
            time.sleep(wait_s)
            wait_s *= 2

    def _open_pool(self) -> psycopg_pool.ConnectionPool:
        """Return the pool, opened after one plain connection: its errors say what is wrong."""
        with self._opening:
            if self._pool is None:
                psycopg.connect(self._address).close()
                self._pool = psycopg_pool.ConnectionPool(
                    self._address, min_size=0, max_size=_POOL, open=True, max_idle=60,
                    reconnect_timeout=1,
                    configure=self._configure, check=psycopg_pool.ConnectionPool.check_connection,
                    kwargs={"autocommit": True, "prepare_threshold": None},
                )  # fmt: skip
        return self._pool

    def _configure(self, connection: psycopg.Connection[Any]) -> None:
        connection.execute(f"SET statement_timeout = {self.timeout_s * 1000}")
        connection.execute(f"SET hnsw.ef_search = {_EF_SEARCH}")
        connection.execute("SET hnsw.iterative_scan = strict_order")
        connection.execute(f"SET hnsw.max_scan_tuples = {_SCANNED}")
        find_extensions(connection)
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Hold the only right to write here, in one transaction on the primary.

        Yields
        ------
        Writer
            Its connection; what it writes is there once the ``with`` ends well.

        Raises
        ------
        IndexBusyError
            If somebody else holds it, or nothing can be written.
        BackendError
            If the server cannot be reached.
        """
        with _named_errors(self.shown, writing=True):
            connection = psycopg.connect(
                self._address, target_session_attrs="read-write", prepare_threshold=None
            )
            with connection, connection.transaction():
                for setting, value in _WHILE_WRITING.items():
                    connection.execute(f"SET LOCAL {setting} = {value}")
                find_extensions(connection)
                writer = Writer(connection, copies=_can_copy(connection))
                ((free,),) = writer.rows(
                    "SELECT pg_try_advisory_xact_lock(hashtextextended(%(name)s, 0))",
                    {"name": f"tipsearch {self.schema}"},
                )
                if not free:
                    raise IndexBusyError(
                        f"{self.shown} is being written by another process", "wait for it to end"
                    )
                yield writer

    def close(self) -> None:
        """Give the connections back."""
        if self._pool is not None:
            self._pool.close()


@dataclass(frozen=True, slots=True)
class Writer:
    """The one connection that writes."""

    connection: psycopg.Connection[Any]
    copies: bool
    """Whether it takes COPY, which is faster than INSERT."""

    def rows(self, sql: str, values: Mapping[str, Any] | None = None) -> list[Row]:
        """Return the rows of a statement."""
        try:
            with self.connection.transaction():  # a savepoint: a missing table ends only this
                return self.connection.execute(sql, values).fetchall()
        except (pg.UndefinedTable, pg.InvalidSchemaName) as error:
            raise NothingThereError(str(error)) from error

    def at(
        self, held: State, sql: str, values: Mapping[str, Any], *, patient: bool = False
    ) -> list[Row]:
        """Return the rows of a statement; nobody else writes, so that the revision is the last."""
        return self.rows(sql, _deep(values, held.expired))

    def run(self, sql: str, values: Mapping[str, Any] | None = None) -> None:
        """Run statements that return nothing."""
        self.connection.execute(sql, values)

    def load(self, table: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows to a table."""
        with self.connection.cursor() as cursor:
            if not self.copies:
                marks = ", ".join(["%s"] * len(columns.split(",")))
                cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
                return
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copying:
                for row in rows:
                    copying.write_row(row)


def find_extensions(connection: psycopg.Connection[Any]) -> None:
    """Make the types and operators of the extensions known, whatever schema they were put in."""
    connection.execute(
        "SELECT set_config('search_path', coalesce(string_agg(DISTINCT quote_ident(nspname), ','),"
        " 'public'), false) FROM pg_extension JOIN pg_namespace found ON found.oid = extnamespace"
        " WHERE extname IN ('vector', 'pg_textsearch')"
    )


class _AwayError(BackendError):
    """A server that may be back in a moment."""


class NothingThereError(IndexFormatError):
    """There is no such table."""


@contextmanager
def _named_errors(where: str, *, writing: bool = False) -> Iterator[None]:
    """Raise psycopg's errors as tipsearch's, in one line and without a password."""
    try:
        yield
    except (pg.UndefinedTable, pg.InvalidSchemaName) as error:
        raise NothingThereError(f"no index at {where}", "run 'tipsearch build'") from error
    except (pg.ReadOnlySqlTransaction, pg.InsufficientPrivilege) as error:
        if not writing:
            raise BackendError(f"cannot read {where}: {line(error)}", "grant SELECT") from error
        raise IndexBusyError(f"cannot write {where}: {line(error)}", "fix permissions") from error
    except (pg.DiskFull, pg.LockNotAvailable) as error:
        raise IndexBusyError(
            f"cannot write {where}: {line(error)}", "what was there still answers"
        ) from error
    except pg.QueryCanceled as error:
        raise BackendError(f"PostgreSQL at {where} took too long: {line(error)}") from error
    except (pg.InvalidPassword, pg.InvalidAuthorizationSpecification) as error:
        raise BackendError(
            f"PostgreSQL at {where} refused: {line(error)}", "check user and password"
        ) from error
    except (psycopg.OperationalError, psycopg_pool.PoolTimeout) as error:
        if writing and "read-only" in str(error):
            raise IndexBusyError(
                f"cannot write {where}: no host of it takes writes", "name the primary"
            ) from error
        refused = "authentication failed" in str(error) or "does not exist" in str(error)
        kind = BackendError if refused else _AwayError
        raise kind(f"PostgreSQL at {where} cannot be used: {line(error)}") from error
    except psycopg.Error as error:
        raise BackendError(f"PostgreSQL at {where} failed: {line(error)}") from error


def line(error: BaseException) -> str:
    """Return the first line of an error that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _address(where: str, timeout_s: int) -> tuple[str, str]:
    """Split off the schema, and set how long to wait for a connection where nothing does."""
    base, _, query = where.partition("?")
    told = dict(parse_qsl(query))
    schema = told.pop("schema", "tipsearch")
    if not (schema.isascii() and schema.isidentifier() and schema == schema.lower()):
        raise BackendError(
            f"schema {schema!r} cannot be used", "use small letters, digits and underscores"
        )
    told = {
        "connect_timeout": str(timeout_s), "tcp_user_timeout": str(timeout_s * 1000), **_NETWORK,
        **told,
    }  # fmt: skip
    return f"{base}?{urlencode(told, quote_via=quote)}", schema


def _can_copy(connection: psycopg.Connection[Any]) -> bool:
    """Whether the server takes COPY; PGlite, PostgreSQL inside one process, does not."""
    ((name,),) = connection.execute("SELECT version()").fetchall()
    return "PGlite" not in str(name)


def nothing(info: StoreInfo) -> State:
    """Return the state of a schema that holds no index yet."""
    return State(FORMAT, 0, 0, asdict(info), "", 0, 0, 0, 0.0)
