"""Which words of the passages answer a question, and how likely it is that they do."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tipsearch.answering import questions
from tipsearch.corpus.passages import sentences
from tipsearch.errors import ModelError
from tipsearch.retrieval.encoder import cpu_session, packaged_folder
from tipsearch.types import Hit, Span

if TYPE_CHECKING:
    import onnxruntime
    from numpy.typing import NDArray
    from tokenizers import Encoding, Tokenizer

_WINDOW_TOKENS = 320  # a passage of 200 tokens with its title and a long question fit
_QUESTION_TOKENS = 64
_TITLE_TOKENS = 40
_STRIDE_TOKENS = 100
_ANSWER_TOKENS = 30
_NO_ANSWER = 0  # the place of [CLS]


class Reader(Protocol):
    """Anything that finds the words of passages that answer a question."""

    def read(self, question: str, hits: Sequence[Hit]) -> list[Span]:
        """Return spans that may answer, best first; each score is a probability in [0, 1].

        Offsets are those of the profile's text. The list is empty if there is nothing to read.
        """


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns what speaks for a span into the probability that it is right.

    Attributes
    ----------
    margin : float
        Weight of how much more the span's logits say than those of "no answer".
    dense : float
        Weight of the cosine of the question to the passage.
    bias : float
        What is added.
    """

    margin: float
    dense: float
    bias: float

    def probability(self, margin: float, dense: float) -> float:
        """Return the estimated probability, in [0, 1], by logistic regression."""
        total = self.margin * margin + self.dense * dense + self.bias
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, total))))


CALIBRATION = Calibration(margin=0.227, dense=5.72, bias=-5.002)
"""Fitted by benchmarks/reader.py on squad2_A_tune and qed_dev (docs/evaluation.md)."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """The best span of one passage, before it is judged.

    ``start`` and ``end`` are offsets in the passage; ``margin`` is in logits.
    """

    hit: Hit
    start: int
    end: int
    margin: float


class SpanReader:
    """A MiniLM of our own that marks where an answer starts and ends, or that there is none.

    How it was trained, on what, and what it gets wrong is in docs/reader.md. It reads each passage
    alone with its title, so it cannot put an answer together from two passages, and it does not
    reckon: "the following year" is what it says.
    """

    def __init__(
        self, session: onnxruntime.InferenceSession, tokenizer: Tokenizer, threads: int
    ) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._threads = threads
        self._cls, self._sep = (tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]"))

    @classmethod
    def open(cls, threads: int) -> SpanReader:
        """Load the reader that comes with the package; its tokenizer is the default encoder's.

        Raises
        ------
        ModelError
            If its file is missing, or is not the published one.
        """
        from tokenizers import Tokenizer

        folder = resources.files("tipsearch.answering") / "model"
        try:
            graph = (folder / "reader.onnx").read_bytes()
            words = (packaged_folder() / "tokenizer.json").read_bytes()
            published = json.loads((folder / "reader.json").read_bytes())["sha256"]
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise ModelError(f"the reader in {folder} is missing", "reinstall tipsearch") from error
        if hashlib.sha256(graph + words).hexdigest() != published:
            raise ModelError(f"the reader in {folder} is damaged", "reinstall tipsearch")
        tokenizer = Tokenizer.from_buffer(words)
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(cpu_session(graph), tokenizer, threads)

    def read(self, question: str, hits: Sequence[Hit]) -> list[Span]:
        """Mark the best span of each passage; see `Reader.read`.

        Parameters
        ----------
        question : str
            One line.
        hits : sequence of Hit
            The passages to read.

        Returns
        -------
        list of Span
            By (-score, profile, start); a span that overlapping passages share comes once. "Why",
            "how" and yes-or-no questions get the whole sentence.
        """
        whole_sentence = questions.wants_sentence(question)
        best: dict[tuple[str, int, int], Span] = {}
        for candidate in self.candidates(question, hits):
            passage = candidate.hit.passage
            start, end = tidy(passage.text, candidate.start, candidate.end)
            if start >= end:
                continue
            context = _sentence_around(passage.text, start, end)
            if whole_sentence:
                start, end = context
            span = Span(
                profile_id=passage.profile_id,
                start=passage.start + start,
                end=passage.start + end,
                score=CALIBRATION.probability(candidate.margin, candidate.hit.scores.dense),
                context_start=passage.start + context[0],
                context_end=passage.start + context[1],
            )
            place = (span.profile_id, span.start, span.end)
            if place not in best or span.score > best[place].score:
                best[place] = span
        return sorted(best.values(), key=lambda span: (-span.score, span.profile_id, span.start))

    def candidates(self, question: str, hits: Sequence[Hit]) -> list[Candidate]:
        """Return the best span of each passage, refusing not allowed, in the order of the hits.

        A passage longer than a window is read in windows that overlap by more than an answer; the
        best of their spans counts, and the least of what they say for "no answer".
        """
        asked = self._encode(question).ids[:_QUESTION_TOKENS]
        texts = [self._encode(hit.passage.text) for hit in hits]
        titles = [self._encode(f"{hit.title}.").ids[:_TITLE_TOKENS] for hit in hits]
        jobs = [
            (number, first, last)
            for number, text in enumerate(texts)
            for first, last in _windows(len(text.ids), len(asked) + len(titles[number]))
        ]

        def run(job: tuple[int, int, int]) -> NDArray[np.float32]:
            number, first, last = job
            return self._logits(asked, titles[number], texts[number].ids[first:last])

        with ThreadPoolExecutor(self._threads) as pool:
            logits = list(pool.map(run, jobs))
        found = []
        for number, hit in enumerate(hits):
            read = [
                (first, given)
                for (of, first, _), given in zip(jobs, logits, strict=True)
                if of == number
            ]
            if read:
                found.append(_best(hit, texts[number], read))
        return found

    def _encode(self, text: str) -> Encoding:
        return self._tokenizer.encode(text, add_special_tokens=False)

    def _logits(
        self, question: list[int], title: list[int], text: list[int]
    ) -> NDArray[np.float32]:
        """Return start and end logits of [CLS] and of each token of a text, shape (1 + n, 2)."""
        ids = [self._cls, *question, self._sep, *title, *text, self._sep]
        types = [0] * (len(question) + 2) + [1] * (len(title) + len(text)) + [0]
        feeds = {
            "input_ids": np.array([ids], dtype=np.int64),
            "attention_mask": np.ones((1, len(ids)), dtype=np.int64),
            "token_type_ids": np.array([types], dtype=np.int64),
        }
        logits: NDArray[np.float32] = self._session.run(None, feeds)[0][0]
        first = len(question) + 2 + len(title)
        return np.concatenate([logits[:1], logits[first : first + len(text)]])


def _windows(tokens: int, beside: int) -> Iterator[tuple[int, int]]:
    """Yield ``(first, last)`` ranges of a text's tokens that fit a window beside the rest."""
    room = max(_WINDOW_TOKENS - beside - 3, _STRIDE_TOKENS + _ANSWER_TOKENS)
    first = 0
    while tokens:
        last = min(first + room, tokens)
        yield first, last
        if last == tokens:
            return
        first += room - _STRIDE_TOKENS


def _best(hit: Hit, text: Encoding, read: Sequence[tuple[int, NDArray[np.float32]]]) -> Candidate:
    """Return the best span over the windows of one passage, ties by the earliest."""
    spans = []
    for first, logits in read:
        score, start, end = best_span(logits[1:, 0], logits[1:, 1])
        spans.append((score, -first - start, first + start, first + end))
    score, _, start, end = max(spans)
    nothing = min(float(logits[_NO_ANSWER].sum()) for _, logits in read)
    return Candidate(hit, text.offsets[start][0], text.offsets[end][1], score - nothing)


def best_span(
    starts: NDArray[np.float32], ends: NDArray[np.float32], longest_tokens: int = _ANSWER_TOKENS
) -> tuple[float, int, int]:
    """Return the span whose start and end logits sum highest.

    Parameters
    ----------
    starts, ends : ndarray of float32, shape (tokens,)
        Logits of a text's tokens, at least one.
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
    >>> best_span(np.array([0, 3, 1], np.float32), np.array([5, 0, 2], np.float32))
    (5.0, 0, 0)
    """
    total = starts[:, np.newaxis] + ends[np.newaxis, :]
    lengths = np.arange(len(ends))[np.newaxis, :] - np.arange(len(starts))[:, np.newaxis]
    total[(lengths < 0) | (lengths >= longest_tokens)] = -np.inf
    start, end = np.unravel_index(int(np.argmax(total)), total.shape)
    return float(total[start, end]), int(start), int(end)


_EDGE = " \t\n,;:.!?–—-\"“”‘’'()[]"
_LEADING = re.compile(r"(?:in|on|at|by|to|from|for|of|with|and|or)\s+", re.IGNORECASE)
_WHOLE = re.compile(r"\d+(?:[.,]\d+)+|\w+(?:-\w+)*")
_INITIALS = re.compile(r"\b(?:[^\W\d_]\.)+")


def tidy(text: str, start: int, end: int) -> tuple[int, int]:
    """Grow a span to whole words and numbers, then drop punctuation and small words at its edges.

    Examples
    --------
    >>> text = "They left in 2004, with 3,000 others, for the U.S."
    >>> [text[slice(*tidy(text, a, b))] for a, b in [(10, 18), (24, 25), (46, 49)]]
    ['2004', '3,000', 'U.S.']
    """
    for whole in _WHOLE.finditer(text):
        if whole.start() < start < whole.end():
            start = whole.start()
        if whole.start() < end < whole.end():
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


def _without_leading(text: str, start: int, end: int) -> tuple[int, int]:
    leading = _LEADING.match(text, start, end)
    return (leading.end() if leading and leading.end() < end else start), end


def _sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the offsets of the sentence a span stands in, or of those it spans."""
    touched = [(a, b) for a, b in sentences(text) if a < end and b > start]
    return min(start, touched[0][0]), max(end, touched[-1][1])
