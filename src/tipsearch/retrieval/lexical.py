"""BM25 over stemmed words with tantivy."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterable
from functools import cached_property
from pathlib import Path

import tantivy

from tipsearch.errors import BackendError, IndexFormatError

_ANALYSER = "words"
_WRITER_BYTES = 50_000_000


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


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", tokenizer_name=_ANALYSER, index_option="freq")
    builder.add_unsigned_field("passage", stored=True)
    builder.add_unsigned_field("profile", indexed=True)
    return builder.build()


def _opened(folder: Path) -> tantivy.Index:
    index = tantivy.Index.open(str(folder))
    index.register_tokenizer(_ANALYSER, _analyser())
    index.reload()
    return index


class LexicalIndex:
    """An inverted index of passages, read-only once written."""

    def __init__(self, index: tantivy.Index) -> None:
        self._index = index
        self._searcher = index.searcher()
        self._words = _analyser()

    @classmethod
    def write(cls, folder: Path, documents: Iterable[tuple[int, str]]) -> None:
        """Write a new index.

        Parameters
        ----------
        folder : Path
            Empty.
        documents : iterable of (int, str)
            Each passage's profile number and its words; the passage's id is its place, from 0.

        Raises
        ------
        OSError
            If the folder cannot be written, or the disk is full.
        """
        try:
            index = tantivy.Index(_schema(), str(folder))
            index.register_tokenizer(_ANALYSER, _analyser())
            writer = index.writer(_WRITER_BYTES, num_threads=1)
            for passage, (profile, text) in enumerate(documents):
                document = tantivy.Document()
                document.add_unsigned("passage", passage)
                document.add_unsigned("profile", profile)
                document.add_text("text", text)
                writer.add_document(document)
            writer.commit()
            writer.wait_merging_threads()
        except ValueError as error:  # tantivy's word for every failure
            raise OSError(f"cannot write {folder}: {error}") from error

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

    def words(self, text: str) -> list[str]:
        """Return a text's words as they are indexed, repeated ones once, in order."""
        return list(dict.fromkeys(self._words.analyze(text)))

    def document_frequency(self, word: str) -> int:
        """Return how many passages hold a word, given as ``words`` returns it."""
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
        words = self.words(query)
        if not words or k < 1:
            return {}
        clauses = [
            (tantivy.Occur.Should, tantivy.Query.term_query(self._fields, "text", word, "freq"))
            for word in words
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
