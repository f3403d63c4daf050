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
    "north africa": "DZ EG LY MA SD TN EH",
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
    "horn of africa": "DJ ER ET SO",
    "sahel": "BF TD ML MR NE NG SN",
    "caribbean": "AI AG AW BS BB KY CU CW DM DO GD GP HT JM MQ MS PR BL KN LC MF VC SX TT TC",
    "central europe": "AT CZ DE HU LI PL SK SI CH",
    "european union": (
        "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"
    ),
}
_OTHER_WORDS = {
    "latin america and the caribbean": "latin america",
    "south-eastern asia": "southeast asia",
}
_SHORT = {
    "US": "US", "U.S.": "US", "USA": "US", "U.S.A.": "US", "UK": "GB", "U.K.": "GB", "UAE": "AE",
    "DRC": "CD",
}  # fmt: skip
_OTHER_NAMES = {
    "America": "US", "Bahamas": "BS", "Bosnia": "BA", "Britain": "GB", "British Columbia": "CA",
    "Congo": "CG CD", "Côte d’Ivoire": "CI", "England": "GB", "Eswatini": "SZ", "Gambia": "GM",
    "Great Britain": "GB", "Korea": "KR", "Kosovo": "XK", "Macedonia": "MK", "New England": "US",
    "New South Wales": "AU", "North Macedonia": "MK", "Northern Ireland": "GB",
    "Republic of Macedonia": "MK", "Scotland": "GB", "Swaziland": "SZ", "Taiwan": "TW",
    "Türkiye": "TR", "Vatican City": "VA", "Viet Nam": "VN", "Wales": "GB",
}  # fmt: skip
_PEOPLES = {
    "American": "US", "Americans": "US", "Argentine": "AR", "Argentinian": "AR", "Basotho": "LS",
    "Bosnian": "BA", "Bosnians": "BA", "Botswanan": "BW", "Britons": "GB", "Cape Verdean": "CV",
    "Comorian": "KM", "Congolese": "CG CD", "Danes": "DK", "Djiboutian": "DJ", "Ecuadorian": "EC",
    "Ecuadorians": "EC", "Filipina": "PH", "Filipinas": "PH", "Finns": "FI", "French": "FR",
    "Icelandic": "IS", "Kazakh": "KZ", "Kazakhs": "KZ", "Korean": "KR", "Koreans": "KR",
    "Kosovar": "XK", "Kosovars": "XK", "Kyrgyz": "KG", "Lao": "LA", "Macedonian": "MK",
    "Maldivian": "MV", "Nepali": "NP", "Nepalis": "NP", "Philippine": "PH", "Saudi": "SA",
    "Saudis": "SA", "Scottish": "GB", "Slovenian": "SI", "Slovenians": "SI", "Spaniards": "ES",
    "Surinamese": "SR", "Swedes": "SE", "Tajik": "TJ", "Tajiks": "TJ", "Thais": "TH",
    "Timorese": "TL", "Turks": "TR", "Uzbek": "UZ", "Uzbeks": "UZ",
}  # fmt: skip
_ELSEWHERE = frozenset({
    "Indian Ocean",
    "New Mexico",
    "Gulf of",
    "South China Sea",
    "East China Sea",
    "Sea of Japan",
})
"""Names that hold a country's or a region's and are not in it."""
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
    plain = _without_the(name.replace("’", "'"))
    form = _forms().get(plain) or _forms().get(plain.casefold())
    return form[0] if form else name


def is_name(form: str) -> bool:
    """Whether a form is a country's own name or short form, and not its people's.

    Examples
    --------
    >>> is_name("Burma"), is_name("USA"), is_name("Burmese"), is_name("Asia")
    (True, True, False, False)
    """
    return _without_the(form.replace("’", "'")) in _names()


@cache
def _names() -> frozenset[str]:
    listed = [[about["name"], *about.get("altSpellings", ())] for about in _listed()]
    own = (_without_the(name) for names in listed for name in names)
    return frozenset({*own, *_countries().values(), *_SHORT, *_OTHER_NAMES})


@cache
def _listed() -> tuple[dict[str, Any], ...]:
    """Return the package's records of countries that have a code."""
    from countryinfo import CountryInfo

    held: Iterable[Any] = CountryInfo("Nepal").all().values()
    return tuple(about for about in held if (about.get("ISO") or {}).get("alpha2"))


@cache
def _countries() -> dict[str, str]:
    """Return each country's name by its two-letter code."""
    names = {"MM": "Myanmar", "XK": "Kosovo", "PS": "Palestine", "MK": "North Macedonia"}
    names |= {"SZ": "Eswatini", "VA": "Vatican City"}
    for about in _listed():
        names.setdefault(about["ISO"]["alpha2"], _without_the(about["name"]))
    return names


def _without_the(name: str) -> str:
    return re.sub(r"^[Tt]he ", "", name)


@cache
def _forms() -> dict[str, tuple[str, frozenset[str]]]:
    """Return what each form stands for: a name, and its countries; also folded."""
    names = _countries()
    forms = {}
    for form, codes in _country_forms().items():
        if held := [names[code] for code in sorted(codes) if code in names]:
            forms[form] = (held[0], frozenset(held))
    for region, codes in _region_forms().items():
        for title in _titles(region):
            countries = frozenset(names[code] for code in codes if code in names)
            forms.setdefault(title, (title, countries))  # "South African" is the country's
    folded = {form.casefold(): place for form, place in forms.items() if form not in _SHORT}
    return {**folded, **forms}


def _titles(region: str) -> Iterable[str]:
    """Yield a region's spelling with capitals: "South-East Asia", "South-east", "sub-Saharan"."""
    first = " ".join(
        part if part in {"and", "of"} else part.capitalize() for part in region.split()
    )
    yield first
    if "-" in first:
        second = re.sub(r"-\w", lambda match: match[0].upper(), first)
        yield second
        if first.startswith("Sub-"):
            yield f"s{second[1:]}"


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
    for form, listed in [*_SHORT.items(), *_OTHER_NAMES.items(), *_PEOPLES.items()]:
        codes[form.replace("’", "'")] = set(listed.split())
    return codes


def _region_forms() -> dict[str, set[str]]:
    """Return the codes of the countries of each region, by every spelling of it, folded."""
    regions = {region: set(listed.split()) for region, listed in _M49.items()}
    for about in _listed():
        for region in filter(None, (about.get("region"), about.get("subregion"))):
            if region.casefold() not in _M49:
                regions.setdefault(region.casefold(), set()).add(about["ISO"]["alpha2"])
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
    said.add(re.sub(r"^(north|south|west|east)(?= africa)", r"\1ern", region))
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
        elif name == "balkans":
            said.add("balkan")
    yield from said


@cache
def _pattern(any_case: bool) -> re.Pattern[str]:
    """Match every form, the longest first; short ones such as "US" in capitals only."""
    forms = [form for form in _forms() if form != form.casefold()]
    longest_first = sorted([*forms, *_ELSEWHERE], key=len, reverse=True)
    any_way = "(?i:{})" if any_case else "{}"
    escaped = (
        re.escape(form) if form in _SHORT else any_way.format(re.escape(form).replace("'", "['’]"))
        for form in longest_first
    )
    return re.compile(rf"(?<![\w-])(?:{'|'.join(escaped)})(?!\w)")
