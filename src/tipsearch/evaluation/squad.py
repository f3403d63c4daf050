"""Exact match and token F1 of short answers, as SQuAD defines them.

References
----------
Rajpurkar, Jia and Liang, "Know What You Don't Know: Unanswerable Questions for SQuAD", ACL 2018.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_ARTICLE = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)

Measure = Callable[[str, str], float]


def normalise(text: str) -> str:
    """Reduce an answer to what is compared: no case, ASCII punctuation, articles, extra space.

    Examples
    --------
    >>> normalise("The  U.S. Government,")
    'us government'
    """
    bare = text.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLE.sub(" ", bare).split())


def exact_match(answer: str, gold: str) -> float:
    """Return 1 if two answers are the same once normalised, else 0.

    Examples
    --------
    >>> exact_match("in 2004", "2004"), exact_match("the 2004", "2004.")
    (0.0, 1.0)
    """
    return float(normalise(answer) == normalise(gold))


def token_f1(answer: str, gold: str) -> float:
    """Return the harmonic mean of token precision and recall; of empty answers, whether both are.

    Examples
    --------
    >>> token_f1("in 2004", "2004"), token_f1("", "2004"), token_f1("", "")
    (0.6666666666666666, 0.0, 1.0)
    """
    found, wanted = normalise(answer).split(), normalise(gold).split()
    if not found or not wanted:
        return float(found == wanted)
    shared = (Counter(found) & Counter(wanted)).total()
    return 2 * shared / (len(found) + len(wanted))


def best(measure: Measure, answer: str, golds: Sequence[str]) -> float:
    """Return an answer's best score against any of the right ones; "" is right if there are none.

    Examples
    --------
    >>> best(exact_match, "2004", ["October 2004", "2004"]), best(token_f1, "2004", [])
    (1.0, 0.0)
    """
    return max(measure(answer, gold) for gold in golds or [""])


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was answered to one question when refusing was not allowed, and how sure that was.

    ``score`` is higher the more there is to be an answer; a threshold on it decides. ``golds`` is
    empty if nothing answers the question.
    """

    answer: str
    score: float
    golds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """Percentages over a set of questions at one threshold.

    Attributes
    ----------
    threshold : float
        Answers that score below it are refused.
    exact_match, f1 : float
        Over all questions; refusing what nothing answers counts 100.
    answerable_f1 : float
        Over the answerable ones, refusals counted as they are.
    span_f1 : float
        Over the answerable ones, refusing not allowed.
    unanswerable_refused : float
        Share of the unanswerable ones that are refused.
    """

    threshold: float
    exact_match: float
    f1: float
    answerable_f1: float
    span_f1: float
    unanswerable_refused: float


def scores(predictions: Sequence[Prediction], threshold: float) -> Scores:
    """Score predictions at a threshold.

    Parameters
    ----------
    predictions : sequence of Prediction
        One a question, at least one.
    threshold : float
        Answers that score below it are refused.

    Returns
    -------
    Scores
        A percentage over no question is 0.
    """
    given = [(p.answer if p.score >= threshold else "", p) for p in predictions]
    answerable = [(text, p) for text, p in given if p.golds]
    unanswerable = [text for text, p in given if not p.golds]
    return Scores(
        threshold=threshold,
        exact_match=_percent([best(exact_match, text, p.golds) for text, p in given]),
        f1=_percent([best(token_f1, text, p.golds) for text, p in given]),
        answerable_f1=_percent([best(token_f1, text, p.golds) for text, p in answerable]),
        span_f1=_percent([best(token_f1, p.answer, p.golds) for _, p in answerable]),
        unanswerable_refused=_percent([float(not text) for text in unanswerable]),
    )


def _percent(values: Sequence[float]) -> float:
    return 100 * sum(values) / len(values) if values else 0.0


def best_threshold(predictions: Sequence[Prediction]) -> float:
    """Return the score at which refusing everything below it gives the highest F1.

    Of several such thresholds it is the lowest. The official script's ``best_f1_thresh`` is the
    same, found by sorting once: moving past a question changes only that question's F1.

    Parameters
    ----------
    predictions : sequence of Prediction
        One a question, at least one.

    Returns
    -------
    float
        One of the scores, or infinity if refusing everything is best.
    """
    ranked = sorted(predictions, key=lambda p: p.score)
    total = sum(best(token_f1, p.answer, p.golds) for p in ranked)
    highest, threshold = total, ranked[0].score
    for place, prediction in enumerate(ranked):
        total += float(not prediction.golds)
        total -= best(token_f1, prediction.answer, prediction.golds)
        following = ranked[place + 1].score if place + 1 < len(ranked) else float("inf")
        if total > highest + 1e-9 and following > prediction.score:
            highest, threshold = total, following
    return threshold


def threshold_refusing(predictions: Sequence[Prediction], share: float) -> float:
    """Return the threshold at which a share of the answerable questions, in [0, 1], is refused."""
    answerable = sorted(p.score for p in predictions if p.golds)
    return answerable[min(int(share * len(answerable)), len(answerable) - 1)]


RIGHT_F1 = 0.5
"""An answer counts as right from this token F1 with a correct one on."""


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """What answering only from a score on would do, as shares in [0, 1].

    Attributes
    ----------
    threshold : float
        Answers that score below it are refused.
    coverage : float
        Share of all questions that are answered.
    risk : float
        Share of the answers given that are wrong, those to unanswerable questions among them.
    """

    threshold: float
    coverage: float
    risk: float


def is_right(prediction: Prediction) -> bool:
    """Whether an answer is right: a token F1 of `RIGHT_F1`; never, where nothing answers."""
    golds = prediction.golds
    return bool(golds) and best(token_f1, prediction.answer, golds) >= RIGHT_F1


def risk_coverage(predictions: Sequence[Prediction]) -> list[RiskPoint]:
    """Return the risk-coverage curve.

    Parameters
    ----------
    predictions : sequence of Prediction
        One a question.

    Returns
    -------
    list of RiskPoint
        One a distinct score, by falling threshold, so by rising coverage.

    References
    ----------
    El-Yaniv and Wiener, "On the Foundations of Noise-free Selective Classification", JMLR 11
    (2010).

    Examples
    --------
    >>> points = [Prediction("2004", 0.9, ("2004",)), Prediction("Oslo", 0.4, ())]
    >>> [(point.coverage, point.risk) for point in risk_coverage(points)]
    [(0.5, 0.0), (1.0, 0.5)]
    """
    ranked = sorted(predictions, key=lambda p: -p.score)
    points, wrong = [], 0
    for given, prediction in enumerate(ranked, 1):
        wrong += not is_right(prediction)
        if given == len(ranked) or ranked[given].score < prediction.score:
            points.append(RiskPoint(prediction.score, given / len(ranked), wrong / given))
    return points


def at_coverage(points: Sequence[RiskPoint], coverage: float) -> RiskPoint:
    """Return the first point of a risk-coverage curve that covers at least a share of questions."""
    return next((point for point in points if point.coverage >= coverage), points[-1])
