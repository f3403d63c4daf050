"""Spans of text: the best one by its logits, and a clean phrase of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ANSWER_TOKENS = 30
"""Longest answer, in tokens of the reader."""


def best_span(
    starts: NDArray[np.float32],
    ends: NDArray[np.float32],
    units: NDArray[np.int64] | None = None,
    longest_tokens: int = ANSWER_TOKENS,
) -> tuple[float, int, int]:
    """Return the span whose start and end logits sum highest.

    Parameters
    ----------
    starts, ends : ndarray of float32, shape (tokens,)
        Logits of a text's tokens, at least one.
    units : ndarray of int64, shape (tokens,), optional
        The number of each token's sentence; no span leaves its sentence.
    longest_tokens : int
        Longest span.

    Returns
    -------
    score : float
        The sum.
    start, end : int
        The span's first and last token; of equal ones the earliest, then the shortest.

    Examples
    --------
    >>> starts, ends = np.array([0, 3, 1], np.float32), np.array([1, 0, 2], np.float32)
    >>> best_span(starts, ends), best_span(starts, ends, np.array([0, 0, 1]))
    ((5.0, 1, 2), (3.0, 1, 1))
    """
    total = starts[:, np.newaxis] + ends[np.newaxis, :]
    lengths = np.arange(len(ends))[np.newaxis, :] - np.arange(len(starts))[:, np.newaxis]
    allowed = (lengths >= 0) & (lengths < longest_tokens)
    if units is not None:
        allowed &= units[:, np.newaxis] == units[np.newaxis, :]
    total[~allowed] = -np.inf
    start, end = np.unravel_index(int(np.argmax(total)), total.shape)
    return float(total[start, end]), int(start), int(end)


_EDGE = " \t\n,;:.!?–—-\"“”‘’'()[]"
_LEADING = re.compile(r"(?:in|on|at|by|to|from|for|of|with|and|or)\s+", re.IGNORECASE)
_WHOLE = re.compile(r"\d+(?:[.,]\d+)+|\w+(?:-\w+)*")
_NUMBER = re.compile(
    r"(?:\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|"
    r"fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|half)(?!\w)",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\b(?:(?:more|fewer|less|no more|no fewer) than|at least|at most|up to|as many as|over|under|"
    r"about|around|some|nearly|almost|roughly|approximately|only) $",
    re.IGNORECASE,
)
_INITIALS = re.compile(r"\b(?:[^\W\d_]\.)+")


def tidy(text: str, start: int, end: int) -> tuple[int, int]:
    """Grow a span to whole words and numbers, then drop punctuation and small words at its edges.

    A number keeps what makes it a bound: "more than 80" is not 80.

    Examples
    --------
    >>> text = "They left in 2004, with over 3,000 others, for the U.S."
    >>> [text[slice(*tidy(text, a, b))] for a, b in [(10, 18), (29, 30), (51, 54)]]
    ['2004', 'over 3,000', 'U.S.']
    """
    for whole in _WHOLE.finditer(text):
        if whole.start() < start < whole.end():
            start = whole.start()
        if whole.start() < end < whole.end() and not _counts(text, max(start, whole.start()), end):
            end = whole.end()
    for initials in _INITIALS.finditer(text):
        if initials.start() < end <= initials.end() and initials.end() - initials.start() > 2:
            start, end = min(start, initials.start()), initials.end()
            return _without_leading(text, start, end)
    while start < end and text[start] in _EDGE:
        start += 1
    while start < end and text[end - 1] in _EDGE:
        end -= 1
    return _without_leading(text, start, end)


def _counts(text: str, start: int, end: int) -> bool:
    """Whether ``[start, end)`` is the number of a compound: "four" of "four-year-old"."""
    return text[end] == "-" and _NUMBER.fullmatch(text, start, end) is not None


def _without_leading(text: str, start: int, end: int) -> tuple[int, int]:
    leading = _LEADING.match(text, start, end)
    if leading and leading.end() < end:
        start = leading.end()
    if _NUMBER.match(text, start, end) and (bound := _ABOUT.search(text, 0, start)):
        start = bound.start()
    return start, end
