"""Answers, hits and profiles as HTML.

Every word of the corpus or of the reader goes through ``html.escape``; nothing is read as
Markdown. Corpus text carries ``dir="auto"``, so that right-to-left names keep their order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from urllib.parse import quote, urlencode, urlsplit

from tipsearch.answering.models import CurvePoint
from tipsearch.settings import SURE
from tipsearch.types import Answer, Citation, Evidence, Hit, Kind, Profile

IsMatch = Callable[[str], bool]
"""Tells whether a word of a passage is one of the words searched for."""

_OTHER_PASSAGES = 4
_BY_MODEL = "Phrased by a language model; each sentence was checked against its quotes below."
_UNSURE = "Unsure: see whether the sentence really answers."
_WORD = re.compile(r"\w+")
_FIELD_LABELS = {
    "role": "Role",
    "active_in": "Active in",
    "organization": "Organization",
    "award_year": "TIP Award year",
    "additional_recognition": "Additional recognition",
    "focus": "Focus",
}


def profile_address(profile_id: str, start: int | None = None, end: int | None = None) -> str:
    """Return the address of a profile, opened at ``[start, end)`` of its text if given."""
    address = f"/profiles/{quote(profile_id, safe='')}"
    if start is None or end is None:
        return address
    return f"{address}?{urlencode({'start': start, 'end': end})}#quote"


def marked(text: str, start: int, end: int, attributes: str = "") -> str:
    """Return a text with ``[start, end)``, cut to its bounds, in ``<mark>``."""
    start, end = max(start, 0), min(end, len(text))
    if start >= end:
        return escape(text)
    inside = f"<mark{attributes}>{escape(text[start:end])}</mark>"
    return f"{escape(text[:start])}{inside}{escape(text[end:])}"


def answered(asked: str, answer: Answer) -> str:
    """Return one turn of a conversation: what was asked, and what is said to it."""
    if answer.text is None:
        said = _refusal(answer)
    elif answer.items:
        said = _many(answer)
    else:
        plain = answer.kind == Kind.OVERVIEW  # where every sentence is the answer, none stands out
        quotes = (_citation(citation, plain=plain) for citation in answer.citations)
        said = _short_answer(answer) + "".join(quotes)
        if answer.confidence < SURE:
            said += f'<p class="unsure">{_UNSURE}</p>'
        said += _others("Other passages", _uncited(answer))
    return _turn(asked, _understood(asked, answer) + _phrased(answer) + said)


def failed(asked: str, message: str, hint: str) -> str:
    """Return a turn whose question could not be answered, and what to do about it."""
    shown = asked if len(asked) <= 200 else f"{asked[:200]}…"
    return _turn(shown, f'<p class="notice">{escape(_sentence(message, hint))}</p>')


def conversation(turns: Iterable[str]) -> str:
    """Return turns as a log that a screen reader follows."""
    return f'<div class="log" role="log" aria-live="polite">{"".join(turns)}</div>'


def notice(message: str, hint: str = "") -> str:
    """Return a plain remark, such as that nothing was found."""
    return f'<p class="notice" role="status">{escape(_sentence(message, hint))}</p>'


def threshold_meaning(threshold: float, curve: Sequence[CurvePoint]) -> str:
    """Return what a threshold does, told from the closest point of the reader's curve.

    Parameters
    ----------
    threshold : float
        In [0, 1].
    curve : sequence of CurvePoint
        May be empty: then nobody has measured it.

    Returns
    -------
    str
        HTML.
    """
    if not curve:
        return notice("What each setting does has not been measured for this reader")
    point = min(curve, key=lambda point: abs(point.threshold - threshold))
    told = (
        f"In tests, {point.given:.0%} of the questions that have an answer were answered at this "
        f"setting, and of all answers given {point.right:.0%} were right."
    )
    return f'<p class="meaning" role="status">{told}</p>'


def search_results(hits: Sequence[Hit], is_match: IsMatch) -> str:
    """Return hits as a list, the words searched for emphasised.

    Parameters
    ----------
    hits : sequence of Hit
        Best first.
    is_match : callable
        Told each word of each passage.

    Returns
    -------
    str
        HTML; a remark if there are no hits.
    """
    if not hits:
        return notice("No passage matches", "use other words, or fewer filters")
    count = "1 passage" if len(hits) == 1 else f"{len(hits)} passages"
    items = "".join(f"<li>{_passage(hit, is_match)}</li>" for hit in hits)
    return f'<p class="count" role="status">{count}</p><ol class="passages">{items}</ol>'


CARD_FIELDS = ("active_in", "award_year")
"""What a card gives beside the role: a label's values, or those read from the text."""


def profile_list(
    profiles: Sequence[Profile], name: str = "", evidence: Sequence[Evidence] = ()
) -> str:
    """Return the profiles whose title or names hold every word of ``name``, as a list.

    ``evidence`` is what is known of `CARD_FIELDS`, for all profiles.
    """
    known: dict[tuple[str, str], list[str]] = {}
    for said in evidence:
        known.setdefault((said.profile_id, said.field), []).append(said.value)
    wanted = name.casefold().split()
    found = [
        profile
        for profile in profiles
        if all(word in " ".join((profile.title, *profile.names)).casefold() for word in wanted)
    ]
    if not found:
        return notice("No profile has that name" if wanted else "There are no profiles")
    facts = (
        [values for field in CARD_FIELDS if (values := known.get((profile.id, field)))]
        for profile in found
    )
    items = "".join(
        f"<li>{_card(profile, values)}</li>" for profile, values in zip(found, facts, strict=True)
    )
    return f'<ul class="cards">{items}</ul>'


def profile_page(profile: Profile, start: int, end: int, evidence: Sequence[Evidence] = ()) -> str:
    """Return a whole profile with ``[start, end)`` of its text in ``<mark id="quote">``.

    Nothing is marked unless ``0 <= start < end <= len(profile.text)``. A field that no label fills
    shows what ``evidence`` has for it, as read from the text, with a link to the sentence.
    """
    if not 0 <= start < end <= len(profile.text):
        start = end = 0
    also = [name for name in profile.names if name not in profile.title]
    known = f'<p class="also" dir="auto">Also {escape(", ".join(also))}</p>' if also else ""
    return (
        f'<article class="profile"><h1 dir="auto">{escape(profile.title)}</h1>{known}'
        f"{_fields(profile, evidence)}{_paragraphs(profile.text, start, end)}{_sources(profile)}"
        "</article>"
    )


def _sentence(message: str, hint: str) -> str:
    text = f"{message}; {hint}" if hint else message
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?', '!')) else '.'}"


def _turn(asked: str, said: str) -> str:
    heading = f'<h2 dir="auto">{escape(asked)}</h2>' if asked else ""
    return f'<article class="turn">{heading}{said}</article>'


def _understood(asked: str, answer: Answer) -> str:
    """Say as what a question was understood, where that is more than its own words."""
    rewritten = " ".join(asked.split()) != answer.question
    lines = [f"Understood as: {answer.question}"] if rewritten else []
    lines += [answer.understood] if answer.understood else []
    return "".join(f'<p class="understood" dir="auto">{escape(line)}</p>' for line in lines)


def _phrased(answer: Answer) -> str:
    """Return what a language model made of the quotes, and those of its own that it cites."""
    notice = f'<p class="unsure">{escape(answer.notice)}.</p>' if answer.notice else ""
    if not answer.phrased:
        return notice
    text = escape(" ".join(phrase.text for phrase in answer.phrased))
    cited = dict.fromkeys(c for phrase in answer.phrased for c in phrase.citations)
    more = "".join(_citation(c) for c in cited if c not in answer.citations)
    said = f'<p class="phrased" dir="auto">{text}</p><p class="unsure">{_BY_MODEL}</p>'
    return f"{said}{notice}{more}"


_COUNTED = frozenset({Kind.COUNT, Kind.COMPARISON})


def _many(answer: Answer) -> str:
    """Return what was listed, each with its quote, and what only possibly belongs to it apart."""
    short = _short_answer(answer) if answer.kind in _COUNTED else ""
    certain = _items(answer.items, answer.citations)
    doubtful = _items(answer.possibly, answer.citations[len(answer.items) :])
    apart = f'<p class="possibly">Possibly, but no one sentence says it all:</p>{doubtful}'
    return f"{short}{certain}{apart if answer.possibly else ''}"


def _items(names: Sequence[str], citations: Sequence[Citation]) -> str:
    rows = "".join(
        f'<li><p class="item" dir="auto">{escape(name)}</p>{_citation(citation)}</li>'
        for name, citation in zip(names, citations, strict=False)
    )
    return f'<ul class="items">{rows}</ul>'


def _short_answer(answer: Answer) -> str:
    """Return the answer above its quote, unless the quotes say no more than the answer."""
    text = answer.text or ""
    if answer.kind == Kind.OVERVIEW or any(len(text) >= len(c.quote) for c in answer.citations):
        return ""
    return f'<p class="short" dir="auto">{escape(text)}</p>'


def _citation(citation: Citation, *, plain: bool = False) -> str:
    start, end = citation.answer_start - citation.start, citation.answer_end - citation.start
    whole = end - start == len(citation.quote)  # shown more quietly: nothing stands out from it
    quoted = marked(citation.quote, start, end, ' class="whole"' if whole else "")
    quoted = escape(citation.quote) if plain else quoted
    where = _where(
        citation.title,
        citation.paragraph,
        profile_address(citation.profile_id, citation.start, citation.end),
    )
    return (
        f'<figure class="citation"><blockquote dir="auto">{quoted}</blockquote>'
        f"<figcaption>{where}</figcaption></figure>"
    )


def _where(title: str, paragraph: int, address: str) -> str:
    return (
        f'<cite dir="auto">{escape(title)}</cite> <span>paragraph {paragraph}</span> '
        f'<a class="open-profile" href="{escape(address)}" target="_blank" rel="noopener">'
        f'Open the profile<span class="unseen"> of {escape(title)}</span></a>'
    )


def _refusal(answer: Answer) -> str:
    told = answer.detail or _sentence(str(answer.reason or "there is no answer"), "")
    hits = _others("Closest passages (not an answer)", answer.hits)
    return f'<p class="refusal" dir="auto">{escape(told)}</p>{hits}'


def _uncited(answer: Answer) -> list[Hit]:
    """Return the hits that hold none of the quotes."""
    return [
        hit
        for hit in answer.hits
        if not any(
            hit.passage.profile_id == citation.profile_id
            and hit.passage.start < citation.end
            and citation.start < hit.passage.end
            for citation in answer.citations
        )
    ]


def _others(summary: str, hits: Sequence[Hit]) -> str:
    if not hits:
        return ""
    items = "".join(f"<li>{_passage(hit)}</li>" for hit in hits[:_OTHER_PASSAGES])
    return (
        f'<details><summary>{escape(summary)}</summary><ol class="passages">{items}</ol></details>'
    )


def _passage(hit: Hit, is_match: IsMatch | None = None) -> str:
    passage = hit.passage
    address = profile_address(passage.profile_id, passage.start, passage.end)
    text = _emphasised(passage.text, is_match) if is_match else escape(passage.text)
    where = _where(hit.title, passage.paragraph, address)
    return f'<p class="text" dir="auto">{text}</p><p class="where">{where}</p>'


def _emphasised(text: str, is_match: IsMatch) -> str:
    pieces, end = [], 0
    for word in _WORD.finditer(text):
        if is_match(word[0]):
            pieces += [escape(text[end : word.start()]), f"<b>{escape(word[0])}</b>"]
            end = word.end()
    return "".join([*pieces, escape(text[end:])])


def _card(profile: Profile, known: Iterable[Sequence[str]]) -> str:
    fields = profile.fields
    facts = [", ".join(values) for values in known]
    about = fields.role or fields.organization or fields.focus
    role = f'<span class="role" dir="auto">{escape(", ".join(about))}</span>' if about else ""
    said = f'<span class="facts" dir="auto">{escape(" · ".join(facts))}</span>' if facts else ""
    return (
        f'<a class="open-profile" href="{escape(profile_address(profile.id))}" target="_blank" '
        f'rel="noopener"><span class="name" dir="auto">{escape(profile.title)}</span>{role}{said}'
        "</a>"
    )


def _fields(profile: Profile, evidence: Sequence[Evidence]) -> str:
    rows = []
    for field, label in _FIELD_LABELS.items():
        values = getattr(profile.fields, field)
        read = [e for e in evidence if e.field == field and not e.labelled]
        chips = "".join(f'<span dir="auto">{escape(value)}</span>' for value in values)
        chips += "".join(_read_chip(profile, said) for said in read)
        if chips:
            note = ' <small class="read">read from the text</small>' if read else ""
            rows.append(f"<div><dt>{label}{note}</dt><dd>{chips}</dd></div>")
    return f'<dl class="fields">{"".join(rows)}</dl>' if rows else ""


def _read_chip(profile: Profile, said: Evidence) -> str:
    address = profile_address(profile.id, said.start, said.end)
    return f'<span dir="auto"><a href="{escape(address)}">{escape(said.value)}</a></span>'


def _paragraphs(text: str, start: int, end: int) -> str:
    """Return paragraphs, numbered; the first piece of the mark is the one the address names."""
    pieces, at, attributes = [], 0, ' id="quote"'
    for paragraph in text.split("\n\n"):
        inside = marked(paragraph, start - at, end - at, attributes)
        if "<mark" in inside:
            attributes = ""
        pieces.append(f'<li><p dir="auto">{inside}</p></li>')
        at += len(paragraph) + 2
    return f'<ol class="paragraphs">{"".join(pieces)}</ol>'


def _sources(profile: Profile) -> str:
    if not profile.sources:
        return ""
    items = "".join(f"<li>{_source(source)}</li>" for source in profile.sources)
    return f'<section class="sources"><h2>Sources</h2><ul>{items}</ul></section>'


def _source(source: str) -> str:
    """Return a link to a web address; anything else, such as ``javascript:``, as text."""
    try:
        parts = urlsplit(source)
    except ValueError:
        return escape(source)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return escape(source)
    shown = escape(f"{parts.netloc.removeprefix('www.')}{parts.path}".rstrip("/"))
    return f'<a href="{escape(source)}" rel="noopener" target="_blank">{shown}</a>'
