"""Metrics against published examples and trec_eval."""

from __future__ import annotations

from math import log2

import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from tipsearch.evaluation.metrics import ndcg, recall, reciprocal_rank


def test_voorhees_mean_reciprocal_rank() -> None:
    """The example of Wikipedia, "Mean reciprocal rank": ranks 3, 2 and 1 give 11/18."""
    answers = [
        (["catten", "cati", "cats"], "cats"),
        (["torii", "tori", "toruses"], "tori"),
        (["viruses", "virii", "viri"], "viruses"),
    ]
    ranks = [reciprocal_rank(ranking, {right}) for ranking, right in answers]
    assert sum(ranks) / 3 == pytest.approx(11 / 18)


@pytest.mark.parametrize(
    ("ranking", "relevant", "k", "value"),
    [
        ("abc", "abc", 3, 1.0),
        ("xabc", "abc", 4, (1 / log2(3) + 1 / 2 + 1 / log2(5)) / (1 + 1 / log2(3) + 1 / 2)),
        ("xa", "ab", 2, (1 / log2(3)) / (1 + 1 / log2(3))),
        ("xxa", "a", 2, 0.0),
        ("abc", "", 3, 0.0),
        ("", "a", 3, 0.0),
        ("a", "abcdefghijklm", 1, 1.0),
    ],
)
def test_ndcg(ranking: str, relevant: str, k: int, value: float) -> None:
    assert ndcg(list(ranking), set(relevant), k) == pytest.approx(value)


@pytest.mark.parametrize(
    ("k", "found", "first"), [(1, 0.0, 0.0), (2, 1 / 3, 0.5), (4, 2 / 3, 0.5), (9, 2 / 3, 0.5)]
)
def test_recall_and_reciprocal_rank(k: int, found: float, first: float) -> None:
    assert recall(list("xaxb"), set("abc"), k) == pytest.approx(found)
    assert reciprocal_rank(list("xaxb"), set("abc"), k) == first


def test_nothing_relevant() -> None:
    assert recall(["a"], set(), 5) == reciprocal_rank(["a"], set()) == 0


@given(
    st.permutations("abcdefghijklmnopqrst"),
    st.sets(st.sampled_from("abcdefghijklmuvw"), min_size=1),
)
def test_the_same_as_trec_eval(ranking: list[str], relevant: set[str]) -> None:
    evaluator = pytrec_eval.RelevanceEvaluator(
        {"q": dict.fromkeys(relevant, 1)}, {"ndcg_cut.10", "recall.10", "recip_rank"}
    )
    run = {id_: float(-rank) for rank, id_ in enumerate(ranking)}
    theirs = evaluator.evaluate({"q": run})["q"]
    assert ndcg(ranking, relevant, 10) == pytest.approx(theirs["ndcg_cut_10"])
    assert recall(ranking, relevant, 10) == pytest.approx(theirs["recall_10"])
    assert reciprocal_rank(ranking, relevant, 20) == pytest.approx(theirs["recip_rank"])
