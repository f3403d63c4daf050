"""What kind of answer a question asks for: a linear classifier over its grammatical skeleton.

The skeleton keeps the words that say how a question is put and reduces all others to their shape
(a name, a place, a year, a plural), so that what is learned is "which PEOPLE were ~ed in YEAR", and
not what it is about. Runs of its parts, how it opens, and the question's embedding are the features
of a logistic regression, trained by training/train_kinds.py on questions we wrote. Alone, the
skeleton was right on 80 % of hard questions left out of training, the embedding on 84 %, both
together on 88 %. What is reached on questions held back is in docs/evaluation.md, with the
confusion matrix.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.corpus import places
from tipsearch.corpus.profiles import fold
from tipsearch.types import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray


MODEL = Path(__file__).with_name("model") / "kinds.json"
_TOKEN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d[\d,.]*|[?!:,;]", re.UNICODE)
_SUFFIXES = ("s", "ed", "ing", "er", "est")
_CLASSES = {
    "PEOPLE": "heroes heros people persons women men ladies honourees honorees recipients winners "
    "laureates awardees campaigners activists advocates survivors lawyers barristers judges "
    "priests friars nuns sisters missionaries journalists reporters officers policemen teachers "
    "professors prosecutors doctors nurses artists authors writers founders directors politicians "
    "ministers profiles individuals females males members leaders workers volunteers engineers "
    "heroines folks everyone everybody anyone anybody champions scientists athletes mayors "
    "saints firefighters soldiers painters players singers students clergy magistrates miners",
    "BODIES": "organisations organizations ngos groups foundations associations charities unions "
    "networks shelters centres centers bodies institutions movements coalitions nonprofits clubs "
    "schools companies",
    "THINGS": "countries nations years regions continents awards prizes medals books cities places "
    "titles topics towns professions jobs languages states universities",
    "PERSON": "hero heroine woman man lady honouree recipient winner laureate campaigner activist "
    "lawyer judge priest friar nun sister journalist officer policeman teacher professor "
    "prosecutor doctor nurse artist author writer director politician minister brother father",
    "BODY": "organisation organization ngo group foundation association charity union network "
    "shelter centre center institution movement coalition project campaign",
    "HONOURED": "honoured honored awarded recognised recognized decorated honour honor",
    "FOUNDED": "founded established created launched formed started",
    "MORE": "earlier later older younger sooner bigger larger longer newer smaller shorter higher "
    "fewer greater oldest youngest earliest latest longest biggest largest",
}
"""Words that make the same question when they change places."""
_CLASS_OF = {word: name for name, words in _CLASSES.items() for word in words.split()}
_CONTENT = frozenset({"NAME", "PLACE", "YEAR", "NUM", *_CLASSES})
_OPENING = 4  # tokens that are looked at together as the opening


def kind(question: str, vector: NDArray[np.float32] | None = None) -> Kind:
    """Tell what a question asks for.

    Parameters
    ----------
    question : str
        One line, in anyone's words.
    vector : ndarray of float32, shape (dimension,), optional
        The question's embedding by the default model, a unit vector. Without it, or with one of
        another length, the skeleton decides alone.

    Examples
    --------
    >>> [str(kind(q)) for q in ("Which heroes worked in Cambodia?", "When did Legros leave it?")]
    ['list', 'fact']
    """
    words, weights, meaning = _model()
    scores = np.array(weights["bias"])
    for feature in set(features(skeleton(question, words))):
        if feature in weights:
            scores = scores + weights[feature]
    if vector is not None and meaning.shape[1] == len(vector):
        scores = scores + meaning @ vector
    return list(Kind)[int(np.argmax(scores))]


def skeleton(question: str, words: Collection[str]) -> list[str]:
    """Return a question's tokens: known words as they are, all others as their shape.

    Parameters
    ----------
    question : str
        One line.
    words : collection of str
        Those kept, in lower case.

    Examples
    --------
    >>> skeleton("Which judges did Vatra help in Peru in 2004?", {"which", "did", "in"})
    ['which', 'PEOPLE', 'did', 'NAME', '~', 'in', 'PLACE', 'in', 'YEAR', '?']
    """
    named = places.find(question, any_case=True)
    shouted = question.isupper() or question.istitle()
    found: list[str] = []
    for number, match in enumerate(_TOKEN.finditer(question)):
        typed, folded = match[0], fold(match[0]).replace("’", "'")
        place = next((p for p in named if p.start <= match.start() < p.end), None)
        if not typed[0].isalnum():
            part = typed
        elif place:
            part = "PLACE"
        elif re.fullmatch(r"(?:1[89]|20)\d\d", folded):
            part = "YEAR"
        elif folded[0].isdigit():
            part = "NUM"
        elif typed[0].isupper() and (number or typed.isupper()) and not shouted and len(typed) > 1:
            part = "NAME"
        elif folded in _CLASS_OF:
            part = _CLASS_OF[folded]
        elif folded in words:
            part = folded
        else:
            part = "~" + next((s for s in _SUFFIXES if folded.endswith(s)), "")
        if not (part in {"NAME", "PLACE"} and found and found[-1] == part):
            found.append(part)
    return found


def features(parts: Sequence[str]) -> Iterator[str]:
    """Yield what a skeleton is weighed by.

    Yields
    ------
    str
        Its runs of up to three parts, its opening, what it opens with together with what comes
        later (a name, a year, an "or"), and how long it is.
    """
    padded = ["^", *parts, "$"]
    for length in (1, 2, 3):
        for first in range(len(padded) - length + 1):
            yield " ".join(padded[first : first + length])
    yield "opens " + " ".join(parts[:_OPENING])
    yield f"tokens {min(len(parts), 5)}"
    later = [part for part in parts if part in _CONTENT or part in {"or", "and", "than", "same"}]
    yield "holds " + " ".join(later[:_OPENING])
    for part in sorted(set(later)):
        for opening in {" ".join(parts[:1]), " ".join(parts[:2])}:
            yield f"{opening} .. {part}"
    if "NAME" not in later:
        yield f"{' '.join(parts[:1])} .. no name"
    yield f"names {min(parts.count('NAME'), 2)}"


@cache
def _model() -> tuple[frozenset[str], Mapping[str, Sequence[float]], NDArray[np.float64]]:
    """Return the words kept, each feature's weight for every kind, and those of the embedding."""
    held = json.loads(MODEL.read_text("utf-8"))
    return frozenset(held["words"]), held["weights"], np.array(held["meaning"])
