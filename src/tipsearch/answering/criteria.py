"""What a list or a count asks for: whom or what, where, when, and in which words."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from tipsearch.answering import conditions, vocabulary, years
from tipsearch.answering.conditions import Shared
from tipsearch.answering.vocabulary import Stems
from tipsearch.answering.years import Years
from tipsearch.corpus import places
from tipsearch.corpus.profiles import fold

Group = frozenset[str]
"""Spellings of one thing, of which one is enough."""


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
    roles : Group
        What somebody must be, folded; one of them. Empty if any role will do.
    words : tuple of tuples of Group
        Ways to be told: all groups of one of them, of stems, stand together in a sentence.
    said : tuple of str
        The words behind ``roles`` and ``words``, as they were typed.
    won : bool
        Whether it must have been won: a nomination does not count.
    without : Criteria or None
        What must not hold: places, a gender, years of the award.
    order : str
        ``"first"`` or ``"last"``: only who was honoured earliest, or latest.
    shared : Shared or None
        How many people each country or year that is listed must have.
    """

    target: str
    noun: str
    places: tuple[places.Place, ...] = ()
    years: Years | None = None
    gender: str = ""
    focus: tuple[str, ...] = ()
    roles: Group = frozenset()
    words: tuple[tuple[Group, ...], ...] = ()
    said: tuple[str, ...] = ()
    won: bool = False
    without: Criteria | None = None
    order: str = ""
    shared: Shared | None = None


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
    ('woman', 'South Asia', Years(first=0, last=2010, of='award', given=()))
    """
    condition = conditions.cut(_asked(question.replace("’", "'")))
    text = condition.text
    named = places.find(text, any_case=True)
    left, span = years.cut(_without(text, [(place.start, place.end) for place in named]))
    undergone = _UNDERGONE.search(fold(left))
    left, focus = (left, ()) if undergone else _topics(left, topics)
    plain = fold(left)
    target, noun = _target(plain if left.isupper() else fold(_CAPITAL.sub(" ", left)))
    if condition.shared and (grouped := _GROUPED.search(plain)):
        target, noun = vocabulary.listed(vocabulary.plural(grouped[0])), grouped[0]
    roles, rest = _roles(plain, noun) if target == "person" else ([], plain)
    if target == "organization":  # "groups or foundations" are one thing asked for
        joined = re.search(rf"\b{re.escape(noun)} (?:or|and) (\w+)", rest)
        if joined and vocabulary.listed(joined[1]) == target:
            rest = _without(rest, [joined.span()])
        rest = _FOUNDING.sub(" ", rest) if span else rest
    ways = _ways(rest, noun, has_more=bool(named or focus or roles), undergone=bool(undergone))
    if target == "title":
        sorts = [w for w in vocabulary.words(plain) if vocabulary.listed(w) == "title"]
        works = [single for w in sorts if (single := vocabulary.singular(w)) != "title"]
        ways = [[*works[:1], *way] for way in ways or [[]]]
    if span:
        span = replace(span, of=_dated(fold(text), target, has_words=bool(ways)))
    elif not ways and _OTHER_PRIZE.search(fold(text)):
        span = Years(0, years.NO_END, "recognition")
    asked = set(vocabulary.words(plain))
    return Criteria(
        target,
        noun,
        tuple(_joined(text, named)),
        span,
        next((g for g, held in vocabulary.GENDERS.items() if asked & set(held)), ""),
        focus,
        frozenset().union(*map(vocabulary.spellings, roles)),
        _widest([tuple(vocabulary.synonyms(word, stems) for word in way) for way in ways]),
        tuple(dict.fromkeys([*roles, *(word for way in ways for word in way)])),
        won=bool(_WON.search(plain)) and not _PUT_UP.search(plain),
        without=parse(condition.without, (), stems) if condition.without else None,
        order=condition.order,
        shared=condition.shared,
    )


def describing(question: str, stems: Stems) -> Criteria:
    """Read whom a question describes besides what it asks: places, a role, gender, award year.

    Examples
    --------
    >>> found = describing("When was the judge from Morocco honoured?", str.split)
    >>> found.places[0].name, "judge" in found.roles
    ('Morocco', True)
    """
    parsed = parse(question, (), stems)
    plain = fold(question)
    role = next((role for role in vocabulary.roles() if _mentions(plain, role)), "")
    award = parsed.years if parsed.years and parsed.years.of == "award" else None
    roles = vocabulary.spellings(role) if role else frozenset()
    return Criteria("person", "", parsed.places, award, parsed.gender, (), roles)


def _mentions(plain: str, role: str) -> bool:
    """Whether a text has a role of somebody it does not name: no "head of the centre"."""
    forms = f"{re.escape(role)}|{re.escape(vocabulary.plural(role))}"
    return re.search(rf"\b(?:{forms})\b(?!['’]?s? of)", plain) is not None


# ------------------------------------------------------------------------- what is asked

_ASKS = r"(?:which|who|whose|what|how many|in which|list|name|give|show|count|tell|were|are|is)\b"
_THE_PROFILES = (
    r"(?:all )?(?:the |these |those |your )?(?:profiles?|texts?|collection|database|index)"
)
_ASIDE = re.compile(
    r",? (?:according to|going by|judging by|as far as|told by|as per|based on|in|from|among|of) "
    rf"{_THE_PROFILES}(?: here)?(?: tells?| says?| shows?| goes?)?\b"
    r"|\((?:not|excluding|except|besides|other than)[^)]*(?:award|title|hero|tip)[^)]*\)"
    r"|,? (?:other than|apart from|besides|not counting|in addition to) "
    r".*(?:award|title|hero|tip).*$",
    re.IGNORECASE,
)
_THEN_NAME = re.compile(
    r"[.?!;,:–-]+ *(?:please )?(?:name|list|show|tell) (?:them|me|us|all of them)\b.*$"
    r"|[?.!] *(?:and )?(?:who|which|which ones)\b *[?!.]*$",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(
    r"(?:i|i'm|we|hi|hello|my|for (?:my|an?|our)|please|ok|so|well|just|thanks|as)\b[^:–]*?"
    rf"(?:[:;–]| - |[.,] (?={_ASKS}))\s*(?P<rest>{_ASKS}.+|.+\b{_ASKS}.+)$",
    re.IGNORECASE,
)
_UNDERGONE = re.compile(
    r"\b(?:survivors?|victims?) of\b|\bsurvived\b|"
    r"\b(?:had been|were|was|been) (?:\w+ )?(?:trafficked|enslaved)\b"
)
"""Before a topic: what somebody went through is not what they work on."""
_CAPITAL = re.compile(r"(?<=[\w,] )[A-Z][a-z]\w*")
"""A word with a capital inside a question: the "Nations" of a name are no countries to list."""


_BEYOND = re.compile(
    r"\b(?:not|no|never|without|except|excluding|aside|neither|nor|most|fewest|several|outside|"
    r"other than|apart from|besides|or more|or fewer|more than (?:one|two|three|\d+)|"
    r"at least (?:one|two|three|\d+)|oldest|youngest|earliest|latest|best|worst|greatest|bravest|"
    r"don't|didn't|isn't|aren't|wasn't|weren't)\b",
    re.IGNORECASE,
)
"""What these criteria cannot say; a list without it would be another one."""


def asks_beyond(question: str) -> bool:
    """Whether a question sets a condition that criteria cannot hold.

    Examples
    --------
    >>> asks_beyond("Which heroes never left?"), asks_beyond("Which heroes were not women?")
    (True, False)
    """
    condition = conditions.cut(_asked(question))
    held = parse(condition.without or "who", (), str.split)
    if held.words or held.roles or (condition.without and held == _NOTHING):
        return True
    if condition.order and parse(condition.text, (), str.split).words:
        return True
    asked, _ = years.cut(condition.text)
    plain = fold(asked)
    roles = [role for role in vocabulary.roles() if _mentions(plain, role)]
    several_at_once = re.search(r"\bboth\b", plain) and len(roles) > 1
    return bool(several_at_once or _BEYOND.search(asked))


_GROUPED = re.compile(r"\b(?:country|nation|year)\b")
_NOTHING = Criteria("person", "heroes")
"""What says nothing of anybody."""
_NOUN_ASKED = re.compile(
    r"\b(?:how many|which|what)\b(?: of)?(?: (?:the|these|those|all|different|other|more|of))*"
    r"(?P<words>(?: [\w'-]+){1,4})"
)
_NO_NOUN = re.compile(
    r"is|are|was|were|do|does|did|has|have|had|can|could|in|on|at|from|for|of|with|by|that|who|to|as"
)


def unknown_noun(question: str) -> str:
    """Return the plural noun that a question asks to list or count, if nothing can list it.

    Examples
    --------
    >>> unknown_noun("How many ambassadors are named?"), unknown_noun("Which judges are there?")
    ('ambassadors', '')
    """
    asked = _NOUN_ASKED.search(fold(_asked(question)))
    for word in asked["words"].split() if asked else ():
        single = vocabulary.singular(word)
        if _NO_NOUN.fullmatch(word):
            return ""
        known = vocabulary.is_person(word) or vocabulary.listed(word)
        if known or any(single in role.split() for role in vocabulary.roles()):
            return ""
        if word != single and not places.find(word, any_case=True):
            return word
    return ""


def _asked(question: str) -> str:
    """Return what a question asks: no lead-in, no "name them", no "as the profiles say"."""
    text = _THEN_NAME.sub("", _ASIDE.sub(" ", question))
    lead = _LEAD_IN.match(text)
    return lead["rest"] if lead else text


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    kept = list(text)
    for start, end in spans:
        kept[start:end] = " " * (end - start)
    return "".join(kept)


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


def _topics(text: str, topics: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """Cut the topics that the profiles are filed under out of a text."""
    found = []
    for topic in sorted(topics, key=lambda topic: (-len(topic), topic)):
        spelt = re.compile(f"{re.escape(topic).replace('abor', 'abou?r')}s?", re.IGNORECASE)
        if spelt.search(text):
            found.append(topic)
            text = spelt.sub(" ", text)
    return text, tuple(found)


def _target(plain: str) -> tuple[str, str]:
    """Tell what is listed from the first noun that can be; "who" only if there is no other."""
    opening = re.search(r"\bhow many\b|^\W*(?:in|from|to) (?:which|what)\b", plain)
    words = vocabulary.words(plain[opening.end() :] if opening else plain)
    for word in [*(w for w in words if w != "who"), *(w for w in words if w == "who")]:
        if target := vocabulary.listed(word):
            return target, word
        if vocabulary.is_person(word):
            return "person", word
    return "person", "heroes"


# ------------------------------------------------------------------------- roles and words

_IS = re.compile(
    r"\b(?:is|are|was|were|been|being|become|became|any|as|by|both)\b"
    r"(?: (?:an?|the|also|any|once|formerly|either|themselves|a former|former|trained|and|or))*"
    r"(?: [\w'-]+)? $"
)
"""What stands before a word that says what somebody is, and not what they deal with."""
_HEAD = re.compile(
    r"^(?:\W*\b(?:which|what|how|many|list|name|all|the|of|any|give|show|me|us|every|are|there|were|"
    r"is|do|you|have)\b)*\W*$"
)
"""What stands before the noun that is asked for."""
_JOINED = re.compile(r"(?:\bor|\band|,|/)\s+(?:an? )?$")


def _roles(plain: str, noun: str) -> tuple[list[str], str]:
    """Return the roles that are asked for, and the question without them."""
    found: list[str] = []
    if survived := _UNDERGONE.search(plain):
        found.append("survivor")
        plain = _without(plain, [survived.span()])
    asked_first = sorted(
        vocabulary.roles(), key=lambda role: noun not in {role, vocabulary.plural(role)}
    )
    for role in asked_first:
        forms = f"{re.escape(role)}|{re.escape(vocabulary.plural(role))}"
        if match := re.search(rf"\b(?:{forms})\b", plain):
            before = plain[: match.start()]
            head = match[0] == noun or _HEAD.match(before)
            if head or _IS.search(before) or (found and _JOINED.search(before)):
                found.append(role)
                plain = _without(plain, [match.span()])
    return found, plain


def _ways(plain: str, noun: str, *, has_more: bool, undergone: bool) -> list[list[str]]:
    """Return the words left of a question, one list for each side of an "or".

    A side that only points back ("come from Peru or worked there") says nothing of its own. Of what
    somebody went through, a side that says nothing ("trafficking") is enough.
    """
    found: list[list[str]] = []
    sides = re.split(r"\bor\b|, and which\b", plain)
    for side in sides:
        said = [word for word in vocabulary.words(side) if vocabulary.says_something(word)]
        words = [word for word in said if word != noun]
        refers = re.search(r"\b(?:it|there|them|this|that|one|her|him|she|he)\b", side)
        if words and not (refers and (found or has_more)):
            found.append(words)
    return [] if undergone and len(found) < len(sides) else found


def _widest(ways: Sequence[tuple[Group, ...]]) -> tuple[tuple[Group, ...], ...]:
    """Drop a way that only repeats words of another: "spoke, or was chosen to speak for all"."""
    return tuple(
        way
        for way in ways
        if not any(len(way) < len(other) and set(way) <= set(other) for other in ways)
    )


# ------------------------------------------------------------------------- what is dated

_WON = re.compile(r"\b(?:won|win|winners?|received?|got|awarded|hold|holds|laureates?)\b")
_PUT_UP = re.compile(r"\b(?:nominat\w*|put up|shortlist\w*|candidates?)\b")
_FOUNDING = re.compile(
    r"\b(?:found(?:ed|ing|ation)?|set up|start(?:ed|ing)?|establish\w*|creat\w+|launch\w*|"
    r"form(?:ed|ation)|began|begun|begin|opened|got going|came into being|c[ao]me into existence|"
    r"go(?:es)? back|dat(?:e|es|ing) from|old(?:er)?)\b"
)
_HONOURED = re.compile(
    r"\b(?:honou?r\w*|award\w*|recogni[sz]\w*|prize\w*|tip|laureates?|recipients?|"
    r"(?:19|20)\d\d hero(?:es|ine)?|hero(?:es|ine)? (?:of|for|from|in) (?:the year )?\d|"
    r"(?:made|named|became|become|chosen) (?:an? |as |as an? |the )?(?:\w+ )?hero(?:es|ine)?)\b"
)
_OTHER_PRIZE = re.compile(
    r"\b(?:another|other|further|additional|second|more|national|any) (?:\w+ )?"
    r"(?:award|prize|recognition|distinction|honou?r|medal|fellowship)|\bmedals?\b"
)


def _dated(plain: str, target: str, *, has_words: bool) -> str:
    """Tell what the years of a question date; see `Years`."""
    if target == "organization" and _FOUNDING.search(plain):
        return "founding"
    if _OTHER_PRIZE.search(plain):
        return "recognition"
    return "award" if not has_words or _HONOURED.search(plain) else "telling"
