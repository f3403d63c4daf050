"""What a folder keeps of the real corpus; what every store does is in test_store.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import CORPUS, USER_PAGE, LetterEncoder
from tipsearch.corpus.passages import sentences
from tipsearch.corpus.profiles import load
from tipsearch.index import Index
from tipsearch.settings import Settings
from tipsearch.stores.local import LocalStore

PROFILES = load(CORPUS, Settings().file_bytes).profiles


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    store = Index.build(
        CORPUS, tmp_path, settings=Settings(), encoder=LetterEncoder()
    ).snapshot.store
    assert isinstance(store, LocalStore)
    return store


def test_passages_are_the_text_at_their_offsets(store: LocalStore) -> None:
    by_id = {profile.id: profile for profile in PROFILES}
    count = store.count()
    assert count.passages >= count.profiles == len(PROFILES)
    for title, passage in store.passages(range(count.passages)):
        profile = by_id[passage.profile_id]
        assert title == profile.title
        assert profile.text[passage.start : passage.end] == passage.text != ""


def test_field_values(store: LocalStore) -> None:
    countries = store.field_values("active_in")
    assert countries == sorted({value for p in PROFILES for value in p.fields.active_in})
    assert {"Brazil", "Cambodia", "Nepal"} < set(countries)
    years = store.field_values("award_year")
    labelled = {value for p in PROFILES for value in p.fields.award_year}
    assert years == sorted({*labelled, "2005"})  # which the user's page says in its text alone


def test_evidence_has_its_sentence_at_its_offsets(store: LocalStore) -> None:
    (page,) = [profile for profile in PROFILES if profile.file == USER_PAGE]
    (founded, _) = store.evidence("founded", page.id)
    assert founded.value == "1996 AFESIP"
    assert page.text[founded.start : founded.end].startswith("It was in 1996 that they founded")
    by_id = {profile.id: profile for profile in PROFILES}
    told_by_another = [evidence for evidence in store.evidence("date") if evidence.basis]
    assert told_by_another
    for evidence in told_by_another:
        spans = sentences(by_id[evidence.profile_id].text)
        assert (evidence.start, evidence.end) in spans
        assert evidence.basis in spans


@pytest.mark.parametrize(
    ("field", "value"),
    [("active_in", "cambodia"), ("organization", "AFESIP"), ("award_year", "2005")],
)
def test_filters_find_what_only_the_text_says(store: LocalStore, field: str, value: str) -> None:
    found = [profile for profile in PROFILES if profile.id in store.where({field: [value]})]
    (page,) = [profile for profile in found if profile.file == USER_PAGE]
    assert getattr(page.fields, field) == ()


@pytest.mark.parametrize(
    ("filters", "files"),
    [
        ({"active_in": ["Brazil"]}, ["leonardo-sakamoto.md", "xavier-plassat.md"]),
        ({"active_in": [" BRAZIL\u200b"]}, ["leonardo-sakamoto.md", "xavier-plassat.md"]),
        ({"organization": ["reporter brasil"]}, ["leonardo-sakamoto.md"]),
        ({"active_in": ["Brazil", "Nepal"], "award_year": ["2011"]}, ["charimaya-tamang.md"]),
        ({"active_in": ["Brazil"], "award_year": ["2011"]}, []),
        ({"active_in": ["Bra%"]}, []),
        ({"active_in": ["' OR 1=1 --"]}, []),
        ({"active_in": []}, []),
        (
            {"focus": ["Sex Trafficking"], "active_in": ["Nepal", "Lithuania"]},
            ["charimaya-tamang.md", "kristina-misiniene.md"],
        ),
    ],
)
def test_filters(store: LocalStore, filters: dict[str, list[str]], files: list[str]) -> None:
    ids = store.where(filters)
    assert [profile.file for profile in PROFILES if profile.id in ids] == files
    query = LetterEncoder().encode(["a"])[0]
    for leg in (store.dense(query, 1000, filters), store.lexical("the a of and", 1000, filters)):
        assert {passage.profile_id for _, passage in store.passages([*leg])} == ids
