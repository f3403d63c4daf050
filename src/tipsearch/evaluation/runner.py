"""Ask a file's questions of the reader: given the paragraph, or retrieving it first."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tipsearch.answering.reader import SpanReader
from tipsearch.corpus.profiles import Corpus
from tipsearch.evaluation.datasets import Question
from tipsearch.evaluation.squad import Prediction
from tipsearch.index import Snapshot, write
from tipsearch.retrieval.encoder import Encoder
from tipsearch.settings import Settings
from tipsearch.types import Fields, Hit, Passage, Profile, Scores

Step = Callable[[int], None]
"""Told how many questions were answered since the last time."""


def index_texts(
    texts: Mapping[str, str], where: str | Path, encoder: Encoder, settings: Settings
) -> Snapshot:
    """Index texts as profiles.

    Parameters
    ----------
    texts : mapping of str to str
        Titles by text; a title may be empty.
    where : path or str
        The index folder, or the address of a server.
    encoder, settings
        As for `Index.build`.

    Returns
    -------
    Snapshot
        Open.
    """
    profiles = [
        Profile(
            f"{n}", title, (), text, Fields(), (), f"{n}", hashlib.sha256(text.encode()).hexdigest()
        )
        for n, (text, title) in enumerate(texts.items())
    ]
    return write(where, Corpus(tuple(profiles), (), ()), encoder, settings).snapshot


def given(questions: Sequence[Question], reader: SpanReader, step: Step) -> list[Prediction]:
    """Answer each question from its own paragraph, refusing not allowed.

    Returns
    -------
    list of Prediction
        Scored by the margin over "no answer", in logits.
    """
    predictions = []
    for question in questions:
        passage = Passage("", 0, len(question.context), 1, question.context)
        hit = Hit(1, "", passage, Scores(0.0, 0.0, 0.0))
        found = reader.candidates(question.text, [hit])
        text, score = (found[0].text, found[0].margin) if found else ("", float("-inf"))
        predictions.append(Prediction(text, score, question.answers))
        step(1)
    return predictions


def retrieved(
    questions: Sequence[Question], snapshot: Snapshot, reader: SpanReader, step: Step
) -> list[Prediction]:
    """Answer each question from the best passages an index has for it, refusing not allowed.

    Returns
    -------
    list of Prediction
        Scored by the calibrated probability.
    """
    predictions = []
    for question in questions:
        hits = snapshot.search(question.text, snapshot.settings.reader_passages)
        found = reader.candidates(question.text, hits)
        scores = reader.probabilities(question.text, found)
        score, at = max(((score, -n) for n, score in enumerate(scores)), default=(0.0, 0))
        text = found[-at].text if found else ""
        predictions.append(Prediction(text, score, question.answers))
        step(1)
    return predictions
