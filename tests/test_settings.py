"""Defaults, and what the environment may change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import LetterEncoder, write_corpus
from tipsearch.errors import QueryError
from tipsearch.index import Index
from tipsearch.retrieval.encoder import EncoderInfo
from tipsearch.settings import Settings


def test_the_environment_changes_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIPSEARCH_K", "3")
    monkeypatch.setenv("TIPSEARCH_DENSE_WEIGHT", "0.25")
    monkeypatch.setenv("TIPSEARCH_CACHE", "elsewhere")
    settings = Settings.from_environment()
    assert (settings.k, settings.dense_weight, settings.cache) == (3, 0.25, Path("elsewhere"))
    assert settings.passage_tokens == Settings().passage_tokens


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("K", "many", "TIPSEARCH_K='many' is not a whole number"),
        ("K", "0", "setting k is 0"),
        ("DENSE_WEIGHT", "half", "is not a number"),
        ("DENSE_WEIGHT", "2", "setting dense_weight is 2.0"),
        ("ANSWER_THRESHOLD", "nan", "setting answer_threshold is nan"),
        ("OVERLAP_SENTENCES", "-1", "setting overlap_sentences is -1"),
        ("PRECISION", "int4", "precision 'int4' is unknown"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"TIPSEARCH_{name}", value)
    with pytest.raises(QueryError, match=said):
        Settings.from_environment()


def test_passages_fit_the_window_of_any_model(tmp_path: Path) -> None:
    class Narrow(LetterEncoder):
        @property
        def info(self) -> EncoderInfo:
            return EncoderInfo("narrow", "0" * 64, "fp32", 3, window_tokens=60)

    corpus = write_corpus(tmp_path / "c", {"a.md": "Ana Roy left home at last. " * 20})
    index = Index.build(corpus, tmp_path / "i", settings=Settings(), encoder=Narrow())
    hits = index.search("home", k=99)
    assert len(hits) == 20  # a sentence has six words, and ten tokens are left of the window
    assert all(len(hit.passage.text.split()) <= 10 for hit in hits)
