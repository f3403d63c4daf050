"""Which sentence of the passages answers a question, and how likely it is that it does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tipsearch.answering.questions import content_words, satisfies, wanted
from tipsearch.corpus.passages import sentences
from tipsearch.index import searchable
from tipsearch.types import Hit, Span

if TYPE_CHECKING:
    from tipsearch.index import Snapshot


class Reader(Protocol):
    """Anything that finds the words of passages that answer a question."""

    def read(self, question: str, hits: Sequence[Hit], snapshot: Snapshot) -> list[Span]:
        """Return spans that may answer, best first; each score is a probability in [0, 1].

        Offsets are those of the profile's text. The list is empty if there is nothing to read.
        """


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a sentence being the answer; each in [0, 1] but the cosine.

    Attributes
    ----------
    whole : float
        Cosine of the question to the sentence, its profile's title before it.
    words : float
        Share of the question's content words that the sentence or the title holds.
    kind : float
        1 if the sentence holds the kind of thing asked for (a date, a number, a name), else 0.
    """

    whole: float
    words: float
    kind: float


_WEIGHTS = Evidence(whole=6.1, words=2.58, kind=1.21)
_BIAS = -8.04
"""Fitted by benchmarks/reader.py on squad2_A_tune and qed_dev (docs/evaluation.md)."""


class SimilarityReader:
    """Picks the best sentence by the encoder's similarity and by shared words.

    It cannot tell a sentence that answers from one on the same subject: it prefers "Mam, in
    2007, created the Somaly Mam Foundation" to the sentence that says when the Foundation
    closed, and it does not see that "leave" is not "join". So it gives whole sentences, never a
    shorter phrase, and its refusals rest on a threshold: of the development questions it refuses
    99 % of those on another subject, but only 46 % of those written to look answerable, and 27 %
    of those that are answered (docs/evaluation.md). A trained reader is to take its place.
    """

    def read(self, question: str, hits: Sequence[Hit], snapshot: Snapshot) -> list[Span]:
        """Score every sentence of the hits; see `Reader.read`.

        Parameters
        ----------
        question : str
            One line.
        hits : sequence of Hit
            The passages to read.
        snapshot : Snapshot
            Where they were found.

        Returns
        -------
        list of Span
            One a sentence, by (-score, profile, start).
        """
        found = {}
        for hit in hits:
            for start, end in sentences(hit.passage.text):
                place = (hit.passage.profile_id, hit.passage.start + start)
                found[place] = (hit.title, hit.passage.text[start:end])
        spans = []
        evidence = weigh(question, list(found.values()), snapshot)
        for (profile_id, start), (_, text), seen in zip(
            found, found.values(), evidence, strict=True
        ):
            end = start + len(text)
            spans.append(Span(profile_id, start, end, probability(seen), start, end))
        return sorted(spans, key=lambda span: (-span.score, span.profile_id, span.start))


def probability(evidence: Evidence) -> float:
    """Return the estimated probability that a sentence answers, by logistic regression."""
    total = (
        _WEIGHTS.whole * evidence.whole
        + _WEIGHTS.words * evidence.words
        + _WEIGHTS.kind * evidence.kind
    )
    return 1 / (1 + math.exp(-(total + _BIAS)))


def weigh(
    question: str, candidates: Sequence[tuple[str, str]], snapshot: Snapshot
) -> list[Evidence]:
    """Weigh what speaks for each candidate sentence.

    Parameters
    ----------
    question : str
        One line.
    candidates : sequence of (str, str)
        Each sentence's title and text.
    snapshot : Snapshot
        Its encoder and its words are used.

    Returns
    -------
    list of Evidence
        One a candidate.
    """
    query = snapshot.encoder.encode([question])[0]
    asked = set(snapshot.store.lexical.words(" ".join(content_words(question))))
    kind = wanted(question)
    texts = [searchable(title, text) for title, text in candidates]
    cosines = (snapshot.encoder.encode(texts) @ query).tolist()
    evidence = []
    for (_, text), searched, cosine in zip(candidates, texts, cosines, strict=True):
        held = set(snapshot.store.lexical.words(searched))
        shared = len(asked & held) / max(len(asked), 1)
        evidence.append(Evidence(cosine, shared, float(satisfies(text, kind))))
    return evidence
