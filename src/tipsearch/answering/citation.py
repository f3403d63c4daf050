"""Quotes that are checked: what is not the text at its offsets does not leave the building."""

from __future__ import annotations

import hashlib

from tipsearch.corpus.passages import paragraph_at
from tipsearch.errors import BackendError
from tipsearch.types import Citation, Profile, Span


def cite(profile: Profile, span: Span) -> Citation:
    """Quote the sentence a span stands in.

    Parameters
    ----------
    profile : Profile
        The one the span is of.
    span : Span
        The words that answer, and the sentence around them.

    Returns
    -------
    Citation
        Verified.

    Raises
    ------
    BackendError
        If the span is not one of the profile's, or not inside its sentence.
    """
    citation = Citation(
        profile_id=span.profile_id,
        title=profile.title,
        paragraph=paragraph_at(profile.text, span.context_start),
        start=span.context_start,
        end=span.context_end,
        answer_start=span.start,
        answer_end=span.end,
        quote=profile.text[span.context_start : span.context_end],
        sha256=profile.sha256,
    )
    if not is_verbatim(citation, profile):
        raise BackendError(f"the quote at {span.start}-{span.end} is not text of {profile.id}")
    return citation


def is_verbatim(citation: Citation, profile: Profile) -> bool:
    """Whether a citation quotes this very text of a profile, exactly, at its offsets.

    Parameters
    ----------
    citation : Citation
        From any answer, also one stored long ago.
    profile : Profile
        As it is now; if its text has changed since, the answer is no.
    """
    ordered = (
        0
        <= citation.start
        <= citation.answer_start
        < citation.answer_end
        <= citation.end
        <= len(profile.text)
    )
    return (
        ordered
        and citation.profile_id == profile.id
        and citation.sha256 == profile.sha256
        and profile.sha256 == hashlib.sha256(profile.text.encode("utf-8")).hexdigest()
        and citation.quote == profile.text[citation.start : citation.end]
    )
