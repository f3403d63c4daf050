"""HTML of answers, hits and profiles: what is marked, and that nothing is markup."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.web import hostile
from tipsearch.types import (
    Answer,
    Citation,
    Evidence,
    Fields,
    Hit,
    Passage,
    Phrase,
    Profile,
    Reason,
    Scores,
)
from tipsearch.web import render

TEXT = "Ann Lee left Safe in 2004. She founded Home.\n\nShe lives in Rome."
EVIL = " ".join(hostile.PAYLOADS)
ALLOWED = set(
    "a article b blockquote cite dd details div dl dt figcaption figure h1 h2 li mark ol p section "
    "small span summary ul".split()
)


def profile(text: str = TEXT, **changes: object) -> Profile:
    values: dict[str, object] = {
        "id": "ann-lee-00000000",
        "title": "Ann Lee",
        "names": ("Ann Lee", "A. L."),
        "text": text,
        "fields": Fields(active_in=("Italy",), award_year=("2004",)),
        "sources": ("https://www.example.org/ann?x=1&y=2", "javascript:alert(1)", "http://[bad"),
        "file": "ann.txt",
        "sha256": "0" * 64,
    }
    return Profile(**{**values, **changes})  # type: ignore[arg-type]


def citation(start: int = 0, end: int = 26, answer: tuple[int, int] = (21, 25)) -> Citation:
    quote = TEXT[start:end]
    return Citation("ann-lee-00000000", "Ann Lee", 1, start, end, *answer, quote, "0" * 64)


def hit(start: int, end: int) -> Hit:
    passage = Passage("ann-lee-00000000", start, end, 1, TEXT[start:end])
    return Hit(1, "Ann Lee", passage, Scores(0.5, 1.0, 0.5))


def tags(html: str) -> set[str]:
    return set(re.findall(r"<(\w+)", html))


def shown(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


def test_a_short_answer_stands_above_its_quote() -> None:
    html = render.answered("When?", Answer("When?", "2004", "fact", 0.9, (citation(),)))
    assert '<p class="short" dir="auto">2004</p>' in html
    assert "Ann Lee left Safe in <mark>2004</mark>." in html
    assert "paragraph 1" in html
    assert "/profiles/ann-lee-00000000?start=0&amp;end=26#quote" in html
    assert "Understood as" not in html


def test_an_answer_as_long_as_its_quote_is_not_said_twice() -> None:
    whole = citation(answer=(0, 26))
    html = render.answered("When?", Answer("When?", whole.quote, "fact", 0.9, (whole,)))
    assert 'class="short"' not in html
    assert f'<mark class="whole">{whole.quote}</mark>' in html


def test_a_follow_up_says_how_it_was_understood() -> None:
    html = render.answered("And when?", Answer("When Ann Lee?", "2004", "fact", 0.9, (citation(),)))
    assert "Understood as: When Ann Lee?" in html


def test_what_is_counted_is_listed_each_with_its_quote_and_doubts_apart() -> None:
    cited = (citation(), citation(27, 44, (31, 38)), citation())
    answer = Answer(
        "How many?", "2", "count", 0.9, cited, ("Ann", "Bo"),
        possibly=("Cy",), understood="Heroes: 2, of 9 profiles",
    )  # fmt: skip
    html = render.answered("How many?", answer)
    assert html.count("<figure") == len(cited)
    names = re.findall(r'class="item" dir="auto">([^<]+)<', html)
    assert names == ["Ann", "Bo", "Cy"]
    assert html.index("Bo<") < html.index("Possibly") < html.index("Cy<")
    assert '<p class="short" dir="auto">2</p>' in html
    assert "Heroes: 2, of 9 profiles" in html


def test_a_list_and_an_overview_are_their_quotes() -> None:
    for kind, items in (("list", ("Ann",)), ("overview", ())):
        answer = Answer("Who?", "Ann", kind, 0.9, (citation(),), items)
        assert "short" not in render.answered("Who?", answer)


def test_what_a_model_phrased_stands_above_the_quotes_as_such() -> None:
    phrase = Phrase("Ann Lee left in <2004>.", (citation(),))
    answer = Answer(
        "When?", "2004", "fact", 0.9, (citation(),), phrased=(phrase,), notice="1 was <left> out"
    )
    html = render.answered("When?", answer)
    assert html.index("left in &lt;2004&gt;") < html.index("language model") < html.index("<mark")
    assert "1 was &lt;left&gt; out." in html
    assert html.count("<figure") == 1


def test_a_profile_shows_what_was_read_from_its_text_where_no_label_says_it() -> None:
    read = [
        Evidence("ann-lee-00000000", "focus", "Home & Aid", 27, 44, labelled=False),
        Evidence("ann-lee-00000000", "active_in", "Italy", 0, 0, labelled=True),
    ]
    html = render.profile_page(profile(), 0, 0, read)
    assert "read from the text" in html
    assert "start=27&amp;end=44" in html
    assert "Home &amp; Aid" in html
    assert html.count("Italy") == 1


def test_other_passages_leave_the_cited_one_out() -> None:
    answer = Answer("When?", "2004", "fact", 0.9, (citation(),), hits=(hit(0, 44), hit(46, 64)))
    html = render.answered("When?", answer)
    assert "Other passages" in html
    assert html.count("<li>") == 1
    assert "She lives in Rome." in html


def test_a_refusal_marks_its_passages_as_no_answer() -> None:
    answer = Answer(
        "When?", None, "fact", 0.0, hits=(hit(0, 44),), reason=Reason.NOT_SAID, detail="Not said."
    )
    html = render.answered("When?", answer)
    assert "Not said." in html
    assert "Closest passages (not an answer)" in html
    assert "<mark" not in html


def test_search_results_emphasise_words() -> None:
    html = render.search_results([hit(0, 44)], lambda word: word in {"Safe", "She"})
    assert "left <b>Safe</b> in 2004. <b>She</b> founded" in html
    assert "1 passage<" in html
    assert "No passage matches" in render.search_results([], lambda _: False)


@pytest.mark.parametrize(
    ("start", "end", "marked"),
    [
        (0, 26, "Ann Lee left Safe in 2004."),
        (27, 30, "She"),
        (0, len(TEXT), TEXT.replace("\n\n", "")),
        (-1, 5, ""),
        (5, 5, ""),
        (9, 3, ""),
        (0, len(TEXT) + 1, ""),
        (10**9, 10**10, ""),
    ],
)
def test_offsets_mark_the_text_or_nothing(start: int, end: int, marked: str) -> None:
    html = render.profile_page(profile(), start, end)
    assert "".join(re.findall(r"<mark[^>]*>(.*?)</mark>", html)) == marked
    assert html.count('id="quote"') == (1 if marked else 0)


def test_only_web_sources_are_links() -> None:
    html = render.profile_page(profile(), 0, 0)
    assert re.findall(r'href="([^"]*)"', html) == ["https://www.example.org/ann?x=1&amp;y=2"]
    assert 'rel="noopener"' in html
    assert "javascript:alert(1)" in html


def test_other_names_are_told() -> None:
    assert "Also A. L." in render.profile_page(profile(), 0, 0)


def test_a_card_gives_what_is_known_from_labels_and_from_the_text() -> None:
    known = [
        Evidence("ann-lee-00000000", "active_in", "Italy", 0, 0, labelled=True),
        Evidence("ann-lee-00000000", "award_year", "2005", 27, 44, labelled=False),
        Evidence("bo", "active_in", "Peru", 0, 9, labelled=False),
    ]
    html = render.profile_list([profile()], "", known)
    assert "Italy · 2005" in html
    assert "Peru" not in html


def test_a_name_filter_wants_every_word() -> None:
    profiles = [profile(), profile(title="Bo Ray", names=("Bo Ray",), id="bo")]
    assert "Bo Ray" not in render.profile_list(profiles, "lee ANN")
    assert "No profile has that name" in render.profile_list(profiles, "ann ray")


def evil() -> Profile:
    fields = Fields((EVIL,), (EVIL,), (EVIL,), (EVIL,), (EVIL,), (EVIL,))
    return profile(
        text=EVIL, title=EVIL, names=(EVIL, "x" + EVIL), fields=fields, sources=(EVIL,), id=EVIL
    )


def evil_answers() -> list[str]:
    said = Citation(EVIL, EVIL, 1, 0, len(EVIL), 3, 9, EVIL, "0" * 64)
    found = Hit(1, EVIL, Passage(EVIL, 0, len(EVIL), 1, EVIL), Scores(1.0, 1.0, 1.0))
    return [
        render.answered(EVIL, Answer(EVIL + "?", "x", "fact", 1.0, (said,), (EVIL,), (found,))),
        render.answered(EVIL, Answer(EVIL, None, "fact", 0.0, (), (), (found,), None, EVIL)),
        render.failed(EVIL, EVIL, EVIL),
        render.notice(EVIL, EVIL),
        render.search_results([found], lambda _: True),
        render.profile_list([evil()]),
        render.profile_page(evil(), 0, len(EVIL)),
    ]


@pytest.mark.parametrize("html", evil_answers())
def test_no_payload_becomes_markup(html: str) -> None:
    assert tags(html) <= ALLOWED
    assert not re.search(r"<[^>]*\son\w+=", html)
    assert not re.search(r'href="(?!/profiles/)', html)


def test_payloads_are_shown_as_they_are() -> None:
    assert EVIL in shown(render.profile_page(evil(), 0, 5))
