"""What a question asks for, told from its words."""

from __future__ import annotations

import re
from enum import StrEnum

from tipsearch.corpus.profiles import fold

_FUNCTION_WORDS = frozenset(
    "a about after all also am an and any are as at be been before being between both but by can "
    "could did do does doing during each for from had has have having he her here hers him his how "
    "i if in into is it its itself me more most my no nor not now of on once only or other our out "
    "over own s same she should so some such t than that the their theirs them then there these "
    "they this those through to too under until up us very was we were what when where which while "
    "who whom whose why will with would you your".split()
)
"""Words that say how a question is put, not what it is about."""

_SMALL_TALK = re.compile(
    r"(?:hi|hello|hey|good (?:morning|afternoon|evening)|thanks?(?: you)?(?: very much| a lot)?|"
    r"bye|goodbye|ok(?:ay)?|help|(?:and )?(?:who|what) are you|how are you(?: today)?|"
    r"what (?:can|do) you (?:do|know)|what is this|how does this work)",
    re.IGNORECASE,
)
_QUESTION_WORDS = frozenset(
    "who whom whose what when where which why how did does do is are was were has have had can "
    "could will would should tell show list name give find and in on at the a".split()
)
_HONORIFICS = frozenset(
    "mr mrs ms miss mx dr prof professor sir dame sister sr brother br father fr rev".split()
)
_DEMONYM_ENDINGS = ("ese", "ian", "an", "n", "i")  # Chinese, Brazilian, Cuban, Cambodian, Nepali
_WORD = re.compile(r"[^\W_]+(?:[.'’-][^\W_]+)*", re.UNICODE)


_NO_NAMES = _QUESTION_WORDS | _HONORIFICS | {"i"}


class Wanted(StrEnum):
    """The kind of thing that would answer a question."""

    DATE = "date"
    AGE = "age"
    NUMBER = "number"
    NAME = "name"
    ANYTHING = "anything"


_WANTED = (
    (Wanted.AGE, re.compile(r"\bhow (?:old|young)\b|\b(?:what|which) age\b")),
    (
        Wanted.DATE,
        re.compile(r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|decade|century)\b"),
    ),
    (
        Wanted.NUMBER,
        re.compile(
            r"\bhow (?:many|much|long|far|often|large|big)\b|\bwhat (?:number|percentage)\b"
        ),
    ),
    (Wanted.NAME, re.compile(r"\bwho(?:m|se)?\b|\bwhere\b")),
)
_SATISFIES = {
    Wanted.AGE: re.compile(r"\b(?:aged?|born|birth\w*|years? old|year-old)\b", re.IGNORECASE),
    Wanted.DATE: re.compile(
        r"\b\d{3,4}s?\b|\b(?:january|february|march|april|may|june|july|august|september|october|"
        r"november|december|spring|summer|autumn|winter|days?|weeks?|months?|years?|decades?|"
        r"century|centuries|era|ago|until|during|after|before|since|earl(?:y|ier)|later?)\b",
        re.IGNORECASE,
    ),
    Wanted.NUMBER: re.compile(
        r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|"
        r"hundreds?|thousands?|millions?|half|third|quarter|several|single|once|twice)\b",
        re.IGNORECASE,
    ),
    Wanted.NAME: re.compile(r"\b[^\W\d_a-z][^\W\d_]"),
}


def content_words(question: str) -> list[str]:
    """Return the words that say what a question is about, as they were typed; "Mr." is none.

    Examples
    --------
    >>> content_words("When did Legros leave the AFESIP?")
    ['Legros', 'leave', 'AFESIP?']
    """
    empty = _FUNCTION_WORDS | _HONORIFICS
    return [word for word in question.split() if word.casefold().strip("?!.,;:") not in empty]


def is_small_talk(question: str) -> bool:
    """Whether a question greets, thanks, or asks about the assistant itself.

    Examples
    --------
    >>> is_small_talk("Hello!"), is_small_talk("Hello, who founded AFESIP?")
    (True, False)
    """
    return _SMALL_TALK.fullmatch(question.strip(" .!?,")) is not None


def wanted(question: str) -> Wanted:
    """Return the kind of thing that would answer a question.

    Examples
    --------
    >>> str(wanted("When did Legros leave AFESIP?"))
    'date'
    """
    folded = fold(question)
    return next((kind for kind, words in _WANTED if words.search(folded)), Wanted.ANYTHING)


def satisfies(sentence: str, kind: Wanted) -> bool:
    """Whether a sentence holds a thing of that kind at all: a year, a number, a name.

    Examples
    --------
    >>> satisfies("He left in 2004.", Wanted.DATE), satisfies("He left.", Wanted.NUMBER)
    (True, False)
    """
    return kind is Wanted.ANYTHING or _SATISFIES[kind].search(sentence) is not None


def names(question: str) -> list[str]:
    """Return the names in a question, told by their capitals, each as it was typed.

    The first word counts only where the next is capitalised too: "Nelson Mandela left when?".
    A question typed all in capitals, or with a capital on every word, names nobody. "Mr." and the
    like are no part of a name: the profiles may call the same person otherwise.

    Examples
    --------
    >>> names("When did Mr. Pierre Legros leave AFESIP?")
    ['Pierre Legros', 'AFESIP']
    """
    words = list(_WORD.finditer(question))
    typed = [word[0] for word in words]
    if any(word[0].isupper() and word.lower() in _QUESTION_WORDS for word in typed[1:]):
        return []
    found: list[str] = []
    end = -1  # of the name being read
    for place, word in enumerate(words):
        opens = place == 0 and not (len(words) > 1 and typed[1][0].isupper())
        if not word[0][0].isupper() or opens or word[0].lower() in _NO_NAMES:
            continue
        name = re.sub(r"['’]s$", "", word[0])
        if found and question[end : word.start()].isspace():
            found[-1] = f"{found[-1]} {name}"
        else:
            found.append(name)
        end = word.start() + len(name)
    return found


def spellings(word: str) -> list[str]:
    """Return a name's word as typed, and the countries it may be the adjective of.

    Most of them are no words at all; the caller looks for the first one the profiles hold.

    Examples
    --------
    >>> spellings("Chinese")
    ['Chinese', 'Chin', 'China']
    >>> "Brazil" in spellings("Brazilian"), "Cambodia" in spellings("Cambodian")
    (True, True)
    """
    endings = (ending for ending in _DEMONYM_ENDINGS if word.endswith(ending))
    stems = [word.removesuffix(ending) for ending in endings]
    return [word, *(form for stem in stems if len(stem) > 2 for form in (stem, f"{stem}a"))]
