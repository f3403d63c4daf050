"""Answers of every kind, put together from what was found, each line with its citation."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tipsearch.answering.citation import cite
from tipsearch.answering.comparing import Comparison
from tipsearch.answering.conditions import Shared
from tipsearch.answering.criteria import Criteria
from tipsearch.answering.listing import Item
from tipsearch.answering.overview import Quote
from tipsearch.answering.timeline import Event
from tipsearch.answering.years import NO_END, Years
from tipsearch.types import Answer, Citation, Hit, Kind, Profile, Reason, Span

RULED = 0.9
"""Confidence of what rules put together; docs/evaluation.md has how often each kind is right."""


def quoted(profile: Profile, start: int, end: int, words: str = "") -> Citation:
    """Quote a sentence; the words that answer are those given if they stand in it, else all."""
    whole = re.compile(rf"(?<!\w){re.escape(words)}(?!\w)") if words else None
    found = whole.search(profile.text, start, end) if whole else None
    first, last = found.span() if found else (start, end)
    return cite(profile, Span(profile.id, first, last, 1.0, start, end))


def refused(
    question: str,
    kind: Kind,
    reason: Reason,
    detail: str,
    hits: Sequence[Hit] = (),
    understood: str = "",
    choices: Sequence[str] = (),
) -> Answer:
    """Say that there is no answer, and why."""
    return Answer(
        question, None, str(kind), 0.0, understood=understood, choices=tuple(choices),
        hits=tuple(hits), reason=reason, detail=detail,
    )  # fmt: skip


def listed(
    question: str, kind: Kind, criteria: Criteria, items: Sequence[Item], among: int
) -> Answer | None:
    """Answer with everything that fits, or how much it is; None if there is nothing to say.

    Parameters
    ----------
    question : str
        As asked.
    kind : Kind
        `Kind.LIST` or `Kind.COUNT`.
    criteria : Criteria
        What was looked for.
    items : sequence of Item
        What fits, then what possibly does.
    among : int
        How many profiles were looked through.
    """
    certain = [item for item in items if item.certain]
    doubtful = [item for item in items if not item.certain]
    counted = kind is Kind.COUNT and not (criteria.words or criteria.roles)
    if not certain and not (counted and not doubtful):
        return None
    names = tuple(item.name for item in certain)
    return Answer(
        question,
        str(len(names)) if kind is Kind.COUNT else _joined(names),
        str(kind),
        RULED,
        tuple(quoted(i.profile, i.start, i.end, i.name) for i in [*certain, *doubtful]),
        names,
        possibly=tuple(item.name for item in doubtful),
        understood=f"{described(criteria)}: {len(names)}, of {among} profiles",
    )


def _joined(names: Sequence[str]) -> str:
    return " and ".join([*([", ".join(names[:-1])] if len(names) > 1 else []), names[-1]])


_PLURAL = {"organization": "Organisations", "country": "Countries", "year": "Years",
           "title": "Titles"}  # fmt: skip


def described(criteria: Criteria) -> str:
    """Say in words what is listed.

    Examples
    --------
    >>> described(Criteria("person", "heroes", gender="woman", years=Years(2010, 2010, "award")))
    'Heroes, women, honoured in 2010'
    """
    return ", ".join(_parts(criteria))


def _parts(criteria: Criteria) -> list[str]:
    """Return what is listed, and each criterion, in words."""
    people = "Profiles" if criteria.noun.startswith("profile") else "Heroes"
    parts = [_PLURAL.get(criteria.target, people)]
    if criteria.gender:
        parts.append({"woman": "women", "man": "men"}[criteria.gender])
    parts += [f"active in {place.name}" for place in criteria.places]
    parts += [f"with the focus {topic}" for topic in criteria.focus]
    if criteria.years:
        done = {"award": "honoured", "founding": "founded", "recognition": "another prize"}
        parts.append(f"{done.get(criteria.years.of, 'told of')} {span_of(criteria.years)}".strip())
    if criteria.shared:
        parts.append(_sharing(criteria.shared))
    if criteria.order:
        parts.append(
            {"first": "the earliest honoured", "last": "the latest honoured"}[criteria.order]
        )
    if criteria.without:
        parts.append(f"without: {', '.join(_parts(criteria.without)[1:])}")
    if criteria.said:
        parts.append("said to be or have: " + ", ".join(f"“{word}”" for word in criteria.said))
    return parts


def _sharing(shared: Shared) -> str:
    """Say in words how many people a country or a year must have."""
    if shared.peak:
        return f"with the {shared.peak} heroes"
    if shared.least == shared.most:
        return f"with {shared.least} of the heroes"
    return f"with {shared.least} heroes or more"


def span_of(years: Years) -> str:
    """Say a span of years in words."""
    if years.given:
        return f"in {', '.join(map(str, years.given))}"
    if years.first == years.last:
        return f"in {years.first}"
    if years.first == 0 and years.last == NO_END:
        return ""
    if years.first == 0:
        return f"until {years.last}"
    if years.last == NO_END:
        return f"from {years.first}"
    return f"from {years.first} to {years.last}"


def compared(question: str, found: Comparison) -> Answer:
    """Answer with the verdict; each side's value is cited."""
    return Answer(
        question,
        found.text,
        str(Kind.COMPARISON),
        RULED,
        tuple(quoted(v.profile, v.start, v.end, v.shown) for _, v in found.sides),
        tuple(f"{side.label}: {value.shown}" for side, value in found.sides),
        understood=f"Compared by {_BY[found.by]}",
    )


_BY = {
    "award": "the date of the hero award", "founding": "the date of founding",
    "birth": "the date of birth", "event": "the dates the profiles give",
    "number": "the numbers the profiles give", "country": "country",
}  # fmt: skip


def dated(question: str, subject: str, events: Sequence[Event]) -> Answer:
    """Answer with dated sentences, in order."""
    lines = [f"{event.when}: {event.profile.text[event.start : event.end]}" for event in events]
    return Answer(
        question,
        "\n".join(lines),
        str(Kind.TIMELINE),
        RULED,
        tuple(quoted(e.profile, e.start, e.end, e.value[:4]) for e in events),
        tuple(event.when for event in events),
        understood=f"Dated events{subject}: {len(events)}",
    )


def summarised(question: str, subject: str, quotes: Sequence[Quote]) -> Answer:
    """Answer with sentences as they stand."""
    said = [quote.profile.text[quote.start : quote.end] for quote in quotes]
    return Answer(
        question,
        re.sub(r"\s+", " ", " ".join(said)),
        str(Kind.OVERVIEW),
        RULED,
        tuple(quoted(quote.profile, quote.start, quote.end) for quote in quotes),
        understood=f"What the profiles say{subject}, in {len(quotes)} sentences",
    )
