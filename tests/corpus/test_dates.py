"""Dates stand where the text says them, and those told by another one count from it."""

from __future__ import annotations

import calendar
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import CORPUS
from tipsearch.corpus import dates
from tipsearch.corpus.profiles import load
from tipsearch.types import Profile

PROFILES = load(CORPUS, 2_000_000).profiles


def values(text: str) -> list[str]:
    return [date.value for date in dates.find(text)]


def last(text: str) -> tuple[str, str, str]:
    """The value of a text's last date, its words, and the words of the date it counts from."""
    date = dates.find(text)[-1]
    assert date.told_by is not None
    return date.value, text[date.start : date.end], text[slice(*date.told_by)]


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("1996", "1996"),
        ("1896", "1896"),
        ("2029", "2029"),
        ("June 2007", "2007-06"),
        ("May of 2003", "2003-05"),
        ("October, 2014", "2014-10"),
        ("13 December 1956", "1956-12-13"),
        ("2 January 2006", "2006-01-02"),
        ("1st May 2003", "2003-05-01"),
        ("22nd May 2003", "2003-05-22"),
        ("June 14, 2010", "2010-06-14"),
        ("22nd May, 2003", "2003-05-22"),
        ("3rd of May 2003", "2003-05-03"),
        ("3rd of May, 2003", "2003-05-03"),
        ("Sept. 2004", "2004-09"),
        ("14 Feb 2004", "2004-02-14"),
        ("June 3rd, 2010", "2010-06-03"),
        ("1990s", "1990s"),
    ],
)
def test_explicit_dates(words: str, value: str) -> None:
    text = f"It was in {words} that HOPE began."
    (date,) = dates.find(text)
    assert (date.value, text[date.start : date.end], date.told_by) == (value, words, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "HOPE rescued 1500 women and 2100 girls.",
        "It gave 12010 meals and 20051 beds.",
        "June came, and in May she left.",
        "In 201 she left.",
    ],
)
def test_numbers_that_are_no_dates(text: str) -> None:
    assert dates.find(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from 2003 to 2005", ["2003", "2005"]),
        ("1996-1998", ["1996", "1998"]),
        ("November 2000 until May 2006", ["2000-11", "2006-05"]),
        ("in the late 1980s and the early 1990s", ["1980s", "1990s"]),
    ],
)
def test_several_dates_come_in_the_order_of_the_text(text: str, expected: list[str]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    ("then", "value", "words"),
    [
        ("The following year he left.", "2005", "The following year"),
        ("In the next year he left.", "2005", "the next year"),
        ("The year after, he left.", "2005", "The year after"),
        ("The year before, he left.", "2003", "The year before"),
        ("He left in the previous year.", "2003", "the previous year"),
        ("In the same year he left.", "2004", "the same year"),
        ("That same year he left.", "2004", "That same year"),
        ("He left in that year.", "2004", "in that year"),
        ("He left in June of that year.", "2004", "of that year"),
        ("A year later he left.", "2005", "A year later"),
        ("Two years later he left.", "2006", "Two years later"),
        ("He left 3 years later.", "2007", "3 years later"),
        ("Twelve years afterwards he left.", "2016", "Twelve years afterwards"),
        ("Ten years after that he left.", "2014", "Ten years after"),
        ("Five years earlier he had come.", "1999", "Five years earlier"),
        ("He had come five years before.", "1999", "five years before"),
    ],
)
def test_a_year_told_by_another_one(then: str, value: str, words: str) -> None:
    assert last(f"HOPE began in 2004. {then}") == (value, words, "2004")


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ("On 14 June of that year she left.", ["2010", "2010-06-14", "2010"]),
        ("On 14 June she left.", ["2010", "2010-06-14"]),
        ("On the 2nd May she left.", ["2010", "2010-05-02"]),
        ("Two years later, on 3 May, she left.", ["2010", "2012", "2012-05-03"]),
    ],
)
def test_a_day_without_a_year_is_of_the_year_told_last(then: str, expected: list[str]) -> None:
    text = f"In 2010 she came. {then}"
    found = dates.find(text)
    assert [date.value for date in found] == expected
    assert {date.told_by for date in found[1:]} == {(3, 7)}


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ("The following year, 2018, she left.", ["2018"]),
        ("The following year, in 2018, she left.", ["2018"]),
        ("Ten years later, in June 2027, she left.", ["2027-06"]),
        ("Two years later, on 17 June 2019, she left.", ["2019-06-17"]),
        ("The following year she left and in 2020 she died.", ["2018", "2020"]),
        ("The following year she left. In 2020 she died.", ["2018", "2020"]),
        ("The following year: 2020 was better.", ["2018", "2020"]),
    ],
)
def test_a_year_said_beside_is_taken(then: str, expected: list[str]) -> None:
    assert values(f"In 2017 she came. {then}") == ["2017", *expected]


def test_each_counts_from_the_one_before_and_all_rest_on_the_year_that_is_said() -> None:
    text = "In 1996 she came. A year later she left. Two years later she came back."
    assert [(date.value, date.told_by) for date in dates.find(text)] == [
        ("1996", None),
        ("1997", (3, 7)),
        ("1999", (3, 7)),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "The following year he left.",
        "Two years later he left, on 14 June of that year.",
        "In the same year he left.",
    ],
)
def test_without_a_year_to_count_from_nothing_is_told(text: str) -> None:
    assert dates.find(text) == []


def test_nothing_counts_from_a_decade() -> None:
    assert values("In the 1990s it began. Two years later he left.") == ["1990s"]
    assert last("In 1989 it began, and grew in the 1990s. Two years later he left.") == (
        "1991",
        "Two years later",
        "1989",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He came in 2009. Two years after the war he left.", ["2009"]),
        ("He came in 2009. Five years before the law he left.", ["2009"]),
        ("He came in 2009. The year after 3 of them left.", ["2009"]),
        ("In 2011, ten years after the foundation of HOPE, he left.", ["2011"]),
        ("He came in 2009. He was 12 years old.", ["2009"]),
        ("He came in 2009. Two months later he left.", ["2009"]),
    ],
)
def test_years_that_count_from_something_else_are_not_told(text: str, expected: list[str]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    ("value", "year"),
    [("2010-06-14", 2010), ("2010-06", 2010), ("2010", 2010), ("1990s", 1990)],
)
def test_year_of_a_value(value: str, year: int) -> None:
    assert dates.year(value) == year


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        # "In 2006 ..., and four years later ...", "on 14 June of that year", "on 26 June"
        ("aminetou-mint-moctar.md", ["2010", "2010-06-14", "2010-06-26"]),
        # "Five years later, in 2009, ... for the same year"
        ("sunitha-krishnan.md", ["2004", "2009"]),
        # "dated from 2008. Five years later"
        ("marcelo-colombo.md", ["2008", "2013"]),
        # "the following year, 2014 ... since November of that year"
        ("biram-dah-abeid.md", ["2013", "2014", "2016-05-17"]),
    ],
)
def test_dates_of_real_profiles(file: str, expected: list[str]) -> None:
    found = values(next(profile.text for profile in PROFILES if profile.file == file))
    positions = [found.index(value) for value in expected]
    assert positions == sorted(positions)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.title)
def test_every_year_of_a_real_profile_is_found(profile: Profile) -> None:
    said = re.findall(r"\b(?:19|20)\d\d\b", profile.text)
    told = [date for date in dates.find(profile.text) if date.told_by is None]
    assert [d.value[:4] for d in told if not d.value.endswith("s")] == said


# ------------------------------------------------------------------------------- properties

DAYS, YEARS = st.integers(1, 28), st.integers(1800, 2099)
EXPLICIT = st.one_of(
    st.builds(str, YEARS),
    st.builds("{}s".format, st.sampled_from(range(1800, 2100, 10))),
    st.builds("{} {}".format, st.sampled_from(calendar.month_name[1:]), YEARS),
    st.builds("{} {} {}".format, DAYS, st.sampled_from(calendar.month_name[1:]), YEARS),
    st.builds("{1} {0}, {2}".format, DAYS, st.sampled_from(calendar.month_name[1:]), YEARS),
)
RELATIVE = st.sampled_from(
    "the following year|two years later|12 years earlier|14 June|of that year|the year before|"
    "a year after that|five years before, |99 years later|the year after".split("|")
)
WORDS = st.one_of(EXPLICIT, RELATIVE, st.sampled_from([",", ".", "and", "in", "June", "\n\n"]))
NO_DIGITS = st.text(st.characters(exclude_categories=["Nd"]), max_size=5)
TEXTS = st.one_of(st.text(), st.lists(st.one_of(WORDS, NO_DIGITS)).map(" ".join))


def parsed(words: str) -> str:
    """Read an explicit date word by word."""
    parts = re.findall(r"\w+", words.removesuffix("s"))
    year = parts[-1] + ("s" if words.endswith("s") else "")
    months = [f"{list(calendar.month_name).index(p):02d}" for p in parts if p.isalpha()]
    days = [f"{int(part):02d}" for part in parts[:-1] if part.isdecimal()]
    return "-".join([year, *months, *days])


@given(EXPLICIT)
def test_an_explicit_date_alone_is_found_whole(words: str) -> None:
    (date,) = dates.find(words)
    assert (date.start, date.end, date.value) == (0, len(words), parsed(words))


@given(TEXTS)
def test_offsets_are_inside_the_text_and_explicit_words_say_the_value(text: str) -> None:
    found = dates.find(text)
    starts = [date.start for date in found]
    assert starts == sorted(starts)
    explicit = {(date.start, date.end) for date in found if date.told_by is None}
    for date in found:
        assert 0 <= date.start < date.end <= len(text)
        assert isinstance(dates.year(date.value), int)
        if date.told_by is None:
            words = text[date.start : date.end].replace(" of ", " ")
            assert parsed(words) == date.value
        else:
            assert date.told_by in explicit
            assert date.told_by[1] <= date.start


@pytest.mark.parametrize("words", ["fıve years later", "ſix years later", "sİx years later"])
def test_letters_that_only_fold_to_a_number_are_none(words: str) -> None:
    assert values(f"It was in 2010. {words} he left.") == ["2010"]


def test_twenty_one_is_not_one() -> None:
    assert values("It was in 2010. Twenty-one years later he left.") == ["2010", "2031"]


def test_no_month_has_45_days() -> None:
    assert values("In 2010. On 45 June he left, on 99 January 2001.") == ["2010", "2001-01"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("It began in 1980. Thirty years later he left.", "2010"),
        ("It began in 1980. Twenty-one years later he left.", "2001"),
        ("It began in 1980. Fifteen years earlier he was born.", "1965"),
        ("It began in 1980. A decade later he left.", "1990"),
        ("It began in 1980. Two decades later he left.", "2000"),
        ("It began in 2003. On March 5 he left.", "2003-03-05"),
        ("It began in 2003. On the 5th of March he left.", "2003-03-05"),
    ],
)
def test_dates_counted_in_words_or_without_their_year(text: str, value: str) -> None:
    assert last(text)[0] == value


@pytest.mark.parametrize(
    "text", ["It began in 1980. Half a year later he left.", "In 1980, in May 12 women came."]
)
def test_no_date_is_made_of_what_is_none(text: str) -> None:
    assert values(text) == ["1980"]
