"""Measures of a ranking, as the field defines them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import log2


def ndcg(ranking: Sequence[str], relevant: Collection[str], k: int = 10) -> float:
    """Normalised discounted cumulative gain of a ranking, with binary relevance.

    Parameters
    ----------
    ranking : sequence of str
        Ids, best first.
    relevant : collection of str
        Ids that should be found.
    k : int
        Only the first k count.

    Returns
    -------
    float
        In [0, 1]; 0 if nothing is relevant.

    References
    ----------
    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20
    (2002), with the gain 1 / log2(rank + 1) of trec_eval.

    Examples
    --------
    >>> round(ndcg(["a", "b", "c"], {"b"}), 4)
    0.6309
    """
    gains = (1 / log2(rank + 1) for rank, id_ in enumerate(ranking[:k], 1) if id_ in relevant)
    ideal = sum(1 / log2(rank + 1) for rank in range(1, min(k, len(relevant)) + 1))
    return sum(gains) / ideal if ideal else 0.0


def reciprocal_rank(ranking: Sequence[str], relevant: Collection[str], k: int = 10) -> float:
    """One over the rank of the first relevant id among the first k, else 0.

    Examples
    --------
    >>> reciprocal_rank(["a", "b"], {"b"})
    0.5
    """
    return next((1 / rank for rank, id_ in enumerate(ranking[:k], 1) if id_ in relevant), 0.0)


def recall(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Share of the relevant ids that are among the first k; 0 if nothing is relevant.

    Examples
    --------
    >>> recall(["a", "b", "c"], {"b", "z"}, 2)
    0.5
    """
    return len(set(ranking[:k]) & set(relevant)) / len(relevant) if relevant else 0.0
