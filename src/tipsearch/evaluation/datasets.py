"""Question-answering data as files: SQuAD-style rows, one JSON object a line."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from tipsearch.errors import QueryError


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the paragraph it is asked of, and its right answers; none if nothing answers.

    ``title`` is that of the article the paragraph is from, or "".
    """

    text: str
    context: str
    answers: tuple[str, ...]
    title: str = ""


def read_text(path: Path) -> str:
    """Return a file's text; one whose name ends in ``.gz`` is unpacked."""
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")


def load_questions(path: Path) -> list[Question]:
    """Read ``{"question", "context", "answers": [{"text", ...}]}`` lines, gzipped or not.

    A ``title`` is taken too; underscores in it are spaces, as in SQuAD.

    Parameters
    ----------
    path : Path
        Ends in ``.gz`` if it is gzipped.

    Returns
    -------
    list of Question
        At least one, in the order of the file.

    Raises
    ------
    QueryError
        If the file cannot be read, is empty, or a line is not of that form; the line is named.
    """
    try:
        text = read_text(path)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise QueryError(f"{path} cannot be read: {error}") from error
    questions = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            row = json.loads(line)
            answers = tuple(str(answer["text"]) for answer in row["answers"])
            title = unquote(str(row.get("title") or "")).replace("_", " ")
            questions.append(Question(str(row["question"]), str(row["context"]), answers, title))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise QueryError(f"{path}, line {number}, is not a SQuAD-style row") from error
    if not questions:
        raise QueryError(f"{path} holds no question")
    return questions
