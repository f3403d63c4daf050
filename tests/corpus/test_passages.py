"""A text is cut into whole sentences at exact offsets."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import CORPUS, LetterEncoder
from tests.corpus.hard_sentences import HARD
from tipsearch.corpus.passages import cut, paragraph_at, sentences
from tipsearch.corpus.profiles import load
from tipsearch.retrieval.encoder import OnnxEncoder
from tipsearch.settings import Settings
from tipsearch.types import Fields, Passage, Profile

count_words = LetterEncoder().count_tokens


def profile_of(text: str) -> Profile:
    return Profile("p", "Title", (), text, Fields(), (), "p.txt", "")


def cut_text(text: str, longest: int = 10, paragraph: int = 5, overlap: int = 1) -> list[Passage]:
    return cut(profile_of(text), count_words, longest, paragraph, overlap)


@pytest.mark.parametrize("expected", HARD, ids=lambda case: case[0][:30])
def test_hard_sentences(expected: list[str]) -> None:
    text = " ".join(expected)
    found = [text[start:end] for start, end in sentences(text)]
    assert found == expected


def test_a_sentence_never_crosses_a_paragraph() -> None:
    text = "He met Ms.\n\nMam left. She met Ms. Roe\nthere."
    assert [text[a:b] for a, b in sentences(text)] == [
        "He met Ms.", "Mam left.", "She met Ms. Roe", "there."
    ]  # fmt: skip


@pytest.mark.parametrize("sentence", ["It is so.", "Élle alla là.", "李明。", "Yes!"])
def test_a_long_line_has_the_sentences_of_a_short_one(sentence: str) -> None:
    text = f"{sentence} " * 5000
    assert {text[a:b] for a, b in sentences(text)} == {sentence}
    assert len(sentences(text)) == 5000


def test_passages_worked_out_by_hand() -> None:
    text = (
        "One two three. Four five six. Seven eight nine. Ten.\n\nEleven twelve.\n\nA b c d e f g."
    )
    assert [(p.text, p.paragraph) for p in cut_text(text, longest=7, paragraph=4)] == [
        ("One two three. Four five six.", 1),
        ("Four five six. Seven eight nine. Ten.", 1),
        ("Eleven twelve.", 2),
        ("A b c d e f g.", 3),
    ]


def test_no_overlap_if_none_is_asked_for() -> None:
    passages = cut_text("One two. Three four. Five six.", longest=4, overlap=0)
    assert [p.text for p in passages] == ["One two. Three four.", "Five six."]


def test_what_fits_whole_is_one_passage() -> None:
    assert [p.text for p in cut_text("One.\n\nTwo.\n\nThree.", paragraph=1)] == [
        "One.\n\nTwo.\n\nThree."
    ]


def test_a_sentence_over_the_limit_is_cut_between_words() -> None:
    passages = cut_text("a b c d e f g h i j k", longest=4)
    assert [p.text for p in passages] == ["a b c d", "e f g h", "i j k"]


WORDS = st.sampled_from(
    ["Mam", "left", "U.S.", "Ms.", "Dr.", "no", "Élise", "李明。", "🙂", "e\u0301", "\u200f",
     "a" * 450, "5", "(i.e."]
) | st.text(max_size=6)  # fmt: skip
ENDS = st.sampled_from([" ", ". ", "? ", "! ", "… ", "\n", "\n\n", "\n\n\n", '." ', "。", ".\t"])
TEXTS = st.lists(st.tuples(WORDS, ENDS), max_size=60).map(
    lambda pairs: "".join(word + end for word, end in pairs)
)


@given(TEXTS, st.integers(1, 20), st.integers(0, 20), st.integers(0, 3))
def test_passages_hold_every_sentence_at_its_place(
    text: str, longest: int, paragraph: int, overlap: int
) -> None:
    passages = cut_text(text, longest, paragraph, overlap)
    for passage in passages:
        assert text[passage.start : passage.end] == passage.text
        assert passage.text == passage.text.strip() != ""
        assert count_words([passage.text])[0] <= longest
        assert passage.paragraph == paragraph_at(text, passage.start)
    starts = [passage.start for passage in passages]
    ends = [passage.end for passage in passages]
    assert starts == sorted(set(starts))
    assert ends == sorted(set(ends))
    covered = {place for p in passages for place in range(p.start, p.end)}
    assert all(place in covered for place, c in enumerate(text) if not c.isspace())
    assert all(place in covered for a, b in sentences(text) for place in (a, b - 1))


@given(TEXTS)
def test_sentences_part_a_text(text: str) -> None:
    spans = sentences(text)
    assert all(a < b <= c < d for (a, b), (c, d) in pairwise(spans))
    assert all("\n" not in text[a:b] and text[a:b] == text[a:b].strip() for a, b in spans)
    outside = set(range(len(text))) - {place for a, b in spans for place in range(a, b)}
    assert all(text[place].isspace() for place in outside)


@pytest.mark.parametrize(
    "unit", ["word ", "It is. ", "x", "It is so.\n\n", "李明。", "A. ", "Он ушёл. "]
)
def test_a_megabyte_is_cut_within_the_limit(unit: str) -> None:
    text = unit * (300_000 // len(unit))
    passages = cut_text(text, 200, 100)
    assert passages[0].start == 0
    assert passages[-1].end == len(text.rstrip())
    assert max(count_words([p.text for p in passages])) <= 200
    assert all(a.end >= b.start - 2 for a, b in pairwise(passages))


def test_the_real_corpus_with_the_real_counter(encoder: OnnxEncoder) -> None:
    settings = Settings()
    for profile in load(CORPUS, settings.file_bytes).profiles:
        passages = cut(
            profile,
            encoder.count_tokens,
            settings.passage_tokens,
            settings.new_paragraph_tokens,
            settings.overlap_sentences,
        )
        assert max(encoder.count_tokens([p.text for p in passages])) <= settings.passage_tokens
        spans = sentences(profile.text)
        held = {(a, b) for a, b in spans if any(p.start <= a and b <= p.end for p in passages)}
        assert held == set(spans)
        assert {p.start for p in passages} <= {a for a, _ in spans}
        assert {p.end for p in passages} <= {b for _, b in spans}
