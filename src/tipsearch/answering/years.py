"""Years and spans of years in a question: "before 2011", "between 2012 and 2015", "the 1990s"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

NO_END = 9999


@dataclass(frozen=True, slots=True)
class Years:
    """From ``first`` to ``last``, both included; or only those of ``given``, where it is not empty.

    ``of`` tells what is dated so: ``"award"``, ``"recognition"`` (another prize), ``"founding"``,
    or ``"telling"``, what a sentence tells.
    """

    first: int
    last: int
    of: str = "telling"
    given: tuple[int, ...] = ()

    def hold(self, year: int) -> bool:
        """Whether a year is one of them."""
        return year in self.given if self.given else self.first <= year <= self.last


_YEAR = r"((?:1[5-9]|20)\d\d)"
_DECADE = r"(?:the )?((?:1[5-9]|20)\d0)['’]?s\b"
_THE = r"(?:the )?(?:years? |end of |beginning of )?"
_UNTIL = r"(?:up to and including|not? later than|until|till|up to|up until|by|(?:in|on) or before)"
_BEFORE = r"(?:before|prior to|earlier than|ahead of|older than)"
_AFTER = r"(?:after|later than|past|following|newer than|more recent than)"
_SINCE = (
    r"(?<!date )(?<!dates )(?<!dated )(?<!dating )\b"
    r"(?:since|from|as of|starting in|(?:in|on) or after)"
)
_Reading = Callable[[re.Match[str]], Years]


def _both(match: re.Match[str]) -> Years:
    one, other = int(match[1]), int(match[2])
    return Years(min(one, other), max(one, other))


def _listed(match: re.Match[str]) -> Years:
    given = tuple(sorted(int(year) for year in re.findall(_YEAR, match[0])))
    return Years(given[0], given[-1], given=given)


def _half_decade(match: re.Match[str]) -> Years:
    first = int(match[2]) + (5 if match[1].lower() == "second" else 0)
    return Years(first, first + 4)


_SPANS: tuple[tuple[str, _Reading], ...] = (
    (rf"\bbetween {_THE}{_YEAR} (?:and|to) {_YEAR}\b", _both),
    (rf"\b(?:from )?{_THE}{_YEAR} ?(?:to|through|until|till|up to|[-–—]) ?{_YEAR}\b", _both),
    (rf"\b(first|second) half of {_DECADE}", _half_decade),
    (rf"\b{_UNTIL} {_DECADE}", lambda m: Years(0, int(m[1]) + 9)),
    (rf"\b{_BEFORE} {_DECADE}", lambda m: Years(0, int(m[1]) - 1)),
    (rf"\b{_AFTER} {_DECADE}", lambda m: Years(int(m[1]) + 10, NO_END)),
    (rf"\b(?:since|as of|starting in) {_DECADE}", lambda m: Years(int(m[1]), NO_END)),
    (rf"\b{_UNTIL} {_THE}{_YEAR}\b", lambda m: Years(0, int(m[1]))),
    (rf"\b{_BEFORE} {_THE}{_YEAR}\b", lambda m: Years(0, int(m[1]) - 1)),
    (rf"\b{_AFTER} {_THE}{_YEAR}\b", lambda m: Years(int(m[1]) + 1, NO_END)),
    (rf"{_SINCE} {_THE}{_YEAR}(?: on(?:wards?)?)?\b", lambda m: Years(int(m[1]), NO_END)),
    (rf"\b{_YEAR} (?:or|and) (?:later|after|newer|onwards?)\b", lambda m: Years(int(m[1]), NO_END)),
    (rf"\b{_YEAR} (?:or|and) (?:earlier|before|older)\b", lambda m: Years(0, int(m[1]))),
    (rf"\b{_DECADE}", lambda m: Years(int(m[1]), int(m[1]) + 9)),
    (rf"\b{_YEAR}(?:(?:, ?| ?/ ?|,? (?:or|and) )(?:in )?{_YEAR})+\b", _listed),
    (rf"\b{_YEAR}\b", lambda m: Years(int(m[1]), int(m[1]))),
)
_DECADES = {
    "sixties": "1960s", "seventies": "1970s", "eighties": "1980s", "nineties": "1990s",
    "noughties": "2000s", "naughties": "2000s", "two thousands": "2000s",
}  # fmt: skip


def cut(text: str) -> tuple[str, Years | None]:
    """Take the first span of years out of a text, blanks in its place.

    Examples
    --------
    >>> cut("honoured before 2011")
    ('honoured            ', Years(first=0, last=2010, of='telling', given=()))
    >>> cut("in 2010 or 2017")[1].given
    (2010, 2017)
    """
    for word, decade in _DECADES.items():
        text = re.sub(rf"\b{word}\b", decade, text, flags=re.IGNORECASE)
    text = re.sub(r"\bthe ['’]?([5-9])0['’]?s\b", r"the 19\g<1>0s", text, flags=re.IGNORECASE)
    for pattern, reading in _SPANS:
        if match := re.search(pattern, text, re.IGNORECASE):
            blank = " " * (match.end() - match.start())
            return f"{text[: match.start()]}{blank}{text[match.end() :]}", reading(match)
    return text, None
