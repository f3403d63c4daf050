"""Countries and regions of the world, and the words that stand for them.

Names, people's names ("Cambodian") and the larger regions come from the package countryinfo; the
finer regions are those of the United Nations' M49 list and of common speech.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

_M49 = {
    "west africa": "BJ BF CV CI GM GH GN GW LR ML MR NE NG SH SN SL TG",
    "east africa": "BI KM DJ ER ET KE MG MW MU MZ RW SC SO SS TZ UG ZM ZW",
    "central africa": "AO CM CF TD CG CD GQ GA ST",
    "southern africa": "BW SZ LS NA ZA",
    "central america": "BZ CR SV GT HN NI PA",
    "north america": "BM CA GL MX PM US",
    "south america": "AR BO BR CL CO EC FK GF GY PY PE SR UY VE",
    "middle east": "BH EG IR IQ IL JO KW LB OM PS QA SA SY TR AE YE",
    "gulf": "BH KW OM QA SA AE",
    "balkans": "AL BA BG HR GR ME MK RO RS SI",
    "scandinavia": "DK NO SE",
    "nordic": "DK FI IS NO SE",
    "baltic": "EE LV LT",
    "maghreb": "DZ LY MR MA TN",
}
_OTHER_WORDS = {
    "latin america and the caribbean": "latin america",
    "south-eastern asia": "southeast asia",
    "western asia": "middle east",
    "northern america": "north america",
}
_SHORT = {"US": "US", "U.S.": "US", "USA": "US", "U.S.A.": "US", "UK": "GB", "U.K.": "GB"}
_BESIDE = {
    "Nepali": "NP", "Thais": "TH", "Congo": "CG CD", "Congolese": "CG CD", "Britain": "GB",
    "Great Britain": "GB", "England": "GB", "Scottish": "GB", "Wales": "GB", "Kosovo": "XK",
    "Northern Ireland": "GB", "French": "FR", "American": "US", "Americans": "US",
    "Côte d’Ivoire": "CI", "Gambia": "GM", "Bahamas": "BS", "Philippine": "PH", "Eswatini": "SZ",
    "North Macedonia": "MK", "Macedonia": "MK", "Argentinian": "AR", "Argentine": "AR",
    "Taiwan": "TW", "Viet Nam": "VN",
}  # fmt: skip
_AMBIGUOUS = frozenset({"Dominican", "Dominica", "Antarctica"})
"""Forms that stand for something else as often: a Dominican is a friar."""
_NEVER_LOWER = frozenset(
    "turkey jordan chad georgia polish oman mali niger guinea english dutch".split()
)


@dataclass(frozen=True, slots=True)
class Place:
    """A country, or the countries of a region, as a text names it at ``[start, end)``."""

    name: str
    countries: frozenset[str]
    start: int
    end: int


def find(text: str, *, any_case: bool = False) -> list[Place]:
    """Return the countries and regions that a text names, by place; the longest name wins.

    Parameters
    ----------
    text : str
        A sentence or a question.
    any_case : bool
        Whether "cambodian" counts: people who ask do not always use capitals.

    Examples
    --------
    >>> [place.name for place in find("A Nepali judge, and shelters in Southeast Asia")]
    ['Nepal', 'Southeast Asia']
    >>> find("two ambassadors from South Asia")[0].countries >= {"India", "Nepal"}
    True
    """
    forms = _forms()
    found = []
    for match in _pattern(any_case).finditer(text):
        word = match[0].replace("’", "'")
        if any_case and word.islower() and word in _NEVER_LOWER:
            continue
        if form := forms.get(word) or forms.get(word.casefold()):  # "İndia" matches, and is none
            found.append(Place(*form, match.start(), match.end()))
    return found


def canonical(name: str) -> str:
    """Return a country's name as it is listed, or the name itself if it is no country's.

    Examples
    --------
    >>> canonical("USA"), canonical("Burma"), canonical("Mars")
    ('United States', 'Myanmar', 'Mars')
    """
    plain = name.replace("’", "'")
    form = _forms().get(plain) or _forms().get(plain.casefold())
    return form[0] if form else name


@cache
def _listed() -> tuple[dict[str, Any], ...]:
    """Return the package's records of countries that have a code."""
    from countryinfo import CountryInfo

    held: Iterable[Any] = CountryInfo("Nepal").all().values()
    return tuple(about for about in held if (about.get("ISO") or {}).get("alpha2"))


@cache
def _countries() -> dict[str, str]:
    """Return each country's name by its two-letter code."""
    names = {"MM": "Myanmar", "XK": "Kosovo", "PS": "Palestine"}
    for about in _listed():
        names.setdefault(about["ISO"]["alpha2"], _without_the(about["name"]))
    return names


def _without_the(name: str) -> str:
    return re.sub(r"^The ", "", name)


@cache
def _forms() -> dict[str, tuple[str, frozenset[str]]]:
    """Return what each form stands for: a name, and its countries; also folded."""
    names = _countries()
    forms = {}
    for form, codes in _country_forms().items():
        if held := [names[code] for code in sorted(codes) if code in names]:
            forms[form] = (held[0], frozenset(held))
    for region, codes in _region_forms().items():
        title = " ".join(part.capitalize() if part != "and" else part for part in region.split())
        if title not in names.values():
            forms[title] = (title, frozenset(names[code] for code in codes if code in names))
    folded = {form.casefold(): place for form, place in forms.items() if form not in _SHORT}
    return {**folded, **forms}


def _country_forms() -> dict[str, set[str]]:
    """Return the codes of the countries that each form stands for.

    A people's name that two share ("Indian", also of an ocean) is that of the one it resembles.
    """
    demonyms = [about.get("demonym") or "" for about in _listed()]
    codes: dict[str, set[str]] = {}
    for about in _listed():
        demonym = about.get("demonym") or ""
        own = demonym[:3] == about["name"][:3] or demonyms.count(demonym) == 1
        people = [demonym, *names_of_people(demonym)] if own else []
        for form in [about["name"], *about.get("altSpellings", ()), *people]:
            if len(form) > len("USA") and form not in _AMBIGUOUS and form[0].isupper():
                plain = _without_the(form).replace("’", "'")
                codes.setdefault(plain, set()).add(about["ISO"]["alpha2"])
    for form, listed in (*_SHORT.items(), *_BESIDE.items()):
        codes[form.replace("’", "'")] = set(listed.split())
    return codes


def _region_forms() -> dict[str, set[str]]:
    """Return the codes of the countries of each region, by every spelling of it, folded."""
    regions: dict[str, set[str]] = {}
    for about in _listed():
        for region in filter(None, (about.get("region"), about.get("subregion"))):
            regions.setdefault(region.casefold(), set()).add(about["ISO"]["alpha2"])
    regions |= {region: set(listed.split()) for region, listed in _M49.items()}
    for region, countries in list(regions.items()):
        for spelling in region_spellings(_OTHER_WORDS.get(region, region)):
            regions.setdefault(spelling, countries)
    return regions


def names_of_people(demonym: str) -> Iterable[str]:
    """Yield the plural of a people's name: "Cambodians", but no "Chineses"."""
    if demonym and not demonym.endswith(("s", "se", "sh", "ch")):
        yield f"{demonym}s"


def region_spellings(region: str) -> Iterable[str]:
    """Yield the ways a region is written.

    Yields
    ------
    str
        "South Asia" for "Southern Asia", "South Asian", "South Asians".

    Examples
    --------
    >>> sorted(region_spellings("southern asia"))[:2]
    ['south asia', 'south asian']
    """
    said = {region, re.sub(r"^((?:north|south|west|east))ern\b", r"\1", region)}
    if "southeast" in region:
        rest = region.removeprefix("southeast")
        said |= {f"{word}{rest}" for word in ("south-east", "south east", "southeastern")}
    if region.endswith("america") and region != "north america":
        said.add("the americas" if region == "america" else region)
    for name in list(said):
        if name.endswith(("asia", "africa", "america")):
            said |= {f"{name}n", f"{name}ns"}
        elif name.endswith("europe"):
            said |= {f"{name}an", f"{name}ans"}
        elif name.endswith("middle east"):
            said.add(f"{name}ern")
        elif name == "scandinavia":
            said.add("scandinavian")
    yield from said


@cache
def _pattern(any_case: bool) -> re.Pattern[str]:
    """Match every form, the longest first; short ones such as "US" in capitals only."""
    longest_first = sorted((form for form in _forms() if form[0].isupper()), key=len, reverse=True)
    any_way = "(?i:{})" if any_case else "{}"
    escaped = (
        re.escape(form) if form in _SHORT else any_way.format(re.escape(form).replace("'", "['’]"))
        for form in longest_first
    )
    return re.compile(rf"(?<![\w-])(?:{'|'.join(escaped)})(?!\w)")
