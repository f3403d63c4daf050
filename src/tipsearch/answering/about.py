"""One profile with what was read from it: what lists, comparisons and portraits are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tipsearch.corpus.passages import sentences
from tipsearch.index import Snapshot
from tipsearch.retrieval import lexical
from tipsearch.types import Evidence, Profile

Sentence = tuple[int, int]
"""Offsets of a sentence in a profile's text."""

_PRONOUNS = {"woman": {"she", "her", "hers", "herself"}, "man": {"he", "him", "his", "himself"}}
_EITHER = {"they", "them", "their", "theirs"}


class About:
    """A profile, its sentences, and its evidence, each field looked up once."""

    def __init__(self, profile: Profile, snapshot: Snapshot) -> None:
        self.profile = profile
        self.sentences = sentences(profile.text)
        self._store = snapshot.store
        self._evidence: dict[str, list[Evidence]] = {}

    def of(self, field: str) -> list[Evidence]:
        """Return what is known of a field; see `Evidence`."""
        if field not in self._evidence:
            self._evidence[field] = self._store.evidence(field, self.profile.id)
        return self._evidence[field]

    def dated(self, span: Sentence) -> list[Evidence]:
        """Return the dates of a sentence."""
        return [said for said in self.of("date") if said.start == span[0]]

    def text(self, span: Sentence) -> str:
        """Return the words of a sentence."""
        return self.profile.text[span[0] : span[1]]

    def stems(self, text: str) -> str:
        """Return the stems of a text between blanks, so that a run of them can be looked for."""
        return f" {' '.join(lexical.words(text))} "

    def place_of(self, said: Evidence) -> Sentence:
        """Return the sentence that says something; where only a label does, the opening one."""
        return (said.start, said.end) if said.end > said.start else self.opening

    @property
    def opening(self) -> Sentence:
        """The sentence that says who the profile is about: the first that names them."""
        named = [(said.start, said.end) for said in self.of("person") if said.end > said.start]
        return named[0] if named else self.sentences[0]

    @property
    def people(self) -> list[str]:
        """Whom the profile is about."""
        return [said.value for said in self.of("person")]

    def is_gender(self, name: str, gender: str) -> bool:
        """Whether pronouns say that somebody is a woman, or a man."""
        return any(said.value == f"{gender}: {name}" for said in self.of("gender"))

    def meant(self, span: Sentence, everyone: Sequence[str]) -> list[str]:
        """Return whom of several people a sentence is about.

        Those it names, and of the others those whose pronoun it has ("he and Ramdhane"); all, if it
        names nobody and says neither "he" nor "she".
        """
        words = set(re.findall(r"\w+", self.text(span)))
        lower = {word.lower() for word in words}
        named = [name for name in everyone if name.split()[-1] in words]
        found = set(named)
        for gender, said in _PRONOUNS.items():
            if said & lower and not any(self.is_gender(name, gender) for name in named):
                found |= {name for name in everyone if self.is_gender(name, gender)}
        return [name for name in everyone if name in found] or list(everyone)

    def is_of_own(self, span: Sentence) -> bool:
        """Whether a sentence mentions the profile's own people, by name or pronoun."""
        text = self.text(span)
        lower = set(re.findall(r"\w+", text.lower()))
        pronouns = _EITHER.union(*_PRONOUNS.values())
        return bool(lower & pronouns) or any(name.split()[-1] in text for name in self.people)
