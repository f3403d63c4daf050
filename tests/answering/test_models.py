"""Another reader takes the place of tipsearch's own: any extractive model, by its folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import CORPUS
from tipsearch.answering.assistant import Assistant
from tipsearch.answering.citation import is_verbatim
from tipsearch.answering.models import Calibration, SpanModel
from tipsearch.answering.reader import SpanReader
from tipsearch.errors import ModelError
from tipsearch.index import Index
from tipsearch.retrieval.graphs import packaged_folder
from tipsearch.settings import Settings
from tipsearch.types import Hit, Passage, Scores

QUESTION = "When did Ana Roy found HOPE?"
TEXT = "Ana Roy founded the charity HOPE in 2001. " * 40


def save(folder: Path, kind: str) -> Path:
    """Make a small extractive model with random weights, as Hugging Face keeps one."""
    import torch
    from transformers import (
        BertConfig,
        BertForQuestionAnswering,
        BertForSequenceClassification,
        DistilBertConfig,
        DistilBertForQuestionAnswering,
        PreTrainedTokenizerFast,
    )

    torch.manual_seed(5)
    inputs = ["input_ids", "attention_mask"] + ["token_type_ids"] * (kind != "distilbert")
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(packaged_folder() / "tokenizer.json"),
        model_input_names=inputs,
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        unk_token="[UNK]",
    )
    tokenizer.save_pretrained(folder)
    if kind == "distilbert":
        config = DistilBertConfig(dim=32, hidden_dim=64, n_layers=2, n_heads=2)
        DistilBertForQuestionAnswering(config).save_pretrained(folder)
        return folder
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    config = BertConfig(**shape, num_attention_heads=2, max_position_embeddings=200)
    made = BertForQuestionAnswering if kind == "bert" else BertForSequenceClassification
    made(config).save_pretrained(folder)
    return folder


def settings(folder: Path, tmp_path: Path) -> Settings:
    return Settings(reader=str(folder), cache=tmp_path / "cache", threads=1)


@pytest.mark.parametrize("kind", ["bert", "distilbert"])
def test_the_exported_graph_says_what_the_model_says(tmp_path: Path, kind: str) -> None:
    import torch
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    folder = save(tmp_path / kind, kind)
    model = SpanModel.open(settings(folder, tmp_path))
    text = "Ana Roy founded the charity HOPE in 2001."
    logits, nothing = model.logits(model.encode(QUESTION), model.encode(text))

    tokenizer = AutoTokenizer.from_pretrained(folder)
    original = AutoModelForQuestionAnswering.from_pretrained(folder).eval()
    pair = tokenizer(QUESTION, text, return_tensors="pt")
    with torch.no_grad():
        marked = original(**pair)
    both = torch.stack([marked.start_logits[0], marked.end_logits[0]], -1).numpy()
    first = len(model.encode(QUESTION)) + 2
    assert logits.shape == (len(model.encode(text)), 2)
    assert np.allclose(logits, both[first:-1], atol=1e-4)
    assert nothing == pytest.approx(float(both[0].sum()), abs=1e-4)


def test_it_reads_a_long_text_in_its_own_shorter_window(tmp_path: Path) -> None:
    folder = save(tmp_path / "bert", "bert")
    reader = SpanReader.open(settings(folder, tmp_path))
    hit = Hit(1, "Ana Roy", Passage("p", 7, 7 + len(TEXT), 1, TEXT), Scores(0.5, 5.0, 0.7))
    (span,) = reader.read(QUESTION, [hit])
    assert 7 <= span.context_start <= span.start < span.end <= span.context_end <= 7 + len(TEXT)
    assert reader.curve == ()


def test_it_is_calibrated_by_the_file_in_its_folder(tmp_path: Path) -> None:
    folder = save(tmp_path / "bert", "bert")
    about = {
        "calibration": {"margin": 1.0, "closeness": 0.0, "bias": 0.5},
        "curve": [{"threshold": 0.5, "given": 0.6, "right": 0.8}],
    }
    (folder / "reader.json").write_text(json.dumps(about), "utf-8")
    model = SpanModel.open(settings(folder, tmp_path))
    assert model.calibration == Calibration(1.0, 0.0, 0.5)
    assert [point.right for point in model.curve] == [0.8]
    (folder / "reader.json").write_text("{}", "utf-8")
    with pytest.raises(ModelError, match="is no calibration"):
        SpanModel.open(settings(folder, tmp_path))


def test_its_answers_are_quoted_and_checked_like_any_other(tmp_path: Path) -> None:
    folder = save(tmp_path / "bert", "bert")
    chosen = Settings(reader=str(folder), threads=2, answer_threshold=0.0)
    index = Index.build(CORPUS, tmp_path / "index", settings=chosen)
    answer = Assistant(index, SpanReader.open(chosen)).ask("What did Legros leave?")
    assert answer.text
    profile = index.profile(answer.citations[0].profile_id)
    assert profile is not None
    assert is_verbatim(answer.citations[0], profile)


def test_a_model_that_marks_nothing_is_refused(tmp_path: Path) -> None:
    folder = save(tmp_path / "other", "classifier")
    with pytest.raises(ModelError, match="has not learnt to mark answers"):
        SpanModel.open(settings(folder, tmp_path))


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_a_folder_without_a_model_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match=str(tmp_path)):
        SpanModel.open(settings(tmp_path / name, tmp_path))


def test_a_damaged_export_is_named(tmp_path: Path) -> None:
    folder = save(tmp_path / "bert", "bert")
    SpanModel.open(settings(folder, tmp_path))
    (made,) = (tmp_path / "cache" / "readers").iterdir()
    with (made / "model.onnx").open("ab") as file:
        file.write(b" ")
    with pytest.raises(ModelError, match="is damaged; delete"):
        SpanModel.open(settings(folder, tmp_path))
