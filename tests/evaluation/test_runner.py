"""Questions of a file, asked of their paragraph and of an index of all paragraphs."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.test_cli import failed, tipsearch
from tipsearch.answering.reader import SpanReader
from tipsearch.errors import QueryError
from tipsearch.evaluation.datasets import Question, load_questions
from tipsearch.evaluation.runner import given, index_texts, retrieved
from tipsearch.retrieval.encoder import OnnxEncoder
from tipsearch.settings import Settings

_PERU = "Ana Roy founded the charity HOPE in 2001. It helps children in Peru."
_OSLO = "Bo Li opened a shelter in Oslo in 1999. He left it to his sister."
_QUESTIONS = [
    Question("When did Ana Roy found HOPE?", _PERU, ("2001", "in 2001")),
    Question("In which city did Bo Li open a shelter?", _OSLO, ("Oslo",)),
    Question("When did Bo Li die?", _OSLO, ()),
]


def rows() -> str:
    return "".join(
        json.dumps({
            "id": str(number),
            "question": question.text,
            "context": question.context,
            "answers": [{"text": text, "start": 0} for text in question.answers],
        })
        + "\n"
        for number, question in enumerate(_QUESTIONS)
    )


def test_rows_are_read_plain_or_gzipped(tmp_path: Path) -> None:
    plain, packed = tmp_path / "q.jsonl", tmp_path / "q.jsonl.gz"
    plain.write_text(rows(), "utf-8")
    packed.write_bytes(gzip.compress(rows().encode()))
    assert load_questions(plain) == load_questions(packed) == _QUESTIONS


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("q.jsonl", b"", "holds no question"),
        ("q.jsonl", b"{}\n", "line 1, is not a SQuAD-style row"),
        ("q.jsonl", rows().encode() + b"[1]\n", "line 4, is not"),
        ("q.jsonl", b"\xff", "cannot be read"),
        ("q.jsonl.gz", b"no gzip", "cannot be read"),
        ("q.jsonl.gz", gzip.compress(rows().encode())[:-9], "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(QueryError, match=said):
        load_questions(tmp_path / name)


def test_questions_are_answered_from_their_paragraph(reader: SpanReader) -> None:
    steps: list[int] = []
    found = given(_QUESTIONS, reader, steps.append)
    assert [prediction.answer for prediction in found[:2]] == ["2001", "Oslo"]
    assert [prediction.golds for prediction in found] == [q.answers for q in _QUESTIONS]
    assert found[2].score < min(found[0].score, found[1].score)
    assert steps == [1, 1, 1]


def test_questions_are_answered_after_retrieval(
    tmp_path: Path, encoder: OnnxEncoder, reader: SpanReader
) -> None:
    texts = {question.context: question.title for question in _QUESTIONS}
    snapshot = index_texts(texts, tmp_path / "i", encoder, Settings())
    assert len(snapshot.profiles()) == 2
    found = retrieved(_QUESTIONS, snapshot, reader, lambda _: None)
    assert [prediction.answer for prediction in found[:2]] == ["2001", "Oslo"]
    assert all(0 <= prediction.score <= 1 for prediction in found)


@pytest.mark.parametrize("command", ["squad", "open"])
def test_the_shell_prints_scores(tmp_path: Path, command: str) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(rows(), "utf-8")
    run = tipsearch("eval", command, str(file))
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("3 questions")
    scores = json.loads(tipsearch("eval", command, str(file), "--json").stdout)
    assert scores["questions"] == 3
    assert scores["best threshold"]["span_f1"] == 100
    assert [point["coverage"] for point in scores["risk_coverage"]][-1] == 1
    drawn = tipsearch("eval", command, str(file), "--plot", str(tmp_path / "curve.svg"))
    assert drawn.returncode == 0, drawn.stderr
    assert (tmp_path / "curve.svg").stat().st_size > 1000


def test_a_missing_file_exits_with_2(tmp_path: Path) -> None:
    assert "cannot be read" in failed(tipsearch("eval", "squad", str(tmp_path / "none")), 2)
