"""The records every part of tipsearch speaks in: frozen, without behaviour.

A **Profile** is cut into **Passages**; an **Index** returns **Hits**; a **Reader** marks a
**Span**; an **Answer** quotes it in a **Citation**.

Offsets are half-open and count Unicode code points of ``Profile.text``. Ranks and paragraph
numbers count from 1. Scores: higher is better.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Fields:
    """What a profile's labels or front matter say, each a tuple of strings, empty if unsaid."""

    active_in: tuple[str, ...] = ()
    organization: tuple[str, ...] = ()
    award_year: tuple[str, ...] = ()
    role: tuple[str, ...] = ()
    additional_recognition: tuple[str, ...] = ()
    focus: tuple[str, ...] = ()


FIELD_NAMES: tuple[str, ...] = tuple(field.name for field in fields(Fields))


@dataclass(frozen=True, slots=True)
class Profile:
    """One document about one person or a few people.

    Attributes
    ----------
    id : str
        A readable slug and a hash of the file's path in the corpus; stable across rebuilds.
    title : str
        Who the profile is about, e.g. ``"Pierre Legros and Somaly Mam"``.
    names : tuple of str
        Each person's name, then any other names given in the file.
    text : str
        The body: paragraphs joined by one blank line, in Unicode normal form C.
    fields : Fields
        What labels or front matter say.
    sources : tuple of str
        Addresses the profile rests on, as its front matter gives them.
    file : str
        The file's path relative to the corpus folder, with forward slashes.
    sha256 : str
        Of ``text`` in UTF-8: what a citation's offsets refer to.
    """

    id: str
    title: str
    names: tuple[str, ...]
    text: str
    fields: Fields
    sources: tuple[str, ...]
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing a profile says of its people, and the sentence that says it.

    Attributes
    ----------
    profile_id : str
        Whose.
    field : str
        One of ``FIELD_NAMES``, ``"person"``, ``"gender"``, ``"date"`` or ``"founded"``.
    value : str
        A country by its usual name, a year, the label's words; a date as ``"2010-06-14"``,
        ``"2010-06"``, ``"2010"`` or ``"1990s"``.
    start, end : int
        The sentence in ``Profile.text``; equal where only a label says it.
    labelled : bool
        Whether a label or front matter says it; else it was read from the text.
    basis : tuple of int
        Of a date that is told by another one ("the following year"): the sentence that one is
        in; empty for others.
    """

    profile_id: str
    field: str
    value: str
    start: int
    end: int
    labelled: bool
    basis: tuple[int, int] | tuple[()] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences: ``profile.text[start:end] == text``, always."""

    profile_id: str
    start: int
    end: int
    paragraph: int
    text: str


@dataclass(frozen=True, slots=True)
class Scores:
    """How a hit came to its place.

    Attributes
    ----------
    dense : float
        Cosine of the query's and the passage's vector, in [-1, 1].
    lexical : float
        BM25; 0 where no word is shared.
    fused : float
        The weighted sum that ranks the hits, in [0, 1].
    reader : float or None
        How well the passage's best span answers, once a reader has read it.
    """

    dense: float
    lexical: float
    fused: float
    reader: float | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a query, with its rank (from 1) and its scores."""

    rank: int
    title: str
    passage: Passage
    scores: Scores


@dataclass(frozen=True, slots=True)
class Span:
    """``[start, end)`` in a profile's text, with a score in [0, 1].

    ``context_start`` and ``context_end`` bound the sentence the span stands in.
    """

    profile_id: str
    start: int
    end: int
    score: float
    context_start: int
    context_end: int


@dataclass(frozen=True, slots=True)
class Citation:
    """A sentence of a profile, verbatim: ``profile.text[start:end] == quote``.

    ``answer_start`` and ``answer_end`` bound the words that answer, inside ``[start, end)``.
    ``sha256`` is that of the text the quote was taken from.
    """

    profile_id: str
    title: str
    paragraph: int
    start: int
    end: int
    answer_start: int
    answer_end: int
    quote: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence of a language model, and the verbatim sentences of profiles that it rests on."""

    text: str
    citations: tuple[Citation, ...]


class Kind(StrEnum):
    """What a question asks for."""

    FACT = "fact"
    YES_NO = "yes_no"
    LIST = "list"
    COUNT = "count"
    COMPARISON = "comparison"
    OVERVIEW = "overview"
    TIMELINE = "timeline"
    META = "meta"
    SMALL_TALK = "small_talk"
    EMPTY = "empty"


ANSWERED_KINDS: tuple[Kind, ...] = tuple(Kind)[:7]
"""The kinds that are answered from the profiles."""


class Reason(StrEnum):
    """Why an answer is refused."""

    NOT_SAID = "the profiles do not say"
    AMBIGUOUS = "more than one fits that name"
    UNKNOWN_NAME = "nobody of that name here"
    OFF_TOPIC = "ask me about the profiles"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to a question.

    Attributes
    ----------
    question : str
        The question as it was understood; a follow-up stands on its own here, and a name that was
        typed a letter off is spelt as the profiles do.
    text : str or None
        Words of a profile; the things listed; a number; "Yes", "No" or the side a comparison
        comes out for; or None when there is no answer to give.
    kind : str
        One of `Kind`.
    confidence : float
        Estimated probability, in [0, 1], that what is cited answers the question.
    citations : tuple of Citation
        Empty when ``text`` is None, and when nothing was found to count. One for each of
        ``items``, then one for each of ``possibly``.
    items : tuple of str
        The things listed or counted, or the dates of a timeline; empty for other kinds.
    hits : tuple of Hit
        The closest passages, best first; of a refusal they are *not* an answer.
    reason : Reason or None
        Why there is no answer; None when there is one.
    detail : str
        A refusal in one sentence for people; empty when there is an answer.
    possibly : tuple of str
        Things that may belong to a list or a count; they are in neither.
    understood : str
        What a question that is no look-up was taken for: "Profiles active in Cambodia: 2 of 32".
    choices : tuple of str
        Whom a name may mean, where the question must say which.
    phrased : tuple of Phrase
        The answer in a language model's words, where one is set up; each sentence was checked.
    notice : str
        What became of the phrasing, if not all of it passed; empty otherwise.
    """

    question: str
    text: str | None
    kind: str
    confidence: float
    citations: tuple[Citation, ...] = ()
    items: tuple[str, ...] = ()
    hits: tuple[Hit, ...] = ()
    reason: Reason | None = None
    detail: str = ""
    possibly: tuple[str, ...] = ()
    understood: str = ""
    choices: tuple[str, ...] = ()
    phrased: tuple[Phrase, ...] = ()
    notice: str = ""


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file of the corpus that became no profile, and why."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class IndexUpdate:
    """What a build or an update did; ``added``, ``changed`` and ``removed`` name files.

    ``embedded_passages`` counts the vectors computed, ``reused_passages`` those kept from before.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    skipped: tuple[SkippedFile, ...] = ()
    warnings: tuple[SkippedFile, ...] = ()
    embedded_passages: int = 0
    reused_passages: int = 0
