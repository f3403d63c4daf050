"""What a question asks for, told from its words."""

from __future__ import annotations

import re
from collections.abc import Collection

from tipsearch.corpus import places
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

_QUESTION_WORDS = frozenset(
    "who whom whose what when where which why how did does do is are was were has have had can "
    "could will would should tell show list name give find and in on at the a".split()
)
HONORIFICS = frozenset(
    "mr mrs ms miss mx dr prof professor sir dame sister sr brother br father fr rev".split()
)
_DEMONYM_ENDINGS = ("ese", "ian", "an", "n", "i")  # Chinese, Brazilian, Cuban, Cambodian, Nepali
_WORD = re.compile(r"[^\W_]+(?:[.'’-][^\W_]+)*", re.UNICODE)


_NO_NAMES = _QUESTION_WORDS | HONORIFICS | {"i"}


_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_SENTENCE = re.compile(
    r"(?:(?:and|but|so) )?(?:why|is|are|was|were|do|does|did|has|have|had|can|could|will|would|"
    r"should|how(?! (?:many|much|old|young|long|far|often|large|big|tall|high)\b))\b"
)


def wants_sentence(question: str) -> bool:
    """Whether a question is answered by a sentence and not by a phrase: yes or no, why, how.

    Examples
    --------
    >>> [wants_sentence(q) for q in ("Did he resign?", "Why did he leave?", "How many left?")]
    [True, True, False]
    """
    return _SENTENCE.match(fold(question)) is not None


def describes_one(question: str, roles: Collection[str]) -> bool:
    """Whether a question speaks of one person by a role alone: "the judge", not "a judge".

    Examples
    --------
    >>> [describes_one(f"When was {who} honoured?", {"judge", "judges"})
    ...  for who in ("the judge", "the brave judge", "a judge", "the judges", "the judge of Fez")]
    [True, True, False, False, False]
    """
    plain = fold(question)
    return any(
        re.search(rf"\bthe (?:[a-z-]+ ){{0,2}}{re.escape(role)}\b(?!['’]?s? of)", plain)
        for role in roles
        if role.removesuffix("s") == role or role.removesuffix("s") not in roles
    )


_NUMBER_WORD = (
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|"
    r"fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|"
    r"half|dozens?|several|both|none|no)\b"
)
_SORTS = (
    (r"(?:in |from |since |by )?(?:which|what) year\b", r"\b(?:1[5-9]|20)\d\d\b(?!s)"),
    (
        r"(?:when|(?:on |in )?(?:which|what) (?:date|day|month))\b",
        rf"\d|year|{_MONTHS}|day|age|time",
    ),
    (r"how (?:many|old)\b|(?:at )?(?:what|which) age\b", _NUMBER_WORD),
    (
        r"(?:for )?how long\b",
        rf"^(?!.*-years?-old)(?:.*(?:{_NUMBER_WORD}|"
        r"\b(?:years?|months?|weeks?|days?|decades?|hours?|life|since|until)\b))",
    ),
    (r"how (?:much|far|often)\b", rf"{_NUMBER_WORD}|\b(?:all|most|every|once|twice|daily|much)\b"),
)
"""How a question opens, and what its answer must have."""
_ASKS_COUNTRY = re.compile(r"(?:\w+ )?(?:which|what) (?:\w+ )?countr(?:y|ies)\b")


def is_of_the_sort_asked(question: str, answer: str) -> bool:
    """Whether words can answer a question at all: a year has a year in it, "how many" a number.

    Examples
    --------
    >>> is_of_the_sort_asked("In which year did they meet?", "the early 1990s")
    False
    >>> is_of_the_sort_asked("How many were freed?", "eighty-three women")
    True
    """
    opening = re.sub(r"^(?:and|but|so|then) ", "", fold(question))
    if _ASKS_COUNTRY.match(opening):
        return bool(places.find(answer))
    for asks, has in _SORTS:
        if re.match(asks, opening):
            return re.search(has, answer) is not None
    return True


def content_words(question: str) -> list[str]:
    """Return the words that say what a question is about, as they were typed; "Mr." is none.

    Examples
    --------
    >>> content_words("When did Legros leave the AFESIP?")
    ['Legros', 'leave', 'AFESIP?']
    """
    empty = _FUNCTION_WORDS | HONORIFICS
    return [word for word in question.split() if word.casefold().strip("?!.,;:") not in empty]


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
