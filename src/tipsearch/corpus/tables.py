"""A corpus as a table: a Parquet file whose rows are profile files, for more than a folder holds.

Columns ``file`` (a name as it would have in a corpus folder, ``ann-roe.md``) and ``text`` (all that
the file would hold, front matter included).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipsearch.corpus import formats, profiles
from tipsearch.corpus.profiles import Corpus
from tipsearch.errors import BackendError, ProfileError

if TYPE_CHECKING:
    import pyarrow.parquet

COLUMNS = ("file", "text")
_ROWS = 1_000  # read at once


def load(corpus: Path, file_bytes: int) -> Corpus:
    """Read every profile of a folder, or of a Parquet file; see `profiles.load`.

    Raises
    ------
    ProfileError
        If there is no usable profile, or the table is none.
    BackendError
        If it is a table and pyarrow is not installed.
    """
    if corpus.suffix != ".parquet":
        return profiles.load(corpus, file_bytes)
    found = sorted(rows(corpus), key=itemgetter(0))
    return profiles.gather(
        ((file, partial(content, file, text, file_bytes)) for file, text in found), str(corpus)
    )


def rows(table: Path) -> Iterator[tuple[str, str]]:
    """Read a table.

    Yields
    ------
    str, str
        The name and the text of each row.

    Raises
    ------
    ProfileError
        If there is no such table, or its columns are others.
    """
    with opened(table) as file:
        try:
            for batch in file.iter_batches(_ROWS, columns=list(COLUMNS)):
                columns = batch.to_pydict()
                pairs = zip(columns["file"], columns["text"], strict=True)
                yield from ((name or "", text or "") for name, text in pairs)
        except (OSError, ValueError) as error:
            raise ProfileError(f"{table} is damaged: {error}") from error


def opened(table: Path) -> pyarrow.parquet.ParquetFile:
    """Open a table that has the two columns.

    Raises
    ------
    ProfileError
        If there is no such table, or its columns are others.
    """
    parquet = parquet_library()
    try:
        file = parquet.ParquetFile(table)
    except (OSError, ValueError) as error:
        raise ProfileError(f"{table} is no Parquet table: {error}") from error
    kinds = {field.name: str(field.type) for field in file.schema_arrow}
    if any(kinds.get(column) not in {"string", "large_string"} for column in COLUMNS):
        raise ProfileError(
            f"{table} has the columns {', '.join(kinds)}", "two of text are read: file and text"
        )
    return file


def content(file: str, text: str, file_bytes: int) -> bytes:
    """Return what the file of a row would hold.

    Raises
    ------
    ProfileError
        If it is no profile file, or too large.
    """
    data = text.encode("utf-8", "replace")
    if not file.isprintable() or Path(file).suffix.lower() not in formats.SUFFIXES:
        raise ProfileError(f"not a profile file ({', '.join(formats.SUFFIXES)})")
    if len(data) > file_bytes:
        raise ProfileError(f"larger than {file_bytes:,} bytes")
    return data


def parquet_library() -> Any:  # noqa: ANN401 - a module
    """Return ``pyarrow.parquet``.

    Raises
    ------
    BackendError
        If pyarrow is not installed.
    """
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise BackendError(
            "tables need the package pyarrow", "pip install 'tipsearch[ray]'"
        ) from error
    return pyarrow.parquet
