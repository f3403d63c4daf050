"""From profiles to what a store keeps: cut, keyed by content, embedded where nothing is known."""

from __future__ import annotations

import hashlib
from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tipsearch.corpus import facts
from tipsearch.corpus import passages as cutting
from tipsearch.retrieval import lexical
from tipsearch.retrieval.encoder import Encoder
from tipsearch.settings import Settings
from tipsearch.stores.store import Entry, StoreInfo, batches, searchable
from tipsearch.types import Passage, Profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TITLE_TOKENS = 50
"""Room for a title, which has at most 120 characters, and the special tokens."""

_TOGETHER = 64
"""Profiles whose passages are embedded together: no other vectors wait in memory."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


class Vectors(Protocol):
    """Anything that keeps vectors under content hashes: a store, a table."""

    def vectors(self, keys: Collection[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """Return those of the keys that are there."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A profile cut into n passages.

    Attributes
    ----------
    profile : Profile
    passages : tuple of Passage
        In the order of the text.
    texts : tuple of str
        What is searched, and embedded, of each.
    keys : tuple of bytes
        The sha256 of each text and the encoder it is for: the same key, the same vector.
    """

    profile: Profile
    passages: tuple[Passage, ...]
    texts: tuple[str, ...]
    keys: tuple[bytes, ...]


@cache
def tipsearch_version() -> str:
    """Return the version that is installed."""
    return version("tipsearch")


class Embedding:
    """Cuts profiles into passages and embeds those whose vectors are not known already.

    Attributes
    ----------
    passages, embedded : int
        How many were cut, and how many of them embedded, so far.
    """

    def __init__(
        self, encoder: Encoder, settings: Settings, progress: Progress | None = None
    ) -> None:
        self.encoder = encoder
        self.settings = settings
        self.passages = self.embedded = 0
        self._told = 0  # passages whose vectors are there
        self._progress = progress

    @property
    def info(self) -> StoreInfo:
        """What vectors, passages and words depend on."""
        return StoreInfo(
            tipsearch=tipsearch_version(),
            encoder=asdict(self.encoder.info),
            passages={
                "version": cutting.VERSION,
                "passage_tokens": self._passage_tokens,
                "new_paragraph_tokens": self.settings.new_paragraph_tokens,
                "overlap_sentences": self.settings.overlap_sentences,
            },
            analyser=lexical.ANALYSER,
        )

    @property
    def _passage_tokens(self) -> int:
        """The longest passage that fits the encoder's window beside its title."""
        window = self.encoder.info.window_tokens - _TITLE_TOKENS
        return max(1, min(self.settings.passage_tokens, window))

    def cut(self, profile: Profile) -> Cut:
        """Return a profile's passages, what is searched of them, and their keys."""
        passages = cutting.cut(
            profile,
            self.encoder.count_tokens,
            self._passage_tokens,
            self.settings.new_paragraph_tokens,
            self.settings.overlap_sentences,
        )
        made = tuple(passages)
        texts = tuple(searchable(profile.title, passage.text) for passage in made)
        keys = (hashlib.sha256(f"{self.encoder.info}\n{t}".encode()).digest() for t in texts)
        return Cut(profile, made, texts, tuple(keys))

    def entries(
        self, profiles: Sequence[Profile], topics: Iterable[str], known: Vectors | None = None
    ) -> Iterator[Entry]:
        """Make the entries of profiles, embedded a few at a time, in their order.

        Parameters
        ----------
        profiles : sequence of Profile
        topics : iterable of str
            Values of ``focus`` that are looked for in the texts.
        known : Vectors, optional
            Where vectors are taken from, if they are there.

        Yields
        ------
        Entry
            One a profile.
        """
        cuts = [self.cut(profile) for profile in profiles]
        self.passages += sum(len(cut.keys) for cut in cuts)
        topics = list(topics)
        for some in batches(cuts, _TOGETHER):
            kept = known.vectors({key for cut in some for key in cut.keys}) if known else {}
            self._told += len(kept)
            vectors = ChainMap(self.embed(some, kept), kept)
            for cut in some:
                rows = np.array([vectors[key] for key in cut.keys], dtype=np.float32)
                rows = rows.reshape(-1, self.encoder.info.dimension)
                said = tuple(facts.read(cut.profile, topics))
                yield Entry(cut.profile, said, cut.passages, cut.keys, rows)

    def embed(
        self, cuts: Iterable[Cut], kept: Collection[bytes] = ()
    ) -> dict[bytes, NDArray[np.float32]]:
        """Return the vectors of what is cut, by key, but for those that are kept already."""
        new = {
            key: text
            for cut in cuts
            for key, text in zip(cut.keys, cut.texts, strict=True)
            if key not in kept
        }

        def step(count: int) -> None:
            self.embedded += count
            self._told += count
            if self._progress is not None:
                self._progress("Embedding passages", self._told, self.passages)

        return dict(zip(new, self.encoder.encode(list(new.values()), step), strict=True))
