"""The Gradio page: ask, search, browse. It picks up a rebuilt index as it is used."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tipsearch.answering.conversation import Conversation
from tipsearch.answering.questions import content_words
from tipsearch.errors import QueryError, TipsearchError
from tipsearch.retrieval import lexical
from tipsearch.types import Kind
from tipsearch.web import reading, render
from tipsearch.web.ask import CONCURRENT, QUIET, AskTab, html

if TYPE_CHECKING:
    import gradio as gr

    from tipsearch.answering.assistant import Assistant
    from tipsearch.index import Snapshot

QUEUED = 100
"""Questions that may wait; a further one is told at once that the server is busy."""

_TURNS = 50  # kept on the page; an answer with its passages is about 5 kB
_FILTERS = {
    "active_in": ("Active in", "Any country"),
    "organization": ("Organization", "Any organization"),
    "award_year": ("Award year", "Any year"),
    "focus": ("Focus", "Any focus"),
}
_RESULTS = (("5 results", 5), ("10 results", 10), ("20 results", 20))
_log = logging.getLogger(__name__)


class Page:
    """What the page's controls do; each method returns what is shown."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    def examples(self) -> list[str]:
        """Return questions to start with: those of examples.txt that the profiles answer."""
        written = Path(__file__).with_name("examples.txt").read_text("utf-8").splitlines()
        return [question for question in written if self._answers(question)]

    def _answers(self, question: str) -> bool:
        try:
            return self._assistant.ask(question).text is not None
        except TipsearchError:
            return False

    def ask(
        self,
        question: str | None,
        chat: Conversation | None,
        turns: list[str],
        threshold: float | None = None,
        kind: Kind | None = None,
    ) -> tuple[str, Conversation | None, list[str], str]:
        """Answer a question, as what it is taken for, or as the kind that is given.

        Returns
        -------
        tuple
            What is left in the box (the question, if it could not be used), the conversation,
            its turns, and the log to show.
        """
        question = question or ""
        asked = question.encode("utf-8", "replace").decode("utf-8")
        try:
            self._assistant.refresh()
            chat = chat or self._assistant.conversation()
            turn = render.answered(asked, chat.ask(asked, threshold=threshold, kind=kind))
        except TipsearchError as error:
            trouble = render.failed(asked.strip(), error.message, error.hint)
        except Exception:
            _log.exception("a question failed")
            trouble = render.failed(asked.strip(), "something went wrong here", "ask again")
        else:
            turns = [*turns, turn][-_TURNS:]
            return "", chat, turns, render.conversation(turns)
        return question, chat, turns, render.conversation([*turns, trouble])

    @property
    def phrases(self) -> bool:
        """Whether a language model is set up to phrase answers."""
        return self._assistant.phrases

    def phrase(
        self, chat: Conversation | None, turns: list[str]
    ) -> Iterator[tuple[list[str], str]]:
        """Yield the turns and the log with the last answer phrased, sentence by sentence."""
        if chat is None or chat.last is None or not turns:
            return
        for answer in self._assistant.phrasing(chat.last):
            turns = [*turns[:-1], render.answered(answer.question, answer)]
            yield turns, render.conversation(turns)

    def meaning(self, threshold: float) -> str:
        """Return what a threshold does, as it was measured."""
        return render.threshold_meaning(threshold, self._assistant.curve)

    @property
    def threshold(self) -> float:
        """The least confidence of an answer, as it is set."""
        return self._assistant.index.snapshot.settings.answer_threshold

    def search(self, query: str | None, count: int, *values: str) -> str:
        """Return what a search finds; ``values`` are those of the filters, "" for any."""
        filters = {field: value for field, value in zip(_FILTERS, values, strict=True) if value}
        query = query or ""
        self._assistant.refresh()
        snapshot = self._assistant.index.snapshot
        try:
            hits = snapshot.search(query, count, filters)
        except QueryError as error:
            return render.notice(error.message, error.hint)
        return render.search_results(hits, _matcher(snapshot, query))

    def choices(self, field: str) -> list[tuple[str, str]]:
        """Return a filter's choices as (shown, value), that for any value first."""
        self._assistant.refresh()
        values = self._assistant.index.snapshot.store.field_values(field)
        return [(_FILTERS[field][1], ""), *((value, value) for value in values)]

    def profiles(self, name: str | None = None) -> str:
        """Return the profiles whose names hold the words of ``name``."""
        self._assistant.refresh()
        return reading.profile_list(self._assistant, name or "")


def _matcher(snapshot: Snapshot, query: str) -> render.IsMatch:
    """Tell words that share a stem with the query, unless they are common ones."""
    stems = lexical.words
    wanted = set(stems(" ".join(content_words(query))))
    return lambda word: not wanted.isdisjoint(stems(word))


def build(assistant: Assistant) -> gr.Blocks:
    """Lay the page out."""
    import gradio as gr

    page = Page(assistant)
    with gr.Blocks(title="tipsearch", analytics_enabled=False) as blocks:
        html(reading.masthead())
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Ask", id="ask"):
                AskTab(page)
            with gr.Tab("Search", id="search") as search_tab:
                _search_tab(page, blocks, search_tab)
            with gr.Tab("Profiles", id="profiles") as profiles_tab:
                _profiles_tab(page, blocks, profiles_tab)
    blocks.queue(max_size=QUEUED, api_open=False, default_concurrency_limit=CONCURRENT)
    return blocks


def _search_tab(page: Page, blocks: gr.Blocks, tab: gr.Tab) -> None:
    import gradio as gr

    with gr.Row(elem_id="search-row"):
        query = gr.Textbox(
            label="Words to search for",
            placeholder="Search the profiles",
            container=False,
            scale=1,
            elem_id="query",
        )
        button = gr.Button("Search", variant="primary", scale=0, min_width=90, elem_id="find")
    with gr.Row(elem_id="filters"):
        filters = [
            gr.Dropdown(page.choices(field), value="", label=label, show_label=False)
            for field, (label, _) in _FILTERS.items()
        ]
        count = gr.Dropdown(list(_RESULTS), value=10, label="Number of results", show_label=False)
    results = html("", elem_id="results")

    def refreshed(*chosen: str) -> list[object]:
        offered = [page.choices(field) for field in _FILTERS]
        return [
            gr.update(choices=choices, value=value if value in dict(choices).values() else "")
            for choices, value in zip(offered, chosen, strict=True)
        ]

    for trigger in (query.submit, button.click):
        trigger(page.search, [query, count, *filters], results, **QUIET)
    for trigger in (tab.select, blocks.load):
        trigger(refreshed, filters, filters, **QUIET)


def _profiles_tab(page: Page, blocks: gr.Blocks, tab: gr.Tab) -> None:
    import gradio as gr

    name = gr.Textbox(
        label="Filter by name",
        placeholder="Filter by name",
        container=False,
        elem_id="name",
    )
    listed = html(page.profiles(), elem_id="profiles")
    name.input(page.profiles, name, listed, trigger_mode="always_last", **QUIET)
    for trigger in (tab.select, blocks.load):
        trigger(page.profiles, name, listed, **QUIET)
