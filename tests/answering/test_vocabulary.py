"""The words of questions, held against the text files that editors add to."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipsearch.answering import vocabulary
from tipsearch.index import Index
from tipsearch.retrieval import lexical


def _lines(name: str) -> list[list[str]]:
    text = Path(vocabulary.__file__).with_name(name).read_text("utf-8")
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


GROUPS = [
    [word.replace("_", " ") for word in line if word != "role:"] for line in _lines("synonyms.txt")
]
ROLES = [
    [word.replace("_", " ") for word in line[1:]]
    for line in _lines("synonyms.txt")
    if line[0] == "role:"
]
IDLE = [word for line in _lines("idle_words.txt") for word in line]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Which heroes?", ["Which", "heroes"]),
        ("anti-trafficking, co-founder", ["anti-trafficking", "co-founder"]),
        ("Krishnan's and St. Joseph’s", ["Krishnan's", "and", "St", "Joseph’s"]),
        ("the U.S. army", ["the", "U.S", "army"]),
        ("Médecins élus", ["Médecins", "élus"]),
        ("snake_case 42%", ["snake", "case", "42"]),
        ("?! … –", []),
        ("", []),
    ],
)
def test_words_keep_what_stands_inside_them(text: str, found: list[str]) -> None:
    assert vocabulary.words(text) == found


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("heroes", "hero"), ("women", "woman"), ("men", "man"), ("people", "person"),
        ("ladies", "lady"), ("policemen", "policeman"), ("judges", "judge"), ("nurses", "nurse"),
        ("charities", "charity"), ("countries", "country"), ("churches", "church"),
        ("boxes", "box"), ("bodies", "body"), ("NGOs", "NGO"), ("children", "child"),
    ],
)  # fmt: skip
def test_plurals_have_their_singulars(many: str, one: str) -> None:
    assert vocabulary.singular(many) == one
    assert vocabulary.singular(one) == one
    assert vocabulary.plural(one) == many


@pytest.mark.parametrize("word", ["class", "status", "analysis", "is", "police", "press"])
def test_a_word_that_ends_like_a_plural_is_none(word: str) -> None:
    assert vocabulary.singular(word) == word


def test_every_role_of_the_file_is_one_and_its_plural_leads_back() -> None:
    assert sorted(vocabulary.roles()) == sorted({word for group in ROLES for word in group})
    assert [len(role) for role in vocabulary.roles()] == sorted(
        map(len, vocabulary.roles()), reverse=True
    )
    for role in vocabulary.roles():
        assert vocabulary.singular(vocabulary.plural(role)) == role


@pytest.mark.parametrize("group", ROLES, ids=lambda group: group[0])
def test_the_words_of_a_role_are_spellings_of_one_another(group: list[str]) -> None:
    for role in group:
        assert vocabulary.spellings(role) >= {*group, *map(vocabulary.plural, group)}


def test_a_role_is_spelt_no_other_way() -> None:
    assert vocabulary.spellings("judge") == {"judge", "judges", "magistrate", "magistrates"}
    assert vocabulary.spellings("nurse") == {"nurse", "nurses"}
    assert vocabulary.spellings("astronaut") == {"astronaut"}


def test_the_words_of_a_group_stand_for_one_another(real_index: Index) -> None:
    stems = lexical.words
    for group in GROUPS:
        forms = {" ".join(stems(word)) for word in group}
        for word in group:
            assert vocabulary.synonyms(word, stems) >= forms, word


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rescued", "released"), ("jails", "prisons"), ("founding", "established"),
        ("memoirs", "books"), ("labour", "labor"), ("taught", "teaching"), ("quit", "resigned"),
    ],
)  # fmt: skip
def test_a_word_stands_for_another_in_any_form(real_index: Index, one: str, other: str) -> None:
    stems = lexical.words
    assert set(stems(other)) <= vocabulary.synonyms(one, stems)


@pytest.mark.parametrize("word", ["garden", "Nobel", "fast-track", "xyzzy"])
def test_a_word_of_no_group_stands_for_itself(real_index: Index, word: str) -> None:
    stems = lexical.words
    assert vocabulary.synonyms(word, stems) == {" ".join(stems(word))}
    assert vocabulary.synonyms("?!", stems) == frozenset()


@pytest.mark.parametrize(
    ("word", "is_one"),
    [
        ("heroes", True), ("women", True), ("who", True), ("everybody", True), ("judges", True),
        ("nun", True), ("honourees", True), ("heroines", True), ("countries", False),
        ("organisations", False), ("years", False), ("books", False), ("hotline", False),
    ],
)  # fmt: skip
def test_a_noun_of_people_is_told_from_others(word: str, is_one: bool) -> None:
    assert vocabulary.is_person(word) is is_one


@pytest.mark.parametrize(
    ("word", "target"),
    [
        ("organisations", "organization"), ("organizations", "organization"),
        ("ngos", "organization"), ("charities", "organization"), ("bodies", "organization"),
        ("countries", "country"), ("nations", "country"), ("years", "year"), ("books", "title"),
        ("documentaries", "title"), ("country", ""), ("book", ""), ("year", ""), ("heroes", ""),
        ("shelter", ""), ("", ""),
    ],
)  # fmt: skip
def test_only_a_plural_asks_for_a_list_of_things(word: str, target: str) -> None:
    assert vocabulary.listed(word) == target


def test_no_idle_word_says_anything() -> None:
    assert [word for word in IDLE if vocabulary.says_something(word)] == []


def test_no_role_is_idle() -> None:
    assert [role for role in vocabulary.roles() if role in IDLE] == []


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("hotline", True), ("family", True), ("judges", True), ("nobel", True), ("fishing", True),
        ("1996", True), ("founder's", True), ("quickly", False), ("women", False),
        ("heroes", False), ("organisation", False), ("honoured", False), ("x", False), ("", False),
    ],
)  # fmt: skip
def test_words_that_narrow_a_list_down_say_something(word: str, says: bool) -> None:
    assert vocabulary.says_something(word) is says


@given(st.text())
def test_any_word_is_taken(word: str) -> None:
    assert isinstance(vocabulary.says_something(word), bool)
    assert isinstance(vocabulary.is_person(word), bool)
    assert vocabulary.listed(word) in {"", *vocabulary.LISTED}
    assert len(vocabulary.singular(word)) <= len(word) + 1
    assert vocabulary.plural(word)
    assert word in vocabulary.spellings(word)
