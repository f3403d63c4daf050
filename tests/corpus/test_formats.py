"""Bytes of a profile file become what a page says, or a ``ProfileError`` that says why not."""

from __future__ import annotations

import pytest

from tipsearch.corpus.formats import decode, parse
from tipsearch.errors import ProfileError

RUSSIAN = (
    "Она родилась в деревне недалеко от города и рано потеряла родителей. Когда ей было "
    "двенадцать лет, её продали в другую страну, где она работала без отдыха и без оплаты. "
    "Позже она основала организацию, которая помогает тем, кто пережил торговлю людьми. "
) * 4
JAPANESE = (
    "彼女は小さな村で生まれ、幼いころに両親を亡くした。十二歳のときに別の国へ売られ、休みもなく"
    "働かされた。その後、彼女は人身取引の被害者を助ける団体を設立した。"
) * 6
SENTENCE = "She was born in a village and founded a shelter in 1996."
FRENCH = "M. Legros est arrivé au Cambodge avec Médecins Sans Frontières, où il a travaillé."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "utf-8"),
        (FRENCH, "utf-8-sig"),
        (FRENCH, "utf-16"),
        (FRENCH, "utf-16-le"),
        (FRENCH, "utf-16-be"),
        (FRENCH, "utf-32"),
        (FRENCH, "cp1252"),
        (FRENCH, "latin-1"),
        ("“He was sold,” she said – twice… for €40.", "cp1252"),
        (RUSSIAN, "utf-8"),
        (RUSSIAN, "cp1251"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "utf-16"),
        ("नेपाल की चारिमाया तामांग।", "utf-8"),
    ],
)
def test_text_in_any_common_encoding_reads_as_it_was_written(text: str, encoding: str) -> None:
    read, _ = decode(text.encode(encoding))
    assert read == text


def test_utf16_big_endian_mark() -> None:
    assert decode(b"\xfe\xff" + FRENCH.encode("utf-16-be")) == (FRENCH, "utf-16")


def test_legacy_encodings_are_named() -> None:
    assert decode(FRENCH.encode("cp1252"))[1] == "cp1252"
    assert decode(SENTENCE.encode() * 3 + b" na\xefve \x81")[1] == "latin-1"
    assert decode(b"plain")[1] == "utf-8"


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\x06\0\0\0\x1f\xf3\xffa",
        b"Pierre\0Legros met Somaly Mam in Phnom Penh.",
        bytes(range(256)) * 4,
        b"\x7fELF\x02\x01\x01" + b"\0" * 64 + bytes(range(1, 200)),
        b"\x01\x02\x03\x04\x05 some words",
        b"\xef\xbb\xbf\xff\xfe",
        b"\xff\xfea\0b",
        b"\xff\xfe\0\xd8a\0",
    ],
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(ProfileError):
        decode(data)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c"])
def test_every_line_end_is_one(end: str) -> None:
    page, _ = parse(f"Active in: Cambodia{end}She founded it in 1996.{end}".encode(), ".txt")
    assert page.fields == {"active_in": ["Cambodia"]}
    assert page.paragraphs == ["She founded it in 1996."]


def test_control_characters_go_and_accents_are_composed() -> None:
    assert decode(f"Me\u0301decins\ufeff\x07 came. {SENTENCE} {SENTENCE}".encode())[0].startswith(
        "M\u00e9decins came."
    )


@pytest.mark.parametrize(
    ("labels", "fields"),
    [
        ("Active in: Cambodia, Laos", {"active_in": ["Cambodia", "Laos"]}),
        ("ACTIVE IN :Cambodia; Laos", {"active_in": ["Cambodia", "Laos"]}),
        ("Active in:\nCambodia\nLaos", {"active_in": ["Cambodia", "Laos"]}),
        ("Active in:\n\nCambodia", {"active_in": ["Cambodia"]}),
        ("Active in:", {"active_in": []}),
        ("Country: Nepal", {"active_in": ["Nepal"]}),
        ("TIP Award Year: 2005", {"award_year": ["2005"]}),
        ("TIP Award Year:\n2005", {"award_year": ["2005"]}),
        ("TIP Award Year: 2005 and 2011", {"award_year": ["2005 and 2011"]}),
        ("Organization: Acme, Inc.", {"organization": ["Acme, Inc."]}),
        (
            "Additional Recognition: Prize (2001, Paris); Medal",
            {"additional_recognition": ["Prize (2001, Paris)", "Medal"]},
        ),
        ("Role: Lawyer, author", {"role": ["Lawyer, author"]}),
        (
            "Active in:\nFocus: Forced Labor\nOrganization:\nCPT",
            {"active_in": [], "focus": ["Forced Labor"], "organization": ["CPT"]},
        ),
    ],
)
def test_labels(labels: str, fields: dict[str, list[str]]) -> None:
    page, _ = parse(f"{labels}\n\n{SENTENCE}".encode(), ".txt")
    assert page.paragraphs == [SENTENCE]
    if "2005 and" in labels:
        fields = {"award_year": ["2005", "2011"]}
    assert page.fields == fields


@pytest.mark.parametrize(
    "text",
    [
        f"Jane Roe\nActive in: Nepal\n{SENTENCE}",
        f"Name: Jane Roe\nActive in: Nepal\n{SENTENCE}",
        f"Active in: Nepal\nName:\nJane Roe\n{SENTENCE}",
        f"Active in: Nepal\n\nJane Roe\n{SENTENCE}",
        f"Active in: Nepal\nTIP Award Year:\nJane Roe\n{SENTENCE}",
        f"Loading\nTitle: Jane Roe\nActive in:\nNepal\n{SENTENCE}",
    ],
)
def test_the_title_is_found_beside_labels(text: str) -> None:
    page, _ = parse(text.encode(), ".txt")
    assert (page.title, page.paragraphs) == ("Jane Roe", [SENTENCE])
    assert page.fields["active_in"] == ["Nepal"]


def test_a_line_after_the_name_is_not_lost() -> None:
    page, _ = parse(f"Name: Jane Roe\nShe fought.\n{SENTENCE}".encode(), ".txt")
    assert page.paragraphs == ["She fought.", SENTENCE]


@pytest.mark.parametrize(
    "loader", ["Loading", "loading...", " Loading… ", "LOADING .", "Please wait"]
)
def test_loader_lines_are_no_text(loader: str) -> None:
    page, _ = parse(f"{loader}\n{SENTENCE}\n{loader}\n".encode(), ".txt")
    assert page.paragraphs == [SENTENCE]


def test_a_sentence_about_loading_is_text() -> None:
    line = "Loading the trucks was their work, from dawn until late at night."
    assert parse(line.encode(), ".txt")[0].paragraphs == [line]


@pytest.mark.parametrize(
    ("tail", "focus"),
    [
        ("Meet more heroes working with\nSex Trafficking", ["Sex Trafficking"]),
        ("Meet more heroes working with Sex Trafficking", ["Sex Trafficking"]),
        ("meet more heroes working with: A, B", ["A", "B"]),
        ("Meet more heroes working with\nA\n\nB\nA", ["A", "B"]),
        ("Meet more heroes working with\nA\nLoading\nActive in:", ["A"]),
        ("Meet more heroes", []),
    ],
)
def test_topics_of_the_tail_are_the_focus(tail: str, focus: list[str]) -> None:
    page, _ = parse(f"{SENTENCE}\n{tail}".encode(), ".txt")
    assert page.paragraphs == [SENTENCE]
    assert page.fields == {"focus": focus}


def test_topics_are_added_to_the_label_without_repeats() -> None:
    page, _ = parse(f"Focus: A\n\n{SENTENCE}\nMeet more heroes working with\nA, B".encode(), ".txt")
    assert page.fields["focus"] == ["A", "B"]


def test_only_labels() -> None:
    page, _ = parse(b"Loading\nActive in:\nName:\nSummary:\nFocus:\n", ".txt")
    assert page.paragraphs == []


def test_hard_wrapped_lines_are_joined_where_blank_lines_part_paragraphs() -> None:
    page, _ = parse(b"She was born in\na village.\n  \nShe left\nin 1994.\n", ".txt")
    assert page.paragraphs == ["She was born in a village.", "She left in 1994."]


def test_each_line_is_a_paragraph_where_none_is_blank() -> None:
    page, _ = parse(b"She was born in a village.\nShe left\xc2\xa0in  1994.", ".txt")
    assert page.paragraphs == ["She was born in a village.", "She left in 1994."]


def front_matter(yaml: str, body: str = SENTENCE) -> bytes:
    return f"---\n{yaml}\n---\n{body}\n".encode()


def test_front_matter_lists_and_scalars() -> None:
    yaml = (
        "name: Jane Roe\naliases: [Sister Jane, '']\nactive_in: [Nepal, India]\n"
        "organization: Acme, Inc.\ntip_award_year: 2011\nrole: Lawyer; author\n"
        "focus: Forced Labor, Sex Trafficking\nadditional_recognition:\n"
        "  - Prize; with a semicolon\n  - null\nsources:\n"
        "  - https://example.org/a\nborn: {year: 1970}\n3: x"
    )
    page, _ = parse(front_matter(yaml), ".md")
    assert page.title == "Jane Roe"
    assert page.names == ["Sister Jane"]
    assert page.sources == ["https://example.org/a"]
    assert page.fields == {
        "active_in": ["Nepal", "India"],
        "organization": ["Acme, Inc."],
        "award_year": ["2011"],
        "role": ["Lawyer; author"],
        "focus": ["Forced Labor", "Sex Trafficking"],
        "additional_recognition": ["Prize; with a semicolon"],
    }


@pytest.mark.parametrize(
    ("yaml", "year"),
    [("tip_award_year: [2009, 2011]", ["2009", "2011"]), ("TIP Award Year: in 2005", ["2005"])],
)
def test_award_years(yaml: str, year: list[str]) -> None:
    assert parse(front_matter(yaml), ".md")[0].fields == {"award_year": year}


@pytest.mark.parametrize(
    "yaml",
    [
        "name: [Jane",
        "name: 'Jane",
        "- Jane\n- Roe",
        "just words",
        "name: {first: Jane}",
        "focus: [[A, B]]",
        "name: &a [*a]",
        "name: !!timestamp soon",
        "name: !!bool perhaps",
        "name: !!int ''",
        "name: 2001-99-99",
        "name: 0x" + "f" * 5000,
        "name: !!python/object/apply:os.getcwd []",
        "[" * 3000,
    ],
)
def test_broken_front_matter_is_named(yaml: str) -> None:
    with pytest.raises(ProfileError, match="front matter"):
        parse(front_matter(yaml), ".md")


def test_front_matter_without_an_end_is_no_body() -> None:
    with pytest.raises(ProfileError, match="no closing"):
        parse(f"---\nname: Jane Roe\n\n{SENTENCE}".encode(), ".md")


def test_nested_aliases_do_not_explode() -> None:
    bomb = "a0: &a0 [x, x]\n" + "\n".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)
    )
    with pytest.raises(ProfileError, match="value within a value"):
        parse(front_matter(f"{bomb}\nname: [*a29]"), ".md")


def test_escapes_of_front_matter_leave_no_control_character() -> None:
    page, _ = parse(front_matter('name: "Jane\\0\\ud800\\n Roe"'), ".md")
    assert page.title == "Jane Roe"


def test_a_heading_is_the_title_unless_front_matter_names_one() -> None:
    assert parse(f"# Jane *Roe*\n\n{SENTENCE}".encode(), ".md")[0].title == "Jane Roe"
    page, _ = parse(front_matter("name: Jane Roe", f"# A Life\n\n{SENTENCE}"), ".md")
    assert (page.title, page.paragraphs) == ("Jane Roe", [SENTENCE])


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("She **founded** [AFESIP](https://example.org) *there*.", "She founded AFESIP there."),
        ("She\nfounded\\\nit.", "She founded it."),
        ("![a face](face.png) She `founded` it.", "She founded it."),
        ("- She founded it.", "She founded it."),
        ("> She founded it.", "She founded it."),
        ("    She founded it.", "She founded it."),
        ("```\nShe founded it.\n```", "She founded it."),
        ("<b>She</b> <script>alert(1)</script>", "<b>She</b> <script>alert(1)</script>"),
        ("<div onclick=x>\nShe\n</div>", "<div onclick=x> She </div>"),
        ("Caf*e*\u0301 &amp; bar", "Caf\u00e9 & bar"),
    ],
)
def test_markup_goes_and_html_stays_as_typed(markdown: str, words: str) -> None:
    assert parse(f"First one.\n\n{markdown}".encode(), ".md")[0].paragraphs == ["First one.", words]
