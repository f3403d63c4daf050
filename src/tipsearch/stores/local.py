"""A folder on this machine: profiles in SQLite, vectors in NumPy's format, words in tantivy."""

from __future__ import annotations

import copy
import heapq
import json
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from tipsearch.corpus.profiles import fingerprint, fold
from tipsearch.errors import BackendError, IndexFormatError
from tipsearch.retrieval.dense import DenseIndex
from tipsearch.retrieval.lexical import LexicalIndex, LexicalWriter
from tipsearch.stores import generation
from tipsearch.stores.store import (
    Change,
    Count,
    Entry,
    Filters,
    StoreInfo,
    folded,
    profile_of,
    storable,
)
from tipsearch.types import Evidence, Passage, Profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
BEGIN;
CREATE TABLE profiles (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, title TEXT NOT NULL, names TEXT NOT NULL,
    text TEXT NOT NULL, fields TEXT NOT NULL, sources TEXT NOT NULL, file TEXT NOT NULL,
    sha256 TEXT NOT NULL, fingerprint TEXT NOT NULL
);
CREATE TABLE evidence (
    profile INTEGER NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, folded TEXT NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, labelled INTEGER NOT NULL,
    basis_start INTEGER, basis_end INTEGER
);
CREATE TABLE passages (
    number INTEGER PRIMARY KEY, profile INTEGER NOT NULL, start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, paragraph INTEGER NOT NULL, key BLOB NOT NULL
);
"""
"""SQLite need not sync: a generation is synced, as a whole, before it is published."""

_INDEXES = (
    "CREATE INDEX evidence_by_value ON evidence (field, folded)",
    "CREATE INDEX evidence_by_profile ON evidence (profile, field)",
    "CREATE INDEX passages_by_profile ON passages (profile)",
    "CREATE INDEX passages_by_key ON passages (key)",
)
_SELECT_PROFILE = "SELECT id, title, names, text, fields, sources, file, sha256 FROM profiles"
_SELECT_EVIDENCE = (
    'SELECT profiles.id, field, value, start, "end", labelled, basis_start, basis_end'
    " FROM evidence JOIN profiles ON evidence.profile = profiles.number"
)

_READING_HEADER = threading.Lock()
"""subtle: NumPy parses a file's header with ``ast``, whose recursion depth CPython 3.11 keeps for
all threads together: two that open an index at once could end in a SystemError."""


class LocalStore:
    """One generation of an index folder, whole and open; see `stores.store.Store`.

    Attributes
    ----------
    root : Path
        The index folder.
    name, info, notice
        As for `Store`.
    dense_index, lexical_index
        The legs underneath; a passage's number is its row.
    """

    def __init__(
        self, root: Path, found: generation.Generation, database: sqlite3.Connection,
        dense: DenseIndex, lexical: LexicalIndex,
    ) -> None:  # fmt: skip
        manifest = found.manifest
        self.root = root
        self.name = found.name
        self.notice = found.fell_back
        self.info = StoreInfo(
            manifest["tipsearch"], manifest["encoder"], manifest["passages"], manifest["analyser"]
        )
        self.dense_index = dense
        self.lexical_index = lexical
        self._database = database
        self._reading = threading.Lock()
        self._passed_over = ""
        """A newer generation that did not verify, so that it is not read at every question."""

    # Opening and writing

    @classmethod
    def open(cls, where: str | Path, timeout_s: int | None = None) -> LocalStore:
        """Open the newest whole generation, every file of it checked; see `Engine`."""
        root = Path(where)
        while True:  # again only if a writer removed the generation before it was open
            current = generation.current_name(root)
            found = generation.newest_whole(root)
            try:
                return cls._of(root, found)
            except IndexFormatError:
                if generation.current_name(root) == current:
                    raise

    @classmethod
    def create(cls, where: str | Path, change: Change, timeout_s: int | None = None) -> LocalStore:
        """Write a store anew, of entries in the order of their files; see `Engine`."""
        root = Path(where)
        with generation.write_lock(root):
            return cls._publish(root, change.upsert, change.info)

    @staticmethod
    def is_usable(where: str | Path, timeout_s: int | None = None) -> bool:
        """Whether there is a whole generation of this format; see `Engine`."""
        return generation.is_usable(Path(where))

    def refresh(self) -> LocalStore:
        """Return the newest generation; see `Store`.

        One that does not verify is passed over, once, and ``notice`` says why.
        """
        current = generation.current_name(self.root)
        if current in {"", self.name, self._passed_over}:
            return self
        try:
            newer = self._of(self.root, generation.newest_whole(self.root))
        except IndexFormatError as error:
            newer = copy.copy(self)
            newer.notice = error.message
        newer._passed_over = "" if newer.name == current else current
        return newer

    def write(self, plan: Callable[[LocalStore], Change | None]) -> LocalStore:
        """Write what a plan says of the newest generation; see `Store`.

        Profiles are kept sorted by file, so that updates end where a rebuild does.
        """
        with generation.write_lock(self.root):
            newest = self.refresh()
            change = plan(newest)
            if change is None:
                return newest
            upserted = sorted(change.upsert, key=_by_file)
            gone = {*change.delete, *(entry.profile.id for entry in upserted)}
            kept = (entry for entry in newest.entries() if entry.profile.id not in gone)
            merged = heapq.merge(kept, upserted, key=_by_file)
            return self._publish(self.root, merged, change.info or newest.info)

    @classmethod
    def _publish(cls, root: Path, entries: Iterable[Entry], info: StoreInfo | None) -> LocalStore:
        if info is None:
            raise BackendError("a new store must be told what it is made with")
        about = asdict(info)
        written = generation.publish(root, lambda folder: _fill(folder, entries, about), about)
        return cls._of(root, written)

    @classmethod
    def _of(cls, root: Path, found: generation.Generation) -> LocalStore:
        """Open a generation whose files were verified."""
        folder = found.folder
        try:
            with _READING_HEADER:
                vectors = np.load(folder / "vectors.npy", allow_pickle=False)
            database = sqlite3.connect(
                f"{(folder / 'profiles.sqlite').absolute().as_uri()}?mode=ro&immutable=1",
                uri=True,
                check_same_thread=False,
            )
            (count,) = database.execute("SELECT count(*) FROM passages").fetchone()
        except (OSError, ValueError, EOFError, sqlite3.Error) as error:
            raise IndexFormatError(f"{folder} cannot be read: {error}") from error
        if count != len(vectors):
            raise IndexFormatError(f"{folder} has {count} passages and {len(vectors)} vectors")
        lexical = LexicalIndex.open(folder / "lexical")
        return cls(root, found, database, DenseIndex(vectors), lexical)

    def close(self) -> None:
        """Give the database file back."""
        self._database.close()

    # Profiles and what they say

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        held = [storable(value) if isinstance(value, str) else value for value in values]
        try:
            with self._reading:
                return self._database.execute(sql, held).fetchall()
        except sqlite3.Error as error:
            raise BackendError(f"SQLite failed: {error}") from error

    def count(self) -> Count:
        """Return how much there is."""
        (profiles,) = self._rows("SELECT count(*) FROM profiles")[0]
        return Count(int(profiles), len(self.dense_index))

    def profile(self, profile_id: str) -> Profile | None:
        """Return a profile by its id, or None if there is none of that id."""
        rows = self._rows(f"{_SELECT_PROFILE} WHERE id = ?", [profile_id])
        return _profile(rows[0]) if rows else None

    def profiles(self) -> list[Profile]:
        """Return every profile, sorted by title, then id."""
        found = map(_profile, self._rows(_SELECT_PROFILE))
        return sorted(found, key=lambda profile: (fold(profile.title), profile.id))

    def fingerprints(self) -> dict[str, str]:
        """Return each profile's fingerprint by file name."""
        return dict(self._rows("SELECT file, fingerprint FROM profiles"))

    def evidence(self, field: str, profile_id: str | None = None) -> list[Evidence]:
        """Return what is known of a field, of one profile or of all, in the order of the text."""
        rows = self._rows(
            f"{_SELECT_EVIDENCE} WHERE field = ?1 AND (?2 IS NULL OR profiles.id = ?2)"
            " ORDER BY profiles.number, evidence.rowid",
            [field, profile_id],
        )
        return list(map(_evidence, rows))

    def field_values(self, field: str) -> list[str]:
        """Return the values a field has in any profile, sorted, each once."""
        rows = self._rows("SELECT DISTINCT value FROM evidence WHERE field = ?", [field])
        return sorted((value for (value,) in rows), key=lambda value: (fold(value), value))

    def where(self, filters: Filters) -> frozenset[str]:
        """Return the ids of the profiles that have, for each field, one of its values."""
        rows = self._rows(
            "SELECT id FROM profiles WHERE number IN (SELECT value FROM json_each(?))",
            [json.dumps(self._numbers_where(filters))],
        )
        return frozenset(profile_id for (profile_id,) in rows)

    def entries(self) -> Iterator[Entry]:
        """Yield all that is kept, a profile at a time, in the order of the files."""
        rows = self._rows(f"SELECT number, {_SELECT_PROFILE.removeprefix('SELECT ')} ORDER BY 1")
        for number, *told in rows:
            profile = _profile(told)
            said = self._rows(
                f"{_SELECT_EVIDENCE} WHERE evidence.profile = ? ORDER BY evidence.rowid", [number]
            )
            kept = self._rows(
                'SELECT number, start, "end", paragraph, key FROM passages WHERE profile = ?'
                " ORDER BY number",
                [number],
            )
            passages = tuple(
                Passage(profile.id, start, end, paragraph, profile.text[start:end])
                for _, start, end, paragraph, _ in kept
            )
            keys = tuple(bytes(key) for *_, key in kept)
            vectors = self.dense_index.vectors([row for row, *_ in kept])
            yield Entry(profile, tuple(map(_evidence, said)), passages, keys, vectors)

    # Passages

    def passages(self, numbers: Sequence[int]) -> list[tuple[str, Passage]]:
        """Return passages by their numbers, in that order, each with its profile's title."""
        rows = self._rows(
            "SELECT passages.number, title, id, start, end, paragraph,"
            " substr(text, start + 1, end - start)"
            " FROM passages JOIN profiles ON profile = profiles.number"
            " WHERE passages.number IN (SELECT value FROM json_each(?))",
            [json.dumps(list(numbers))],
        )
        found = {number: (title, Passage(*told)) for number, title, *told in rows}
        return [found[number] for number in numbers]

    def vectors(self, keys: Collection[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """Return the vectors kept under content hashes, of those that are there."""
        found = {}
        for key in set(keys):
            for (number,) in self._rows("SELECT number FROM passages WHERE key = ? LIMIT 1", [key]):
                found[key] = self.dense_index.vectors([number])[0]
        return found

    def dense(
        self, query: NDArray[np.float32], k: int, filters: Filters | None = None
    ) -> dict[int, float]:
        """Return at most k passages and their cosines with a unit vector, best first."""
        return self.dense_index.search(query, k, None if filters is None else self._among(filters))

    def cosines(self, query: NDArray[np.float32], numbers: Sequence[int]) -> dict[int, float]:
        """Return the cosines of a unit vector with passages named by number."""
        cosines = self.dense_index.vectors(numbers) @ query
        return dict(zip(numbers, cosines.tolist(), strict=True))

    def lexical(self, query: str, k: int, filters: Filters | None = None) -> dict[int, float]:
        """Return at most k passages that share a word with a query, and their BM25, best first."""
        profiles = None if filters is None else self._numbers_where(filters)
        return self.lexical_index.search(query, k, profiles)

    def document_frequency(self, word: str) -> int:
        """Return how many passages hold a word."""
        return self.lexical_index.document_frequency(word)

    def _numbers_where(self, filters: Filters) -> list[int]:
        numbers: set[int] | None = None
        for field, values in folded(filters).items():
            rows = self._rows(
                "SELECT profile FROM evidence"
                " WHERE field = ? AND folded IN (SELECT value FROM json_each(?))",
                [field, json.dumps(values)],
            )
            matching = {number for (number,) in rows}
            numbers = matching if numbers is None else numbers & matching
        return sorted(numbers or ())

    def _among(self, filters: Filters) -> NDArray[np.int64]:
        """Return the numbers of the passages that filters leave, shape (m,), ascending."""
        rows = self._rows(
            "SELECT number FROM passages"
            " WHERE profile IN (SELECT value FROM json_each(?)) ORDER BY number",
            [json.dumps(self._numbers_where(filters))],
        )
        return np.array([number for (number,) in rows], dtype=np.int64)


def _by_file(entry: Entry) -> str:
    return entry.profile.file


def _fill(folder: Path, entries: Iterable[Entry], about: dict[str, Any]) -> None:
    """Write a generation's files, an entry at a time, and say in ``about`` how much they hold."""
    (folder / "lexical").mkdir()
    dimension = int(about["encoder"]["dimension"])
    profiles = passages = 0
    with (
        (folder / "vectors.npy").open("wb") as vectors,
        LexicalWriter(folder / "lexical") as lexical,
    ):
        _write_header(vectors, 0, dimension)
        database = sqlite3.connect(folder / "profiles.sqlite")
        try:
            database.executescript(_SCHEMA)
            for entry in entries:
                _insert(database, entry, profiles, passages)
                vectors.write(np.ascontiguousarray(entry.vectors, dtype="<f4").data)
                for text in entry.texts():
                    lexical.add(profiles, text)
                profiles, passages = profiles + 1, passages + len(entry.passages)
            for index in _INDEXES:
                database.execute(index)
            database.commit()
        except sqlite3.Error as error:
            raise OSError(f"SQLite: {error}") from error
        finally:
            database.close()
        vectors.seek(0)
        _write_header(vectors, passages, dimension)
    about["counts"] = {"profiles": profiles, "passages": passages}


def _write_header(file: BinaryIO, rows: int, columns: int) -> None:
    """Write the header of an array of float32; NumPy leaves room in it for the rows to grow."""
    shape = {"descr": "<f4", "fortran_order": False, "shape": (rows, columns)}
    np.lib.format.write_array_header_1_0(file, shape)


def _insert(database: sqlite3.Connection, entry: Entry, number: int, first: int) -> None:
    profile = entry.profile
    database.execute(
        "INSERT INTO profiles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number, profile.id, profile.title, json.dumps(profile.names), profile.text,
            json.dumps(asdict(profile.fields)), json.dumps(profile.sources),
            profile.file.encode("utf-8", "backslashreplace").decode("utf-8"),
            profile.sha256, fingerprint(profile),
        ),
    )  # fmt: skip
    database.executemany(
        "INSERT INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                number, said.field, said.value, fold(said.value), said.start, said.end,
                said.labelled, *(said.basis or (None, None)),
            )
            for said in entry.evidence
        ),
    )  # fmt: skip
    database.executemany(
        "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)",
        (
            (row, number, passage.start, passage.end, passage.paragraph, key)
            for row, (passage, key) in enumerate(
                zip(entry.passages, entry.keys, strict=True), first
            )
        ),
    )


def _profile(row: Sequence[str]) -> Profile:
    id_, title, names, text, fields, sources, file, sha256 = row
    return profile_of({
        "id": id_, "title": title, "names": json.loads(names), "text": text,
        "fields": json.loads(fields), "sources": json.loads(sources), "file": file,
        "sha256": sha256,
    })  # fmt: skip


def _evidence(row: Sequence[Any]) -> Evidence:
    profile_id, field, value, start, end, labelled, basis_start, basis_end = row
    basis = () if basis_start is None else (basis_start, basis_end)
    return Evidence(profile_id, field, value, start, end, bool(labelled), basis)
