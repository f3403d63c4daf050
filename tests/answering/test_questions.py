"""What a question asks for."""

from __future__ import annotations

import pytest

from tipsearch.answering.questions import is_of_the_sort_asked, names, wants_sentence


@pytest.mark.parametrize(
    "question",
    [
        "Why did he resign?",
        "Did Legros leave AFESIP?",
        "And was she honoured?",
        "How did Prum get off the boat?",
        "HAS IT CLOSED?",
    ],
)
def test_yes_or_no_why_and_how_want_a_sentence(question: str) -> None:
    assert wants_sentence(question)


@pytest.mark.parametrize(
    "question",
    [
        "When did he resign?",
        "How many girls were helped?",
        "How old is she?",
        "Who was honoured?",
        "Whyte left when?",
        "Isaac did what?",
    ],
)
def test_what_can_be_said_in_a_phrase_wants_none(question: str) -> None:
    assert not wants_sentence(question)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("When did Pierre Legros leave AFESIP?", ["Pierre Legros", "AFESIP"]),
        ("Nelson Mandela left when?", ["Nelson Mandela"]),
        ("Rescued from brothels by whom?", []),
        ("What is Legros's work?", ["Legros"]),
        ("What did Mam, Legros and Prum do?", ["Mam", "Legros", "Prum"]),
        ("who is somaly mam", []),
        ("When did Mr. Legros meet Ms. Mam?", ["Legros", "Mam"]),
        ("Did Sister Aziza help?", ["Aziza"]),
        ("WHEN DID LEGROS LEAVE", []),
        ("When Did Legros Leave Afesip?", []),
        ("Wer ist Élise Müller?", ["Élise Müller"]),
        ("Did I meet Repórter Brasil?", ["Repórter Brasil"]),
        ("", []),
    ],
)
def test_names_are_told_by_their_capitals(question: str, found: list[str]) -> None:
    assert names(question) == found


@pytest.mark.parametrize(
    ("question", "answer", "can"),
    [
        ("How long was the prison term?", "nine-year-old", False),
        ("How long was the prison term?", "six-year", True),
        ("For how long did she stay?", "two decades", True),
        ("How much did they get?", "Google", False),
        ("How much did they get?", "200,000 dollars", True),
        ("How often did they meet?", "twice a year", True),
        ("At what age did she leave?", "Paris", False),
        ("At what age did she leave?", "nineteen", True),
        ("Which country did he flee to?", "the police", False),
        ("From which countries did they come?", "Mali and Togo", True),
        ("Into which neighbouring countries did it spread?", "Thailand", True),
    ],
)
def test_an_answer_is_of_the_sort_that_is_asked_for(
    question: str, answer: str, *, can: bool
) -> None:
    assert is_of_the_sort_asked(question, answer) is can
