"""Comparisons: two things that a question names, held against each other by date, number or place.

Each side's value is a field or a dated or counted sentence of its own profile; both are cited. What
is not found for both sides is not compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from tipsearch.answering import criteria, listing, questions, vocabulary
from tipsearch.answering.about import About, Sentence
from tipsearch.answering.subjects import Directory, Name
from tipsearch.answering.timeline import written
from tipsearch.answering.vocabulary import Stems
from tipsearch.corpus import facts, places
from tipsearch.corpus.profiles import fold
from tipsearch.index import Snapshot
from tipsearch.retrieval import lexical
from tipsearch.types import Evidence, Profile


@dataclass(frozen=True, slots=True)
class Value:
    """What one side has: a date, a country or a number, and the sentence that says so."""

    key: str | float
    shown: str
    profile: Profile
    start: int
    end: int

    @property
    def year(self) -> int:
        """The year of a date."""
        return int(str(self.key)[:4])


@dataclass(frozen=True, slots=True)
class Side:
    """One of the things compared.

    Attributes
    ----------
    label : str
        How it is called.
    names : tuple of Name
        Its name, if it has one.
    profiles : tuple of About
        Where its value may stand.
    words : str
        The part of the question that is about this side alone.
    """

    label: str
    names: tuple[Name, ...]
    profiles: tuple[About, ...]
    words: str

    @property
    def is_body(self) -> bool:
        """Whether it is named, and no person."""
        return bool(self.names) and not self.names[0].person


@dataclass(frozen=True, slots=True)
class Comparison:
    """The verdict, what was compared by, and both sides with their values."""

    text: str
    by: str
    sides: tuple[tuple[Side, Value], ...]


DateOf = Callable[[str], Value | None]
"""Reads the answer to a question that asks when something was."""


def compare(
    question: str, snapshot: Snapshot, directory: Directory, date_of: DateOf | None = None
) -> Comparison | None:
    """Compare what a question names, or return None if two sides or their values are not found.

    ``date_of`` reads the date of what is told by neither a field nor a sentence with its words.

    The verdict is the side that a question asks for ("first", "more"), "Yes" or "No", "Before" or
    "After", or how many years lie between. Where a side is asked for and both are equal it says so;
    "was A before B" is "No" then. Dates that are known less exactly than is asked are not compared.
    """
    stems = lexical.words
    if _is_beyond(question):
        return None
    return (
        _counts(question, snapshot, stems)
        or _two_events(question, snapshot, directory, stems)
        or _two_sides(question, snapshot, directory, stems)
        or (_by_reading(question, date_of) if date_of else None)
    )


def _two_sides(
    question: str, snapshot: Snapshot, directory: Directory, stems: Stems
) -> Comparison | None:
    """Compare two people, bodies or countries, or two things of one of them."""
    sides = _sides(question, snapshot, directory)
    ids = [about.profile.id for side in sides for about in side.profiles]
    two_bodies = len(sides) > 1 and all(side.is_body for side in sides)
    if len(set(ids)) < 2 and not two_bodies and (within := _within_one(question, sides, stems)):
        return within
    if len(sides) < 2 or (len(set(ids)) < 2 and not two_bodies):
        return None
    for by, read in _ways(question, sides, stems):
        held = [(side, value) for side in sides if (value := read(side))]
        if len(held) == len(sides):
            verdict = _verdict(fold(question), held)
            return Comparison(verdict, by, tuple(held)) if verdict else None
    return None


def is_likely(question: str) -> bool:
    """Whether a question's words compare: "the same day", a gap, one thing "vs" another.

    Examples
    --------
    >>> is_likely("award gap Misiniene Biaudet"), is_likely("When was Biaudet born?")
    (True, False)
    """
    plain = fold(question)
    return any(p.search(plain) for p in (_SAME, _GAP, _VERSUS)) or is_of_counts(question)


def is_of_counts(question: str) -> bool:
    """Whether a question asks where there are more: "more women or men?"."""
    found = _COUNTED.search(question)
    return bool(found and (found["ones"] or re.search(r" (?:or|than) ", found["halves"])))


def _is_beyond(question: str) -> bool:
    """Whether a question compares by what cannot be told: the same giver, a year of its own."""
    plain = fold(question)
    same = _SAME.search(plain)
    of_what = re.search(r"\bsame\b", plain) and not same
    year = same and re.search(r"\b(?:19|20)\d\d\b", plain)
    return bool(of_what or year)


# ------------------------------------------------------------------------- what a question asks

HONOURED = re.compile(
    r"\b(?:honou?red?|award\w*|hero(?:es)?|recogni[sz]\w*|tip|prize|accolade|named|chosen)\b"
)
FOUNDED = re.compile(
    r"\b(?:found(?:ed|ing)?|foundation|set up|start(?:ed)?|establish\w*|creat\w+|launch\w*|"
    r"form(?:ed)?|older|oldest|younger|youngest|newer|newest|exist\w*|go(?:es)? back|beginning|"
    r"came into being|around|began|begun)\b"
)
_PLAINLY_FOUNDED = re.compile(r"\bfound(?:ed|ing|ation)?\b|\bset up|\bestablish")
_BORN = re.compile(r"\b(?:born|birth)\b")
_AGE = re.compile(r"\b(?:age|older|younger)\b")
_LATER = re.compile(
    r"\b(?:later|last|latest|after|younger|youngest|newer|newest|(?:most|more) recent\w*)\b"
)
_EARLIER = re.compile(r"\b(?:first|earlier|earliest|before|older|oldest|sooner|ahead)\b")
_MORE = re.compile(
    r"\b(?:more(?! recent)|most(?! recent)|bigger|biggest|larger|largest|longer|longest|higher|"
    r"highest|greater|further|farther)\b"
)
_AS = re.compile(r"\bas (?:many|much|large|big|long|high) as\b")
_LESS = re.compile(r"\b(?:fewer|fewest|less|least|smaller|smallest|shorter|shortest|lower)\b")
_SAME = re.compile(
    r"\bsame (?:\w+ ){0,2}?(?P<what>year|age|country|day|date|place|time|month|ceremony|region|"
    r"continent)\b|\bboth\b"
)
_VERSUS = re.compile(r"\b(?:vs|versus)\b")
_OR_NOT = re.compile(r"\bor\b.*\bdifferent\b|\bdifferent\b.*\bor\b")
_PLACE = frozenset({"country", "place", "region", "continent"})
_DATE_CHARS = {"day": 10, "date": 10, "ceremony": 10, "month": 7}  # of an ISO date; else the year
_YES_NO = re.compile(r"(?:and |so |but )?(?:is|are|was|were|do|does|did|has|have|had|can|could)\b")
_GAP = re.compile(
    r"\bgap\b|\bhow long (?:after|before)\b|"
    r"\bhow (?:many|much|long)\b.*\b(?:years?|months?|time|"
    r"apart|earlier|later|older|younger|sooner|between)\b|"
    r"\b(?:gap|difference|years) (?:in \w+ )?between\b|\bapart\b|\bby how (?:much|many)\b"
)
_ORDER = re.compile(
    r"^(.+?)\b(?:before or after|after or before|(?:earlier|sooner) or later than)\b(.+)$"
    r"|^(.+?)\bbefore (.+?) or after (?:him|her|it|that|them|this)\b.*$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    r"\b(?:from|between|separate|after)\b(.+?)\b(?:until|till|to the|to when|and|did|was|were|"
    r"before)\b(.+)$",
    re.IGNORECASE,
)
NAMED_PRIZE = re.compile(
    r"\b(?!TIP |Hero |Report |Whose |Which |What |The |His |Her )[A-Z][\w’'-]+(?<!['’]s) "
    r"(?:[\w’'-]+(?<!['’]s) )?"
    r"(?:[Aa]ward|[Pp]rize|[Mm]edal|Order|Honour|Shri)\b"
)
_OR = re.compile(
    r"^(?P<one>[^:]+?),? or (?P<other>[^:]+?) ?[:,–-]\s*(?:who|which|what|whose)\b.*$"
    r"|^.*(?:[:,–-]\s*|\b(?:first|earlier|later|older|sooner|longer|more|last)\b,?\s+)"
    r"(?P<first>.+?),? or (?P<second>.+?)\??$",
    re.IGNORECASE,
)
_COMPARING = re.compile(
    r"first|last|earlier|later|older|sooner|before|after|more|most|bigger|biggest|larg\w+|fewer|"
    r"less|year\w*|many|long\w*|same|gap|between|apart|happen\w*|when|way|round|two|younger|newer|"
    r"compare|difference|date|time|which|who|small\w*|each"
)
"""Words that say how to compare, and nothing of what."""
_AND = re.compile(
    r"^(?:\w+ ){0,3}?(?:was|were|are|is|did|do|does|of) "
    r"(?P<one>.+?) (?:and|as|with) (?P<other>.+?)\??$",
    re.IGNORECASE,
)
"""Two sides that are said to share something: "Was the judge honoured on the same day as ...?"."""
_TWO_OF_ONE_PLACE = re.compile(r"\b(?:two|both|their|its)\b")
_COUNTED = re.compile(
    r"\b(?:more|fewer) (?:of the )?(?:heroes|honou?rees|people|profiles|winners)\b(?P<halves>.+)$"
    r"|\b(?:more|fewer) (?P<ones>(?:wo)?men|(?:fe)?males) (?:or|than) "
    r"(?P<others>(?:wo)?men|(?:fe)?males)\b",
    re.IGNORECASE,
)
_BODY = re.compile(r"\b(?:organi[sz]ation|group|union|ngo|body|centre|association)\b")


# ------------------------------------------------------------------------- the two sides


def _sides(question: str, snapshot: Snapshot, directory: Directory) -> list[Side]:
    """Find what is compared: people or bodies by name, else countries, else described ones."""
    subjects = [subject for subject in directory.find(question) if len(subject.names) == 1]
    ends = [0, *(subject.end for subject in subjects)]
    starts = [*(subject.start for subject in subjects), len(question)]
    found: dict[tuple[str, str], Side] = {}
    for number, subject in enumerate(subjects):
        words = question[ends[number] : starts[number + 1]]
        side = _side(subject.names[0], words, snapshot)
        found.setdefault((side.label, subject.names[0].profile_id), side)
    people = [side for side in found.values() if not side.is_body]
    named = people if len(people) > 1 else list(found.values())
    if len(named) > 1:
        return named
    described = _described(question, snapshot, named)
    countries = places.find(question, any_case=True)
    told = criteria.describing(question, lexical.words)
    somebody = told.roles and not re.search(r"\b(?:countr|nation)", question, re.IGNORECASE)
    if not named and len(countries) == 1 and _TWO_OF_ONE_PLACE.search(fold(question)):
        return _two_of(countries[0], snapshot)
    if len(described) < 2 and len(countries) > 1 and not named and not somebody:
        return [_country_side(place, question, snapshot) for place in countries]
    return described


def _side(name: Name, words: str, snapshot: Snapshot) -> Side:
    profile = snapshot.profile(name.profile_id)
    return Side(name.full, (name,), (About(profile, snapshot),) if profile else (), words)


def _found_side(label: str, about: About, words: str, *, person: bool) -> Side:
    """Make a side of somebody, or a body, that the question describes and does not name."""
    name = Name(tuple(fold(label).split()), label, about.profile.id, person=person)
    return Side(label, (name,), (about,), words)


def _country_side(place: places.Place, question: str, snapshot: Snapshot) -> Side:
    """Make a side of a country: all profiles active there, and its half of the question."""
    said = snapshot.store.evidence("active_in")
    ids = dict.fromkeys(e.profile_id for e in said if e.value in place.countries)
    held = [profile for id_ in ids if (profile := snapshot.profile(id_))]
    cuts = [match.span() for match in re.finditer(r"\b(?:or|and)\b", question)]
    start = max((end for _, end in cuts if end <= place.start), default=0)
    end = min((first for first, _ in cuts if first >= place.end), default=len(question))
    about = tuple(About(profile, snapshot) for profile in held)
    return Side(place.name, (), about, question[start:end])


def _two_of(place: places.Place, snapshot: Snapshot) -> list[Side]:
    """Make sides of the two people of a place; none, if they are more or fewer."""
    whole = _country_side(place, place.name, snapshot)
    people = [(name, about) for about in whole.profiles for name in about.people]
    if len(people) != len(whole.profiles) or len(people) != 2:
        return []
    return [_found_side(name, about, "", person=True) for name, about in people]


def _counts(question: str, snapshot: Snapshot, stems: Stems) -> Comparison | None:
    """Compare how many there are: "more heroes in 2010 or in 2011?", "more women or men?"."""
    found = _COUNTED.search(question)
    if found is None:
        return None
    told = [found["ones"], found["others"]]
    if not found["ones"]:
        told = re.split(r" (?:or|than) ", found["halves"].strip(" ?"))
    held: list[tuple[Side, Value]] = []
    for half in told:
        asked = criteria.parse(f"Which heroes {half}?", (), stems)
        narrow = asked.places or asked.years or asked.gender
        items = listing.find(asked, snapshot) if narrow and not asked.words else []
        certain = [item for item in items if item.certain]
        if not certain:
            return None
        label = re.sub(r"^(?:are |were )?(?:there )?(?:in|for|of|from|to|at) ", "", half.strip())
        first = certain[0]
        value = Value(len(certain), str(len(certain)), first.profile, first.start, first.end)
        held.append((Side(label, (), (), half), value))
    if len(held) != 2:
        return None
    verdict = _verdict(fold(question), held)
    return Comparison(verdict, "number", tuple(held)) if verdict else None


def _described(question: str, snapshot: Snapshot, known: list[Side]) -> list[Side]:
    """Find sides that are described and not named: the profile closest to each half of an "or"."""
    found: list[Side] = []
    roles = criteria.describing(question, lexical.words).roles
    for half in _halves(question):
        words = fold(half).split()
        named = [side for side in known if any(w in words for n in side.names for w in n.words)]
        profile = None if named else _profile_of(half, snapshot, roles)
        if profile:
            about = About(profile, snapshot)
            bodies = [facts.short_name(said.value) for said in about.of("organization")]
            as_body = bodies and (FOUNDED.search(fold(question)) or _BODY.search(fold(half)))
            label = bodies[0] if as_body else facts.people(profile)[0]
            named = [_found_side(label, about, half, person=not as_body)]
        found += named[:1]
    return found if len({side.label for side in found}) > 1 else known


def _halves(question: str) -> list[str]:
    """Return what stands on either side of an "or", or shares something; empty if nothing does."""
    found = _OR.match(question) or (_AND.match(question) if _SAME.search(fold(question)) else None)
    return [half for half in found.groups() if half is not None] if found else []


def _profile_of(half: str, snapshot: Snapshot, roles: criteria.Group) -> Profile | None:
    """Return whom half a question describes: by country and role, else by the closest passage.

    "The one from Nepal" has its role elsewhere in the question: ``roles``.
    """
    described = criteria.describing(half, lexical.words)
    if re.search(r"\bones?\b", half) and not described.roles:
        described = replace(described, roles=roles)
    fitting = listing.fitting(described, snapshot)
    if described.places and not described.roles and not _BODY.search(fold(half)):
        return None  # a country, not somebody
    if len(fitting) == 1:
        return fitting[0]
    known = all(snapshot.knows(name) for name in questions.names(f"is {half.strip()}"))
    if not known or not re.search(r"\w", half):
        return None
    hits = snapshot.search(half, 1)
    close = hits and hits[0].scores.dense >= snapshot.settings.overview_cosine
    return snapshot.profile(hits[0].passage.profile_id) if close else None


# ------------------------------------------------------------------------- what each side has

Read = Callable[[Side], Value | None]


def _ways(question: str, sides: Sequence[Side], stems: Stems) -> list[tuple[str, Read]]:
    """Return what to compare by, the likeliest first."""
    plain = fold(question)
    same = _SAME.search(plain)
    rest = rest_of(question, sides)
    born = ("birth", partial(_event, words="born", stems=stems))
    event: tuple[str, Read] = ("event", partial(_event, words=rest, stems=stems))
    people = any(name.person for side in sides for name in side.names)
    if same and same["what"] in _PLACE:
        return [("country", _country)]
    if any(p.search(plain) for p in (_MORE, _LESS, _AS)) and not _GAP.search(plain):
        return [("number", partial(_number, words=rest, stems=stems))]
    if _BORN.search(plain) or (_AGE.search(plain) and people):
        return [born]
    if NAMED_PRIZE.search(question):
        return [("event", lambda side: _event(side, rest_of(side.words, [side]), stems))]
    if HONOURED.search(plain) and not _PLAINLY_FOUNDED.search(plain):
        return [("award", _award)]
    named = all(side.names for side in sides)
    founding = all(side.is_body for side in sides) or (FOUNDED.search(plain) and named)
    ways = [("founding", _founding), event] if founding else [event]
    return ways if rest else [*ways, ("award", _award)]


def rest_of(question: str, sides: Sequence[Side]) -> str:
    """Return the words of a question that are about neither side nor the comparing itself."""
    text = question
    for name in (name for side in sides for name in side.names):
        for word in {*name.full.split(), *name.words}:
            text = re.sub(rf"\b{re.escape(word)}(?:['’]s)?\b", " ", text, flags=re.IGNORECASE)
    for place in reversed(places.find(text, any_case=True)):
        text = f"{text[: place.start]} {text[place.end :]}"
    said = [word for word in _content(text) if not _COMPARING.fullmatch(word)]
    return " ".join(said)


def _content(text: str) -> list[str]:
    return [word for word in vocabulary.words(fold(text)) if vocabulary.says_something(word)]


def _value(value: str, said: Evidence, about: About) -> Value:
    return Value(value, written(value), about.profile, *about.place_of(said))


def _award(side: Side) -> Value | None:
    """Return when the award was given, to the day if its sentence says so; a country's first."""
    found = []
    for about in side.profiles:
        for said in about.of("award_year"):
            told = [e.value for e in about.dated((said.start, said.end)) if said.end]
            exact = [value for value in told if value.startswith(said.value)]
            found.append(_value(max(exact, key=len, default=said.value), said, about))
    return min(found, key=lambda value: str(value.key), default=None)


def _founding(side: Side) -> Value | None:
    """Return when a body was founded; of a person, the one its profile names first."""
    for about in side.profiles:
        labels = [facts.short_name(said.value) for said in about.of("organization")]
        wanted = [name.full for name in side.names] if side.is_body else labels[:1]
        for said in about.of("founded"):
            value, _, body = said.value.partition(" ")
            if body in wanted:
                return _value(value, said, about)
    return None


def _country(side: Side) -> Value | None:
    for about in side.profiles:
        if said := about.of("active_in"):
            together = " and ".join(sorted({e.value for e in said}))
            return Value(together, together, about.profile, *about.place_of(said[0]))
    return None


_HALF = 0.5  # of the words must stand in a sentence that tells an event


def _event(side: Side, words: str, stems: Stems) -> Value | None:
    """Return the date of the sentence that holds most of the words, if it holds half of them.

    Of several dates the one that is not counted from another.
    """
    told = [
        (share, -span[0], about, span)
        for about, span, share in _shares(side, words, stems)
        if share >= _HALF and about.dated(span)
    ]
    if not told:
        return None
    _, _, about, span = max(told, key=lambda held: held[:2])
    said = min(about.dated(span), key=lambda e: (bool(e.basis), e.value))
    return _value(said.value, said, about)


_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_NUMBER = re.compile(
    rf"\b(?!(?:19|20)\d\d\b)(\d{{1,3}}(?:[, ]\d{{3}})+|\d+(?:\.\d+)?)(?! ?(?:{_MONTHS}))\b"
)


def _number(side: Side, words: str, stems: Stems) -> Value | None:
    """Return the largest number in the sentence that holds most of the words; years are none."""
    told = [
        (share, -span[0], about, span)
        for about, span, share in _shares(side, words, stems)
        if share >= _HALF and _NUMBER.search(about.text(span))
    ]
    if not told:
        return None
    _, _, about, span = max(told, key=lambda held: held[:2])
    numbers = {float(re.sub("[, ]", "", m[1])): m[1] for m in _NUMBER.finditer(about.text(span))}
    most = max(numbers)
    return Value(most, numbers[most], about.profile, *span)


def _shares(side: Side, words: str, stems: Stems) -> list[tuple[About, Sentence, float]]:
    """Return the share of the words that each sentence holds; of a country's, its own half's."""
    own = _content(side.words)
    kept = words.split() if side.names else [word for word in words.split() if word in own]
    groups = [vocabulary.synonyms(word, stems) for word in kept or words.split()]
    found = []
    for about in side.profiles:
        for span in about.sentences:
            text = about.stems(about.text(span))
            held = sum(any(f" {form} " in text for form in group) for group in groups)
            found.append((about, span, held / len(groups) if groups else 0.0))
    return found


# ------------------------------------------------------------------------- two events


def _two_events(
    question: str, snapshot: Snapshot, directory: Directory, stems: Stems
) -> Comparison | None:
    """Compare two events that a question tells apart: "did he leave before or after the award?"."""
    order = _ORDER.match(question)
    told = order or (_BETWEEN.search(question) if _GAP.search(fold(question)) else None)
    if told is None:
        return None
    halves = [half for half in told.groups() if half is not None]
    names = [
        [name for subject in directory.find(half) for name in subject.names[:1]] for half in halves
    ]
    if order and order.lastindex and order.lastindex > _ORDER_GROUPS:  # "before B or after him"
        halves[1] = halves[0]
    held: list[tuple[Side, Value]] = []
    for half, own, others in zip(halves, names, reversed(names), strict=True):
        used = (own or others)[:1]
        side = _side(used[0], half, snapshot) if used else Side("", (), (), half)
        if (value := _dated(side, half, stems)) is None:
            return None
        held.append((replace(side, label=half.strip(" ,?")), value))
    first, second = (value for _, value in held)
    if order:
        earlier = str(first.key) < str(second.key)
        return Comparison("Before" if earlier else "After", "event", tuple(held))
    return Comparison(str(abs(first.year - second.year)), "event", tuple(held))


_ORDER_GROUPS = 2  # of the first form of `_ORDER`


_IS_IT = re.compile(r"^is it (?:true|right|correct|so) that ", re.IGNORECASE)
_IN_THE_SAME = re.compile(
    r" (?:both )?(?:fall|fell|go|went|date|begin|began|start|started|happen|happened|come|came|"
    r"founded|set up|made|passed|given|take place|took place)?(?: back)?(?: in| into| to| from)?"
    r" the same year.*$",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"^(?P<one>(?:did|was|were|had|has) .+?) (?P<way>before|after) (?P<other>\S+ \S.*)$",
    re.IGNORECASE,
)
_AUXILIARY = re.compile(r"(?:did|was|were|had|has|is)\b", re.IGNORECASE)


def _by_reading(question: str, date_of: DateOf) -> Comparison | None:
    """Compare two events by dates that are read: each half of the question is asked for its own."""
    plain = fold(question)
    text = _IS_IT.sub("were ", question.strip(" ?"))
    order, before = _ORDER.match(text), _BEFORE.match(text)
    same = _SAME.search(plain)
    if same and same["what"] == "year" and (both := _AND.match(_IN_THE_SAME.sub("", text))):
        halves = [both["one"], both["other"]]
    elif order:
        halves = [half for half in order.groups() if half is not None]
    elif before:
        halves = [before["one"], before["other"]]
    elif _EARLIER.search(plain) or _LATER.search(plain):
        halves = _halves(question)
    else:
        return None
    values = [date_of(_when(half.strip(" ,?"))) for half in halves]
    held = [(Side(half.strip(" ,?"), (), (), half), value)
            for half, value in zip(halves, values, strict=True) if value]  # fmt: skip
    if len(held) != 2 or len(values) != len(held):
        return None
    first, second = (value for _, value in held)
    if (first.profile.id, first.start) == (second.profile.id, second.start) or not (
        keys := _comparable(plain, [first, second])
    ):
        return None
    if order:
        verdict = "Before" if keys[0] < keys[1] else "After" if keys[0] > keys[1] else ""
    elif before and not same:
        asked = keys[0] < keys[1] if before["way"].lower() == "before" else keys[0] > keys[1]
        verdict = "Yes" if asked else "No"
    else:
        verdict = _verdict(plain, held)
    return Comparison(verdict, "event", tuple(held)) if verdict else None


def _when(half: str) -> str:
    """Ask when something was: "did she write it" or "the march of 1998"."""
    return f"When {half}?" if _AUXILIARY.match(half) else f"When was {half}?"


def _within_one(question: str, sides: Sequence[Side], stems: Stems) -> Comparison | None:
    """Compare two things of one profile: "what came first, its shelter or its hotline?"."""
    halves = _halves(question)
    if not halves or not sides or not sides[0].profiles:
        return None
    held: list[tuple[Side, Value]] = []
    for half in halves:
        label = re.sub(r"^(?:the|a|an|its|her|his|their) ", "", half.strip(" ,?"))
        side = Side(label, sides[0].names, sides[0].profiles, half)
        value = _event(side, rest_of(half, [side]), stems)
        if value is None:
            return None
        held.append((side, value))
    verdict = _verdict(fold(question), held)
    if held[0][1].start == held[1][1].start or not verdict:
        return None
    return Comparison(verdict, "event", tuple(held))


def _dated(side: Side, half: str, stems: Stems) -> Value | None:
    """Date what half a question is about: the award, a founding, or an event in its words."""
    plain = fold(half)
    if HONOURED.search(plain) and not NAMED_PRIZE.search(half):
        return _award(side)
    if FOUNDED.search(plain):
        return _founding(side)
    return _event(side, rest_of(half, [side]), stems)


# ------------------------------------------------------------------------- the verdict


def _verdict(plain: str, held: Sequence[tuple[Side, Value]]) -> str:
    """Return the verdict, or "" if the dates are not exact enough for it."""
    keys = _comparable(plain, [value for _, value in held])
    if not keys:
        return ""
    if _GAP.search(plain) and all(str(key)[:4].isdigit() for key in keys):
        return str(abs(held[0][1].year - held[1][1].year))
    if _SAME.search(plain) or _AS.search(plain):
        return _shared(plain, keys)
    later = bool(_LATER.search(plain) and not _EARLIER.search(plain)) or bool(_MORE.search(plain))
    if _YES_NO.match(plain) and not re.search(r"\bor\b", plain):
        return "Yes" if keys[0] != keys[1] and (keys[0] > keys[1]) == later else "No"
    chosen = max(keys) if later else min(keys)
    winners = [side.label for (side, _), key in zip(held, keys, strict=True) if key == chosen]
    return winners[0] if len(winners) == 1 else f"Both: {held[0][1].shown}"


def _shared(plain: str, keys: Sequence[Any]) -> str:
    """Say whether two sides have the same, or countries in common."""
    same = _SAME.search(plain)
    if same and same["what"] in _PLACE:
        alike = bool(set(str(keys[0]).split(" and ")) & set(str(keys[1]).split(" and ")))
    else:
        alike = keys[0] == keys[1]
    if same and _OR_NOT.search(plain):
        return f"{'The same' if alike else 'A different'} {same['what'] or 'one'}"
    return "Yes" if alike else "No"


def _comparable(plain: str, values: Sequence[Value]) -> list[Any]:
    """Return what is compared: dates no finer than the coarsest, or than the question asks.

    Nothing, if the question asks for a day and one side is known by its year only, the same one.
    """
    if not all(isinstance(value.key, str) for value in values):
        return [float(value.key) for value in values]
    told = [str(value.key) for value in values]
    if not told[0][:1].isdigit():
        return told
    same = _SAME.search(plain)
    chars = _DATE_CHARS.get(same["what"] or "year", 4) if same else min(map(len, told))
    if min(map(len, told)) < chars and len({key[: min(map(len, told))] for key in told}) == 1:
        return []
    return [key[:chars] for key in told]
