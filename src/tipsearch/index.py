"""The facade: build, update, open and search an index of profiles."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from pathlib import Path

from tipsearch.bulk import VectorTable
from tipsearch.corpus import tables
from tipsearch.corpus.profiles import Corpus, fingerprint
from tipsearch.embedding import Embedding, Progress, Vectors
from tipsearch.errors import IndexFormatError, QueryError
from tipsearch.retrieval import lexical
from tipsearch.retrieval.encoder import Encoder, OnnxEncoder
from tipsearch.retrieval.fusion import fuse
from tipsearch.settings import Settings
from tipsearch.stores.local import LocalStore
from tipsearch.stores.store import Change, Engine, Store, shown
from tipsearch.types import FIELD_NAMES, Hit, IndexUpdate, Profile, Scores

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
        vectors: str | Path | None = None,
    ) -> Index:
        """Index every profile of a corpus folder anew, whatever is there already.

        Parameters
        ----------
        corpus : path
            A folder of profile files, or a Parquet table of them (`tipsearch.bulk`).
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
        vectors : path, optional
            A folder that ``tipsearch embed`` wrote: what is in it is not embedded again.

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
        profiles = tables.load(Path(corpus), settings.file_bytes)
        encoder = encoder or OnnxEncoder.open(settings)
        known = VectorTable(Path(vectors), encoder.info) if vectors else None
        return write(index, profiles, encoder, settings, progress, known)

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
        store = store_at(index).open(index, settings.store_timeout_s)
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
        profiles = tables.load(Path(corpus), settings.file_bytes)
        work = Embedding(encoder, settings, progress)
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


def _change(corpus: Corpus, changes: IndexUpdate, newest: Store, work: Embedding) -> Change | None:
    """Return what brings a store up to date with a corpus, or None if it is."""
    info = work.info
    topics = _topics(corpus.profiles)
    before = {said.value for said in newest.evidence("focus") if said.labelled}
    anew = newest.info.passages != info.passages or topics != before
    changed = {*changes.added, *changes.changed}
    if not (changed or changes.removed or anew or newest.notice):
        return None
    now = {profile.id for profile in corpus.profiles}
    gone = [profile.id for profile in newest.profiles() if profile.id not in now]
    wanted = [profile for profile in corpus.profiles if anew or profile.file in changed]
    return Change(work.entries(wanted, topics, newest), gone, info)


def _topics(profiles: Iterable[Profile]) -> set[str]:
    """Return the topics that labels give; texts are searched for these alone."""
    return {topic for profile in profiles for topic in profile.fields.focus}


def write(
    where: str | Path,
    corpus: Corpus,
    encoder: Encoder,
    settings: Settings,
    progress: Progress | None = None,
    known: Vectors | None = None,
) -> Index:
    """Index a corpus that is read already, with vectors that are known; see `Index.build`."""
    work = Embedding(encoder, settings, progress)
    entries = work.entries(corpus.profiles, _topics(corpus.profiles), known)
    change = Change(entries, info=work.info)
    store = store_at(where).create(where, change, settings.store_timeout_s)
    changes = replace(
        _compare(corpus, {}),
        embedded_passages=work.embedded,
        reused_passages=work.passages - work.embedded,
    )
    return Index(where, _snapshot(where, store, encoder, settings), changes)
