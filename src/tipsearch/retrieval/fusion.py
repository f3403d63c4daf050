"""Two rankings become one."""

from __future__ import annotations

from collections.abc import Mapping


def fuse(
    dense: Mapping[int, float], lexical: Mapping[int, float], dense_weight: float
) -> list[tuple[int, float]]:
    """Rank passages by a weighted sum of their cosine and their BM25 score.

    Parameters
    ----------
    dense : mapping of int to float
        The cosine of every passage to be ranked.
    lexical : mapping of int to float
        BM25 of those that share a word with the query; the others count as 0.
    dense_weight : float
        The dense share, in [0, 1].

    Returns
    -------
    list of (int, float)
        Ids and fused scores in [0, 1], best first, ties by id.

    Notes
    -----
    BM25 has no upper bound, so it is divided by its best score for this query. Cosines below 0
    count as 0. This is the convex combination of Bruch, Gai and Ingber, "An Analysis of Fusion
    Functions for Hybrid Retrieval", ACM TOIS 42 (2023), with the scores' lower bounds known.
    """
    best = max(lexical.values(), default=0.0) or 1.0
    fused = [
        (
            passage,
            dense_weight * max(cosine, 0.0) + (1 - dense_weight) * lexical.get(passage, 0.0) / best,
        )
        for passage, cosine in dense.items()
    ]
    return sorted(fused, key=lambda pair: (-pair[1], pair[0]))
