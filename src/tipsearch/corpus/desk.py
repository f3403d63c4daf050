"""The corpus desk: what an editor should look at, with the sentences that say so.

It proposes and never decides: empty fields whose value the text gives, profiles that are nearly the
same, dates and numbers that differ where the same thing seems to be told. Rules over the words of
a sentence, no model: what they miss stays unsaid, what they find is for a person to judge.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

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

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_REPORT = re.compile(r"Trafficking in Persons|\bTIP\b", re.IGNORECASE)
_HONOUR = re.compile(r"\b(?:hero(?:es)?|honou?r\w*|award\w*|given|recogni[sz]\w*)\b", re.IGNORECASE)
_PRIZE = re.compile(
    r"(?:[A-Z][\w’'.-]*\s+(?:(?:of|for|the|and|in)\s+)*)+(?:Prize|Medal|Award|Order)\b"
    r"(?:\s+(?:of|for)(?:\s+the)?(?:\s+[A-Z][\w’'-]*)+)?"
)
_FOUNDED = re.compile(r"\b(?:found\w+|creat\w+|establish\w+|set up|start\w+|leads?|led|head\w*)\b")
_BODY = (
    "Foundation Centre Center Commission Mission Movement Association Organisation Organization "
    "Coalition Network Alliance Institute Council Committee Society Group Home Project Campaign "
    "Initiative"
)
_ORGANIZATION = re.compile(
    r"\b(?:[A-Z]{3,}|(?:[A-Z][\w’'-]+\s+(?:(?:of|for|the|against|on)\s+)*)+(?:"
    + "|".join(_BODY.split())
    + r")(?:\s+(?:of|for|against|on)(?:\s+the)?(?:\s+[A-Z][\w’'-]+)+)?)(?![\w-])"
)
_NO_ORGANIZATION = frozenset("TIP TVPA NGO USA USAID".split())


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
        A country that most sentences with a country name, and those that half as many name; the
        year of an honour in a Trafficking in Persons Report; prizes; organisations that are named
        twice, or founded; topics the text names.
    """
    spans = [profile.text[start:end] for start, end in sentences(profile.text)]
    proposed = {
        "active_in": _countries(spans),
        "organization": _organizations(spans, profile.names),
        "award_year": _award_year(spans),
        "additional_recognition": _prizes(spans),
        "focus": _topics(spans, topics),
    }
    return [
        Finding("field", (profile.file,), name, value, (sentence,))
        for name in FIELD_NAMES
        if not getattr(profile.fields, name)
        for value, sentence in proposed.get(name, {}).items()
    ]


@cache
def _country_names() -> re.Pattern[str]:
    """Match the English names of countries, from Unicode's CLDR."""
    from babel import Locale

    territories = Locale("en").territories
    names = {re.sub(r" \(.*", "", str(n)) for code, n in territories.items() if code.isalpha()}
    longest_first = sorted(map(re.escape, names), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(longest_first)})\b")


def _countries(spans: Sequence[str]) -> dict[str, str]:
    named = [(name, span) for span in spans for name in set(_country_names().findall(span))]
    counts = Counter(name for name, _ in named)
    most = max(counts.values(), default=0)
    kept = [name for name, count in counts.most_common() if count * 2 >= most]
    return {name: next(span for n, span in named if n == name) for name in kept}


def _award_year(spans: Sequence[str]) -> dict[str, str]:
    """Return the year nearest to the words for the report, where somebody is honoured in it."""
    for span in spans:
        report, honour = _REPORT.search(span), _HONOUR.search(span)
        years = list(_YEAR.finditer(span))
        if report and honour and years:
            nearest = min(years, key=lambda year: abs(year.start() - report.end()))
            return {nearest[0]: span}
    return {}


def _prizes(spans: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for span in spans:
        for prize in _PRIZE.finditer(span):
            name = re.sub(r"^The ", "", prize[0])
            if not _REPORT.search(name):
                found.setdefault(name, span)
    return found


def _organizations(spans: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    people = {part for name in names for part in name.split()}
    named: dict[str, list[str]] = {}
    for span in spans:
        for match in _ORGANIZATION.finditer(span):
            name = re.sub(r"^The ", "", match[0])
            if name not in _NO_ORGANIZATION and not set(name.split()) <= people:
                named.setdefault(name, []).append(span)
    return {
        name: next((span for span in held if _FOUNDED.search(span)), held[0])
        for name, held in named.items()
        if len(held) > 1 or _FOUNDED.search(held[0])
    }


def _topics(spans: Sequence[str], topics: Iterable[str]) -> dict[str, str]:
    def spelt(text: str) -> str:
        return fold(text).replace("labour", "labor")

    named = ((topic, next((s for s in spans if spelt(topic) in spelt(s)), "")) for topic in topics)
    return {topic: span for topic, span in sorted(named) if span}


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
