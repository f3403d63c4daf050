"""The page as a reader meets it, in a real browser."""

from __future__ import annotations

import contextlib

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Site
from tests.web import hostile

BOX = "#question textarea"


def ask(page: Page, question: str) -> Locator:
    """Type a question, press Enter, and return the turn it makes."""
    turns = page.locator("#log .turn")
    before = turns.count()
    page.fill(BOX, question)
    page.press(BOX, "Enter")
    expect(turns).to_have_count(before + 1)
    return turns.last


def sideways(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return width


def test_an_answer_is_quoted_cited_and_opens_at_its_sentence(page: Page, site: Site) -> None:
    page.goto(site.address)
    turn = ask(page, "When did Legros leave AFESIP?")
    expect(turn.locator("mark")).to_contain_text("2004")
    expect(turn.locator("figcaption")).to_contain_text("Pierre Legros and Somaly Mam")
    expect(turn.locator("figcaption")).to_contain_text("paragraph 2")
    expect(page.locator(BOX)).to_have_value("")

    turn.get_by_role("link", name="Open the profile").first.click()
    mark = page.locator("#drawer mark")
    expect(mark).to_contain_text("resigned from AFESIP in 2004")
    expect(mark).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).not_to_be_visible()


def test_the_short_answer_stands_above_its_sentence(page: Page, site: Site) -> None:
    page.goto(site.address)
    turn = ask(page, "When did Legros leave AFESIP?")
    expect(turn.locator(".short")).to_have_text("2004")


def press_until(slider: Locator, key: str, value: str) -> None:
    """Press again if need be: a press while Gradio lays the opened part out is undone."""
    for _ in range(5):
        slider.press(key)
        with contextlib.suppress(AssertionError):
            expect(slider).to_have_value(value, timeout=1000)
            return
    expect(slider).to_have_value(value)


def test_how_sure_an_answer_must_be_can_be_set(page: Page, site: Site) -> None:
    page.goto(site.address)
    expect(page.locator(BOX)).to_be_focused()  # it takes the focus once, from whoever has it
    page.get_by_role("button", name="How sure must an answer be?").click()
    slider = page.get_by_role("slider", name="Least confidence")
    expect(page.locator("#meaning")).to_contain_text("of all answers given")
    before = page.locator("#meaning").inner_text()
    expect(slider).to_be_visible()
    press_until(slider, "End", "1")
    expect(page.locator("#meaning")).not_to_have_text(before)
    turn = ask(page, "When did Legros leave AFESIP?")
    expect(turn.locator(".refusal")).to_be_visible()
    press_until(slider, "Home", "0")
    expect(ask(page, "When did Legros leave AFESIP?").locator(".short")).to_have_text("2004")


def test_a_question_the_profiles_do_not_answer_gets_no_answer(page: Page, site: Site) -> None:
    page.goto(site.address)
    turn = ask(page, "What is the capital of France?")
    expect(turn.locator(".refusal")).to_be_visible()
    expect(turn.locator("blockquote, mark")).to_have_count(0)
    expect(turn.locator("summary")).to_have_text("Closest passages (not an answer)")


def test_a_question_that_cannot_be_used_is_told_so_and_kept(page: Page, site: Site) -> None:
    page.goto(site.address)
    for question, remark in (("?!", "has no word"), ("why " * 600, "has 2,400 characters")):
        page.fill(BOX, question)
        page.press(BOX, "Enter")
        expect(page.locator("#log .notice")).to_contain_text(remark)
        expect(page.locator(BOX)).to_have_value(question)
    page.fill(BOX, "Who founded Repórter Brasil?")
    page.press(BOX, "Enter")
    expect(page.locator("#log .notice")).to_have_count(0)
    expect(page.locator("#log .turn")).to_contain_text("Leonardo Sakamoto")


def test_a_follow_up_and_a_new_conversation(page: Page, site: Site) -> None:
    page.goto(site.address)
    page.get_by_role("button", name="When did Xavier Plassat come to Brazil?").click()
    expect(page.locator("#log mark")).to_contain_text("1983")
    turn = ask(page, "What medal was he given in 2006?")
    expect(turn.locator(".understood")).to_contain_text("Xavier Plassat")
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator("#log .turn")).to_have_count(0)
    expect(page.locator("#welcome")).to_be_visible()


def test_a_new_profile_answers_in_the_page_already_open(page: Page, site: Site) -> None:
    page.goto(site.address)
    question = "When did Wilhelmina Okonjo-Brandt found Lantern House?"
    expect(ask(page, question).locator(".refusal")).to_be_visible()
    added = site.corpus / "wilhelmina-okonjo-brandt.txt"
    added.write_text(
        "Loading\nActive in: Freedonia\nWilhelmina Okonjo-Brandt founded Lantern House in 1987. "
        "Lantern House shelters people who left forced labour.\n",
        "utf-8",
    )
    try:
        site.tipsearch("update")
        expect(ask(page, question).locator("mark")).to_contain_text("1987")
        page.get_by_role("tab", name="Profiles").click()
        expect(page.locator("#profiles")).to_contain_text("Wilhelmina Okonjo-Brandt")
        page.get_by_role("tab", name="Search").click()
        page.get_by_role("combobox", name="Active in").click()
        expect(page.get_by_role("option", name="Freedonia")).to_be_visible()
    finally:
        added.unlink()
        site.tipsearch("update")


def test_search_finds_emphasises_and_filters(page: Page, site: Site) -> None:
    page.goto(site.address)
    page.get_by_role("tab", name="Search").click()
    page.fill("#query :is(input, textarea)", "forced labour on fishing boats")
    page.press("#query :is(input, textarea)", "Enter")
    first = page.locator("#results li").first
    expect(first).to_contain_text("Vannak Anan Prum")
    expect(first.locator("b").first).to_be_visible()
    page.get_by_role("combobox", name="Active in").click()
    page.get_by_role("option", name="Argentina").click()
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#results cite").first).to_have_text("Marcelo Colombo")
    page.fill("#query :is(input, textarea)", "")
    page.press("#query :is(input, textarea)", "Enter")
    expect(page.locator("#results .notice")).to_be_visible()


def test_profiles_are_filtered_by_name_and_open(page: Page, site: Site) -> None:
    page.goto(site.address)
    page.get_by_role("tab", name="Profiles").click()
    page.locator("#name :is(input, textarea)").press_sequentially("plassat")
    expect(page.locator("#profiles li")).to_have_count(1)
    page.locator("#profiles a").click()
    expect(page.locator("#drawer h1")).to_have_text("Xavier Plassat")
    assert page.locator("#drawer").evaluate("drawer => drawer.open")


def test_a_hostile_profile_is_only_text(page: Page, site: Site) -> None:
    page.goto(site.address)
    turn = ask(page, f"{hostile.QUESTION} <img src=http://198.51.100.7/r.png>")
    expect(turn).to_contain_text("Mallory")
    page.locator("#log details").evaluate_all("all => all.forEach(one => { one.open = true })")
    page.get_by_role("tab", name="Search").click()
    page.fill("#query :is(input, textarea)", "Payload League")
    page.press("#query :is(input, textarea)", "Enter")
    expect(page.locator("#results")).to_contain_text("[press](javascript:document.title=1)")
    page.get_by_role("tab", name="Profiles").click()
    page.locator("#profiles a", has_text="Mallory").click()
    expect(page.locator("#drawer")).to_contain_text("$$x^2$$")
    for where in ("#log", "#results", "#profiles", "#drawer"):
        drawn = page.locator(where).locator("script, img, svg, form, input, iframe, h1 ~ h1, math")
        expect(drawn).to_have_count(0)
        assert page.locator(f"{where} [onmouseover], {where} [onerror]").count() == 0
        hrefs = page.locator(f"{where} a").evaluate_all("all => all.map(a => a.protocol)")
        assert set(hrefs) <= {"http:", "https:"}
    assert page.title() == "tipsearch"


def test_a_phone_never_scrolls_sideways(phone: Page, site: Site) -> None:
    phone.goto(site.address)
    ask(phone, "When did Legros leave AFESIP?")
    assert sideways(phone) <= 0
    ask(phone, "x" * 300)
    assert sideways(phone) <= 0
    for tab in ("Search", "Profiles"):
        phone.get_by_role("tab", name=tab).click()
        assert sideways(phone) <= 0
    phone.locator("#profiles a").first.click()
    expect(phone.locator("#drawer h1")).to_be_visible()
    assert sideways(phone) <= 0
    phone.goto(f"{site.address}/profiles")
    phone.locator("main a", has_text="Plassat").click()
    assert sideways(phone) <= 0


def test_the_keyboard_alone_is_enough(page: Page, site: Site) -> None:
    page.goto(site.address)
    page.wait_for_selector(BOX)
    page.evaluate("document.activeElement.blur()")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('#question textarea')"):
            break
    page.keyboard.type("Who founded Repórter Brasil?")
    page.keyboard.press("Enter")
    expect(page.locator("#log blockquote")).to_contain_text("Leonardo Sakamoto")
    for _ in range(10):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.matches('figcaption a')"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#drawer mark")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).not_to_be_visible()


def test_a_profile_reads_without_scripts(without_scripts: Page, site: Site) -> None:
    without_scripts.goto(f"{site.address}/profiles")
    without_scripts.locator("main a", has_text="Legros").evaluate(
        "a => a.removeAttribute('target')"
    )
    without_scripts.locator("main a", has_text="Legros").click()
    expect(without_scripts.locator("h1")).to_have_text("Pierre Legros and Somaly Mam")
    without_scripts.goto(f"{without_scripts.url}?start=1135&end=1200#quote")
    expect(without_scripts.locator("#quote")).to_be_in_viewport()


def test_a_list_is_complete_each_line_quoted_and_asked_again_as_a_count_with_one_click(
    page: Page, site: Site
) -> None:
    page.goto(site.address)
    turn = ask(page, "Which heroes worked in Brazil?")
    expect(turn.locator(".understood")).to_contain_text("active in Brazil: 2")
    expect(turn.locator(".item")).to_have_text(["Leonardo Sakamoto", "Xavier Plassat"])
    expect(turn.locator("figure")).to_have_count(2)
    page.get_by_role("button", name="a count", exact=True).click()
    turns = page.locator("#log .turn")
    expect(turns).to_have_count(2)
    expect(turns.last.locator(".short")).to_have_text("2")
    expect(page.get_by_role("button", name="a count", exact=True)).not_to_be_visible()
    assert sideways(page) == 0


def test_a_name_of_two_people_is_asked_back_with_buttons(page: Page, site: Site) -> None:
    page.goto(site.address)
    namesake = site.corpus / "ada-plassat.md"
    namesake.write_text(
        "---\nname: Ada Plassat\nactive_in: [Peru]\n---\n"
        "Ada Plassat, a nurse, came to Peru in 1991. She led a clinic there.\n",
        "utf-8",
    )
    try:
        site.tipsearch("update")
        turn = ask(page, "When did Plassat come there?")
        expect(turn.locator(".refusal")).to_contain_text("Which one is meant?")
        page.get_by_role("button", name="Xavier Plassat", exact=True).click()
        expect(page.locator("#log .turn").last.locator(".short")).to_have_text("1983")
    finally:
        namesake.unlink()
        site.tipsearch("update")


def test_a_page_without_labels_shows_what_its_text_says(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/profiles")
    link = page.get_by_role("link", name="Pierre Legros and Somaly Mam")
    page.goto(f"{site.address}{link.get_attribute('href')}")
    fields = page.locator(".fields")
    expect(fields).to_contain_text("read from the text")
    expect(fields.get_by_role("link", name="Cambodia")).to_be_visible()


def test_lists_fit_a_phone(phone: Page, site: Site) -> None:
    phone.goto(site.address)
    ask(phone, "timeline of Vatra")
    expect(phone.get_by_role("button", name="a portrait", exact=True)).to_be_in_viewport(ratio=0.5)
    assert sideways(phone) == 0
