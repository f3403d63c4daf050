"""BM25 over stemmed words with tantivy."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from typing import Self

import tantivy

from tipsearch.errors import BackendError, IndexFormatError

ANALYSER = "simple, at most 64 bytes, lower case, ASCII, English stems, 1"
"""Says how words are told apart; any change of it makes other words, and an index anew."""

K1, B = 1.2, 0.75
"""BM25's two parameters; tantivy has them built in."""

_TOKENIZER = "words"
_WRITER_BYTES = 50_000_000


@cache
def _analyser() -> tantivy.TextAnalyzer:
    """Words in lower case, without accents, reduced to their English stem."""
    return (
        tantivy
        .TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(64))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )


def tokens(text: str) -> list[str]:
    """Return a text's words as they are indexed, in order, as often as they come.

    Examples
    --------
    >>> tokens("Girls escaped; a girl's escape")
    ['girl', 'escap', 'a', 'girl', 's', 'escap']
    """
    found: list[str] = _analyser().analyze(text)
    return found


def words(text: str) -> list[str]:
    """Return a text's words as they are indexed, repeated ones once, in order."""
    return list(dict.fromkeys(tokens(text)))


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", tokenizer_name=_TOKENIZER, index_option="freq")
    builder.add_unsigned_field("passage", stored=True)
    builder.add_unsigned_field("profile", indexed=True)
    return builder.build()


def _opened(folder: Path) -> tantivy.Index:
    index = tantivy.Index.open(str(folder))
    index.register_tokenizer(_TOKENIZER, _analyser())
    index.reload()
    return index


@contextmanager
def _failing_as_os_error(folder: Path) -> Iterator[None]:
    try:
        yield
    except ValueError as error:  # tantivy's word for every failure
        raise OSError(f"cannot write {folder}: {error}") from error


class LexicalWriter:
    """Writes a new index into an empty folder; readable once its ``with`` ends well."""

    def __init__(self, folder: Path) -> None:
        """Begin.

        Raises
        ------
        OSError
            If the folder cannot be written.
        """
        self._folder = folder
        self._count = 0
        with _failing_as_os_error(folder):
            index = tantivy.Index(_schema(), str(folder))
            index.register_tokenizer(_TOKENIZER, _analyser())
            self._writer = index.writer(_WRITER_BYTES, num_threads=1)

    def add(self, profile: int, text: str) -> None:
        """Add a passage, by its profile's number and its words; its id is its place, from 0."""
        with _failing_as_os_error(self._folder):
            document = tantivy.Document()
            document.add_unsigned("passage", self._count)
            document.add_unsigned("profile", profile)
            document.add_text("text", text)
            self._writer.add_document(document)
        self._count += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        try:
            if failed is None:
                with _failing_as_os_error(self._folder):
                    self._writer.commit()
                    self._writer.wait_merging_threads()
        finally:
            del self._writer  # its threads would go on writing into a folder that is removed


class LexicalIndex:
    """An inverted index of passages, read-only once written."""

    def __init__(self, index: tantivy.Index) -> None:
        self._index = index
        self._searcher = index.searcher()

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """Open an index for reading.

        subtle: tantivy wants to write a lock file even to read, so where it cannot, a copy that
        is deleted at once is opened; its files stay mapped.

        Raises
        ------
        IndexFormatError
            If tantivy cannot read it.
        """
        try:
            if os.access(folder, os.W_OK):
                return cls(_opened(folder))
            with tempfile.TemporaryDirectory(prefix="tipsearch-") as copy:
                for file in folder.iterdir():
                    if file.suffix != ".lock":
                        shutil.copyfile(file, Path(copy, file.name))
                return cls(_opened(Path(copy)))
        except (OSError, ValueError) as error:
            raise IndexFormatError(f"{folder} cannot be read: {error}") from error

    @cached_property
    def _fields(self) -> tantivy.Schema:
        return self._index.schema

    def document_frequency(self, word: str) -> int:
        """Return how many passages hold a word, given as `words` returns it."""
        frequency: int = self._searcher.doc_freq("text", word)
        return frequency

    def search(
        self, query: str, k: int, profiles: Collection[int] | None = None
    ) -> dict[int, float]:
        """Find the passages that share words with a query.

        Parameters
        ----------
        query : str
            Plain words: no operator, quote or wildcard has a meaning.
        k : int
            At most this many.
        profiles : collection of int, optional
            Only passages of these profiles; all by default.

        Returns
        -------
        dict of int to float
            Passage ids and BM25 scores above 0, best first, ties by id.

        Raises
        ------
        BackendError
            If tantivy fails.
        """
        wanted_words = words(query)
        if not wanted_words or k < 1:
            return {}
        clauses = [
            (tantivy.Occur.Should, tantivy.Query.term_query(self._fields, "text", word, "freq"))
            for word in wanted_words
        ]
        wanted = tantivy.Query.boolean_query(clauses)
        if profiles is not None:
            among = tantivy.Query.term_set_query(self._fields, "profile", list(profiles))
            wanted = tantivy.Query.boolean_query([
                (tantivy.Occur.Must, wanted),
                (tantivy.Occur.Must, tantivy.Query.const_score_query(among, 0.0)),
            ])
        try:
            found = self._searcher.search(wanted, k).hits
            pairs = [(self._searcher.doc(where)["passage"][0], score) for score, where in found]
        except ValueError as error:
            raise BackendError(f"tantivy failed: {error}") from error
        return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))
