"""Search profiles of TIP Report Heroes: every answer is quoted and cited.

>>> from tipsearch import Assistant, Index
>>> index = Index.build("corpus", "index")                            # doctest: +SKIP
>>> Assistant.open("index").ask("When did Legros leave AFESIP?")      # doctest: +SKIP
Answer(question='When did Legros leave AFESIP?', ...)

Importing this loads no engine; each is loaded where it is first used.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from tipsearch.errors import (
    BackendError,
    IndexBusyError,
    IndexFormatError,
    ModelError,
    ProfileError,
    QueryError,
    ServerError,
    TipsearchError,
)
from tipsearch.settings import Settings
from tipsearch.types import (
    Answer,
    Citation,
    Fields,
    Hit,
    IndexUpdate,
    Passage,
    Profile,
    Reason,
    Scores,
    SkippedFile,
    Span,
)

if TYPE_CHECKING:
    from tipsearch.answering.assistant import Assistant
    from tipsearch.answering.conversation import Conversation
    from tipsearch.index import Index

__version__ = version("tipsearch")

__all__ = [
    "Answer",
    "Assistant",
    "BackendError",
    "Citation",
    "Conversation",
    "Fields",
    "Hit",
    "Index",
    "IndexBusyError",
    "IndexFormatError",
    "IndexUpdate",
    "ModelError",
    "Passage",
    "Profile",
    "ProfileError",
    "QueryError",
    "Reason",
    "Scores",
    "ServerError",
    "Settings",
    "SkippedFile",
    "Span",
    "TipsearchError",
]

_LATE = {
    "Assistant": "tipsearch.answering.assistant",
    "Conversation": "tipsearch.answering.conversation",
    "Index": "tipsearch.index",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562
    """Load a class of the public face, and the engines it needs, when it is first named."""
    if name not in _LATE:
        raise AttributeError(f"module 'tipsearch' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LATE[name]), name)
