"""What a question asks for."""

from __future__ import annotations

import pytest

from tipsearch.answering.questions import Wanted, is_small_talk, names, satisfies, wanted


@pytest.mark.parametrize("question", ["hi", "Hello!", "Thanks a lot.", "What can you do?", "HELP"])
def test_small_talk_is_recognised(question: str) -> None:
    assert is_small_talk(question)


@pytest.mark.parametrize(
    "question",
    ["Hello, who founded AFESIP?", "What is AFESIP?", "Who helped Legros?", "Thanks to whom?"],
)
def test_a_question_is_not_small_talk(question: str) -> None:
    assert not is_small_talk(question)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When did Legros leave AFESIP?", Wanted.DATE),
        ("In which year was it founded?", Wanted.DATE),
        ("How old is Somaly Mam?", Wanted.AGE),
        ("How many girls were helped?", Wanted.NUMBER),
        ("How much was the prize?", Wanted.NUMBER),
        ("Who founded AFESIP?", Wanted.NAME),
        ("Where did they meet?", Wanted.NAME),
        ("Why did he resign?", Wanted.ANYTHING),
        ("Tell me about AFESIP", Wanted.ANYTHING),
    ],
)
def test_the_kind_of_answer_is_told_from_the_question_word(question: str, kind: Wanted) -> None:
    assert wanted(question) is kind


@pytest.mark.parametrize(
    ("kind", "sentence", "held"),
    [
        (Wanted.DATE, "He resigned in 2004.", True),
        (Wanted.DATE, "They met in the early 1990s.", True),
        (Wanted.DATE, "He resigned from AFESIP.", False),
        (Wanted.NUMBER, "Eight people were convicted.", True),
        (Wanted.NUMBER, "83 women were rescued.", True),
        (Wanted.NUMBER, "People were convicted.", False),
        (Wanted.AGE, "She was born in 1970.", True),
        (Wanted.AGE, "They founded it in 1996.", False),
        (Wanted.NAME, "they moved to France.", True),
        (Wanted.NAME, "they moved abroad.", False),
        (Wanted.NAME, "an award by Élise", True),
        (Wanted.ANYTHING, "", True),
    ],
)
def test_a_sentence_holds_the_kind_of_thing_or_not(kind: Wanted, sentence: str, held: bool) -> None:
    assert satisfies(sentence, kind) is held


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
