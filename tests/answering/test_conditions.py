"""Conditions on a whole list are told from its criteria, and hold over every profile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipsearch.answering import listing
from tipsearch.answering.assistant import Assistant
from tipsearch.answering.conditions import Shared, cut
from tipsearch.answering.criteria import asks_beyond, parse
from tipsearch.answering.reader import SpanReader
from tipsearch.index import Index, Snapshot
from tipsearch.retrieval import lexical
from tipsearch.types import Kind

_WORDS = (
    "which who heroes countries years not women from in Asia outside 2010 first last honoured most "
    "more than one hero leaving aside except for were to be the , ?"
)


@pytest.fixture(scope="module")
def snapshot(real_index: Index) -> Snapshot:
    return real_index.snapshot


def names(question: str, snapshot: Snapshot) -> list[str]:
    store = snapshot.store
    criteria = parse(question, store.field_values("focus"), lexical.words)
    return [item.name for item in listing.find(criteria, snapshot) if item.certain]


@pytest.mark.parametrize(
    ("question", "shared"),
    [
        ("Which countries have more than one hero?", Shared(2)),
        ("Countries with at least three heroes?", Shared(3)),
        ("How many countries have two heroes or more?", Shared(2)),
        ("Which countries have 3 or more honourees?", Shared(3)),
        ("Which countries have only one hero?", Shared(1, 1)),
        ("In which years were several heroes honoured?", Shared(2)),
        ("Which year had the most heroes?", Shared(peak="most")),
        ("Which country has the fewest honourees?", Shared(peak="fewest")),
        ("Which heroes have more than one prize?", None),
        ("Which heroes helped more than one person?", None),
    ],
)
def test_how_many_people_share_a_country_or_a_year(question: str, shared: Shared | None) -> None:
    assert cut(question).shared == shared


@pytest.mark.parametrize(
    ("question", "without"),
    [
        ("Leaving Asia aside, who was honoured in 2010?", "Asia"),
        ("Which heroes were not women?", "women"),
        ("Which heroes of 2010 aren't from Africa?", "from Africa"),
        ("Heroes from Asia other than India", "India"),
        ("Which heroes (except women) were honoured in 2010?", "women"),
        ("Which heroes don't work in Asia?", "in Asia"),
        ("Which heroes work in Asia?", ""),
    ],
)
def test_what_must_not_hold(question: str, without: str) -> None:
    assert cut(question).without == without


@pytest.mark.parametrize(
    ("question", "order"),
    [
        ("Who was honoured first?", "first"),
        ("Who was the first hero?", "first"),
        ("Who was the earliest woman to be honoured?", "first"),
        ("Who are the most recent heroes?", "last"),
        ("Who was the last man to get the award?", "last"),
        ("Who was the first from their country to be made a hero?", ""),
        ("Which hero won first prize?", ""),
        ("Who first reported the case to the police?", ""),
    ],
)
def test_who_came_first_or_last(question: str, order: str) -> None:
    assert cut(question).order == order


@pytest.mark.parametrize(
    "question",
    [
        "Which heroes did not found an organisation?",
        "Which heroes are not survivors?",
        "Which women are there except Mam?",
        "Which heroes work in Asia except for the best ones?",
    ],
)
def test_silence_denies_nothing(question: str) -> None:
    assert asks_beyond(question)


def test_what_is_left_out_and_what_is_kept_are_the_whole(snapshot: Snapshot) -> None:
    everyone = set(names("Which heroes are there?", snapshot))
    for part, rest in (
        ("Which heroes are active in Asia?", "Which heroes are not active in Asia?"),
        ("Which heroes were honoured in 2010?", "Which heroes were honoured outside 2010?"),
        ("Which heroes are women?", "Which heroes are not women?"),
    ):
        inside, outside = names(part, snapshot), names(rest, snapshot)
        assert inside
        assert outside
        assert not set(inside) & set(outside)
        assert set(inside) | set(outside) <= everyone


def test_countries_are_those_that_so_many_share(snapshot: Snapshot) -> None:
    many = names("Which countries have more than one hero?", snapshot)
    one = names("Which countries have only one hero?", snapshot)
    assert sorted([*many, *one]) == sorted(names("Which countries are there?", snapshot))
    for country in many:
        assert len(names(f"Which heroes are active in {country}?", snapshot)) > 1
    for country in one:
        assert len(names(f"Which heroes are active in {country}?", snapshot)) == 1


def test_who_was_honoured_first_has_nobody_before(snapshot: Snapshot) -> None:
    first = names("Who was the first hero?", snapshot)
    (year,) = {
        said.value
        for profile in snapshot.profiles()
        if profile.title in first or set(profile.names) & set(first)
        for said in snapshot.store.evidence("award_year", profile.id)
    }
    assert not names(f"Which heroes were honoured before {year}?", snapshot)
    assert set(names(f"Which heroes were honoured in {year}?", snapshot)) == set(first)


def test_such_questions_are_lists_to_the_assistant(real_index: Index, reader: SpanReader) -> None:
    assistant = Assistant(real_index, reader)
    for question in ("Who was the first hero?", "Which year had the most heroes?"):
        answer = assistant.ask(question)
        assert answer.kind == Kind.LIST
        assert answer.items


@pytest.mark.parametrize(
    "question",
    [
        "Which countries have more than one hero?",
        "Which year had the most heroes?",
        "Which heroes are not from Asia?",
        "Who was the first hero?",
    ],
)
def test_each_item_has_a_citation_of_its_own(
    real_index: Index, reader: SpanReader, question: str
) -> None:
    answer = Assistant(real_index, reader).ask(question)
    assert len(answer.citations) == len(answer.items) + len(answer.possibly)
    for item, citation in zip(answer.items, answer.citations, strict=False):
        profile = real_index.profile(citation.profile_id)
        assert profile is not None
        known = [
            said.value
            for field in ("active_in", "award_year", "person")
            for said in real_index.snapshot.store.evidence(field, profile.id)
        ]
        assert item in known


def test_are_there_is_no_place(real_index: Index, reader: SpanReader) -> None:
    chat = Assistant(real_index, reader).conversation()
    chat.ask("Which heroes work in Nepal?")
    question = "Are there more women or men among the heroes?"
    assert chat.ask(question).question == question


@given(st.lists(st.sampled_from(_WORDS.split()), max_size=14).map(" ".join) | st.text())
def test_any_text_is_cut(question: str) -> None:
    found = cut(question)
    assert found.order in {"", "first", "last"}
    assert isinstance(asks_beyond(question), bool)
