"""What a list or a count asks for: whom or what, where, when, and in which words."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tipsearch.corpus import places
from tipsearch.corpus.profiles import fold

Stems = Callable[[str], list[str]]
"""Reduces a text to the stems of its words, as the index does."""


@dataclass(frozen=True, slots=True)
class Years:
    """From ``first`` to ``last``, both included; ``of`` is "award", "recognition" (another one), "founding" or "telling"."""

    first: int
    last: int
    of: str


@dataclass(frozen=True, slots=True)
class Criteria:
    """What must hold of everything listed.

    Attributes
    ----------
    target : str
        ``"person"``, ``"organization"``, ``"country"``, ``"year"`` or ``"title"``.
    noun : str
        What is listed, in the question's word.
    places : tuple of Place
        Each must hold.
    years : Years or None
        When the award was given, the body founded, or what the words say happened.
    gender : str
        ``"woman"``, ``"man"`` or "".
    focus : tuple of str
        Topics, as the profiles name them; each must hold.
    roles : tuple of groups
        What somebody must be; each group holds the spellings of one thing, folded.
    words : tuple of tuples of groups
        Ways to be told: all groups of one of them stand together in a sentence.
    said : tuple of str
        The words behind ``roles`` and ``words``, as they were typed.
    """

    target: str
    noun: str
    places: tuple[places.Place, ...] = ()
    years: Years | None = None
    gender: str = ""
    focus: tuple[str, ...] = ()
    roles: tuple[frozenset[str], ...] = ()
    words: tuple[tuple[frozenset[str], ...], ...] = ()
    said: tuple[str, ...] = ()


_TARGETS = {
    "organization": (
        "organisation organization ngo group foundation association charity union network body "
        "institution movement non-profit nonprofit coalition shelter project"
    ),
    "country": "country nation place region state",
    "year": "year",
    "title": "book title film documentary",
}
_GENDERS = {
    "woman": "woman women female females lady ladies heroine heroines girl".split(),
    "man": "man men male males".split(),
}
_PEOPLE = frozenset(
    "hero person people honouree honoree recipient winner laureate awardee profile individual "
    "everyone everybody anyone anybody those somebody someone who folk campaigner activist "
    "advocate".split()
)
_EMPTY = frozenset(
    "a an the all any every each of in on at by for to from with and or as that which who whom "
    "whose what how many much is are was were be been being has have had do does did can could "
    "will would there here their them they these those this it its he she his her him i me my we "
    "us our you your list name show give find tell count number total please full complete "
    "different distinct himself herself themselves self own ever also both either still already "
    "once just only even so such than then more one ones some turn up amongst among between "
    "not no out into about over under during within out get got gets become became come comes "
    "came belong belongs belonging named called said known collection profiles profile database "
    "archive index corpus here see could would should kindly if when where while because "
    "am i'm i'd need want wanted mean means meant made make include includes including included looking look "
    "profiled according going far tell tells example something described describe as at point "
    "least writing piece article lesson class_ them name names please ones one thanks say says "
    "said touch deal anyone somebody whole fact facts question answer know known whether had "
    "might may must let lets other another further others way ways kind kinds sort sorts "
    "through two three four five six seven eight nine ten by_profession profession job trade occupation someone exactly altogether overall various "
    "certain particular respectively together set".split()
)
_AWARD = frozenset(
    "hero heroes heroine honour honor honoured honored honouring award awards awarded awardee "
    "awardees recognise recognised recognized recognition tip report reports trafficking_in_persons "
    "persons department state distinction distinguished chosen picked selected named given receive "
    "received recipients recipient win won winner winners laureate laureates honourees honorees "
    "honouree honoree prize prizes title accolade decorated celebrated commended".split()
)
_ACTIVITY = frozenset(
    "active work works worked working campaign campaigns campaigned campaigning fight fights fought "
    "fighting live lives lived living based act acts acted operate operates operated operating "
    "come comes came coming deal deals dealt dealing concern concerned cause causes took take taken "
    "serve served serving tackle tackled tackling combat combating combatted oppose opposed against "
    "help helped helping do doing done run runs running stand stood engaged engage focus focused "
    "focuses focusing specialise specialised speciality area areas field issue issues topic topics "
    "country countries nation nations region regions part continent world place places from "
    "trafficking human anti-trafficking slavery exploitation traffickers".split()
)
_FOUNDING = re.compile(
    r"\b(?:found(?:ed|ing|ation)?|set up|start(?:ed|ing)?|establish\w*|creat\w+|launch\w*|form(?:ed|ation)|"
    r"began|begun|begin|opened|got going|came into being|c[ao]me into existence|go(?:es)? back|dat(?:e|es|ing) from|old(?:er)?)\b"
)
_HONOURED = re.compile(
    r"\b(?:hono(?:u)?r\w*|award\w*|hero(?:es|ine|ines)?|recogni[sz]\w*|prize\w*|tip|laureates?|recipients?)\b"
)
_OTHER_PRIZE = re.compile(
    r"\b(?:another|other|further|additional|second|more|national|any) (?:\w+ )?(?:award|prize|recognition|"
    r"distinction|honou?r|medal)|\bmedals?\b|not the (?:tip |hero )|other than (?:being|the|as)"
)
_YEAR = r"(?:19|20)\d\d"
_RANGES: tuple[tuple[str, Callable[[re.Match[str]], tuple[int, int]]], ...] = (
    (
        rf"\bbetween (?:the years )?({_YEAR}) (?:and|to) ({_YEAR})\b",
        lambda m: (int(m[1]), int(m[2])),
    ),
    (
        rf"\b(?:from|in) ({_YEAR}) (?:to|through|until|till|up to) ({_YEAR})\b",
        lambda m: (int(m[1]), int(m[2])),
    ),
    (rf"\b({_YEAR}) (?:to|through|until) ({_YEAR})\b", lambda m: (int(m[1]), int(m[2]))),
    (rf"\b(?:up to and including|not later than) ({_YEAR})\b", lambda m: (0, int(m[1]))),
    (rf"\b({_YEAR}) ?[-–] ?({_YEAR})\b", lambda m: (int(m[1]), int(m[2]))),
    (
        rf"\b(?:before|prior to|earlier than|ahead of) (?:the year )?({_YEAR})\b",
        lambda m: (0, int(m[1]) - 1),
    ),
    (
        rf"\b(?:until|till|up to|by|no later than|up until) (?:the (?:year|end of) )?({_YEAR})\b",
        lambda m: (0, int(m[1])),
    ),
    (rf"\b(?:after|later than|past) (?:the year )?({_YEAR})\b", lambda m: (int(m[1]) + 1, 9999)),
    (
        rf"\b(?:since|from|as of|starting in) (?:the year )?({_YEAR})(?: on(?:wards?)?)?\b",
        lambda m: (int(m[1]), 9999),
    ),
    (rf"\b({_YEAR}) (?:or|and) (?:later|after|newer|onwards?)\b", lambda m: (int(m[1]), 9999)),
    (rf"\b({_YEAR}) or (?:earlier|before)\b", lambda m: (0, int(m[1]))),
    (r"\b(?:the )?((?:19|20)\d)0['’]?s\b", lambda m: (int(m[1]) * 10, int(m[1]) * 10 + 9)),
    (
        rf"\b(?:either )?(?:in )?({_YEAR}) (?:or|and) (?:in )?({_YEAR})\b",
        lambda m: (int(m[1]), int(m[2])),
    ),
    (rf"\b({_YEAR})\b", lambda m: (int(m[1]), int(m[1]))),
)
_DECADES = {"nineties": "1990s", "eighties": "1980s", "seventies": "1970s", "noughties": "2000s",
            "sixties": "1960s"}  # fmt: skip


def parse(question: str, topics: Collection[str], stems: Stems) -> Criteria:
    """Read the criteria out of a question that asks for a list or a count.

    Parameters
    ----------
    question : str
        One line.
    topics : collection of str
        Values of ``focus`` that the profiles have.
    stems : callable
        See `Stems`.

    Examples
    --------
    >>> found = parse("Which women in South Asia were honoured before 2011?", [], str.split)
    >>> found.gender, found.places[0].name, found.years
    ('woman', 'South Asia', Years(first=0, last=2010, of='award'))
    """
    text = _asked(question.replace("’", "'"))
    for word, decade in _DECADES.items():
        text = re.sub(rf"\b{word}\b", decade, text, flags=re.IGNORECASE)
    named = places.find(text, any_case=True)
    left = _without(text, [(place.start, place.end) for place in named])
    named = _joined(text, named)
    left, span = _years(left)
    undergone = _UNDERGONE.search(fold(left))
    left, focus = _topics(left, () if undergone else topics)
    plain = fold(left)
    target, noun = _target(fold(_CAPITAL.sub(" ", left)) if not left.isupper() else plain)
    gender = next((g for g, words in _GENDERS.items() if set(words) & set(_words(plain))), "")
    roles, role_words, rest = _roles(plain, noun, target)
    if roles and undergone:
        rest = re.sub(r"\bof\b.*", " ", rest)
    if span and target == "organization":
        rest = _FOUNDING.sub(" ", rest)
    alternatives = _alternatives(rest, has_more=bool(named or focus or roles or role_words))
    years = None
    if span:
        about = fold(text)
        if target == "organization" and _FOUNDING.search(about):
            of = "founding"
        elif _OTHER_PRIZE.search(fold(question)):
            of = "recognition"
        elif not any(alternatives) or _HONOURED.search(about):
            of = "award"
        else:
            of = "telling"
        years = Years(*span, of)
    groups = _wider([tuple(group(word, stems) for word in words) for words in alternatives])
    said = tuple(dict.fromkeys([*role_words, *(w for words in alternatives for w in words)]))
    return Criteria(
        target, noun, tuple(named), years, gender, focus,
        (frozenset().union(*map(_spellings, roles)),) if roles else (), groups, said,
    )  # fmt: skip


def describing(question: str, stems: Stems) -> Criteria:
    """Read whom a question describes besides what it asks: places, roles, gender, award year.

    Examples
    --------
    >>> found = describing("When was the judge from Morocco honoured?", str.split)
    >>> found.places[0].name, sorted(found.roles[0])[0]
    ('Morocco', 'judge')
    """
    parsed = parse(question, (), stems)
    plain = fold(question)
    roles = tuple(
        _spellings(role)
        for role in sorted(_role_words(), key=len, reverse=True)
        if re.search(rf"\b(?:{re.escape(role)}|{re.escape(_plural(role))})\b(?!['’]?s? of)", plain)
    )
    years = parsed.years if parsed.years and parsed.years.of == "award" else None
    return Criteria("person", "", parsed.places, years, parsed.gender, (), roles[:1])


_ASKS = (
    r"(?:which|who|whose|what|how many|in which|list|name|give|show|count|tell|were|are|was|is)\b"
)
_ASIDE = re.compile(
    r",? (?:according to|going by|judging by|as far as|as told by|as per|based on|in|from|among|of) "
    r"(?:all )?(?:the |these |those |your |our )?(?:profiles?|texts?|collection|database|archive|index|people profiled)"
    r"(?: here)?(?: tells?| says?| shows?| goes?)?\b|\((?:not|excluding|except|besides|other than)[^)]*\)"
    r"|,? (?:other than|apart from|besides|not counting|in addition to) .*$",
    re.IGNORECASE,
)


def _asked(question: str) -> str:
    """Return the part of a question that asks: no lead-in, no "name them", no "as the profiles say"."""
    text = _ASIDE.sub(" ", question)
    text = re.sub(
        r"[.?!;,:–-]+ *(?:please )?(?:name|list|show|tell) (?:them|me|us|all of them)\b.*$",
        "",
        text,
        flags=re.I,
    )
    text = re.sub(
        r"[?.!] *(?:and )?(?:who|which|which ones)\b *[?!.]*$", "", text, flags=re.IGNORECASE
    )
    cut = re.match(
        rf"[^:–]*?(?:[:;–]| - |[.,] (?={_ASKS}))\s*(?=.*\b{_ASKS})(.+)$", text, re.IGNORECASE
    )
    lead = cut and re.match(
        r"(?:i\b|i'm|we|hi|hello|my|for (?:my|an?|our)|please|ok|so|well|just|thanks|as)",
        text,
        re.I,
    )
    return cut[1] if cut and lead else text


_UNDERGONE = re.compile(r"\b(?:survivors?|victims?) of\b|\bsurvived\b|\bhad been trafficked\b")
"""Before a topic: what somebody went through is not what they work on."""


def _joined(text: str, named: Sequence[places.Place]) -> list[places.Place]:
    """Make one of places that are alternatives: "Nordic or Baltic", "Albania, Nepal and Peru"."""
    found: list[places.Place] = []
    for place in named:
        before = found[-1] if found else None
        between = text[before.end : place.start] if before else ""
        if before and re.fullmatch(r"(?:,| or| and|/| the| in| from)*\s*", between):
            both = before.countries | place.countries
            name = f"{before.name} or {place.name}"
            found[-1] = places.Place(name, both, before.start, place.end)
        elif not any(place.countries <= other.countries for other in found):
            found.append(place)
    return found


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    kept = list(text)
    for start, end in spans:
        kept[start:end] = " " * (end - start)
    return "".join(kept)


def _years(text: str) -> tuple[str, tuple[int, int] | None]:
    """Cut the first span of years out of a text."""
    for pattern, reading in _RANGES:
        if match := re.search(pattern, text, re.IGNORECASE):
            return _without(text, [match.span()]), reading(match)
    return text, None


def _topics(text: str, topics: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """Cut the topics that the profiles are filed under out of a text."""

    def spelt(words: str) -> str:
        return fold(words).replace("labour", "labor")

    found = []
    for topic in sorted(topics, key=lambda topic: (-len(topic), topic)):
        place = spelt(text).find(fold(topic))
        if place >= 0:
            found.append(topic)
            pattern = re.escape(topic).replace("abor", "abou?r")
            text = re.sub(rf"{pattern}s?", " ", text, flags=re.IGNORECASE)
    return text, tuple(found)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:['’.-][^\W_]+)*", text)


_CAPITAL = re.compile(r"(?<=[\w,] )[A-Z][a-z]\w*")
"""A word with a capital inside a question: the "Nations" of a name are no countries to list."""


def _target(plain: str) -> tuple[str, str]:
    """Tell what is listed from the first noun that can be."""
    opening = re.search(
        r"\bhow many\b(?: different| of the| of these)?|^\W*in (?:which|what)\b", plain
    )
    words = _words(plain[opening.end() :] if opening else plain)
    if "who" in words and any(singular(w) != "who" and _is_noun(w) for w in words):
        words = [word for word in words if word != "who"]
    for word in words:
        single = singular(word)
        for target, nouns in _TARGETS.items():
            if single in nouns.split() and word != single:
                return target, word
        if (
            single in _PEOPLE
            or single in _role_words()
            or any(word in g for g in _GENDERS.values())
        ):
            return "person", word
    return "person", "heroes"


def _is_noun(word: str) -> bool:
    single = singular(word)
    return word != single and (
        single in _PEOPLE or any(single in n.split() for n in _TARGETS.values())
    )


_PLURALS = {"people": "person", "women": "woman", "men": "man", "heroes": "hero",
            "policemen": "policeman", "policewomen": "policewoman", "fishermen": "fisherman",
            "ladies": "lady"}  # fmt: skip


def singular(word: str) -> str:
    """Return a noun's singular, near enough to compare with.

    Examples
    --------
    >>> [singular(word) for word in ("charities", "judges", "churches", "women", "class")]
    ['charity', 'judge', 'church', 'woman', 'class']
    """
    if word in _PLURALS:
        return _PLURALS[word]
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


@cache
def _synonyms() -> tuple[tuple[bool, tuple[str, ...]], ...]:
    """Return the groups of synonyms.txt, each with whether it is one of roles."""
    lines = Path(__file__).with_name("synonyms.txt").read_text("utf-8").splitlines()
    groups = (line.split() for line in lines if line and not line.startswith("#"))
    return tuple(
        (words[0] == "role:", tuple(w.replace("_", " ") for w in words if w != "role:"))
        for words in groups
    )


@cache
def _role_words() -> frozenset[str]:
    return frozenset(word for is_role, words in _synonyms() if is_role for word in words)


def group(word: str, stems: Stems) -> frozenset[str]:
    """Return a word and what may stand for it, as stems; several words joined by a space."""
    own = " ".join(stems(word))
    found = {own}
    for _, words in _synonyms():
        spelt = [" ".join(stems(other)) for other in words]
        if own in spelt:
            found.update(spelt)
    return frozenset(form for form in found if form)


def _spellings(role: str) -> frozenset[str]:
    """Return a role and what it may be called, each in the singular and the plural."""
    alike = {word for is_role, words in _synonyms() if is_role and role in words for word in words}
    return frozenset({*alike, *map(_plural, alike)})


def _roles(plain: str, noun: str, target: str) -> tuple[list[str], list[str], str]:
    """Return the roles asked for, and the question without them."""
    if target != "person":
        return [], [], plain
    found: list[str] = []
    rest = plain
    if survived := re.search(r"\b(?:survived|survivors? of)\b", plain):
        found.append("survivor")
        rest = _without(plain, [survived.span()])
    longest_first = sorted(_role_words(), key=len, reverse=True)
    for role in sorted(longest_first, key=lambda role: not _matches(role, noun)):
        many = _plural(role)
        if match := re.search(rf"\b(?:{re.escape(role)}|{re.escape(many)})\b", rest):
            before = rest[: match.start()]
            joined = found and re.search(r"(?:\bor|\band|,|/)\s+(?:an? )?$", before)
            if match[0] == noun or joined or _IS.search(before):
                found.append(role)
                rest = _without(rest, [match.span()])
    return found, found, rest


def _matches(role: str, noun: str) -> bool:
    return noun in {role, _plural(role)}


_IS = re.compile(
    r"\b(?:is|are|was|were|been|being|become|became|any|as|by|both)\b"
    r"(?: (?:an?|the|also|any|once|formerly|either|themselves|a former|former|trained|and|or))*"
    r"(?: [\w'-]+)? $"
)
"""What stands before a word that says what somebody is, and not what they deal with."""


def _plural(word: str) -> str:
    backwards = {one: many for many, one in _PLURALS.items()}
    if word in backwards:
        return backwards[word]
    if word.endswith("y") and word[-2] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"


def _alternatives(plain: str, *, has_more: bool) -> list[list[str]]:
    """Return the words left of a question, one list for each side of an "or"."""
    found = []
    for side in re.split(r"\bor\b|, and which\b", plain):
        words = [w for w in _words(side) if is_content(w)]
        refers = re.search(r"\b(?:it|there|them|this|that|one|her|him|she|he)\b", side)
        if words and not (refers and (found or has_more)):
            found.append(words)
    return found


def _wider(ways: Sequence[tuple[frozenset[str], ...]]) -> tuple[tuple[frozenset[str], ...], ...]:
    """Drop a way that only repeats words of another: "spoke, or was chosen to speak for all"."""
    kept = [
        way
        for way in ways
        if not any(
            way is not other and len(way) < len(other) and set(way) <= set(other) for other in ways
        )
    ]
    return tuple(kept)


def is_content(word: str) -> bool:
    """Whether a word says something of whom it lists, beyond that they are honoured and active."""
    bare = word.rstrip(".").removesuffix("'s")
    single = singular(bare)
    return not (
        bare in _EMPTY
        or single in _EMPTY
        or bare in _AWARD
        or bare in _ACTIVITY
        or single in _PEOPLE
        or single in {n for nouns in _TARGETS.values() for n in nouns.split()}
        or any(bare in words for words in _GENDERS.values())
        or (bare.endswith("ly") and len(bare) > 4 and bare not in {"family", "italy"})
        or len(bare) < 2
    )
