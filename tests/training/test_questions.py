"""The questions written for training are well formed, and none is there twice."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.conftest import ROOT

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
