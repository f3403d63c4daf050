"""The model that reads: tipsearch's own, or any extractive one of Hugging Face's kind."""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tipsearch.errors import ModelError
from tipsearch.retrieval import graphs
from tipsearch.settings import OWN_READER, Settings, go_offline

if TYPE_CHECKING:
    import onnxruntime
    from numpy.typing import NDArray
    from tokenizers import Encoding, Tokenizer

WINDOW_TOKENS = 224
"""A passage of 200 tokens with its title and a question; trained on 176, so longer reads worse."""
_EXPORT_VERSION = 1  # raised when the same weights would give another graph

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns what speaks for a span into the probability that it is right.

    Fitted by logistic regression (benchmarks/reader.py), kept beside the model that it is of.

    Attributes
    ----------
    margin : float
        Weight of how much more the span's logits say than those of "no answer".
    closeness : float
        Weight of the cosine of the question to the sentence the span stands in.
    bias : float
        What is added.
    """

    margin: float
    closeness: float
    bias: float

    def probability(self, margin: float, closeness: float) -> float:
        """Return the estimated probability, in [0, 1]."""
        total = self.margin * margin + self.closeness * closeness + self.bias
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, total))))


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What a threshold does, as measured on questions that the calibration has not seen.

    Attributes
    ----------
    threshold : float
        Answers below this confidence are refused.
    given : float
        Share of the answerable questions that are answered, in [0, 1].
    right : float
        Share of the answers given that are right, in [0, 1].
    """

    threshold: float
    given: float
    right: float


class SpanModel:
    """A graph that scores where an answer starts and ends, its tokenizer and its calibration."""

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        tokenizer: Tokenizer,
        window_tokens: int,
        calibration: Calibration,
        curve: tuple[CurvePoint, ...] = (),
    ) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._session = session
        self._inputs = [given.name for given in session.get_inputs()]
        self._tokenizer = tokenizer
        self.window_tokens = window_tokens
        self.calibration = calibration
        self.curve = curve

    @classmethod
    def open(cls, settings: Settings) -> SpanModel:
        """Load the reader of the settings; one of Hugging Face's is exported once, into the cache.

        Raises
        ------
        ModelError
            If it is missing, damaged, not the published one, or marks no spans.
        IndexBusyError
            If the cache cannot be written.
        """
        if settings.reader == OWN_READER:
            return _packaged()
        return _other(settings)

    def encode(self, text: str) -> Encoding:
        """Return a text's tokens, special ones not added."""
        return self._tokenizer.encode(text, add_special_tokens=False)

    def logits(self, question: Encoding, text: Encoding) -> tuple[NDArray[np.float32], float]:
        """Score a question and a text that fit the window together.

        Parameters
        ----------
        question, text : Encoding
            From `encode`.

        Returns
        -------
        ndarray of float32, shape (tokens of the text, 2)
            How well an answer starts and ends at each.
        float
            What "no answer" scores: the sum of both at the first token, a special one.
        """
        pair = self._tokenizer.post_process(question, text)
        given = {
            "input_ids": pair.ids,
            "attention_mask": pair.attention_mask,
            "token_type_ids": pair.type_ids,
        }
        feeds = {name: np.array([given[name]], dtype=np.int64) for name in self._inputs}
        logits: NDArray[np.float32] = self._session.run(None, feeds)[0][0]
        places = [at for at, sequence in enumerate(pair.sequence_ids) if sequence == 1]
        return logits[places], float(logits[0].sum())


def _packaged() -> SpanModel:
    """Load the reader that comes with tipsearch; its tokenizer is the default encoder's."""
    from tokenizers import Tokenizer

    folder = resources.files("tipsearch.answering") / "model"
    try:
        graph = (folder / "reader.onnx").read_bytes()
        words = (graphs.packaged_folder() / graphs.TOKENIZER).read_bytes()
        about = json.loads((folder / "reader.json").read_bytes())
        whole = hashlib.sha256(graph + words).hexdigest() == about["sha256"]
        calibration, curve = _calibrated(about)
    except OSError as error:
        raise ModelError(f"the reader in {folder} is missing", "reinstall tipsearch") from error
    except (ValueError, LookupError, TypeError) as error:
        raise ModelError(f"the reader in {folder} is damaged", "reinstall tipsearch") from error
    if not whole:
        raise ModelError(f"the reader in {folder} is damaged", "reinstall tipsearch")
    tokenizer = Tokenizer.from_buffer(words)
    return SpanModel(graphs.cpu_session(graph), tokenizer, WINDOW_TOKENS, calibration, curve)


def _calibrated(about: Mapping[str, Any]) -> tuple[Calibration, tuple[CurvePoint, ...]]:
    points: Sequence[Mapping[str, float]] = about["curve"]
    return Calibration(**about["calibration"]), tuple(CurvePoint(**point) for point in points)


def _other(settings: Settings) -> SpanModel:
    """Load a model by its folder or name, calibrated by the reader.json in its folder.

    Without one it gets the calibration of tipsearch's own, which is a guess, and no curve.

    Raises
    ------
    ModelError
        If it cannot be loaded, or its calibration cannot be read.
    """
    from tokenizers import Tokenizer

    model = settings.reader
    variant = f"fp32-v{_EXPORT_VERSION}"
    folder = graphs.cache_folder(settings.cache, "readers", model, variant)
    made = graphs.exported(folder, lambda work: _write_graph(model, work))
    beside = Path(model).expanduser() / "reader.json"
    try:
        session = graphs.cpu_session(made.graph)
        tokenizer = Tokenizer.from_buffer(made.tokenizer)
        window = int(made.about["window_tokens"])
    except Exception as error:  # tokenizers and onnxruntime raise bare exceptions
        raise ModelError(*graphs.damaged(folder)) from error
    if not beside.is_file():
        return SpanModel(session, tokenizer, window, _packaged().calibration)
    try:
        calibration, curve = _calibrated(json.loads(beside.read_text("utf-8")))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ModelError(
            f"{beside} is no calibration", "write it anew with benchmarks/reader.py"
        ) from error
    return SpanModel(session, tokenizer, window, calibration, curve)


def _write_graph(model: str, work: Path) -> dict[str, Any]:
    """Export an extractive model into a folder; return what to know about it."""
    source = graphs.model_folder(model, "TIPSEARCH_READER")
    _log.info("Preparing the reader %s: once, about ten seconds", model)
    if Path(source).is_dir():
        go_offline()
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    logging.getLogger("transformers").setLevel(logging.ERROR)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, use_fast=True)
        marking, loaded = transformers.AutoModelForQuestionAnswering.from_pretrained(
            source, attn_implementation="eager", output_loading_info=True
        )
        words = tokenizer.backend_tokenizer.to_str()
    except (OSError, ValueError, AttributeError) as error:
        first_line = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        raise ModelError(f"cannot load the reader {model}: {first_line}") from error
    if any("qa_outputs" in name for name in loaded["missing_keys"]):
        raise ModelError(f"{model} has not learnt to mark answers", "use an extractive QA model")
    inputs = [name for name in _INPUTS if name in tokenizer.model_input_names]

    class Graph(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.marking = marking

        def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
            marked = self.marking(**dict(zip(inputs, tensors, strict=True)))
            return torch.stack([marked.start_logits, marked.end_logits], dim=-1)

    outputs = {"logits": {0: "n", 1: "tokens"}}
    graphs.trace(Graph(), inputs, outputs, work / graphs.GRAPH)
    (work / graphs.TOKENIZER).write_text(words, "utf-8")
    longest = getattr(marking.config, "max_position_embeddings", WINDOW_TOKENS)
    # subtle: RoBERTa's positions start at 2, so its last two are not to be had.
    return {"model": model, "window_tokens": min(WINDOW_TOKENS, longest - 2)}


_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
