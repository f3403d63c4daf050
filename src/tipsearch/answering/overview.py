"""Overviews: the few sentences of the profiles that together tell most about something.

Sentences are chosen one after another for what each adds: rare words, names, years and numbers that
those before it do not have (the greedy answer to weighted coverage, within 1 - 1/e of the best).
They are quoted as they stand, in the profiles' order.

References
----------
Lin and Bilmes, "A Class of Submodular Functions for Document Summarization", ACL 2011.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tipsearch.answering.about import About, Sentence
from tipsearch.answering.subjects import Name
from tipsearch.answering.timeline import of_body
from tipsearch.index import Snapshot
from tipsearch.types import Hit, Profile

SENTENCES = 6
"""Most that are quoted; fewer only where there are fewer."""

_SHARP = re.compile(r"\b\d[\d,.]*\b|(?<=[\w,;] )[A-Z][\w’'-]+|\b[A-Z]{2,}\b")
_SHARP_WEIGHT = 2.0  # of a name or number beside a word; 1 to 3 differ by under a point


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a profile, at ``[start, end)``."""

    profile: Profile
    start: int
    end: int


def quotes(
    snapshot: Snapshot,
    names: Sequence[Name],
    countries: frozenset[str] = frozenset(),
    hits: Sequence[Hit] = (),
) -> list[Quote]:
    """Return the sentences that tell most, by profile and place.

    Parameters
    ----------
    snapshot : Snapshot
        The profiles.
    names : sequence of Name
        Whom or what it is about: the sentences of their profiles.
    countries : set of str
        Without names, the sentences of profiles active there.
    hits : sequence of Hit
        Without either, the sentences of these passages; of the profiles of a country, those on
        the question's subject.

    Returns
    -------
    list of Quote
        At most `SENTENCES`; empty if there is nothing to quote.
    """
    pool: list[tuple[About, Sentence]] = []
    weights: list[float] = []
    rarity = _Rarity(snapshot)
    texts: set[str] = set()
    for about in _profiles(snapshot, names, countries, hits):
        bodies = [n for n in names if not n.person and n.profile_id == about.profile.id]
        within = [
            (hit.passage.start, hit.passage.end)
            for hit in hits
            if hit.passage.profile_id == about.profile.id
        ]
        for number, span in enumerate(about.sentences):
            if about.text(span) in texts:
                continue
            texts.add(about.text(span))
            if names or countries or any(a <= span[0] and span[1] <= b for a, b in within):
                pool.append((about, span))
                told = sum(_concepts(about, span, rarity).values())
                weights.append(_salience(about, number, bodies) * told**0.5)
    chosen = _cover(pool, weights, rarity)
    return [Quote(about.profile, *span) for about, span in chosen]


_NUMBER = re.compile(r"\b(?!(?:19|20)\d\d\b)\d[\d,]{2,}\b")
_PRIZE = re.compile(r"[Pp]rize|[Mm]edal|[Aa]ward")


def _salience(about: About, number: int, bodies: Sequence[Name]) -> float:
    """Return how likely a sentence is to be wanted, whatever it adds to others.

    The weights are those of a logistic regression on the sentences that people listed as what
    overviews of the gold set's tuning half must say, rounded: 75 % of the points are told with
    them, 67 % by coverage alone (docs/evaluation.md).
    """
    span = about.sentences[number]
    text = about.text(span)
    founded = any(said.start == span[0] for said in about.of("founded"))
    score = 1.0 * (number == 0) + 1.3 * founded - 1.4 * number / len(about.sentences)
    score += 0.4 * bool(_NUMBER.search(text)) + 0.5 * bool(_PRIZE.search(text)) + len(text) / 200
    if bodies:
        close = any(span in of_body(about, name) for name in bodies)
        score += 1.5 if close else -1.5
    return math.exp(score)


def _profiles(
    snapshot: Snapshot, names: Sequence[Name], countries: frozenset[str], hits: Sequence[Hit]
) -> list[About]:
    if names:
        ids = dict.fromkeys(name.profile_id for name in names)
    elif countries:
        said = snapshot.store.evidence("active_in")
        ids = dict.fromkeys(e.profile_id for e in said if e.value in countries)
    else:
        ids = dict.fromkeys(hit.passage.profile_id for hit in hits)
    held = [snapshot.profile(profile_id) for profile_id in ids]
    return [About(profile, snapshot) for profile in held if profile]


class _Rarity(dict[str, float]):
    """How much a word tells: the logarithm of how few passages have it."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self._store = snapshot.store
        self._count = max(1, snapshot.store.count().passages)

    def __missing__(self, stem: str) -> float:
        among = self._store.document_frequency(stem)
        self[stem] = math.log(1 + self._count / (1 + among))
        return self[stem]


def _cover(
    pool: Sequence[tuple[About, Sentence]], weights: Sequence[float], rarity: Mapping[str, float]
) -> list[tuple[About, Sentence]]:
    """Choose greedily; of sentences that add as much, the earlier one."""
    told = [_concepts(about, span, rarity) for about, span in pool]
    covered: set[str] = set()
    chosen: list[int] = []
    while len(chosen) < min(SENTENCES, len(pool)):
        gains = {
            n: weights[n] * sum(w for concept, w in told[n].items() if concept not in covered)
            for n in range(len(pool))
            if n not in chosen
        }
        best = max(gains, key=lambda n: (gains[n], -n))
        chosen.append(best)
        covered |= told[best].keys()
    return [pool[n] for n in sorted(chosen)]


def _concepts(about: About, span: Sentence, rarity: Mapping[str, float]) -> dict[str, float]:
    """Return what a sentence tells: its stems by rarity, names and numbers more."""
    text = about.text(span)
    found = {stem: rarity[stem] for stem in about.stems(text).split() if len(stem) > 2}
    for match in _SHARP.finditer(text):
        for stem in about.stems(match[0]).split():
            found[stem] = _SHARP_WEIGHT * rarity[stem]
    return found
