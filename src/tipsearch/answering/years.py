"""Years and spans of years in a question: "before 2011", "between 2012 and 2015", "the 1990s"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

NO_END = 9999


@dataclass(frozen=True, slots=True)
class Years:
    """From ``first`` to ``last``, both included.

    ``of`` tells what is dated so: ``"award"``, ``"recognition"`` (another prize), ``"founding"``,
    or ``"telling"``, what a sentence tells.
    """

    first: int
    last: int
    of: str = "telling"


_YEAR = r"((?:1[5-9]|20)\d\d)"
_THE = r"(?:the )?(?:years? |end of |beginning of )?"
_Reading = Callable[[re.Match[str]], tuple[int, int]]


def _both(match: re.Match[str]) -> tuple[int, int]:
    return int(match[1]), int(match[2])


def _decade(match: re.Match[str]) -> tuple[int, int]:
    first = int(match[1]) * 10
    return first, first + 9


def _half_decade(match: re.Match[str]) -> tuple[int, int]:
    first = int(match[2]) * 10 + (5 if match[1].lower() == "second" else 0)
    return first, first + 4


_SPANS: tuple[tuple[str, _Reading], ...] = (
    (rf"\bbetween {_THE}{_YEAR} (?:and|to) {_YEAR}\b", _both),
    (rf"\b(?:from )?{_THE}{_YEAR} ?(?:to|through|until|till|up to|[-–—]) ?{_YEAR}\b", _both),
    (rf"\b(?:up to and including|not? later than|until|till|up to|up until|by) {_THE}{_YEAR}\b",
     lambda m: (0, int(m[1]))),
    (rf"\b(?:before|prior to|earlier than|ahead of|older than) {_THE}{_YEAR}\b",
     lambda m: (0, int(m[1]) - 1)),
    (rf"\b(?:after|later than|past|following) {_THE}{_YEAR}\b",
     lambda m: (int(m[1]) + 1, NO_END)),
    (rf"(?<!dat)(?<!dates )(?<!dated )(?<!dating )\b(?:since|from|as of|starting in) {_THE}{_YEAR}"
     r"(?: on(?:wards?)?)?\b", lambda m: (int(m[1]), NO_END)),
    (rf"\b{_YEAR} (?:or|and) (?:later|after|newer|onwards?)\b", lambda m: (int(m[1]), NO_END)),
    (rf"\b{_YEAR} (?:or|and) (?:earlier|before|older)\b", lambda m: (0, int(m[1]))),
    (r"\b(first|second) half of the ((?:19|20)\d)0['’]?s\b", _half_decade),
    (r"\b(?:the )?((?:19|20)\d)0['’]?s\b", _decade),
    (rf"\b{_YEAR} (?:or|and) (?:in )?{_YEAR}\b", _both),
    (rf"\b{_YEAR}\b", lambda m: (int(m[1]), int(m[1]))),
)  # fmt: skip
_DECADES = {
    "sixties": "1960s", "seventies": "1970s", "eighties": "1980s", "nineties": "1990s",
    "noughties": "2000s", "naughties": "2000s", "two thousands": "2000s",
}  # fmt: skip


def cut(text: str) -> tuple[str, Years | None]:
    """Take the first span of years out of a text, blanks in its place.

    Examples
    --------
    >>> cut("honoured before 2011")
    ('honoured            ', Years(first=0, last=2010, of='telling'))
    >>> cut("founded in the nineties")[1]
    Years(first=1990, last=1999, of='telling')
    """
    for word, decade in _DECADES.items():
        text = re.sub(rf"\b{word}\b", decade, text, flags=re.IGNORECASE)
    for pattern, reading in _SPANS:
        if match := re.search(pattern, text, re.IGNORECASE):
            blank = " " * (match.end() - match.start())
            return f"{text[: match.start()]}{blank}{text[match.end() :]}", Years(*reading(match))
    return text, None
