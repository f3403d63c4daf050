"""A quote is the text at its offsets, or it is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tipsearch.answering.citation import cite, is_verbatim
from tipsearch.corpus.profiles import read_profile
from tipsearch.errors import BackendError
from tipsearch.types import Profile, Span


@pytest.fixture
def profile() -> Profile:
    text = "Ana Roy met Médecins. She left in 2004 🙂.\n\nShe won a prize."
    return read_profile(text.encode(), "ana-roy.txt")[0]


def span_of(profile: Profile, words: str, sentence: str) -> Span:
    start, context = profile.text.index(words), profile.text.index(sentence)
    return Span(profile.id, start, start + len(words), 0.5, context, context + len(sentence))


def test_a_citation_quotes_the_sentence_and_bounds_the_answer(profile: Profile) -> None:
    citation = cite(profile, span_of(profile, "2004", "She left in 2004 🙂."))
    assert citation.quote == "She left in 2004 🙂."
    assert profile.text[citation.start : citation.end] == citation.quote
    assert profile.text[citation.answer_start : citation.answer_end] == "2004"
    assert (citation.title, citation.paragraph) == ("Ana Roy", 1)
    assert citation.sha256 == profile.sha256


def test_paragraphs_are_counted_from_one(profile: Profile) -> None:
    assert cite(profile, span_of(profile, "prize", "She won a prize.")).paragraph == 2


@pytest.mark.parametrize(
    "change",
    [
        {"start": 30, "end": 10},
        {"context_end": 10_000},
        {"start": -1},
        {"profile_id": "somebody-else"},
        {"context_start": 25},
    ],
)
def test_a_span_that_is_not_text_of_its_sentence_is_refused(
    profile: Profile, change: dict[str, int | str]
) -> None:
    span = replace(span_of(profile, "2004", "She left in 2004 🙂."), **change)  # type: ignore[arg-type]
    if change == {"context_start": 25}:
        span = replace(span, start=23)
    with pytest.raises(BackendError, match="not text of"):
        cite(profile, span)


def test_a_citation_of_a_changed_text_is_not_verbatim_any_more(profile: Profile) -> None:
    citation = cite(profile, span_of(profile, "2004", "She left in 2004 🙂."))
    assert is_verbatim(citation, profile)
    assert not is_verbatim(replace(citation, quote="She left in 2005 🙂."), profile)
    edited, _ = read_profile(profile.text.replace("2004", "2005").encode(), "ana-roy.txt")
    assert not is_verbatim(citation, edited)
    assert not is_verbatim(citation, replace(profile, text=edited.text))
