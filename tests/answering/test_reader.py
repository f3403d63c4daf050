"""The reader: spans at exact offsets, whole words, windows, and inputs nobody expects."""

from __future__ import annotations

import json
from importlib import resources
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tipsearch.answering.reader import SpanReader
from tipsearch.answering.spans import ANSWER_TOKENS, best_span, tidy
from tipsearch.errors import ModelError
from tipsearch.retrieval import graphs
from tipsearch.settings import Settings
from tipsearch.types import Hit, Passage, Scores


def hit(text: str, profile: str = "p", start: int = 0, title: str = "Ana Roy") -> Hit:
    passage = Passage(profile, start, start + len(text), 1, text)
    return Hit(1, title, passage, Scores(0.5, 5.0, 0.7))


def test_the_words_that_answer_are_marked_at_their_offsets(reader: SpanReader) -> None:
    text = "Ana Roy founded the charity HOPE in 2001. She left it in 2004 to study law."
    spans = reader.read("When did Ana Roy leave HOPE?", [hit(text, start=100)])
    (span,) = spans
    assert text[span.start - 100 : span.end - 100] == "2004"
    sentence = text[span.context_start - 100 : span.context_end - 100]
    assert sentence == "She left it in 2004 to study law."
    assert 0 <= span.score <= 1


def test_yes_or_no_gets_the_sentence(reader: SpanReader) -> None:
    text = "Ana Roy founded the charity HOPE in 2001. She left it in 2004 to study law."
    (span,) = reader.read("Did Ana Roy leave HOPE?", [hit(text)])
    assert (span.start, span.end) == (span.context_start, span.context_end)


def test_what_answers_scores_higher_than_what_does_not(reader: SpanReader) -> None:
    text = "Ana Roy founded the charity HOPE in 2001. She left it in 2004 to study law."
    answered = reader.read("When did Ana Roy found HOPE?", [hit(text)])[0].score
    unanswered = reader.read("How many children does Ana Roy have?", [hit(text)])[0].score
    assert answered > 0.5 > unanswered


def test_a_span_that_overlapping_passages_share_comes_once(reader: SpanReader) -> None:
    one = "She was born in Peru. Ana Roy founded HOPE in 2001."
    other = "Ana Roy founded HOPE in 2001. She left later."
    spans = reader.read(
        "When did Ana Roy found HOPE?", [hit(one), hit(other, start=one.index("Ana"))]
    )
    assert len(spans) == 1
    assert one[spans[0].start : spans[0].end] == "2001"


def test_a_long_passage_is_read_to_its_end(reader: SpanReader) -> None:
    filler = "The group met in the town hall and spoke about its work with the young. " * 140
    text = f"{filler}Ana Roy founded HOPE in 2001. {filler}"
    assert len(text) > 20_000
    (span,) = reader.read("When did Ana Roy found HOPE?", [hit(text)])
    assert text[span.start : span.end] == "2001"


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("When did Ana Roy found HOPE? " * 60, "Ana Roy founded HOPE in 2001."),
        ("谁创立了希望?", "安娜·罗伊于2001年创立了希望组织。"),
        ("Кто основал?", "Анна Рой основала центр в 2001 году."),
        ("من أسس؟", "أسست آنا المركز عام ٢٠٠١"),
        ("🙂", "🙂🙂🙂"),
        ("Who?", "x" * 10_000),
        ("Who?", "\u200b"),
        ("Who?", ". . . !"),
    ],
)
def test_odd_text_gives_spans_inside_it_or_none(
    reader: SpanReader, question: str, text: str
) -> None:
    for span in reader.read(question, [hit(text)]):
        assert 0 <= span.context_start <= span.start < span.end <= span.context_end <= len(text)


def test_nothing_to_read_gives_nothing(reader: SpanReader) -> None:
    assert reader.read("Who?", []) == []
    assert reader.read("Who?", [hit("")]) == []


@settings(max_examples=25)
@given(st.text(min_size=1, max_size=200), st.text(min_size=1, max_size=60))
def test_any_text_and_question(reader: SpanReader, text: str, question: str) -> None:
    for span in reader.read(question, [hit(text)]):
        assert text[span.start : span.end].strip()
        assert 0 <= span.context_start <= span.start < span.end <= span.context_end <= len(text)


_LOGITS = arrays(np.float32, st.integers(1, 12), elements=st.integers(-4, 4).map(float))


@given(st.data())
def test_the_best_span_is_the_best_of_all(data: st.DataObject) -> None:
    starts = data.draw(_LOGITS)
    ends = data.draw(arrays(np.float32, len(starts), elements=st.integers(-4, 4).map(float)))
    longest = data.draw(st.integers(1, 12))
    units = np.sort(data.draw(arrays(np.int64, len(starts), elements=st.integers(0, 3))))
    every = [
        (float(starts[a] + ends[b]), -a, -b)
        for a, b in product(range(len(starts)), repeat=2)
        if 0 <= b - a < longest and units[a] == units[b]
    ]
    score, start, end = best_span(starts, ends, units, longest)
    assert (score, -start, -end) == max(every)


@given(st.integers(0, 900), st.integers(1, 60), st.integers(0, 40))
def test_windows_cover_a_text_and_cut_no_answer(
    reader: SpanReader, words: int, asked: int, title: int
) -> None:
    read = hit(" ".join(["girl"] * words), title=" ".join(["town"] * title))
    places = [[start for start, _ in window.offsets] for _, window in reader._windows(read, asked)]
    if not words:
        assert places == []
        return
    assert places[0][0] == 0
    assert places[-1][-1] == len(read.passage.text) - len("girl")
    for before, after in pairwise(places):
        assert len(set(before) & set(after)) >= ANSWER_TOKENS


@pytest.mark.parametrize(
    ("text", "rough", "clean"),
    [
        ("They left in 2004, then.", "in 2004,", "2004"),
        ("some 3,000 girls", "3", "some 3,000"),
        ("The group helped more than 80 women.", "80", "more than 80"),
        ("They stayed over. 3,000 left.", "3,000", "3,000"),
        ("He ruled over Tennessee.", "Tennessee", "Tennessee"),
        ("It cost $3.5 million.", "5 million.", "3.5 million"),
        ("the anti-trafficking law", "trafficking", "anti-trafficking"),
        ("Prum met Sakamoto.", "Saka", "Sakamoto"),
        ('He wrote "The Dead Eye", a book.', '"The Dead Eye",', "The Dead Eye"),
        ("It works in the U.S. and Laos.", "U.S", "U.S."),
        ("by Rex Tillerson, who", "by Rex Tillerson,", "Rex Tillerson"),
        ("Repórter Brasil", "rter Brasil", "Repórter Brasil"),
        ("a four-year sentence", "four", "four"),
        ("the 18-year-old girl", "18", "18"),
        ("a Franco-Belgian group", "Franco", "Franco-Belgian"),
        ("in", "in", "in"),
        ("...", "...", ""),
    ],
)
def test_a_span_is_a_clean_phrase(text: str, rough: str, clean: str) -> None:
    at = text.index(rough)
    start, end = tidy(text, at, at + len(rough))
    assert text[start:end] == clean


def test_no_answer_crosses_the_end_of_a_sentence(reader: SpanReader) -> None:
    text = "Ana Roy lived in Oslo. HOPE was what she founded there. Oslo. Bergen. Oslo."
    for question in ("Where?", "What did Ana Roy found?", "Oslo Bergen?", "Where did she live?"):
        for span in reader.read(question, [hit(text)]):
            assert "." not in text[span.start : span.end]


@pytest.mark.parametrize("damage", ["reader.onnx", "tokenizer.json", "reader.json", "missing"])
def test_a_reader_that_is_not_the_published_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    published = resources.files("tipsearch.answering") / "model"
    model = tmp_path / "model"
    model.mkdir()
    for name in ("reader.onnx", "reader.json"):
        (model / name).write_bytes((published / name).read_bytes())
    (model / "tokenizer.json").write_bytes(
        (graphs.packaged_folder() / "tokenizer.json").read_bytes()
    )
    monkeypatch.setattr(graphs, "packaged_folder", lambda: model)
    if damage == "missing":
        (model / "reader.onnx").unlink()
    elif damage == "reader.json":
        (model / damage).write_text(json.dumps({"sha256": "0" * 64}))
    else:
        with (model / damage).open("ab") as file:
            file.write(b" ")
    monkeypatch.setattr(resources, "files", lambda _: tmp_path)
    with pytest.raises(ModelError, match="is missing" if damage == "missing" else "is damaged"):
        SpanReader.open(Settings(threads=1))
