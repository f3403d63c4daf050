"""What was written for training is well formed, and nothing is there twice."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.conftest import CORPUS, ROOT
from tipsearch.corpus.profiles import load as load_profiles

FILES = sorted((ROOT / "training" / "questions").glob("*.jsonl"))


def rows(name: str) -> list[dict[str, object]]:
    file = ROOT / "training" / "questions" / name
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("name", [file.name for file in FILES])
def test_each_line_is_a_question_of_a_passage(name: str) -> None:
    for row in rows(name):
        assert list(row) == ["passage", "question", "answer"]
        assert str(row["passage"]).startswith(f"{name.removesuffix('.jsonl')}/")
        assert len(str(row["question"])) >= 8
        if row["answer"] is not None:
            assert isinstance(row["answer"], list)
            start, end = row["answer"]
            assert 0 <= start < end


def test_two_in_three_are_unanswerable_and_none_is_there_twice() -> None:
    every = [row for file in FILES for row in rows(file.name)]
    unanswerable = sum(row["answer"] is None for row in every)
    assert unanswerable >= 2000
    assert 0.5 < unanswerable / len(every) < 0.8
    asked = Counter((row["passage"], row["question"]) for row in every)
    assert max(asked.values()) == 1


PROFILES = [
    json.loads(line)
    for file in sorted((ROOT / "training" / "profiles").rglob("*.jsonl"))
    for line in file.read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: str(profile["title"]))
def test_each_answer_stands_in_its_invented_profile(profile: dict[str, Any]) -> None:
    text = profile["text"]
    asked = [question["question"] for question in profile["questions"]]
    assert len(set(asked)) == len(asked)
    for question in profile["questions"]:
        if question["answer"] is not None:
            after = question.get("after", "")
            assert text.count(after) == 1 or not after
            assert question["answer"] in text[text.index(after) :]


def test_over_half_of_what_is_asked_of_invented_profiles_has_no_answer() -> None:
    answers = [asked["answer"] for profile in PROFILES for asked in profile["questions"]]
    assert len(answers) > 8000
    assert 0.5 < answers.count(None) / len(answers) < 0.6


def test_nobody_of_the_corpus_is_in_the_invented_profiles() -> None:
    everything = "\n".join(f"{profile['title']}\n{profile['text']}" for profile in PROFILES)
    for profile in load_profiles(CORPUS, 2_000_000).profiles:
        for name in profile.names:
            assert len(name.split()) < 2 or name not in everything
