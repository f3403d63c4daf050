"""Countries and regions are found under every name that stands for them, and no others."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.conftest import CORPUS
from tipsearch.corpus import places
from tipsearch.corpus.profiles import load

PROFILES = load(CORPUS, 2_000_000).profiles


def named(text: str, *, any_case: bool = False) -> list[tuple[str, str]]:
    """Each place's name and the words of the text that stand for it."""
    found = places.find(text, any_case=any_case)
    return [(place.name, text[place.start : place.end]) for place in found]


def countries(text: str) -> frozenset[str]:
    (place,) = places.find(text)
    return place.countries


@pytest.mark.parametrize(
    ("words", "country"),
    [
        ("Nepal", "Nepal"),
        ("Nepali", "Nepal"),
        ("Nepalese", "Nepal"),
        ("Thai", "Thailand"),
        ("Thais", "Thailand"),
        ("Cambodian", "Cambodia"),
        ("Cambodians", "Cambodia"),
        ("Indian", "India"),
        ("Filipino", "Philippines"),
        ("Philippine", "Philippines"),
        ("Argentine", "Argentina"),
        ("Argentinian", "Argentina"),
        ("French", "France"),
        ("Dutch", "Netherlands"),
        ("Burma", "Myanmar"),
        ("Burmese", "Myanmar"),
        ("Ivory Coast", "Ivory Coast"),
        ("Côte d'Ivoire", "Ivory Coast"),
        ("Côte d’Ivoire", "Ivory Coast"),
        ("Viet Nam", "Vietnam"),
        ("Timor-Leste", "East Timor"),
        ("Kosovo", "Kosovo"),
        ("Palestine", "Palestine"),
        ("American", "United States"),
        ("Americans", "United States"),
        ("US", "United States"),
        ("U.S.", "United States"),
        ("USA", "United States"),
        ("UK", "United Kingdom"),
        ("England", "United Kingdom"),
        ("British", "United Kingdom"),
        ("Niger", "Niger"),
        ("Nigeria", "Nigeria"),
        ("Nigerian", "Nigeria"),
        ("Nigerien", "Niger"),
        ("Guinea-Bissau", "Guinea-Bissau"),
        ("Papua New Guinea", "Papua New Guinea"),
        ("South Sudan", "South Sudan"),
        ("South Africa", "South Africa"),
        ("South Korea", "South Korea"),
        ("Dominican Republic", "Dominican Republic"),
        ("Central African Republic", "Central African Republic"),
        ("Republic of the Congo", "Republic of the Congo"),
        ("Democratic Republic of the Congo", "Democratic Republic of the Congo"),
        ("American Samoa", "American Samoa"),
    ],
)
def test_one_country_under_many_names(words: str, country: str) -> None:
    text = f"She met the {words} police."
    (place,) = places.find(text)
    assert (place.name, text[place.start : place.end]) == (country, words)
    assert place.countries == {country}
    assert places.canonical(words) == country


def test_congo_alone_may_be_either() -> None:
    both = {"Republic of the Congo", "Democratic Republic of the Congo"}
    assert countries("The Congo") == countries("Congolese") == both


@pytest.mark.parametrize(
    "text",
    [
        "",
        "He helped us, and she told us so.",
        "A Dominican friar.",
        "A non-Cambodian group.",
        "Thailands and Nepalgunj, Germanys.",
        "She is nepalese.",
        "Somaly Mam met Chadwick.",
    ],
)
def test_words_that_name_no_country(text: str) -> None:
    assert places.find(text) == []


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("who is cambodian?", [("Cambodia", "cambodian")]),
        ("WHO WORKED IN NEPAL", [("Nepal", "NEPAL")]),
        ("heroes of the middle east", [("Middle East", "middle east")]),
        ("heroes of southeast asia", [("Southeast Asia", "southeast asia")]),
        ("did he help us in the US?", [("United States", "US")]),
        ("was it georgia, or chad?", []),
        ("who is in georgia, Georgia", [("Georgia", "Georgia")]),
        ("polish it in turkey, jordan", []),
        ("is he polish or Polish", [("Poland", "Polish")]),
        ("she can mali, oman, niger, guinea", []),
    ],
)
def test_who_asks_need_not_use_capitals(asked: str, expected: list[tuple[str, str]]) -> None:
    assert named(asked, any_case=True) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Brazil's prosecutors", [("Brazil", "Brazil")]),
        ("an Eritrean-born nurse", [("Eritrea", "Eritrean")]),
        ("Laos, Vietnam, and Thailand", [(c, c) for c in ("Laos", "Vietnam", "Thailand")]),
        ("India and Nepal (Nepal)", [(c, c) for c in ("India", "Nepal", "Nepal")]),
        (
            "a US hero of South America, an American",
            [
                ("United States", "US"),
                ("South America", "South America"),
                ("United States", "American"),
            ],
        ),
        (
            "Cambodia and Southeast Asia as a whole",
            [("Cambodia", "Cambodia"), ("Southeast Asia", "Southeast Asia")],
        ),
    ],
)
def test_places_come_in_the_order_of_the_text(text: str, expected: list[tuple[str, str]]) -> None:
    assert named(text) == expected


@pytest.mark.parametrize(
    ("spellings", "inside", "outside"),
    [
        (
            "South Asia|South Asian|South Asians|Southern Asia",
            "Nepal|India|Bangladesh|Pakistan|Sri Lanka",
            "Cambodia|China|Thailand|South Korea",
        ),
        (
            "Southeast Asia|Southeast Asian|South East Asia|Southeastern Asia",
            "Cambodia|Thailand|Vietnam|Malaysia|Singapore|Indonesia|Philippines|Myanmar",
            "India|China|Taiwan|Australia",
        ),
        (
            "West Africa|West African|West Africans",
            "Benin|Ghana|Nigeria|Mauritania|Senegal|Ivory Coast",
            "Cameroon|Republic of the Congo|Kenya|Morocco",
        ),
        ("East Africa|East African", "Kenya|Ethiopia|Eritrea", "Ghana|Egypt"),
        ("Central Africa", "Cameroon|Republic of the Congo", "Benin|Kenya"),
        (
            "Middle East|Middle Eastern",
            "Israel|Kuwait|Lebanon|Jordan|Saudi Arabia|Iraq",
            "Mauritania|India|Pakistan|Greece",
        ),
        (
            "Latin America|Latin American|Latin Americans",
            "Brazil|Argentina|Costa Rica|Mexico|Chile|Dominican Republic",
            "United States|Canada|Spain|Philippines",
        ),
        (
            "South America|South American|South Americans",
            "Brazil|Argentina|Guyana|Chile",
            "United States|Mexico|Costa Rica",
        ),
        ("Central America|Central American", "Costa Rica|Honduras", "Mexico|Colombia"),
        ("North America|North American", "United States|Canada", "Brazil|Honduras"),
        ("the Gulf", "Kuwait|Qatar|Oman", "Israel|Jordan"),
        ("the Balkans", "Albania|Serbia", "Italy|Lithuania"),
        ("Europe|European|Europeans", "Albania|Finland|Italy|Lithuania", "Nepal|Israel"),
        ("Eastern Europe|East Europe", "Poland|Ukraine", "France|Finland"),
        ("Africa|African", "Ghana|Morocco|Cameroon|Benin", "Yemen|Brazil"),
        ("Asia|Asian", "Nepal|Mongolia|Taiwan|Israel", "Finland|Egypt"),
    ],
)
def test_regions(spellings: str, inside: str, outside: str) -> None:
    others = set(outside.split("|"))
    for spelling in spellings.split("|"):
        text = f"the shelters of {spelling}, and so on"
        held = countries(text)
        assert set(inside.split("|")) <= held, spelling
        assert not others & held, spelling


def test_an_american_is_of_the_united_states_and_a_south_american_is_not() -> None:
    assert countries("an American judge") == {"United States"}
    assert "United States" not in countries("a South American judge")
    assert countries("a South American judge") == countries("a judge of South America")


@pytest.mark.parametrize("name", ["Mars", "", "Atlantis", "us"])
def test_what_is_no_country_stays_as_it_is(name: str) -> None:
    assert places.canonical(name) == name


@pytest.mark.parametrize(
    ("demonym", "plural"), [("Cambodian", ["Cambodians"]), ("Chinese", []), ("", [])]
)
def test_names_of_people(demonym: str, plural: list[str]) -> None:
    assert list(places.names_of_people(demonym)) == plural


def test_labels_name_countries_as_they_are_listed() -> None:
    labels = {value for profile in PROFILES for value in profile.fields.active_in}
    assert {value for value in labels if places.canonical(value) != value} == set()
    assert {value for value in labels if countries(value) != {value}} == set()


def test_every_country_of_a_region_is_found_under_its_name() -> None:
    every = frozenset[str]().union(*map(countries, ("Africa", "Europe", "South Asia")))
    assert {name for name in every if named(name) != [(name, name)]} == set()


# ------------------------------------------------------------------------------- properties

WORDS = st.sampled_from(
    "Nepali|US|us|U.S.|Côte d’Ivoire|South|Asia|American|South American|the Gulf|georgia|Georgia|"
    "nepal|middle east|Republic of the Congo|Guinea-Bissau|-|’s|,|\n\n|ʼ|🙂".split("|")
)
TEXTS = st.one_of(
    st.text(max_size=40),
    st.lists(st.one_of(WORDS, st.text(max_size=5)), max_size=8).map(" ".join),
    st.lists(WORDS, max_size=6).map("".join),
)


@given(TEXTS, st.booleans())
@example("Côte d’Ivoire's U.S.A.’s SOUTH-EAST ASIA", True)
def test_offsets_are_inside_the_text_apart_and_hold_the_name(text: str, any_case: bool) -> None:
    found = places.find(text, any_case=any_case)
    for one, following in pairwise(found):
        assert one.end <= following.start
    for place in found:
        assert 0 <= place.start < place.end <= len(text)
        assert place.countries
        (alone,) = places.find(text[place.start : place.end], any_case=any_case)
        assert (alone.name, alone.countries) == (place.name, place.countries)


@pytest.mark.parametrize("word", ["İndia", "BRAZİL", "indıa"])
def test_a_dotted_or_dotless_i_is_no_error(word: str) -> None:
    assert len(places.find(f"heroes from {word} and Nepal", any_case=True)) in {1, 2}


@pytest.mark.parametrize(
    ("text", "countries"),
    [
        ("a South African judge", {"South Africa"}),
        ("a Saudi lawyer and a Filipina maid", {"Saudi Arabia", "Philippines"}),
        ("an Ecuadorian, an Icelandic and a Slovenian shelter", {"Ecuador", "Iceland", "Slovenia"}),
        ("Kazakh, Uzbek and Korean workers", {"Kazakhstan", "Uzbekistan", "South Korea"}),
        ("from Türkiye to America", {"Turkey", "United States"}),
        ("in the DRC and the UAE", {"Democratic Republic of the Congo", "United Arab Emirates"}),
        ("New Mexico, the Indian Ocean, the Gulf of Thailand", {"Thailand"}),
        ("New South Wales and British Columbia", {"Australia", "Canada"}),
    ],
)  # fmt: skip
def test_names_and_peoples_that_are_easily_missed_or_mistaken(
    text: str, countries: set[str]
) -> None:
    found = places.find(text)
    assert set().union(*(place.countries for place in found)) == countries
    assert all(len(place.countries) == 1 for place in found)


@pytest.mark.parametrize(
    ("region", "inside", "outside"),
    [
        ("South-East Asia", "Cambodia", "India"),
        ("sub-Saharan Africa", "Ghana", "Egypt"),
        ("Sub-Saharan Africa", "Ghana", "Egypt"),
        ("Western Africa", "Benin", "Kenya"),
        ("Eastern Africa", "Kenya", "Benin"),
        ("the Horn of Africa", "Eritrea", "Kenya"),
        ("the Sahel", "Mauritania", "Ghana"),
        ("the Caribbean", "Haiti", "Mexico"),
        ("the European Union", "Lithuania", "Albania"),
        ("Middle Eastern", "Lebanon", "Armenia"),
    ],
)
def test_a_region_is_its_own_countries_however_it_is_spelt(
    region: str, inside: str, outside: str
) -> None:
    (found,) = places.find(f"somewhere in {region} today")
    assert inside in found.countries
    assert outside not in found.countries


def test_a_country_is_listed_by_one_name() -> None:
    assert places.canonical("the Gambia") == "Gambia"
    assert places.canonical("The Bahamas") == "Bahamas"
