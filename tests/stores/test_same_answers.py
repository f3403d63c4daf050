"""The same code, the same answers, wherever the index is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import CORPUS, LetterEncoder, write_corpus
from tipsearch.answering.assistant import Assistant
from tipsearch.answering.reader import SpanReader
from tipsearch.cli import cli
from tipsearch.errors import IndexFormatError
from tipsearch.index import Index
from tipsearch.retrieval.encoder import OnnxEncoder
from tipsearch.settings import Settings
from tipsearch.stores.milvus import MilvusStore

QUERIES = [
    "Who helped girls escape from brothels in Cambodia?",
    "slave labour in Brazil",
    "a police officer who set up a unit",
    "When was the shelter founded?",
]
QUESTIONS = [
    "When did Legros leave AFESIP?",
    "Which heroes worked in Cambodia?",
    "How many were honoured in 2011?",
    "Who was honoured first, Sakamoto or Plassat?",
    "Tell me about AFESIP",
    "What happened in 2004?",
    "How old is Somaly Mam?",
    "What is the capital of France?",
    "Who is Zaphod Beeblebrox?",
]


@pytest.fixture(scope="module")
def kept(new_address: Callable[[], str], encoder: OnnxEncoder) -> Iterator[Index]:
    """The real corpus, with the real encoder, on each engine."""
    index = Index.build(CORPUS, new_address(), settings=Settings(), encoder=encoder)
    yield index
    index.snapshot.store.close()


def test_the_same_hits(kept: Index, real_index: Index) -> None:
    """To within half precision, and lengths kept in a byte: two close ones may change places."""
    for query in QUERIES:
        for filters in (None, {"award_year": ["2010", "2011", "2012", "2013", "2014"]}):
            here = real_index.search(query, 20, filters)
            there = {hit.passage: hit for hit in kept.search(query, 30, filters)}
            # milvus-lite counts words among what the filters leave; a cluster among all
            near = 0.2 if filters and isinstance(kept.snapshot.store, MilvusStore) else 0.05
            for hit in here:
                same = there[hit.passage]
                assert same.title == hit.title
                assert same.scores.dense == pytest.approx(hit.scores.dense, abs=2e-3)
                assert same.scores.fused == pytest.approx(hit.scores.fused, abs=near)
                assert abs(same.rank - hit.rank) <= 10
            assert here[0].passage in {hit.passage for hit in kept.search(query, 2, filters)}


def test_the_same_answers(kept: Index, real_index: Index, reader: SpanReader) -> None:
    here, there = Assistant(real_index, reader), Assistant(kept, reader)
    for question in QUESTIONS:
        expected, answer = here.ask(question), there.ask(question)
        assert answer.text == expected.text, question
        assert (answer.kind, answer.reason) == (expected.kind, expected.reason)
        assert answer.items == expected.items
        assert answer.citations == expected.citations


def test_update(new_address: Callable[[], str], tmp_path: Path) -> None:
    where, options = new_address(), Settings(cache=Path("unused"))
    files = {"ann.txt": "Ann Roe left in 1996.", "bea.txt": "Bea Lee left in 2003."}
    corpus = write_corpus(tmp_path / "corpus", files)
    stub = LetterEncoder()
    index = Index.build(corpus, where, settings=options, encoder=stub)
    reader = Index.open(where, settings=options, encoder=LetterEncoder())
    before = index.snapshot
    stub.encoded.clear()
    files |= {"bea.txt": "Bea Lee left in 2004.", "cam.txt": "Cam Doe left in 2011."}
    del files["ann.txt"]
    changes = index.update(write_corpus(corpus, files))
    assert (changes.added, changes.changed, changes.removed) == (
        ("cam.txt",), ("bea.txt",), ("ann.txt",),
    )  # fmt: skip
    assert sorted(stub.encoded) == [
        "Bea Lee. Bea Lee left in 2004.", "Cam Doe. Cam Doe left in 2011.",
    ]  # fmt: skip
    assert {hit.title for hit in before.search("left")} == {"Ann Roe", "Bea Lee"}
    assert reader.refresh()
    assert {hit.title for hit in reader.search("left")} == {"Bea Lee", "Cam Doe"}
    snapshot = index.snapshot
    assert index.update(corpus).unchanged == 2
    assert index.snapshot is snapshot
    with pytest.raises(IndexFormatError, match=r"0{12}.*1{12}"):
        Index.open(where, settings=options, encoder=LetterEncoder("1" * 64))


def test_the_shell(new_address: Callable[[], str], tmp_path: Path) -> None:
    where = new_address()
    corpus = write_corpus(tmp_path / "corpus", {"ann.txt": "Ann Roe left the shelter in 1996."})

    def shell(*arguments: str) -> str:
        done = CliRunner().invoke(cli, [*arguments, "--index", where])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert "1 added" in shell("update", "--corpus", str(corpus)).replace("added 1", "1 added")
    (hit,) = json.loads(shell("search", "shelter", "--json"))
    assert hit["title"] == "Ann Roe"
    assert "1996" in shell("ask", "When did Ann Roe leave the shelter?")
