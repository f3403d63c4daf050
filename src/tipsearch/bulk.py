"""Embedding in bulk: Parquet in, Parquet out, on this machine or on a Ray cluster.

    tipsearch embed profiles.parquet vectors/ [--ray]
    tipsearch build --corpus profiles.parquet --vectors vectors/ --index postgresql://...

A block of rows becomes one file of vectors, named after the rows, written beside and then renamed:
whatever dies, a file is whole or not there, and a block done twice is the same file. Rows that are
there already, with the same text, are left out when it is run again. The folder must be one that
every node can write, and holds vectors of one encoder and one way to cut.

On Ray, actors share cores (half a CPU each): with a whole one each, as many actors as CPUs leave
none to read with, and everything waits for ever.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipsearch.corpus import tables
from tipsearch.corpus.profiles import read_profile
from tipsearch.embedding import Embedding, Progress
from tipsearch.errors import (
    BackendError,
    IndexBusyError,
    IndexFormatError,
    ProfileError,
    TipsearchError,
)
from tipsearch.retrieval.encoder import Encoder, EncoderInfo, OnnxEncoder
from tipsearch.settings import Settings
from tipsearch.stores.store import batches

if TYPE_CHECKING:
    import numpy as np
    import pyarrow
    from numpy.typing import NDArray

_BLOCK = 64  # rows that are embedded, and kept, together
_CPUS = 0.5  # of an actor
_SUFFIX = ".vectors.parquet"
_MADE_WITH = b"tipsearch"

OpenEncoder = Callable[[Settings], Encoder]


@dataclass(frozen=True, slots=True)
class Embedded:
    """What a run did: rows that were new, their passages, and rows that are no profile."""

    rows: int = 0
    passages: int = 0
    skipped: int = 0


def embed(
    source: Path,
    out: Path,
    settings: Settings,
    *,
    ray: bool = False,
    progress: Progress | None = None,
    open_encoder: OpenEncoder = OnnxEncoder.open,
) -> Embedded:
    """Embed the profiles of a table whose vectors are not in a folder yet.

    Parameters
    ----------
    source : Path
        A Parquet file with the columns ``file`` and ``text`` (`corpus.tables`).
    out : Path
        A folder, made if missing: Parquet files with the columns ``file``, ``key`` (32 bytes) and
        ``vector`` (float32); a row that is no profile has neither.
    settings : Settings
        Which encoder, and how texts are cut.
    ray : bool
        Whether to work on the Ray cluster of ``RAY_ADDRESS``, or on one started here.
    progress : callable, optional
        Told how many rows are done.
    open_encoder : callable
        Loads the encoder; on Ray, once in each actor.

    Returns
    -------
    Embedded
        What was new.

    Raises
    ------
    ProfileError
        If the source is no such table.
    IndexFormatError
        If the folder holds vectors of another encoder.
    IndexBusyError
        If the folder cannot be written.
    BackendError
        If pyarrow or Ray is not installed, or the cluster fails.
    """
    with tables.opened(source) as file:
        total = file.metadata.num_rows
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise IndexBusyError(f"cannot write {out}: {error.strerror}") from error
    blocks = _on_ray if ray else _here
    whole, count = Embedded(), len({file for file, _ in _done(out)}) if progress else 0
    for part in blocks(source, (out, settings, open_encoder)):
        whole = Embedded(
            whole.rows + part.rows, whole.passages + part.passages, whole.skipped + part.skipped
        )
        if progress is not None:
            progress("Embedding profiles", count + whole.rows, total)
    return whole


_Made = tuple[Path, Settings, OpenEncoder]
"""What a worker is made of."""


class _Worker:
    """Embeds blocks of rows and writes them; on Ray, one of the actors."""

    def __init__(self, out: Path, settings: Settings, open_encoder: OpenEncoder) -> None:
        self._out = out
        self._settings = settings
        self._work = Embedding(open_encoder(settings), settings)
        self._made_with = json.dumps([self._work.info.encoder, self._work.info.passages])
        self._done = _done(out, self._made_with)

    def block(self, files: Sequence[str], texts: Sequence[str]) -> Embedded:
        """Embed those rows of a block that are new, and write them as one file."""
        work = self._work
        new = [
            (file, text)
            for file, text in zip(files, texts, strict=True)
            if (file, _sha256(text)) not in self._done
        ]
        cuts, bad = [], []
        for file, text in new:
            try:
                data = tables.content(file, text, self._settings.file_bytes)
                cuts.append(work.cut(read_profile(data, file)[0]))
            except ProfileError:
                bad.append(file)
        vectors = work.embed(cuts)
        told = {file: _sha256(text) for file, text in new}
        rows: list[tuple[str, bytes, bytes | None, list[float] | None]] = [
            (cut.profile.file, told[cut.profile.file], key, vectors[key].tolist())
            for cut in cuts
            for key in cut.keys
        ]
        rows += [(file, told[file], None, None) for file in bad]
        if new:
            self._write(told, rows)
        return Embedded(len(new), len(rows) - len(bad), len(bad))

    def __call__(self, batch: Mapping[str, NDArray[np.object_]]) -> dict[str, list[int]]:
        """Do a batch of Ray Data, and return what was done as one row."""
        files, texts = ([said or "" for said in batch[name]] for name in tables.COLUMNS)
        done = self.block(files, texts)
        return {name: [value] for name, value in asdict(done).items()}

    def _write(self, told: Mapping[str, bytes], rows: Sequence[Any]) -> None:
        parquet = tables.parquet_library()
        import pyarrow as pa

        schema = pa.schema(
            [
                ("file", pa.string()),
                ("sha256", pa.binary(32)),
                ("key", pa.binary(32)),
                ("vector", pa.list_(pa.float32(), self._work.encoder.info.dimension)),
            ],
            metadata={_MADE_WITH: self._made_with.encode()},
        )
        columns = list(zip(*rows, strict=True))
        arrays = [
            pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)
        ]
        name = hashlib.sha256(repr(sorted(told.items())).encode()).hexdigest()[:24]
        beside = self._out / f"{name}.tmp-{os.getpid()}"
        try:
            parquet.write_table(pa.Table.from_arrays(arrays, schema=schema), beside)
            with beside.open("rb") as written:
                os.fsync(written.fileno())
            beside.replace(self._out / f"{name}{_SUFFIX}")
        except OSError as error:
            raise IndexBusyError(f"cannot write {self._out}: {error}") from error
        finally:
            beside.unlink(missing_ok=True)


def _here(source: Path, made: _Made) -> Iterator[Embedded]:
    worker = _Worker(*made)
    for some in batches(tables.rows(source), _BLOCK):
        yield worker.block([file for file, _ in some], [text for _, text in some])


def _on_ray(source: Path, made: _Made) -> Iterator[Embedded]:
    """Do the blocks on a cluster; an actor that is lost is started again, its block done again.

    Yields
    ------
    Embedded
        What was done in each block.

    Raises
    ------
    BackendError
        If Ray is not installed, or the cluster fails.
    """
    try:
        import ray as cluster
        import ray.data as data
    except ImportError as error:
        raise BackendError("Ray is not installed", "pip install 'tipsearch[ray]'") from error
    try:
        if not cluster.is_initialized():
            cluster.init(include_dashboard=False, logging_level="ERROR", log_to_driver=False)
        data.DataContext.get_current().enable_progress_bars = False
        rows = data.read_parquet(str(source.absolute())).select_columns(list(tables.COLUMNS))
        actors = max(1, int(cluster.cluster_resources().get("CPU", 1) / (2 * _CPUS)))
        out, settings, open_encoder = made
        embedded = rows.map_batches(
            _Worker, batch_size=_BLOCK, num_cpus=_CPUS,
            fn_constructor_args=(out.absolute(), replace(settings, threads=1), open_encoder),
            compute=data.ActorPoolStrategy(min_size=1, max_size=actors),
        )  # fmt: skip
        for row in embedded.iter_rows():
            yield Embedded(**{name: int(value) for name, value in row.items()})
    except (cluster.exceptions.RayError, ConnectionError) as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, TipsearchError):
            raise cause from error
        raise BackendError(f"the Ray cluster failed: {cause or error}".splitlines()[0]) from error


def _read(folder: Path, columns: Sequence[str]) -> Iterator[tuple[str, pyarrow.Table]]:
    """Read the files of vectors.

    Yields
    ------
    str, pyarrow.Table
        What each file was made with, and some of its columns.

    Raises
    ------
    IndexFormatError
        If one is damaged.
    """
    parquet = tables.parquet_library()
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        try:
            table = parquet.read_table(path, columns=list(columns))
            made_with = table.schema.metadata[_MADE_WITH].decode()
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise IndexFormatError(
                f"{path} is no file of vectors: {error}", "delete it, and embed again"
            ) from error
        yield made_with, table


def _done(out: Path, made_with: str = "") -> set[tuple[str, bytes]]:
    """Return the rows that are in a folder already, by name and the hash of their text.

    Raises
    ------
    IndexFormatError
        If they were made with something else.
    """
    found: set[tuple[str, bytes]] = set()
    for made, table in _read(out, ["file", "sha256"]):
        if made_with and made != made_with:
            raise IndexFormatError(
                f"the vectors in {out} are of another encoder, or of texts cut otherwise",
                "embed into another folder",
            )
        found.update(zip(table["file"].to_pylist(), table["sha256"].to_pylist(), strict=True))
    return found


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


class VectorTable:
    """The vectors of a folder that `embed` wrote, by their keys; see `embedding.Vectors`.

    All of them are held in memory, 1.5 kB a passage with the default model.
    """

    def __init__(self, folder: Path, encoder: EncoderInfo) -> None:
        """Read a folder of vectors of an encoder.

        Raises
        ------
        IndexFormatError
            If there is none, or they are of another encoder.
        """
        self._vectors: dict[bytes, NDArray[np.float32]] = {}
        if not any(folder.glob(f"*{_SUFFIX}")):
            raise IndexFormatError(f"no vectors in {folder}", "run 'tipsearch embed'")
        for made_with, table in _read(folder, ["key", "vector"]):
            made = json.loads(made_with)[0]
            if made != asdict(encoder):
                raise IndexFormatError(
                    f"the vectors in {folder} are of {made['model']} ({made['precision']}),"
                    f" the settings ask for {encoder.model} ({encoder.precision})",
                    "embed again, into another folder",
                )
            kept = table.drop_null()  # rows that are no profile have none
            flat = kept["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
            rows = flat.reshape(-1, encoder.dimension)
            self._vectors.update(zip(kept["key"].to_pylist(), rows, strict=True))

    def vectors(self, keys: Collection[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """Return those of the keys that are there."""
        return {key: self._vectors[key] for key in keys if key in self._vectors}
