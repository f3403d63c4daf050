"""Overviews quote few sentences, as they stand and in the profiles' order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import LetterEncoder, write_corpus
from tipsearch.answering.overview import SENTENCES, Quote, quotes
from tipsearch.answering.subjects import Directory, Name
from tipsearch.corpus.passages import sentences
from tipsearch.index import Index, Snapshot

NAMED = (
    "Allison Lee", "Aminetou Mint Moctar", "Sister Aziza", "Biram Dah Abeid", "Blessing Okoedion",
    "Gary Haugen", "Pierre Legros", "Somaly Mam", "Sunitha Krishnan", "Vera Lesko",
    "Xavier Plassat", "Prajwala", "AFESIP", "Vatra", "Repórter Brasil", "IJM",
)  # fmt: skip


@pytest.fixture(scope="module")
def snapshot(real_index: Index) -> Snapshot:
    return real_index.snapshot


Named = Callable[[str], list[Name]]


def _naming(snapshot: Snapshot) -> Named:
    directory = Directory.of(snapshot)

    def named(text: str) -> list[Name]:
        found = [name for subject in directory.find(text) for name in subject.names]
        assert found
        return found

    return named


@pytest.fixture(scope="module")
def named(snapshot: Snapshot) -> Named:
    """Returns whom or what a text names, of the real corpus."""
    return _naming(snapshot)


def _said(found: list[Quote]) -> list[str]:
    return [quote.profile.text[quote.start : quote.end] for quote in found]


def _check(found: list[Quote], snapshot: Snapshot) -> None:
    """Check what holds of every overview."""
    assert len(found) <= SENTENCES
    assert len(set(found)) == len(found)
    for quote in found:
        assert quote.profile == snapshot.profile(quote.profile.id)
        assert (quote.start, quote.end) in sentences(quote.profile.text)
    for profile_id in {quote.profile.id for quote in found}:
        places = [quote.start for quote in found if quote.profile.id == profile_id]
        assert places == sorted(places)
    ids = [quote.profile.id for quote in found]
    assert ids == sorted(ids, key=ids.index), "a profile's sentences stand together"


@pytest.mark.parametrize("name", NAMED)
def test_whom_or_what_is_named_is_told_of_in_six_sentences(
    snapshot: Snapshot, named: Named, name: str
) -> None:
    names = named(name)
    found = quotes(snapshot, names)
    _check(found, snapshot)
    assert {quote.profile.id for quote in found} == {names[0].profile_id}
    assert len(found) == SENTENCES
    assert len(set(_said(found))) == len(found)
    assert found == quotes(snapshot, names)


def test_every_profile_has_an_overview(snapshot: Snapshot) -> None:
    names = Directory.of(snapshot).names
    for profile in snapshot.profiles():
        own = [n for n in names if n.profile_id == profile.id and n.person][:1]
        found = quotes(snapshot, own)
        _check(found, snapshot)
        assert len(found) == min(SENTENCES, len(sentences(profile.text)))
        assert {quote.profile for quote in found} == {profile}


def test_the_sentence_that_says_who_somebody_is_comes_first(
    snapshot: Snapshot, named: Named
) -> None:
    for name, opening in (
        ("Xavier Plassat", "Xavier Plassat, a French Dominican friar, came to Brazil in 1983."),
        ("Sakamoto", "The journalist Leonardo Sakamoto founded the NGO Repórter Brasil in 2001."),
    ):
        assert _said(quotes(snapshot, named(name)))[0] == opening


def test_of_a_body_the_sentences_about_it_are_told(snapshot: Snapshot, named: Named) -> None:
    said = _said(quotes(snapshot, named("Vatra")))
    assert sum("Vatra" in sentence for sentence in said) >= SENTENCES // 2


def test_of_two_names_both_are_told_of(snapshot: Snapshot, named: Named) -> None:
    found = quotes(snapshot, named("Prajwala and Vatra"))
    _check(found, snapshot)
    titles = [quote.profile.title for quote in found]
    assert list(dict.fromkeys(titles)) == ["Sunitha Krishnan", "Vera Lesko"]


def test_of_a_country_only_profiles_active_there_are_told_of(snapshot: Snapshot) -> None:
    found = quotes(snapshot, [], frozenset({"Brazil"}))
    _check(found, snapshot)
    assert {quote.profile.title for quote in found} == {"Xavier Plassat", "Leonardo Sakamoto"}
    assert quotes(snapshot, [], frozenset({"Peru"})) == []


def test_a_name_goes_before_a_country(snapshot: Snapshot, named: Named) -> None:
    plassat = named("Plassat")
    assert quotes(snapshot, plassat, frozenset({"Nepal"})) == quotes(snapshot, plassat)


def test_without_either_the_passages_that_were_found_are_quoted(snapshot: Snapshot) -> None:
    hits = snapshot.search("forced labour on fishing boats", 3)
    found = quotes(snapshot, [], hits=hits)
    _check(found, snapshot)
    assert len(found) == SENTENCES
    for quote in found:
        assert any(
            hit.passage.profile_id == quote.profile.id
            and hit.passage.start <= quote.start
            and quote.end <= hit.passage.end
            for hit in hits
        )


def test_without_anything_nothing_is_quoted(snapshot: Snapshot) -> None:
    assert quotes(snapshot, []) == []


@given(
    st.lists(st.sampled_from(NAMED), max_size=3, unique=True),
    st.sets(st.sampled_from(["Brazil", "Nepal", "India", "Peru"]), max_size=2),
)
def test_whatever_is_asked_together_it_stays_short_and_in_order(
    snapshot: Snapshot, named: Named, typed: list[str], countries: set[str]
) -> None:
    names = [name for one in typed for name in named(one)]
    found = quotes(snapshot, names, frozenset(countries))
    _check(found, snapshot)
    if names:
        assert {quote.profile.id for quote in found} <= {name.profile_id for name in names}


# ------------------------------------------------------------------------- small corpora


def _small(folder: Path, text: str) -> tuple[Snapshot, list[Name]]:
    corpus = write_corpus(folder / "c", {"ana-roy.md": text, "bo-li.md": "Bo Li sat. He sang."})
    snapshot = Index.build(corpus, folder / "i", encoder=LetterEncoder()).snapshot
    return snapshot, _naming(snapshot)("Ana Roy")


def test_a_short_profile_is_quoted_whole(tmp_path: Path) -> None:
    snapshot, names = _small(tmp_path, "Ana Roy was a judge. She founded HOPE in 2001. It grew.")
    assert _said(quotes(snapshot, names)) == [
        "Ana Roy was a judge.", "She founded HOPE in 2001.", "It grew.",
    ]  # fmt: skip


def test_what_was_said_already_gives_way_to_what_is_new(tmp_path: Path) -> None:
    same = "Ana Roy of Peru gave help to many miners in 2001."
    new = [f"She opened the {place} clinic in {year}." for place, year in (
        ("Lima", 1991), ("Cusco", 1992), ("Puno", 1993), ("Tacna", 1994), ("Piura", 1995),
    )]  # fmt: skip
    snapshot, names = _small(tmp_path, " ".join([same, same, same, *new]))
    assert _said(quotes(snapshot, names)) == [same, *new]


def test_quotes_of_an_index_are_those_of_another_of_the_same_files(tmp_path: Path) -> None:
    text = " ".join(f"Ana Roy met {a} and {b} in {1990 + n}." for n, (a, b) in enumerate(
        [("Bo", "Cy"), ("Di", "Ed"), ("Flo", "Gus"), ("Hal", "Ida"), ("Jo", "Kim"), ("Lee", "Max"),
         ("Nan", "Ole"), ("Pia", "Quin")]
    ))  # fmt: skip
    one, other = (_small(tmp_path / folder, text) for folder in ("one", "other"))
    assert _said(quotes(*one)) == _said(quotes(*other))
    assert len(quotes(*one)) == SENTENCES
