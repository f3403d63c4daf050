"""Comparisons: two things that a question names, held against each other by date, number or place.

Each side's value is a field or a dated or counted sentence of its own profile; both are cited. What
is not found for both sides is not compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tipsearch.answering import criteria
from tipsearch.answering.criteria import Stems
from tipsearch.answering.listing import Facts, Sentence
from tipsearch.answering.subjects import Directory, Name
from tipsearch.answering.timeline import written
from tipsearch.corpus import facts, places
from tipsearch.corpus.profiles import fold
from tipsearch.index import Snapshot
from tipsearch.types import Evidence, Profile


@dataclass(frozen=True, slots=True)
class Value:
    """What one side has: a date, a number or a place, and the sentence that says so."""

    key: str | float
    shown: str
    profile: Profile
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Side:
    """One of the things compared: how it is called, and the profiles it may be in."""

    label: str
    names: tuple[Name, ...]
    profiles: tuple[Facts, ...]
    words: str = ""
    """The part of the question that is about this side alone."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides with their values, what they were compared by, and the verdict."""

    text: str
    by: str
    sides: tuple[tuple[Side, Value], ...]

    @property
    def told(self) -> str:
        """Both values, in words."""
        return "; ".join(f"{side.label}: {value.shown}" for side, value in self.sides)


_HONOURED = re.compile(
    r"\b(?:hono(?:u)?red?|award\w*|hero(?:es)?|recogni[sz]\w*|tip|prize|accolade)\b"
)
_FOUNDED = re.compile(
    r"\b(?:found(?:ed|ing)?|set up|start(?:ed)?|establish\w*|creat\w+|launch\w*|form(?:ed)?|older|"
    r"oldest|younger|youngest|newer|newest|exist\w*|go(?:es)? back|came into being|around|began|begun)\b"
)
_BORN = re.compile(r"\b(?:born|birth|age|older|younger)\b")
_LATER = re.compile(
    r"\b(?:later|last|latest|after|younger|youngest|newer|newest|most recent\w*|more recent\w*)\b"
)
_EARLIER = re.compile(r"\b(?:first|earlier|earliest|before|older|oldest|sooner|ahead)\b")
_MORE = re.compile(
    r"\b(?:more|most|bigger|biggest|larger|largest|longer|longest|higher|highest|greater|further|farther)\b"
)
_LESS = re.compile(
    r"\b(?:fewer|fewest|less|least|smaller|smallest|shorter|shortest|lower|lowest)\b"
)
_SAME = re.compile(
    r"\bsame (?:\w+ ){0,2}?(year|country|day|date|place|time|month|ceremony|region|continent)\b|\b(both)\b"
)
_YES_NO = re.compile(
    r"(?:and |so |but )?(?:is|are|was|were|do|does|did|has|have|had|can|could)\b(?!.*\bor (?!not\b|the other))"
)
_GAP = re.compile(
    r"\bhow (?:many|much|long)\b.*\b(?:years?|months?|time|apart|earlier|later|older|younger|sooner|between)\b"
    r"|\b(?:gap|difference|years) (?:in \w+ )?between\b|\bapart\b|\bby how (?:much|many)\b"
)


def compare(question: str, snapshot: Snapshot, directory: Directory) -> Comparison | None:
    """Compare what a question names, or return None if two sides or their values are not found.

    The verdict is the side that a question asks for ("first", "more"), "Yes" or "No", or how many
    years lie between; sides that are equal are said to be so.
    """
    plain = fold(question)
    stems = snapshot.store.lexical.words
    if two := _two_events(question, snapshot, directory, stems):
        return two
    sides = _sides(question, snapshot, directory)
    if len(sides) < 2:
        return None
    sides = sides[:2] if not re.match(r"(?:which|who)\b", plain) else sides
    for by, read in _ways(plain, question, sides, stems):
        values = [read(side) for side in sides]
        held = [(side, value) for side, value in zip(sides, values, strict=True) if value]
        if len(held) == len(sides):
            return Comparison(_verdict(plain, held), by, tuple(held))
    return None


_ORDER = re.compile(
    r"^(.+?)\b(?:before or after|after or before|(?:earlier|sooner) or later than|"
    r"(?:earlier|sooner) than or after)\b(.+)$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    r"\b(?:from|between|separate|after)\b(.+?)\b(?:until|till|to the|to when|and|did|was|were|before)\b(.+)$",
    re.IGNORECASE,
)
_NAMED_PRIZE = re.compile(
    r"\b[A-Z][\w’'-]+ (?:\w+ )?(?:Award|Prize|Medal|Order|Honour|Shri)\b(?<!TIP Award)"
)


def _two_events(
    question: str, snapshot: Snapshot, directory: Directory, stems: Stems
) -> Comparison | None:
    """Compare two events that a question tells apart: "did he leave before or after the award?"."""
    plain = fold(question)
    order = _ORDER.match(question)
    halves = order or (_BETWEEN.search(question) if _GAP.search(plain) else None)
    if halves is None:
        return None
    named = [directory.find(half) for half in halves.groups()]
    names = [[name for subject in half for name in subject.names[:1]] for half in named]
    held = []
    for half, own, others in zip(halves.groups(), names, reversed(names), strict=True):
        used = own or others
        side = Side(half.strip(" ,?"), tuple(used[:1]), _facts(snapshot, used[:1]), half)
        value = side.profiles and _dated(side, half, stems)
        if not value:
            return None
        held.append((side, value))
    first, second = (str(value.key) for _, value in held)
    if order:
        return Comparison("Before" if first < second else "After", "event", tuple(held))
    return Comparison(str(abs(int(first[:4]) - int(second[:4]))), "event", tuple(held))


def _dated(side: Side, half: str, stems: Stems) -> Value | None:
    """Date what half a question is about: the award, a founding, or an event in its words."""
    plain = fold(half)
    if _HONOURED.search(plain) and not _NAMED_PRIZE.search(half):
        return _award(side)
    if re.search(
        r"\b(?:founding|founded|foundation|set up|established|beginning|started)\b", plain
    ):
        return _founding(side)
    return _event(side, _rest(half, [side]), stems)


def _sides(question: str, snapshot: Snapshot, directory: Directory) -> list[Side]:
    """Find what is compared: people and bodies by name, else countries, else two halves."""
    subjects = directory.find(question)
    found: dict[tuple[str, str], Side] = {}
    for number, subject in enumerate(subjects):
        if len(subject.names) != 1:
            continue
        name = subject.names[0]
        stop = subjects[number + 1].start if number + 1 < len(subjects) else len(question)
        start = subjects[number - 1].end if number else 0
        side = Side(name.full, (name,), _facts(snapshot, [name]), question[start:stop])
        found.setdefault((name.full, name.profile_id), side)
    people = [side for side in found.values() if side.names[0].person]
    chosen = people if len(people) > 1 else list(found.values())
    if len(chosen) > 1:
        return chosen
    named = places.find(question, any_case=True)
    if len(named) > 1 and not chosen:
        return [
            Side(place.name, (), tuple(
                Facts(profile, snapshot) for profile in snapshot.profiles()
                if any(e.value in place.countries
                       for e in snapshot.store.evidence("active_in", profile.id))
            ), _half(question, place.start))
            for place in named
        ]  # fmt: skip
    return _described(question, snapshot, chosen)


_OR = re.compile(
    r"^(.*?)(?:[:,–-]\s*|\b(?:first|earlier|later|older|sooner|longer|more|last)\b,?\s+)(.+?),? or (.+?)\??$",
    re.I,
)


def _described(question: str, snapshot: Snapshot, known: Sequence[Side]) -> list[Side]:
    """Find sides that are described and not named: the profile closest to each half of an "or"."""
    halves = _OR.match(question)
    if halves is None:
        return list(known)
    found = []
    for half in halves.groups()[1:]:
        named = next(
            (s for s in known if any(w in fold(half).split() for n in s.names for w in n.words)),
            None,
        )
        if named:
            found.append(named)
            continue
        hit = next(iter(snapshot.search(half, 1)), None)
        profile = hit and snapshot.profile(hit.passage.profile_id)
        if not profile:
            return list(known)
        about = Facts(profile, snapshot)
        bodies = [facts.short_name(e.value) for e in about.of("organization")]
        body = _FOUNDED.search(fold(question)) or re.search(
            r"\b(?:organi[sz]ation|group|union|ngo|body|centre|association)\b", fold(half)
        )
        label = bodies[0] if body and bodies else facts.people(profile)[0]
        names = (Name(tuple(fold(label).split()), label, profile.id, not (body and bodies)),)
        found.append(Side(label, names, (about,), half))
    return found if len({side.label for side in found}) > 1 else list(known)


def _half(question: str, offset: int) -> str:
    """Return the side of an "or" (or "and") that holds an offset."""
    start = 0
    for cut in re.finditer(r"\b(?:or|and)\b", question):
        if cut.start() > offset:
            return question[start : cut.start()]
        start = cut.end()
    return question[start:]


def _facts(snapshot: Snapshot, names: Sequence[Name]) -> tuple[Facts, ...]:
    held = [snapshot.profile(name.profile_id) for name in names]
    return tuple(Facts(profile, snapshot) for profile in held if profile)


Read = Callable[[Side], Value | None]


def _ways(plain: str, question: str, sides: Sequence[Side], stems: Stems) -> list[tuple[str, Read]]:
    """Return what to compare by, the likeliest first."""
    same = _SAME.search(plain)
    bodies = all(side.names and not side.names[0].person for side in sides)
    if same and same[1] in {"country", "place", "region", "continent"}:
        return [("country", _country)]
    rest = _rest(question, sides)
    event = ("event", lambda side: _event(side, rest, stems))
    ways: list[tuple[str, Read]] = []
    if (
        (_MORE.search(plain) or _LESS.search(plain))
        and not _GAP.search(plain)
        and not re.search(r"\bmore recent", plain)
    ):
        return [("number", lambda side: _number(side, rest, stems))]
    if _BORN.search(plain) and not bodies:
        ways.append(("birth", lambda side: _event(side, "born", stems)))
        if "born" in plain or "birth" in plain:
            return ways
    if _NAMED_PRIZE.search(question):
        return [("event", lambda side: _event(side, _rest(side.words, [side]), stems))]
    if _HONOURED.search(plain) and not re.search(r"\bfound|\bset up|\bestablish", plain):
        ways.append(("award", _award))
        return ways
    if bodies or _FOUNDED.search(plain):
        ways.append(("founding", _founding))
    ways.append(event)
    if not rest.split():
        ways.append(("award", _award))
    return ways


def _rest(question: str, sides: Sequence[Side]) -> str:
    """Return the words of a question that are about neither side nor the comparing itself."""
    text = question
    for side in sides:
        for name in side.names:
            for word in {*name.full.split(), *name.words}:
                text = re.sub(rf"\b{re.escape(word)}(?:['’]s)?\b", " ", text, flags=re.IGNORECASE)
    for place in reversed(places.find(text, any_case=True)):
        text = f"{text[: place.start]} {text[place.end :]}"
    kept = [w for w in re.findall(r"[\w’'-]+", fold(text)) if criteria.is_content(w)]
    compare_words = re.compile(
        r"first|last|earlier|later|older|sooner|before|after|more|most|bigger|larger|larg\w+|"
        r"fewer|less|year\w*|many|long\w*|same|gap|between|apart|happen\w*|when|other|way|round|two|"
        r"younger|newer|compare|difference|date|time|which|who|small\w*|bigg\w+|then|each"
    )
    return " ".join(word for word in kept if not compare_words.fullmatch(word))


def _value(said: Evidence, about: Facts) -> Value:
    start, end = (said.start, said.end) if said.end else about.opening
    return Value(said.value, written(said.value), about.profile, start, end)


def _award(side: Side) -> Value | None:
    for about in side.profiles:
        for said in about.of("award_year"):
            dated = [
                e
                for e in about.of("date")
                if e.start == said.start and e.value.startswith(said.value)
            ]
            best = max(dated, key=lambda e: len(e.value), default=None)
            start, end = (said.start, said.end) if said.end else about.opening
            value = best.value if best and said.end else said.value
            return Value(value, written(value), about.profile, start, end)
    return None


def _founding(side: Side) -> Value | None:
    for about in side.profiles:
        said = about.of("founded")
        named = [e for e in said for n in side.names if e.value.split(" ", 1)[1] == n.full]
        labels = [facts.short_name(e.value) for e in about.of("organization")]
        own = [e for e in said if e.value.split(" ", 1)[1] in labels[:1]]
        bodies = side.names and not side.names[0].person
        for found in named or ([] if bodies else own or said[:1]):
            value = found.value.split(" ", 1)[0]
            return Value(value, written(value), about.profile, found.start, found.end)
    return None


def _country(side: Side) -> Value | None:
    for about in side.profiles:
        said = about.of("active_in")
        if said:
            together = " and ".join(sorted({e.value for e in said}))
            start, end = (said[0].start, said[0].end) if said[0].end else about.opening
            return Value(together, together, about.profile, start, end)
    return None


def _event(side: Side, words: str, stems: Stems) -> Value | None:
    """Return the date of the sentence that holds most of the words, if it holds half of them."""
    best: tuple[float, int, Facts, Sentence] | None = None
    groups = [criteria.group(word, stems) for word in _own_words(side, words)]
    for about in side.profiles:
        for span in about.sentences:
            dated = [e for e in about.of("date") if e.start == span[0]]
            share = _share(about, span, groups)
            if dated and share >= _HALF and (best is None or share > best[0]):
                best = (share, -span[0], about, span)
    if best is None:
        return None
    _, _, about, span = best
    said = _nearest(about, span, groups)
    return _value(said, about)


_HALF = 0.5


def _own_words(side: Side, words: str) -> list[str]:
    """Return the words for a side: those common to both, and its own if they are two halves."""
    if side.names:
        return words.split()
    own = [w for w in re.findall(r"[\w’'-]+", fold(side.words)) if criteria.is_content(w)]
    kept = [w for w in words.split() if w in own]
    return kept or words.split()


def _share(about: Facts, span: Sentence, groups: Sequence[frozenset[str]]) -> float:
    if not groups:
        return 0.0
    stems = about.stems(about.text(span))
    return sum(any(f" {form} " in stems for form in group) for group in groups) / len(groups)


def _nearest(about: Facts, span: Sentence, groups: Sequence[frozenset[str]]) -> Evidence:
    """Return the date of a sentence: its only one, else the earliest."""
    dated = [e for e in about.of("date") if e.start == span[0]]
    return min(dated, key=lambda e: (bool(e.basis), e.value))


_NUMBER = re.compile(r"\b(\d{1,3}(?:[, ]\d{3})+|\d+(?:\.\d+)?)(?! ?(?:January|February|March|April|May|"
                     r"June|July|August|September|October|November|December))\b")  # fmt: skip


def _number(side: Side, words: str, stems: Stems) -> Value | None:
    """Return the number in the sentence that holds most of the words; years are none."""
    groups = [criteria.group(word, stems) for word in words.split()]
    best: tuple[float, Value] | None = None
    for about in side.profiles:
        for span in about.sentences:
            text = about.text(span)
            counts = [m for m in _NUMBER.finditer(text) if not re.fullmatch(r"(?:19|20)\d\d", m[1])]
            share = _share(about, span, groups)
            if counts and share > 0 and (best is None or share > best[0]):
                match = (
                    counts[-1]
                    if len(counts) == 1
                    else max(counts, key=lambda m: float(re.sub("[, ]", "", m[1])))
                )
                number = float(re.sub("[, ]", "", match[1]))
                best = (share, Value(number, match[1], about.profile, *span))
    return best[1] if best else None


def _verdict(plain: str, held: Sequence[tuple[Side, Value]]) -> str:
    (one, first), (other, second) = held[0], held[1]
    if isinstance(first.key, str) and isinstance(second.key, str):
        length = min(len(first.key), len(second.key)) if first.key[:1].isdigit() else 99
        same_what = _SAME.search(plain)
        if same_what and first.key[:1].isdigit():
            length = (
                4
                if same_what[1] in {"year", None, "time"}
                else 7
                if same_what[1] == "month"
                else 10
            )
        keys: list[str | float] = [value.key[:length] for _, value in held]  # type: ignore[index]
    else:
        keys = [value.key for _, value in held]
    if _GAP.search(plain) and all(str(key)[:4].isdigit() for key in keys):
        return str(abs(int(str(keys[0])[:4]) - int(str(keys[1])[:4])))
    if _SAME.search(plain):
        if not str(keys[0])[:1].isdigit():
            shared = set(str(keys[0]).split(" and ")) & set(str(keys[1]).split(" and "))
            return "Yes" if shared else "No"
        return "Yes" if keys[0] == keys[1] else "No"
    latest = bool(_LATER.search(plain) and not _EARLIER.search(plain)) or bool(_MORE.search(plain))
    if _YES_NO.match(plain) and not re.search(r"\bor\b", plain):
        if latest or re.search(r"\bafter\b|\blater\b|\byounger\b|\bnewer\b", plain):
            return "Yes" if keys[0] > keys[1] else "No"  # type: ignore[operator]
        return "Yes" if keys[0] < keys[1] else "No"  # type: ignore[operator]
    choose = max if latest else min
    chosen = choose(keys)  # type: ignore[type-var]
    winners = [side.label for (side, _), key in zip(held, keys, strict=True) if key == chosen]
    return winners[0] if len(winners) == 1 else f"Both in {first.shown}"
