"""PostgreSQL: pgvector for meaning, BM25 for words, for servers that share one index.

    postgresql://user@host1,host2/database?schema=tipsearch&target_session_attrs=prefer-standby

Everything lives in one schema. A build makes a *generation* of tables, a write makes a *revision*
of them, each in one transaction: whoever reads sees the state before or the state after, whole.
A profile's row says since which revision it holds and until which; a store reads at one revision,
so that a question which began before a write ends on what it began with. What the revision before
no longer holds either is deleted by the next write.

Reading goes where the address says, which may be standbys; writing goes to the primary among its
hosts, and ends once what is read has caught up.

Words are ranked by the extension pg_textsearch where the server has it. Where not, by BM25 over a
table of postings, in SQL: exact, and its cost grows with the number of passages that hold a word.
PostgreSQL's own ``ts_rank`` is no BM25 and is not used.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tipsearch.errors import BackendError, IndexFormatError
from tipsearch.retrieval import lexical
from tipsearch.stores import postgres_tables as tables_of
from tipsearch.stores.catalogue import Catalogue, Catalogued
from tipsearch.stores.generation import NewerFormatError
from tipsearch.stores.postgres_server import (
    FORMAT,
    Row,
    Server,
    Session,
    State,
    Writer,
    nothing,
)
from tipsearch.stores.postgres_tables import EXACT, FOREVER, literal
from tipsearch.stores.store import (
    Change,
    Count,
    Filters,
    RewrittenError,
    StoreInfo,
    ascii_word,
    batches,
    closed_on_failure,
    folded,
    profile_of,
    storable,
)
from tipsearch.types import Evidence, Passage, Profile

if TYPE_CHECKING:
    from numpy.typing import NDArray


class PostgresStore(Catalogued):
    """One revision of a schema's tables; see `stores.store.Store`.

    Attributes
    ----------
    info, notice
        As for `Store`.
    """

    def __init__(self, server: Server, session: Session, state: State) -> None:
        self.info = StoreInfo(**state.info)
        self.notice = ""
        self._server = server
        self._session = session
        self._state = state
        self._loading = threading.Lock()
        self._loaded: Catalogue | None = None

    @property
    def name(self) -> str:
        """Which state this is."""
        return f"generation {self._state.generation}, revision {self._state.revision}"

    # Opening and writing

    @classmethod
    def open(cls, where: str | Path, timeout_s: int | None = None) -> PostgresStore:
        """Open what a schema holds; see `Engine`.

        Raises
        ------
        BackendError
            If the server cannot be reached.
        IndexFormatError
            If the schema holds no index.
        """
        server = Server(str(where), timeout_s)
        with closed_on_failure(server):
            return cls(server, server, server.state())

    @classmethod
    def create(
        cls, where: str | Path, change: Change, timeout_s: int | None = None
    ) -> PostgresStore:
        """Write new tables, load them, index them, and only then make them what is read.

        Raises
        ------
        BackendError
            If the server cannot be reached, is too old, or lacks pgvector.
        IndexBusyError
            If somebody else is writing, or nothing can be written.
        """
        if change.info is None:
            raise BackendError("a new store must be told what it is made with")
        server = Server(str(where), timeout_s)
        with server.writing() as session:
            ranking = tables_of.prepare(session, server)
            before = server.state(session, missing=nothing(change.info))
            generation = before.generation + 1
            tables = server.tables(generation)
            dimension = int(change.info.encoder["dimension"])
            session.run(tables_of.TABLES.format(**tables, dimension=dimension))
            if ranking == "postings":
                session.run(tables_of.POSTINGS.format(**tables))
            revision = before.revision + 1
            for some in batches(change.upsert, tables_of.TOGETHER):
                tables_of.insert(session, tables, some, revision, ranking)
            session.run(tables_of.INDEXES.format(**tables))
            if ranking == "pg_textsearch":
                session.run(tables_of.TEXTSEARCH.format(**tables, k1=lexical.K1, b=lexical.B))
            made = State(FORMAT, generation, revision, asdict(change.info), ranking, 0, 0, 0, 0.0)
            state = tables_of.settle(session, server, made)
            if before.generation > 1:  # those of the one before this may still be read
                old = server.tables(before.generation - 1)
                for table in ("postings", "passages", "evidence", "profiles"):
                    session.run(f"DROP TABLE IF EXISTS {old[table]} CASCADE")
        with closed_on_failure(server):
            return cls(server, server, server.caught_up(state))

    @classmethod
    def is_usable(cls, where: str | Path, timeout_s: int | None = None) -> bool:
        """Whether a schema holds an index; see `Engine`."""
        server = Server(str(where), timeout_s)
        try:
            with server.writing() as session:  # the primary: a standby may not have it yet
                server.state(session)
        except NewerFormatError:
            raise
        except IndexFormatError:
            return False
        return True

    def refresh(self) -> PostgresStore:
        """Return the newest revision; see `Store`."""
        state = self._server.state()
        if state.revision <= self._state.revision:  # also of a standby that is behind
            return self
        return PostgresStore(self._server, self._server, state)

    def write(self, plan: Callable[[PostgresStore], Change | None]) -> PostgresStore:
        """Write what a plan says of the newest revision, in one transaction; see `Store`."""
        server = self._server
        with server.writing() as session:
            newest = PostgresStore(server, session, server.state(session))
            change = plan(newest)
            state = newest._state if change is None else newest._change(session, change)
        if state.revision == self._state.revision:
            return self
        return PostgresStore(server, server, server.caught_up(state))

    def _change(self, session: Writer, change: Change) -> State:
        before, tables = self._state, self._tables
        revision = before.revision + 1
        session.run(f"DELETE FROM {tables['profiles']} WHERE until <= {before.revision}")
        gone = (
            f"UPDATE {tables['profiles']} SET until = {revision}"
            f" WHERE id = ANY(%(ids)s) AND until = {FOREVER}"
        )
        session.run(gone, {"ids": list(change.delete)})
        for some in batches(change.upsert, tables_of.TOGETHER):
            session.run(gone, {"ids": [entry.profile.id for entry in some]})
            tables_of.insert(session, tables, some, revision, before.ranking)
        info = asdict(change.info or self.info)
        made = State(FORMAT, before.generation, revision, info, before.ranking, 0, 0, 0, 0.0)
        return tables_of.settle(session, self._server, made)

    def close(self) -> None:
        """Give the connections back."""
        self._server.close()

    # Profiles and what they say

    @property
    def _tables(self) -> dict[str, str]:
        return self._server.tables(self._state.generation)

    def _rows(self, sql: str, *, patient: bool = False, **values: object) -> list[Row]:
        """Return the rows of a statement, its tables named, at this revision."""
        revision = self._state.revision
        live = f"live.since <= {revision} AND live.until > {revision}"
        named = sql.format(**self._tables, live=live)
        return self._session.at(self._state, named, values, patient=patient)

    def count(self) -> Count:
        """Return how much there is."""
        return Count(self._state.profiles, self._state.passages)

    @property
    def _catalogue(self) -> Catalogue:
        with self._loading:
            if self._loaded is None:
                self._loaded = Catalogue(self._told())
            return self._loaded

    def _told(self) -> Iterator[tuple[Profile, tuple[Evidence, ...]]]:
        said: dict[int, list[Row]] = {}
        for number, *told in self._rows(
            "SELECT profile, field, value, evidence.start, stop, labelled, basis"
            " FROM {evidence} evidence JOIN {profiles} live ON live.number = profile"
            " WHERE {live} ORDER BY profile, place",
            patient=True,
        ):
            said.setdefault(number, []).append(tuple(told))
        for number, id_, told, text in self._rows(
            "SELECT number, id, told, text FROM {profiles} live WHERE {live}", patient=True
        ):
            yield (
                profile_of({**told, "id": id_, "text": text}),
                tuple(
                    Evidence(id_, field, value, start, stop, labelled, tuple(basis))
                    for field, value, start, stop, labelled, basis in said.get(number, ())
                ),
            )

    # Passages

    def passages(self, numbers: Sequence[int]) -> list[tuple[str, Passage]]:
        """Return passages by their numbers, in that order, each with its profile's title.

        Raises
        ------
        RewrittenError
            If two writes went by since this store was opened, and took a passage with them.
        """
        found = {
            number: (title, Passage(*told))
            for number, title, *told in self._rows(
                "SELECT passage.number, title, id, start, stop, paragraph,"
                " substr(text, start + 1, stop - start)"
                " FROM {passages} passage JOIN {profiles} live ON live.number = profile"
                " WHERE passage.number = ANY(%(numbers)s)",
                numbers=list(numbers),
            )
        }
        if len(found) < len(set(numbers)):
            raise RewrittenError
        return [found[number] for number in numbers]

    def vectors(self, keys: Collection[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """Return the vectors kept under content hashes, of those that are there.

        They are kept in half precision, and given back at length 1.
        """
        rows = self._rows(
            "SELECT key, vector::real[] FROM {passages} WHERE key = ANY(%(keys)s)",
            keys=list(set(keys)),
        )
        return {bytes(key): _unit(vector) for key, vector in rows}

    def dense(
        self, query: NDArray[np.float32], k: int, filters: Filters | None = None
    ) -> dict[int, float]:
        """Return at most k passages and their cosines with a unit vector, best first.

        By HNSW where there are many passages, else by looking at each.
        """
        if k < 1:
            return {}
        among, values = self._among(filters)
        values |= {"query": literal(query), "k": k}
        exact = f"{{passages}} {among} OFFSET 0"
        by_index = f"{{passages}} {among} ORDER BY vector <=> %(query)s::halfvec LIMIT %(deep)s"
        found = {}
        if not among or self._many(among, values):
            found = self._nearest(by_index, values)
        if among and len(found) < k:  # the index gives up where few of those near it pass
            found = self._nearest(exact, values)
        return found

    def _nearest(self, among: str, values: Mapping[str, Any]) -> dict[int, float]:
        rows = self._rows(
            "SELECT near.number, 1 - far FROM ("
            f" SELECT number, profile, vector <=> %(query)s::halfvec AS far FROM {among}"
            ") near JOIN {profiles} live ON live.number = near.profile WHERE {live}"
            " ORDER BY far, near.number LIMIT %(k)s",
            **values,
        )
        return _ranked(rows)

    def cosines(self, query: NDArray[np.float32], numbers: Sequence[int]) -> dict[int, float]:
        """Return the cosines of a unit vector with passages named by number.

        Raises
        ------
        RewrittenError
            As for `passages`.
        """
        rows = self._rows(
            "SELECT number, 1 - (vector <=> %(query)s::halfvec) FROM {passages}"
            " WHERE number = ANY(%(numbers)s)",
            query=literal(query),
            numbers=list(numbers),
        )
        if len(rows) < len(set(numbers)):
            raise RewrittenError
        return dict(rows)

    def lexical(self, query: str, k: int, filters: Filters | None = None) -> dict[int, float]:
        """Return at most k passages that share a word with a query, and their BM25, best first."""
        words = [ascii_word(word) for word in lexical.words(query)]
        if not words or k < 1:
            return {}
        among, values = self._among(filters)
        values |= {"words": words, "query": " ".join(words), "k": k}
        if self._state.ranking == "postings":
            return self._by_postings(among, values)
        scored = "number, profile, words <@> to_bm25query(%(query)s, '{ranker}') AS far"
        if among:  # the index ranks before it filters: each passage that is left is scored instead
            inner = f"SELECT {scored} FROM {{passages}} {among} OFFSET 0"
        else:
            inner = (
                f"SELECT {scored} FROM {{passages}}"
                " ORDER BY words <@> to_bm25query(%(query)s, '{ranker}') LIMIT %(deep)s"
            )
        rows = self._rows(
            f"SELECT near.number, -far FROM ({inner}) near"
            " JOIN {profiles} live ON live.number = near.profile WHERE {live} AND far < 0"
            " ORDER BY far, near.number LIMIT %(k)s",
            **values,
        )
        return _ranked(rows)

    def _by_postings(self, among: str, values: dict[str, Any]) -> dict[int, float]:
        """Rank by BM25 in SQL: the formula of Lucene and tantivy, over all live passages."""
        values |= {
            "n": self._state.passages, "mean": self._state.mean_words or 1.0,
            "k1": lexical.K1, "b": lexical.B,
        }  # fmt: skip
        rows = self._rows(
            "WITH held AS MATERIALIZED ("
            " SELECT passage.number, profile, word, frequency, posting.length"
            " FROM {postings} posting JOIN {passages} passage ON passage.number = posting.passage"
            " JOIN {profiles} live ON live.number = profile"
            " WHERE word = ANY(%(words)s) AND {live}"
            "), rare AS ("
            " SELECT word, ln(1 + (%(n)s - count(*) + 0.5) / (count(*) + 0.5)) AS idf"
            " FROM held GROUP BY word"
            ") SELECT number, sum(idf * frequency * (%(k1)s + 1)"
            " / (frequency + %(k1)s * (1 - %(b)s + %(b)s * length / %(mean)s))) AS score"
            f" FROM (SELECT * FROM held {among}) left_over JOIN rare USING (word)"
            " GROUP BY number ORDER BY score DESC, number LIMIT %(k)s",
            **values,
        )
        return _ranked([(number, float(score)) for number, score in rows])

    def document_frequency(self, word: str) -> int:
        """Return how many passages hold a word."""
        holding = (
            "JOIN {postings} posting ON passage.number = posting.passage WHERE word = %(word)s"
            if self._state.ranking == "postings"
            else "WHERE string_to_array(words, ' ') @> ARRAY[%(word)s]"
        )
        ((count,),) = self._rows(
            "SELECT count(*) FROM {passages} passage JOIN {profiles} live ON live.number = profile "
            + holding
            + " AND {live}",
            word=ascii_word(word),
        )
        return int(count)

    def _among(self, filters: Filters | None) -> tuple[str, dict[str, Any]]:
        """Return the condition that a passage's profile passes the filters, and its values."""
        if filters is None:
            return "", {}
        conditions: list[str] = []
        values: dict[str, Any] = {}
        for place, (field, wanted) in enumerate(folded(filters).items()):
            conditions.append(
                f"SELECT profile FROM {{evidence}} WHERE field = %(field{place})s"
                f" AND md5(folded) = ANY(%(values{place})s)"
            )
            values |= {f"field{place}": field, f"values{place}": list(map(_md5, wanted))}
        chosen = " INTERSECT ".join(conditions) or "SELECT 0 WHERE false"
        return f"WHERE profile IN ({chosen})", values

    def _many(self, among: str, values: Mapping[str, Any]) -> bool:
        """Whether filters leave more passages than should be looked at one by one."""
        limit = 4 * EXACT
        inner = f"SELECT 1 FROM {{passages}} {among} LIMIT {limit}"
        ((count,),) = self._rows(f"SELECT count(*) FROM ({inner}) left_over", **values)
        return bool(count == limit)


def _md5(text: str) -> str:
    """Return what a value is looked up by: it may be longer than a B-tree takes."""
    return hashlib.md5(storable(text).encode(), usedforsecurity=False).hexdigest()


def _unit(vector: Sequence[float]) -> NDArray[np.float32]:
    array = np.array(vector, dtype=np.float32)
    unit: NDArray[np.float32] = array / np.linalg.norm(array)
    return unit


def _ranked(rows: Iterable[tuple[Any, ...]]) -> dict[int, float]:
    return dict(sorted(((n, float(s)) for n, s in rows), key=lambda pair: (-pair[1], pair[0])))
