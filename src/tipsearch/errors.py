"""Every error tipsearch raises on purpose, each with the exit code the shell gives for it.

    TipsearchError             1  a bug, or something nobody foresaw
    ├── QueryError             2  the question, filter or k cannot be used as given
    ├── ServerError            2  the web server cannot start as asked (port, host)
    ├── ProfileError           3  no usable profile
    ├── IndexFormatError       4  the index is missing, damaged, too new, or of another model
    ├── IndexBusyError         5  the index is locked, or cannot be written
    ├── ModelError             6  the model is missing, or not the one it claims to be
    └── BackendError           1  an engine underneath failed

Exit code 7 is no error: the index was built and some files, listed, were skipped. Nor is 8: an
evaluation ran, and fell below a floor that was asked for.
"""

from __future__ import annotations

from typing import ClassVar

EXIT_SOME_FILES_SKIPPED = 7
EXIT_BELOW_FLOOR = 8


class TipsearchError(Exception):
    """What went wrong, with which file or value, and in ``hint`` what to do about it."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class QueryError(TipsearchError):
    """The question, the filter or ``k`` cannot be used as given."""

    exit_code = 2


class ServerError(TipsearchError):
    """The web server cannot start as asked."""

    exit_code = 2


class ProfileError(TipsearchError):
    """A file is no profile, or a folder holds none."""

    exit_code = 3


class IndexFormatError(TipsearchError):
    """The index is missing, damaged, made by a newer tipsearch or with another model."""

    exit_code = 4


class IndexBusyError(TipsearchError):
    """Another process is writing the index, or it cannot be written at all."""

    exit_code = 5


class ModelError(TipsearchError):
    """The model is missing or is not the one it claims to be."""

    exit_code = 6


class BackendError(TipsearchError):
    """An engine underneath (FAISS, tantivy, ONNX Runtime, SQLite) failed."""
