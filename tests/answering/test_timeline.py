"""Timelines: every dated sentence about what is asked, in order of time, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import LetterEncoder, write_corpus
from tipsearch.answering.subjects import Directory, Name
from tipsearch.answering.timeline import Event, events, written
from tipsearch.answering.years import NO_END, Years
from tipsearch.corpus.passages import sentences
from tipsearch.corpus.profiles import fold
from tipsearch.index import Index, Snapshot

_MONTHS = "January February March April May June July August September October November December"


@pytest.fixture(scope="module")
def snapshot(real_index: Index) -> Snapshot:
    return real_index.snapshot


def _names(text: str, snapshot: Snapshot) -> list[Name]:
    found = [name for subject in Directory.of(snapshot).find(text) for name in subject.names]
    assert found
    return found


def _told(found: list[Event]) -> list[tuple[str, str]]:
    """Return each event's date as it is written, and how its sentence opens, in three words."""
    return [(e.when, " ".join(e.profile.text[e.start : e.end].split()[:3])) for e in found]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1996", "1996"), ("1990s", "1990s"), ("2010-06", "June 2010"),
        ("2010-06-14", "14 June 2010"), ("2006-01-02", "2 January 2006"),
        ("1956-12-13", "13 December 1956"),
    ],
)  # fmt: skip
def test_a_date_is_written_as_people_write_it(value: str, shown: str) -> None:
    assert written(value) == shown


# ------------------------------------------------------------------------- the whole corpus


def test_all_events_are_in_order_and_stand_in_their_sentences(snapshot: Snapshot) -> None:
    found = events(snapshot)
    assert found == sorted(found, key=lambda e: (e.value, fold(e.profile.title), e.start))
    assert len(set(found)) == len(found)
    for event in found:
        assert event.profile == snapshot.profile(event.profile.id)
        assert (event.start, event.end) in sentences(event.profile.text)


def test_every_year_that_a_profile_writes_is_an_event(snapshot: Snapshot) -> None:
    found = events(snapshot)
    for profile in snapshot.profiles():
        for start, end in sentences(profile.text):
            years = set(re.findall(r"\b(?:19|20)\d\d\b", profile.text[start:end]))
            held = {e.value[:4] for e in found if (e.profile, e.start) == (profile, start)}
            assert years <= held, profile.text[start:end]


def test_every_date_with_a_day_is_an_event_to_the_day(snapshot: Snapshot) -> None:
    month = _MONTHS.replace(" ", "|")
    for profile in snapshot.profiles():
        held = {written(e.value) for e in events(snapshot) if e.profile == profile}
        for match in re.finditer(rf"\b\d\d? (?:{month}) (?:19|20)\d\d\b", profile.text):
            assert match[0] in held


def test_a_year_that_is_not_written_in_its_sentence_is_written_before_it(
    snapshot: Snapshot,
) -> None:
    counted = [event for event in events(snapshot) if event.counted_from]
    assert counted
    for event in counted:
        assert event.when == f"{written(event.value)} (counted from {event.counted_from})"
        assert event.counted_from in event.profile.text[: event.end]
        assert event.value[:4] != event.counted_from


@pytest.mark.parametrize(
    ("first", "last"), [(1996, 1996), (2012, 2012), (1800, 1950), (2004, 2006), (2019, NO_END)]
)
def test_only_the_years_asked_for_are_told_and_all_of_those(
    snapshot: Snapshot, first: int, last: int
) -> None:
    found = events(snapshot, years=Years(first, last))
    assert found == [e for e in events(snapshot) if first <= int(e.value[:4]) <= last]
    assert found


def test_the_events_of_one_year_over_all_profiles(snapshot: Snapshot) -> None:
    told = {(e.profile.title, e.when) for e in events(snapshot, years=Years(1996, 1996))}
    assert told == {
        ("Charimaya Tamang", "1996"), ("Pierre Legros and Somaly Mam", "1996"),
        ("Sunitha Krishnan", "1996"), ("Wahyu Susilo", "1996"),
    }  # fmt: skip


def test_only_profiles_active_in_the_countries_asked_for_are_told(snapshot: Snapshot) -> None:
    found = events(snapshot, countries=frozenset({"Brazil", "Nepal"}))
    titles = {"Xavier Plassat", "Leonardo Sakamoto", "Charimaya Tamang", "Tek Narayan Kunwar"}
    assert {event.profile.title for event in found} == titles
    assert found == [event for event in events(snapshot) if event.profile.title in titles]
    assert events(snapshot, countries=frozenset({"Peru"})) == []


@pytest.mark.parametrize("years", [Years(1800, 1850), Years(2090, NO_END)])
def test_where_nothing_is_dated_nothing_is_told(snapshot: Snapshot, years: Years) -> None:
    assert events(snapshot, years=years) == []
    assert events(snapshot, _names("Plassat", snapshot), years=years) == []


# ------------------------------------------------------------------------- of somebody


def test_the_life_of_a_person(snapshot: Snapshot) -> None:
    assert _told(events(snapshot, _names("Blessing Okoedion", snapshot))) == [
        ("2013", "At Ambrose Alli"),
        ("2017", "Together with Anna"),
        ("2018", "The following year"),
        ("2019", "The year after"),
    ]


def test_of_two_people_each_has_the_sentences_about_them(snapshot: Snapshot) -> None:
    legros = _told(events(snapshot, _names("Pierre Legros", snapshot)))
    mam = _told(events(snapshot, _names("Somaly Mam", snapshot)))
    assert ("2004", "Although Pierre Legros") in legros
    assert ("2004", "Although Pierre Legros") not in mam
    assert ("2007", "Mam, in 2007,") in mam
    assert ("2007", "Mam, in 2007,") not in legros
    for both in (("1990s", "Pierre Legros and"), ("1994", "They moved back")):
        assert both in legros
        assert both in mam


def test_two_people_together_have_the_events_of_both(snapshot: Snapshot) -> None:
    one, other = (_names(name, snapshot) for name in ("Plassat", "Sakamoto"))
    both = events(snapshot, [*one, *other])
    assert set(both) == {*events(snapshot, one), *events(snapshot, other)}
    assert [event.value for event in both] == sorted(event.value for event in both)


def test_a_body_has_the_sentences_that_name_it_and_go_on_about_it(snapshot: Snapshot) -> None:
    told = _told(events(snapshot, _names("Prajwala", snapshot)))
    assert [opening for _, opening in told] == [
        "With Brother Jose", "Five years later,", "The number of", "The number of",
    ]  # fmt: skip
    assert ("2004", "In 2004 Krishnan") not in told
    assert ("2008", "It dates from") in _told(events(snapshot, _names("IRA", snapshot)))


def test_a_person_and_years_together(snapshot: Snapshot) -> None:
    plassat = _names("Plassat", snapshot)
    found = events(snapshot, plassat, years=Years(1980, 1989))
    assert _told(found) == [("1983", "Xavier Plassat, a"), ("1989", "Six years later,")]


# ------------------------------------------------------------------------- dates told by others


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Ana Roy began in 1996. Two years later she left.", ["1996", "1998 (counted from 1996)"]),
        (
            "Ana Roy left in 2004. The following year she sang.",
            ["2004", "2005 (counted from 2004)"],
        ),
        ("Ana Roy left in 2004. Three years earlier she sang.",
         ["2001 (counted from 2004)", "2004"]),
        ("Ana Roy left in 2004. The following year, 2005, she sang.", ["2004", "2005"]),
        ("Ana Roy left in May 2004. In the same year she sang.", ["2004", "May 2004"]),
        ("Ana Roy sang in the 1990s. She left on 3 June 2004.", ["1990s", "3 June 2004"]),
        ("Ana Roy left. Two years later she sang.", []),
        ("Ana Roy left on 2 May 2010 and sang in March 2009.", ["March 2009", "2 May 2010"]),
    ],
)  # fmt: skip
def test_a_date_that_is_counted_from_another_says_so(
    tmp_path: Path, text: str, told: list[str]
) -> None:
    corpus = write_corpus(tmp_path / "c", {"ana-roy.md": text})
    small = Index.build(corpus, tmp_path / "i", encoder=LetterEncoder()).snapshot
    assert [event.when for event in events(small)] == told


def test_a_day_of_that_year_is_dated_to_the_day(tmp_path: Path) -> None:
    text = "Ana Roy left in 2004. On 3 June of that year she sang."
    corpus = write_corpus(tmp_path / "c", {"ana-roy.md": text})
    small = Index.build(corpus, tmp_path / "i", encoder=LetterEncoder()).snapshot
    last = events(small)[-1]
    assert (last.when, text[last.start : last.end]) == (
        "3 June 2004", "On 3 June of that year she sang.",
    )  # fmt: skip


def test_dates_of_one_year_are_told_coarse_before_fine(tmp_path: Path) -> None:
    text = "Ana Roy left on 9 May 2004. She sang in March 2004. She sat in 2004. Bo was born."
    corpus = write_corpus(tmp_path / "c", {"ana-roy.md": text})
    small = Index.build(corpus, tmp_path / "i", encoder=LetterEncoder()).snapshot
    assert [event.when for event in events(small)] == ["2004", "March 2004", "9 May 2004"]
