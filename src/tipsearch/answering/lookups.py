"""Dates that need no reader: when somebody was made a hero, when a body was founded.

They are fields with evidence. A question is answered from them only if it asks for nothing else:
"When was Krishnan honoured?", not "When was Krishnan honoured by India?".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from tipsearch.answering.about import About
from tipsearch.answering.comparing import FOUNDED, HONOURED, NAMED_PRIZE
from tipsearch.answering.subjects import Name
from tipsearch.answering.vocabulary import says_something, words
from tipsearch.corpus import dates, places
from tipsearch.corpus.profiles import fold
from tipsearch.index import Snapshot
from tipsearch.types import Evidence, Span

_WHEN = re.compile(
    r"(?:and )?(?:when|since when|(?:in|on|from) (?:what|which) (?:year|date|day|month)|"
    r"(?:what|which) (?:year|date))\b"
)
_NO_FOUNDING = re.compile(r"\b(?:older|oldest|younger|newer|exist\w*|around|go(?:es)? back)\b")


def date_of(
    question: str, names: Sequence[Name], snapshot: Snapshot, described: Collection[str] = ()
) -> Span | None:
    """Return the words that date an award or a founding, or None if that is not all that is asked.

    Parameters
    ----------
    question : str
        One line.
    names : sequence of Name
        Whom it names; of several people all must be of one profile.
    snapshot : Snapshot
        The profiles.
    described : collection of str
        Words that describe whom the question means, where it names nobody: "judge".
    """
    plain = fold(question)
    if not _WHEN.match(plain) or len({name.profile_id for name in names}) != 1:
        return None
    profile = snapshot.profile(names[0].profile_id)
    if profile is None:
        return None
    about = About(profile, snapshot)
    bodies = [name.full for name in names if not name.person]
    known = {part for phrase in described for part in phrase.split()}
    asked = set(_left(question, names, FOUNDED if bodies else HONOURED)) - known
    if asked or NAMED_PRIZE.search(question) or _NO_FOUNDING.search(plain):
        return None
    said = _founding(about, bodies) if bodies else _award(about, plain)
    founder = bodies and any(name.person for name in names)
    if said is None or (founder and not about.is_of_own((said.start, said.end))):
        return None
    return _span(about, said)


def _left(question: str, names: Sequence[Name], deed: re.Pattern[str]) -> list[str]:
    """Return the words that ask for more than the deed; the question itself, if it has no deed."""
    plain = fold(question)
    if not deed.search(plain):
        return [plain]
    known = {part for name in names for part in (*name.words, *fold(name.full).split())}
    for place in places.find(question, any_case=True):
        known |= set(fold(question[place.start : place.end]).split())
    rest = deed.sub(" ", plain)
    kept = (word.removesuffix("'s").removesuffix("’s") for word in words(rest))
    return [word for word in kept if says_something(word) and word not in known]


def _award(about: About, plain: str) -> Evidence | None:
    """Return the evidence of the award; of a year that a question itself gives there is none."""
    held = [said for said in about.of("award_year") if said.end and said.value not in plain]
    return held[0] if len(held) == 1 else None


def _founding(about: About, bodies: Sequence[str]) -> Evidence | None:
    held = [said for said in about.of("founded") if said.value.split(" ", 1)[1] in bodies]
    return held[0] if len(held) == 1 else None


def _span(about: About, said: Evidence) -> Span | None:
    """Return where the date stands in the sentence, if it stands there in words of its own."""
    text, sentence = about.profile.text, (said.start, said.end)
    told = [
        date
        for date in dates.find(text)
        if sentence[0] <= date.start < sentence[1]
        and date.value[:4] == said.value[:4]
        and (date.told_by is None or len(date.value) > len("2010"))
    ]
    if not told:
        return None
    date = max(told, key=lambda date: (len(date.value), -date.start))
    return Span(about.profile.id, date.start, date.end, 1.0, *sentence)
