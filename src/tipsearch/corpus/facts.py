"""What a profile says of its people, each with the sentence that says it.

Labels and front matter count first. Where they are empty the text is read by rules over its words,
without a model: what they miss stays unsaid, what they find is marked as read from the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from tipsearch.corpus import dates, places
from tipsearch.corpus.passages import sentences
from tipsearch.corpus.profiles import fold
from tipsearch.types import FIELD_NAMES, Evidence, Profile

Sentence = tuple[int, int]

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_REPORT = re.compile(r"Trafficking in Persons|\bTIP\b", re.IGNORECASE)
_REPORT_YEAR = re.compile(
    r"\b(?:19|20)\d\d(?= (?:US |U\.S\. )?(?:TIP|Trafficking in Persons)\b)"
    r"|(?<=Report (?:of|in) )(?:19|20)\d\d"
)
_HONOUR = re.compile(r"\b(?:hero(?:es)?|honou?r\w*|award\w*|given|recogni[sz]\w*)\b", re.IGNORECASE)
_HERO = re.compile(r"\bhero(?:es)?\b|\bTIP\b", re.IGNORECASE)
_PRIZE = re.compile(
    r"(?:[A-Z][\w’'.-]*\s+(?:(?:of|for|the|and|in)\s+)*)+(?:Prize|Medal|Award|Order)\b"
    r"(?:\s+(?:of|for)(?:\s+the)?(?:\s+[A-Z][\w’'-]*)+)?"
)
_BORN = re.compile(r"\bborn\b", re.IGNORECASE)
_FOUNDED = re.compile(r"\b(?:found\w+|creat\w+|establish\w+|set up|start\w+|leads?|led|head\w*)\b")
_BODY = (
    "Foundation Centre Center Commission Mission Movement Association Organisation Organization "
    "Coalition Network Alliance Institute Council Committee Society Group Home Project Campaign "
    "Initiative"
)
_ORGANIZATION = re.compile(
    r"\b(?:(?:[A-Z][\w’'-]+\s+(?:(?:of|for|the|against|on)\s+)*)+(?:"
    + "|".join(_BODY.split())
    + r")(?:\s+(?:of|for|against|on)(?:\s+the)?(?:\s+[A-Z][\w’'-]+)+)?|[A-Z]{3,})(?![\w-])"
)
_NO_ORGANIZATION = frozenset("TIP TVPA NGO USA USAID".split())
_SHE = re.compile(r"\b(?:she|her|hers|herself)\b", re.IGNORECASE)
_HE = re.compile(r"\b(?:he|his|him|himself)\b", re.IGNORECASE)
_COURTESY = {"Mr.": "man", "Ms.": "woman", "Mrs.": "woman", "Sister": "woman", "Brother": "man"}
_MOSTLY = 3  # pronouns of one kind for one of the other


def read(profile: Profile, topics: Iterable[str] = ()) -> list[Evidence]:
    """Return everything that can be listed, counted, compared or dated in a profile.

    Parameters
    ----------
    profile : Profile
        One.
    topics : iterable of str
        Values of ``focus`` that other profiles use; only these are read from a text.

    Returns
    -------
    list of Evidence
        By field: the labels' values, or those the text gives where a label is empty; then
        people, their gender where pronouns tell it, dates in the order of the text, and when
        bodies were founded ("1996 Prajwala").
    """
    found = []
    for name in FIELD_NAMES:
        labelled = getattr(profile.fields, name)
        if labelled:
            found += [_from_label(profile, name, value) for value in labelled]
        else:
            found += from_text(profile, name, topics)
    told = list(_dates(profile))
    return [*found, *_people(profile), *_genders(profile), *told, *_foundings(profile, found)]


def from_text(profile: Profile, name: str, topics: Iterable[str] = ()) -> list[Evidence]:
    """Return what a profile's text gives for a field.

    A country that most sentences with a country name, and those that half as many name, two at
    least unless it is the only one; the year of an honour in a Trafficking in Persons Report;
    prizes; organisations that are named twice, or founded; topics the text names. Roles are not
    read.
    """
    spans = sentences(profile.text)
    readers: dict[str, Callable[[], dict[str, Sentence]]] = {
        "active_in": lambda: _countries(profile.text, spans),
        "organization": lambda: _organizations(profile.text, spans, profile.names),
        "award_year": lambda: _award_year(profile.text, spans),
        "additional_recognition": lambda: _prizes(profile.text, spans),
        "focus": lambda: _topics(profile.text, spans, topics),
    }
    given = readers[name]() if name in readers else {}
    return [
        Evidence(profile.id, name, value, start, end, labelled=False)
        for value, (start, end) in given.items()
    ]


def _from_label(profile: Profile, name: str, value: str) -> Evidence:
    """Find the sentence that says what a label says; none is no sentence, not the nearest one."""
    text, spans = profile.text, sentences(profile.text)
    if name == "active_in":
        value = places.canonical(value)
        names = ({country for p in places.find(text[a:b]) for country in p.countries
                  if len(p.countries) < _FEW} for a, b in spans)  # fmt: skip
        held = [span for span, named in zip(spans, names, strict=True) if value in named]
    elif name == "award_year":
        dated = [(e.start, e.end) for e in _dates(profile) if e.value.startswith(value)]
        honoured = [(a, b) for a, b in dated if _HONOUR.search(text[a:b])]
        as_hero = [(a, b) for a, b in honoured if _HERO.search(text[a:b])]
        held = as_hero or honoured or dated
    else:
        forms = [form for form in _forms(value) if len(form) > 2]
        held = [
            (a, b) for form in forms for a, b in spans if _carries(text[a:b], form)
        ]  # fmt: skip
    start, end = held[0] if held else (0, 0)
    return Evidence(profile.id, name, value, start, end, labelled=True)


_FEW = 4  # countries of a form that names a country and no region


def _forms(value: str) -> list[str]:
    """Return a label's value, and what stands in and before its brackets: "CIW", "Coalition"."""
    inside = re.findall(r"\(([^)]*)\)", value)
    outside = re.sub(r"\s*\([^)]*\)", "", value)
    return [value, outside, *inside]


def _carries(sentence: str, form: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(fold(form))}(?!\w)", fold(sentence)) is not None


def _countries(text: str, spans: Sequence[Sentence]) -> dict[str, Sentence]:
    """Return the countries that most sentences name, but for those on where somebody was born.

    One named once counts only where it is the sole one. Against the labels of 31 profiles: 24
    countries right, 3 wrong, 8 missed.
    """
    named = [
        (name, span)
        for span in spans
        if not _BORN.search(text[slice(*span)])
        for name in {
            place.name
            for place in places.find(text[slice(*span)])
            if len(place.countries) == 1  # "Congo" is two
            and places.is_name(text[slice(*span)][place.start : place.end])
        }
    ]
    counts = Counter(name for name, _ in named)
    most = max(counts.values(), default=0)
    sole = len(counts) == 1
    kept = [n for n, count in counts.most_common() if count * 2 >= most and (count > 1 or sole)]
    return {name: next(span for n, span in named if n == name) for name in kept}


def _award_year(text: str, spans: Sequence[Sentence]) -> dict[str, Sentence]:
    """Return the year of a sentence that names the report and honours somebody in it.

    Of several years, "the same year" among them, only one that stands beside the report's name.
    """
    told = dates.find(text)
    for start, end in spans:
        sentence = text[start:end]
        report, honour = _REPORT.search(sentence), _HONOUR.search(sentence)
        years = {date.value[:4] for date in told if start <= date.start < end}
        if not (report and honour):
            continue
        if len(years) > 1:
            years = {match[0] for match in _REPORT_YEAR.finditer(sentence)}
        if len(years) == 1 and _YEAR.fullmatch(year := years.pop()):
            return {year: (start, end)}
    return {}


def _prizes(text: str, spans: Sequence[Sentence]) -> dict[str, Sentence]:
    found: dict[str, Sentence] = {}
    for span in spans:
        for prize in _PRIZE.finditer(text[slice(*span)]):
            name = re.sub(r"^The ", "", prize[0])
            if not _REPORT.search(name):
                found.setdefault(name, span)
    return found


def _organizations(
    text: str, spans: Sequence[Sentence], names: Sequence[str]
) -> dict[str, Sentence]:
    named: dict[str, list[Sentence]] = {}
    for span in spans:
        for _, name in _called_a_body(text[slice(*span)], names):
            named.setdefault(name, []).append(span)

    def founded(span: Sentence) -> bool:
        return _FOUNDED.search(text[slice(*span)]) is not None

    return {
        name: next((span for span in held if founded(span)), held[0])
        for name, held in named.items()
        if len(held) > 1 or founded(held[0])
    }


def _called_a_body(sentence: str, people: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the place and name of each organisation told by its words or capitals alone."""
    parts = {part for person in people for part in person.split()}
    for match in _ORGANIZATION.finditer(sentence):
        name = re.sub(r"^The ", "", match[0])
        if name not in _NO_ORGANIZATION and not set(name.split()) <= parts:
            yield match.start(), name


def _topics(text: str, spans: Sequence[Sentence], topics: Iterable[str]) -> dict[str, Sentence]:
    def spelt(words: str) -> str:
        return fold(words).replace("labour", "labor")

    held = {
        topic: next((span for span in spans if spelt(topic) in spelt(text[slice(*span)])), None)
        for topic in sorted(topics)
    }
    return {topic: span for topic, span in held.items() if span}


def people(profile: Profile) -> list[str]:
    """Return the names a profile's title is made of, without its aliases and brackets."""
    title = re.sub(r"\s*\([^)]*\)", "", profile.title)
    bare = [re.sub(r"\s*\([^)]*\)", "", name) for name in profile.names]
    return [name for name in bare if name and name in title] or [title]


def _people(profile: Profile) -> Iterator[Evidence]:
    spans = sentences(profile.text)
    for name in [*people(profile), *_with_them(profile)]:
        last = name.split()[-1] if name.split() else name
        held = [
            span for form in (name, last) for span in spans if form in profile.text[slice(*span)]
        ]
        start, end = held[0] if held else (0, 0)
        yield Evidence(profile.id, "person", name, start, end, labelled=False)


_TOGETHER = re.compile(r"\b(?:jointly|[Tt]he two (?:of them )?(?:were|received|got))\b")
_NOBODY = frozenset(f"The {_BODY} Department Ministry Government Secretary Persons".split())


def _with_them(profile: Profile) -> Iterator[str]:
    """Yield the people whom a profile says were made heroes jointly with its own.

    Yields
    ------
    str
        The longest name the profile gives of somebody named in the sentence that says so.
    """
    own = {part for name in profile.names for part in re.findall(r"\w+", name)}
    for start, end in sentences(profile.text):
        sentence = profile.text[start:end]
        if not (_TOGETHER.search(sentence) and _HERO.search(sentence)):
            continue
        for last in dict.fromkeys(re.findall(r"\b[A-Z][a-zà-ÿ]+\b(?! [A-Z])", sentence)):
            whole = re.findall(
                rf"(?<!in )(?<!at )\b(?:[A-Z][a-zà-ÿ]+ )+{re.escape(last)}\b", profile.text
            )
            longest = max(whole, key=len, default="")
            known = (own | _NOBODY) & set(longest.split())
            if longest and not known and not places.find(longest) and not _HERO.search(longest):
                yield longest


def _genders(profile: Profile) -> Iterator[Evidence]:
    """Tell "woman" or "man" from pronouns; of two people, from "Mr." and "Ms." only."""
    named = people(profile)
    spans = sentences(profile.text)
    if len(named) > 1:
        for name in named:
            last = name.split()[-1]
            courtesy = "|".join(map(re.escape, _COURTESY))
            called = re.search(rf"\b({courtesy}) (?:\w+ )?{re.escape(last)}\b", profile.text)
            if called:
                start, end = next((a, b) for a, b in spans if a <= called.start() < b)
                value = f"{_COURTESY[called[1]]}: {name}"
                yield Evidence(profile.id, "gender", value, start, end, labelled=False)
        return
    she, he = (len(pronoun.findall(profile.text)) for pronoun in (_SHE, _HE))
    for value, pronoun, ours, theirs in (("woman", _SHE, she, he), ("man", _HE, he, she)):
        if ours and ours >= _MOSTLY * theirs:
            start, end = next((a, b) for a, b in spans if pronoun.search(profile.text[a:b]))
            said = f"{value}: {named[0]}"
            yield Evidence(profile.id, "gender", said, start, end, labelled=False)


def _dates(profile: Profile) -> Iterator[Evidence]:
    spans = sentences(profile.text)

    def around(offset: int) -> Sentence:
        return next(((a, b) for a, b in spans if a <= offset < b), (0, 0))

    told = dates.find(profile.text)
    explicit = {
        (date.value[:4], around(date.start))
        for date in told
        if date.told_by is None or len(date.value) > len("2010")
    }
    seen = set()
    for date in told:
        start, end = around(date.start)
        again = date.told_by and len(date.value) == 4 and (date.value, (start, end)) in explicit
        if start == end or again or (date.value, start) in seen:
            continue
        seen.add((date.value, start))
        basis = around(date.told_by[0]) if date.told_by else ()
        yield Evidence(profile.id, "date", date.value, start, end, labelled=False, basis=basis)


_SET_UP = re.compile(
    r"\b(?:co-)?(?:found(?:ed)?|set(?:ting)? up|establish(?:ed|ing)|created|launched)\b"
)
_CAME_UP = re.compile(
    r"\b(?:(?:was|were|been) (?:first )?(?:founded|set up|established|created|formed|launched)|"
    r"came into being|dates? from|dated(?: from)?|began its work|opening took place|"
    r"[Ff]ounded in)\b"
)
_NOT_THEN = re.compile(r"\b(?:after|since|before|until|which|who had|helped to)(?: \w+){0,2} $")
_BESIDE = re.compile(r"\b(?:after|before|since|until)(?: [\w'’-]+){0,4} $")
_IN_YEAR = re.compile(r" (?:in|on)\b[^,.;]{0,20}\b(?:1[89]|20)\d\d\b")
_IT = re.compile(
    r"^(?:It|Its (?:creation|founding|opening|origins?|work)|(?:Her|His|Their) organi[sz]ation|"
    r"The (?:organi[sz]ation|association|centre|foundation|group|NGO))\b"
)
_NAME = re.compile(
    r"(?: (?:the|an?|of|NGOs?|association|charity|group|organi[sz]ation))* "
    r"(?P<name>[A-Z][\w’'-]*(?: (?:(?:of|for|the|against|des?|on) )*[A-Z][\w’'-]*)*)"
)
_NEAR_CHARS = 120  # between a verb and its date, or its body


def short_name(label: str) -> str:
    """Return an organisation's label up to its brackets or first comma.

    Examples
    --------
    >>> short_name("Coalition of Immokalee Workers (CIW)")
    'Coalition of Immokalee Workers'
    """
    return re.split(r"\s*[(,]", label.removeprefix("The "))[0] or label


def _foundings(profile: Profile, known: Sequence[Evidence]) -> Iterator[Evidence]:
    """Tell when bodies were founded, from sentences with such a verb, a year and a body's name.

    Yields
    ------
    Evidence
        Its value is the date and the body: one of the labels', one whose name says so, or a name
        right after the verb. "It dates from 2008" is said of the body named last before it.
    """
    told = dates.find(profile.text)
    labels = [e.value for e in known if e.field == "organization"]
    own = {short_name(label): short_name(label) for label in labels}
    for label in labels:
        for form in _forms(label)[2:]:
            own[form] = short_name(label) if form.isupper() else form
    last = next(iter(own), "")
    seen = set()
    for start, end in sentences(profile.text):
        sentence = profile.text[start:end]
        bodies = _bodies(sentence, own, profile.names)
        dated = [d for d in told if start <= d.start < end and not d.value.endswith("s")]
        for place, name in _begun(sentence, bodies, last):
            date = _date_of(sentence, place, dated, start)
            if date and fold(name) not in seen:
                seen.add(fold(name))
                value = f"{date.value} {name}"
                yield Evidence(profile.id, "founded", value, start, end, labelled=False)
        last = bodies[-1][1] if bodies else last


def _bodies(sentence: str, own: Mapping[str, str], names: Sequence[str]) -> list[tuple[int, str]]:
    """Return the bodies a sentence names, by place, those of the labels by their short names."""
    found: dict[int, str] = {}
    for form in sorted(own, key=len, reverse=True):
        if len(form) > 2 and (match := re.search(rf"(?<!\w){re.escape(form)}(?!\w)", sentence)):
            found.setdefault(match.start(), own[form])
    for offset, name in _called_a_body(sentence, names):
        if not any(at <= offset < at + len(held) for at, held in found.items()):
            found.setdefault(offset, name)
    return sorted(found.items())


def _begun(
    sentence: str, bodies: Sequence[tuple[int, str]], last: str
) -> Iterator[tuple[int, str]]:
    """Yield each verb of founding with its body: what it has for an object, or for a subject."""
    passive = list(_CAME_UP.finditer(sentence))
    for verb in passive:
        aside = _BESIDE.search(sentence[: verb.start()])
        if aside and not _IN_YEAR.match(sentence, verb.end()):
            continue  # "he left in 2011, ten years after it was founded"
        before = [name for at, name in bodies if at < verb.start()]
        if before:
            yield verb.start(), before[0]
        elif verb[0].startswith("Founded") and bodies:
            yield verb.start(), bodies[0][1]
        elif last and _IT.match(sentence):
            yield verb.start(), last
    for verb in _SET_UP.finditer(sentence):
        if any(p.start() <= verb.start() < p.end() for p in passive):
            continue
        if _NOT_THEN.search(sentence[: verb.start()]):
            continue
        named = _NAME.match(sentence, verb.end())
        if named and not named["name"].endswith(("'s", "’s")):  # "Peru's first shelter"
            offset = named.start("name")
            at = [name for place, name in bodies if place <= offset < place + len(name)]
            yield verb.start(), at[0] if at else named["name"]
        else:
            after = [n for at, n in bodies if verb.end() <= at < verb.end() + _NEAR_CHARS]
            yield from ((verb.start(), name) for name in after[:1])


def _date_of(
    sentence: str, place: int, dated: Sequence[dates.Date], start: int
) -> dates.Date | None:
    """Return the date that a verb has: the nearest, one beyond an "and" only without another."""

    def distance(date: dates.Date) -> int:
        at = date.start - start
        between = sentence[min(at, place) : max(at, place)]
        return abs(at - place) + (_NEAR_CHARS if re.search(r"\band\b", between) else 0)

    nearest = min(dated, key=distance, default=None)
    return nearest if nearest and distance(nearest) < 2 * _NEAR_CHARS else None
