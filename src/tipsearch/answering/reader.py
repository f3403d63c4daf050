"""Which sentence of the passages answers a question, and how likely it is that it does."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tipsearch.answering.questions import FUNCTION_WORDS, satisfies, wanted
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
    """What speaks for a sentence being the answer; each in [0, 1] but the cosines.

    Attributes
    ----------
    whole : float
        Cosine of the question to the sentence, its profile's title before it.
    clause : float
        The highest cosine to one of its clauses: a long sentence answers in one part of it.
    words : float
        Share of the question's words that the sentence or the title holds, rare ones counting
        more.
    kind : float
        1 if the sentence holds the kind of thing asked for (a date, a number, a name), else 0.
    """

    whole: float
    clause: float
    words: float
    kind: float


_WEIGHTS = Evidence(whole=3.0, clause=3.2, words=5.1, kind=1.4)
_BIAS = -10.4
"""Fitted by benchmarks/reader.py on squad2_A_tune and qed_dev (docs/evaluation.md)."""

_CLAUSE_END = re.compile(r"[,;:–—]\s+|\s+\(|\)\s*")
_CLAUSE_WORDS = 3  # a shorter piece says nothing on its own
_CLAUSES_JOINED = 3  # longest run of pieces read as one clause
_CLAUSES = 12  # most clauses read of one sentence


class SimilarityReader:
    """Picks the best sentence by the encoder's similarity and by shared words.

    It cannot tell a sentence that answers from one on the same subject: it prefers "Mam, in
    2007, created the Somaly Mam Foundation" to the sentence that says when the Foundation
    closed, and it does not see that "leave" is not "join". So it gives whole sentences, never a
    shorter phrase, and its refusals rest on a threshold: on the development questions it refuses
    about three of four that nothing answers, and one of two that something does
    (docs/evaluation.md). A trained reader is to take its place.
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
        + _WEIGHTS.clause * evidence.clause
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
        Its encoder and its word statistics are used.

    Returns
    -------
    list of Evidence
        One a candidate.
    """
    query = snapshot.encoder.encode([question])[0]
    weights = _word_weights(question, snapshot)
    kind = wanted(question)
    pieces = [(title, [text, *clauses(text)]) for title, text in candidates]
    texts = [searchable(title, part) for title, parts in pieces for part in parts]
    cosines = snapshot.encoder.encode(texts) @ query
    evidence = []
    first = 0
    for title, parts in pieces:
        own = cosines[first : first + len(parts)]
        first += len(parts)
        held = set(snapshot.store.lexical.words(searchable(title, parts[0])))
        evidence.append(
            Evidence(
                whole=float(own[0]),
                clause=float(own[1:].max()),
                words=sum(weight for word, weight in weights.items() if word in held),
                kind=float(satisfies(parts[0], kind)),
            )
        )
    return evidence


def clauses(sentence: str) -> list[str]:
    """Return the pieces of a sentence between its commas and brackets, and short runs of them.

    Examples
    --------
    >>> clauses("Although he left in 2004, they were both honoured.")[:2]
    ['Although he left in 2004', 'Although he left in 2004, they were both honoured.']
    """
    cuts = [0, *(match.end() for match in _CLAUSE_END.finditer(sentence)), len(sentence)]
    found: dict[str, None] = {}
    for first in range(len(cuts) - 1):
        for last in range(first + 1, min(len(cuts), first + 1 + _CLAUSES_JOINED)):
            clause = sentence[cuts[first] : cuts[last]].strip(" ,;:()–—")
            if len(clause.split()) >= _CLAUSE_WORDS:
                found[clause] = None
    return list(found)[:_CLAUSES] or [sentence]


def _word_weights(question: str, snapshot: Snapshot) -> dict[str, float]:
    """Return the question's content words, stemmed, with weights that sum to 1.

    The weight is the inverse document frequency of BM25, so a word no passage holds counts most.
    """
    lexical = snapshot.store.lexical
    content = [
        word for word in question.split() if word.lower().strip("?.,!") not in FUNCTION_WORDS
    ]
    passages = len(snapshot.store.dense)
    idf = {}
    for word in lexical.words(" ".join(content)):
        frequency = lexical.document_frequency(word)
        idf[word] = math.log(1 + (passages - frequency + 0.5) / (frequency + 0.5))
    total = sum(idf.values())
    return {word: weight / total for word, weight in idf.items()} if total else {}
