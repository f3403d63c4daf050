"""Milvus: vectors and BM25 of a cluster, for what PostgreSQL should not be asked.

    milvus://user:password@host:19530/database?name=tipsearch&tls=true
    milvus:///home/ann/tipsearch.db            (milvus-lite, a file: tests and trials)

Milvus has no transactions. Everything is written under a *revision* that nobody reads yet; then one
row, the state, is replaced, and with it all of the revision is there. The state also names the
profiles that no longer hold: rows of theirs are left out by a filter until the next write deletes
them. What a writer that died left behind belongs to a revision that never came, and is deleted by
the next one. A build makes collections of its own, so that what is there answers until the end.

There is no lock either: making a collection fails where it exists, and that is the lock. The error
says who holds it, and how to drop it if they are dead.

Consistency is chosen per call. The state is read with ``Strong``. For a few seconds after a new
revision is taken up, what is read of it is read with ``Strong`` as well, so that everything written
is found; after that with ``Bounded``, which waits for nothing.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tipsearch.corpus.profiles import fold
from tipsearch.errors import BackendError, IndexFormatError
from tipsearch.retrieval import lexical
from tipsearch.stores.catalogue import Catalogue, Catalogued
from tipsearch.stores.generation import NewerFormatError
from tipsearch.stores.milvus_server import NO_VECTOR, TEXT_BYTES, Server, State, nothing
from tipsearch.stores.store import (
    Change,
    Count,
    Entry,
    Filters,
    RewrittenError,
    StoreInfo,
    ascii_word,
    batches,
    closed_on_failure,
    folded,
    profile_of,
)
from tipsearch.types import FIELD_NAMES, Evidence, Passage, Profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_LABELS = 4_096  # of a profile: what an array holds
_TOGETHER = 64  # entries sent at once
_KEYS = 1_000  # looked for at once
_MOST_GONE = 5_000  # profiles that one write replaces: they are named in the state's one row
_DEEPEST = 16_384  # what Milvus returns at most
_PART_CHARS = 15_000  # of a profile in one row, as ASCII: well below the 65,535 bytes it holds
_STRONG_S = 6.0  # Milvus' bounded staleness is 5 s


class MilvusStore(Catalogued):
    """One revision of a cluster's collections; see `stores.store.Store`."""

    def __init__(self, server: Server, state: State) -> None:
        self.info = StoreInfo(**state.info)
        self.notice = ""
        self._server = server
        self._state = state
        self._taken_up = time.monotonic()
        self._loading = threading.Lock()
        self._loaded: tuple[dict[str, int], Catalogue] | None = None

    @property
    def name(self) -> str:
        """Which state this is."""
        return f"generation {self._state.generation}, revision {self._state.revision}"

    # Opening and writing

    @classmethod
    def open(cls, where: str | Path, timeout_s: int | None = None) -> MilvusStore:
        """Open what a cluster holds under a name; see `Engine`."""
        server = Server(str(where), timeout_s)
        with closed_on_failure(server):
            return cls(server, server.state())

    @classmethod
    def create(cls, where: str | Path, change: Change, timeout_s: int | None = None) -> MilvusStore:
        """Make new collections, load them, and only then make them what is read; see `Engine`.

        Raises
        ------
        BackendError
            If the cluster cannot be reached.
        """
        if change.info is None:
            raise BackendError("a new store must be told what it is made with")
        server = Server(str(where), timeout_s)
        with server.writing():
            server.make_state()
            before = server.state(missing=nothing(change.info))
            generation = before.generation + 1
            server.drop(generation)  # what a build that died left
            server.make(generation, int(change.info.encoder["dimension"]))
            made = replace(
                nothing(change.info), generation=generation, revision=before.revision + 1
            )
            made = _insert(server, made, change.upsert)
            server.set_state(made)
            server.drop(before.generation - 1)  # that before this one may still be read
        return cls(server, made)

    @classmethod
    def is_usable(cls, where: str | Path, timeout_s: int | None = None) -> bool:
        """Whether a cluster holds an index of that name; see `Engine`."""
        try:
            cls.open(where, timeout_s).close()
        except NewerFormatError:
            raise
        except IndexFormatError:
            return False
        return True

    def refresh(self) -> MilvusStore:
        """Return the newest revision; see `Store`."""
        state = self._server.state()
        newer = state.revision > self._state.revision
        return MilvusStore(self._server, state) if newer else self

    def write(self, plan: Callable[[MilvusStore], Change | None]) -> MilvusStore:
        """Write what a plan says of the newest revision; see `Store`."""
        server = self._server
        with server.writing():
            newest = self.refresh()
            change = plan(newest)
            return newest if change is None else newest._change(change)

    def _change(self, change: Change) -> MilvusStore:
        before, server = self._state, self._server
        stale = f"since > {before.revision} or profile in {list(before.gone)}"
        server.delete("passages", before.generation, stale)
        server.delete("profiles", before.generation, stale)
        numbers, _ = self._numbered()
        gone = {numbers[id_] for id_ in change.delete if id_ in numbers}
        info = asdict(change.info or self.info)
        made = replace(before, revision=before.revision + 1, info=info, gone=())

        def noted() -> Iterator[Entry]:
            for entry in change.upsert:
                if entry.profile.id in numbers:
                    gone.add(numbers[entry.profile.id])
                if len(gone) > _MOST_GONE:
                    raise BackendError(
                        f"more than {_MOST_GONE:,} profiles change at once", "run 'tipsearch build'"
                    )
                yield entry

        made = _insert(server, made, noted())
        out = server.count("passages", made.generation, f"profile in {sorted(gone)}")
        made = replace(
            made,
            gone=tuple(sorted(gone)),
            profiles=made.profiles - len(gone),
            passages=made.passages - out,
        )
        server.set_state(made)
        return MilvusStore(server, made)

    def close(self) -> None:
        """Give the connection back."""
        self._server.close()

    # Profiles and what they say

    @property
    def _live(self) -> str:
        """The condition that a row holds at this revision."""
        return f"since <= {self._state.revision} and not (profile in {list(self._state.gone)})"

    def _level(self) -> str:
        return "Strong" if time.monotonic() - self._taken_up < _STRONG_S else "Bounded"

    def _query(self, kind: str, condition: str, columns: Sequence[str]) -> list[dict[str, Any]]:
        return self._server.query(
            kind, self._state.generation, condition, columns, level=self._level()
        )

    def count(self) -> Count:
        """Return how much there is."""
        return Count(self._state.profiles, self._state.passages)

    @property
    def _catalogue(self) -> Catalogue:
        return self._numbered()[1]

    def _numbered(self) -> tuple[dict[str, int], Catalogue]:
        """Return the profiles' numbers by id, and everything that they say."""
        with self._loading:
            if self._loaded is None:
                parts: dict[int, dict[int, str]] = {}
                for row in self._query("profiles", self._live, ["profile", "part", "payload"]):
                    parts.setdefault(row["profile"], {})[row["part"]] = row["payload"]
                numbers, told = {}, []
                for number, payload in parts.items():
                    profile, said = _unpacked("".join(payload[part] for part in sorted(payload)))
                    numbers[profile.id] = number
                    told.append((profile, said))
                if len(told) != self._state.profiles:
                    raise RewrittenError
                self._loaded = numbers, Catalogue(told)
            return self._loaded

    # Passages

    def passages(self, numbers: Sequence[int]) -> list[tuple[str, Passage]]:
        """Return passages by their numbers, in that order, each with its profile's title.

        Raises
        ------
        RewrittenError
            If two writes went by since this store was opened, and took a passage with them.
        """
        columns = ["number", "title", "id", "start", "stop", "paragraph", "text"]
        found = {
            row["number"]: (row["title"], Passage(*(row[name] for name in columns[2:])))
            for row in self._query("passages", f"number in {list(numbers)}", columns)
        }
        if len(found) < len(set(numbers)):
            raise RewrittenError
        return [found[number] for number in numbers]

    def vectors(self, keys: Collection[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """Return the vectors kept under content hashes, of those that are there."""
        found = {}
        for some in batches(sorted({key.hex() for key in keys}), _KEYS):
            condition = f"key in {json.dumps(some)}"
            for row in self._query("passages", condition, ["key", "vector"]):
                found[bytes.fromhex(row["key"])] = np.array(row["vector"], dtype=np.float32)
        return found

    def dense(
        self, query: NDArray[np.float32], k: int, filters: Filters | None = None
    ) -> dict[int, float]:
        """Return at most k passages and their cosines with a unit vector, best first."""
        return self._search("vector", query.tolist(), k, filters, {"metric_type": "COSINE"})

    def cosines(self, query: NDArray[np.float32], numbers: Sequence[int]) -> dict[int, float]:
        """Return the cosines of a unit vector with passages named by number.

        Raises
        ------
        RewrittenError
            As for `passages`.
        """
        rows = self._query("passages", f"number in {list(numbers)}", ["number", "vector"])
        by_number = {row["number"]: np.array(row["vector"], dtype=np.float32) for row in rows}
        if len(by_number) < len(set(numbers)):
            raise RewrittenError
        return {number: float(by_number[number] @ query) for number in numbers}

    def lexical(self, query: str, k: int, filters: Filters | None = None) -> dict[int, float]:
        """Return at most k passages that share a word with a query, and their BM25, best first."""
        words = " ".join(map(ascii_word, lexical.words(query)))
        return self._search("sparse", words, k, filters, {"metric_type": "BM25"}) if words else {}

    def document_frequency(self, word: str) -> int:
        """Return how many passages hold a word."""
        condition = f"text_match(words, {json.dumps(ascii_word(word))}) and {self._live}"
        return self._server.count("passages", self._state.generation, condition, self._level())

    def _search(
        self,
        column: str,
        wanted: object,
        k: int,
        filters: Filters | None,
        how: Mapping[str, Any],
    ) -> dict[int, float]:
        if k < 1:
            return {}
        wanted_fields = folded(filters or {})
        conditions = [self._live, *(_passes(*pair) for pair in wanted_fields.items())]
        hits = self._server.search(
            self._state.generation, column, wanted, min(k, _DEEPEST), " and ".join(conditions),
            how, self._level(),
        )  # fmt: skip
        # subtle: milvus-lite gives BM25 a minus sign, a cluster does not
        scores = [(n, abs(score) if column == "sparse" else score) for n, score in hits]
        held = (pair for pair in scores if column == "vector" or pair[1] > 0)
        return dict(sorted(held, key=lambda pair: (-pair[1], pair[0])))


def _insert(server: Server, made: State, entries: Iterable[Entry]) -> State:
    """Add entries under a revision, and return its state with them counted."""
    for some in batches(entries, _TOGETHER):
        profiles: list[dict[str, Any]] = []
        passages: list[dict[str, Any]] = []
        for profile, entry in enumerate(some, made.next_profile):
            held = {"profile": profile, "since": made.revision}
            payload = _packed(entry)
            profiles += [
                {
                    "row": f"{profile}:{part}", **held, "part": part, "none": NO_VECTOR,
                    "payload": payload[part * _PART_CHARS : (part + 1) * _PART_CHARS],
                }
                for part in range(-(-len(payload) // _PART_CHARS))
            ]  # fmt: skip
            labels = sorted({
                _label(said.field, fold(said.value))
                for said in entry.evidence
                if said.field in FIELD_NAMES
            })[:_MOST_LABELS]
            passages += [
                {
                    "number": made.next_passage + len(passages) + place, **held,
                    "start": passage.start, "stop": passage.end, "paragraph": passage.paragraph,
                    "id": entry.profile.id, "title": entry.profile.title, "key": key.hex(),
                    "text": passage.text, "labels": labels, "vector": vector.tolist(),
                    "words": " ".join(map(ascii_word, lexical.tokens(text)))[:TEXT_BYTES],
                }
                for place, (passage, key, text, vector) in enumerate(
                    zip(entry.passages, entry.keys, entry.texts(), entry.vectors, strict=True)
                )
            ]  # fmt: skip
        server.insert("passages", made.generation, passages)
        server.insert("profiles", made.generation, profiles)
        made = replace(
            made,
            profiles=made.profiles + len(some),
            passages=made.passages + len(passages),
            next_profile=made.next_profile + len(some),
            next_passage=made.next_passage + len(passages),
        )
    return made


def _packed(entry: Entry) -> str:
    return json.dumps([asdict(entry.profile), [asdict(said) for said in entry.evidence]])


def _unpacked(payload: str) -> tuple[Profile, tuple[Evidence, ...]]:
    told, said = json.loads(payload)
    evidence = (Evidence(**{**one, "basis": tuple(one["basis"])}) for one in said)
    return profile_of(told), tuple(evidence)


def _passes(field: str, values: Collection[str]) -> str:
    """Return the condition that a passage's profile has one of the values of a field."""
    labels = json.dumps([_label(field, value) for value in values] or ["none"])
    return f"array_contains_any(labels, {labels})"


def _label(field: str, folded_value: str) -> str:
    """Return a field's value as a short word that no condition can be broken out of."""
    said = f"{field}\n{folded_value}".encode("utf-8", "backslashreplace")
    return hashlib.sha256(said).hexdigest()[:32]
