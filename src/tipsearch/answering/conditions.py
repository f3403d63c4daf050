"""Conditions on a whole list: all but some, the earliest or latest, what several people share."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = {word: n for n, word in enumerate("one two three four five six seven".split(), 1)}
_COUNT = rf"(?:{'|'.join(_NUMBER)}|[1-9]\d?)"
_PEOPLE = (
    r"(?:tip )?(?:heroe?s?|heroines?|honou?rees?|people|persons?|winners?|recipients?|laureates?|"
    r"profiles?)"
)
MANY = 10_000
"""More than any count."""


@dataclass(frozen=True, slots=True)
class Shared:
    """How many people a country or a year must have, both included; or the most of all.

    ``peak`` is ``"most"``, ``"fewest"`` or "", where ``least`` and ``most`` count.
    """

    least: int = 1
    most: int = MANY
    peak: str = ""


@dataclass(frozen=True, slots=True)
class Conditions:
    """A question without its conditions on the whole list, and what they are.

    Attributes
    ----------
    text : str
        The rest of the question.
    without : str
        What must not hold, as it was typed.
    order : str
        ``"first"`` or ``"last"``: only who was honoured earliest, or latest.
    shared : Shared or None
        Of the countries or years asked for.
    """

    text: str
    without: str = ""
    order: str = ""
    shared: Shared | None = None


_SHARED = re.compile(
    rf"\b(?:(?:more than|over) (?P<above>{_COUNT})|(?:at least|no fewer than) (?P<least>{_COUNT})|"
    rf"(?P<or_more>{_COUNT}) or more|(?:only|just|exactly) (?P<only>{_COUNT})|(?P<several>several)|"
    rf"(?:the )?(?P<peak>most|fewest)) (?:of the )?{_PEOPLE}\b|"
    rf"\b(?P<then_more>{_COUNT}) {_PEOPLE} or more\b",
    re.IGNORECASE,
)
_OF_GROUPS = re.compile(r"\b(?:countr(?:y|ies)|nations?|years?)\b", re.IGNORECASE)
_EXTREME = (
    r"(?:the |very )*(?:(?P<first>first|earliest|longest ago)|"
    r"(?P<last>last|latest|most recent(?:ly)?|newest))(?: of all)?\b"
)
_HONOURED = r"(?:honou?red|chosen|named|recogni[sz]ed|awarded|selected|picked)"
_ORDER = (
    re.compile(rf"(?P<kept>\b{_HONOURED}) {_EXTREME}", re.IGNORECASE),
    re.compile(
        rf"(?P<kept>)\b{_EXTREME}(?= (?:\w+ ){{0,2}}?{_PEOPLE}\b|"
        rf" (?:(?:person|people|m[ae]n|wom[ae]n|ones?) )?(?:to|who) (?:\w+ ){{1,3}}?"
        rf"(?:{_HONOURED}|{_PEOPLE}|awards?|prizes?)\b)",
        re.IGNORECASE,
    ),
)
_OF_ITS_KIND = re.compile(
    r"\b(?:first|last|latest)\b.*\b(?:of|from|in) (?:their|his|her|its|each|every)\b", re.IGNORECASE
)
_WITHOUT = re.compile(
    r"[,(]? ?\b(?:other than|apart from|aside from|except(?:ing)?(?: for)?|excluding|but not|"
    r"not counting|leaving out|outside(?: of)?|(?:who |that |which )?(?:are|were|is|was) not|"
    r"(?:are|were|is|was)n['’]t|not (?=in |from |active in |working in )|"
    r"(?:do|does|did) not (?:work|live|come)(?= in | from )|"
    r"(?:do|does|did)n['’]t (?:work|live|come)(?= in | from ))"
    r" ?(?P<what>[^,;:.?!)]+)\)?,?",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\bleaving (?P<what>[^,;:.?!]+?) aside\b,?", re.IGNORECASE)


def cut(question: str) -> Conditions:
    """Take the conditions on the whole list out of a question.

    Parameters
    ----------
    question : str
        That asks for a list or a count.

    Examples
    --------
    >>> cut("Which countries have more than one hero?").shared
    Shared(least=2, most=10000, peak='')
    >>> cut("Leaving Asia aside, who was honoured in 2010?").without
    'Asia'
    >>> cut("Who was the first to be honoured?").order
    'first'
    """
    shared = without = None
    order = ""
    if _OF_GROUPS.search(question) and (found := _SHARED.search(question)):
        shared, question = _shared(found), _blank(question, found)
    if found := _ASIDE.search(question) or _WITHOUT.search(question):
        without, question = found["what"].strip(), _blank(question, found)
    for pattern in () if _OF_ITS_KIND.search(question) else _ORDER:
        if not order and (found := pattern.search(question)):
            order = "first" if found["first"] else "last"
            question = f"{question[: found.start()]}{found['kept']}{question[found.end() :]}"
    return Conditions(question, without or "", order, shared)


def _blank(question: str, found: re.Match[str]) -> str:
    return f"{question[: found.start()]} {question[found.end() :]}"


def _shared(found: re.Match[str]) -> Shared:
    told = {name: _number(words) for name, words in found.groupdict().items() if words}
    if found["peak"]:
        return Shared(peak=found["peak"].lower())
    if found["only"]:
        return Shared(told["only"], told["only"])
    if found["above"]:
        return Shared(told["above"] + 1)
    return Shared(max(told.get(name, 2) for name in told))


def _number(words: str) -> int:
    """Return what a number word or digits say; 2 for "several"."""
    return int(words) if words.isdigit() else _NUMBER.get(words.lower(), 2)
