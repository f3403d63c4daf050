"""What kind of answer a question asks for: by table, by a floor on held questions, for any text."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipsearch.answering.kinds import features, kind, skeleton
from tipsearch.index import Index
from tipsearch.types import Kind

HELD = [
    json.loads(line)
    for line in Path(__file__).with_name("kinds_held.jsonl").read_text("utf-8").splitlines()
]

CLEAR = {
    Kind.FACT: ["When did Plassat come to Brazil?", "Who founded Repórter Brasil?"],
    Kind.YES_NO: ["Did Legros leave AFESIP?", "Was Prum ever held on a boat?"],
    Kind.LIST: [
        "Which heroes worked in Cambodia?",
        "List all the women who were honoured in 2011.",
    ],
    Kind.COUNT: [
        "How many heroes were honoured in 2012?",
        "How many organisations were founded in the 1990s?",
    ],
    Kind.COMPARISON: [
        "Who was honoured first, Plassat or Sakamoto?",
        "Is Prajwala older than Vatra?",
    ],
    Kind.OVERVIEW: ["Tell me about Sunitha Krishnan.", "Give me an overview of AFESIP."],
    Kind.TIMELINE: [
        "Give me a timeline of Xavier Plassat.",
        "What happened in Cambodia year by year?",
    ],
    Kind.META: ["What can I ask you?", "Where do your answers come from?"],
    Kind.SMALL_TALK: ["hello", "Thanks a lot!"],
    Kind.EMPTY: ["asdf ghjk", "..."],
}


def test_every_kind_is_looked_at() -> None:
    assert list(CLEAR) == list(Kind)
    assert {row["kind"] for row in HELD} == set(Kind)


@pytest.mark.parametrize(
    ("expected", "question"),
    [(expected, question) for expected, questions in CLEAR.items() for question in questions],
)
def test_a_clear_question_is_of_its_kind(real_index: Index, expected: Kind, question: str) -> None:
    assert kind(question, real_index.snapshot.encoder.encode([question])[0]) is expected


def test_held_questions_are_told_apart_as_well_as_measured(real_index: Index) -> None:
    """docs/evaluation.md has the share; this is its floor."""
    vectors = real_index.snapshot.encoder.encode([row["question"] for row in HELD])
    right = [
        kind(row["question"], vector) == row["kind"]
        for row, vector in zip(HELD, vectors, strict=True)
    ]
    assert len(right) == 340
    assert np.mean(right) >= 0.92


@pytest.mark.parametrize(
    ("expected", "question"),
    [
        (Kind.FACT, "When did Plassat come to Brazil?"),
        (Kind.LIST, "Which heroes worked in Cambodia?"),
        (Kind.COMPARISON, "Who was honoured first, Plassat or Sakamoto?"),
        (Kind.OVERVIEW, "Tell me about Sunitha Krishnan."),
    ],
)
def test_without_a_vector_or_with_one_of_another_model_the_skeleton_decides(
    expected: Kind, question: str
) -> None:
    assert kind(question) is expected
    assert kind(question, np.zeros(3, np.float32)) is expected


def test_without_vectors_more_than_half_are_right() -> None:
    assert np.mean([kind(row["question"]) == row["kind"] for row in HELD]) > 0.5


@pytest.mark.parametrize(
    ("question", "words", "parts"),
    [
        (
            "Which judges did Vatra help in Peru in 2004?", {"which", "did", "in", "?"},
            ["which", "PEOPLE", "did", "NAME", "~", "in", "PLACE", "in", "YEAR", "?"],
        ),
        ("Were 83 girls rescued?", {"were", "?"}, ["were", "NUM", "~s", "~ed", "?"]),
        ("WHO IS BO LI?", {"who", "is", "?"}, ["who", "is", "~", "~", "?"]),
        ("who is Bo Li?", {"who", "is", "?"}, ["who", "is", "NAME", "?"]),
        ("Is Nepal older or India", {"is", "or"}, ["is", "PLACE", "MORE", "or", "PLACE"]),
        ("", {"who"}, []),
    ],
)  # fmt: skip
def test_a_skeleton_keeps_how_a_question_is_put(
    question: str, words: set[str], parts: list[str]
) -> None:
    assert skeleton(question, words) == parts


def test_two_questions_put_alike_are_of_one_skeleton() -> None:
    words = {"which", "were", "in"}
    one = skeleton("Which judges were honoured in Nepal in 2014?", words)
    assert one == skeleton("Which nuns were awarded in Brazil in 1999?", words)
    assert sorted(features(one)) == sorted(features(list(one)))


@given(st.text())
def test_any_text_is_of_some_kind(question: str) -> None:
    assert isinstance(kind(question), Kind)
    assert kind(question) is kind(question)


@given(st.text(min_size=1, max_size=40))
def test_any_text_with_its_vector_is_of_some_kind(real_index: Index, question: str) -> None:
    assert isinstance(kind(question, real_index.snapshot.encoder.encode([question])[0]), Kind)
