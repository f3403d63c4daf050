"""Whom and what a question names: people, bodies, near names, and names that fit two people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tipsearch.answering.questions import HONORIFICS
from tipsearch.corpus import facts, places
from tipsearch.corpus.passages import TokenCounter
from tipsearch.corpus.profiles import fold
from tipsearch.index import Snapshot
from tipsearch.types import Profile

_EDIT_LETTERS = 5  # a word this long may be a letter off
_WORD = re.compile(r"[^\W_]+(?:[.'’-][^\W_]+)*")
_TITLES = HONORIFICS | frozenset(
    "judge ambassador officer inspector president minister saint st".split()
)


@dataclass(frozen=True, slots=True)
class Name:
    """A way to call somebody or something, and whose profile it is in."""

    words: tuple[str, ...]
    full: str
    profile_id: str
    person: bool


@dataclass(frozen=True, slots=True)
class Subject:
    """A name in a question at ``[start, end)``, and what it stands for.

    Attributes
    ----------
    start, end : int
        Where it is typed.
    names : tuple of Name
        What it may stand for, one for each person or body; several are a doubt.
    corrected : str
        The name that was meant, if it was typed a letter off; else "".
    """

    start: int
    end: int
    names: tuple[Name, ...]
    corrected: str = ""

    @property
    def profile_ids(self) -> frozenset[str]:
        """The profiles that may be meant."""
        return frozenset(name.profile_id for name in self.names)


@dataclass(frozen=True)
class Directory:
    """Every name of an index's people and bodies, by its words."""

    names: tuple[Name, ...]
    common: frozenset[str] = field(default_factory=frozenset)
    """Words that some text writes without a capital: "home" alone is no name."""
    count_tokens: TokenCounter | None = None
    """Tells words of the language from others: the encoder has one token for "quake"."""

    @classmethod
    def of(cls, snapshot: Snapshot) -> Directory:
        """Collect the names of people, with their surnames, and of bodies, with acronyms."""
        names: dict[tuple[tuple[str, ...], str, str], Name] = {}
        lower: set[str] = set()
        for profile in snapshot.profiles():
            lower.update(re.findall(r"(?<![\w’'-])[a-zà-ÿ]{2,}", profile.text))
            people = [said.value for said in snapshot.store.evidence("person", profile.id)]
            for name in [*_people(profile, people), *_bodies(profile, snapshot)]:
                names.setdefault((name.words, name.full, name.profile_id), name)
        common = frozenset(map(fold, lower))
        return cls(tuple(names.values()), common, snapshot.encoder.count_tokens)

    def find(self, question: str) -> list[Subject]:
        """Return the names in a question, the longest first where they overlap, by place.

        Capitals, accents and the order of given name and surname make no difference; a title
        before a name is part of no name. A word of five letters or more that nothing else explains
        and that is no word of the language may be one letter off (Damerau, Levenshtein).
        """
        words = list(_WORD.finditer(question))
        folded = [_bare(word[0]) for word in words]
        found: list[Subject] = []
        taken: set[int] = set()
        by_words: dict[tuple[str, ...], list[Name]] = {}
        for name in self.names:
            by_words.setdefault(name.words, []).append(name)
            if len(name.words) == 2 and name.person:
                by_words.setdefault(name.words[::-1], []).append(name)
        longest = max(map(len, by_words), default=0)
        for length in range(longest, 0, -1):
            for first in range(len(words) - length + 1):
                places = range(first, first + length)
                held = by_words.get(tuple(folded[first : first + length]))
                if not held or taken & set(places):
                    continue
                if length == 1 and not self._is_name(words[first], held, question):
                    continue
                taken |= set(places)
                end = _end(words[first + length - 1])
                found.append(Subject(words[first].start(), end, _distinct(held)))
        found += self._nearly(words, folded, taken)
        return sorted(found, key=lambda subject: subject.start)

    def _is_name(self, word: re.Match[str], held: Sequence[Name], question: str) -> bool:
        """Whether a single word is meant as a name, and not as the word that it is as well.

        With a capital it is, unless it only opens the question, or is written in capitals
        throughout ("HOME"). Without one it is, if no text has it as a word, and it is either no
        word of the language or stands in a question without any capital and after no article.
        """
        typed = word[0]
        plain = _bare(typed)
        if plain not in self.common and not self._is_a_word(plain):
            return True
        if typed[0].isupper():
            acronym = all(name.full[:1].isupper() and not name.person for name in held)
            opens = word.start() == 0 and plain in self.common
            return typed.isupper() or not (opens or (acronym and plain in self.common))
        article = re.search(r"\b(?:an?|the|my|some|no|any) $", question[: word.start()])
        return plain not in self.common and question.islower() and not article

    def _is_a_word(self, plain: str) -> bool:
        return self.count_tokens is not None and self.count_tokens([plain])[0] == 1

    def _nearly(
        self, words: Sequence[re.Match[str]], folded: Sequence[str], taken: set[int]
    ) -> Iterator[Subject]:
        """Yield words that are one letter off a person's name; the whole name is what was meant."""
        from rapidfuzz.distance import OSA

        parts: dict[str, list[Name]] = {}
        for name in self.names:
            if name.person:
                for part in name.words:
                    if len(part) >= _EDIT_LETTERS and part not in _TITLES:
                        parts.setdefault(part, []).append(name)
        known = {part for name in self.names for part in name.words} | self.common
        for place, word in enumerate(words):
            typed = folded[place]
            if place in taken or len(typed) < _EDIT_LETTERS or typed in known:
                continue
            if self._is_a_word(typed) or self._is_a_word(typed.removesuffix("s")):
                continue
            near = [part for part in parts if OSA.distance(typed, part, score_cutoff=1) <= 1]
            if len(near) == 1:
                names = _distinct(parts[near[0]])
                spelling = _as_spelt(near[0], names)
                yield Subject(word.start(), _end(word), names, spelling)


def _end(word: re.Match[str]) -> int:
    """Return where a word ends, a possessive "'s" not counted."""
    return word.start() + len(re.sub(r"['’]s$", "", word[0], flags=re.IGNORECASE))


def _bare(word: str) -> str:
    return re.sub(r"['’]s$", "", fold(word)).strip(".'’-")


def _as_spelt(part: str, names: Sequence[Name]) -> str:
    for word in names[0].full.split():
        if _bare(word) == part:
            return word
    return part


def _distinct(names: Sequence[Name]) -> tuple[Name, ...]:
    """Return one name for each person or body."""
    return tuple({(name.full, name.profile_id): name for name in names}.values())


def _people(profile: Profile, people: Sequence[str]) -> Iterator[Name]:
    """Yield the names of people: whole, each word of them, given name and surname; aliases."""
    for person in people:
        words = tuple(filter(None, map(_bare, person.split())))
        plain = tuple(word for word in words if word not in _TITLES)
        ways = {words, plain, plain[-1:], plain[-2:], (plain[0], plain[-1]) if plain else ()}
        ways |= {(word,) for word in plain if len(word) > 2}
        if len(plain) > 2:
            ways.add(plain[:2])
        for way in ways:
            if way:
                yield Name(way, person, profile.id, person=True)
    for alias in profile.names:
        bare = re.sub(r"[()]", " ", alias)
        words = tuple(filter(None, map(_bare, bare.split())))
        if alias not in people and words and len(people) == 1:
            yield Name(words, people[0], profile.id, person=True)
            plain = tuple(word for word in words if word not in _TITLES)
            if plain:
                yield Name(plain, people[0], profile.id, person=True)


def _first_word(name: str) -> list[str]:
    """Return what a body is called for short: "HUG" Project, "Caritas" of a country."""
    first, _, rest = name.partition(" ")
    country = any(rest in place.countries for place in places.find(rest))
    return [first] if country or (rest and first.isupper() and len(first) > len("UN")) else []


def _bodies(profile: Profile, snapshot: Snapshot) -> Iterator[Name]:
    """Yield the names of a profile's organisations: whole, short, acronym, without "Foundation"."""
    labels = [e.value for e in snapshot.store.evidence("organization", profile.id)]
    founded = [e.value.split(" ", 1)[1] for e in snapshot.store.evidence("founded", profile.id)]
    people = {_bare(word) for person in facts.people(profile) for word in person.split()}
    for label in [*labels, *founded]:
        short = facts.short_name(label)
        inside = re.findall(r"\(([^)]*)\)", label)
        for form in dict.fromkeys([label, short, *inside, *_first_word(short)]):
            words = tuple(filter(None, map(_bare, re.findall(r"[^\s()\"“”,;]+", form))))
            words = words[1:] if words[:1] == ("the",) else words
            if words and not set(words) <= people:
                yield Name(words, short, profile.id, person=False)
