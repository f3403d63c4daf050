"""A profile's text becomes passages of whole sentences, at exact offsets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import sentencex

from tipsearch.types import Passage, Profile

VERSION = 1
"""Raised when the same profile would be cut differently: vectors kept from before then go."""

TokenCounter = Callable[[Sequence[str]], list[int]]
"""Counts the encoder's tokens of each text."""

_TITLE_BEFORE_NAME = re.compile(r"\b(?:Ms|Mx|Insp|Sgt|Hon|[Aa]pprox)\.\s*$")
"""Short forms that stand before a name or a number and that sentencex takes for an end."""

_PIECE_CHARS = 200  # a run without spaces is cut here: at most this many tokens
_WINDOW_CHARS = 10_000  # looked at together; sentencex takes quadratic time where no space is


@lru_cache(maxsize=256)
def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Return the offsets of a text's sentences, in order, without the space around them.

    Sentencex of the Wikimedia Foundation finds the boundaries; on the 44 hard cases of
    ``tests/corpus/hard_sentences.py`` it makes 2 mistakes where pysbd makes 5, nupunkt 6 and
    syntok 7, and both are mended here. A sentence never crosses a paragraph.

    Examples
    --------
    >>> [" U.S. aid came. He left."[a:b] for a, b in sentences(" U.S. aid came. He left.")]
    ['U.S. aid came.', 'He left.']
    """
    found: list[tuple[int, int]] = []
    for paragraph in re.finditer(r"[^\n]+", text):
        joined = False
        for start, end in _boundaries(paragraph[0]):
            piece = paragraph[0][start:end]
            start += paragraph.start() + len(piece) - len(piece.lstrip())
            end += paragraph.start() - len(piece) + len(piece.rstrip())
            if start < end:
                found.append((found.pop()[0] if joined else start, end))
                joined = _TITLE_BEFORE_NAME.search(piece) is not None
    return tuple(found)


def _boundaries(paragraph: str) -> Iterator[tuple[int, int]]:
    """Yield a paragraph's sentences, read window by window.

    The last sentence of a window may go on, so the next window starts with it; one that fills
    a whole window is cut there.

    Yields
    ------
    tuple of (int, int)
        Start and end, the space around a sentence included.
    """
    start = 0
    while start < len(paragraph):
        window = paragraph[start : start + _WINDOW_CHARS]
        found = [
            (start + boundary["start_index"], start + boundary["end_index"])
            for boundary in sentencex.get_sentence_boundaries("en", window)
        ]
        if start + len(window) < len(paragraph) and len(found) > 1:
            found.pop()
        yield from found
        start = found[-1][1] if found else start + len(window)


def paragraph_at(text: str, offset: int) -> int:
    r"""Return the number, from 1, of the paragraph that holds an offset.

    Examples
    --------
    >>> paragraph_at("One.\n\nTwo.", 6)
    2
    """
    return text.count("\n\n", 0, offset) + 1


def cut(
    profile: Profile,
    count_tokens: TokenCounter,
    passage_tokens: int,
    new_paragraph_tokens: int,
    overlap_sentences: int,
) -> list[Passage]:
    """Cut a profile into passages that together hold every sentence.

    Parameters
    ----------
    profile : Profile
        Its text is cut.
    count_tokens : callable
        Counts the encoder's tokens of each text.
    passage_tokens : int
        Longest passage, in tokens; a longer sentence is cut between words.
    new_paragraph_tokens : int
        A new paragraph starts a new passage once this many tokens are held.
    overlap_sentences : int
        Sentences repeated from the passage before when the cut falls within a paragraph.

    Returns
    -------
    list of Passage
        In the order of the text; ``profile.text[p.start:p.end] == p.text`` for each.
    """
    text = profile.text
    units = list(_units(text, count_tokens, passage_tokens))
    passages: list[Passage] = []
    first, paragraph, counted = 0, 1, 0
    while first < len(units):
        last = _last_unit(text, units, first, passage_tokens, new_paragraph_tokens)
        start, end = units[first][0], units[last][1]
        paragraph += text.count("\n\n", counted, start)
        counted = start
        passages.append(Passage(profile.id, start, end, paragraph, text[start:end]))
        following = last + 1
        if following == len(units):
            break
        same_paragraph = "\n\n" not in text[end : units[following][0]]
        overlap = overlap_sentences if same_paragraph else 0
        first = _with_overlap(units, first, following, overlap, passage_tokens)
    return passages


def _last_unit(
    text: str,
    units: list[tuple[int, int, int]],
    first: int,
    passage_tokens: int,
    new_paragraph_tokens: int,
) -> int:
    """Return the last unit of the passage that starts at ``first``; a short rest stays with it."""
    held = units[first][2]
    paragraph_end = None
    for position in range(first + 1, len(units)):
        start, _, tokens = units[position]
        if paragraph_end is None and held >= new_paragraph_tokens:
            new_paragraph = "\n\n" in text[units[position - 1][1] : start]
            paragraph_end = position - 1 if new_paragraph else None
        held += tokens
        if held > passage_tokens:
            return position - 1 if paragraph_end is None else paragraph_end
    return len(units) - 1


def _with_overlap(
    units: list[tuple[int, int, int]], first: int, following: int, overlap: int, limit: int
) -> int:
    """Return where the next passage starts: earlier by the overlap, if all of it fits.

    subtle: it must start after ``first``, and hold the unit that follows, or cutting would
    never end.
    """
    start = max(first + 1, following - overlap)
    held = sum(tokens for _, _, tokens in units[start : following + 1])
    return start if held <= limit else following


def _units(text: str, count_tokens: TokenCounter, limit: int) -> Iterator[tuple[int, int, int]]:
    """Yield ``(start, end, tokens)`` of each sentence, and of the pieces of one over the limit."""
    spans = sentences(text)
    counts = count_tokens([text[start:end] for start, end in spans])
    for (start, end), tokens in zip(spans, counts, strict=True):
        if tokens <= limit:
            yield start, end, tokens
        else:
            yield from _pieces(text, start, end, count_tokens, limit)


def _pieces(
    text: str, start: int, end: int, count_tokens: TokenCounter, limit: int
) -> Iterator[tuple[int, int, int]]:
    """Cut an over-long sentence between words into pieces under the limit."""
    longest = min(limit, _PIECE_CHARS)
    words = [
        (match.start(), match.end())
        for match in re.compile(rf"\S{{1,{longest}}}").finditer(text, start, end)
    ]
    counts = count_tokens([text[a:b] for a, b in words])
    first, held = 0, 0
    for position, tokens in enumerate(counts):
        if held and held + tokens > limit:
            yield words[first][0], words[position - 1][1], held
            first, held = position, 0
        held += tokens
    yield words[first][0], words[-1][1], held
