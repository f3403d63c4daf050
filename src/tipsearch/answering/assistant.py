"""The assistant: a question in, a cited answer or a reasoned refusal out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import chain, islice
from pathlib import Path

from tipsearch.answering import questions
from tipsearch.answering.citation import cite
from tipsearch.answering.conversation import Conversation
from tipsearch.answering.models import CurvePoint
from tipsearch.answering.reader import Reader, SpanReader, with_reader_scores
from tipsearch.corpus.profiles import fold
from tipsearch.errors import BackendError, QueryError
from tipsearch.index import FilterValue, Index, Snapshot, clean_query
from tipsearch.settings import Settings
from tipsearch.types import Answer, Citation, Hit, Reason, Span

_WELCOME = "Ask about the people and organisations in the profiles: who, when, where, how many."
_NOT_SAID = "The profiles do not say, or not in words close to the question."
_CLOSE_NAME = 0.8  # similarity of difflib, in [0, 1]: one letter off in a name of five or more


class Assistant:
    """Answers from an index with the words of its profiles, or says that they do not answer."""

    def __init__(self, index: Index, reader: Reader) -> None:
        self.index = index
        self._reader = reader

    @classmethod
    def open(cls, index: str | Path, *, settings: Settings | None = None) -> Assistant:
        """Open an index folder to ask questions of it.

        Raises
        ------
        IndexFormatError
            If there is no index, none is whole, or another model or a newer tipsearch made it.
        ModelError
            If the encoder cannot be loaded.
        """
        settings = settings or Settings.from_environment()
        return cls(Index.open(index, settings=settings), SpanReader.open(settings))

    @property
    def curve(self) -> tuple[CurvePoint, ...]:
        """What each threshold does, as measured; empty for a reader that nobody measured."""
        return self._reader.curve if isinstance(self._reader, SpanReader) else ()

    def refresh(self) -> bool:
        """Take up a newer generation of the index if there is one; return whether there was."""
        return self.index.refresh()

    def conversation(self) -> Conversation:
        """Start a conversation, in which a question may refer to those before it."""
        return Conversation(self)

    def ask(
        self,
        question: str,
        k: int | None = None,
        filters: Mapping[str, FilterValue] | None = None,
        threshold: float | None = None,
    ) -> Answer:
        """Answer a question that stands on its own.

        Parameters
        ----------
        question : str
            In anyone's own words.
        k : int, optional
            Passages returned with the answer, from 1; ``settings.k`` by default.
        filters : mapping, optional
            Only profiles with these field values answer; see `Snapshot.search`.
        threshold : float, optional
            Least confidence, in [0, 1], of an answer that is given; ``settings.answer_threshold``
            by default. What it does is in `Assistant.curve`.

        Returns
        -------
        Answer
            With its citation; or with ``text`` None, the reason, and the closest passages.

        Raises
        ------
        QueryError
            If the question is empty or too long, k is below 1, a field is unknown, or the threshold
            is out of its range.
        """
        snapshot = self.index.snapshot
        settings = snapshot.settings
        question = clean_query(question, settings.question_chars)
        if questions.is_small_talk(question):
            return Answer(
                question, None, "small_talk", 0.0, reason=Reason.OFF_TOPIC, detail=_WELCOME
            )
        k = settings.k if k is None else k
        threshold = settings.answer_threshold if threshold is None else threshold
        if not 0 <= threshold <= 1:
            raise QueryError(f"the threshold is {threshold}", "use a number from 0 to 1")
        found = snapshot.search(question, k if k < 1 else max(k, settings.candidates), filters)
        hits = found[:k]
        named = {name: _as_written(name, snapshot) for name in questions.names(question)}
        if unknown := [name for name, words in named.items() if not all(words)]:
            return _refuse(question, hits, Reason.UNKNOWN_NAME, _unknown(unknown, snapshot))
        about = _about(chain.from_iterable(named.values()), found, snapshot)
        spans = self._reader.read(question, about)
        hits = with_reader_scores(hits, spans)
        if likely := [span for span in spans if span.score >= threshold]:
            return _answer(question, hits, likely, snapshot)
        if max((hit.scores.dense for hit in hits), default=0.0) < settings.on_topic_cosine:
            return _refuse(question, hits, Reason.OFF_TOPIC, f"The profiles do not say. {_WELCOME}")
        return _refuse(question, hits, Reason.NOT_SAID, _NOT_SAID)


def _as_written(name: str, snapshot: Snapshot) -> list[str]:
    """Return each word of a name as the profiles write it, or "" if none holds it."""
    return [
        next((form for form in questions.spellings(word) if snapshot.knows(form)), "")
        for word in name.split()
    ]


def _about(names: Iterable[str], hits: Sequence[Hit], snapshot: Snapshot) -> list[Hit]:
    """Keep the best passages of profiles that carry every name: no deed goes to somebody else."""
    store = snapshot.store
    wanted = set(store.lexical.words(" ".join(names)))
    kept = (hit for hit in hits if wanted <= store.words_of(hit.passage.profile_id))
    return list(islice(kept, snapshot.settings.reader_passages))


def _answer(
    question: str, hits: Sequence[Hit], spans: Sequence[Span], snapshot: Snapshot
) -> Answer:
    """Answer with the best span, and cite every other that says the same."""
    said: list[tuple[str, Citation]] = []
    for span in spans:
        profile = snapshot.profile(span.profile_id)
        if profile is None:
            raise BackendError(f"the reader cites {span.profile_id}, which is no profile")
        said.append((profile.text[span.start : span.end], cite(profile, span)))
    text = said[0][0]
    same = {citation: None for other, citation in said if fold(other) == fold(text)}
    return Answer(question, text, "fact", spans[0].score, tuple(same), hits=tuple(hits))


def _refuse(question: str, hits: Sequence[Hit], reason: Reason, detail: str) -> Answer:
    return Answer(question, None, "fact", 0.0, hits=tuple(hits), reason=reason, detail=detail)


def _unknown(names: Sequence[str], snapshot: Snapshot) -> str:
    """Say which names no profile holds, and offer a person whose name is a letter off."""
    told = " or ".join(f"“{name}”" for name in dict.fromkeys(names))
    people = {
        fold(part): name
        for profile in snapshot.profiles()
        for name in reversed(profile.names)  # the first one, its own, wins
        for part in name.split()
    }
    for word in " ".join(names).split():
        if close := get_close_matches(fold(word), people, n=1, cutoff=_CLOSE_NAME):
            return f"No profile mentions {told}. Did you mean {people[close[0]]}?"
    return f"No profile mentions {told}."
