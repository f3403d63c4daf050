"""Answers are scored as SQuAD's official script scores them: cases worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipsearch.evaluation.squad import (
    Prediction,
    RiskPoint,
    at_coverage,
    best,
    best_threshold,
    exact_match,
    is_right,
    normalise,
    risk_coverage,
    scores,
    threshold_refusing,
    token_f1,
)


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("The Beatles", "beatles"),
        ("a  U.S. president.", "us president"),
        ("Theatre", "theatre"),
        ("Médecins Sans Frontières", "médecins sans frontières"),
        ("an apple, the pear", "apple pear"),
        ("“quoted”", "“quoted”"),  # only ASCII punctuation goes
        ("the", ""),
    ],
)
def test_normalisation(text: str, bare: str) -> None:
    assert normalise(text) == bare


@pytest.mark.parametrize(
    ("answer", "gold", "exact", "f1"),
    [
        ("2004", "2004", 1, 1),
        ("in 2004", "2004", 0, 2 / 3),
        ("October 2014", "2014 October", 0, 1),
        ("the the 2004", "2004", 1, 1),
        ("cat cat", "cat", 0, 2 / 3),
        ("dog", "cat", 0, 0),
        ("", "2004", 0, 0),
        ("", "", 1, 1),
    ],
)
def test_one_answer(answer: str, gold: str, exact: float, f1: float) -> None:
    assert exact_match(answer, gold) == exact
    assert token_f1(answer, gold) == pytest.approx(f1)


def test_the_best_of_several_right_answers_counts() -> None:
    assert best(token_f1, "in 2004", ["October", "2004"]) == pytest.approx(2 / 3)
    assert best(exact_match, "", []) == 1
    assert best(exact_match, "2004", []) == 0


FOUR = [
    Prediction("2004", 3.0, ("2004",)),
    Prediction("in 1996", 2.0, ("1996",)),
    Prediction("AFESIP", 1.0, ()),
    Prediction("Laos", -1.0, ()),
]


def test_scores_at_a_threshold() -> None:
    at_two = scores(FOUR, 2.0)
    assert at_two.exact_match == 75
    assert at_two.f1 == pytest.approx(100 * (1 + 2 / 3 + 1 + 1) / 4)
    assert at_two.answerable_f1 == at_two.span_f1 == pytest.approx(100 * (1 + 2 / 3) / 2)
    assert at_two.unanswerable_refused == 100
    at_three = scores(FOUR, 3.0)
    assert at_three.answerable_f1 == 50
    assert at_three.span_f1 == pytest.approx(100 * (1 + 2 / 3) / 2)
    assert scores(FOUR, 0.0).unanswerable_refused == 50


def test_no_question_of_a_kind_is_nought() -> None:
    assert scores(FOUR[2:], 9).answerable_f1 == 0
    assert scores(FOUR[:2], 0).unanswerable_refused == 0


def test_the_best_threshold_and_the_one_that_refuses_a_share() -> None:
    assert best_threshold(FOUR) == 2.0
    assert best_threshold(FOUR[2:]) == float("inf")
    assert threshold_refusing(FOUR, 0.5) == 3.0
    assert threshold_refusing(FOUR, 0.0) == 2.0


_PREDICTIONS = st.lists(
    st.builds(
        Prediction,
        st.sampled_from(["2004", "in 2004", "Laos"]),
        st.integers(-3, 3).map(float),
        st.sampled_from([(), ("2004",), ("Laos", "in Laos")]),
    ),
    min_size=1,
    max_size=12,
)


@given(_PREDICTIONS)
def test_no_threshold_beats_the_best_one(predictions: list[Prediction]) -> None:
    found = scores(predictions, best_threshold(predictions)).f1
    others = [prediction.score for prediction in predictions] + [float("inf")]
    assert found == pytest.approx(max(scores(predictions, other).f1 for other in others))


def test_risk_against_coverage_worked_out_by_hand() -> None:
    points = risk_coverage([
        Prediction("2004", 0.9, ("2004",)),
        Prediction("Oslo", 0.7, ()),
        Prediction("Peru", 0.7, ("Peru", "in Peru")),
        Prediction("Ana", 0.2, ("Bo Li",)),
    ])
    assert points == [
        RiskPoint(0.9, 0.25, 0.0),
        RiskPoint(0.7, 0.75, 1 / 3),
        RiskPoint(0.2, 1, 0.5),
    ]
    assert at_coverage(points, 0.5) == points[1]
    assert at_coverage(points, 1.0) == points[2]


def test_half_of_an_answer_is_right_and_less_is_not() -> None:
    assert is_right(Prediction("in 2004", 0.5, ("2004",)))
    assert not is_right(Prediction("in the year of 2004", 0.5, ("2004",)))
    assert not is_right(Prediction("", 0.5, ()))


@given(_PREDICTIONS)
def test_coverage_rises_to_all_and_risk_is_a_share(predictions: list[Prediction]) -> None:
    points = risk_coverage(predictions)
    coverages = [point.coverage for point in points]
    assert coverages == sorted(set(coverages))
    assert coverages[-1] == 1
    assert all(0 <= point.risk <= 1 for point in points)
