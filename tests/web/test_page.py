"""What the page's controls do, without a browser."""

from __future__ import annotations

import pytest

from tests.web import hostile
from tipsearch.answering.assistant import Assistant
from tipsearch.types import Kind
from tipsearch.web.page import Page


@pytest.fixture
def page(assistant: Assistant) -> Page:
    return Page(assistant)


def test_each_example_has_an_answer(page: Page, assistant: Assistant) -> None:
    examples = page.examples()
    assert "When did Legros leave AFESIP?" in examples
    assert 4 <= len(examples) <= 6
    assert all(assistant.ask(question).citations for question in examples)


def test_an_answered_question_leaves_the_box_empty(page: Page) -> None:
    left, chat, turns, shown = page.ask("Who founded Repórter Brasil?", None, [])
    assert left == ""
    assert chat is not None
    assert len(turns) == 1
    assert turns[0] in shown


@pytest.mark.parametrize("question", ["", "   ", "?!", "🙂", "x" * 2001, "\x00"])
def test_a_question_that_cannot_be_used_stays_in_the_box(page: Page, question: str) -> None:
    left, _, turns, shown = page.ask(question, None, ["<article>kept</article>"])
    assert left == question
    assert turns == ["<article>kept</article>"]
    assert "kept" in shown
    assert 'class="notice"' in shown


def test_a_box_nobody_typed_in_is_empty(page: Page) -> None:
    assert page.ask(None, None, [])[0] == ""
    assert page.search(None, 5, "", "", "", "").startswith('<p class="notice"')
    assert "Xavier Plassat" in page.profiles(None)


def test_a_lone_surrogate_can_be_shown(page: Page) -> None:
    _, _, _, shown = page.ask("Who founded \ud800 Repórter Brasil?", None, [])
    assert shown.encode("utf-8")


def test_a_bug_is_said_calmly(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def ask(
            self, question: str, threshold: float | None = None, kind: Kind | None = None
        ) -> None:
            raise RuntimeError(question)

    left, _, turns, shown = page.ask("Who?", Broken(), [])  # type: ignore[arg-type]
    assert (left, turns) == ("Who?", [])
    assert "went wrong" in shown
    assert "RuntimeError" in caplog.text


def test_the_slider_decides_and_says_what_it_does(page: Page) -> None:
    question = "Who founded Repórter Brasil?"
    _, _, (answered,), _ = page.ask(question, None, [], page.threshold)
    _, _, (refused,), _ = page.ask(question, None, [], 1.0)
    assert "<blockquote" in answered
    assert 'class="refusal"' in refused
    told = page.meaning(page.threshold)
    assert "% of the questions that have an answer" in told
    assert told != page.meaning(0.9)


def test_the_log_is_capped(page: Page) -> None:
    _, _, turns, _ = page.ask("Who founded Repórter Brasil?", None, ["old"] * 60)
    assert len(turns) == 50
    assert turns[-1] != "old"


def test_a_follow_up_knows_whom_it_is_about(page: Page) -> None:
    _, chat, turns, _ = page.ask("When did Xavier Plassat come to Brazil?", None, [])
    _, _, turns, _ = page.ask("What medal was he given in 2006?", chat, turns)
    assert "Understood as: What medal was Xavier Plassat given in 2006?" in turns[-1]


def test_search_filters_and_emphasises(page: Page) -> None:
    shown = page.search("rescued workers", 5, "Brazil", "", "", "")
    assert "Xavier Plassat" in shown
    assert "<b>rescued</b>" in shown
    assert "Charimaya" not in shown


@pytest.mark.parametrize("query", ["", "?!", "x" * 2001])
def test_a_search_for_nothing_says_so(page: Page, query: str) -> None:
    assert page.search(query, 5, "", "", "", "").startswith('<p class="notice"')


def test_a_search_without_results_says_so(page: Page) -> None:
    assert "No passage matches" in page.search("award", 5, "Brazil", "Shakti Samuha", "", "")


def test_filters_offer_what_the_index_holds(page: Page) -> None:
    offered = page.choices("active_in")
    assert offered[0] == ("Any country", "")
    assert ("Cambodia", "Cambodia") in offered


def test_payloads_in_a_conversation_are_text(page: Page) -> None:
    _, _, _, shown = page.ask(hostile.QUESTION + " <img src=x>", None, [])
    assert "<img" not in shown
    assert "<script" not in shown
