"""Which words of the passages answer a question, and how likely it is that they do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tipsearch.answering import questions
from tipsearch.answering.models import CurvePoint, SpanModel
from tipsearch.answering.spans import ANSWER_TOKENS, best_span, tidy
from tipsearch.corpus.passages import sentences
from tipsearch.retrieval.encoder import Encoder, OnnxEncoder
from tipsearch.settings import Settings
from tipsearch.types import Hit, Span

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Encoding

QUESTION_TOKENS = 64
TITLE_TOKENS = 40
_READER_WEIGHT = 0.5  # of the reader's score beside the fused one; .25 to 1 are within two points
_OVERLAP_TOKENS = 64  # of two windows of a text: more than the longest answer


class Reader(Protocol):
    """Anything that finds the words of passages that answer a question."""

    def read(self, question: str, hits: Sequence[Hit]) -> list[Span]:
        """Return spans that may answer, best first; each score is a probability in [0, 1].

        Offsets are those of the profile's text. The list is empty if there is nothing to read.
        """


@dataclass(frozen=True, slots=True)
class Candidate:
    """The best span of one passage, before it is judged.

    Attributes
    ----------
    hit : Hit
        The passage.
    start, end : int
        Offsets in the passage, tidied; equal if nothing of the span is left.
    margin : float
        How much more the span's logits say than those of "no answer".
    """

    hit: Hit
    start: int
    end: int
    margin: float

    @property
    def text(self) -> str:
        """The words of the span."""
        return self.hit.passage.text[self.start : self.end]

    @property
    def sentence(self) -> tuple[int, int]:
        """The offsets, in the passage, of the sentence the span stands in."""
        return sentence_around(self.hit.passage.text, self.start, self.end)


class SpanReader:
    """Reads with a model that marks where an answer starts and ends, or that there is none.

    How tipsearch's own was trained, on what, and what it gets wrong is in docs/reader.md. Each
    passage is read alone with its title, so no answer is put together from two passages, and
    nothing is reckoned: "the following year" is what it says.

    subtle: passages are run side by side in threads, never in one padded batch. int8 scales
    activations over the whole batch, so in a batch an answer would depend on its neighbours.
    """

    def __init__(self, model: SpanModel, threads: int, encoder: Encoder | None = None) -> None:
        self._model = model
        self._threads = threads
        self._encoder = encoder

    @classmethod
    def open(cls, settings: Settings, encoder: Encoder | None = None) -> SpanReader:
        """Load the reader of the settings.

        Parameters
        ----------
        settings : Settings
            They name the reader.
        encoder : Encoder, optional
            Tells how close a sentence is to a question; that of the settings by default.

        Raises
        ------
        ModelError
            If it is missing, damaged, or not the published one.
        IndexBusyError
            If it is to be exported and the cache cannot be written.
        """
        encoder = encoder or OnnxEncoder.open(settings)
        return cls(SpanModel.open(settings), settings.threads, encoder)

    @property
    def curve(self) -> tuple[CurvePoint, ...]:
        """What each threshold does, by rising threshold; empty for a model nobody measured."""
        return self._model.curve

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
        found = [c for c in self.candidates(question, hits) if c.start < c.end]
        for candidate, score in zip(found, self.probabilities(question, found), strict=True):
            passage, start, end = candidate.hit.passage, candidate.start, candidate.end
            context = candidate.sentence
            if whole_sentence:
                start, end = context
            span = Span(
                profile_id=passage.profile_id,
                start=passage.start + start,
                end=passage.start + end,
                score=score,
                context_start=passage.start + context[0],
                context_end=passage.start + context[1],
            )
            place = (span.profile_id, span.start, span.end)
            if place not in best or span.score > best[place].score:
                best[place] = span
        return sorted(best.values(), key=lambda span: (-span.score, span.profile_id, span.start))

    def probabilities(self, question: str, candidates: Sequence[Candidate]) -> list[float]:
        """Return how likely each candidate's words answer the question, in [0, 1].

        By how much more its span says than "no answer", and by how close its sentence is to the
        question in meaning: that tells right answers from wrong ones better than the closeness of
        the passage (docs/evaluation.md). Without an encoder it is the passage's.
        """
        weigh = self._model.calibration.probability
        close = self.closeness(question, candidates)
        return [weigh(c.margin, near) for c, near in zip(candidates, close, strict=True)]

    def closeness(self, question: str, candidates: Sequence[Candidate]) -> list[float]:
        """Return the cosine of the question to each candidate's sentence, in [-1, 1]."""
        if self._encoder is None or not candidates:
            return [candidate.hit.scores.dense for candidate in candidates]
        texts = [c.hit.passage.text[slice(*c.sentence)] for c in candidates]
        vectors = self._encoder.encode([question, *texts])
        return [float(cosine) for cosine in vectors[1:] @ vectors[0]]

    def candidates(self, question: str, hits: Sequence[Hit]) -> list[Candidate]:
        """Return the best span of each passage, refusing not allowed, in the order of the hits.

        A passage longer than a window is read in windows that overlap by more than an answer; the
        best of their spans counts, and the least of what they say for "no answer".
        """
        asked = self._model.encode(question)
        asked.truncate(QUESTION_TOKENS)
        jobs = [
            (number, title, window)
            for number, hit in enumerate(hits)
            for title, window in self._windows(hit, len(asked))
        ]

        def run(job: tuple[int, Encoding, Encoding]) -> tuple[NDArray[np.float32], float]:
            _, title, window = job
            merged = type(title).merge([title, window], growing_offsets=False)
            logits, nothing = self._model.logits(asked, merged)
            return logits[len(title) :], nothing

        with ThreadPoolExecutor(self._threads) as pool:
            scored = list(pool.map(run, jobs))
        found = []
        for number, hit in enumerate(hits):
            read = [
                (window, *given)
                for (of, _, window), given in zip(jobs, scored, strict=True)
                if of == number
            ]
            if read:
                found.append(_best(hit, read))
        return found

    def _windows(self, hit: Hit, asked: int) -> Iterator[tuple[Encoding, Encoding]]:
        """Yield a passage's title and each window of its text that fits beside the question."""
        title = self._model.encode(f"{hit.title}." if hit.title else "")
        title.truncate(TITLE_TOKENS)
        text = self._model.encode(hit.passage.text)
        special = 4  # RoBERTa's kind has four, BERT's three
        room = self._model.window_tokens - asked - len(title) - special
        text.truncate(max(room, _OVERLAP_TOKENS + ANSWER_TOKENS), stride=_OVERLAP_TOKENS)
        for window in (text, *text.overflowing):
            if len(window):
                yield title, window


def with_reader_scores(hits: Sequence[Hit], spans: Sequence[Span]) -> list[Hit]:
    """Give each passage the score of its best span, and rank those that were read anew.

    Parameters
    ----------
    hits : sequence of Hit
        By rank.
    spans : sequence of Span
        What a reader marked in them.

    Returns
    -------
    list of Hit
        Those with a span first, by the fused score and half the reader's, then old rank; then the
        rest, in their old order. Either score alone ranks worse: on squad_paragraphs recall@1 is
        .87 by the fused one, .81 by the reader's, .91 by both (docs/evaluation.md).
    """
    scored = []
    for hit in hits:
        passage = hit.passage
        within = [
            span.score
            for span in spans
            if span.profile_id == passage.profile_id
            and passage.start <= span.start
            and span.end <= passage.end
        ]
        scored.append(replace(hit, scores=replace(hit.scores, reader=max(within, default=None))))
    scored.sort(key=_worth, reverse=True)
    return [replace(hit, rank=rank) for rank, hit in enumerate(scored, 1)]


def _worth(hit: Hit) -> float:
    reader = hit.scores.reader
    return -1.0 if reader is None else hit.scores.fused + _READER_WEIGHT * reader


def _best(hit: Hit, read: Sequence[tuple[Encoding, NDArray[np.float32], float]]) -> Candidate:
    """Return the best span over the windows of one passage, ties by the earliest."""
    firsts = [start for start, _ in sentences(hit.passage.text)]
    spans = []
    for window, logits, _ in read:
        units = np.searchsorted(firsts, [start for start, _ in window.offsets], side="right")
        score, first, last = best_span(logits[:, 0], logits[:, 1], units)
        spans.append((score, -window.offsets[first][0], window.offsets[last][1]))
    score, start, end = max(spans)
    nothing = min(none for *_, none in read)
    return Candidate(hit, *tidy(hit.passage.text, -start, end), score - nothing)


def sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the offsets of the sentence a span stands in, or of those it spans."""
    touched = [(a, b) for a, b in sentences(text) if a < end and b > start]
    return min(start, touched[0][0]), max(end, touched[-1][1])
