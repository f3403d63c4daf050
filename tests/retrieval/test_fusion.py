"""Fusion, worked out by hand."""

from __future__ import annotations

import pytest

from tipsearch.retrieval.fusion import fuse


@pytest.mark.parametrize(
    ("dense", "lexical", "weight", "expected"),
    [
        ({1: 0.8, 2: 0.4}, {2: 6.0, 1: 3.0}, 0.5, [(2, 0.7), (1, 0.65)]),
        ({1: 0.8, 2: 0.4}, {2: 6.0, 1: 3.0}, 1.0, [(1, 0.8), (2, 0.4)]),
        ({1: 0.8, 2: 0.4}, {2: 6.0, 1: 3.0}, 0.0, [(2, 1.0), (1, 0.5)]),
        ({1: 0.8, 2: -0.4}, {}, 0.25, [(1, 0.2), (2, 0.0)]),
        ({9: 0.5, 3: 0.5, 5: 0.5}, {}, 0.5, [(3, 0.25), (5, 0.25), (9, 0.25)]),
        ({4: 0.6, 2: 0.2}, {2: 2.0}, 0.5, [(2, 0.6), (4, 0.3)]),
        ({4: 0.6}, {4: 0.0}, 0.5, [(4, 0.3)]),
        ({}, {}, 0.5, []),
    ],
)
def test_fuse(
    dense: dict[int, float],
    lexical: dict[int, float],
    weight: float,
    expected: list[tuple[int, float]],
) -> None:
    fused = fuse(dense, lexical, weight)
    assert [passage for passage, _ in fused] == [passage for passage, _ in expected]
    assert [score for _, score in fused] == pytest.approx([score for _, score in expected])
