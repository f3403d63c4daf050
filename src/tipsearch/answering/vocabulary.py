"""The words of questions: which say something, what they mean alike, what they ask for.

``synonyms.txt`` and ``idle_words.txt`` beside this module hold them, for editors to add to.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

Stems = Callable[[str], list[str]]
"""Reduces a text to the stems of its words, as the index does."""

LISTED = {
    "organization": "organisation organization org ngo group foundation association charity union "
    "network body institution movement non-profit nonprofit coalition shelter project",
    "country": "country nation place region state",
    "year": "year",
    "title": "book title film documentary",
}
"""Nouns of what can be listed besides people."""

GENDERS = {
    "woman": "woman women female females lady ladies heroine heroines".split(),
    "man": "man men male males guy guys gentleman gentlemen".split(),
}
_PEOPLE = frozenset(
    "hero person people honouree honoree recipient winner laureate awardee profile individual "
    "everyone everybody anyone anybody those somebody someone who folk campaigner activist "
    "advocate".split()
)
_PLURALS = {
    "people": "person", "women": "woman", "men": "man", "heroes": "hero", "ladies": "lady",
    "policemen": "policeman", "policewomen": "policewoman", "fishermen": "fisherman",
    "clergymen": "clergyman", "children": "child",
}  # fmt: skip
_SINGULARS = {one: many for many, one in _PLURALS.items()}


_GENERIC = frozenset(
    "organisation organization org ngo group body institution country nation place region state "
    "year title".split()
)
"""Of the nouns above, those that tell nothing of what they name."""


def words(text: str) -> list[str]:
    """Return the words of a text, hyphens and apostrophes inside them kept."""
    return re.findall(r"[^\W_]+(?:['’.-][^\W_]+)*", text)


def singular(word: str) -> str:
    """Return a noun's singular, near enough to compare with.

    Examples
    --------
    >>> [singular(word) for word in ("charities", "judges", "churches", "women", "class")]
    ['charity', 'judge', 'church', 'woman', 'class']
    """
    if word in _PLURALS:
        return _PLURALS[word]
    if word.endswith("ies") and len(word) > len("ties"):
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def plural(word: str) -> str:
    """Return a noun's plural.

    Examples
    --------
    >>> [plural(word) for word in ("judge", "charity", "policeman", "boss")]
    ['judges', 'charities', 'policemen', 'bosses']
    """
    if word in _SINGULARS:
        return _SINGULARS[word]
    if word.endswith("y") and word[-2:-1] not in set("aeiou"):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"


def _lines(name: str) -> list[str]:
    text = Path(__file__).with_name(name).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@cache
def _idle() -> frozenset[str]:
    return frozenset(word for line in _lines("idle_words.txt") for word in line.split())


@cache
def _groups() -> tuple[tuple[bool, tuple[str, ...]], ...]:
    """Return the groups of synonyms.txt, each with whether it is one of roles."""
    split = (line.split() for line in _lines("synonyms.txt"))
    return tuple(
        (held[0] == "role:", tuple(w.replace("_", " ") for w in held if w != "role:"))
        for held in split
    )


@cache
def roles() -> tuple[str, ...]:
    """Return every word for what somebody is by trade or calling, the longest first."""
    held = {word for is_role, group in _groups() if is_role for word in group}
    return tuple(sorted(held, key=lambda word: (-len(word), word)))


def spellings(role: str) -> frozenset[str]:
    """Return a role and what else it is called, each in the singular and the plural."""
    alike = {w for is_role, group in _groups() if is_role and role in group for w in group}
    return frozenset({role, *alike, *map(plural, alike)})


def synonyms(word: str, stems: Stems) -> frozenset[str]:
    """Return a word and what may stand for it, as stems; several words joined by a space."""
    own = " ".join(stems(word))
    found = {own}
    for _, group in _groups():
        spelt = [" ".join(stems(other)) for other in group]
        if own in spelt:
            found.update(spelt)
    return frozenset(form for form in found if form)


def is_person(word: str) -> bool:
    """Whether a noun is one of people, whatever they are by trade."""
    single = singular(word)
    gendered = any(word in held for held in GENDERS.values())
    return single in _PEOPLE or single in roles() or gendered


def listed(word: str) -> str:
    """Return what a plural noun asks to list, as a key of `LISTED`, or ""."""
    single = singular(word)
    if word == single:
        return ""
    return next((target for target, nouns in LISTED.items() if single in nouns.split()), "")


def says_something(word: str) -> bool:
    """Whether a word tells those who are listed from the others.

    Words of asking do not, nor do those for people or bodies in general, for being honoured or
    active; nor adverbs.
    """
    bare = word.rstrip(".").removesuffix("'s")
    single = singular(bare)
    adverb = bare.endswith("ly") and bare != "family"
    noun = single in _PEOPLE or single in _GENERIC
    gender = any(bare in held for held in GENDERS.values())
    return len(bare) > 1 and not (adverb or noun or gender or {bare, single} & _idle())
