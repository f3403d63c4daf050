"""Dates in running text, also those told by another one: "the following year"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NAMES = "January February March April May June July August September October November December"
_MONTH = {name: number for number, name in enumerate(_NAMES.split(), 1)}
_MONTH |= {name[:3]: number for name, number in _MONTH.items()} | {"Sept": 9}
_MONTHS = "|".join(sorted(_MONTH, key=len, reverse=True))
_UNITS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_NUMBER = {word: number for number, word in enumerate(_UNITS, 1)} | {"a": 1, "an": 1}
_NUMBER |= {word: 10 * number for number, word in enumerate(_TENS, 2)}
_NUMBER |= {
    f"{ten}-{unit}": _NUMBER[ten] + number
    for ten in _TENS
    for number, unit in enumerate(_UNITS[:9], 1)
}
_NUMBERS = "|".join(sorted(_NUMBER, key=len, reverse=True))
_DAY_NUMBER = r"(?:[0-2]?[0-9]|3[01])"
_YEAR = r"(?:1[89]|20)[0-9]{2}"
_DAY_BEFORE = rf"(?P<day>{_DAY_NUMBER})(?:st|nd|rd|th)?(?: of)?"
_DAY_AFTER = rf"(?P<day_after>{_DAY_NUMBER})(?:st|nd|rd|th)?"
_EXPLICIT = re.compile(
    rf"\b(?:(?:{_DAY_BEFORE} )?(?P<month>{_MONTHS})\.?(?: {_DAY_AFTER})?(?:,| of)? )?"
    rf"(?P<year>{_YEAR})(?P<decade>s)?\b"
)
_DAY = re.compile(
    rf"\b(?:{_DAY_BEFORE} (?P<month>{_MONTHS})\b|"
    rf"(?<=[Oo]n )(?P<month_first>{_MONTHS})\.? {_DAY_AFTER}\b)"  # "In August 12 women" is no date
    rf"(?!(?:\.?,?| of) {_YEAR})"
)
_TOLD = re.compile(
    r"\b(?:(?:the|in that|that) (?P<same>same) year|(?:in|of|for) (?P<that>that) year|"
    r"the (?P<next>following|next) year|the year (?P<after_that>after)(?! \d)\b|"
    r"(?:the year (?P<year_before>before)(?! \d)\b|the (?P<previous>previous) year)|"
    rf"(?<!-)(?<!half )\b(?P<count>{_NUMBERS}|[0-9]{{1,2}}) (?:year|(?P<ten>decade))s? "
    r"(?P<way>later|afterwards|after(?= that| it(?! (?:was|had|is))| this|wards|,|\.)|"
    r"earlier|before(?= that|,|\.)))",
    re.IGNORECASE | re.ASCII,  # or "fıve" would match, and be no number
)


@dataclass(frozen=True, slots=True)
class Date:
    """A date told at ``[start, end)``; ``told_by`` is where the year it counts from stands.

    ``value`` is ``"2010-06-14"``, ``"2010-06"``, ``"2010"`` or ``"1990s"``.
    """

    value: str
    start: int
    end: int
    told_by: tuple[int, int] | None = None


def find(text: str) -> list[Date]:
    """Return the dates of a text in order, those told by another one resolved.

    "The following year" counts from the year told last before it. Where a sentence gives the year
    itself beside it ("the following year, 2018"), that is taken.

    Parameters
    ----------
    text : str
        Running text, such as a profile's.

    Examples
    --------
    >>> [date.value for date in find("Born on 13 December 1956. In June 2007 she left.")]
    ['1956-12-13', '2007-06']
    >>> [date.value for date in find("It began in 1996. Two years later he left.")]
    ['1996', '1998']
    """
    explicit = list(_EXPLICIT.finditer(text))
    found: list[Date] = []
    for match in sorted([*explicit, *_relative(text)], key=lambda match: match.start()):
        if match.re is _EXPLICIT:
            start = match.start("year") if match["decade"] else match.start()
            found.append(Date(_value(match), start, match.end()))
        elif not _said_beside(text, match, explicit):
            resolved = _resolved(match, found)
            if resolved:
                found.append(resolved)
    return found


def year(value: str) -> int:
    """Return the year of a date's value, of a decade its first.

    Examples
    --------
    >>> year("2010-06-14"), year("1990s")
    (2010, 1990)
    """
    return int(value[:4])


def _relative(text: str) -> Iterator[re.Match[str]]:
    yield from _TOLD.finditer(text)
    yield from _DAY.finditer(text)


def _value(match: re.Match[str]) -> str:
    if match["decade"]:
        return f"{match['year']}s"
    parts = [match["year"]]
    if match["month"]:
        parts.append(f"{_MONTH[match['month']]:02d}")
        if day := match["day"] or match["day_after"]:
            parts.append(f"{int(day):02d}")
    return "-".join(parts)


def _said_beside(text: str, match: re.Match[str], explicit: list[re.Match[str]]) -> bool:
    """Whether the year itself follows: ", in 2018", ", 2018", "on 17 June 2013"."""
    following = next((other for other in explicit if other.start() >= match.end()), None)
    if following is None or match.re is _DAY:
        return False
    between = text[match.end() : following.start()]
    return len(between) < 25 and not re.search(r"[.;:]|\band\b|\bwhen\b", between)


def _resolved(match: re.Match[str], before: list[Date]) -> Date | None:
    """Count from the year told last; a decade is no year to count from."""
    last = next((date for date in reversed(before) if not date.value.endswith("s")), None)
    if last is None:
        return None
    basis = last.told_by or (last.start, last.end)
    told = match.groupdict()
    if match.re is _DAY:
        month, day = told["month"] or told["month_first"], told["day"] or told["day_after"]
        value = f"{last.value[:4]}-{_MONTH[month]:02d}-{int(day):02d}"
        return Date(value, match.start(), match.end(), basis)
    steps = 0
    if told["next"] or told["after_that"]:
        steps = 1
    elif told["year_before"] or told["previous"]:
        steps = -1
    elif told["count"]:
        number = told["count"].lower()
        count = int(number) if number.isdigit() else _NUMBER[number]
        count *= 10 if told["ten"] else 1
        steps = -count if told["way"].lower() in {"earlier", "before"} else count
    return Date(str(year(last.value) + steps), match.start(), match.end(), basis)
