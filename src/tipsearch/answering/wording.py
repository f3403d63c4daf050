"""Whether a generated sentence only shortens and joins the words of those it cites.

Grammar is not understood, so what may turn a meaning stays as it stood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from tipsearch.corpus.profiles import fold
from tipsearch.types import Profile


class Fault(StrEnum):
    """Why a generated sentence is dropped."""

    FORM = "it is not one sentence with its quotes"
    MARKUP = "it holds a link, markup or another sign that plain prose does without"
    SOURCE = "it cites a source that was not given, or two profiles"
    QUOTE = "its quote is not in the source"
    NUMBER = "it says a number otherwise than the cited sentence"
    NAME = "it says a name otherwise than the cited sentence"
    TURN = "it denies, doubts, limits or turns otherwise than the cited sentence"
    WORDS = "it says words that the cited sentence does not"
    ORDER = "its words stand otherwise than in the cited sentence"
    SUPPORT = "the cited sentence was not found to support it"


_NEAR_WORDS = 6  # between two words of a source that follow each other in what is made of it
_TOKEN = re.compile(r"[^\W_]+(?:[.,'-][^\W_]+)*")
_GLUE = frozenset(
    "a an the and also although as at but had has have having in it its of on or so that then "
    "there these this those though to too when where which while who whom whose".split()
)
"""Words that may come and go; every other word must be the source's."""
_DENIALS = frozenset(
    "no not nor never none nobody nothing neither without hardly barely may might could would "
    "should can will failed refused tried attempted planned promised intended expected hoped "
    "nearly almost".split()
)
"""Each goes with all that follows it in its sentence."""
_DOUBTS = frozenset(
    "if unless whether alleged allegedly accused according claim claimed claims said say says "
    "reported reportedly suspected charged denied deny disputed differ false falsely perhaps "
    "possibly likely".split()
)
"""Each goes with its whole sentence; after "was" with what follows, as denials do."""
_TURNS = frozenset(
    "against by for from with before after until since during between among over under above below "
    "than about around least most more less fewer only up out off down through because despite "
    "instead except former formerly deputy vice combat combating combatting fight fighting fought "
    "prevent preventing prevention counter anti stop stopped end ended ending abolish".split()
)
"""Each goes with the word that follows it."""
_BOUND = _DENIALS | _DOUBTS | _TURNS
_BE = frozenset("am are be been being is was were".split())
_PRONOUNS = {
    "he": "he", "him": "he", "his": "he", "she": "she", "her": "she", "hers": "she",
    "they": "they", "them": "they", "their": "they", "i": "i", "me": "i", "my": "i",
    "we": "we", "us": "we", "our": "we", "you": "you", "your": "you",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Wording:
    """What a sentence says, as far as words tell.

    ``keys`` are its words but for glue and turns; ``names`` are those with a capital; ``bound`` are
    pairs of which the first must stand before the second.
    """

    keys: tuple[str, ...]
    names: frozenset[str]
    bound: frozenset[tuple[str, str]]


def _tokens(text: str) -> Iterator[re.Match[str]]:
    return _TOKEN.finditer(text.replace("’", "'").replace("‐", "-").replace("‑", "-"))


def _key(token: str) -> str:
    """Reduce a word to what is compared: no case, accent, possessive or plural ending.

    subtle: a stemmer would do harm. To one, "trafficker" and "trafficked" are the same word.
    """
    word = (fold(token) or token).removesuffix("'s").replace(",", "")
    if word == "cannot" or word.endswith("n't"):
        return "not"
    if word in _GLUE | _BOUND | _BE | _PRONOUNS.keys():
        return _PRONOUNS.get(word, word)
    return word[:-3] + "y" if word.endswith("ies") else re.sub(r"(?<=\w\w[^isu\d])s$", "", word)


def _wording(text: str) -> _Wording:
    keys, names, bound = list[str](), set[str](), set[tuple[str, str]]()
    lasting: list[str] = []  # goes with every key to come
    waiting: list[str] = []  # goes with the next key that is no pronoun
    before, end = "", 0
    for token in _tokens(text):
        key, gap, named = _key(token[0]), text[end : token.start()], token[0][0].isupper()
        if re.search(r"[,;:]", gap):
            waiting = [first for first in waiting if first in _PRONOUNS]
        if key in _BOUND and token[0] != "May":
            (waiting if key in _TURNS else lasting).append(key)
            bound.update([(key, "")] if key in _DOUBTS and before not in _BE else [])
        elif key in _PRONOUNS:
            keys.append(key)
            waiting.append(key)
        elif key not in _GLUE | _BE:
            dated = key[0].isdigit() and before in names and gap in {" ", ", "}
            if before in _BE or dated or (before[:1].isdigit() and gap == " " and not named):
                waiting.append("be" if before in _BE else before)
            bound.update((first, key) for first in lasting + waiting)
            waiting = []
            keys.append(key)
            names.update([key] if named else [])
        if key in {"a", "an", "the"} and (before in _BE or (gap == ", " and before in names)):
            key = "be"  # "was a lawyer", "Gary Haugen, a lawyer"
        before, end = before if key == "also" else key, token.end()
    bound.update((first, "") for first in lasting if not keys or (first, keys[-1]) not in bound)
    return _Wording(tuple(keys), frozenset(names), frozenset(bound))


def fault_of_words(text: str, cited: Sequence[str], profile: Profile) -> Fault | None:
    """Return how a text differs from cited sentences of a profile, as far as words tell.

    The profile's own name may stand for "he", "she" or "they", and in full for a part of it, if it
    is about one person.
    """
    sources = [_wording(source) for source in cited]
    known = {key for source in sources for key in source.keys}
    own = _own_name(profile)
    fault: Fault | None = Fault.NAME
    for pronoun in sorted(known & {"he", "she", "they"}) or [""]:
        meant, end = "", 0
        for is_own, tokens in groupby(_tokens(text), lambda token: _key(token[0]) in own):
            if is_own:
                name = list(tokens)
                part = [token[0] for token in name if _key(token[0]) in known]
                meant += text[end : name[0].start()] + " ".join(part or [pronoun or name[0][0]])
                end = name[-1].end()
        fault = fault and _difference(_wording(meant + text[end:]), sources, own)
    return fault


def _own_name(profile: Profile) -> set[str]:
    """Return the words of the name of the one person a profile is about; of several, none."""
    title = [name for name in profile.names if name in profile.title]
    several = [name for name in title if not any(name in other for other in title if other != name)]
    written = [profile.title, *profile.names]
    return {key for name in written for key in _wording(name).names if len(several) < 2}


def _difference(said: _Wording, sources: Sequence[_Wording], own: set[str]) -> Fault | None:
    known = {key for source in sources for key in source.keys}
    unknown = set(said.keys) - known
    if any(key[0].isdigit() for key in unknown) or not _numbers_fit(said, sources):
        return Fault.NUMBER
    if said.names & unknown:
        return Fault.NAME
    plain = set(said.keys) - said.names - _PRONOUNS.keys()
    if unknown or not any(not key[0].isdigit() for key in plain):
        return Fault.WORDS  # subtle: a bare name would seem to answer "Who was arrested?"
    subject = next(key for key in said.keys if not key[0].isdigit())
    if not _in_order(said, sources, goes_on=subject in own | _PRONOUNS.keys()):
        return Fault.ORDER
    bound = frozenset[tuple[str, str]]().union(*(source.bound for source in sources))
    kept = {
        (first, second)
        for first, second in bound
        if not second
        or (second in said.keys and not (first in _PRONOUNS and subject in own | {first}))
    }
    return None if kept <= said.bound <= bound else Fault.TURN


def _numbers_fit(said: _Wording, sources: Sequence[_Wording]) -> bool:
    """Whether each year stands near the word before it (else after it) in a source too.

    What a number counts is bound to it already; between the two no other number may stand.
    """
    counting = {first for first, _ in said.bound}
    for place, key in enumerate(said.keys):
        if not key[0].isdigit() or key in counting:
            continue
        beside = said.keys[place - 1] if place else "".join(said.keys[1:2])
        if not any(_near(key, beside, source.keys) for source in sources):
            return False
    return True


def _near(number: str, word: str, keys: Sequence[str]) -> bool:
    at = [place for place, key in enumerate(keys) if key == number]
    beside = [place for place, key in enumerate(keys) if key == word]
    between = [keys[min(a, b) + 1 : max(a, b)] for a in at for b in beside]
    return any(
        len(words) < _NEAR_WORDS and not any(key[0].isdigit() for key in words) for words in between
    )


def _in_order(said: _Wording, sources: Sequence[_Wording], *, goes_on: bool) -> bool:
    """Whether words follow each other as in the sources, few left out: it tells who did what.

    Numbers may move. From one source the text may go on to the start of the other; anywhere in it
    if its subject is the profile's own.
    """
    for ordered in (sources, sources[::-1]):
        told = [(n, at, key) for n, one in enumerate(ordered) for at, key in enumerate(one.keys)]
        reached = [(-1, 0)]
        for word in (key for key in said.keys if not key[0].isdigit()):
            reached = [
                (n, at)
                for n, at, key in told
                if key == word
                and any(
                    0 < at - b <= _NEAR_WORDS if n == m else n > m and (goes_on or m < 0 or not at)
                    for m, b in reached
                )
            ]
        if reached:
            return True
    return False
