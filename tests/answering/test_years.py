"""Years and spans of years in a question, against tables and every year there can be."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipsearch.answering.years import NO_END, Years, cut


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("honoured in 2011", 2011, 2011),
        ("in the year 2011", 2011, 2011),
        ("during 2011", 2011, 2011),
        ("in June 2011", 2011, 2011),
        ("the 2011 award", 2011, 2011),
        ("before 2011", 0, 2010),
        ("BEFORE 2011", 0, 2010),
        ("prior to the year 2011", 0, 2010),
        ("earlier than 2011", 0, 2010),
        ("older than 2011", 0, 2010),
        ("by 2011", 0, 2011),
        ("till 2011", 0, 2011),
        ("until the end of 2011", 0, 2011),
        ("no later than 2011", 0, 2011),
        ("up to and including 2011", 0, 2011),
        ("2011 or earlier", 0, 2011),
        ("2011 and before", 0, 2011),
        ("after 2011", 2012, NO_END),
        ("later than the year 2011", 2012, NO_END),
        ("since 2011", 2011, NO_END),
        ("from 2011", 2011, NO_END),
        ("from 2011 onwards", 2011, NO_END),
        ("as of 2011", 2011, NO_END),
        ("2011 or later", 2011, NO_END),
        ("2011 and after", 2011, NO_END),
        ("between 2012 and 2015", 2012, 2015),
        ("between the years 2012 and 2015", 2012, 2015),
        ("from 2012 to 2015", 2012, 2015),
        ("from 2012 until 2015", 2012, 2015),
        ("2012 through 2015", 2012, 2015),
        ("2012-2015", 2012, 2015),
        ("2012–2015", 2012, 2015),
        ("2012 — 2015", 2012, 2015),
        ("in the 1990s", 1990, 1999),
        ("in the 1990's", 1990, 1999),
        ("in the 1990’s", 1990, 1999),
        ("in the nineties", 1990, 1999),
        ("in the Eighties", 1980, 1989),
        ("in the noughties", 2000, 2009),
        ("in the 2010s", 2010, 2019),
        ("the first half of the 1990s", 1990, 1994),
        ("the second half of the 1990s", 1995, 1999),
        ("law dating from 2008", 2008, 2008),
        ("a law that dates from 2008", 2008, 2008),
    ],
)
def test_a_span_is_read_both_ends_included(text: str, first: int, last: int) -> None:
    assert cut(f"Which bodies, {text}, are there?")[1] == Years(first, last)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no year",
        "in 1066",
        "in 2199",
        "20110 people",
        "1,996 girls",
        "more than 10 years",
        "A2011",
    ],
)
def test_what_is_no_year_leaves_the_text_as_it_is(text: str) -> None:
    assert cut(text) == (text, None)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("honoured before 2011 in Asia", "honoured in Asia"),
        ("founded between 1996 and 2000?", "founded ?"),
        ("a 2004 raid on a brothel", "a raid on a brothel"),
        ("women from the nineties", "women from"),
    ],
)
def test_the_span_is_cut_out_and_nothing_else(text: str, left: str) -> None:
    assert cut(text)[0].split() == left.split()


_WAYS: dict[str, Callable[[int], tuple[int, int]]] = {
    "before {}": lambda year: (0, year - 1),
    "by {}": lambda year: (0, year),
    "after {}": lambda year: (year + 1, NO_END),
    "since {}": lambda year: (year, NO_END),
    "{} or later": lambda year: (year, NO_END),
    "in {}": lambda year: (year, year),
}


@pytest.mark.parametrize("way", _WAYS)
@given(year=st.integers(1900, 2099))
def test_every_year_is_read_the_same_way(way: str, year: int) -> None:
    said = f"honoured {way.format(year)} in Nepal"
    left, span = cut(said)
    assert span == Years(*_WAYS[way](year))
    assert len(left) == len(said)
    assert not re.search(r"\d", left)


@given(first=st.integers(1900, 2099), years=st.integers(1, 99))
def test_every_pair_of_years_is_read(first: int, years: int) -> None:
    last = min(first + years, 2099)
    for way in ("between {} and {}", "from {} to {}", "{}-{}", "{} until {}"):
        assert cut(way.format(first, last))[1] == Years(first, last)


@given(st.text(st.sampled_from("0129 the before after and or to from s'’-–")) | st.text())
def test_any_text_is_read_and_in_the_end_has_no_year_left(text: str) -> None:
    for _ in range(len(text) + 1):
        text, span = cut(text)
        if span is None:
            break
    assert cut(text) == (text, None)
