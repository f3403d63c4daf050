"""What keeps profiles, vectors and words, whatever engine is underneath.

A `Store` is one state of what is kept, and never changes: a question is answered from one store,
start to end. Writing gives the next state, `Store.refresh` the newest one. Three engines keep it:

    ========================  =====================  ==============================
    address                   module                 for
    ========================  =====================  ==============================
    a folder                  ``stores.local``       one machine, no server
    ``postgresql://...``      ``stores.postgres``    servers that share an index
    ``milvus://...``          ``stores.milvus``      what PostgreSQL is too small for
    ========================  =====================  ==============================

Each returns two ranked legs, by meaning and by words; how they become one ranking is decided once,
in ``retrieval.fusion``, so that ranking, reading and explanations are the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from tipsearch.corpus.profiles import fold
from tipsearch.errors import BackendError
from tipsearch.types import Evidence, Fields, Passage, Profile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")

Filters = Mapping[str, Collection[str]]
"""For each field the values of which a profile must have one; case and accents do not matter."""


def searchable(title: str, text: str) -> str:
    """Return what is searched of a passage: its title goes first, so that "she" finds its person.

    The quote never contains the title.
    """
    return f"{title}. {text}" if title else text


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What vectors, passages and words depend on; made otherwise, a store is refused.

    Attributes
    ----------
    tipsearch : str
        The version that wrote it.
    encoder : mapping
        ``EncoderInfo``: model, sha256, precision, dimension, window.
    passages : mapping
        How texts were cut.
    analyser : str
        How words are told apart and stemmed (``retrieval.lexical.ANALYSER``).
    """

    tipsearch: str
    encoder: Mapping[str, Any]
    passages: Mapping[str, Any]
    analyser: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A profile and all that is kept of it.

    Attributes
    ----------
    profile : Profile
    evidence : tuple of Evidence
        What it says of its people, in the order of the text.
    passages : tuple of Passage
        n of them, in the order of the text.
    keys : tuple of bytes
        n content hashes, 32 bytes each: the same key, the same vector.
    vectors : ndarray of float32, shape (n, dimension)
        Unit vectors of what is searched of each passage.
    """

    profile: Profile
    evidence: tuple[Evidence, ...]
    passages: tuple[Passage, ...]
    keys: tuple[bytes, ...]
    vectors: NDArray[np.float32]

    def texts(self) -> list[str]:
        """Return what is searched of each passage."""
        return [searchable(self.profile.title, passage.text) for passage in self.passages]


@dataclass(frozen=True, slots=True)
class Change:
    """What one write does, all of it or nothing.

    Attributes
    ----------
    upsert : iterable of Entry
        Each replaces the profile of its id, if there is one; read once, in order.
    delete : collection of str
        Ids of profiles; one that is not there is no error.
    info : StoreInfo or None
        What the store is from now on; None leaves it.
    """

    upsert: Iterable[Entry] = ()
    delete: Collection[str] = ()
    info: StoreInfo | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How much a store keeps."""

    profiles: int
    passages: int


class Store(Protocol):
    """One state of what is kept, open for reading; safe to use from several threads.

    Passages are named by whole numbers that mean nothing outside their store. Whatever is ranked
    goes by score, the best first, ties by number. An engine that fails raises `BackendError`
    within the time the store was given; one that holds no index, a damaged one or one that this
    tipsearch cannot read raises `IndexFormatError`.
    """

    @property
    def name(self) -> str:
        """Which state this is: "gen-000012", "revision 7"."""

    @property
    def info(self) -> StoreInfo:
        """What its vectors, passages and words depend on."""

    @property
    def notice(self) -> str:
        """Why an older state answers than the newest, in one line; mostly empty."""

    def count(self) -> Count:
        """Return how much there is."""

    def profile(self, profile_id: str) -> Profile | None:
        """Return a profile by its id, or None if there is none of that id."""

    def profiles(self) -> list[Profile]:
        """Return every profile, sorted by title, then id."""

    def fingerprints(self) -> dict[str, str]:
        """Return each profile's fingerprint by file name."""

    def evidence(self, field: str, profile_id: str | None = None) -> list[Evidence]:
        """Return what is known of a field, of one profile or of all, in the order of the text."""

    def field_values(self, field: str) -> list[str]:
        """Return the values a field has in any profile, sorted, each once."""

    def where(self, filters: Filters) -> frozenset[str]:
        """Return the ids of the profiles that have, for each field, one of its values.

        A value counts whether a label says it or the text.
        """

    def passages(self, numbers: Sequence[int]) -> list[tuple[str, Passage]]:
        """Return passages by their numbers, in that order, each with its profile's title."""

    def vectors(self, keys: Collection[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """Return the vectors kept under content hashes, of those that are there."""

    def dense(
        self, query: NDArray[np.float32], k: int, filters: Filters | None = None
    ) -> dict[int, float]:
        """Return at most k passages and their cosines with a unit vector, best first."""

    def cosines(self, query: NDArray[np.float32], numbers: Sequence[int]) -> dict[int, float]:
        """Return the cosines of a unit vector with passages named by number."""

    def lexical(self, query: str, k: int, filters: Filters | None = None) -> dict[int, float]:
        """Return at most k passages that share a word with a query, and their BM25, best first."""

    def document_frequency(self, word: str) -> int:
        """Return how many passages hold a word, given as ``retrieval.lexical.words`` returns it."""

    def refresh(self) -> Self:
        """Return the newest state: this store itself, if nothing was written since."""

    def write(self, plan: Callable[[Self], Change | None]) -> Self:
        """Write what a plan says of the newest state, and return the state after it.

        Parameters
        ----------
        plan : callable
            Called once nobody else can write, with the newest state; None writes nothing.

        Raises
        ------
        IndexBusyError
            If somebody else is writing, or it cannot be written.
        """

    def close(self) -> None:
        """Give files and connections back."""


class Closeable(Protocol):
    """Anything that holds files or connections."""

    def close(self) -> None:
        """Give them back."""


class Engine(Protocol):
    """What makes and opens stores of one kind, by their address.

    A server is waited for ``timeout_s`` seconds, or as long as the environment says.
    """

    def open(self, where: str | Path, timeout_s: int | None = None) -> Store:
        """Return the newest state of what is kept there.

        Raises
        ------
        IndexFormatError
            If there is nothing, it is damaged, or a newer tipsearch made it.
        """

    def create(self, where: str | Path, change: Change, timeout_s: int | None = None) -> Store:
        """Write a store anew, whatever is there already; that answers until it is complete.

        Raises
        ------
        IndexBusyError
            If somebody else is writing there, or it cannot be written.
        """

    def is_usable(self, where: str | Path, timeout_s: int | None = None) -> bool:
        """Whether there is something that this tipsearch can open.

        Raises
        ------
        IndexFormatError
            If a newer tipsearch made it: that is never built over unasked.
        """


def folded(filters: Filters) -> dict[str, list[str]]:
    """Return filters with their values as they are compared: without case and accents."""
    return {field: sorted({fold(value) for value in values}) for field, values in filters.items()}


def storable(text: str) -> str:
    """Return a text without what no engine holds: NUL and lone surrogates.

    No value that is kept has any, so that what was looked for with them is not found.
    """
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def ascii_word(word: str) -> str:
    """Return a word that any engine's own analyser takes for one, whatever it is written in."""
    return word if word.isascii() else "u" + word.encode("utf-8").hex()


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield items so many at a time, in their order."""
    source = iter(items)
    while some := list(islice(source, size)):
        yield some


def profile_of(told: Mapping[str, Any]) -> Profile:
    """Return a profile from what JSON makes of ``asdict(profile)``."""
    fields = {name: tuple(values) for name, values in told["fields"].items()}
    names, sources = tuple(told["names"]), tuple(told["sources"])
    return Profile(**{**told, "fields": Fields(**fields), "names": names, "sources": sources})


class RewrittenError(BackendError):
    """A store is read after two writes took away what it held."""

    def __init__(self) -> None:
        super().__init__("the index was rewritten while it was read", "ask again")


@contextmanager
def closed_on_failure(server: Closeable) -> Iterator[None]:
    """Give connections back if what is done with them ends in an error."""
    try:
        yield
    except BaseException:
        server.close()
        raise


def shown(where: object) -> str:
    """Return an address as it may be shown: without its password.

    Examples
    --------
    >>> shown("postgresql://ann:secret@db/press")
    'postgresql://ann@db/press'
    """
    hidden = re.sub(r"(?<=://)([^:/@]*):[^@]*@", r"\1@", str(where))
    return re.sub(r"(?<=[?&]password=)[^&]*", "…", hidden)
