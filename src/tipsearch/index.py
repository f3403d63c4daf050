"""The facade: build, update, open and search an index of profiles."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.corpus import facts
from tipsearch.corpus import passages as cutting
from tipsearch.corpus.profiles import Corpus, fingerprint, load
from tipsearch.errors import IndexFormatError, QueryError
from tipsearch.retrieval import lexical
from tipsearch.retrieval.encoder import Encoder, OnnxEncoder
from tipsearch.retrieval.fusion import fuse
from tipsearch.settings import Settings
from tipsearch.stores.local import LocalStore
from tipsearch.stores.store import Change, Engine, Entry, Store, StoreInfo, searchable, shown
from tipsearch.types import FIELD_NAMES, Hit, IndexUpdate, Passage, Profile, Scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TITLE_TOKENS = 50
"""Room for a title, which has at most 120 characters, and the special tokens."""

_TOGETHER = 64
"""Profiles whose passages are embedded together: their vectors wait in memory, no others do."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""

_log = logging.getLogger(__name__)

FilterValue = str | int | Collection[str]


def clean_query(text: str, limit_chars: int) -> str:
    """Return a question or query on one line, or say why it cannot be used.

    Raises
    ------
    QueryError
        If it is empty, longer than ``limit_chars``, or has no letter or digit.
    """
    if len(text) > limit_chars:
        raise QueryError(
            f"the question has {len(text):,} characters", f"at most {limit_chars:,} are read"
        )
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not words:
        raise QueryError("the question is empty", "ask about a person or an organisation")
    if not any(c.isalnum() for c in words):
        raise QueryError("nothing to search for: the question has no word", "ask in words")
    return words


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of an index, open: what a question is answered from, start to end."""

    store: Store
    encoder: Encoder
    settings: Settings
    _words: dict[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """Which state this is."""
        return self.store.name

    @property
    def notice(self) -> str:
        """Why an older state answers than the newest, in one line; mostly empty."""
        return self.store.notice

    def search(
        self,
        query: str,
        k: int | None = None,
        filters: Mapping[str, FilterValue] | None = None,
    ) -> list[Hit]:
        """Find the passages closest to a query, by meaning and by words.

        Parameters
        ----------
        query : str
            Plain words; no operator has a meaning.
        k : int, optional
            At most this many hits, from 1; ``settings.k`` by default.
        filters : mapping, optional
            Field names (``FIELD_NAMES``) to a value, or to several of which one must hold. Case
            and accents make no difference.

        Returns
        -------
        list of Hit
            Ranked by fused score, then by the order of the index; fewer than k where the
            filters leave fewer.

        Raises
        ------
        QueryError
            If the query is empty or too long, k is below 1, or a field is unknown.
        """
        words = clean_query(query, self.settings.question_chars)
        k = self.settings.k if k is None else k
        if k < 1:
            raise QueryError(f"k is {k}", "ask for at least 1 hit")
        depth = max(k, self.settings.candidates)
        wanted = _checked(filters) if filters else None
        vector = self.encoder.encode([words])[0]
        dense = self.store.dense(vector, depth, wanted)
        by_words = self.store.lexical(words, depth, wanted)
        cosines = self.store.cosines(vector, sorted({*dense, *by_words}))
        ranked = fuse(cosines, by_words, self.settings.dense_weight)[:k]
        found = self.store.passages([number for number, _ in ranked])
        return [
            Hit(rank, title, passage, Scores(cosines[number], by_words.get(number, 0.0), fused))
            for rank, ((number, fused), (title, passage)) in enumerate(
                zip(ranked, found, strict=True), 1
            )
        ]

    def profile_ids_where(self, filters: Mapping[str, FilterValue]) -> frozenset[str]:
        """Return the ids of the profiles that filters leave; see `Snapshot.search`.

        Raises
        ------
        QueryError
            If a field is unknown.
        """
        return self.store.where(_checked(filters))

    def profile(self, profile_id: str) -> Profile | None:
        """Return a profile by its id, or None."""
        return self.store.profile(profile_id)

    def profiles(self) -> list[Profile]:
        """Return every profile, sorted by title."""
        return self.store.profiles()

    def words_of(self, profile_id: str) -> frozenset[str]:
        """Return the words a profile carries in its text, title, names and fields, as indexed."""
        if profile_id not in self._words:
            profile = self.profile(profile_id)
            labels = chain.from_iterable(asdict(profile.fields).values()) if profile else ()
            said = (profile.text, profile.title, *profile.names, *labels) if profile else ()
            self._words[profile_id] = frozenset(lexical.words("\n".join(said)))
        return self._words[profile_id]

    def knows(self, name: str) -> bool:
        """Whether each word of a name stands in some profile: its text, title, names or fields."""
        said = self.store.document_frequency
        unsaid = [word for word in lexical.words(name) if not said(word)]
        return not unsaid or any(
            self.words_of(profile.id).issuperset(unsaid) for profile in self.profiles()
        )


def _checked(filters: Mapping[str, FilterValue]) -> dict[str, list[str]]:
    """Return each field's values as a list of strings, or say which field is unknown."""
    checked = {}
    for name, value in filters.items():
        if name not in FIELD_NAMES:
            raise QueryError(f"unknown filter field {name!r}", f"use {', '.join(FIELD_NAMES)}")
        values = [value] if isinstance(value, str | int) else value
        checked[name] = [str(item) for item in values]
    return checked


class Index:
    """A handle on an index: searches its newest snapshot, and writes new ones."""

    def __init__(self, where: str | Path, snapshot: Snapshot, changes: IndexUpdate) -> None:
        self.where = where
        """Its folder, or the address of its server."""
        self.snapshot = snapshot
        self.changes = changes
        """What the build or the last update did."""

    @classmethod
    def build(
        cls,
        corpus: str | Path,
        index: str | Path,
        *,
        settings: Settings | None = None,
        encoder: Encoder | None = None,
        progress: Progress | None = None,
    ) -> Index:
        """Index every profile of a corpus folder anew, whatever is there already.

        Parameters
        ----------
        corpus : path
            A folder of profile files.
        index : path or str
            The index folder, made if missing; or ``postgresql://...`` or ``milvus://...``
            (docs/scaling.md). An index already there answers until the new one is complete, and
            stays if anything goes wrong.
        settings : Settings, optional
            Read from the environment by default.
        encoder : Encoder, optional
            That of the settings by default.
        progress : callable, optional
            Told how far the work is.

        Returns
        -------
        Index
            Open; ``changes`` lists what was added and what was skipped.

        Raises
        ------
        ProfileError
            If there is no usable profile.
        IndexBusyError
            If another process is writing there, or it cannot be written.
        ModelError
            If the encoder cannot be loaded.
        BackendError
            If a server cannot be reached, or lacks what is needed.
        """
        settings = settings or Settings.from_environment()
        profiles = load(Path(corpus), settings.file_bytes)
        encoder = encoder or OnnxEncoder.open(settings)
        return write(index, profiles, encoder, settings, progress)

    @classmethod
    def open(
        cls,
        index: str | Path,
        *,
        settings: Settings | None = None,
        encoder: Encoder | None = None,
    ) -> Index:
        """Open an index, every file of it checked, to search it.

        If the current generation is damaged, the newest whole one before it is opened and
        ``snapshot.notice`` says so.

        Raises
        ------
        IndexFormatError
            If there is no index, none is whole, or another model or a newer tipsearch made it.
        ModelError
            If the encoder cannot be loaded.
        BackendError
            If a server cannot be reached, or lacks what is needed.
        """
        settings = settings or Settings.from_environment()
        store = store_at(index).open(index)
        encoder = encoder or OnnxEncoder.open(settings)
        return cls(index, _snapshot(index, store.refresh(), encoder, settings), IndexUpdate())

    def refresh(self) -> bool:
        """Take up a newer state of the index if there is one.

        One that does not verify is passed over, once, and ``snapshot.notice`` says why.

        Returns
        -------
        bool
            Whether the snapshot changed.
        """
        before = self.snapshot
        store = before.store.refresh()
        if store is before.store:
            return False
        if store.notice:
            _log.warning("%s; what was there before still answers", store.notice)
        try:
            self.snapshot = _snapshot(self.where, store, before.encoder, before.settings)
        except IndexFormatError as error:  # made with another model since
            _log.warning("%s; what was there before still answers", error.message)
            return False
        return store.name != before.name

    def update(self, corpus: str | Path, *, progress: Progress | None = None) -> IndexUpdate:
        """Bring the index up to date with a corpus folder; embed only passages that are new.

        An update that finds nothing changed, in the files or in how they are cut, writes nothing;
        over a damaged index it writes a new one.

        Parameters
        ----------
        corpus : path
            A folder of profile files. Changes are found by content, never by date.
        progress : callable, optional
            Told how far the work is.

        Returns
        -------
        IndexUpdate
            The files added, changed, removed and skipped.

        Raises
        ------
        ProfileError
            If there is no usable profile; the index is unchanged.
        IndexBusyError
            If another process is writing the index, or it cannot be written.
        """
        encoder, settings = self.snapshot.encoder, self.snapshot.settings
        profiles = load(Path(corpus), settings.file_bytes)
        work = _Embedding(encoder, settings, progress)
        changes = IndexUpdate()

        def plan(newest: Store) -> Change | None:
            nonlocal changes
            _snapshot(self.where, newest, encoder, settings)  # of the same model still
            changes = _compare(profiles, newest.fingerprints())
            return _change(profiles, changes, newest, work)

        store = self.snapshot.store.write(plan)
        if store is not self.snapshot.store:
            self.snapshot = _snapshot(self.where, store, encoder, settings)
        if work.passages:
            reused = store.count().passages - work.embedded
            changes = replace(changes, embedded_passages=work.embedded, reused_passages=reused)
        self.changes = changes
        return changes

    def search(
        self,
        query: str,
        k: int | None = None,
        filters: Mapping[str, FilterValue] | None = None,
    ) -> list[Hit]:
        """Search the newest snapshot; see `Snapshot.search`.

        Raises
        ------
        QueryError
            If the query is empty or too long, k is below 1, or a field is unknown.
        """
        return self.snapshot.search(query, k, filters)

    def profile(self, profile_id: str) -> Profile | None:
        """Return a profile by its id, or None."""
        return self.snapshot.profile(profile_id)

    def profiles(self) -> list[Profile]:
        """Return every profile, sorted by title."""
        return self.snapshot.profiles()


def store_at(where: str | Path) -> Engine:
    """Return the engine that an address names: a folder's, PostgreSQL's or Milvus's.

    Raises
    ------
    BackendError
        If the engine's client is not installed.
    """
    scheme = str(where).partition("://")[0]
    if scheme in {"postgresql", "postgres"}:
        from tipsearch.stores.postgres import PostgresStore

        return PostgresStore
    if scheme == "milvus":
        from tipsearch.stores.milvus import MilvusStore

        return MilvusStore
    return LocalStore


@cache
def _tipsearch_version() -> str:
    return version("tipsearch")


def _info(encoder: Encoder, settings: Settings) -> StoreInfo:
    """Describe what vectors, passages and words depend on."""
    return StoreInfo(
        tipsearch=_tipsearch_version(),
        encoder=asdict(encoder.info),
        passages={
            "version": cutting.VERSION,
            "passage_tokens": _passage_tokens(encoder, settings),
            "new_paragraph_tokens": settings.new_paragraph_tokens,
            "overlap_sentences": settings.overlap_sentences,
        },
        analyser=lexical.ANALYSER,
    )


def _passage_tokens(encoder: Encoder, settings: Settings) -> int:
    """Return the longest passage that fits the encoder's window beside its title."""
    return max(1, min(settings.passage_tokens, encoder.info.window_tokens - _TITLE_TOKENS))


def _snapshot(where: str | Path, store: Store, encoder: Encoder, settings: Settings) -> Snapshot:
    """Take a store for a snapshot, unless its vectors or words are made otherwise."""
    made, wanted = store.info.encoder, asdict(encoder.info)
    if made != wanted:
        told = {f"{about['model']} ({about['precision']})": about for about in (made, wanted)}
        names = list(told) if len(told) > 1 else [f"{a['sha256'][:12]}" for a in (made, wanted)]
        raise IndexFormatError(
            f"the index {shown(where)} was made with {names[0]}, the settings ask for {names[1]}",
            "run 'tipsearch build', or set TIPSEARCH_MODEL and TIPSEARCH_PRECISION back",
        )
    if store.info.analyser != lexical.ANALYSER:
        raise IndexFormatError(
            f"the words of the index {shown(where)} were told apart otherwise",
            "run 'tipsearch build'",
        )
    return Snapshot(store, encoder, settings)


def _compare(corpus: Corpus, before: Mapping[str, str]) -> IndexUpdate:
    """Tell which files are new, changed and gone since the fingerprints were taken."""
    now = {profile.file: fingerprint(profile) for profile in corpus.profiles}
    return IndexUpdate(
        added=tuple(file for file in now if file not in before),
        changed=tuple(file for file in now if before.get(file, now[file]) != now[file]),
        removed=tuple(sorted(file for file in before if file not in now)),
        unchanged=sum(before.get(file) == now[file] for file in now),
        skipped=corpus.skipped,
        warnings=corpus.warnings,
    )


def _change(corpus: Corpus, changes: IndexUpdate, newest: Store, work: _Embedding) -> Change | None:
    """Return what brings a store up to date with a corpus, or None if it is."""
    info = _info(work.encoder, work.settings)
    topics = {said.value for said in newest.evidence("focus") if said.labelled}
    anew = newest.info.passages != info.passages or topics != _topics(corpus.profiles)
    changed = {*changes.added, *changes.changed}
    if not (changed or changes.removed or anew or newest.notice):
        return None
    now = {profile.id for profile in corpus.profiles}
    gone = [profile.id for profile in newest.profiles() if profile.id not in now]
    wanted = [profile for profile in corpus.profiles if anew or profile.file in changed]
    return Change(work.entries(wanted, _topics(corpus.profiles), newest), gone, info)


def _topics(profiles: Iterable[Profile]) -> set[str]:
    """Return the topics that labels give; texts are searched for these alone."""
    return {topic for profile in profiles for topic in profile.fields.focus}


def write(
    where: str | Path,
    corpus: Corpus,
    encoder: Encoder,
    settings: Settings,
    progress: Progress | None = None,
) -> Index:
    """Index a corpus that is read already; see `Index.build`."""
    work = _Embedding(encoder, settings, progress)
    entries = work.entries(corpus.profiles, _topics(corpus.profiles))
    store = store_at(where).create(where, Change(entries, info=_info(encoder, settings)))
    changes = replace(
        _compare(corpus, {}),
        embedded_passages=work.embedded,
        reused_passages=work.passages - work.embedded,
    )
    return Index(where, _snapshot(where, store, encoder, settings), changes)


class _Embedding:
    """Cuts profiles into passages and embeds those whose vectors are not kept already."""

    def __init__(self, encoder: Encoder, settings: Settings, progress: Progress | None) -> None:
        self.encoder = encoder
        self.settings = settings
        self.passages = self.embedded = 0
        """How many were cut, and how many of them embedded, so far."""
        self._progress = progress

    def entries(
        self, profiles: Sequence[Profile], topics: set[str], kept: Store | None = None
    ) -> Iterator[Entry]:
        """Yield the entries of profiles, embedded a few at a time, in their order."""
        prefix = f"{self.encoder.info}\n"
        cut, keys = [], []
        for profile in profiles:
            passages = self._cut(profile)
            texts = [searchable(profile.title, passage.text) for passage in passages]
            cut.append(passages)
            keys.append(tuple(hashlib.sha256((prefix + t).encode()).digest() for t in texts))
        self.passages += sum(map(len, cut))
        known = kept.vectors([*chain.from_iterable(keys)]) if kept else {}
        total = sum(key not in known for key in chain.from_iterable(keys))
        for first in range(0, len(profiles), _TOGETHER):
            part = slice(first, first + _TOGETHER)
            vectors = self._vectors(profiles[part], cut[part], keys[part], known, total)
            for profile, passages, its_keys in zip(
                profiles[part], cut[part], keys[part], strict=True
            ):
                said = tuple(facts.read(profile, topics))
                rows = np.array([vectors[key] for key in its_keys], dtype=np.float32)
                yield Entry(profile, said, passages, its_keys, rows)

    def _cut(self, profile: Profile) -> tuple[Passage, ...]:
        return tuple(
            cutting.cut(
                profile,
                self.encoder.count_tokens,
                _passage_tokens(self.encoder, self.settings),
                self.settings.new_paragraph_tokens,
                self.settings.overlap_sentences,
            )
        )

    def _vectors(
        self,
        profiles: Sequence[Profile],
        cut: Sequence[Sequence[Passage]],
        keys: Sequence[Sequence[bytes]],
        known: Mapping[bytes, NDArray[np.float32]],
        total: int,
    ) -> dict[bytes, NDArray[np.float32]]:
        """Return the vector of each key: one that is known, or that of its passage embedded."""
        new = {
            key: searchable(profile.title, passage.text)
            for profile, passages, its_keys in zip(profiles, cut, keys, strict=True)
            for passage, key in zip(passages, its_keys, strict=True)
            if key not in known
        }

        def step(count: int) -> None:
            self.embedded += count
            if self._progress is not None:
                self._progress("Embedding passages", self.embedded, total)

        return {
            **known,
            **dict(zip(new, self.encoder.encode(list(new.values()), step), strict=True)),
        }
