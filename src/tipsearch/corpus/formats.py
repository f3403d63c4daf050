"""Bytes of a profile file become a ``Page``: title, body paragraphs and labelled values.

Two forms are read: a page as scraped from a site (``.txt``) and Markdown with front matter
(``.md``). Labels, loader lines and the tail never reach the body.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass, field
from itertools import pairwise

from tipsearch.errors import ProfileError

SUFFIXES = (".txt", ".md")

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY_SHARE = 0.01  # of control characters; text has none but tabs and line ends


@dataclass(slots=True)
class Page:
    """What a file says, before anything is worked out from it."""

    title: str = ""
    names: list[str] = field(default_factory=list)
    paragraphs: list[str] = field(default_factory=list)
    fields: dict[str, list[str]] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)


def decode(data: bytes) -> tuple[str, str]:
    r"""Decode a file of any common encoding.

    A byte order mark decides; else UTF-8 if it is valid; else UTF-16 if every other byte is
    zero; else what charset-normalizer finds for a script other than Latin; else Windows-1252,
    which no Western page contradicts.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    text : str
        In normal form C, with ``\n`` line ends and without control characters.
    encoding : str
        The Python codec used.

    Raises
    ------
    ProfileError
        If the bytes are not text.
    """
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), "") or _guess(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ProfileError(f"not valid {encoding}: byte {error.start}") from error
    text = re.sub("\r\n|[\r\x0b\x0c\x85\u2028\u2029]", "\n", text)
    visible = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")
    if len(text) - len(visible) > _BINARY_SHARE * len(text):
        raise ProfileError("binary, not text")
    return unicodedata.normalize("NFC", visible.replace("\ufeff", "")), encoding


def _guess(data: bytes) -> str:
    """Name the encoding of bytes that carry no byte order mark."""
    if b"\0" in data:
        pairs = len(data) // 2
        if data[1::2].count(0) > 0.4 * pairs:
            return "utf-16-le"
        if data[0::2].count(0) > 0.4 * pairs:
            return "utf-16-be"
        raise ProfileError("binary, not text")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _legacy(data)
    return "utf-8"


def _legacy(data: bytes) -> str:
    """Tell a page in another script from a Western one by its share of non-ASCII bytes.

    subtle: accents are a few per cent of a Western page, while Cyrillic, Greek, Arabic or CJK
    text is mostly non-ASCII; only then is a statistical guess better than Windows-1252.
    """
    letters = [byte for byte in data if byte > 127 or chr(byte).isalpha()]
    if sum(byte > 127 for byte in letters) > 0.25 * len(letters):
        from charset_normalizer import from_bytes

        best = from_bytes(data).best()
        if best is not None:
            return best.encoding
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:  # five bytes are undefined there
        return "latin-1"
    return "cp1252"


_LABELS = {
    "active in": "active_in",
    "country": "active_in",
    "countries": "active_in",
    "organization": "organization",
    "organisation": "organization",
    "tip award year": "award_year",
    "tip_award_year": "award_year",
    "award year": "award_year",
    "role": "role",
    "additional recognition": "additional_recognition",
    "focus": "focus",
    "name": "title",
    "title": "title",
}
_LABEL_LINE = re.compile(rf"\s*({'|'.join(_LABELS)})\s*:\s*(.*)", re.IGNORECASE)
_BARE_LABEL = re.compile(r"\s*\w+(?: \w+){0,2}\s*:\s*")
_LOADER = re.compile(r"\s*(loading|please wait)\b[\s.…]*", re.IGNORECASE)
_TAIL = re.compile(r"\s*meet more heroes\b(?:\s+working with)?\s*:?\s*(.*)", re.IGNORECASE)
_COMMA_LISTS = {"active_in", "focus"}
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def _values(name: str, text: str) -> list[str]:
    """Split a label's value: at semicolons, and at commas where values never hold one."""
    if name in {"award_year", "role"}:
        return _whole(name, text.strip()) if text.strip() else []
    parts = re.split(r"[;,]" if name in _COMMA_LISTS else ";", text)
    return [part.strip() for part in parts if part.strip()]


def _is_value(line: str) -> bool:
    """Whether a line under a label is its value and not the start of the body."""
    words = line.split()
    return 0 < len(words) <= 12 and not (len(words) > 4 and line.rstrip().endswith((".", "?", "!")))


def parse_scraped(text: str) -> Page:
    """Read a page as scraped: loader, labels, paragraphs, and a tail of topics.

    A label's value may be empty, stand on the same line, or on the lines that follow.

    Parameters
    ----------
    text : str
        A decoded file.

    Returns
    -------
    Page
        Topics of the tail are in ``fields["focus"]``.
    """
    page = Page()
    label, said = "", False  # the label that may still get a value, and whether it has one
    body: list[str] = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if tail := _TAIL.fullmatch(line):
            _add_topics(page, [tail[1], *lines[number + 1 :]])
            break
        if found := _LABEL_LINE.fullmatch(line):
            label = _LABELS[found[1].lower()]
            said = _add_value(page, label, found[2])
        elif label and _is_value(line) and _add_value(page, label, line):
            said = True
        elif _LOADER.fullmatch(line) or _BARE_LABEL.fullmatch(line):
            label = ""
        else:
            label = "" if line.strip() or said else label
            body.append(line)
    page.paragraphs = _paragraphs(body)
    if not page.title and len(page.paragraphs) > 1 and _is_heading(page.paragraphs[0]):
        page.title = page.paragraphs.pop(0)
    return page


def _add_value(page: Page, name: str, text: str) -> bool:
    """Keep a label's value; say whether it is one: there is one title, and a year has digits."""
    if name == "title":
        values = [] if page.title else [text.strip()]
        page.title = page.title or text.strip()
    else:
        values = _values(name, text)
        page.fields.setdefault(name, []).extend(values)
    return any(values)


def _add_topics(page: Page, lines: list[str]) -> None:
    kept = (line for line in lines if not (_LOADER.fullmatch(line) or _BARE_LABEL.fullmatch(line)))
    topics = [topic for line in kept if _is_value(line) for topic in _values("focus", line)]
    focus = page.fields.setdefault("focus", [])
    focus.extend(topic for topic in topics if topic not in focus)


def _is_heading(paragraph: str) -> bool:
    """Whether a first line is a title: a few words that end no sentence."""
    return len(paragraph.split()) <= 8 and paragraph[-1] not in ".?!:;,"


def _paragraphs(lines: list[str]) -> list[str]:
    """Join hard-wrapped lines if blank lines part the paragraphs; else each line is one."""
    text = "\n".join(lines).strip("\n")
    blank_lines = re.split(r"\n\s*\n", text)
    blocks = blank_lines if len(blank_lines) > 1 else text.split("\n")
    return [joined for block in blocks if (joined := " ".join(block.split()))]


def parse_markdown(text: str) -> Page:
    """Read Markdown whose front matter carries the fields.

    Parameters
    ----------
    text : str
        A decoded file.

    Returns
    -------
    Page
        Markup is dropped; a first ``# heading`` is the title unless front matter names one.

    Raises
    ------
    ProfileError
        If the front matter is not YAML, not a mapping, or never ends.
    """
    found = re.match(r"\s*---[ \t]*\n(.*?)\n---[ \t]*(?:\n|$)", text, re.DOTALL)
    if not found and re.match(r"\s*---[ \t]*\n[ \t]*\w+[ \t]*:", text):
        raise ProfileError("front matter has no closing ---")
    page = _front_matter(found[1]) if found else Page()
    blocks = _markdown_blocks(text[found.end() :] if found else text)
    if blocks and blocks[0][0] == "h1":
        page.title = page.title or blocks[0][1]
        blocks = blocks[1:]
    page.paragraphs = [block for _, block in blocks]
    return page


def _front_matter(text: str) -> Page:
    import yaml

    try:
        values = yaml.safe_load(text)
    except Exception as error:  # of a wrong tagged scalar PyYAML raises whatever comes up
        line = " ".join(str(error).split())
        raise ProfileError(f"front matter is not YAML: {line[:120]}") from error
    if not isinstance(values, dict):
        raise ProfileError("front matter is not a list of 'key: value' lines")
    page = Page()
    for key, value in values.items():
        name = _LABELS.get(str(key).lower().replace("_", " "), "") if isinstance(key, str) else ""
        if not (name or key in {"names", "aliases", "sources"}):
            continue
        entries = _entries(value)
        if name == "title":
            page.title = page.title or " ".join(entries)
        elif key in {"names", "aliases"}:
            page.names.extend(entries)
        elif key == "sources":
            page.sources.extend(entries)
        else:
            split = _values if isinstance(value, str) else _whole
            page.fields.setdefault(name, []).extend(v for e in entries for v in split(name, e))
    return page


def _whole(name: str, entry: str) -> list[str]:
    return _YEAR.findall(entry) if name == "award_year" else [entry]


def _entries(value: object) -> list[str]:
    """Return a YAML scalar or list as strings on one line each, without empty ones.

    subtle: what is nested is refused before it is printed, for aliases can make it endless.

    Raises
    ------
    ProfileError
        If a value is nested, or an integer too long to be one.
    """
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, list | dict | set) for item in items):
        raise ProfileError("front matter holds a value within a value")
    try:
        texts = [_clean(str(item)) for item in items if item is not None]
    except ValueError as error:  # an integer of thousands of digits
        raise ProfileError(f"front matter is not YAML: {error}") from error
    return [text for text in texts if text]


def _clean(text: str) -> str:
    """Return text on one line in normal form C, without control characters or surrogates."""
    shown = "".join(c for c in text if c.isspace() or unicodedata.category(c) not in {"Cc", "Cs"})
    return unicodedata.normalize("NFC", " ".join(shown.split()))


def _markdown_blocks(text: str) -> list[tuple[str, str]]:
    """Return each block's tag and its text without markup; HTML stays as it was typed."""
    from markdown_it import MarkdownIt

    # An indented or fenced block is not code in a profile; its words are kept.
    parser = MarkdownIt("commonmark", {"html": False}).disable(["code", "fence"])
    tokens = parser.parse(text)
    blocks = []
    for opening, token in pairwise(tokens):
        if token.type != "inline":
            continue
        parts = [
            " " if child.type in {"softbreak", "hardbreak"} else child.content
            for child in token.children or []
            if child.type != "image"
        ]
        if words := _clean("".join(parts)):
            blocks.append((opening.tag, words))
    return blocks


def parse(data: bytes, suffix: str) -> tuple[Page, str]:
    """Read a profile file.

    Parameters
    ----------
    data : bytes
        The whole file.
    suffix : str
        One of ``SUFFIXES``.

    Returns
    -------
    page : Page
        What the file says.
    encoding : str
        The codec it was read with.

    Raises
    ------
    ProfileError
        If the bytes are not text, or the front matter is broken.
    """
    text, encoding = decode(data)
    page = parse_markdown(text) if suffix == ".md" else parse_scraped(text)
    return page, encoding
