"""Build, update, open and search, through the public face."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import CORPUS, USER_PAGE, LetterEncoder, write_corpus
from tipsearch.corpus.profiles import fingerprint, load
from tipsearch.errors import IndexFormatError, ProfileError, QueryError
from tipsearch.index import Index
from tipsearch.retrieval.encoder import OnnxEncoder
from tipsearch.retrieval.fusion import fuse
from tipsearch.settings import Settings
from tipsearch.stores.local import LocalStore
from tipsearch.stores.store import searchable
from tipsearch.types import FIELD_NAMES, IndexUpdate

PLAIN = Settings(cache=Path("unused"))
ANN = "Ann Roe founded a shelter in Nepal in 1996."
BEA = "Bea Lee wrote about farms in Laos in 2003."
CAM = "Cam Doe left the boat in Thailand in 2011."


def open_index(root: str | Path) -> Index:
    return Index.open(root, settings=PLAIN, encoder=LetterEncoder())


def build(corpus: Path, root: Path, options: Settings = PLAIN) -> Index:
    return Index.build(corpus, root, settings=options, encoder=LetterEncoder())


def local(index: Index) -> LocalStore:
    assert isinstance(index.snapshot.store, LocalStore)
    return index.snapshot.store


def texts_of(index: Index) -> list[tuple[str, str]]:
    store = index.snapshot.store
    numbers = range(store.count().passages)
    return [(passage.profile_id, passage.text) for _, passage in store.passages(numbers)]


def vectors_of(index: Index) -> list[list[float]]:
    rows: list[list[float]] = local(index).dense_index.vectors(range(len(texts_of(index)))).tolist()
    return rows


def same(one: Index, other: Index) -> None:
    assert one.profiles() == other.profiles()
    assert texts_of(one) == texts_of(other)
    assert np.abs(np.array(vectors_of(one)) - np.array(vectors_of(other))).max() < 1e-6
    for query in ("shelter", "who left in 2003?", "farms"):
        assert one.search(query) == other.search(query)


# Build and open


def test_build_says_what_it_did(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {"ann.txt": ANN, "bea.txt": BEA, "empty.txt": ""})
    seen: list[tuple[str, int, int]] = []
    index = Index.build(
        corpus,
        tmp_path / "index",
        settings=PLAIN,
        encoder=LetterEncoder(),
        progress=lambda *step: seen.append(step),
    )
    changes = index.changes
    assert changes.added == ("ann.txt", "bea.txt")
    assert [(skipped.file, skipped.reason) for skipped in changes.skipped] == [
        ("empty.txt", "empty")
    ]
    assert (changes.embedded_passages, changes.reused_passages, changes.unchanged) == (2, 0, 0)
    assert seen == [("Embedding passages", 1, 2), ("Embedding passages", 2, 2)]


def test_open_answers_as_build_did(tmp_path: Path) -> None:
    built = build(CORPUS, tmp_path)
    opened = open_index(tmp_path)
    same(built, opened)
    assert opened.changes == IndexUpdate()
    assert opened.profile(opened.profiles()[0].id) == opened.profiles()[0]
    assert opened.profile("../../etc/passwd") is None


def test_build_takes_text_for_paths(tmp_path: Path) -> None:
    build(CORPUS, tmp_path)
    index = Index.open(str(tmp_path), settings=PLAIN, encoder=LetterEncoder())
    assert len(index.profiles()) == len(list(CORPUS.iterdir()))


def test_odd_folder_and_file_names(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "c", {"two\nlines.txt": ANN, "李明.txt": BEA, "🙂.txt": CAM})
    shutil.copyfile(corpus / "🙂.txt", os.fsencode(corpus) + b"/\xff.txt")
    (corpus / "🙂.txt").unlink()
    index = build(corpus, tmp_path / "in dex?#%20&'")
    assert len(open_index(index.where).profiles()) == 3
    changes = index.update(corpus)
    assert (changes.added, changes.changed, changes.removed, changes.unchanged) == ((), (), (), 3)


def test_no_index(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(
            IndexFormatError, match=r"no index at .*; run 'tipsearch build'"
        ) as caught:
            open_index(root)
        assert caught.value.exit_code == 4


def test_no_profile_leaves_the_index_alone(tmp_path: Path) -> None:
    index = build(CORPUS, tmp_path / "index")
    (tmp_path / "empty").mkdir()
    for write in (lambda: build(tmp_path / "empty", tmp_path / "index"),
                  lambda: index.update(tmp_path / "empty")):  # fmt: skip
        with pytest.raises(ProfileError, match="no usable profile"):
            write()
    same(open_index(tmp_path / "index"), index)


def test_another_encoder_is_refused_and_both_are_named(
    tmp_path: Path, encoder: OnnxEncoder
) -> None:
    build(CORPUS, tmp_path)
    with pytest.raises(
        IndexFormatError, match=r"letters \(fp32\).*all-MiniLM-L6-v2 \(int8\)"
    ) as caught:
        Index.open(tmp_path, settings=PLAIN, encoder=encoder)
    assert caught.value.exit_code == 4
    with pytest.raises(IndexFormatError, match=r"0{12}.*1{12}"):
        Index.open(tmp_path, settings=PLAIN, encoder=LetterEncoder("1" * 64))


# Update


def test_update_embeds_only_what_changed(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {"ann.txt": ANN, "bea.txt": BEA, "cam.txt": CAM})
    stub = LetterEncoder()
    index = Index.build(corpus, tmp_path / "index", settings=PLAIN, encoder=stub)
    old = index.snapshot
    stub.encoded.clear()
    write_corpus(corpus, {"ann.txt": ANN, "bea.txt": BEA.replace("2003", "2004"), "dan.md": CAM})
    changes = index.update(corpus)
    assert (changes.added, changes.changed, changes.removed) == (
        ("dan.md",),
        ("bea.txt",),
        ("cam.txt",),
    )
    assert (changes.unchanged, changes.embedded_passages, changes.reused_passages) == (1, 1, 2)
    assert stub.encoded == [searchable("Bea Lee", BEA.replace("2003", "2004"))]
    assert index.changes == changes
    assert index.snapshot is not old
    assert "2003" in str(old.profiles())  # a question that began before still has its snapshot
    assert "2003" not in str(index.profiles())
    same(index, open_index(tmp_path / "index"))


def test_an_update_without_changes_writes_nothing(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {"ann.txt": ANN, "bea.txt": BEA})
    index = build(corpus, tmp_path / "index")
    snapshot = index.snapshot
    os.utime(corpus / "ann.txt", (0, 0))
    (corpus / "empty.txt").touch()
    changes = index.update(corpus)
    assert (changes.added, changes.changed, changes.removed, changes.unchanged) == ((), (), (), 2)
    assert [skipped.file for skipped in changes.skipped] == ["empty.txt"]
    assert (changes.embedded_passages, changes.reused_passages) == (0, 0)
    assert index.snapshot is snapshot
    assert [path.name for path in (tmp_path / "index").glob("gen-*")] == ["gen-000001"]


def test_a_changed_field_is_a_change(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {"ann.txt": f"Active in: Nepal\n\n{ANN}"})
    index = build(corpus, tmp_path / "index")
    changes = index.update(write_corpus(corpus, {"ann.txt": f"Active in: Laos\n\n{ANN}"}))
    assert (changes.changed, changes.embedded_passages, changes.reused_passages) == (
        ("ann.txt",),
        0,
        1,
    )
    assert len(index.search("shelter", filters={"active_in": "laos"})) == 1


def test_an_update_cuts_anew_when_passages_are_set_otherwise(tmp_path: Path) -> None:
    build(CORPUS, tmp_path / "index")
    shorter = replace(PLAIN, passage_tokens=40, new_paragraph_tokens=20)
    index = Index.open(tmp_path / "index", settings=shorter, encoder=LetterEncoder())
    changes = index.update(CORPUS)
    assert changes.unchanged == len(list(CORPUS.iterdir()))
    same(index, build(CORPUS, tmp_path / "rebuilt", shorter))


SENTENCES = [ANN, BEA, CAM, "She was freed.", "They worked on a farm. Nobody was paid.", "李明。"]
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["a.txt", "b.txt", "c.md", "d.md"]),
        st.none() | st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=6).map("\n\n".join),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(EDITS)
def test_updates_end_where_a_rebuild_does(edits: list[tuple[str, str | None]]) -> None:
    small = replace(PLAIN, passage_tokens=12, new_paragraph_tokens=6)
    with tempfile.TemporaryDirectory() as place:
        files = {"always.txt": "Eve Fox spoke at the award."}
        corpus = write_corpus(Path(place, "corpus"), files)
        index = build(corpus, Path(place, "index"), small)
        for name, text in edits:
            before = index.snapshot.store.fingerprints()
            files.pop(name, None)
            if text is not None:
                files[name] = text
            changes = index.update(write_corpus(corpus, files))
            now = {p.file: fingerprint(p) for p in load(corpus, small.file_bytes).profiles}
            kept = now.keys() & before.keys()
            assert index.snapshot.store.fingerprints() == now
            assert changes.added == tuple(sorted(now.keys() - kept))
            assert changes.removed == tuple(sorted(before.keys() - kept))
            assert changes.changed == tuple(sorted(f for f in kept if now[f] != before[f]))
            assert changes.unchanged == len(kept) - len(changes.changed)
        same(index, build(corpus, Path(place, "rebuilt"), small))
        same(index, Index.open(Path(place, "index"), settings=small, encoder=LetterEncoder()))


def test_refresh_takes_up_what_another_wrote(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {"ann.txt": ANN})
    writer = build(corpus, tmp_path / "index")
    reader = open_index(tmp_path / "index")
    assert not reader.refresh()
    snapshot = reader.snapshot
    for year in range(1997, 2001):
        writer.update(write_corpus(corpus, {"ann.txt": ANN.replace("1996", str(year))}))
    assert "1996" in reader.search("shelter")[0].passage.text
    assert reader.refresh()
    assert "2000" in reader.search("shelter")[0].passage.text
    assert "1996" in snapshot.search("shelter")[0].passage.text
    assert not reader.refresh()


def test_a_generation_removed_while_the_model_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = write_corpus(tmp_path / "corpus", {"ann.txt": ANN})
    writer = build(corpus, tmp_path / "index")

    def load_slowly(_: Settings) -> LetterEncoder:
        for text in (BEA, CAM, BEA):
            writer.update(write_corpus(corpus, {"ann.txt": text}))
        return LetterEncoder()

    monkeypatch.setattr(OnnxEncoder, "open", load_slowly)
    reader = Index.open(tmp_path / "index", settings=PLAIN)
    assert reader.snapshot.name == "gen-000004"
    assert reader.snapshot.notice == ""


def test_refresh_ignores_a_generation_that_does_not_verify(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {"ann.txt": ANN})
    writer = build(corpus, tmp_path / "index")
    reader = open_index(tmp_path / "index")
    writer.update(write_corpus(corpus, {"ann.txt": BEA}))
    (tmp_path / "index" / "gen-000002" / "vectors.npy").write_bytes(b"")
    assert not reader.refresh()
    assert "vectors.npy" in reader.snapshot.notice
    assert reader.search("shelter")[0].passage.text == ANN
    local(writer).notice = "damaged"
    writer.update(corpus)
    assert reader.refresh()
    assert reader.snapshot.notice == ""
    assert reader.search("shelter")[0].passage.text == BEA
    shutil.rmtree(tmp_path / "index")
    assert not reader.refresh()
    assert reader.search("shelter")[0].passage.text == BEA


def test_an_update_after_damage_mends_the_index(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {"ann.txt": ANN})
    build(corpus, tmp_path / "index").update(write_corpus(corpus, {"ann.txt": BEA}))
    (tmp_path / "index" / "gen-000002" / "vectors.npy").write_bytes(b"")
    index = open_index(tmp_path / "index")
    assert index.snapshot.notice
    assert index.update(corpus).changed == ("ann.txt",)
    assert index.snapshot.notice == ""
    assert open_index(tmp_path / "index").snapshot.name == "gen-000003"
    (tmp_path / "index" / "CURRENT").unlink()
    index = open_index(tmp_path / "index")
    assert index.snapshot.notice
    assert index.update(corpus).unchanged == 1
    assert open_index(tmp_path / "index").snapshot.notice == ""


def test_readers_never_see_a_mixture(tmp_path: Path) -> None:
    def files(version: int) -> dict[str, str]:
        return {f"{n}.txt": f"{n.title()} Roe left in version {version}." for n in ("ann", "bea")}

    corpus = write_corpus(tmp_path / "corpus", files(0))
    writer = build(corpus, tmp_path / "index")
    shared = open_index(tmp_path / "index")
    done = threading.Event()

    def read() -> list[int]:
        versions = []
        while not done.is_set():
            shared.refresh()
            for snapshot in (shared.snapshot, open_index(tmp_path / "index").snapshot):
                assert snapshot.notice == ""
                said = {hit.passage.text.split("version ")[1] for hit in snapshot.search("version")}
                assert len(said) == 1
                versions.append(int(said.pop()[:-1]))
        return versions

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        try:
            for version in range(1, 16):
                writer.update(write_corpus(corpus, files(version)))
        finally:
            done.set()
        assert len({version for reader in readers for version in reader.result()}) > 2
    shared.refresh()
    assert "version 15" in shared.search("version")[0].passage.text


# Search


def test_hits_are_the_fusion_of_both_legs(real_index: Index) -> None:
    store, encoder = real_index.snapshot.store, real_index.snapshot.encoder
    query = "Who helped girls escape from brothels in Cambodia?"
    vector = encoder.encode([query])[0]
    passages = store.passages(range(store.count().passages))
    texts = [searchable(title, passage.text) for title, passage in passages]
    cosines = (encoder.encode(texts) @ vector).tolist()
    expected = fuse(dict(enumerate(cosines)), store.lexical(query, 100), 0.5)
    hits = real_index.search(query, 100)
    assert [hit.rank for hit in hits] == list(range(1, len(texts) + 1))
    assert [hit.passage for hit in hits] == [passages[number][1] for number, _ in expected]
    assert [hit.scores.fused for hit in hits] == pytest.approx([score for _, score in expected])
    assert hits[0].title == "Pierre Legros and Somaly Mam"
    assert hits[0].scores.dense == pytest.approx(cosines[expected[0][0]])
    assert hits[0].scores.reader is None


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("When did Legros leave AFESIP?", "Pierre Legros and Somaly Mam"),
        ("Somaly Mam Foundation closed", "Pierre Legros and Somaly Mam"),
        ("survivors founded an organisation in Nepal", "Charimaya Tamang"),
        ("Brazilian journalist against slave labour", "Leonardo Sakamoto"),
        ("friar of the Pastoral Land Commission", "Xavier Plassat"),
        ("drawings of life on a fishing boat", "Vannak Anan Prum"),
    ],
)
def test_the_right_profile_comes_first(real_index: Index, query: str, title: str) -> None:
    assert real_index.search(query, 1)[0].title == title


def test_every_hit_is_the_text_at_its_offsets(real_index: Index) -> None:
    for hit in real_index.search("trafficking", 50):
        profile = real_index.profile(hit.passage.profile_id)
        assert profile is not None
        assert profile.text[hit.passage.start : hit.passage.end] == hit.passage.text
        assert "Meet more" not in hit.passage.text


@pytest.mark.parametrize(
    "query",
    [
        "' OR 1=1 --", '"; DROP TABLE profiles; --', 'girl" NEAR("boat', "girl*", "text:girl AND",
        "(a+)+$", "[a-z]{9,}\\", "%s %d {0} ${x}", "<script>alert(1)</script>",
        "../../etc/passwd", "girl\0boat\ud800",
        "\u202egirl\u200b", "बच्चे", "x" * 2000, "a " * 1000, "\tgirl\r\nboat\u2028",
    ],
)  # fmt: skip
def test_any_words_are_searched_for(real_index: Index, query: str) -> None:
    hits = real_index.search(query, 3)
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert all(0 <= hit.scores.fused <= 1 for hit in hits)


@given(st.text(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_query_has_hits_or_a_named_error(real_index: Index, query: str) -> None:
    try:
        hits = real_index.search(query, 4)
    except QueryError:
        hits = []
    assert bool(hits) == any(c.isalnum() for c in query)
    if not hits:
        return
    assert len(hits) == 4
    scores = [hit.scores.fused for hit in hits]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "is empty"),
        (" \n\t\u3000", "is empty"),
        ("\0\u200b\ud800", "is empty"),
        ("?!… --", "has no word"),
        ("🙂🙂", "has no word"),
        ("x" * 2001, "has 2,001 characters; at most 2,000"),
    ],
)
def test_queries_that_cannot_be_used(real_index: Index, query: str, message: str) -> None:
    with pytest.raises(QueryError, match=message) as caught:
        real_index.search(query)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("k", [0, -1])
def test_k_below_1(real_index: Index, k: int) -> None:
    with pytest.raises(QueryError, match=f"k is {k}"):
        real_index.search("girl", k)


def test_k(real_index: Index) -> None:
    everything = real_index.search("shelter", 1000)
    assert len(everything) == real_index.snapshot.store.count().passages
    assert real_index.search("shelter", 2) == everything[:2]
    assert real_index.search("shelter") == everything[: Settings().k]


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        ({"active_in": "brazil"}, {"Leonardo Sakamoto", "Xavier Plassat"}),
        ({"award_year": 2021}, {"Sister Imelda Poole"}),
        ({"award_year": [2021, "2006"]}, {"Sister Imelda Poole", "Kristina Misiniene"}),
        ({"active_in": ("Brazil",), "organization": "REPORTER BRASIL"}, {"Leonardo Sakamoto"}),
        ({"active_in": "Brazil", "award_year": 2012}, set()),
        ({"active_in": []}, set()),
        (
            {"focus": "Sex Trafficking", "active_in": ["Nepal", "Italy", "Lithuania"]},
            {"Charimaya Tamang", "Blessing Okoedion", "Kristina Misiniene"},
        ),
    ],
)
def test_filters(
    real_index: Index, filters: dict[str, str | int | list[str]], titles: set[str]
) -> None:
    hits = real_index.search("the award", 100, filters)
    assert {hit.title for hit in hits} == titles
    everywhere = {hit.passage: hit.scores for hit in real_index.search("the award", 100)}
    for hit in hits:
        assert hit.scores.dense == pytest.approx(everywhere[hit.passage].dense, abs=1e-6)
        assert hit.scores.lexical == pytest.approx(everywhere[hit.passage].lexical, abs=1e-6)


def test_an_unknown_field_is_named_with_those_there_are(real_index: Index) -> None:
    with pytest.raises(QueryError, match="unknown filter field 'country'") as caught:
        real_index.search("girl", filters={"country": "Nepal"})
    assert caught.value.hint == f"use {', '.join(FIELD_NAMES)}"


def test_knows(real_index: Index) -> None:
    known = ["Mam", "somaly", "Médecins", "Repórter Brasil", "Tamang's"]
    unknown = ["Zaphod", "Nadia Murad", "Somaly Zaphod"]
    assert [real_index.snapshot.knows(name) for name in known + unknown] == [True] * 5 + [False] * 3


def test_twenty_threads_get_the_same_hits(real_index: Index) -> None:
    queries = ["girls in Cambodia", "slave labour", "award in Washington", "survivors"] * 10
    expected = [real_index.search(query) for query in queries]
    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(real_index.search, queries)) == expected


def test_the_order_is_the_same_in_every_process(tmp_path: Path) -> None:
    same_words = {f"{number}.txt": f"Ann Roe left in {number}." for number in range(12)}
    build(write_corpus(tmp_path / "corpus", same_words), tmp_path / "index")
    code = (
        "import sys\n"
        "from tests.test_index import open_index, Path\n"
        "for hit in open_index(Path(sys.argv[1])).search('Ann Roe left', 12):\n"
        "    print(hit.rank, hit.passage.profile_id, hit.scores.fused)"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "index")],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=CORPUS.parent,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    lines = outputs.pop().decode().splitlines()
    assert len(lines) == 12
    assert len({line.split()[2] for line in lines}) == 1  # all tie


def test_ties_go_by_the_order_of_the_files(tmp_path: Path) -> None:
    twins = {f"{name}.txt": f"Active in: Laos\n\nAnn Roe left. {name}" for name in "dbca"}
    hits = build(write_corpus(tmp_path / "corpus", twins), tmp_path / "index").search("Roe")
    assert [hit.passage.text[-1] for hit in hits if hit.scores == hits[0].scores] == sorted(
        hit.passage.text[-1] for hit in hits if hit.scores == hits[0].scores
    )
    assert len({hit.scores for hit in hits}) == 1


def test_the_users_page_is_found_alone(tmp_path: Path, encoder: OnnxEncoder) -> None:
    (tmp_path / "corpus").mkdir()
    shutil.copyfile(CORPUS / USER_PAGE, tmp_path / "corpus" / USER_PAGE)
    index = Index.build(
        tmp_path / "corpus", tmp_path / "index", settings=Settings(), encoder=encoder
    )
    for query, said in [
        ("When did Pierre Legros resign?", "resigned from AFESIP in 2004"),
        ("When did the Foundation cease its operations?", "ceased operations in October, 2014"),
        ("What is Cambodia's tier in the 2014 report?", "Tier 2 watch list"),
    ]:
        assert any(said in hit.passage.text for hit in index.search(query, 2))
