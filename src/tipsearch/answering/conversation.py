"""A follow-up is made to stand on its own: its pronouns become the names they stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tipsearch.answering import questions
from tipsearch.corpus.profiles import fold
from tipsearch.index import FilterValue
from tipsearch.types import Answer, Profile

if TYPE_CHECKING:
    from tipsearch.answering.assistant import Assistant

_PERSON = {"he", "him", "his", "she", "her", "hers", "they", "them", "their", "theirs"}
_THING = {"it", "its"}
_POSSESSIVE = {"his", "hers", "their", "theirs", "its"}
_PRONOUN = re.compile(rf"\b({'|'.join(sorted(_PERSON | _THING))})\b(?=(\s+\w+)?)", re.IGNORECASE)


class Conversation:
    """Questions that may refer to those before them.

    "He", "she" and "they" become the people of the profile last cited (or closest, if it carries
    the names asked about), or those among them whom the last question named; "it" becomes the last
    name that is no person's. Nothing else is resolved yet: no "there", no "the organisation", no
    "And in 2010?".
    """

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._people: tuple[str, ...] = ()
        self._thing = ""

    def ask(
        self,
        question: str,
        k: int | None = None,
        filters: Mapping[str, FilterValue] | None = None,
        threshold: float | None = None,
    ) -> Answer:
        """Answer a question in the light of those before it.

        Parameters
        ----------
        question, k, filters, threshold
            As for `Assistant.ask`.

        Returns
        -------
        Answer
            Its ``question`` is the one that was answered, with the names put in.

        Raises
        ------
        QueryError
            As `Assistant.ask` does.
        """
        answer = self._assistant.ask(self.standalone(question), k, filters, threshold)
        self._remember(answer)
        return answer

    def standalone(self, question: str) -> str:
        """Return a question with its pronouns replaced by the names they stand for.

        A pronoun that follows a name of its own sentence stays, as does one with no name known.
        """
        everyone = self._everyone()

        def name_for(match: re.Match[str]) -> str:
            pronoun = match[1].lower()
            person = pronoun in _PERSON
            name = " and ".join(self._people) if person else self._thing
            before = questions.names(question[: match.start()])
            if not name or any(_is_person(other, everyone) == person for other in before):
                return match[0]
            owns = pronoun in _POSSESSIVE or (pronoun == "her" and match[2] is not None)
            return f"{name}'s" if owns else name

        return _PRONOUN.sub(name_for, question)

    def _remember(self, answer: Answer) -> None:
        """Keep whom and what this turn was about, for the next one."""
        everyone = self._everyone()
        named = questions.names(answer.question)
        subject = self._subject(answer, named)
        people = _people(subject) if subject else everyone
        asked = [person for person in people if any(_is_person(name, [person]) for name in named)]
        if asked or subject:
            self._people = tuple(asked or people)
        if things := [name for name in named if not _is_person(name, everyone)]:
            self._thing = things[-1]

    def _subject(self, answer: Answer, named: Sequence[str]) -> Profile | None:
        """Return the profile cited, or the closest one if it carries every name of the question."""
        index = self._assistant.index
        if answer.citations:
            return index.profile(answer.citations[0].profile_id)
        store = index.snapshot.store
        words = set(store.lexical.words(" ".join(named)))
        for hit in answer.hits[:1]:
            if words and words <= store.words_of(hit.passage.profile_id):
                return index.profile(hit.passage.profile_id)
        return None

    def _everyone(self) -> list[str]:
        return [name for profile in self._assistant.index.profiles() for name in _people(profile)]


def _people(profile: Profile) -> list[str]:
    """Return the names a profile's title is made of, without its aliases."""
    return [name for name in profile.names if name in profile.title] or [profile.title]


def _is_person(name: str, people: Sequence[str]) -> bool:
    """Whether a name is one of these people's, or a part of it."""
    parts = set(fold(name).split())
    return any(parts <= set(fold(person).split()) for person in people)
