"""What a list asks for is read out of a question, however it is put."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipsearch.answering.criteria import Criteria, asks_beyond, describing, parse
from tipsearch.answering.vocabulary import Stems
from tipsearch.answering.years import NO_END, Years
from tipsearch.index import Index
from tipsearch.retrieval import lexical

TOPICS = (
    "Child Labor", "Domestic Servitude", "Forced Labor", "Labor Trafficking", "Law Enforcement",
    "Legislation", "Sex Trafficking", "Survivor Support",
)  # fmt: skip


@pytest.fixture(scope="module")
def stems(real_index: Index) -> Stems:
    return lexical.words


def _award(first: int, last: int) -> Years:
    return Years(first, last, "award")


Read = tuple[str, list[str], Years | None, str, tuple[str, ...], tuple[str, ...]]


def _read(found: Criteria) -> Read:
    return (
        found.target,
        [place.name for place in found.places],
        found.years,
        found.gender,
        found.focus,
        found.said,
    )


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("List the heroes.", ("person", [], None, "", (), ())),
        ("How many are there?", ("person", [], None, "", (), ())),
        (
            "Which heroes were honoured in 2012?",
            ("person", [], _award(2012, 2012), "", (), ()),
        ),
        ("Who was honoured before 2008?", ("person", [], _award(0, 2007), "", (), ())),
        (
            "How many heroes were recognised since 2015?",
            ("person", [], _award(2015, NO_END), "", (), ()),
        ),
        (
            "Which women in South Asia were honoured before 2011?",
            ("person", ["South Asia"], _award(0, 2010), "woman", (), ()),
        ),
        (
            "List all men who received the award between 2010 and 2013.",
            ("person", [], _award(2010, 2013), "man", (), ()),
        ),
        (
            "which indian women fight sex trafficking",
            ("person", ["India"], None, "woman", ("Sex Trafficking",), ()),
        ),
        ("WHICH HEROES WORK IN INDIA?", ("person", ["India"], None, "", (), ())),
        ("Heroes in Latin America, please", ("person", ["Latin America"], None, "", (), ())),
        (
            "Which heroes come from Albania, Nepal or Mongolia?",
            ("person", ["Albania or Nepal or Mongolia"], None, "", (), ()),
        ),
        (
            "Name every honouree from a Nordic or Baltic country.",
            ("person", ["Nordic or Baltic"], None, "", (), ()),
        ),
        (
            "Which heroes work on labour trafficking and domestic servitude?",
            ("person", [], None, "", ("Domestic Servitude", "Labor Trafficking"), ()),
        ),
        ("How many profiles deal with child labor?", ("person", [], None, "", TOPICS[:1], ())),
        ("Which heroes are judges?", ("person", [], None, "", (), ("judge",))),
        ("Who is a prosecutor?", ("person", [], None, "", (), ("prosecutor",))),
        (
            "Which judges in Nepal were honoured in 2014?",
            ("person", ["Nepal"], _award(2014, 2014), "", (), ("judge",)),
        ),
        (
            "Which journalists or lawyers are there?",
            ("person", [], None, "", (), ("journalist", "lawyer")),
        ),
        ("Which ladies were nurses?", ("person", [], None, "woman", (), ("nurse",))),
        (
            "Which heroes are survivors of trafficking?",
            ("person", [], None, "", (), ("survivor",)),
        ),
        (
            "Which organisations were founded in the 1990s?",
            ("organization", [], Years(1990, 1999, "founding"), "", (), ()),
        ),
        (
            "How many NGOs were set up after 2000?",
            ("organization", [], Years(2001, NO_END, "founding"), "", (), ()),
        ),
        (
            "Which groups in Brazil campaign against forced labour?",
            ("organization", ["Brazil"], None, "", ("Forced Labor",), ()),
        ),
        ("In which countries are heroes active?", ("country", [], None, "", (), ())),
        ("How many African countries have heroes?", ("country", ["African"], None, "", (), ())),
        ("In which years were women honoured?", ("year", [], None, "woman", (), ())),
        (
            "Which books did the heroes write?",
            ("title", [], None, "", (), ("book", "write")),
        ),
        ("Which heroes run a hotline?", ("person", [], None, "", (), ("hotline",))),
        (
            "Which heroes received another prize in 2013?",
            ("person", [], Years(2013, 2013, "recognition"), "", (), ()),
        ),
        (
            "Who left prison in 2016?",
            ("person", [], Years(2016, 2016), "", (), ("left", "prison")),
        ),
        (
            "Which heroes work with fishermen or miners?",
            ("person", [], None, "", (), ("fishermen", "miners")),
        ),
        ("Which heroes work in Georgia?", ("person", ["Georgia"], None, "", (), ())),
    ],
)
def test_a_question_is_read_as_criteria(stems: Stems, question: str, read: Read) -> None:
    assert _read(parse(question, TOPICS, stems)) == read


_BARE = "Which heroes work in Cambodia?"


@pytest.mark.parametrize(
    "question",
    [
        "which heroes work in cambodia",
        "WHICH HEROES WORK IN CAMBODIA?",
        "I'm writing an essay: which heroes work in Cambodia?",
        "For my class - which heroes work in Cambodia?",
        "Please tell me which heroes work in Cambodia.",
        "Which heroes, according to the profiles, work in Cambodia?",
        "Which heroes work in Cambodia? Please name them all.",
        "Which heroes work in Cambodia? And who?",
        "Which of the heroes are active in Cambodia?",
    ],
)
def test_how_a_question_is_wrapped_changes_nothing(stems: Stems, question: str) -> None:
    assert _read(parse(question, TOPICS, stems)) == _read(parse(_BARE, TOPICS, stems))


def test_places_of_one_list_are_alternatives_and_others_must_all_hold(stems: Stems) -> None:
    (one,) = parse("Which heroes work in Peru, Chile or Brazil?", (), stems).places
    assert one.countries == {"Peru", "Chile", "Brazil"}
    both = parse("Which Nigerian heroes work in Italy?", (), stems).places
    assert [place.countries for place in both] == [{"Nigeria"}, {"Italy"}]


@pytest.mark.parametrize(
    ("question", "spellings"),
    [
        ("Which heroes are judges?", {"judge", "magistrates"}),
        ("Which barristers are there?", {"barrister", "lawyers", "attorney"}),
        ("Which heroes are journalists or nuns?", {"reporter", "nun", "sisters"}),
        ("Which heroes were trafficked themselves?", {"survivor", "victims"}),
    ],
)
def test_a_role_is_looked_for_in_all_its_spellings(
    stems: Stems, question: str, spellings: set[str]
) -> None:
    assert spellings <= parse(question, TOPICS, stems).roles


def test_what_somebody_works_on_is_no_role(stems: Stems) -> None:
    found = parse("Which heroes train judges?", TOPICS, stems)
    assert found.roles == frozenset()
    assert set(found.said) == {"train", "judges"}


def test_either_side_of_an_or_is_one_way_to_be_told(stems: Stems) -> None:
    found = parse("Which heroes run a garden or a bakery?", TOPICS, stems)
    ways = [[sorted(group) for group in way] for way in found.words]
    assert ways == [[["garden"]], [["bakeri"]]]


def test_only_topics_that_the_profiles_have_are_a_focus(stems: Stems) -> None:
    question = "Which heroes fight domestic servitude?"
    assert parse(question, ["Domestic Servitude"], stems).focus == ("Domestic Servitude",)
    assert parse(question, [], stems).focus == ()


@pytest.mark.parametrize(
    ("question", "places", "years", "gender", "role"),
    [
        ("When was the judge from Morocco honoured?", ["Morocco"], None, "", "judge"),
        ("What did the Mongolian woman found?", ["Mongolia"], None, "woman", ""),
        ("Where was the 2013 hero from Guyana born?", ["Guyana"], _award(2013, 2013), "", ""),
        ("How did the friar come to Brazil?", ["Brazil"], None, "", "friar"),
        ("When did the head of the centre leave?", [], None, "", ""),
        ("What is an answer?", [], None, "", ""),
    ],
)
def test_whom_a_question_describes(
    stems: Stems, question: str, places: list[str], years: Years | None, gender: str, role: str
) -> None:
    found = describing(question, stems)
    assert [place.name for place in found.places] == places
    assert (found.years, found.gender) == (years, gender)
    assert (role in found.roles) if role else not found.roles
    assert found.target == "person"


@pytest.mark.parametrize(
    "question",
    [
        "Which heroes never left their country?",
        "Which women are there except Mam?",
        "Which heroes have more than one prize?",
        "Who is the oldest hero?",
        "Which heroes have at least 2 prizes?",
        "Which heroes work neither in Asia nor in Africa?",
        "Which heroes without a prize are there?",
    ],
)
def test_a_condition_that_criteria_cannot_hold_is_noticed(question: str) -> None:
    assert asks_beyond(question)
    assert asks_beyond(question.upper())


@pytest.mark.parametrize(
    "question",
    [
        "Which heroes were women?",
        "Which notaries are there?",
        "How many heroes were honoured no later than 2010?",
        "Which heroes knot nets?",
        "Which heroes, as far as the profiles tell, work in Nepal?",
        "",
    ],
)
def test_other_questions_set_no_such_condition(question: str) -> None:
    assert not asks_beyond(question)


_WORDS = (
    "which who how many heroes women judges lawyers organisations founded in 2011 before the 1990s "
    "Cambodia south asia or and , sex trafficking not I'm writing: list them ? of survivors"
)


@given(st.lists(st.sampled_from(_WORDS.split()), max_size=12).map(" ".join) | st.text())
def test_any_text_is_read(question: str) -> None:
    found = parse(question, TOPICS, str.split)
    assert found.target in {"person", "organization", "country", "year", "title"}
    assert found.gender in {"", "woman", "man"}
    assert set(found.focus) <= set(TOPICS)
    assert found == parse(question, TOPICS, str.split)
    assert describing(question, str.split).words == ()
    assert isinstance(asks_beyond(question), bool)
