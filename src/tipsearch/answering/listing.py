"""Lists and counts: everything that fits, over all profiles, each with the sentence that says so.

Nothing is ranked and nothing cut off. A profile fits if each criterion is met by a field or by a
sentence of its own; where its words stand in the profile but not together, it is only possible, and
is shown apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tipsearch.answering.about import About, Sentence
from tipsearch.answering.conditions import MANY, Shared
from tipsearch.answering.criteria import Criteria, Group
from tipsearch.answering.years import NO_END, Years
from tipsearch.corpus import dates, facts, places
from tipsearch.corpus.profiles import fold
from tipsearch.index import Snapshot
from tipsearch.types import Evidence, Profile


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


def find(criteria: Criteria, snapshot: Snapshot) -> list[Item]:
    """Return everything that meets the criteria, then what possibly does, each by name.

    Parameters
    ----------
    criteria : Criteria
        From a question.
    snapshot : Snapshot
        Every profile of it is held against them.
    """
    profiles = [About(profile, snapshot) for profile in snapshot.profiles()]
    rare = tuple(way for way in criteria.words if _is_telling(way, profiles))
    found = [
        item if not criteria.words or rare else replace(item, certain=False)
        for about in profiles
        for item in _items(replace(criteria, words=rare or criteria.words), about)
    ]
    held = {about.profile.id: about for about in profiles}
    if criteria.without:
        outside = criteria.without
        found = [i for i in found if _is_outside(i.name, held[i.profile.id], outside)]
    if criteria.order:
        found = _extreme(criteria.order, found, held)
    if criteria.shared:
        return _grouped(criteria.shared, criteria, found, held)
    kept: dict[str, Item] = {}
    for item in sorted(found, key=lambda item: (not item.certain, fold(item.name))):
        kept.setdefault(fold(item.name), item)
    return list(kept.values())


def _is_outside(name: str, about: About, without: Criteria) -> bool:
    """Whether a profile says that one of some criteria does not hold; silence says nothing."""
    countries = {said.value for said in about.of("active_in")}
    awards = [said.value for said in about.of("award_year")]
    other = {"woman": "man", "man": "woman"}.get(without.gender)
    return any((
        countries and any(not countries & place.countries for place in without.places),
        awards and without.years and not any(_within(year, without.years) for year in awards),
        other and about.is_gender(name, other),
    ))  # fmt: skip


def _extreme(order: str, items: Sequence[Item], held: Mapping[str, About]) -> list[Item]:
    """Return the items of the earliest or latest award year, cited with what says so."""
    years = {id_: said[0].value for id_, about in held.items() if (said := about.of("award_year"))}
    given = [years[item.profile.id] for item in items if item.profile.id in years]
    wanted = (min if order == "first" else max)(given, default="")
    return [
        replace(item, start=span[0], end=span[1])
        for item in items
        if years.get(item.profile.id) == wanted
        for span in _awarded(held[item.profile.id], Years(0, NO_END))[:1]
    ]


def _grouped(
    shared: Shared, criteria: Criteria, items: Sequence[Item], held: Mapping[str, About]
) -> list[Item]:
    """Return the countries or years that so many people share, each cited with one of them."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        if item.certain:
            groups.setdefault(item.name, []).append(item)
    counts = {
        name: sum(
            len(list(_people(criteria, held[item.profile.id], (item.start, item.end))))
            for item in group
        )
        for name, group in groups.items()
    }
    least, most = shared.least, shared.most
    if shared.peak:
        least = most = (max if shared.peak == "most" else min)(counts.values(), default=MANY)
    return [groups[name][0] for name in sorted(groups, key=fold) if least <= counts[name] <= most]


_COMMON = 0.25  # of the profiles; a word that more of them have tells nobody from the others


def _is_telling(way: Sequence[Group], profiles: Sequence[About]) -> bool:
    """Whether a way has a word that few profiles have: "first" alone says nothing of anybody."""
    return any(
        sum(bool(_held(about.stems(about.profile.text), [group])) for about in profiles)
        <= max(_COMMON * len(profiles), _FEW)
        for group in way
    )


_FEW = 3  # profiles of a small corpus


def fitting(criteria: Criteria, snapshot: Snapshot) -> list[Profile]:
    """Return the profiles that fit best whom a question describes without a name.

    A country, a role, the year of the award and the gender count; two of them must hold. "The judge
    from Morocco" is one profile, "the woman" is none.
    """
    scored = [(sum(held), profile) for held, profile in _described(criteria, snapshot)]
    most = max((score for score, _ in scored), default=0)
    return [profile for score, profile in scored if score == most] if most > 1 else []


def described(criteria: Criteria, snapshot: Snapshot) -> Profile | None:
    """Return the only profile that fits whom a question describes in every way, of two at least."""
    fit = [p for held, p in _described(criteria, snapshot) if len(held) > 1 and all(held)]
    return fit[0] if len(fit) == 1 else None


def may_be_meant(criteria: Criteria, snapshot: Snapshot) -> list[Profile]:
    """Return every profile that fits whom a question describes in every way, were it one."""
    return [profile for held, profile in _described(criteria, snapshot, 1) if all(held)]


def _described(
    criteria: Criteria, snapshot: Snapshot, least: int = 2
) -> Iterator[tuple[list[bool], Profile]]:
    """Yield for each profile which of the things that describe somebody hold; none, if too few."""
    said = [*criteria.places, criteria.roles, criteria.years, criteria.gender]
    if sum(map(bool, said)) < least:
        return
    for profile in snapshot.profiles():
        about = About(profile, snapshot)
        held = [bool(_in_place(about, place.countries)) for place in criteria.places]
        if criteria.roles:
            held.append(bool(_in_role(about, criteria.roles)))
        if criteria.years:
            held.append(any(_within(e.value, criteria.years) for e in about.of("award_year")))
        if criteria.gender:
            held.append(any(about.is_gender(name, criteria.gender) for name in about.people))
        yield held, profile


def _items(criteria: Criteria, about: About) -> Iterator[Item]:
    """Yield what a profile has to list, if it meets every criterion.

    Yields
    ------
    Item
        Cited with the sentence that meets the last criterion: words say more than a role, and a
        role more than a place.
    """
    told = _told(about, criteria) if criteria.words else None
    ways = [
        _in_place(about, place.countries) or _told_in(about, told, place.countries)
        for place in criteria.places
    ]
    ways += [_spans(about, "focus", {topic}) for topic in criteria.focus]
    if criteria.years and criteria.years.of in _DATED:
        ways.append(_DATED[criteria.years.of](about, criteria.years))
    if criteria.roles:
        ways.append(_in_role(about, criteria.roles))
    if criteria.words:
        ways.append([told[0]] if told else [])
    if all(ways):
        held = [way[0] for way in ways] or [about.opening]
        first = held[-1] if criteria.words or criteria.roles else held[0]
        yield from _listed(criteria, about, first, certain=told is None or told[1])


def _spans(about: About, field: str, values: Iterable[str]) -> list[Sentence]:
    """Return the sentences that give a field one of some values."""
    return [about.place_of(said) for said in about.of(field) if said.value in values]


def _in_place(about: About, countries: frozenset[str]) -> list[Sentence]:
    """Return the sentences that put a profile's people into one of the countries."""
    said = [e for e in about.of("active_in") if e.value in countries]
    return [about.place_of(e) for e in sorted(said, key=lambda e: e.end == 0)]


def _told_in(
    about: About, told: tuple[Sentence, bool] | None, countries: frozenset[str]
) -> list[Sentence]:
    """Return the sentence that tells the words if it names the place: "born in Chile"."""
    named = places.find(about.text(told[0])) if told else []
    return [told[0]] if told and any(place.countries <= countries for place in named) else []


# ------------------------------------------------------------------------------- years


def _within(value: str, years: Years) -> bool:
    return value[:4].isdigit() and years.hold(dates.year(value))


def _awarded(about: About, years: Years) -> list[Sentence]:
    return [about.place_of(e) for e in about.of("award_year") if _within(e.value, years)]


_PRIZE = re.compile(
    r"\b(?:prizes?|medals?|awards?|honou?r(?:ed|s)?|order|fellow|champion)\b", re.IGNORECASE
)
_THE_HEROES = re.compile(r"\bTIP\b|\bheroe?s?\b|nominat", re.IGNORECASE)


def _awarded_otherwise(about: About, years: Years) -> list[Sentence]:
    """Return the sentences that date a prize other than the report's."""
    return [
        span
        for span in about.sentences
        if _PRIZE.search(about.text(span))
        and not _THE_HEROES.search(about.text(span))
        and _is_dated(about, span, years)
    ]


def _is_dated(about: About, span: Sentence, years: Years) -> bool:
    return any(_within(said.value, years) for said in about.dated(span))


_DATED = {"award": _awarded, "recognition": _awarded_otherwise}

# ------------------------------------------------------------------------------- roles

_COPULA = (
    r"(?:was|is|were|are|had been|has been|became|worked as|served as|known as|being|who was|"
    r"who is|himself|herself)"
)
_ARTICLE = r"(?: (?:an?|the|one|of|also|only|first|former|earlier|trained|then))*(?: [\w'-]+){0,2}?"


def _in_role(about: About, role: Group) -> list[Sentence]:
    """Return the sentences that say somebody has a role.

    Words of the text that say it of the profile's own people: "Ana Roy, a judge", "she was a
    judge", "the judge Ana Roy", not "her mother was a judge". Or the role's label: then those that
    have the word, else the opening one.
    """
    forms = "|".join(map(re.escape, sorted(role, key=len, reverse=True)))
    names = {fold(part) for name in about.people for part in name.split()}
    who = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    says = re.compile(
        rf"\b(?:{who}|he|she) {_COPULA}{_ARTICLE} (?:{forms})\b|"
        rf"^(?:[\w'-]+ ){{0,3}}(?:{who}),? (?:an?|the) (?:[\w'-]+ ){{0,3}}?(?:{forms})\b|"
        rf"\b(?:{forms}) (?:{who})\b|\b(?:he|she) (?:{forms})\b|"
        rf"^(?:{who})\b.* and (?:was|became|worked as)(?: at first| later| also)?{_ARTICLE} "
        rf"(?:{forms})\b"
    )
    if said := [span for span in about.sentences if says.search(fold(about.text(span)))]:
        return said
    named = re.compile(rf"\b(?:{forms})\b")
    labels = [e for e in about.of("role") if named.search(heads(fold(e.value)))]
    told = [span for span in about.sentences if named.search(fold(about.text(span)))]
    return (told or [about.opening]) if labels else []


def heads(label: str) -> str:
    """Return what a role's label says somebody is, without of or for what.

    Examples
    --------
    >>> heads("social worker; founder of a service for victims")
    'social worker; founder'
    """
    parts = (re.split(r" (?:of|for|at|in|on|with|against) ", part)[0] for part in label.split(";"))
    return ";".join(parts)


# ------------------------------------------------------------------------------- words


def _told(about: About, criteria: Criteria) -> tuple[Sentence, bool] | None:
    """Return the sentence that tells what the words say, and whether that is certain."""
    found = [told for way in criteria.words if (told := _told_so(about, way, criteria))]
    return max(found, key=lambda told: told[1], default=None)


def _told_so(
    about: About, way: Sequence[Group], criteria: Criteria
) -> tuple[Sentence, bool] | None:
    """Return a sentence that holds a form of every group.

    It is certain if it mentions the profile's own people, or if a label holds every group. If the
    groups stand in several sentences, the one with most of them is possible.
    """
    held = {span: _held(about.stems(about.text(span)), way) for span in about.sentences}
    dated = criteria.years if criteria.years and criteria.years.of == "telling" else None
    if criteria.won:
        held = {span: set() if _NOMINATED.search(about.text(span)) else groups
                for span, groups in held.items()}  # fmt: skip
    whole = [span for span, groups in held.items() if len(groups) == len(way)]
    if dated:
        whole = [span for span in whole if _is_dated(about, span, dated)]
    if own := [span for span in whole if criteria.target != "person" or about.is_of_own(span)]:
        return own[0], True
    most = max(about.sentences, key=lambda span: (len(held[span]), -span[0]))
    labels = [e.value for e in _labels(about)]
    if criteria.won:
        labels = [label for label in labels if not _NOMINATED.search(label)]
    if not dated and any(len(_held(about.stems(label), way)) == len(way) for label in labels):
        return most, True
    scattered = len(way) > 1 and len(set().union(*held.values())) == len(way)
    return (most, False) if whole or (scattered and not dated) else None


_NOMINATED = re.compile(r"nominat", re.IGNORECASE)


def _labels(about: About) -> Iterator[Evidence]:
    for field in ("additional_recognition", "organization", "role", "focus"):
        yield from about.of(field)


def _held(stems: str, way: Sequence[Group]) -> set[int]:
    return {n for n, group in enumerate(way) if any(f" {form} " in stems for form in group)}


# ------------------------------------------------------------------------------- what is listed


def _listed(criteria: Criteria, about: About, span: Sentence, *, certain: bool) -> Iterator[Item]:
    """Yield the things that were asked for of a profile that fits, cited with a sentence."""
    for name, (start, end) in _NAMED[criteria.target](criteria, about, span):
        yield Item(name, about.profile, start, end, certain)


_Named = Iterable[tuple[str, Sentence]]


def _people(criteria: Criteria, about: About, span: Sentence) -> _Named:
    if criteria.noun.startswith("profile"):
        return [(about.profile.title, span)]
    everyone = about.people
    if criteria.gender:
        everyone = [name for name in everyone if about.is_gender(name, criteria.gender)]
    other = criteria.years and criteria.years.of == "recognition"
    if len(everyone) > 1 and (criteria.words or criteria.roles or other):
        everyone = about.meant(span, everyone)
    return [(name, span) for name in everyone]


def _organizations(criteria: Criteria, about: About, span: Sentence) -> _Named:
    if criteria.years and criteria.years.of == "founding":
        for said in about.of("founded"):
            value, _, name = said.value.partition(" ")
            if _within(value, criteria.years):
                yield name, (said.start, said.end)
        return
    for said in about.of("organization"):
        told = criteria.words or said.end == 0
        yield facts.short_name(said.value), span if told else (said.start, said.end)


def _countries(criteria: Criteria, about: About, span: Sentence) -> _Named:
    for said in about.of("active_in"):
        if all(said.value in place.countries for place in criteria.places):
            told = criteria.words or criteria.roles or said.end == 0
            yield said.value, span if told else (said.start, said.end)


def _years(criteria: Criteria, about: About, span: Sentence) -> _Named:
    told = span if criteria.words else next(iter(_awarded(about, Years(0, NO_END))), span)
    given = [said.value[:4] for said in about.dated(told)]
    award = [said.value for said in about.of("award_year") if said.value in given]
    return [(year, told) for year in award[:1] or given[:1]]


def _titles(criteria: Criteria, about: About, span: Sentence) -> _Named:
    quoted = re.findall(r"[\"“]([^\"”]+)[\"”]", about.text(span))
    return [(title.rstrip(",."), span) for title in quoted]


_NAMED = {
    "person": _people,
    "organization": _organizations,
    "country": _countries,
    "year": _years,
    "title": _titles,
}
