"""The corpus desk: what an editor should look at, with the sentences that say so.

It proposes and never decides: empty fields whose value the text gives, profiles that are nearly the
same, dates and numbers that differ where the same thing seems to be told. Rules over the words of
a sentence, no model: what they miss stays unsaid, what they find is for a person to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from tipsearch.corpus import facts
from tipsearch.corpus.passages import sentences
from tipsearch.corpus.profiles import fold
from tipsearch.types import FIELD_NAMES, Profile


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at.

    Attributes
    ----------
    kind : str
        ``"field"``: a field is empty and the text gives ``value``. ``"duplicate"``: two profiles
        say nearly the same. ``"disagreement"``: two sentences give different dates or numbers.
    files : tuple of str
        The profiles' files, one or two.
    field : str
        For a field its name, else "".
    value : str
        What the text gives; how much is shared; or both values.
    sentences : tuple of str
        Verbatim; empty for duplicates.
    """

    kind: str
    files: tuple[str, ...]
    field: str
    value: str
    sentences: tuple[str, ...]


def look(profiles: Sequence[Profile]) -> list[Finding]:
    """Return everything worth a look in a corpus, by file."""
    topics = {topic for profile in profiles for topic in profile.fields.focus}
    found = [finding for profile in profiles for finding in empty_fields(profile, topics)]
    found += near_duplicates(profiles)
    found += disagreements(profiles)
    return sorted(found, key=lambda finding: finding.files)


# ----------------------------------------------------------------------------- empty fields


def empty_fields(profile: Profile, topics: Iterable[str] = ()) -> list[Finding]:
    """Propose values for the fields a profile leaves empty, each with a sentence that gives it.

    Parameters
    ----------
    profile : Profile
        One.
    topics : iterable of str
        Values of ``focus`` that other profiles use; only these are proposed.

    Returns
    -------
    list of Finding
        What `facts.from_text` reads.
    """
    return [
        Finding(
            "field", (profile.file,), name, given.value, (profile.text[given.start : given.end],)
        )
        for name in FIELD_NAMES
        if not getattr(profile.fields, name)
        for given in facts.from_text(profile, name, topics)
    ]


# ---------------------------------------------------------------------------- near duplicates

_SHINGLE_WORDS = 5
_NEARLY = 0.5  # share of the shorter profile's shingles; retold facts share under a tenth


def near_duplicates(profiles: Sequence[Profile]) -> list[Finding]:
    """Return the pairs of profiles of which one holds at least half of the other's wording.

    References
    ----------
    Broder, "On the resemblance and containment of documents", SEQUENCES 1997: containment of the
    sets of five-word runs.
    """
    runs = [(profile, _shingles(profile.text)) for profile in profiles]
    found = []
    for (one, ours), (other, theirs) in combinations(runs, 2):
        shorter = min(len(ours), len(theirs))
        shared = len(ours & theirs) / shorter if shorter else 0.0
        if shared >= _NEARLY:
            value = f"{100 * shared:.0f} % of the wording"
            found.append(Finding("duplicate", (one.file, other.file), "", value, ()))
    return found


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", fold(text))
    ends = range(_SHINGLE_WORDS, len(words) + 1)
    return {tuple(words[end - _SHINGLE_WORDS : end]) for end in ends}


# ------------------------------------------------------------------------------ disagreements

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_DATE = re.compile(
    r"\b(?:(?:early|mid|late)[ -])?(?:the )?(?:(?:19|20)\d0s\b|(?:19|20)\d\d\b(?!s))", re.IGNORECASE
)
_VERB = re.compile(
    r"\b(?:(?!named)[a-z]{2,}ed|met|born|began|left|won|came|went|set up|led|took|became|ran|gave|"
    r"given|fled|wrote|built|taken|chosen|shut)\b"
)
"""Verbs that tell an event; "named" and "held" tell too many different ones."""
_COUNT = re.compile(r"\b(\d[\d,.]*\d|\d) ([a-z]{3,})")
_NAME = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][\w’-]*")
_MONTHS = frozenset(
    "January February March April May June July August September October November December Mr Ms "
    "Mrs Dr In At By On The".split()
)


@dataclass(frozen=True, slots=True)
class _Told:
    """A date or a number, what is said of it, and by which sentence of which profile."""

    value: str
    of: str
    names: frozenset[str]
    dates: frozenset[str]
    subject: frozenset[str]
    file: str
    sentence: str


def disagreements(profiles: Sequence[Profile]) -> list[Finding]:
    """Return pairs of sentences that seem to tell the same thing with another date or number.

    They share the verb next to the date (or the noun that is counted), and name the same besides
    the profile's own people, or one names nothing besides; between two profiles something must
    be named.
    """
    told = [item for profile in profiles for item in _told(profile)]
    groups: dict[str, list[_Told]] = {}
    for item in told:
        groups.setdefault(item.of, []).append(item)
    found = {}
    for group in groups.values():
        for one, other in combinations(group, 2):
            if one.value != other.value and _same_thing(one, other):
                files = tuple(dict.fromkeys((one.file, other.file)))
                value = f"{one.value} / {other.value}"
                pair = (one.sentence, other.sentence)
                found[files, value, pair] = Finding("disagreement", files, "", value, pair)
    return list(found.values())


def _same_thing(one: _Told, other: _Told) -> bool:
    if one.sentence == other.sentence:
        return False
    ours, theirs = one.names - one.subject, other.names - other.subject
    nested = ours <= theirs or theirs <= ours
    if one.file != other.file:
        return bool(ours) and ours == theirs
    if one.of.startswith("number of ") and one.dates != other.dates:
        return False  # two counts at two times
    return nested and bool((one.names & other.names) or ours == theirs)


def _told(profile: Profile) -> Iterator[_Told]:
    subject = frozenset(part for name in profile.names for part in name.split())
    spans = [profile.text[start:end] for start, end in sentences(profile.text)]
    named = subject.union(*(_NAME.findall(span) for span in spans))
    for sentence in spans:
        opening = re.match(r"\w+", sentence)
        names = set(_NAME.findall(sentence)) - _MONTHS
        names |= {opening[0]} & named if opening else set()
        dates = frozenset(match[0] for match in _DATE.finditer(sentence))
        for match in _DATE.finditer(sentence):
            if verb := _verb_near(sentence, match.start(), match.end()):
                yield _Told(
                    match[0], verb, frozenset(names), dates, subject, profile.file, sentence
                )
        for match in _COUNT.finditer(sentence):
            if not _YEAR.fullmatch(match[1]):
                yield _Told(
                    match[1], f"number of {match[2]}", frozenset(names), dates, subject,
                    profile.file, sentence,
                )  # fmt: skip


def _verb_near(sentence: str, start: int, end: int) -> str:
    """Return the verb before a date in its clause, else the first one after it, else ""."""
    clause = max(sentence.rfind(";", 0, start), sentence.rfind(", and ", 0, start), 0)
    before = [match[0] for match in _VERB.finditer(sentence, clause, start)]
    after = _VERB.search(sentence, end)
    return before[-1] if before else after[0] if after else ""
