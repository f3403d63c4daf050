"""Lexical search against BM25 written from its formula."""

from __future__ import annotations

from collections import Counter
from math import log
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipsearch.errors import IndexFormatError
from tipsearch.retrieval.lexical import LexicalIndex, LexicalWriter, words

WORDS = ["girl", "boat", "shelter", "law", "farm", "raid"]  # each its own stem


def bm25(documents: list[list[str]], query: list[str]) -> dict[int, float]:
    """Robertson's BM25 with k1 = 1.2, b = 0.75 and the idf that is never negative."""
    mean = sum(map(len, documents)) / len(documents)
    scores: dict[int, float] = {}
    for word in set(query):
        holding = sum(word in document for document in documents)
        idf = log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
        for number, document in enumerate(documents):
            if count := Counter(document)[word]:
                norm = 1.2 * (1 - 0.75 + 0.75 * len(document) / mean)
                scores[number] = scores.get(number, 0) + idf * count * 2.2 / (count + norm)
    return scores


def write(folder: Path, *documents: tuple[int, str]) -> None:
    with LexicalWriter(folder) as writer:
        for profile, text in documents:
            writer.add(profile, text)


def index_of(folder: Path, *documents: str | tuple[int, str]) -> LexicalIndex:
    pairs = [(0, doc) if isinstance(doc, str) else doc for doc in documents]
    write(folder, *pairs)
    return LexicalIndex.open(folder)


@given(
    st.lists(st.lists(st.sampled_from(WORDS), max_size=20), min_size=1, max_size=12),
    st.lists(st.sampled_from([*WORDS, "absent"]), max_size=5),
)
def test_scores_are_bm25(
    tmp_path_factory: pytest.TempPathFactory, documents: list[list[str]], query: list[str]
) -> None:
    if not any(documents):
        documents = [["girl"]]
    index = index_of(tmp_path_factory.mktemp("lexical"), *map(" ".join, documents))
    found = index.search(" ".join(query), 100)
    expected = bm25(documents, query)
    assert found.keys() == expected.keys()
    assert found == pytest.approx(expected, rel=1e-4)
    assert list(found.items()) == sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("She was rescued from brothels", "rescuing brothel"),
        ("Médecins Sans Frontières", "medecins frontieres"),
        ("Medecins", "MÉDECINS"),
        ("trafficked", "Trafficking"),
        ("AFESIP's shelters", "afesip shelter"),
        ("anti-trafficking", "anti trafficking"),
        ("in 1996", "1996?"),
        ("Он ушёл", "ушёл"),
    ],
)
def test_words_meet_across_forms(tmp_path: Path, text: str, query: str) -> None:
    assert list(index_of(tmp_path, "nothing here", text).search(query, 5)) == [1]


@pytest.mark.parametrize(
    "query",
    ['girl AND NOT boat', '"girl boat"', "girl -boat", "+girl", "text:girl", "girl*", "girl~2^9",
     "(girl", "girl OR", "profile:0 girl", "[girl TO boat]", "girl \\", "gi/rl girl/",
     "'; DROP girl"],
)  # fmt: skip
def test_operators_are_plain_words(tmp_path: Path, query: str) -> None:
    index = index_of(tmp_path, "a boat", "a girl", "a farm")
    assert 1 in index.search(query, 5)
    assert 2 not in index.search(query, 5)
    assert (0 in index.search(query, 5)) == ("boat" in query)


def test_only_the_profiles_asked_for(tmp_path: Path) -> None:
    index = index_of(tmp_path, (7, "girl girl"), (8, "girl"), (9, "girl boat"), (8, "boat"))
    everywhere = index.search("girl", 9)
    assert list(everywhere) == [0, 1, 2]
    assert index.search("girl", 9, [8, 9]) == {n: everywhere[n] for n in (1, 2)}
    assert index.search("girl", 9, [5]) == {}
    assert index.search("girl", 9, []) == {}


def test_ties_go_by_id_also_at_the_cut(tmp_path: Path) -> None:
    index = index_of(tmp_path, *["boat", "girl"] * 50)
    assert list(index.search("girl", 3)) == [1, 3, 5]
    assert list(index.search("girl", 99)) == list(range(1, 100, 2))


def test_nothing_to_find(tmp_path: Path) -> None:
    index = index_of(tmp_path, "girl", "")
    assert index.search("", 5) == index.search("?!", 5) == index.search("boat", 5) == {}
    assert index.search("girl", 0) == {}
    assert index.search("x" * 64, 5) == {}


def test_words_and_their_frequency(tmp_path: Path) -> None:
    index = index_of(tmp_path, "Rescued girls", "a rescue", "boats")
    assert words("Rescued, rescues GIRLS rescue") == ["rescu", "girl"]
    assert [index.document_frequency(word) for word in ("rescu", "girl", "absent")] == [2, 1, 0]


def test_an_empty_index(tmp_path: Path) -> None:
    assert index_of(tmp_path).search("girl", 5) == {}


def test_no_index(tmp_path: Path) -> None:
    with pytest.raises(IndexFormatError, match="cannot be read"):
        LexicalIndex.open(tmp_path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(IndexFormatError):
        LexicalIndex.open(tmp_path / "nowhere")
    with pytest.raises(OSError, match="cannot write"):
        write(tmp_path / "nowhere", (0, "girl"))
