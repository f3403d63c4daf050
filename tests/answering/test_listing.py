"""Lists are complete: held against front matter, against hand-made corpora, and as they grow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import CORPUS, USER_PAGE, LetterEncoder, write_corpus
from tipsearch.answering import answers, criteria, listing
from tipsearch.answering.criteria import Criteria
from tipsearch.answering.listing import Item, find
from tipsearch.answering.years import NO_END, Years
from tipsearch.corpus.passages import sentences
from tipsearch.corpus.places import Place
from tipsearch.corpus.profiles import fold
from tipsearch.index import Index, Snapshot
from tipsearch.retrieval import lexical
from tipsearch.types import Kind

# ------------------------------------------------------------------------- the oracle


@dataclass(frozen=True)
class Page:
    """What a file's front matter says, and who by reading it is a man."""

    people: tuple[str, ...]
    year: int
    countries: frozenset[str]
    focus: frozenset[str]


MEN = frozenset({
    "Biram Dah Abeid", "Gary Haugen", "Kailash Satyarthi", "Leonardo Sakamoto", "Marcelo Colombo",
    "Pierre Legros", "Raimi Vincent Paraiso", "Sattaru Umapathi", "Tek Narayan Kunwar",
    "Vannak Anan Prum", "Wahyu Susilo", "Xavier Plassat",
})  # fmt: skip
UNTOLD = frozenset({"Brahim Bilal Ramdhane"})  # no pronoun tells
JOINTLY = {"Biram Dah Abeid": ("Brahim Bilal Ramdhane",)}


def _pages() -> Iterator[Page]:
    for path in sorted(CORPUS.glob("*.md")):
        said = yaml.safe_load(path.read_text("utf-8").split("---\n")[1])
        name = re.sub(r" \(.*\)", "", said["name"])
        yield Page(
            (name, *JOINTLY.get(name, ())),
            said["tip_award_year"],
            frozenset(said["active_in"]),
            frozenset(said["focus"]),
        )
    assert (CORPUS / USER_PAGE).is_file()
    topics = frozenset({"Sex Trafficking"})
    yield Page(("Pierre Legros", "Somaly Mam"), 2005, frozenset({"Cambodia"}), topics)


PAGES = tuple(_pages())
TOPICS = sorted(frozenset().union(*(page.focus for page in PAGES)))
COUNTRIES = sorted(frozenset().union(*(page.countries for page in PAGES)))
REGIONS = {
    "South Asia": {"India", "Nepal"},
    "Southeast Asia": {"Cambodia", "Indonesia", "Singapore", "Thailand"},
    "Latin America": {"Argentina", "Brazil", "Costa Rica", "Guyana"},
    "South America": {"Argentina", "Brazil", "Guyana"},
    "Africa": {"Cameroon", "Ghana", "Mauritania", "Morocco", "Nigeria", "Republic of the Congo"},
    "West Africa": {"Ghana", "Mauritania", "Nigeria"},
    "Europe": {"Albania", "Finland", "Italy", "Lithuania", "United Kingdom"},
    "the Balkans": {"Albania"},
    "the Middle East": {"Israel"},
    "North America": {"United States"},
}
"""Of the corpus's countries, those in a region."""


def _expected(held: Callable[[Page], bool], gender: str = "") -> list[str]:
    named = [name for page in PAGES if held(page) for name in page.people]
    if gender == "man":
        named = [name for name in named if name in MEN]
    elif gender == "woman":
        named = [name for name in named if name not in MEN | UNTOLD]
    return sorted(named, key=fold)


# ------------------------------------------------------------------------- asking


@pytest.fixture(scope="module")
def snapshot(real_index: Index) -> Snapshot:
    return real_index.snapshot


def _parsed(question: str, snapshot: Snapshot) -> Criteria:
    store = snapshot.store
    return criteria.parse(question, store.field_values("focus"), lexical.words)


def _listed(question: str, snapshot: Snapshot) -> tuple[list[str], list[str]]:
    """Return what is listed for certain, and what possibly is."""
    items = find(_parsed(question, snapshot), snapshot)
    _check(items, snapshot)
    certain = [item.name for item in items if item.certain]
    return certain, [item.name for item in items if not item.certain]


def _check(items: list[Item], snapshot: Snapshot) -> None:
    """Check what holds of every list: order, no repeats, and a sentence of its own profile each."""
    assert items == sorted(items, key=lambda item: (not item.certain, fold(item.name)))
    assert len({fold(item.name) for item in items}) == len(items)
    for item in items:
        assert item.profile == snapshot.profile(item.profile.id)
        assert (item.start, item.end) in sentences(item.profile.text)


# ------------------------------------------------------------------------- whole lists


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("in 2005", 2005, 2005), ("in 2006", 2006, 2006), ("in 2007", 2007, 2007),
        ("in 2010", 2010, 2010), ("in 2012", 2012, 2012), ("in 2016", 2016, 2016),
        ("in 2017", 2017, 2017), ("in 2021", 2021, 2021), ("before 2009", 0, 2008),
        ("before 2005", 0, 2004), ("by 2009", 0, 2009), ("after 2017", 2018, NO_END),
        ("since 2017", 2017, NO_END), ("between 2011 and 2014", 2011, 2014),
        ("from 2008 to 2009", 2008, 2009), ("in the 2010s", 2010, 2019),
        ("in the 2000s", 2000, 2009), ("in 1999", 1999, 1999), ("in 2008", 2008, 2008),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("noun", "gender"), [("heroes", ""), ("women", "woman"), ("men", "man")]
)  # fmt: skip
def test_everybody_honoured_in_a_span_is_listed(
    snapshot: Snapshot, asked: str, first: int, last: int, noun: str, gender: str
) -> None:
    expected = _expected(lambda page: first <= page.year <= last, gender)
    assert _listed(f"Which {noun} were honoured {asked}?", snapshot) == (expected, [])


@pytest.mark.parametrize("region", REGIONS)
def test_everybody_active_in_a_region_is_listed(snapshot: Snapshot, region: str) -> None:
    expected = _expected(lambda page: bool(page.countries & REGIONS[region]))
    assert _listed(f"Which heroes are active in {region}?", snapshot) == (expected, [])


@pytest.mark.parametrize("country", COUNTRIES)
def test_everybody_active_in_a_country_is_listed(snapshot: Snapshot, country: str) -> None:
    expected = _expected(lambda page: country in page.countries)
    assert _listed(f"Who is active in {country}?", snapshot) == (expected, [])


@pytest.mark.parametrize("topic", TOPICS)
def test_everybody_with_a_focus_is_listed(snapshot: Snapshot, topic: str) -> None:
    expected = _expected(lambda page: topic in page.focus)
    question = f"Which heroes work on {topic.lower().replace('labor', 'labour')}?"
    assert _listed(question, snapshot) == (expected, [])


def test_nobody_is_left_out_of_the_whole_list(snapshot: Snapshot) -> None:
    everybody = _expected(lambda _: True)
    assert len(everybody) == len(snapshot.profiles()) + 2  # two profiles are of two people
    assert _listed("List the heroes.", snapshot) == (everybody, [])


@given(
    st.tuples(st.integers(2003, 2023), st.integers(0, 12)) | st.none(),
    st.sampled_from(sorted(REGIONS)) | st.none(),
    st.sets(st.sampled_from(TOPICS), max_size=2),
    st.sampled_from(["", "woman", "man"]),
)
def test_criteria_together_list_what_meets_them_all(
    snapshot: Snapshot,
    years: tuple[int, int] | None,
    region: str | None,
    focus: set[str],
    gender: str,
) -> None:
    span = Years(years[0], years[0] + years[1], "award") if years else None
    places = (Place(region, frozenset(REGIONS[region]), 0, 0),) if region else ()
    asked = Criteria("person", "heroes", places, span, gender, tuple(sorted(focus)))
    items = find(asked, snapshot)
    _check(items, snapshot)

    def held(page: Page) -> bool:
        return (
            (span is None or span.first <= page.year <= span.last)
            and (region is None or bool(page.countries & REGIONS[region]))
            and focus <= page.focus
        )

    assert [item.name for item in items] == _expected(held, gender)
    assert all(item.certain for item in items)


def test_countries_and_years_are_listed_whole(snapshot: Snapshot) -> None:
    assert _listed("In which countries are heroes active?", snapshot) == (COUNTRIES, [])
    african = sorted(REGIONS["Africa"])
    assert _listed("Which countries in Africa have heroes?", snapshot) == (african, [])
    years = sorted({str(page.year) for page in PAGES})
    assert _listed("In which years were heroes honoured?", snapshot)[0] == years
    indian = sorted({str(page.year) for page in PAGES if "India" in page.countries})
    assert _listed("In which years were heroes from India honoured?", snapshot)[0] == indian


@pytest.mark.parametrize(
    ("asked", "bodies"),
    [
        ("before 1990", {"Pastoral Land Commission": "1975", "Bachpan Bachao Andolan": "1980"}),
        ("in 1996", {"AFESIP": "1996", "Prajwala": "1996"}),
        (
            "between 1997 and 1999",
            {
                "International Justice Mission": "1997", "Fundación Rahab": "1997",
                "Association des Femmes Chefs de Famille": "1999", "Vatra": "1999",
            },
        ),
        (
            "in 2004",
            {
                "Humanitarian Organization for Migration Economics": "2004",
                "Yayasan Dunia Viva Wanita": "2004", "Migrant CARE": "2004",
            },
        ),
        (
            "after 2010",
            {
                "HUG Project": "2011", "Guyana Women Miners Organization": "2012",
                "Yilan Migrant Fishermen Union": "2013", "Weavers of Hope": "2019",
            },
        ),
    ],
)  # fmt: skip
def test_bodies_founded_in_a_span_are_cited_with_the_sentence_that_dates_them(
    snapshot: Snapshot, asked: str, bodies: dict[str, str]
) -> None:
    found = find(_parsed(f"Which organisations were founded {asked}?", snapshot), snapshot)
    _check(found, snapshot)
    said = {item.name: item.profile.text[item.start : item.end] for item in found}
    dated = {item.name: item for item in found if item.certain}
    assert bodies.keys() <= dated.keys()
    told = {name: year for name, year in bodies.items() if year in said[name]}
    assert bodies.items() - told.items() <= {("Yayasan Dunia Viva Wanita", "2004")}  # "same year"


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Which heroes are judges?", ["Amina Oufroukhi", "Tek Narayan Kunwar"]),
        ("Which heroes were nuns?", ["Sister Azezet Habtezghi Kidane", "Sister Imelda Poole"]),
        ("Who is a friar?", ["Xavier Plassat"]),
        ("Which prosecutors are there?", ["Marcelo Colombo"]),
        ("Which heroes are police officers?", ["Patience Quaye", "Sattaru Umapathi"]),
        ("Which heroes became ministers?", ["Eva Biaudet", "Simona Broomes"]),
        ("Which journalists were honoured in 2017?", ["Leonardo Sakamoto"]),
        ("Which judges work in Africa?", ["Amina Oufroukhi"]),
        (
            "Which organisations run a hotline?",
            ["Gender Equality Center", "Humanitarian Organization for Migration Economics"],
        ),
        ("Which organisations are active in Brazil?", [
            "Pastoral Land Commission", "Repórter Brasil"
        ]),
        ("Which books did the heroes write?", [
            "The Courage of Freedom", "The Dead Eye and the Deep Blue Sea"
        ]),
        ("Which heroes were honoured by John Kerry?", [
            "Parosha Chandran", "Simona Broomes", "Tek Narayan Kunwar"
        ]),
        ("Who gave a talk at TEDIndia?", ["Sunitha Krishnan"]),
    ],
)  # fmt: skip
def test_what_the_texts_say_is_listed_for_certain(
    snapshot: Snapshot, question: str, names: list[str]
) -> None:
    assert _listed(question, snapshot)[0] == names


@pytest.mark.parametrize(
    "question",
    [
        "Which heroes were honoured in 1999?",
        "Which heroes are from Peru?",
        "Which women in Brazil were honoured before 2005?",
        "Which heroes own a zeppelin?",
        "Which heroes are priests?",
        "Which nurses work in Nepal?",
        "Which organisations were founded in 1913?",
        "Which countries in Oceania have heroes?",
        "Which women from Atlantis are there?",
    ],
)
def test_where_nobody_fits_nothing_is_listed(snapshot: Snapshot, question: str) -> None:
    assert _listed(question, snapshot) == ([], [])


def test_of_two_people_only_those_who_fit_are_listed(snapshot: Snapshot) -> None:
    men, _ = _listed("Which men work in Cambodia?", snapshot)
    assert men == ["Pierre Legros", "Vannak Anan Prum"]
    assert _listed("Which women work in Cambodia?", snapshot)[0] == ["Somaly Mam"]
    assert _listed("Which heroes resigned from AFESIP?", snapshot)[0] == ["Pierre Legros"]


# ------------------------------------------------------------------------- counts


@pytest.mark.parametrize(
    "question",
    [
        "{} heroes were honoured in 2012?",
        "{} women work in Asia?",
        "{} heroes are there?",
        "{} organisations were founded in the 1990s?",
        "{} countries have heroes?",
        "{} heroes are judges?",
    ],
)
def test_a_count_is_the_length_of_its_list(snapshot: Snapshot, question: str) -> None:
    asked = _parsed(question.format("How many"), snapshot)
    items = find(asked, snapshot)
    assert items == find(_parsed(question.format("Which"), snapshot), snapshot)
    counted, listed = (
        answers.listed(question, kind, asked, items, 32) for kind in (Kind.COUNT, Kind.LIST)
    )
    assert counted is not None
    assert listed is not None
    assert counted.items == listed.items
    assert counted.text == str(len(listed.items))
    assert len(counted.citations) == len(items)


# ------------------------------------------------------------------------- small corpora

_PLAIN = {
    "ana-roy.md": (
        "---\nname: Ana Roy\nactive_in: [Peru]\ntip_award_year: 2010\nfocus: [Child Labor]\n---\n"
        "Ana Roy, a judge in Peru, planted a garden. She also ran a hotline for miners.\n"
    ),
    "bo-li.md": (
        "---\nname: Bo Li\nactive_in: [Chile]\ntip_award_year: 2014\nfocus: [Legislation]\n---\n"
        "Bo Li worked in Chile. His mother was a judge. He liked the hotline.\n"
    ),
}
_NEW = {
    "cy-oz.md": (
        "---\nname: Cy Oz\nactive_in: [Peru]\ntip_award_year: 2010\nfocus: [Child Labor]\n"
        "organization: [SUN]\n---\n"
        "Cy Oz is a judge in Peru. She founded SUN in 1999. She ran a hotline for miners.\n"
    )
}


@pytest.mark.parametrize(
    ("question", "before", "new"),
    [
        ("List the heroes.", ["Ana Roy", "Bo Li"], "Cy Oz"),
        ("Which heroes were honoured in 2010?", ["Ana Roy"], "Cy Oz"),
        ("Which heroes work in Peru?", ["Ana Roy"], "Cy Oz"),
        ("Which heroes work in South America?", ["Ana Roy", "Bo Li"], "Cy Oz"),
        ("Which heroes work on child labour?", ["Ana Roy"], "Cy Oz"),
        ("Which heroes are judges?", ["Ana Roy"], "Cy Oz"),
        ("Which heroes ran a hotline for miners?", ["Ana Roy"], "Cy Oz"),
        ("Which judges in Peru were honoured before 2012?", ["Ana Roy"], "Cy Oz"),
        ("Which women are there?", ["Ana Roy"], "Cy Oz"),
        ("Which organisations were founded before 2000?", [], "SUN"),
        ("Which organisations are active in Peru?", [], "SUN"),
        ("Which heroes were honoured in 2014?", ["Bo Li"], None),
        ("Which heroes work in Kenya?", [], None),
        ("Which countries have heroes?", ["Chile", "Peru"], None),
    ],
)
def test_a_new_profile_adds_exactly_itself(
    grown: tuple[Snapshot, Snapshot], question: str, before: list[str], new: str | None
) -> None:
    small, larger = grown
    assert _listed(question, small)[0] == before
    assert _listed(question, larger)[0] == sorted([*before, *([new] if new else [])])


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Snapshot]:
    folder = tmp_path_factory.mktemp("grown")
    corpus = write_corpus(folder / "c", _PLAIN)
    index = Index.build(corpus, folder / "i", encoder=LetterEncoder())
    before = index.snapshot
    index.update(write_corpus(corpus, {**_PLAIN, **_NEW}))
    assert len(before.profiles()) == 2
    return before, index.snapshot


def test_a_profile_that_is_taken_away_leaves_its_lists(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "c", {**_PLAIN, **_NEW})
    index = Index.build(corpus, tmp_path / "i", encoder=LetterEncoder())
    assert _listed("Which heroes are judges?", index.snapshot)[0] == ["Ana Roy", "Cy Oz"]
    index.update(write_corpus(corpus, _PLAIN))
    assert _listed("Which heroes are judges?", index.snapshot)[0] == ["Ana Roy"]


def _of(folder: Path, texts: dict[str, str]) -> Snapshot:
    corpus = write_corpus(folder / "c", {f"{name}.md": text for name, text in texts.items()})
    return Index.build(corpus, folder / "i", encoder=LetterEncoder()).snapshot


def test_words_that_do_not_stand_together_make_an_item_only_possible(tmp_path: Path) -> None:
    snapshot = _of(
        tmp_path,
        {
            "zoe-roy": "Zoe Roy sang. She mended zeppelins in harbours.",
            "bo-li": "Bo Li sang. He mended shoes. He saw zeppelins once, near harbours.",
            "cy-oz": "Cy Oz sang. She saw zeppelins.",
        },
    )
    question = "Which heroes mended zeppelins in harbours?"
    asked = _parsed(question, snapshot)
    items = find(asked, snapshot)
    assert [(item.name, item.certain) for item in items] == [("Zoe Roy", True), ("Bo Li", False)]
    answer = answers.listed(question, Kind.LIST, asked, items, 3)
    assert answer is not None
    assert (answer.items, answer.possibly) == (("Zoe Roy",), ("Bo Li",))
    assert [citation.quote for citation in answer.citations] == [
        "She mended zeppelins in harbours.",
        "He saw zeppelins once, near harbours.",
    ]


def test_each_thing_of_a_profile_is_cited_with_the_sentence_that_says_it(tmp_path: Path) -> None:
    labels = "---\nname: Ana Roy\nactive_in: [Peru, Chile]\norganization: [HOPE, CARE]\n---\n"
    text = "Ana Roy came to Peru. Then she saw Chile. She ran HOPE. CARE was hers too."
    snapshot = _of(tmp_path, {"ana-roy": labels + text})
    for question, said in (
        ("Which countries are there?", {"Chile": "Then she saw Chile.", "Peru": text[:21]}),
        ("Which organisations are there?", {"CARE": "CARE was hers too.", "HOPE": "She ran HOPE."}),
    ):
        items = find(_parsed(question, snapshot), snapshot)
        assert {item.name: text[item.start : item.end] for item in items} == said


@pytest.mark.parametrize(
    ("sentence", "is_one"),
    [
        ("Ana Roy, a judge, sang.", True),
        ("Ana Roy was a judge.", True),
        ("Ana Roy sang. She had been a district judge.", True),
        ("The judge Ana Roy sang.", True),
        ("Ana Roy became a magistrate.", True),
        ("Ana Roy sang. Her mother was a judge.", False),
        ("Ana Roy sang. A judge heard Ana Roy.", False),
        ("Ana Roy sang. She trained judges.", False),
        ("Ana Roy sang to be judged.", False),
    ],
)
def test_a_role_is_what_the_profile_says_of_its_own_people(
    tmp_path: Path, sentence: str, is_one: bool
) -> None:
    snapshot = _of(tmp_path, {"ana-roy": f"{sentence} She left."})
    expected = ["Ana Roy"] if is_one else []
    assert _listed("Which heroes are judges?", snapshot) == (expected, [])


def test_an_item_is_cited_with_the_sentence_that_says_most(tmp_path: Path) -> None:
    text = "Ana Roy came from Peru. She was a judge. She mended zeppelins."
    snapshot = _of(tmp_path, {"ana-roy": text, "bo-li": "Bo Li came from Peru. He sat."})
    for question, quote in (
        ("Which heroes work in Peru?", "Ana Roy came from Peru."),
        ("Which judges work in Peru?", "She was a judge."),
        ("Which judges in Peru mended zeppelins?", "She mended zeppelins."),
    ):
        first = find(_parsed(question, snapshot), snapshot)[0]
        assert text[first.start : first.end] == quote


def test_a_list_is_never_cut_off(tmp_path: Path) -> None:
    people = {f"{a}{b}": f"{a}na {b}oy" for a in "ABCDEFG" for b in "LMNOPQR"}
    texts = {name: f"{person} was a judge in Peru. She sat." for name, person in people.items()}
    snapshot = _of(tmp_path, texts)
    for question in ("Which heroes are judges?", "Which heroes work in Peru?"):
        assert _listed(question, snapshot) == (sorted(people.values(), key=fold), [])


# ------------------------------------------------------------------------- who is described


@pytest.mark.parametrize(
    ("question", "titles"),
    [
        ("When was the judge from Morocco honoured?", ["Amina Oufroukhi"]),
        ("When was the judge from Nepal honoured?", ["Tek Narayan Kunwar"]),
        ("What did the Mongolian woman found?", ["Ganbayasgakh Geleg"]),
        ("Where was the 2013 hero from Guyana born?", ["Simona Broomes"]),
        ("What did the friar from Brazil do?", ["Xavier Plassat"]),
        ("What did the hero from Brazil say?", []),
        ("What did the woman say?", []),
        ("Who?", []),
    ],
)
def test_two_things_that_hold_describe_a_profile(
    snapshot: Snapshot, question: str, titles: list[str]
) -> None:
    described = criteria.describing(question, lexical.words)
    assert [profile.title for profile in listing.fitting(described, snapshot)] == titles


def test_a_country_is_not_marked_inside_its_peoples_name(tmp_path: Path) -> None:
    profile = _of(tmp_path, {"ana.md": "Ana Roy, a Peruan in Peru, ran a shelter.\n"}).profiles()[0]
    cited = answers.quoted(profile, 0, len(profile.text), "Peru")
    assert profile.text[cited.answer_start - 3 : cited.answer_end + 1] == "in Peru,"
    cited = answers.quoted(profile, 0, len(profile.text), "Per")
    assert (cited.answer_start, cited.answer_end) == (0, len(profile.text))
