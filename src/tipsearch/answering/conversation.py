"""A follow-up is made to stand on its own: what it leaves out or points at is put in.

Without a language model: pronouns become the last person or body they can stand for, "there" and
"that year" the last place and year, "And in 2010?" the last question with another year. What is not
understood stays as it is. The question as it was understood is shown with its answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tipsearch.answering import criteria, listing, questions, vocabulary
from tipsearch.corpus import facts, places
from tipsearch.index import FilterValue, clean_query
from tipsearch.retrieval import lexical
from tipsearch.types import Answer, Citation, Kind

if TYPE_CHECKING:
    from tipsearch.answering.assistant import Assistant
    from tipsearch.answering.subjects import Directory, Name

_GENDER = {
    "he": "man", "him": "man", "his": "man", "himself": "man",
    "she": "woman", "her": "woman", "hers": "woman", "herself": "woman",
}  # fmt: skip
_MANY = {"they", "them", "their", "theirs"}
_THING = {"it", "its"}
_POSSESSIVE = {"his", "hers", "their", "theirs", "its"}
_PRONOUN = re.compile(
    rf"\b({'|'.join([*_GENDER, *_MANY, *_THING])})\b(?=(\s+[\w'-]+)?)", re.IGNORECASE
)
_BODY = re.compile(
    r"\b(?:that|this|the|her|his|their) (?:same )?(?:organi[sz]ation|foundation|centre|center|"
    r"group|ngo|charity|union|association|body|network|coalition|movement|commission|project|"
    r"shelter)\b(?!['’]?s? (?:of|for|in|that|which|who)\b)",
    re.IGNORECASE,
)
_NO_THING = re.compile(
    r"\s+(?:that|true|possible|take|took|[A-Z][\w’'-]*['’]s (?:turn|own|idea))\b"
)
"""What follows an "it" that stands for nothing."""
_OWN_THING = re.compile(
    r"(?:and |but |so )?(?:the|that|this|his|her|their) [^,?]+, ", re.IGNORECASE
)
"""How a question begins that says itself what its "it" is."""
_ASKED_BODY = re.compile(
    r"\b(?:which|what)\b.*\b(?:organi[sz]ation|foundation|cent(?:re|er)|group|ngo|charity|union|"
    r"association|body|unit|network|coalition|movement|commission|project|shelter|law|film|book)\b",
    re.IGNORECASE,
)
_AFTER_HER = frozenset(
    "then when after before by and or in on at to for from with again there later first next look "
    "afterwards so as about into during since until".split()
)
_WH = (
    r"(?:(?:and |but |so )?(?:in |on |at |from |to |with |by |for |since |until )?"
    r"(?:who|whom|whose|what|which|when|where|why|how(?: (?:many|much|long|old|often|far|big))?)"
    r"(?: (?:exact )?(?:year|day|date|month|country|city|town|place|time))?)"
)
_SHORT = re.compile(
    rf"(?P<wh>{_WH})(?: (?:was|is|did|were))?(?: (?:that|this|it))?"
    r"(?: (?:happen|be|in|exactly|again|then))?",
    re.IGNORECASE,
)
_TURNED = re.compile(rf"(?:and )?(?:that|this|it) (?:was|happened|is) (?P<wh>{_WH})", re.IGNORECASE)
_WHEN = re.compile(r"\b(?:when|year|date|day|month)\b", re.IGNORECASE)
_AND = re.compile(
    r"(?:and what about|and how about|what about|how about|and then|and|then|or)"
    r"(?: (?:for|of|with|by))? (?P<rest>.+)",
    re.IGNORECASE,
)
_WHOLE = re.compile(rf"{_WH}\b|(?:is|are|was|were|do|does|did|has|have|had)\b", re.IGNORECASE)
"""How a question begins that leaves nothing out."""
_SAME_AGAIN = re.compile(rf"(?P<rest>[^,]+), (?P<wh>{_WH})", re.IGNORECASE)
_NOUN_ASKED = re.compile(
    r"how many (?P<noun>[a-z-]+(?: [a-z-]+)??) (?=did|do|does|was|were|is|are|has|have|had|can)",
    re.IGNORECASE,
)
_LONGEST_EXCHANGE = 6  # words of "And the shelter in Durrës?"
_PHRASE = re.compile(
    r"\b(?:the|an?|his|her|their|its|this|that) (?:[\w'’-]+ ){0,4}?[\w'’-]+"
    r"(?=\s+(?:in|of|for|at|by|with|from|to|on|who|that|which|and|did|was|is|were)\b|\s*\??$)"
)
_ASKED = re.compile(
    rf"^(?:{_WH})(?: [\w'’-]+){{0,4}}? (?P<aux>did|do|does|was|were|is|are|has|have|had|can|could)"
    r"\b(?P<rest>.*)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Focus:
    """What a conversation is about: whom, which body, where, when, and the turn before."""

    people: tuple[str, ...] = ()
    genders: frozenset[str] = frozenset()
    thing: str = ""
    place: str = ""
    year: str = ""
    question: str = ""
    citation: Citation | None = None


class Conversation:
    """Questions that may refer to those before them."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._focus = Focus()
        self.last: Answer | None = None
        """What was said last."""

    def ask(
        self,
        question: str,
        k: int | None = None,
        filters: Mapping[str, FilterValue] | None = None,
        threshold: float | None = None,
        kind: Kind | None = None,
    ) -> Answer:
        """Answer a question in the light of those before it.

        Parameters
        ----------
        question, k, filters, threshold, kind
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
        settings = self._assistant.index.snapshot.settings
        question = clean_query(question, settings.question_chars)
        if self._asks_when(question) and (answer := self._when(question)):
            self.last = answer
            return answer
        whole = self.standalone(question)
        if kind is None and whole != question and self._focus.question:
            kind = self._assistant.kind_of_follow_up(question, whole)
        answer = self._assistant.ask(whole, k, filters, threshold, kind)
        self._remember(answer)
        self.last = answer
        return answer

    def standalone(self, question: str) -> str:
        """Return a question with what it points at put in, or as it is.

        A pronoun that follows a name of its own sentence stays, as does one with nothing known
        that it can stand for.
        """
        focus = self._focus
        text = self._completed(question)
        directory = self._assistant.directory
        text = _PRONOUN.sub(lambda match: self._named(match, text, directory), text)
        if focus.thing and not directory.find(text):
            text = _BODY.sub(lambda m: _owner(m[0], focus.thing), text)
        if focus.place:
            text = re.sub(
                r"(?i)(?<!is )(?<!are )(?<!was )(?<!were )\bthere\b(?! (?:is|are|was|were)\b)",
                f"in {focus.place}",
                text,
            )
        if focus.year:
            text = re.sub(r"\b(?:in )?(?:that|the same) (?:same )?year\b", f"in {focus.year}", text)
        if text != question or not focus.people or not self._leans(text, directory):
            return text
        return f"{text.rstrip(' ?')} ({' and '.join(focus.people)})?"

    def _leans(self, text: str, directory: Directory) -> bool:
        """Whether a question that names nobody must be about whom the last one was."""
        if directory.find(text) or places.find(text, any_case=True) or questions.names(text):
            return False
        if self._describes_another(text, directory):
            return False
        return self._assistant.kind_of(text) in {Kind.FACT, Kind.YES_NO, Kind.EMPTY}

    def _describes_another(self, text: str, directory: Directory) -> bool:
        """Whether "the judge" is somebody else: others are judges, whom we spoke of is none."""
        described = criteria.describing(text, lexical.words)
        if not questions.describes_one(text, described.roles):
            return False
        snapshot = self._assistant.index.snapshot
        fitting = {profile.id for profile in listing.may_be_meant(described, snapshot)}
        found = [subject for person in self._focus.people for subject in directory.find(person)]
        own = {profile_id for subject in found for profile_id in subject.profile_ids}
        return bool(fitting) and not fitting & own

    def _named(self, match: re.Match[str], text: str, directory: Directory) -> str:
        """Return the name a pronoun stands for, or the pronoun."""
        pronoun = match[1].lower()
        before = [n for s in directory.find(text[: match.start()]) for n in s.names]
        person = pronoun not in _THING
        typed_before = [n for n in questions.names(text[: match.start()]) if not places.find(n)]
        if not person and (
            _OWN_THING.match(text[: match.start()]) or _NO_THING.match(text, match.end())
        ):
            return match[0]
        if any(name.person == person for name in before):
            return match[0]
        if not before and typed_before and person:
            return match[0]
        name = self._stands_for(pronoun)
        if not name:
            return match[0]
        follows = (match[2] or "").strip().lower()
        owns = pronoun in _POSSESSIVE or (
            pronoun == "her" and follows and follows not in _AFTER_HER
        )
        return f"{name}'s" if owns else name

    def _stands_for(self, pronoun: str) -> str:
        focus = self._focus
        if pronoun in _THING:
            return focus.thing
        people = list(focus.people)
        if gender := _GENDER.get(pronoun):
            told = {pair.split(": ", 1)[1]: pair.split(": ", 1)[0] for pair in focus.genders}
            people = [name for name in people if told.get(name, gender) == gender]
        elif len(people) < 2 and focus.thing:
            return focus.thing
        return " and ".join(people)

    # ------------------------------------------------------------------ what is left out

    def _completed(self, question: str) -> str:
        """Return an elliptical question with what it takes from the one before it."""
        last, plain = self._focus.question, question.strip(" ?.!,")
        if not last:
            return question
        if short := _SHORT.fullmatch(plain) or _TURNED.fullmatch(plain):
            return _asked_otherwise(short["wh"], last) or question
        if match := _AND.fullmatch(plain):
            return self._exchanged(match["rest"], last) or question
        return question

    def _exchanged(self, rest: str, last: str) -> str:
        """Return the last question with one thing in it exchanged; "" if nothing fits.

        A year for a year, a name for a name, a place for a place; else the last thing spoken of.
        """
        if told := _SAME_AGAIN.fullmatch(rest):
            rest = told["rest"] if last.lower().startswith(told["wh"].lower()) else rest
        if "," in rest or len(rest.split()) > _LONGEST_EXCHANGE or _WHOLE.match(rest):
            return ""
        year = r"\b(?:19|20)\d\d\b"
        if told := re.search(year, rest):
            changed = re.sub(year, told[0], last, count=1)
            return changed if changed != last else f"{last.rstrip(' ?')} in {told[0]}?"
        find = self._assistant.directory.find
        for new, old in (
            (find(rest), find(last)),
            (places.find(rest, any_case=True), places.find(last, any_case=True)),
        ):
            if new and old:
                typed = rest[new[0].start : new[0].end]
                return f"{last[: old[0].start]}{typed}{last[old[0].end :]}"
        if rest.islower() and (counted := _NOUN_ASKED.match(last)):
            return f"{last[: counted.start('noun')]}{rest}{last[counted.end('noun') :]}"
        if phrases := list(_PHRASE.finditer(last)):
            return f"{last[: phrases[-1].start()]}{rest}{last[phrases[-1].end() :]}"
        return ""

    def _asks_when(self, question: str) -> bool:
        plain = question.strip(" ?.!,")
        short = _SHORT.fullmatch(plain) or _TURNED.fullmatch(plain)
        return bool(short and _WHEN.search(short["wh"]) and self._focus.citation)

    def _when(self, question: str) -> Answer | None:
        """Answer "When was that?" with the date of the sentence cited last, if it has one."""
        cited = self._focus.citation
        return self._assistant.date_of(question, cited, self._focus.question) if cited else None

    # ------------------------------------------------------------------ what is remembered

    def _remember(self, answer: Answer) -> None:
        """Keep whom and what this turn was about, for the next one."""
        directory, old = self._assistant.directory, self._focus
        asked = [name for s in directory.find(answer.question) for name in s.names[:1]]
        said = [name for s in directory.find(answer.text or "") for name in s.names[:1]]
        if answer.kind in {Kind.TIMELINE, Kind.OVERVIEW}:
            said = []
        people = _unique([n.full for n in asked if n.person]) or _unique([
            n.full for n in said if n.person and answer.kind != Kind.LIST
        ])
        ids = {name.profile_id for name in asked}
        ids |= {c.profile_id for c in answer.citations[:1]} if not people else set()
        if not people:
            people = self._people_of(ids) or (() if asked else old.people)
        bodies = _unique([n.full for n in asked if not n.person]) or _unique([
            n.full for n in said if not n.person
        ])
        if not bodies and answer.kind == Kind.FACT and _ASKED_BODY.search(answer.question):
            bodies = _named_alone(answer.text or "")
        goes_on = old.thing and old.thing.lower() in answer.question.lower()
        described = asked or places.find(answer.question, any_case=True)
        topic = old.thing if goes_on else "" if described else topic_of(answer.question)
        place = places.find(answer.text or "") or places.find(answer.question, any_case=True)
        years = re.findall(r"\b(?:19|20)\d\d\b", f"{answer.question} {answer.text or ''}")
        self._focus = Focus(
            people=people,
            genders=self._genders(people),
            thing=bodies[-1]
            if bodies
            else (self._body_of(people) if asked else topic) or old.thing,
            place=_typed(answer, place) or old.place,
            year=years[-1] if years else old.year,
            question=answer.question,
            citation=answer.citations[0] if answer.citations else old.citation,
        )

    def _people_of(self, ids: set[str]) -> tuple[str, ...]:
        held = [self._assistant.index.profile(profile_id) for profile_id in sorted(ids)]
        return tuple(name for profile in held if profile for name in facts.people(profile))

    def _body_of(self, people: Sequence[str]) -> str:
        """Return the first organisation of somebody's profile."""
        directory = self._assistant.directory
        names: list[Name] = [n for s in map(directory.find, people) for x in s for n in x.names]
        store = self._assistant.index.snapshot.store
        for name in names[:1]:
            for said in store.evidence("organization", name.profile_id)[:1]:
                return facts.short_name(said.value)
        return ""

    def _genders(self, people: Sequence[str]) -> frozenset[str]:
        said = self._assistant.index.snapshot.store.evidence("gender")
        return frozenset(e.value for e in said if e.value.split(": ", 1)[1] in people)


_CUT = re.compile(
    r"\b(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|in|on|at|for|to|"
    r"from|with|by|about|of|and|or|that|which|who|what|when|where|why|how|tell me|describe|explain|"
    r"there|different|types?|kinds?|some|any|most|more|first|it|its|they|them|their)\b|[?.,!;:]",
    re.IGNORECASE,
)


def topic_of(question: str) -> str:
    """Return what a question that names nobody is about: its longest run of other words.

    Examples
    --------
    >>> topic_of("Tell me about lung cancer."), topic_of("What are the main types of sharks?")
    ('lung cancer', 'sharks')
    """
    runs = (run.strip() for run in _CUT.split(question))
    plain = [re.sub(r"^(?:the|an?|this|these)\b\s*", "", run, flags=re.IGNORECASE) for run in runs]
    told = [run for run in plain if any(map(vocabulary.says_something, run.lower().split()))]
    return max(reversed(told), key=lambda run: len(run.split()), default="")


def _owner(typed: str, name: str) -> str:
    return f"{name}'s" if typed.lower().endswith("'s") else name


def _named_alone(text: str) -> tuple[str, ...]:
    """Return the name that an answer consists of, as "the Yilan Migrant Fishermen Union" does."""
    bare = re.sub(r"^(?:the|an?) ", "", text, flags=re.IGNORECASE)
    told = questions.names(f"x {bare}")
    return (bare,) if len(bare.split()) > 1 and told == [bare] else ()


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _typed(answer: Answer, found: Sequence[places.Place]) -> str:
    """Return the last place as it was written."""
    if not found:
        return ""
    text = answer.text if answer.text and places.find(answer.text) else answer.question
    return text[found[-1].start : found[-1].end]


def _asked_otherwise(wh: str, last: str) -> str:
    """Return the last question with another question word: "Why?" after "When did she leave?"."""
    wh = re.sub(r"^(?:and|but|so) ", "", wh, flags=re.IGNORECASE)
    if match := _ASKED.match(last):
        return f"{wh[0].upper()}{wh[1:]} {match['aux']}{match['rest']}"
    return f"{wh[0].upper()}{wh[1:]}: {last}"
