"""The assistant: a question in, a cited answer or a reasoned refusal out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import cached_property
from itertools import chain, islice
from pathlib import Path

from tipsearch.answering import (
    comparing,
    criteria,
    kinds,
    listing,
    lookups,
    overview,
    questions,
    timeline,
)
from tipsearch.answering.answers import (
    RULED,
    compared,
    dated,
    described,
    listed,
    refused,
    span_of,
    summarised,
)
from tipsearch.answering.citation import cite
from tipsearch.answering.conversation import Conversation
from tipsearch.answering.criteria import Criteria
from tipsearch.answering.generator import Generator
from tipsearch.answering.llm import GeneratorSettings
from tipsearch.answering.models import CurvePoint
from tipsearch.answering.reader import Reader, SpanReader, with_reader_scores
from tipsearch.answering.subjects import Directory, Name, Subject
from tipsearch.answering.timeline import written
from tipsearch.corpus import dates, facts, places
from tipsearch.corpus.passages import sentences
from tipsearch.corpus.profiles import fold
from tipsearch.errors import BackendError, QueryError
from tipsearch.index import FilterValue, Index, Snapshot, clean_query
from tipsearch.retrieval import lexical
from tipsearch.settings import DEFAULT_MODEL, Settings
from tipsearch.types import Answer, Citation, Hit, Kind, Phrase, Profile, Reason, Span

_WELCOME = (
    "Ask about the people and organisations in the profiles: who, when, where; for a list, a "
    "count, a comparison, a timeline or a portrait."
)
_NOT_SAID = "The profiles do not say, or not in words close to the question."
_BEYOND = "That sets a condition that cannot be listed for certain; ask without it."
_UNKNOWN_NOUN = (
    "{} cannot be listed for certain; people, organisations, countries, years and titles can."
)
_NOT_COMPARED = "The profiles do not give both sides of that comparison in comparable words."
_ABOUT_ITSELF = {
    Kind.SMALL_TALK: _WELCOME,
    Kind.META: (
        "tipsearch answers from the profiles of people honoured for fighting human trafficking, "
        "word for word and with the source. Ask who, when, where, how many; for lists, counts, "
        "comparisons, timelines and portraits."
    ),
    Kind.EMPTY: f"There is no question in that. {_WELCOME}",
}
_OF_PLACES = frozenset({Kind.LIST, Kind.COUNT, Kind.TIMELINE})
_DATE_CONFIDENCE = 0.6  # confidence of a date that is compared
_SUPPORTS = 0.5  # cosine of a phrased sentence to its source
_CLOSE_NAME = 0.8  # similarity of difflib, in [0, 1]: one letter off in a name of five or more


class Assistant:
    """Answers from an index with the words of its profiles, or says that they do not answer."""

    def __init__(
        self, index: Index, reader: Reader, generator: GeneratorSettings | None = None
    ) -> None:
        self.index = index
        self._reader = reader
        self._generator = Generator(generator, self._supports) if generator else None
        self._names: tuple[str, Directory] | None = None

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
        opened = Index.open(index, settings=settings)
        reader = SpanReader.open(settings, opened.snapshot.encoder)
        return cls(opened, reader, GeneratorSettings.from_environment())

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
        kind: Kind | None = None,
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
            Least confidence, in [0, 1], of a fact that is given; ``settings.answer_threshold``
            by default. What it does is in `Assistant.curve`.
        kind : Kind, optional
            What is asked for, where it is known; told from the question by default.

        Returns
        -------
        Answer
            With its citations; or with ``text`` None, the reason, and the closest passages.

        Raises
        ------
        QueryError
            If the question is empty or too long, k is below 1, a field is unknown, or the threshold
            is out of its range.
        """
        snapshot = self.index.snapshot
        settings = snapshot.settings
        question = clean_query(question, settings.question_chars)
        k = settings.k if k is None else k
        threshold = settings.answer_threshold if threshold is None else threshold
        if not 0 <= threshold <= 1:
            raise QueryError(f"the threshold is {threshold}", "use a number from 0 to 1")
        asked = Asked(
            question, snapshot, self._directory(snapshot), k, filters, threshold, self._reader
        )
        kind = kind or asked.kind
        if kind in _ABOUT_ITSELF:
            return refused(question, kind, Reason.OFF_TOPIC, _ABOUT_ITSELF[kind])
        if problem := self._name_problem(asked, kind):
            return problem
        found = _compared_after_all(asked, kind)
        if not found and kind in _BY_RULE:
            found = _BY_RULE[kind](asked)
        return found or self._fact(asked, kind)

    @property
    def phrases(self) -> bool:
        """Whether a language model is set up; see docs/generator.md."""
        return self._generator is not None

    def phrase(self, answer: Answer) -> Answer:
        """Have an answer phrased by the language model that is set up, if one is.

        What it says is checked sentence by sentence; the quotes stand whatever becomes of it, and
        ``notice`` says what did.
        """
        return list(self.phrasing(answer))[-1]

    def phrasing(self, answer: Answer) -> Iterator[Answer]:
        """Yield an answer as it is, then again with each further sentence that passed."""
        yield answer
        if self._generator is None or answer.text is None:
            return
        dropped = 0
        notice = ""
        try:
            for said in self._generator.stream(answer, self.index.snapshot.profile):
                if isinstance(said, Phrase):
                    answer = replace(answer, phrased=(*answer.phrased, said))
                    yield answer
                else:
                    dropped += 1
        except BackendError as error:
            notice = f"{error.message}; the quotes stand"
        if dropped and not notice:
            notice = f"{dropped} of the language model's sentences did not pass the checks"
        if notice:
            yield replace(answer, notice=notice)

    def _supports(self, source: str, sentence: str) -> bool:
        """Whether a sentence means about what its source does."""
        one, other = self.index.snapshot.encoder.encode([source, sentence])
        return float(one @ other) >= _SUPPORTS

    @property
    def directory(self) -> Directory:
        """Every name of the index's people and bodies."""
        return self._directory(self.index.snapshot)

    def kind_of(self, question: str) -> Kind:
        """Tell what a question asks for."""
        return told_kind(question, self.index.snapshot)

    def kind_of_follow_up(self, typed: str, whole: str) -> Kind | None:
        """Tell what a follow-up asks for: a fact, unless the whole question plainly asks for more.

        "How many people belong to it?" names its subject only by a pronoun; no list is meant.
        """
        kind = self.kind_of(whole)
        if kind in {Kind.FACT, Kind.YES_NO, Kind.OVERVIEW, Kind.TIMELINE}:
            return None
        names_heroes = re.search(
            r"\bhero(?:es)?\b|\bhonou?rees?\b|\bprofiles?\b", typed, re.IGNORECASE
        )
        if names_heroes or not self.directory.find(whole):
            return None
        return Kind.FACT

    def date_of(self, question: str, cited: Citation, before: str) -> Answer | None:
        """Answer when something was, with the only date of the sentence that was cited for it."""
        profile = self.index.profile(cited.profile_id)
        if profile is None:
            return None
        told = [d for d in dates.find(profile.text) if cited.start <= d.start < cited.end]
        whole = [
            d
            for d in told
            if not any(
                d is not o and d.value == o.value[: len(d.value)] and len(o.value) > len(d.value)
                for o in told
            )
        ]
        if len({date.value for date in whole}) != 1:
            return None
        date = whole[0]
        span = Span(profile.id, date.start, date.end, 1.0, cited.start, cited.end)
        text = profile.text[date.start : date.end]
        understood = f"{question.rstrip(' ?')}, as to: {before}"
        return Answer(understood, text, str(Kind.FACT), RULED, (cite(profile, span),))

    def _directory(self, snapshot: Snapshot) -> Directory:
        """Return the names of a snapshot, collected once."""
        if self._names is None or self._names[0] != snapshot.name:
            self._names = (snapshot.name, Directory.of(snapshot))
        return self._names[1]

    def _name_problem(self, asked: Asked, kind: Kind) -> Answer | None:
        """Refuse a name that no profile holds; ask which one, if it fits two people."""
        if (unknown := asked.unknown_names) and not (
            kind in _OF_PLACES and asked.only_places(unknown)
        ):
            detail = _unknown(unknown, asked.snapshot)
            return refused(asked.question, kind, Reason.UNKNOWN_NAME, detail, asked.hits)
        for subject in asked.subjects:
            people = [name.full for name in subject.names if name.person]
            if len(people) > 1 and not asked.is_settled(subject):
                typed = asked.question[subject.start : subject.end]
                detail = f"“{typed}” may be {' or '.join(people)}. Which one is meant?"
                return refused(
                    asked.question, kind, Reason.AMBIGUOUS, detail, choices=people
                )  # fmt: skip
        return None

    def _fact(self, asked: Asked, kind: Kind) -> Answer:
        """Answer with words that the reader marks, or say that there are none."""
        snapshot, question = asked.snapshot, asked.question
        kind = kind if kind in {Kind.FACT, Kind.YES_NO} else Kind.FACT
        names = asked.names or asked.described_person
        if found := lookups.date_of(question, names, snapshot, asked.described.roles):
            return _answer(question, kind, asked.hits, [replace(found, score=RULED)], snapshot)
        spans = asked.read()
        hits = with_reader_scores(asked.hits, spans)
        likely = [span for span in spans if span.score >= asked.threshold]
        if people := asked.either_of(next(iter(likely), None)):
            detail = f"{_either(people)} may be meant. Which one?"
            return refused(question, kind, Reason.AMBIGUOUS, detail, choices=people)
        if likely:
            return _answer(question, kind, hits, likely, snapshot)
        closest = max((hit.scores.dense for hit in hits), default=0.0)
        if closest < snapshot.settings.on_topic_cosine:
            detail = f"The profiles do not say. {_WELCOME}"
            return refused(question, kind, Reason.OFF_TOPIC, detail, hits)
        return refused(question, kind, Reason.NOT_SAID, _NOT_SAID, hits)


def _either(people: Sequence[str]) -> str:
    """Return names with "or" before the last."""
    return f"{', '.join(people[:-1])} or {people[-1]}"


_HEROES = re.compile(
    r"\b(?:hero(?:ine)?e?s|honou?rees|profiles|recipients|winners)\b", re.IGNORECASE
)


_WHO = re.compile(r"\W*(?:who|(?:in )?(?:which|what)|name|list|countr|years)\b", re.IGNORECASE)


def told_kind(question: str, snapshot: Snapshot) -> Kind:
    """Tell what a question asks for, from its words and its embedding."""
    encoder = snapshot.encoder
    known = encoder.info.model == DEFAULT_MODEL
    return kinds.kind(question, encoder.encode([question])[0] if known else None)


class Asked:
    """One question with all that is worked out about it, each thing when it is first needed."""

    def __init__(
        self,
        question: str,
        snapshot: Snapshot,
        directory: Directory,
        k: int,
        filters: Mapping[str, FilterValue] | None,
        threshold: float,
        reader: Reader,
    ) -> None:
        self._reader = reader
        self.snapshot = snapshot
        self.directory = directory
        self.threshold = threshold
        self._k = k
        self._filters = filters
        self.found = snapshot.search(
            question, k if k < 1 else max(k, snapshot.settings.candidates), filters
        )
        self.hits = self.found[:k]
        self.subjects = directory.find(question)
        for subject in reversed(self.subjects):
            if subject.corrected:
                question = (
                    f"{question[: subject.start]}{subject.corrected}{question[subject.end :]}"
                )
        if any(subject.corrected for subject in self.subjects):
            self.subjects = directory.find(question)
        self.question = question

    @cached_property
    def kind(self) -> Kind:
        """What is asked for."""
        told = told_kind(self.question, self.snapshot)
        if told is not Kind.COUNT and not self.subjects and _WHO.match(self.question):
            asked = self.criteria
            told_of_one = asked.words or asked.roles or asked.places  # "the first from Peru"
            if asked.shared or (asked.order and not told_of_one):
                return Kind.LIST
        if told not in {Kind.LIST, Kind.COUNT} or _HEROES.search(self.question):
            return told
        counted = told is Kind.COUNT and criteria.unknown_noun(self.question)
        return Kind.FACT if self.subjects or counted else told

    @cached_property
    def criteria(self) -> Criteria:
        """What a list or a count asks for."""
        store = self.snapshot.store
        return criteria.parse(self.question, store.field_values("focus"), lexical.words)

    @cached_property
    def described(self) -> Criteria:
        """Whom a question describes: each role it mentions counts, not only who is asked for."""
        return criteria.describing(self.question, lexical.words)

    @property
    def described_person(self) -> list[Name]:
        """Whom the question describes without a name, if that is one person only."""
        profile = listing.described(self.described, self.snapshot)
        people = facts.people(profile) if profile and self.is_allowed(profile.id) else []
        found = self.directory.find(people[0]) if len(people) == 1 else []
        return [name for subject in found for name in subject.names if len(subject.names) == 1]

    def either_of(self, best: Span | None) -> list[str]:
        """Return the people whom "the judge" may mean, if the answer depends on who is meant.

        That is so where two who fit have an answer each, and the answers differ. A deed that only
        one of them did tells who is meant.
        """
        if self.names or not questions.describes_one(self.question, self.described.roles):
            return []
        fitting = {p.id: p for p in listing.may_be_meant(self.described, self.snapshot)}
        spans = [span for held in fitting.values() if (span := self._looked_up(held))]
        if best and best.profile_id in fitting:
            theirs = [hit for hit in self.found if hit.passage.profile_id in fitting]
            read = self._checked(theirs[: self.snapshot.settings.reader_passages])
            spans += [best, *(span for span in read if span.score >= self.threshold)]
        told: dict[str, str] = {}
        for span in spans:
            held = fitting[span.profile_id]
            told.setdefault(held.title, fold(held.text[span.start : span.end]))
        return list(told) if len(set(told.values())) > 1 else []

    def _looked_up(self, profile: Profile) -> Span | None:
        """Return the date that needs no reader, if the question is about this profile's person."""
        names = [n for n in self.directory.names if n.person and n.profile_id == profile.id][:1]
        return lookups.date_of(self.question, names, self.snapshot, self.described.roles)

    @cached_property
    def allowed(self) -> frozenset[str] | None:
        """The profiles that the filters leave; None if there is no filter."""
        return self.snapshot.profile_ids_where(self._filters) if self._filters else None

    def is_allowed(self, profile_id: str) -> bool:
        """Whether the filters leave a profile."""
        return self.allowed is None or profile_id in self.allowed

    @property
    def names(self) -> list[Name]:
        """Whom and what the question names."""
        named = [name for subject in self.subjects for name in subject.names]
        return [name for name in named if self.is_allowed(name.profile_id)]

    def is_settled(self, doubtful: Subject) -> bool:
        """Whether another name of the question fits just one of those a name may mean."""
        others = [s.profile_ids for s in self.subjects if s is not doubtful and len(s.names) == 1]
        return any(len(ids & doubtful.profile_ids) == 1 for ids in others)

    @cached_property
    def _written(self) -> dict[str, list[str]]:
        """Each name that is typed with capitals, and its words as the profiles write them."""
        typed = questions.names(self.question)
        return {name: _as_written(name, self.snapshot) for name in typed}

    def only_places(self, typed: Sequence[str]) -> bool:
        """Whether these names are all of places: nobody may be from there, which is an answer."""
        return all(
            {
                word
                for place in places.find(name, any_case=True)
                for word in name[place.start : place.end].split()
            }
            >= set(name.split())
            for name in typed
        )

    @property
    def unknown_names(self) -> list[str]:
        """The names that no profile holds."""
        return [name for name, words in self._written.items() if not all(words)]

    @property
    def to_read(self) -> list[Hit]:
        """The best passages of profiles that carry every name of the question.

        Of those, the profiles of whom it names, or that fit whom it describes.
        """
        written = list(chain.from_iterable(self._written.values()))
        read = _about(written, self.found, self.snapshot)
        if own := {name.profile_id for name in self.names}:
            closest = [hit for hit in self.found if hit.passage.profile_id in own]
            return _about(written, closest, self.snapshot) or read
        fitting = {profile.id for profile in listing.fitting(self.described, self.snapshot)}
        return [h for h in self.found if h.passage.profile_id in fitting][
            : self.snapshot.settings.reader_passages
        ] or read

    def read(self) -> list[Span]:
        """Return what the reader marks and nothing rules out, best first."""
        return self._checked(self.to_read)

    def _checked(self, hits: Sequence[Hit]) -> list[Span]:
        read = self._reader.read(self.question, hits)
        return self.of_the_right_year(self.of_the_right_person(self.of_the_sort(read)))

    def date_of(self, question: str) -> comparing.Value | None:
        """Read when something was: the date that is marked, or the only one of its sentence."""
        asked = Asked(
            question,
            self.snapshot,
            self.directory,
            self._k,
            self._filters,
            self.threshold,
            self._reader,
        )
        span = next(iter(asked.read()), None)
        profile = self.snapshot.profile(span.profile_id) if span else None
        if span is None or profile is None or span.score < _DATE_CONFIDENCE:
            return None
        told = [d for d in dates.find(profile.text) if span.start <= d.start < span.end]
        if len({date.value for date in told}) != 1 or told[0].told_by:
            return None
        start, end = span.context_start, span.context_end
        return comparing.Value(told[0].value, written(told[0].value), profile, start, end)

    def of_the_sort(self, spans: Sequence[Span]) -> list[Span]:
        """Keep what can answer at all: a year where a year is asked for."""
        kept = []
        for span in spans:
            profile = self.snapshot.profile(span.profile_id)
            said = profile.text[span.start : span.end] if profile else ""
            if questions.is_of_the_sort_asked(self.question, said):
                kept.append(span)
        return kept

    def of_the_right_person(self, spans: Sequence[Span]) -> list[Span]:
        """Keep what is said of the person named: in the own profile, or in a sentence naming them.

        Another profile may mention somebody; its other sentences are about somebody else.
        """
        people = [name for name in self.names if name.person]
        own = {name.profile_id for name in people}
        lasts = {name.full.split()[-1] for name in people}
        if not people:
            return list(spans)
        kept = []
        for span in spans:
            profile = self.snapshot.profile(span.profile_id)
            said = profile.text[span.context_start : span.context_end] if profile else ""
            if span.profile_id in own or any(last in said for last in lasts):
                kept.append(span)
        return kept

    def of_the_right_year(self, spans: Sequence[Span]) -> list[Span]:
        """Drop what is dated otherwise than the question says: "Which NGO did he start in 2007?".

        A sentence that gives years, told or counted, must give the question's; one without any must
        follow one that does within two sentences.
        """
        years = set(re.findall(r"\b(?:1[89]|20)\d\d\b(?!s)", self.question))
        return [span for span in spans if not years or years & self._years_of(span)]

    def _years_of(self, span: Span) -> set[str]:
        """Return the years a span's sentence gives; those just before it, if it gives none."""
        profile = self.snapshot.profile(span.profile_id)
        if profile is None:
            return set()
        told = self.snapshot.store.evidence("date", span.profile_id)
        before = [start for start, end in sentences(profile.text) if end <= span.context_start]
        since = before[-_FOLLOWS:][0] if before else 0
        own = {e.value[:4] for e in told if span.context_start <= e.start < span.context_end}
        own |= set(
            re.findall(r"\b(?:1[89]|20)\d\d\b", profile.text[span.context_start : span.context_end])
        )
        return own or {e.value[:4] for e in told if since <= e.start < span.context_start}


_FOLLOWS = 2  # sentences back to the one that dates what follows it


def _list(asked: Asked) -> Answer | None:
    return _listed(asked, Kind.LIST)


def _count(asked: Asked) -> Answer | None:
    return _listed(asked, Kind.COUNT)


def _listed(asked: Asked, kind: Kind) -> Answer:
    if criteria.asks_beyond(asked.question):
        return refused(asked.question, kind, Reason.NOT_SAID, _BEYOND, asked.hits)
    if noun := criteria.unknown_noun(asked.question):
        detail = _UNKNOWN_NOUN.format(noun)
        return refused(asked.question, kind, Reason.NOT_SAID, detail, asked.hits)
    items = [
        item
        for item in listing.find(asked.criteria, asked.snapshot)
        if asked.is_allowed(item.profile.id)
    ]
    among = len(asked.snapshot.profiles()) if asked.allowed is None else len(asked.allowed)
    if answer := listed(asked.question, kind, asked.criteria, items, among):
        return answer
    possibly = tuple(item.name for item in items)
    told = described(asked.criteria)
    detail = f"No profile says so. Looked for: {told}, in {among} profiles."
    if possibly:
        detail += f" Possibly {', '.join(possibly)}, but no one sentence says it all."
    return refused(asked.question, kind, Reason.NOT_SAID, detail, asked.hits, told)


def _compared_after_all(asked: Asked, kind: Kind) -> Answer | None:
    """Compare what was not taken for a comparison, if its words compare and both sides are told."""
    as_fact = kind in {Kind.FACT, Kind.YES_NO} and comparing.is_likely(asked.question)
    as_list = kind in {Kind.LIST, Kind.COUNT} and comparing.is_of_counts(asked.question)
    if not (as_fact or as_list):
        return None
    answer = _comparison(asked)
    return answer if answer.text else None


def _comparison(asked: Asked) -> Answer:
    found = comparing.compare(asked.question, asked.snapshot, asked.directory, asked.date_of)
    if found and all(asked.is_allowed(value.profile.id) for _, value in found.sides):
        return compared(asked.question, found)
    return refused(asked.question, Kind.COMPARISON, Reason.NOT_SAID, _NOT_COMPARED, asked.hits)


def _timeline(asked: Asked) -> Answer | None:
    names = asked.names
    countries = frozenset().union(*(place.countries for place in asked.criteria.places))
    years = asked.criteria.years
    if not (names or countries or years):
        return None
    found = [
        event
        for event in timeline.events(
            asked.snapshot, names, frozenset() if names else countries, years
        )
        if asked.is_allowed(event.profile.id)
    ]
    if found:
        return dated(asked.question, _subject(asked), found)
    detail = f"The profiles date nothing{_subject(asked)}."
    return refused(asked.question, Kind.TIMELINE, Reason.NOT_SAID, detail, asked.hits)


def _overview(asked: Asked) -> Answer | None:
    countries = frozenset().union(*(place.countries for place in asked.criteria.places))
    closest = max((hit.scores.dense for hit in asked.hits), default=0.0)
    if not asked.names and closest < asked.snapshot.settings.overview_cosine:
        return None
    quotes = [
        quote
        for quote in overview.quotes(
            asked.snapshot, asked.names, frozenset() if asked.names else countries, asked.hits
        )
        if asked.is_allowed(quote.profile.id)
    ]
    return summarised(asked.question, _subject(asked), quotes) if quotes else None


def _subject(asked: Asked) -> str:
    """Say what an overview or a timeline is about."""
    named = list(dict.fromkeys(name.full for name in asked.names))
    about = named or [place.name for place in asked.criteria.places]
    years = asked.criteria.years
    told = f" of {' and '.join(about)}" if about else ""
    return f"{told} {span_of(years)}" if years else told


_BY_RULE: Mapping[Kind, Callable[[Asked], Answer | None]] = {
    Kind.LIST: _list,
    Kind.COUNT: _count,
    Kind.COMPARISON: _comparison,
    Kind.TIMELINE: _timeline,
    Kind.OVERVIEW: _overview,
}


def _as_written(name: str, snapshot: Snapshot) -> list[str]:
    """Return each word of a name as the profiles write it, or "" if none holds it.

    A country may be written otherwise: "US" as "United States", "Brazilian" as "Brazil".
    """
    return [
        next((form for form in _written_ways(word) if snapshot.knows(form)), "")
        for word in name.split()
    ]


def _written_ways(word: str) -> Iterator[str]:
    yield from questions.spellings(word)
    for place in places.find(word):
        yield from sorted(place.countries)


def _about(names: Iterable[str], hits: Sequence[Hit], snapshot: Snapshot) -> list[Hit]:
    """Keep the best passages of profiles that carry every name: no deed goes to somebody else."""
    wanted = set(lexical.words(" ".join(names)))
    kept = (hit for hit in hits if wanted <= snapshot.words_of(hit.passage.profile_id))
    return list(islice(kept, snapshot.settings.reader_passages))


def _answer(
    question: str, kind: Kind, hits: Sequence[Hit], spans: Sequence[Span], snapshot: Snapshot
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
    return Answer(question, text, str(kind), spans[0].score, tuple(same), hits=tuple(hits))


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
