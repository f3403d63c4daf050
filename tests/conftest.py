"""What the tests share: the real corpus, the real encoder, and a stub worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import settings

from tipsearch.answering.reader import SpanReader
from tipsearch.index import Index
from tipsearch.retrieval.encoder import EncoderInfo, OnnxEncoder
from tipsearch.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

settings.register_profile("tipsearch", deadline=None)  # a busy machine is no failure
settings.load_profile("tipsearch")

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "corpus"
USER_PAGE = "somaly-mam-pierre-legros.txt"
GROUPS = ("abcdefgh", "ijklmnopq", "rstuvwxyz")


class LetterEncoder:
    """Counts letters: one more than those of a-h, of i-q and of r-z, then to length 1.

    "ABI" counts 3, 2, 1. A token is a word between spaces.
    """

    def __init__(self, sha256: str = "0" * 64) -> None:
        self._info = EncoderInfo("letters", sha256, "fp32", 3, 256)
        self.encoded: list[str] = []

    @property
    def info(self) -> EncoderInfo:
        return self._info

    def encode(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        self.encoded.extend(texts)
        counts = [[1 + sum(c in group for c in text.lower()) for group in GROUPS] for text in texts]
        vectors = np.array(counts, dtype=np.float32).reshape(-1, 3)
        for _ in texts:
            if progress is not None:
                progress(1)
        unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]


def write_corpus(folder: Path, files: dict[str, str]) -> Path:
    """Make a folder hold exactly these files."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def encoder() -> OnnxEncoder:
    """The real encoder, from the cached export."""
    return OnnxEncoder.open(Settings())


@pytest.fixture(scope="session")
def reader() -> SpanReader:
    """The reader that comes with the package."""
    return SpanReader.open(Settings(threads=2))


@pytest.fixture(scope="session")
def real_index(encoder: OnnxEncoder, tmp_path_factory: pytest.TempPathFactory) -> Index:
    """The real corpus, indexed with the real encoder; not to be written to."""
    folder = tmp_path_factory.mktemp("real") / "index"
    return Index.build(CORPUS, folder, settings=Settings(), encoder=encoder)
