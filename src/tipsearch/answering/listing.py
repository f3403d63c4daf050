"""Lists and counts: everything that fits, over all profiles, each with the sentence that says so.

Nothing is ranked and nothing cut off. A profile fits if each criterion is met by a field or by a
sentence of its own; where its words stand in the profile but not together, it is only possible, and
is shown apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tipsearch.answering.criteria import Criteria, Years
from tipsearch.corpus import dates, facts
from tipsearch.corpus.passages import sentences
from tipsearch.corpus.profiles import fold
from tipsearch.index import Snapshot
from tipsearch.types import Evidence, Profile

Sentence = tuple[int, int]
Group = frozenset[str]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing listed.

    Attributes
    ----------
    name : str
        As it is listed.
    profile : Profile
        The one that says so.
    start, end : int
        The sentence, in the profile's text.
    certain : bool
        Whether every criterion is met; else it is only possible.
    """

    name: str
    profile: Profile
    start: int
    end: int
    certain: bool = True


def fitting(criteria: Criteria, snapshot: Snapshot) -> list[Profile]:
    """Return the profiles that fit best whom a question describes without a name.

    A country, a role, the year of the award and the gender count; two of them must hold. "The judge
    from Morocco" is one profile, "the woman" is none.
    """
    scored: list[tuple[int, Profile]] = []
    for profile in snapshot.profiles():
        about = Facts(profile, snapshot)
        held = [bool(_in_place(about, place.countries)) for place in criteria.places]
        held += [_is_role(about, role) is not None for role in criteria.roles]
        if criteria.years and criteria.years.of == "award":
            held += [any(_within(e.value, criteria.years) for e in about.of("award_year"))]
        if criteria.gender:
            held += [any(e.value.startswith(criteria.gender) for e in about.of("gender"))]
        scored.append((sum(held), profile))
    most = max((score for score, _ in scored), default=0)
    return [profile for score, profile in scored if score == most] if most > 1 else []


class Facts:
    """One profile with what was read from it: what criteria are held against."""

    def __init__(self, profile: Profile, snapshot: Snapshot) -> None:
        self.profile = profile
        self._snapshot = snapshot
        self.sentences = sentences(profile.text)
        self.evidence: dict[str, list[Evidence]] = {}

    def of(self, field: str) -> list[Evidence]:
        """Return what is known of a field."""
        if field not in self.evidence:
            self.evidence[field] = self._snapshot.store.evidence(field, self.profile.id)
        return self.evidence[field]

    def stems(self, text: str) -> str:
        """Return the stems of a text between spaces, so that a run of them can be looked for."""
        return f" {' '.join(self._snapshot.store.lexical.words(text))} "

    def text(self, span: Sentence) -> str:
        """Return the words of a sentence."""
        return self.profile.text[span[0] : span[1]]

    @property
    def opening(self) -> Sentence:
        """The sentence that says who the profile is about: the first that names them."""
        named = [(e.start, e.end) for e in self.of("person") if e.end > e.start]
        return named[0] if named else self.sentences[0]


def find(criteria: Criteria, snapshot: Snapshot) -> list[Item]:
    """Return everything that meets the criteria, then what possibly does, each by name.

    Parameters
    ----------
    criteria : Criteria
        From a question.
    snapshot : Snapshot
        Every profile of it is held against them.
    """
    found = [
        item
        for profile in snapshot.profiles()
        for item in _items(criteria, Facts(profile, snapshot))
    ]
    certain = {fold(item.name) for item in found if item.certain}
    kept: dict[str, Item] = {}
    for item in sorted(found, key=lambda item: (not item.certain, fold(item.name))):
        if item.certain or fold(item.name) not in certain:
            kept.setdefault(fold(item.name), item)
    return list(kept.values())


def _items(criteria: Criteria, about: Facts) -> Iterator[Item]:
    held: list[Sentence] = []
    for named in criteria.places:
        if not (span := _in_place(about, named.countries)):
            return
        held += span
    for topic in criteria.focus:
        if not (said := [e for e in about.of("focus") if e.value == topic]):
            return
        held += _spans(said)
    if criteria.years and criteria.years.of == "award":
        years = criteria.years
        if not (said := [e for e in about.of("award_year") if _within(e.value, years)]):
            return
        held += _spans(said)
    if criteria.years and criteria.years.of == "recognition":
        if not (other := _other_prizes(about, criteria.years)):
            return
        held += other
    certain = True
    for role in criteria.roles:
        if (span := _is_role(about, role)) is None:
            return
        held += span
    if criteria.words:
        told = [match for groups in criteria.words if (match := _told(about, groups, criteria))]
        if not told:
            return
        certain = any(sure for _, sure in told)
        held = [span for span, sure in told if sure == certain] + held
    yield from _named(criteria, about, held or [about.opening], certain)


def _spans(said: Iterable[Evidence]) -> list[Sentence]:
    return [(e.start, e.end) for e in said if e.end > e.start]


def _in_place(about: Facts, countries: frozenset[str]) -> list[Sentence]:
    """Return the sentences that put a profile's people into one of the countries."""
    said = [e for e in about.of("active_in") if e.value in countries]
    return _spans(said) or ([about.opening] if said else [])


_PRIZE = re.compile(
    r"(?<!nominated )\b(?:prizes?|medals?|awards?|honou?r(?:ed|s)?|order|fellow|champion)\b", re.I
)


def _other_prizes(about: Facts, years: Years) -> list[Sentence]:
    """Return the sentences that date a prize other than the report's to these years."""
    return [
        span
        for span in about.sentences
        if _PRIZE.search(about.text(span))
        and not re.search(r"\bTIP\b|\bheroe?s?\b|nominat", about.text(span))
        and _dated(about, span, years)
    ]


def _within(value: str, years: Years) -> bool:
    return value[:4].isdigit() and years.first <= dates.year(value) <= years.last


_COPULA = (
    r"(?:was|is|were|are|had been|has been|became|worked as|served as|known as|being|who was|"
    r"who is|himself|herself)"
)


def _is_role(about: Facts, role: Group) -> list[Sentence] | None:
    """Return the sentences that say somebody has a role; None if nothing does.

    The role's label, or words of the text that say it of the profile's own people: "Ana Roy, a
    judge", "she was a judge", "the judge Ana Roy", not "her mother was a judge".
    """
    spellings = "|".join(map(re.escape, sorted(role, key=len, reverse=True)))
    names = {fold(part) for e in about.of("person") for part in e.value.split()}
    who = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    article = (
        r"(?: (?:an?|the|one|of|also|only|first|former|earlier|trained|then))*(?: [\w'-]+){0,2}?"
    )
    says = re.compile(
        rf"\b(?:{who}|he|she) {_COPULA}{article} (?:{spellings})\b|"
        rf"^(?:[\w'-]+ ){{0,3}}(?:{who}),? (?:an?|the) (?:[\w'-]+ ){{0,3}}?(?:{spellings})\b|"
        rf"\b(?:{spellings}) (?:{who})\b|\b(?:he|she) (?:{spellings})\b"
    )
    for span in about.sentences:
        if says.search(fold(about.text(span))):
            return [span]
    named = re.compile(rf"\b(?:{spellings})\b")
    labels = [e for e in about.of("role") if named.search(_heads(fold(e.value)))]
    if not labels:
        return None
    told = [span for span in about.sentences if named.search(fold(about.text(span)))]
    return _spans(labels) or told[:1] or [about.opening]


_SHE_OR_HE = re.compile(
    r"\b(?:he|she|him|her|his|they|their|them|herself|himself)\b", re.IGNORECASE
)


def _of_own(about: Facts, span: Sentence) -> bool:
    """Whether a sentence mentions the profile's own people, by name or pronoun."""
    text = about.text(span)
    lasts = (e.value.split()[-1] for e in about.of("person"))
    return bool(_SHE_OR_HE.search(text)) or any(last in text for last in lasts)


def _heads(label: str) -> str:
    """Return what a role's label says somebody is, without of or for what.

    Examples
    --------
    >>> _heads("social worker; founder of a service for victims")
    'social worker; founder'
    """
    return ";".join(
        re.split(r" (?:of|for|at|in|on|with|against) ", part)[0] for part in label.split(";")
    )


def _told(
    about: Facts, groups: Sequence[Group], criteria: Criteria
) -> tuple[Sentence, bool] | None:
    """Return a sentence that holds a form of every group, and whether that is certain.

    A label that holds them all is certain too. If the groups stand in several sentences, the one
    with most of them is possible; if one is nowhere, nothing is.
    """
    fits = [_held(about.stems(about.text(span)), groups) for span in about.sentences]
    dated = criteria.years if criteria.years and criteria.years.of == "telling" else None
    whole = [
        span
        for span, held in zip(about.sentences, fits, strict=True)
        if len(held) == len(groups) and (dated is None or _dated(about, span, dated))
    ]
    if whole:
        own = [span for span in whole if criteria.target != "person" or _of_own(about, span)]
        return (own or whole)[0], bool(own)
    if dated:
        return None
    for field in ("additional_recognition", "organization", "role", "focus"):
        for said in about.of(field):
            if len(_held(about.stems(said.value), groups)) == len(groups):
                best = max(range(len(fits)), key=lambda n: (len(fits[n]), -n))
                return (said.start, said.end) if said.end else about.sentences[best], True
    if len(set().union(*fits)) == len(groups) and len(groups) > 1:
        best = max(range(len(fits)), key=lambda n: (len(fits[n]), -n))
        return about.sentences[best], False
    return None


def _held(stems: str, groups: Sequence[Group]) -> set[int]:
    return {n for n, group in enumerate(groups) if any(f" {form} " in stems for form in group)}


def _dated(about: Facts, span: Sentence, years: Years) -> bool:
    return any(e.start == span[0] and _within(e.value, years) for e in about.of("date"))


def _named(
    criteria: Criteria, about: Facts, held: Sequence[Sentence], certain: bool
) -> Iterator[Item]:
    """Turn a profile that fits into the things that were asked for."""
    profile, (start, end) = about.profile, held[0]
    if criteria.target == "person":
        for name in _people(criteria, about, held):
            yield Item(name, profile, start, end, certain)
    elif criteria.target == "organization":
        yield from _organizations(criteria, about, held, certain)
    elif criteria.target == "country":
        for said in about.of("active_in"):
            if not criteria.places or any(said.value in p.countries for p in criteria.places):
                at = (
                    held[0]
                    if criteria.words or criteria.roles or not said.end
                    else (said.start, said.end)
                )
                yield Item(said.value, profile, *at, certain)
    elif criteria.target == "year":
        yield from _years(criteria, about, held, certain)
    elif criteria.target == "title":
        for span in held:
            for title in re.findall(r"[\"“]([^\"”]+)[\"”]", about.text(span)):
                yield Item(title.rstrip(",."), profile, *span, certain)


def _people(criteria: Criteria, about: Facts, held: Sequence[Sentence]) -> list[str]:
    """Return whom of a profile's people is meant: all, or those a sentence singles out."""
    everyone = [e.value for e in about.of("person")]
    if criteria.gender:
        told = {e.value for e in about.of("gender")}
        everyone = [name for name in everyone if f"{criteria.gender}: {name}" in told]
    if len(everyone) > 1 and (criteria.words or criteria.roles):
        return meant(about, everyone, about.text(held[0]))
    return everyone


def meant(about: Facts, everyone: Sequence[str], sentence: str) -> list[str]:
    """Return whom of several people a sentence is about.

    Those it names, and of the others those whose pronoun it has ("he and Ramdhane"); all, if it
    names nobody and says neither "he" nor "she".
    """
    words = set(re.findall(r"\w+", sentence))
    lower = {word.lower() for word in words}
    named = [name for name in everyone if name.split()[-1] in words]
    genders = {e.value for e in about.of("gender")}
    spoken = [g for g, said in _PRONOUNS.items() if said & lower]
    taken = {g for g in _PRONOUNS for name in named if f"{g}: {name}" in genders}
    also = [n for n in everyone for g in spoken if f"{g}: {n}" in genders and g not in taken]
    found = [name for name in everyone if name in named or name in also]
    return found or list(everyone)


_PRONOUNS = {"woman": {"she", "her", "hers"}, "man": {"he", "him", "his"}}


def _organizations(
    criteria: Criteria, about: Facts, held: Sequence[Sentence], certain: bool
) -> Iterator[Item]:
    if criteria.years and criteria.years.of == "founding":
        for said in about.of("founded"):
            value, _, name = said.value.partition(" ")
            if _within(value, criteria.years):
                yield Item(name, about.profile, said.start, said.end, certain)
        return
    for said in about.of("organization"):
        start, end = (said.start, said.end) if said.end else held[0]
        if criteria.words:
            start, end = held[0]
        yield Item(facts.short_name(said.value), about.profile, start, end, certain)


def _years(
    criteria: Criteria, about: Facts, held: Sequence[Sentence], certain: bool
) -> Iterator[Item]:
    spans = held if criteria.words else _spans(about.of("award_year"))
    for span in spans[:1]:
        told = [e.value[:4] for e in about.of("date") if e.start == span[0]]
        award = [e.value for e in about.of("award_year") if e.value in told]
        for year in award[:1] or told[:1]:
            yield Item(year, about.profile, *span, certain)
