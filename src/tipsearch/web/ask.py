"""The Ask tab: a log of turns, a box, and what can be asked again otherwise with one click."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tipsearch.answering.conversation import Conversation
from tipsearch.types import ANSWERED_KINDS, Kind
from tipsearch.web import render

if TYPE_CHECKING:
    import gradio as gr

    from tipsearch.web.page import Page

CONCURRENT = 2
"""Questions answered at once; each keeps a core busy."""

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_ASKING: dict[str, Any] = {
    "concurrency_limit": CONCURRENT,
    "concurrency_id": "ask",
    "show_progress": "minimal",
    "api_visibility": "private",
}
_ASKED_AS = {
    "a look-up": Kind.FACT,
    "a list": Kind.LIST,
    "a count": Kind.COUNT,
    "a portrait": Kind.OVERVIEW,
    "a timeline": Kind.TIMELINE,
}
_CHOICES = 4  # of people whom a name may mean, that are offered


def html(value: str, elem_id: str | None = None) -> gr.HTML:
    """Return HTML as it is, without Gradio's styles and scripts."""
    import gradio as gr

    return gr.HTML(value, apply_default_css=False, js_on_load=None, elem_id=elem_id)


class AskTab:
    """Lays the tab out where it is made, and answers what is done in it."""

    def __init__(self, page: Page) -> None:
        import gradio as gr

        self._page = page
        self._chat, self._turns = gr.State(None), gr.State([])
        with gr.Column(elem_id="welcome") as self._welcome:
            html(
                "<h1>Ask about the people who fight human trafficking</h1>"
                "<p>Every answer is quoted from the profiles, word for word. "
                "If they do not say, you are told so.</p>"
            )
            self._examples = [gr.Button(q, elem_classes="example") for q in page.examples()]
        self._log = html(render.conversation([]), elem_id="log")
        with gr.Column(elem_id="composer"):
            with gr.Row():
                self._box = gr.Textbox(
                    label="Your question",
                    placeholder="Ask a question",
                    lines=1,
                    max_lines=6,
                    autofocus=True,
                    container=False,
                    scale=1,
                    elem_id="question",
                )
                self._button = gr.Button(
                    "Ask", variant="primary", scale=0, min_width=80, elem_id="ask"
                )
            self._least = self._sureness()
            with gr.Row(visible=False, elem_id="meant") as self._meant:
                self._choices = [
                    gr.Button(visible=False, elem_classes="choice", scale=0)
                    for _ in range(_CHOICES)
                ]
                self._otherwise = html("Meant otherwise? Ask for", elem_id="otherwise")
                self._others = [
                    gr.Button(label, size="sm", min_width=0, scale=0) for label in _ASKED_AS
                ]
            self._again = gr.Button("New conversation", visible=False, elem_id="again")
        self._connect()

    def _sureness(self) -> gr.Slider:
        """Lay out the slider that sets how sure an answer must be, and what it does."""
        import gradio as gr

        page = self._page
        with gr.Accordion("How sure must an answer be?", open=False, elem_id="sureness"):
            least = gr.Slider(
                0,
                1,
                page.threshold,
                step=0.05,
                label="Least confidence",
                buttons=[],
                elem_id="threshold",
            )
            meaning = html(page.meaning(page.threshold), elem_id="meaning")
        least.change(page.meaning, least, meaning, **QUIET)
        return least

    def _connect(self) -> None:
        held = [self._chat, self._turns, self._least]
        outputs = [
            self._box, self._chat, self._turns, self._log, self._welcome, self._again,
            self._meant, self._otherwise, *self._choices, *self._others,
        ]  # fmt: skip
        sources = [(self._box.submit, self._box), (self._button.click, self._box)]
        sources += [(example.click, example) for example in self._examples]
        asked = [
            trigger(self._ask, [box, *held], outputs, show_progress_on=self._log, **_ASKING)
            for trigger, box in sources
        ]
        asked += [
            choice.click(self._choose, [choice, *held], outputs, **_ASKING)
            for choice in self._choices
        ]
        asked += [
            button.click(self._ask_as(kind), held, outputs, **_ASKING)
            for button, kind in zip(self._others, _ASKED_AS.values(), strict=True)
        ]
        if self._page.phrases:
            for event in asked:
                event.then(
                    self._phrase, [self._chat, self._turns], [self._turns, self._log], **QUIET
                )
        self._again.click(self._start_again, None, outputs, **QUIET)

    def _ask(
        self, question: str | None, chat: Conversation | None, turns: list[str], least: float
    ) -> list[object]:
        import gradio as gr

        left, chat, turns, shown = self._page.ask(question, chat, turns, least)
        return [gr.skip() if left else "", chat, turns, shown, *self._offered(chat, turns)]

    def _ask_as(self, kind: Kind) -> Callable[..., list[object]]:
        """Return what asks the last question again, as another kind."""

        def ask(chat: Conversation | None, turns: list[str], least: float) -> list[object]:
            last = chat.last.question if chat and chat.last else ""
            _, chat, turns, shown = self._page.ask(last, chat, turns, least, kind)
            return ["", chat, turns, shown, *self._offered(chat, turns)]

        return ask

    def _choose(
        self, name: str, chat: Conversation | None, turns: list[str], least: float
    ) -> list[object]:
        """Ask the last question again of the person who was meant."""
        last = chat.last.question if chat and chat.last else ""
        return self._ask(f"{last.rstrip(' ?')} ({name})?", chat, turns, least)

    def _phrase(
        self, chat: Conversation | None, turns: list[str]
    ) -> Iterator[tuple[list[str], str]]:
        yield from self._page.phrase(chat, turns)

    def _start_again(self) -> list[object]:
        return ["", None, [], render.conversation([]), *self._offered(None, [])]

    def _offered(self, chat: Conversation | None, turns: list[str]) -> list[object]:
        """Show what can be asked after a turn: whom a name meant, or the question otherwise."""
        import gradio as gr

        last = chat.last if chat else None
        names = last.choices[:_CHOICES] if last else ()
        taken_for = last.kind if last else ""
        kinds = taken_for in ANSWERED_KINDS and not names
        return [
            gr.update(visible=not turns),
            gr.update(visible=bool(turns)),
            gr.update(visible=bool(names) or kinds),
            gr.update(visible=kinds),
            *(gr.update(value=name, visible=True) for name in names),
            *(gr.update(visible=False) for _ in range(_CHOICES - len(names))),
            *(gr.update(visible=kinds and kind != taken_for) for kind in _ASKED_AS.values()),
        ]
