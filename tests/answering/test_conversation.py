"""Follow-ups stand on their own."""

from __future__ import annotations

import pytest

from tipsearch.answering.assistant import Assistant
from tipsearch.answering.conversation import Conversation
from tipsearch.answering.reader import SpanReader
from tipsearch.errors import QueryError
from tipsearch.index import Index
from tipsearch.types import Reason


@pytest.fixture
def chat(real_index: Index, reader: SpanReader) -> Conversation:
    return Assistant(real_index, reader).conversation()


def test_he_and_it_are_the_people_and_the_thing_last_spoken_of(chat: Conversation) -> None:
    chat.ask("Who founded AFESIP?")
    answer = chat.ask("When did he leave it?")
    assert answer.question == "When did Pierre Legros leave AFESIP?"
    assert answer.text is not None
    assert "2004" in answer.text


def test_a_person_named_is_the_one_meant_next(chat: Conversation) -> None:
    chat.ask("When did Legros leave AFESIP?")
    assert chat.standalone("Where did he go?") == "Where did Pierre Legros go?"
    assert chat.standalone("What was his job?") == "What was Pierre Legros's job?"
    assert chat.standalone("What became of that group?") == "What became of AFESIP?"


def test_a_new_subject_replaces_the_old_one(chat: Conversation) -> None:
    chat.ask("When did Legros leave AFESIP?")
    chat.ask("When did Plassat come to Brazil?")
    assert chat.standalone("Who gave him a medal?") == "Who gave Xavier Plassat a medal?"


def test_a_person_asked_about_in_vain_is_still_the_one_meant(chat: Conversation) -> None:
    chat.ask("When did Legros leave AFESIP?")
    assert chat.ask("How many children does Tamang have?").text is None
    assert chat.standalone("When was she freed?") == "When was Charimaya Tamang freed?"


def test_a_pronoun_of_a_name_in_the_same_question_stays(chat: Conversation) -> None:
    chat.ask("When did Legros leave AFESIP?")
    question = "When did Plassat get his medal?"
    assert chat.standalone(question) == question


def test_nothing_is_put_in_when_nobody_was_spoken_of(chat: Conversation) -> None:
    assert chat.standalone("When did he leave it?") == "When did he leave it?"


def test_a_question_that_cannot_be_used_leaves_the_conversation_as_it_was(
    chat: Conversation,
) -> None:
    chat.ask("When did Legros leave AFESIP?")
    with pytest.raises(QueryError):
        chat.ask("???")
    assert chat.standalone("Where did he go?") == "Where did Pierre Legros go?"


def test_two_conversations_know_nothing_of_each_other(
    real_index: Index, reader: SpanReader
) -> None:
    assistant = Assistant(real_index, reader)
    one, other = assistant.conversation(), assistant.conversation()
    one.ask("When did Legros leave AFESIP?")
    assert other.standalone("Where did he go?") == "Where did he go?"


def test_a_role_that_whom_we_spoke_of_has_not_is_somebody_else(chat: Conversation) -> None:
    chat.ask("When did Legros leave AFESIP?")
    answer = chat.ask("When was the judge honoured?")
    assert answer.reason is Reason.AMBIGUOUS
    assert set(answer.choices) == {"Amina Oufroukhi", "Tek Narayan Kunwar"}


def test_a_role_that_whom_we_spoke_of_has_is_theirs(chat: Conversation) -> None:
    chat.ask("Where does Amina Oufroukhi work?")
    answer = chat.ask("When was the judge honoured?")
    assert answer.question == "When was the judge honoured (Amina Oufroukhi)?"
    assert [citation.title for citation in answer.citations] == ["Amina Oufroukhi"]
