"""Comparisons come out as the profiles' dates and places do, or there is none."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import CORPUS, LetterEncoder, write_corpus
from tipsearch.answering.comparing import Comparison, Value, compare
from tipsearch.answering.subjects import Directory
from tipsearch.corpus.passages import sentences
from tipsearch.index import Index, Snapshot

Compare = Callable[[str], Comparison | None]


def _comparing(snapshot: Snapshot) -> Compare:
    directory = Directory.of(snapshot)
    return lambda question: compare(question, snapshot, directory)


@pytest.fixture(scope="module")
def real(real_index: Index) -> Compare:
    """Compares on the real corpus."""
    return _comparing(real_index.snapshot)


def _shown(found: Comparison) -> dict[str, str]:
    """Return what is shown of each side, once every value was seen to stand in its profile."""
    for _, value in found.sides:
        assert (value.start, value.end) in sentences(value.profile.text)
    return {side.label: value.shown for side, value in found.sides}


# ------------------------------------------------------------------------- verdicts

PLASSAT, SAKAMOTO, GERMINO = "Xavier Plassat", "Leonardo Sakamoto", "Laura Germino"
HOME = "Humanitarian Organization for Migration Economics"


@pytest.mark.parametrize(
    ("question", "verdict", "by"),
    [
        ("Who was honoured first, Xavier Plassat or Leonardo Sakamoto?", PLASSAT, "award"),
        ("Who was honoured first, Sakamoto or Plassat?", PLASSAT, "award"),
        ("who was honoured later, plassat or sakamoto?", SAKAMOTO, "award"),
        ("Who received the award more recently, Sakamoto or Plassat?", SAKAMOTO, "award"),
        ("Who was honoured last, Plassat, Sakamoto or Broomes?", SAKAMOTO, "award"),
        (
            "Who was honoured first, Plassat, Sakamoto or Kristina Misiniene?",
            "Kristina Misiniene", "award",
        ),
        ("Was Plassat honoured before Sakamoto?", "Yes", "award"),
        ("Was Plassat honoured after Sakamoto?", "No", "award"),
        ("Was Sakamoto honoured before Plassat?", "No", "award"),
        ("Were Plassat and Germino honoured in the same year?", "Yes", "award"),
        ("Were Plassat and Sakamoto honoured in the same year?", "No", "award"),
        ("Were Allison Lee and Boom Mosby honoured on the same day?", "Yes", "award"),
        ("Were Allison Lee and Simona Broomes honoured on the same day?", "No", "award"),
        ("How many years lie between the awards of Plassat and Sakamoto?", "7", "award"),
        ("How many years after Plassat was Sakamoto honoured?", "7", "award"),
        ("Which is older, Prajwala or Shakti Samuha?", "Prajwala", "founding"),
        ("Which is younger, Prajwala or Shakti Samuha?", "Shakti Samuha", "founding"),
        ("Which is younger, Prajwala, Vatra or Shakti Samuha?", "Shakti Samuha", "founding"),
        ("Which organisation was founded first, AFESIP or Shakti Samuha?", "AFESIP", "founding"),
        ("Which was set up later, GWMO or Prajwala?", "Guyana Women Miners Organization",
         "founding"),
        ("Was Prajwala founded before Vatra?", "Yes", "founding"),
        ("Was HOME founded after ACMI?", "Yes", "founding"),
        ("Is HOME older than ACMI?", "No", "founding"),
        ("Were Prajwala and AFESIP founded in the same year?", "Yes", "founding"),
        ("How many years apart were Prajwala and Shakti Samuha founded?", "4", "founding"),
        ("How long after AFESIP was the Somaly Mam Foundation founded?", "11", "founding"),
        ("Was the Somaly Mam Foundation founded after AFESIP?", "Yes", "founding"),
        ("Who was born first, Satyarthi or Moctar?", "Kailash Satyarthi", "birth"),
        ("Who is older, Satyarthi or Bridget Tan?", "Bridget Lew Tan", "birth"),
        ("Who is younger, Satyarthi or Bridget Tan?", "Kailash Satyarthi", "birth"),
        ("Is Bridget Tan older than Satyarthi?", "Yes", "birth"),
        ("Are Plassat and Sakamoto active in the same country?", "Yes", "country"),
        ("Do Plassat and Germino work in the same country?", "No", "country"),
        ("Are Prajwala and Vatra in the same country?", "No", "country"),
        ("Which country had a hero first, Ghana or Guyana?", "Ghana", "award"),
        ("Did Guyana have a hero before Ghana?", "No", "award"),
        (
            "Who was honoured first, the judge from Morocco or the judge from Nepal?",
            "Tek Narayan Kunwar", "award",
        ),
        ("Did Legros leave AFESIP before or after the award?", "Before", "event"),
        ("Was Legros honoured before or after he resigned from AFESIP?", "After", "event"),
        ("Did Okoedion publish her book before or after the award?", "Before", "event"),
        ("Did Okoedion found Weavers of Hope before or after she was honoured?", "After", "event"),
        ("Was Prajwala founded before or after the petition to the Supreme Court?", "Before",
         "event"),
        (
            "How many years passed between the founding of Prajwala and Krishnan's award?",
            "13", "event",
        ),
    ],
)  # fmt: skip
def test_a_comparison_has_the_profiles_verdict(
    real: Compare, question: str, verdict: str, by: str
) -> None:
    found = real(question)
    assert found is not None
    assert (found.text, found.by) == (verdict, by)
    assert len(_shown(found)) == len(found.sides) >= 2


@pytest.mark.parametrize(
    ("question", "verdict", "shown"),
    [
        (
            "Who was honoured first, Plassat or Sakamoto?",
            PLASSAT, {PLASSAT: "June 2010", SAKAMOTO: "27 June 2017"},
        ),
        (
            "Which was founded first, Prajwala or AFESIP?",
            "Both: 1996", {"Prajwala": "1996", "AFESIP": "1996"},
        ),
        (
            "Which was founded later, Migrant CARE or HOME?",
            "Both: 2004", {"Migrant CARE": "2004", HOME: "2004"},
        ),
        (
            "Who was born first, Satyarthi or Moctar?",
            "Kailash Satyarthi",
            {"Kailash Satyarthi": "11 January 1954", "Aminetou Mint Moctar": "13 December 1956"},
        ),
        (
            "Do Okoedion and Quaye work in the same country?",
            "No", {"Blessing Okoedion": "Italy and Nigeria", "Patience Quaye": "Ghana"},
        ),
        (
            "Which was set up first, Fundación Rahab or ALTO?",
            "Fundación Rahab",
            {"Fundación Rahab": "12 November 1997", "ALTO": "2 January 2006"},
        ),
    ],
)  # fmt: skip
def test_both_sides_are_shown_and_a_tie_is_called_one(
    real: Compare, question: str, verdict: str, shown: dict[str, str]
) -> None:
    found = real(question)
    assert found is not None
    assert found.text == verdict
    assert _shown(found) == shown


@pytest.mark.parametrize(
    "question",
    [
        "Who was honoured first?",
        "Who was honoured first, Plassat?",
        "Who was born first, Satyarthi or Sakamoto?",
        "Who is older, Plassat or Germino?",
        "Is Plassat taller than Sakamoto?",
        "Who is richer, Plassat or Sakamoto?",
        "Who has more children, Plassat or Sakamoto?",
        "Who wrote the better book, Prum or Okoedion?",
        "Which is bigger, Prajwala or Vatra?",
        "Did Plassat and Sakamoto attend the same school?",
        "Do Krishnan and Umapathi live in the same city?",
        "Did Quaye retire before or after the award?",
        "Which is older, Prajwala or Greenpeace?",
        "Who?",
        "?",
        "",
    ],
)
def test_what_is_not_told_of_both_sides_is_not_compared(real: Compare, question: str) -> None:
    assert real(question) is None


# ------------------------------------------------------------------------- every pair


def _told() -> dict[str, tuple[int, frozenset[str]]]:
    """Return each one-person profile's award year and countries, from its front matter."""
    told = {}
    for path in sorted(CORPUS.glob("*.md")):
        said = yaml.safe_load(path.read_text("utf-8").split("---\n")[1])
        name = re.sub(r" \(.*\)", "", said["name"])
        told[name] = (said["tip_award_year"], frozenset(said["active_in"]))
    return told


TOLD = _told()
PAIRS = list(combinations(sorted(TOLD), 2))


@given(st.sampled_from(PAIRS), st.booleans())
def test_every_pair_of_awards_comes_out_by_its_years(
    real: Compare, pair: tuple[str, str], swapped: bool
) -> None:
    one, other = pair[::-1] if swapped else pair
    years = {name: TOLD[name][0] for name in pair}

    def verdict(question: str) -> str:
        found = real(question)
        assert found is not None
        assert _shown(found).keys() == set(pair)
        return found.text

    same = verdict(f"Were {one} and {other} honoured in the same year?")
    assert same == ("Yes" if years[one] == years[other] else "No")
    gap = verdict(f"How many years lie between the awards of {one} and {other}?")
    assert gap == str(abs(years[one] - years[other]))
    together = verdict(f"Are {one} and {other} active in the same country?")
    assert together == ("Yes" if TOLD[one][1] & TOLD[other][1] else "No")
    if years[one] != years[other]:
        first, last = sorted(pair, key=years.__getitem__)
        assert verdict(f"Who was honoured first, {one} or {other}?") == first
        assert verdict(f"Who was honoured later, {one} or {other}?") == last
        before = verdict(f"Was {one} honoured before {other}?")
        assert before == ("Yes" if one == first else "No")


# ------------------------------------------------------------------------- small corpora

_TWO = {
    "ana-roy.md": "Ana Roy was born on 2 May 1950. She founded HOPE in 1999. HOPE freed 300 girls.",
    "bo-li.md": "Bo Li was born in 1960. He founded CARE in 2004. CARE freed 1,200 girls.",
    "cy-oz.md": "Cy Oz founded SUN in 1999. She sang. He and she left.",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Compare:
    folder: Path = tmp_path_factory.mktemp("small")
    corpus = write_corpus(folder / "c", _TWO)
    return _comparing(Index.build(corpus, folder / "i", encoder=LetterEncoder()).snapshot)


@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        ("Which is older, HOPE or CARE?", "HOPE"),
        ("Which is older, CARE or HOPE?", "HOPE"),
        ("Which is younger, HOPE or CARE?", "CARE"),
        ("Which was founded first, HOPE or SUN?", "Both: 1999"),
        ("Was HOPE founded before CARE?", "Yes"),
        ("Was HOPE founded after CARE?", "No"),
        ("How many years lie between the founding of HOPE and CARE?", "5"),
        ("How many years lie between the founding of HOPE and SUN?", "0"),
        ("Which freed more girls, HOPE or CARE?", "CARE"),
        ("Which freed fewer girls, HOPE or CARE?", "HOPE"),
        ("Which freed more girls, HOPE or SUN?", None),
        ("Who is older, Ana Roy or Bo Li?", "Ana Roy"),
        ("Who was born later, Ana Roy or Bo Li?", "Bo Li"),
        ("Who is older, Ana Roy or Cy Oz?", None),
        ("Who was honoured first, Ana Roy or Bo Li?", None),
        ("Do Ana Roy and Bo Li work in the same country?", None),
    ],
)
def test_verdicts_worked_out_by_hand(small: Compare, question: str, verdict: str | None) -> None:
    found = small(question)
    assert (found.text if found else None) == verdict


def test_each_value_is_cited_with_its_sentence(small: Compare) -> None:
    found = small("Which freed more girls, HOPE or CARE?")
    assert found is not None
    said = [value.profile.text[value.start : value.end] for _, value in found.sides]
    assert said == ["HOPE freed 300 girls.", "CARE freed 1,200 girls."]
    assert [value.shown for _, value in found.sides] == ["300", "1,200"]


_WORDS = (
    "who which was were honoured founded first later older same year country Plassat Sakamoto HOPE "
    "Prajwala Vatra Nepal Brazil or and before after between how many years born Legros Mam"
)


@given(st.lists(st.sampled_from(_WORDS.split()), max_size=10).map(" ".join))
def test_no_question_is_answered_with_fewer_than_two_values(real: Compare, question: str) -> None:
    found = real(question)
    if found is not None:
        assert len(found.sides) >= 2
        assert all(value.shown for _, value in found.sides)
        for _, value in found.sides:
            assert (value.start, value.end) in sentences(value.profile.text)
        assert found.text


@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        (
            "Were Lee and Germino honoured on the same date or on different ones?",
            "A different date",
        ),
        ("Is it true that Sakamoto was named earlier than Plassat?", "No"),
        (
            "Which judge came first, the one from Morocco or the one from Nepal?",
            "Tek Narayan Kunwar",
        ),
        ("Brazil has two heroes. How many years lie between their awards?", "7"),
        ("Was the Argentine prosecutor honoured in the same year as the Brazilian friar?", "No"),
    ],
)
def test_sides_may_be_described_and_verdicts_asked_for_in_other_ways(
    real: Compare, question: str, verdict: str
) -> None:
    found = real(question)
    assert found is not None
    assert found.text == verdict
    _shown(found)


def test_where_there_are_more_is_counted(real: Compare, real_index: Index) -> None:
    said = {
        field: [e.value for e in real_index.snapshot.store.evidence(field)]
        for field in ("gender", "award_year", "active_in")
    }
    women = sum(value.startswith("woman") for value in said["gender"])
    men = sum(value.startswith("man") for value in said["gender"])
    found = real("Are there more women or men among the heroes?")
    assert found is not None
    assert found.text == ("women" if women > men else "men")
    assert _shown(found) == {"women": str(women), "men": str(men)}
    found = real("Are there more heroes from India than from Nepal?")
    assert found is not None
    more = said["active_in"].count("India") > said["active_in"].count("Nepal")
    assert found.text == ("Yes" if more else "No")


def test_events_are_dated_by_reading_where_words_do_not_date_them(snapshot: Snapshot) -> None:
    asked: list[str] = []
    dated = {"the march": "1998", "the walk": "2007"}

    def date_of(question: str) -> Value | None:
        asked.append(question)
        year = next((year for event, year in dated.items() if event in question), "")
        profile = snapshot.profiles()[int(year == "2007")]
        return Value(year, year, profile, *sentences(profile.text)[0]) if year else None

    directory = Directory.of(snapshot)

    def verdict(question: str) -> str | None:
        found = compare(question, snapshot, directory, date_of)
        return found.text if found else None

    assert verdict("Which came first, the march or the walk?") == "the march"
    assert asked == ["When was the march?", "When was the walk?"]
    assert verdict("Which came later, the march or the walk?") == "the walk"
    assert verdict("Did the march begin before the walk was planned?") == "Yes"
    assert verdict("Did the march begin after the walk was planned?") == "No"
    assert verdict("Did the march and the walk take place in the same year?") == "No"
    assert verdict("Which came first, the march or the flight?") is None


@pytest.fixture
def snapshot(real_index: Index) -> Snapshot:
    return real_index.snapshot
