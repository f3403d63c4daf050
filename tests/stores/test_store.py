"""What every store does, held against a second way to work it out: numpy, and BM25 as published."""

from __future__ import annotations

import hashlib
import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import numpy as np
import pytest

from tests.conftest import CORPUS, LetterEncoder
from tipsearch.corpus import facts
from tipsearch.corpus.passages import cut
from tipsearch.corpus.profiles import fingerprint, fold, load
from tipsearch.errors import IndexFormatError, TipsearchError
from tipsearch.index import store_at
from tipsearch.retrieval.lexical import ANALYSER, tokens, words
from tipsearch.settings import Settings
from tipsearch.stores.milvus import MilvusStore
from tipsearch.stores.store import Change, Entry, Filters, Store, StoreInfo
from tipsearch.types import Passage, Profile

ENCODER = LetterEncoder()
INFO = StoreInfo("0", asdict(ENCODER.info), {"version": 1}, ANALYSER)
PROFILES = load(CORPUS, Settings().file_bytes).profiles
HALF = 2e-3  # servers keep vectors in half precision
QUERIES = [
    "Who helped girls escape from brothels in Cambodia?",
    "slave labour on farms in Brazil",
    "When was the shelter founded?",
    "Sister Imelda Poole",
    "Mauritania",
    "zxqv",
]
FILTERS: list[Filters] = [
    {"active_in": ["BRAZIL"]},
    {"active_in": ["Brazil", "Nepal"], "award_year": ["2011"]},
    {"award_year": ["2010", "2011", "2012", "2013"]},
    {"active_in": ["Atlantis"]},
    {"active_in": []},
    {"organization": ["' OR 1=1 --", "\0", "\ud800", "AFESIP"]},
]


def entry(profile: Profile) -> Entry:
    """Cut and embed a profile as an index would, with vectors worked out by hand."""
    passages = tuple(cut(profile, ENCODER.count_tokens, 80, 40, 1))
    texts = [f"{profile.title}. {passage.text}" for passage in passages]
    keys = tuple(hashlib.sha256(text.encode()).digest() for text in texts)
    said = tuple(facts.read(profile))
    return Entry(profile, said, passages, keys, ENCODER.encode(texts))


ENTRIES = [entry(profile) for profile in PROFILES]


def small(name: str, text: str, file: str = "") -> Entry:
    return entry(replace(
        PROFILES[0], id=name, title=name.title(), names=(name.title(),), text=text,
        file=file or f"{name}.txt",
    ))  # fmt: skip


@pytest.fixture(scope="session")
def full(new_address: Callable[[], str]) -> Iterator[Store]:
    """A store of the real corpus; not to be written to."""
    where = new_address()
    store = store_at(where).create(where, Change(ENTRIES, info=INFO))
    yield store
    store.close()


@pytest.fixture
def two(where: str) -> Iterator[Store]:
    """A store of two small profiles."""
    entries = [small("ann", "Ann Roe left Laos in 1996."), small("bea", "Bea Lee wrote a book.")]
    store = store_at(where).create(where, Change(entries, info=INFO))
    yield store
    store.close()


def everything(store: Store) -> dict[int, tuple[str, Passage]]:
    """Every passage by its number, found as a reader would: by a search for all of them."""
    numbers = [*store.dense(ENCODER.encode(["a"])[0], 100_000)]
    return dict(zip(numbers, store.passages(numbers), strict=True))


def contents(store: Store) -> list[tuple[str, str, str]]:
    """What a store holds, in an order of its own."""
    return sorted((p.profile_id, title, p.text) for title, p in everything(store).values())


def texts(entries: list[Entry]) -> list[tuple[str, str, str]]:
    return sorted(
        (p.profile_id, held.profile.title, p.text) for held in entries for p in held.passages
    )


# What is kept comes back


def test_profiles(full: Store) -> None:
    assert full.profiles() == sorted(PROFILES, key=lambda p: (fold(p.title), p.id))
    for profile in PROFILES:
        assert full.profile(profile.id) == profile
    for unknown in ("", "../../etc/passwd", "' OR 1=1 --", "\0", "\ud800"):
        assert full.profile(unknown) is None
    assert full.fingerprints() == {p.file: fingerprint(p) for p in PROFILES}
    assert full.info == INFO
    assert full.notice == ""


def test_evidence(full: Store) -> None:
    fields = {said.field for held in ENTRIES for said in held.evidence}
    assert {"active_in", "person", "date", "founded"} < fields
    for field in fields:
        of = [[said for said in held.evidence if said.field == field] for held in ENTRIES]
        assert full.evidence(field) == [said for some in of for said in some]
        assert full.field_values(field) == sorted(
            {said.value for some in of for said in some}, key=lambda value: (fold(value), value)
        )
        for held, some in zip(ENTRIES, of, strict=True):
            assert full.evidence(field, held.profile.id) == some
    assert full.evidence("no such field") == []
    assert full.evidence("person", "nobody") == []


def test_passages(full: Store) -> None:
    assert contents(full) == texts(ENTRIES)
    count = full.count()
    assert (count.profiles, count.passages) == (len(PROFILES), len(texts(ENTRIES)))
    found = everything(full)
    some = [*found][3:30:5]
    assert full.passages(some[::-1]) == [found[number] for number in some[::-1]]
    assert full.passages([]) == []


def test_vectors_by_their_keys(full: Store) -> None:
    kept = {
        key: vector for held in ENTRIES for key, vector in zip(held.keys, held.vectors, strict=True)
    }
    wanted = [*kept][::7]
    found = full.vectors([*wanted, b"\0" * 32])
    assert found.keys() == set(wanted)
    for key in wanted:
        assert found[key] == pytest.approx(kept[key], abs=HALF)
        assert np.linalg.norm(found[key]) == pytest.approx(1, abs=1e-5)


# Both legs against an oracle


def passing(filters: Filters | None) -> set[str]:
    """The ids of the profiles that pass filters, worked out from the evidence."""
    ids = {held.profile.id for held in ENTRIES}
    for field, values in (filters or {}).items():
        wanted = {fold(value) for value in values}
        ids &= {
            held.profile.id
            for held in ENTRIES
            if any(said.field == field and fold(said.value) in wanted for said in held.evidence)
        }
    return ids


def cosines(query: str, filters: Filters | None = None) -> dict[str, float]:
    """The cosine of each passage, by its searched text."""
    vector, ids = ENCODER.encode([query])[0], passing(filters)
    return {
        text: float(row @ vector)
        for held in ENTRIES
        if held.profile.id in ids
        for text, row in zip(held.texts(), held.vectors, strict=True)
    }


def bm25(query: str, filters: Filters | None = None) -> dict[str, float]:
    """Robertson and Zaragoza, with Lucene's idf, over all passages; those above 0."""
    documents = {text: tokens(text) for held in ENTRIES for text in held.texts()}
    among = {
        text for held in ENTRIES if held.profile.id in passing(filters) for text in held.texts()
    }
    mean = sum(map(len, documents.values())) / len(documents)
    scores: dict[str, float] = {}
    for word in words(query):
        holding = sum(word in document for document in documents.values())
        idf = math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
        for text in among:
            count = Counter(documents[text])[word]
            norm = 1.2 * (0.25 + 0.75 * len(documents[text]) / mean)
            if count:
                scores[text] = scores.get(text, 0) + idf * count * 2.2 / (count + norm)
    return scores


def ranked_as(store: Store, found: dict[int, float], oracle: dict[str, float], near: float) -> None:
    """Each score is that of its passage, and the order is that of the scores."""
    scores = list(found.values())
    assert scores == sorted(scores, reverse=True)
    for number, (title, passage) in zip(found, store.passages([*found]), strict=True):
        assert found[number] == pytest.approx(oracle[f"{title}. {passage.text}"], abs=near)
    best = sorted(oracle.values(), reverse=True)[: len(scores)]
    assert scores == pytest.approx(best, abs=near)


@pytest.mark.parametrize("filters", [None, *FILTERS])
def test_the_dense_leg(full: Store, filters: Filters | None) -> None:
    for query in QUERIES:
        oracle = cosines(query, filters)
        for k in (1, 7, 1000):
            found = full.dense(ENCODER.encode([query])[0], k, filters)
            assert len(found) == min(k, len(oracle))
            ranked_as(full, found, oracle, HALF)
    assert full.dense(ENCODER.encode(["a"])[0], 0, filters) == {}


@pytest.mark.parametrize("filters", [None, *FILTERS])
def test_the_lexical_leg(full: Store, filters: Filters | None) -> None:
    for query in QUERIES:
        oracle = bm25(query, filters)
        for k in (1, 7, 1000):
            found = full.lexical(query, k, filters)
            assert len(found) == min(k, len(oracle))
            # tantivy and pg_textsearch keep a passage's length in one byte: Lucene's rounding;
            # milvus-lite, unlike a cluster, takes its statistics from what the filters leave
            near = math.inf if filters and isinstance(full, MilvusStore) else 0.06
            ranked_as(full, found, oracle, near * max(oracle.values(), default=1))
    assert full.lexical("", 5, filters) == full.lexical("?!", 5, filters) == {}
    assert full.lexical("girl", 0, filters) == {}


def test_where(full: Store) -> None:
    for filters in FILTERS:
        assert full.where(filters) == passing(filters)


def test_cosines_of_passages_by_number(full: Store) -> None:
    query = ENCODER.encode(["girls"])[0]
    found = full.dense(query, 1000)
    some = [*found][5:60:9]
    assert full.cosines(query, some) == pytest.approx({n: found[n] for n in some}, abs=HALF)
    assert full.cosines(query, []) == {}


@pytest.mark.parametrize("text", ["Repórter", "girls", "1990s", "absent", "Médecins", "the"])
def test_document_frequency(full: Store, text: str) -> None:
    (word,) = words(text)
    holding = sum(word in tokens(text) for held in ENTRIES for text in held.texts())
    assert full.document_frequency(word) == holding


def test_words_of_any_script(where: str) -> None:
    said = ["बच्चे गाँव", "李明 来了", "дети 12abc x_y 1e5 3.14", "Ω ß ﬁ ½ naïve", "a'b-c @d #e"]
    entries = [small(f"p{n}", text) for n, text in enumerate(said)]
    store = store_at(where).create(where, Change(entries, info=INFO))
    for held in entries:
        for word in words(held.profile.text):
            found = store.lexical(word, 10)
            holding = {other.profile.id for other in entries if word in tokens(other.texts()[0])}
            assert {p.profile_id for _, p in store.passages([*found])} == holding, word
            assert store.document_frequency(word) == len(holding)
    store.close()


# Writing


def test_nothing_there(where: str) -> None:
    engine = store_at(where)
    assert not engine.is_usable(where)
    with pytest.raises(IndexFormatError, match=r"no index at .*; run 'tipsearch build'"):
        engine.open(where)


def test_what_one_wrote_another_opens(where: str, two: Store) -> None:
    engine = store_at(where)
    assert engine.is_usable(where)
    other = engine.open(where)
    assert other.name == two.name
    assert contents(other) == contents(two)
    other.close()


def test_upsert_and_delete(two: Store) -> None:
    bea, cam = small("bea", "Bea Lee left a farm."), small("cam", "Cam Doe left a boat.")
    after = two.write(lambda _: Change([bea, cam], delete=["ann", "nobody"]))
    assert contents(after) == texts([bea, cam])
    assert after.count().profiles == 2
    assert {p.id for p in after.profiles()} == {"bea", "cam"}
    assert after.lexical("Laos book", 5) == {}
    assert len(after.lexical("left", 5)) == 2
    assert len(after.dense(ENCODER.encode(["a"])[0], 10)) == 2
    assert after.info == INFO


def test_an_upsert_twice_is_an_upsert_once(two: Store) -> None:
    bea = small("bea", "Bea Lee left a farm.")
    once = two.write(lambda _: Change([bea]))
    twice = once.write(lambda _: Change([bea]))
    assert contents(twice) == contents(once)
    assert len(twice.lexical("farm left", 5)) == len(once.lexical("farm left", 5)) == 2
    assert twice.count() == once.count()


def test_a_plan_that_writes_nothing(two: Store) -> None:
    assert two.write(lambda newest: None if newest.count().profiles == 2 else Change()) is two
    assert two.refresh() is two


def test_a_store_stays_as_it_was(two: Store) -> None:
    before = contents(two)
    after = two.write(lambda _: Change([small("cam", "Cam Doe left.")], delete=["ann"]))
    assert contents(two) == before
    assert {p.id for p in two.profiles()} == {"ann", "bea"}
    assert len(two.lexical("Laos", 5)) == 1
    assert two.name != after.name
    assert two.refresh().name == after.name
    assert contents(two.refresh()) == contents(after)


def year_is(year: int) -> Callable[[Store], Change]:
    return lambda _: Change([small("ann", f"Ann Roe left in {year}.")])


def test_what_was_written_is_read_at_once(where: str, two: Store) -> None:
    other = store_at(where).open(where)
    for year in range(1997, 2001):
        after = two.write(year_is(year))
        assert str(year) in str(contents(after))
        other = other.refresh()
        assert str(year) in str(contents(other))
    other.close()


def test_what_others_wrote_since_hides_nothing(where: str, two: Store) -> None:
    cam = small("cam", "Cam Doe left a boat in Thailand in 2011.")
    query = ENCODER.encode(cam.texts())[0]
    before = [*two.dense(query, 1)], [*two.lexical("Ann left", 1)]
    other = store_at(where).open(where)
    other.write(lambda _: Change([cam, small("dan", "Dan Poe left. Dan left.")])).close()
    assert ([*two.dense(query, 1)], [*two.lexical("Ann left", 1)]) == before
    assert len(two.dense(query, 5)) == 2


def test_a_plan_that_fails_changes_nothing(two: Store) -> None:
    before = contents(two)

    def entries() -> Iterator[Entry]:
        yield small("cam", "Cam Doe left.")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        two.write(lambda _: Change(entries(), delete=["ann"]))
    assert contents(two.refresh()) == before
    assert contents(two.write(lambda _: Change(delete=["ann"]))) == [before[1]]


def test_a_build_replaces_what_was_there(where: str, two: Store) -> None:
    cam = small("cam", "Cam Doe left a boat.")
    for _ in range(3):
        built = store_at(where).create(where, Change([cam], info=INFO))
    assert contents(built) == texts([cam])
    assert contents(two.refresh()) == texts([cam])
    built.close()


def test_a_build_that_fails_leaves_what_was_there(where: str, two: Store) -> None:
    before = contents(two)

    def entries() -> Iterator[Entry]:
        yield small("cam", "Cam Doe left.")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store_at(where).create(where, Change(entries(), info=INFO))
    assert contents(two.refresh()) == before


def test_what_it_is_made_with_can_change(two: Store) -> None:
    other = replace(INFO, passages={"version": 2})
    assert two.write(lambda _: Change(info=other)).info == other
    assert two.info == INFO
    assert two.refresh().info == other


def test_one_writer_at_a_time(two: Store) -> None:
    inside, done = threading.Event(), threading.Event()

    def hold(_: Store) -> None:
        inside.set()
        done.wait(30)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(two.write, hold)
        try:
            assert inside.wait(30)
            # PGlite is one process, and lets nobody in meanwhile
            with pytest.raises(TipsearchError, match=r"is being written|cannot be used"):
                two.write(lambda _: Change(delete=["ann"]))
        finally:
            done.set()
        first.result()
    assert two.count().profiles == 2


def test_many_threads_read_the_same(full: Store) -> None:
    def ask(query: str) -> tuple[dict[int, float], dict[int, float]]:
        return full.dense(ENCODER.encode([query])[0], 9), full.lexical(query, 9)

    expected = [ask(query) for query in QUERIES]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, QUERIES * 5)) == expected * 5
