"""Texts become unit vectors: a sentence-transformers model, exported once to ONNX.

The export is kept in the cache (see `graphs`); serving never imports torch.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tipsearch.errors import ModelError
from tipsearch.retrieval import graphs
from tipsearch.settings import Settings, go_offline

if TYPE_CHECKING:
    import onnxruntime
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

_EXPORT_VERSION = 3  # raised when the same weights would give another graph
_INT8_COSINE = 0.98  # least mean cosine to fp32 on this machine; seen: 0.994
_PROBES = (
    "When did she leave the organisation?",
    "In 1996 they founded a shelter for women and girls, and by 2005 it had helped thousands.",
    "The award was presented in Washington by the Secretary of State.",
)


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """Which model made a vector: vectors of different ``EncoderInfo`` are never compared."""

    model: str
    sha256: str
    precision: str
    dimension: int
    window_tokens: int


class Encoder(Protocol):
    """Anything that turns texts into unit vectors."""

    @property
    def info(self) -> EncoderInfo:
        """Which model this is."""

    def encode(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Return one unit vector a text, shape (n, dimension).

        ``progress`` is called with the number of texts done since its last call.
        """

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text has, special tokens not counted."""


class OnnxEncoder:
    """An encoder that runs the exported graph with ONNX Runtime.

    subtle: each text is run alone, never in a padded batch. int8 scales activations over the
    whole batch, so in a batch a vector would depend on its neighbours, and an updated index
    would differ from a rebuilt one. It is also faster on a CPU, where padding is work.
    """

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        tokenizer: Tokenizer,
        info: EncoderInfo,
        threads: int,
    ) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._info = info
        self._threads = threads

    @classmethod
    def open(cls, settings: Settings) -> OnnxEncoder:
        """Load the model of the settings, exporting it first if that was not done before.

        Raises
        ------
        ModelError
            If the model is missing, or its weights are not the published ones.
        IndexBusyError
            If the cache folder cannot be written.
        """
        variant = f"{settings.precision}-v{_EXPORT_VERSION}"
        folder = graphs.cache_folder(settings.cache, "encoders", settings.model, variant)
        made = graphs.exported(folder, lambda work: _write_graph(settings, work))
        from tokenizers import Tokenizer

        try:
            info = EncoderInfo(**made.about)
            tokenizer = Tokenizer.from_buffer(made.tokenizer)
            session = graphs.cpu_session(made.graph)
        except Exception as error:  # tokenizers and onnxruntime raise bare exceptions
            raise ModelError(*graphs.damaged(folder)) from error
        tokenizer.no_padding()
        tokenizer.enable_truncation(info.window_tokens)
        return cls(session, tokenizer, info, settings.threads)

    @property
    def info(self) -> EncoderInfo:
        """Which model this is."""
        return self._info

    def encode(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Return one unit vector a text.

        Parameters
        ----------
        texts : sequence of str
            Each is cut at ``info.window_tokens`` tokens.
        progress : callable, optional
            Called with 1 after each text.

        Returns
        -------
        ndarray of float32, shape (n, dimension)
            The same text gives the same vector, whatever it is encoded with.
        """
        vectors = np.empty((len(texts), self._info.dimension), dtype=np.float32)
        if len(texts) == 1:
            vectors[0] = self._encode_one(texts[0])
            if progress is not None:
                progress(1)
            return vectors
        with ThreadPoolExecutor(self._threads) as pool:
            for row, vector in enumerate(pool.map(self._encode_one, texts)):
                vectors[row] = vector
                if progress is not None:
                    progress(1)
        return vectors

    def _encode_one(self, text: str) -> NDArray[np.float32]:
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        vector: NDArray[np.float32] = self._session.run(None, feeds)[0][0]
        return vector / np.linalg.norm(vector)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text has, special tokens and the window not counted."""
        plain = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [len(text.ids) + sum(len(more.ids) for more in text.overflowing) for text in plain]


def _write_graph(settings: Settings, work: Path) -> dict[str, Any]:
    """Export the model of the settings into a folder; return its `EncoderInfo` as a dict."""
    source = graphs.model_folder(settings.model)
    _log.info("Preparing the encoder %s: once, about ten seconds", settings.model)
    model = _sentence_transformer(source)
    graph = work / "fp32.onnx"
    trace(model, graph)
    precision = settings.precision
    if precision == "int8":
        precision = _quantise(model, graph, work / graphs.GRAPH)
    if precision == "fp32":
        graph.replace(work / graphs.GRAPH)
    graph.unlink(missing_ok=True)
    (work / graphs.TOKENIZER).write_text(model.tokenizer.backend_tokenizer.to_str(), "utf-8")
    weights = Path(source) / "model.safetensors"
    info = EncoderInfo(
        model=settings.model,
        sha256=graphs.file_sha256(weights if weights.is_file() else work / graphs.GRAPH),
        precision=precision,
        dimension=int(model.get_embedding_dimension()),
        window_tokens=int(model.max_seq_length),
    )
    return asdict(info)


def _sentence_transformer(source: str) -> Any:  # noqa: ANN401 - the library is imported late
    """Load a sentence-transformers model on the CPU; a folder never touches the network."""
    if Path(source).is_dir():
        go_offline()
    import transformers
    from sentence_transformers import SentenceTransformer

    transformers.utils.logging.disable_progress_bar()
    logging.getLogger("transformers").setLevel(logging.ERROR)
    try:
        return SentenceTransformer(source, device="cpu").eval()
    except (OSError, ValueError) as error:
        first_line = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        raise ModelError(f"cannot load model {source}: {first_line}") from error


def trace(model: Any, file: Path) -> None:  # noqa: ANN401 - the library is imported late
    """Export a whole sentence-transformers model, pooling included, to ONNX in fp32.

    Parameters
    ----------
    model : SentenceTransformer
        Takes ``input_ids`` and ``attention_mask``, both int64 of shape (n, tokens).
    file : Path
        The graph; its output is ``sentence_embedding``, float32 of shape (n, dimension).
    """
    import torch

    class Graph(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            embedding: torch.Tensor = self.model(features)["sentence_embedding"]
            return embedding

    outputs = {"sentence_embedding": {0: "n"}}
    graphs.trace(Graph(), ("input_ids", "attention_mask"), outputs, file)


def _quantise(model: Any, graph: Path, target: Path) -> str:  # noqa: ANN401
    """Write an int8 graph, and say "fp32" if this CPU's int8 arithmetic is too coarse for it."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.disable(logging.WARNING)
    try:
        quantize_dynamic(graph, target, weight_type=QuantType.QInt8, per_channel=True)
    finally:
        logging.disable(logging.NOTSET)
    session = graphs.cpu_session(target.read_bytes())
    cosines = []
    for text, exact in zip(_PROBES, model.encode(list(_PROBES)), strict=True):
        ids = np.array([model.tokenizer(text)["input_ids"]], dtype=np.int64)
        vector = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]
        norms = np.linalg.norm(vector) * np.linalg.norm(exact)
        cosines.append(float(vector @ exact / norms))
    return "int8" if np.mean(cosines) >= _INT8_COSINE else "fp32"
