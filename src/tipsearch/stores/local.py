"""What a generation holds: profiles in SQLite, vectors in NumPy's format, words in tantivy."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tipsearch.corpus import facts
from tipsearch.corpus.profiles import fingerprint, fold
from tipsearch.errors import BackendError, IndexFormatError
from tipsearch.retrieval.dense import DenseIndex
from tipsearch.retrieval.lexical import LexicalIndex
from tipsearch.types import Evidence, Fields, Passage, Profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SCHEMA = """
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
CREATE INDEX evidence_by_value ON evidence (field, folded);
CREATE INDEX evidence_by_profile ON evidence (profile, field);
CREATE TABLE passages (
    number INTEGER PRIMARY KEY, profile INTEGER NOT NULL, start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, paragraph INTEGER NOT NULL, key BLOB NOT NULL
);
CREATE INDEX passages_by_profile ON passages (profile);
"""
_SELECT_PROFILE = "SELECT id, title, names, text, fields, sources, file, sha256 FROM profiles"

_READING_HEADER = threading.Lock()
"""subtle: NumPy parses a file's header with ``ast``, whose recursion depth CPython 3.11 keeps for
all threads together: two that open an index at once could end in a SystemError."""


class LocalStore:
    """One generation, open for reading; safe to use from several threads."""

    def __init__(
        self, database: sqlite3.Connection, dense: DenseIndex, lexical: LexicalIndex
    ) -> None:
        self._database = database
        self._reading = threading.Lock()
        self._words: dict[str, frozenset[str]] = {}
        self.dense = dense
        self.lexical = lexical

    @classmethod
    def write(
        cls,
        folder: Path,
        profiles: Sequence[Profile],
        passages: Sequence[Passage],
        keys: Sequence[bytes],
        vectors: NDArray[np.float32],
        texts: Sequence[str],
    ) -> None:
        """Write a generation's files into an empty folder.

        Parameters
        ----------
        folder : Path
            Empty.
        profiles : sequence of Profile
            Numbered by their place, from 0.
        passages, keys, texts : sequences of n
            Each passage, the content hash its vector is kept under, and what is searched of it.
        vectors : ndarray of float32, shape (n, dimension)
            Unit vectors of the texts.

        Raises
        ------
        OSError
            If something cannot be written.
        """
        numbers = {profile.id: number for number, profile in enumerate(profiles)}
        owners = [numbers[passage.profile_id] for passage in passages]
        try:
            _write_database(folder / "profiles.sqlite", profiles, passages, keys, owners)
        except sqlite3.Error as error:
            raise OSError(f"SQLite: {error}") from error
        np.save(folder / "vectors.npy", vectors, allow_pickle=False)
        (folder / "lexical").mkdir()
        LexicalIndex.write(folder / "lexical", zip(owners, texts, strict=True))

    @classmethod
    def open(cls, folder: Path) -> LocalStore:
        """Open a generation whose files were verified.

        Raises
        ------
        IndexFormatError
            If its parts do not fit together.
        """
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
        return cls(database, DenseIndex(vectors), LexicalIndex.open(folder / "lexical"))

    def close(self) -> None:
        """Give the database file back."""
        self._database.close()

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        try:
            with self._reading:
                return self._database.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise BackendError(f"SQLite failed: {error}") from error

    def profile(self, profile_id: str) -> Profile | None:
        """Return a profile by its id, or None if there is none of that id."""
        rows = self._rows(f"{_SELECT_PROFILE} WHERE id = ?", [profile_id])
        return _profile(rows[0]) if rows else None

    def profiles(self) -> list[Profile]:
        """Return every profile, sorted by title, then id."""
        found = map(_profile, self._rows(_SELECT_PROFILE))
        return sorted(found, key=lambda profile: (fold(profile.title), profile.id))

    def words_of(self, profile_id: str) -> frozenset[str]:
        """Return the words a profile carries in its text, title, names and fields, as indexed."""
        if profile_id not in self._words:
            profile = self.profile(profile_id)
            labels = chain.from_iterable(asdict(profile.fields).values()) if profile else ()
            said = (profile.text, profile.title, *profile.names, *labels) if profile else ()
            self._words[profile_id] = frozenset(self.lexical.words("\n".join(said)))
        return self._words[profile_id]

    def fingerprints(self) -> dict[str, str]:
        """Return each profile's fingerprint by file name."""
        return dict(self._rows("SELECT file, fingerprint FROM profiles"))

    def vectors_by_key(self) -> Iterator[tuple[bytes, int]]:
        """Yield the key of each vector and its row, for the next build to take over."""
        yield from self._rows("SELECT key, number FROM passages")

    def field_values(self, field: str) -> list[str]:
        """Return the values a field has in any profile, sorted, each once."""
        rows = self._rows("SELECT DISTINCT value FROM evidence WHERE field = ?", [field])
        return sorted((value for (value,) in rows), key=lambda value: (fold(value), value))

    def evidence(self, field: str, profile_id: str | None = None) -> list[Evidence]:
        """Return what is known of a field, of one profile or of all, in the order of the text."""
        rows = self._rows(
            'SELECT profiles.id, value, start, "end", labelled, basis_start, basis_end'
            " FROM evidence JOIN profiles ON evidence.profile = profiles.number"
            " WHERE field = ?1 AND (?2 IS NULL OR profiles.id = ?2)"
            " ORDER BY profiles.number, evidence.rowid",
            [field, profile_id],
        )
        return [
            Evidence(
                profile, field, value, start, end, bool(labelled),
                () if basis_start is None else (basis_start, basis_end),
            )
            for profile, value, start, end, labelled, basis_start, basis_end in rows
        ]  # fmt: skip

    def profiles_where(self, filters: Mapping[str, Collection[str]]) -> list[int]:
        """Return the numbers of profiles that have, for each field, one of its values.

        A value counts whether a label says it or the text. Case, accents and surrounding space
        make no difference.
        """
        numbers: set[int] | None = None
        for field, values in filters.items():
            wanted = json.dumps([fold(value) for value in values])
            rows = self._rows(
                "SELECT profile FROM evidence"
                " WHERE field = ? AND folded IN (SELECT value FROM json_each(?))",
                [field, wanted],
            )
            matching = {number for (number,) in rows}
            numbers = matching if numbers is None else numbers & matching
        return sorted(numbers or ())

    def ids_of(self, profiles: Collection[int]) -> frozenset[str]:
        """Return the ids of profiles, given by their numbers."""
        rows = self._rows(
            "SELECT id FROM profiles WHERE number IN (SELECT value FROM json_each(?))",
            [json.dumps(list(profiles))],
        )
        return frozenset(profile_id for (profile_id,) in rows)

    def passages_of(self, profiles: Collection[int]) -> NDArray[np.int64]:
        """Return the numbers of the passages of some profiles, shape (m,), ascending."""
        rows = self._rows(
            "SELECT number FROM passages"
            " WHERE profile IN (SELECT value FROM json_each(?)) ORDER BY number",
            [json.dumps(list(profiles))],
        )
        return np.array([number for (number,) in rows], dtype=np.int64)

    @property
    def passage_count(self) -> int:
        """How many passages there are."""
        return int(self._rows("SELECT count(*) FROM passages")[0][0])

    def passage(self, number: int) -> tuple[str, Passage]:
        """Return a passage by its number, and its profile's title."""
        rows = self._rows(
            "SELECT id, title, start, end, paragraph, substr(text, start + 1, end - start)"
            " FROM passages JOIN profiles ON profile = profiles.number"
            " WHERE passages.number = ?",
            [number],
        )
        profile_id, title, start, end, paragraph, text = rows[0]
        return title, Passage(profile_id, start, end, paragraph, text)


def _write_database(
    path: Path,
    profiles: Sequence[Profile],
    passages: Sequence[Passage],
    keys: Sequence[bytes],
    owners: Sequence[int],
) -> None:
    database = sqlite3.connect(path)
    try:
        database.executescript(_SCHEMA)
        database.executemany(
            "INSERT INTO profiles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    number,
                    profile.id,
                    profile.title,
                    json.dumps(profile.names),
                    profile.text,
                    json.dumps(asdict(profile.fields)),
                    json.dumps(profile.sources),
                    profile.file.encode("utf-8", "backslashreplace").decode("utf-8"),
                    profile.sha256,
                    fingerprint(profile),
                )
                for number, profile in enumerate(profiles)
            ),
        )
        topics = {topic for profile in profiles for topic in profile.fields.focus}
        database.executemany(
            "INSERT INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    number,
                    said.field,
                    said.value,
                    fold(said.value),
                    said.start,
                    said.end,
                    said.labelled,
                    *(said.basis or (None, None)),
                )
                for number, profile in enumerate(profiles)
                for said in facts.read(profile, topics)
            ),
        )
        database.executemany(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)",
            (
                (number, owner, passage.start, passage.end, passage.paragraph, key)
                for number, (passage, key, owner) in enumerate(
                    zip(passages, keys, owners, strict=True)
                )
            ),
        )
        database.commit()
    finally:
        database.close()


def _profile(row: Sequence[str]) -> Profile:
    id_, title, names, text, fields, sources, file, sha256 = row
    return Profile(
        id=id_,
        title=title,
        names=tuple(json.loads(names)),
        text=text,
        fields=Fields(**{name: tuple(values) for name, values in json.loads(fields).items()}),
        sources=tuple(json.loads(sources)),
        file=file,
        sha256=sha256,
    )
