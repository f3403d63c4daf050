"""The assistant with a language model set up: a real server, honest, dishonest, or not there."""

from __future__ import annotations

import pytest

from tests.answering.chat_server import ChatServer, line, says, sends
from tipsearch.answering.assistant import Assistant
from tipsearch.answering.llm import GeneratorSettings
from tipsearch.answering.reader import SpanReader
from tipsearch.index import Index

QUESTION = "When did Legros leave AFESIP?"
QUOTE = "Pierre Legros resigned from AFESIP in 2004"
HONEST = line(f"{QUOTE}.", ("S1", QUOTE))
INVENTED = line("Pierre Legros was arrested in 2004.", ("S1", QUOTE))


def assistant(index: Index, reader: SpanReader, server: ChatServer) -> Assistant:
    return Assistant(index, reader, GeneratorSettings(server.url, "model", timeout_s=5))


def test_what_passes_is_given_with_its_quote_and_the_rest_is_told(
    real_index: Index, reader: SpanReader
) -> None:
    with ChatServer(says(f"{HONEST}\n{INVENTED}")) as server:
        ours = assistant(real_index, reader, server)
        answer = ours.phrase(ours.ask(QUESTION))
    assert answer.text == "2004"
    (phrase,) = answer.phrased
    assert phrase.text == f"{QUOTE}."
    assert QUOTE in phrase.citations[0].quote
    assert answer.notice == "1 of the language model's sentences did not pass the checks"


def test_sentences_come_one_after_another(real_index: Index, reader: SpanReader) -> None:
    with ChatServer(says(HONEST)) as server:
        ours = assistant(real_index, reader, server)
        told = [len(answer.phrased) for answer in ours.phrasing(ours.ask(QUESTION))]
    assert told == [0, 1]


def test_a_server_that_fails_leaves_the_quotes(real_index: Index, reader: SpanReader) -> None:
    with ChatServer(sends(b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n")) as server:
        ours = assistant(real_index, reader, server)
        answer = ours.phrase(ours.ask(QUESTION))
    assert answer.text == "2004"
    assert answer.citations
    assert answer.phrased == ()
    assert answer.notice.endswith("the quotes stand")


def test_a_refusal_is_never_phrased(real_index: Index, reader: SpanReader) -> None:
    with ChatServer(says(HONEST)) as server:
        ours = assistant(real_index, reader, server)
        answer = ours.ask("How old is Somaly Mam?")
        assert ours.phrase(answer) == answer
        assert server.asked == []


def test_without_a_server_an_answer_is_as_it_is(
    real_index: Index, reader: SpanReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TIPSEARCH_LLM_URL", raising=False)
    ours = Assistant(real_index, reader, GeneratorSettings.from_environment())
    assert not ours.phrases
    answer = ours.ask(QUESTION)
    assert ours.phrase(answer) == answer
