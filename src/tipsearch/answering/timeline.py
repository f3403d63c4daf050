"""Dated events of somebody, of a body, a country or a span of years, each with its sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tipsearch.answering.about import About, Sentence
from tipsearch.answering.subjects import Name
from tipsearch.answering.years import Years
from tipsearch.corpus import dates
from tipsearch.corpus.profiles import fold
from tipsearch.index import Snapshot
from tipsearch.types import Evidence, Profile

_MONTHS = "January February March April May June July August September October November December"
_GENERIC = re.compile(
    r"\b(?:It|it|Its|its|They|they|[Tt]he (?:organi[sz]ation|association|centre|foundation|group|"
    r"NGO|union|coalition|commission|network|charity|project|shelter)s?)\b"
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that is dated; ``counted_from`` is the year a relative date is told by, or ""."""

    value: str
    profile: Profile
    start: int
    end: int
    counted_from: str = ""

    @property
    def when(self) -> str:
        """The date as people write it, and what it is counted from if it is."""
        told = written(self.value)
        return f"{told} (counted from {self.counted_from})" if self.counted_from else told


def written(value: str) -> str:
    """Return a date as people write it.

    Examples
    --------
    >>> written("2010-06-14"), written("2010-06"), written("1990s")
    ('14 June 2010', 'June 2010', '1990s')
    """
    year, *rest = value.split("-")
    words = [str(int(rest[1]))] if len(rest) > 1 else []
    words += [_MONTHS.split()[int(rest[0]) - 1]] if rest else []
    return " ".join([*words, year])


def events(
    snapshot: Snapshot,
    names: Sequence[Name] = (),
    countries: frozenset[str] = frozenset(),
    years: Years | None = None,
) -> list[Event]:
    """Return the dated sentences about all that is given, by date, then profile and place.

    Parameters
    ----------
    snapshot : Snapshot
        Every profile of it is looked through.
    names : sequence of Name
        People or bodies; a sentence must be about one of them.
    countries : set of str
        Only profiles active in one of these, if any is given.
    years : Years, optional
        Only dates of these years.
    """
    wanted = {name.profile_id for name in names}
    found = []
    for profile in snapshot.profiles():
        if names and profile.id not in wanted:
            continue
        about = About(profile, snapshot)
        if countries and not any(e.value in countries for e in about.of("active_in")):
            continue
        spans = _about(about, [name for name in names if name.profile_id == profile.id])
        for said in about.of("date"):
            inside = years is None or years.hold(dates.year(said.value))
            of_them = (said.start, said.end) in spans or _done_together(said, about)
            if inside and of_them:
                found.append(_event(said, about))
    return sorted(found, key=lambda event: (event.value, fold(event.profile.title), event.start))


def _event(said: Evidence, about: About) -> Event:
    counted = ""
    if said.basis:
        told = [e.value for e in about.of("date") if e.start == said.basis[0] and not e.basis]
        counted = next((v[:4] for v in reversed(told) if v[:4] != said.value[:4]), "")
    return Event(said.value, about.profile, said.start, said.end, counted)


def _about(about: About, names: Sequence[Name]) -> set[Sentence]:
    """Return the sentences of a profile that are about one of the names; all, if none is given."""
    if not names:
        return set(about.sentences)
    found: set[Sentence] = set()
    for name in names:
        found |= _of_person(about, name) if name.person else of_body(about, name)
    return found


_TOGETHER = re.compile(r"\b(?:the two|jointly|both of them)\b")


def _done_together(said: Evidence, about: About) -> bool:
    """Whether a sentence that names one of two people tells last what both did, or were given."""
    span = (said.start, said.end)
    last = max(other.value for other in about.dated(span))
    return said.value == last and _TOGETHER.search(about.text(span)) is not None


def _of_person(about: About, name: Name) -> set[Sentence]:
    return {span for span in about.sentences if name.full in about.meant(span, about.people)}


def of_body(about: About, name: Name) -> set[Sentence]:
    """Return the sentences that name a body, and those that go on about it with "it"."""
    forms = _forms(about, name)
    said = about.of("founded")
    found = {(e.start, e.end) for e in said if e.value.split(" ", 1)[1] == name.full}
    before = False
    for span in about.sentences:
        text = about.text(span)
        named = any(re.search(rf"(?<!\w){re.escape(form)}(?!\w)", text) for form in forms)
        if named or (before and _GENERIC.search(text)):
            found.add(span)
        before = named or (before and _GENERIC.search(text) is not None)
    return found


def _forms(about: About, name: Name) -> Iterable[str]:
    """Return how a profile writes a body's name: its label, short, in brackets, its acronym."""
    labels = [e.value for e in about.of("organization") if name.full in e.value]
    inside = [form for label in labels for form in re.findall(r"\(([^)]*)\)", label)]
    written_out = re.findall(
        rf"{re.escape(name.full)},? (?:or|known as|called) (?:the )?([A-Z][\w’'-]*)",
        about.profile.text,
    )
    first = name.full.split()[0]
    short = [first] if first.isupper() and len(first) > 2 else []
    return dict.fromkeys([name.full, *inside, *written_out, *short])
