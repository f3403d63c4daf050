"""The facade: build, update, open and search an index of profiles."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.corpus import passages as cutting
from tipsearch.corpus.profiles import Corpus, fingerprint, load
from tipsearch.errors import IndexFormatError, QueryError
from tipsearch.retrieval.encoder import Encoder, OnnxEncoder
from tipsearch.retrieval.fusion import fuse
from tipsearch.settings import Settings
from tipsearch.stores import generation
from tipsearch.stores.local import LocalStore
from tipsearch.types import FIELD_NAMES, Hit, IndexUpdate, Profile, Scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TITLE_TOKENS = 50
"""Room for a title, which has at most 120 characters, and the special tokens."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""

_log = logging.getLogger(__name__)

FilterValue = str | int | Collection[str]


def searchable(title: str, text: str) -> str:
    """Return what is searched of a passage: its title goes first, so that "she" finds its person.

    The quote never contains the title.
    """
    return f"{title}. {text}" if title else text


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
    """One generation of an index, open: what a question is answered from, start to end."""

    name: str
    store: LocalStore
    encoder: Encoder
    settings: Settings
    notice: str = ""
    cutting: Mapping[str, object] = field(default_factory=dict)
    """How its passages were cut, as the manifest says."""

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
        profiles = allowed = None
        if filters:
            profiles = self.store.profiles_where(_checked(filters))
            allowed = self.store.passages_of(profiles)
            if not len(allowed):
                return []
        vector = self.encoder.encode([words])[0]
        dense = self.store.dense.search(vector, depth, allowed)
        lexical = self.store.lexical.search(words, depth, profiles)
        found = sorted({*dense, *lexical})
        cosines = self.store.dense.scores(vector, found).tolist()
        dense = dict(zip(found, cosines, strict=True))
        ranked = fuse(dense, lexical, self.settings.dense_weight)[:k]
        return [
            self._hit(rank, number, Scores(dense[number], lexical.get(number, 0.0), fused))
            for rank, (number, fused) in enumerate(ranked, 1)
        ]

    def profile_ids_where(self, filters: Mapping[str, FilterValue]) -> frozenset[str]:
        """Return the ids of the profiles that filters leave; see `Snapshot.search`.

        Raises
        ------
        QueryError
            If a field is unknown.
        """
        return self.store.ids_of(self.store.profiles_where(_checked(filters)))

    def _hit(self, rank: int, number: int, scores: Scores) -> Hit:
        title, passage = self.store.passage(number)
        return Hit(rank, title, passage, scores)

    def profile(self, profile_id: str) -> Profile | None:
        """Return a profile by its id, or None."""
        return self.store.profile(profile_id)

    def profiles(self) -> list[Profile]:
        """Return every profile, sorted by title."""
        return self.store.profiles()

    def knows(self, name: str) -> bool:
        """Whether each word of a name stands in some profile: its text, title, names or fields."""
        lexical = self.store.lexical
        unsaid = [word for word in lexical.words(name) if not lexical.document_frequency(word)]
        return not unsaid or any(
            self.store.words_of(profile.id).issuperset(unsaid) for profile in self.profiles()
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
    """A handle on an index folder: searches its newest snapshot, and writes new generations."""

    def __init__(self, folder: Path, snapshot: Snapshot, changes: IndexUpdate) -> None:
        self.folder = folder
        self.snapshot = snapshot
        self.changes = changes
        """What the build or the last update did."""
        self._passed_over = ""
        """A generation that did not verify, so that it is not read at every question."""

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
        index : path
            The index folder; made if missing. An index already there answers until the new one
            is complete, and stays if anything goes wrong.
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
        """
        settings = settings or Settings.from_environment()
        root = Path(index)
        profiles = load(Path(corpus), settings.file_bytes)
        encoder = encoder or OnnxEncoder.open(settings)
        with generation.write_lock(root):
            return write(root, profiles, None, encoder, settings, progress)

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
        """
        settings = settings or Settings.from_environment()
        root = Path(index)
        while True:  # again only if a writer removed the generation before it was open
            current = generation.current_name(root)
            found = generation.newest_whole(root)
            encoder = encoder or OnnxEncoder.open(settings)
            try:
                return cls(root, _snapshot(found, encoder, settings), IndexUpdate())
            except IndexFormatError:
                if generation.current_name(root) == current:
                    raise

    def refresh(self) -> bool:
        """Take up a newer generation if there is one.

        One that does not verify is passed over, once, and ``snapshot.notice`` says why.

        Returns
        -------
        bool
            Whether the snapshot changed.
        """
        current = generation.current_name(self.folder)
        if current in {"", self.snapshot.name, self._passed_over}:
            return False
        try:
            found = generation.newest_whole(self.folder)
            newer = _snapshot(found, self.snapshot.encoder, self.snapshot.settings)
        except IndexFormatError as error:
            newer = replace(self.snapshot, notice=error.message)
        changed = newer.name != self.snapshot.name
        self._passed_over = "" if newer.name == current else current
        if self._passed_over:
            _log.warning("%s; what was there before still answers", newer.notice)
        self.snapshot = newer
        return changed

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
        settings = self.snapshot.settings
        profiles = load(Path(corpus), settings.file_bytes)
        with generation.write_lock(self.folder):
            self.refresh()
            before = self.snapshot
            changes = _compare(profiles, before.store.fingerprints())
            recut = before.cutting != _about(before.encoder, settings)["passages"]
            if changes.added or changes.changed or changes.removed or recut or before.notice:
                encoder = before.encoder
                written = write(self.folder, profiles, before, encoder, settings, progress)
                self.snapshot, changes = written.snapshot, written.changes
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


@cache
def _tipsearch_version() -> str:
    return version("tipsearch")


def _about(encoder: Encoder, settings: Settings) -> dict[str, object]:
    """Describe what vectors and passages depend on."""
    return {
        "encoder": asdict(encoder.info),
        "passages": {
            "version": cutting.VERSION,
            "passage_tokens": _passage_tokens(encoder, settings),
            "new_paragraph_tokens": settings.new_paragraph_tokens,
            "overlap_sentences": settings.overlap_sentences,
        },
    }


def _passage_tokens(encoder: Encoder, settings: Settings) -> int:
    """Return the longest passage that fits the encoder's window beside its title."""
    return max(1, min(settings.passage_tokens, encoder.info.window_tokens - _TITLE_TOKENS))


def _snapshot(found: generation.Generation, encoder: Encoder, settings: Settings) -> Snapshot:
    """Open a verified generation, unless its vectors are of another model."""
    made, wanted = found.manifest["encoder"], asdict(encoder.info)
    if made != wanted:
        told = {f"{about['model']} ({about['precision']})": about for about in (made, wanted)}
        names = list(told) if len(told) > 1 else [f"{a['sha256'][:12]}" for a in (made, wanted)]
        raise IndexFormatError(
            f"the index {found.folder} was made with {names[0]}, the settings ask for {names[1]}",
            "run 'tipsearch build', or set TIPSEARCH_MODEL and TIPSEARCH_PRECISION back",
        )
    store = LocalStore.open(found.folder)
    cut_as = found.manifest["passages"]
    return Snapshot(found.name, store, encoder, settings, found.fell_back, cut_as)


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


def write(
    root: Path,
    corpus: Corpus,
    before: Snapshot | None,
    encoder: Encoder,
    settings: Settings,
    progress: Progress | None,
) -> Index:
    """Publish a generation of a corpus; the caller holds the write lock.

    Parameters
    ----------
    root : Path
        The index folder.
    corpus : Corpus
        What to index.
    before : Snapshot or None
        Vectors of passages it shares with the corpus are taken over.
    encoder, settings, progress
        As for `Index.build`.

    Returns
    -------
    Index
        Open on the new generation.
    """
    about = _about(encoder, settings)
    passages = [
        passage
        for profile in corpus.profiles
        for passage in cutting.cut(
            profile,
            encoder.count_tokens,
            _passage_tokens(encoder, settings),
            settings.new_paragraph_tokens,
            settings.overlap_sentences,
        )
    ]
    titles = {profile.id: profile.title for profile in corpus.profiles}
    texts = [searchable(titles[passage.profile_id], passage.text) for passage in passages]
    keys = [hashlib.sha256(f"{encoder.info}\n{text}".encode()).digest() for text in texts]
    vectors, embedded = _vectors(texts, keys, before, encoder, progress)
    changes = _compare(corpus, before.store.fingerprints() if before else {})
    counts = {"profiles": len(corpus.profiles), "passages": len(passages)}

    def fill(folder: Path) -> None:
        LocalStore.write(folder, corpus.profiles, passages, keys, vectors, texts)

    written = generation.publish(
        root, fill, {"tipsearch": _tipsearch_version(), **about, "counts": counts}
    )
    done = replace(changes, embedded_passages=embedded, reused_passages=len(passages) - embedded)
    return Index(root, _snapshot(written, encoder, settings), done)


def _vectors(
    texts: Sequence[str],
    keys: Sequence[bytes],
    before: Snapshot | None,
    encoder: Encoder,
    progress: Progress | None,
) -> tuple[NDArray[np.float32], int]:
    """Return the vectors of texts, kept from before where the key is the same; and how many not."""
    vectors = np.empty((len(texts), encoder.info.dimension), dtype=np.float32)
    known = dict(before.store.vectors_by_key()) if before else {}
    new = []
    for row, key in enumerate(keys):
        if before is not None and key in known:
            vectors[row] = before.store.dense.vector(known[key])
        else:
            new.append(row)
    done = 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress("Embedding passages", done, len(new))

    if new:
        vectors[new] = encoder.encode([texts[row] for row in new], step)
    return vectors, len(new)
