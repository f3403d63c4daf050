"""Dense search against brute force in NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipsearch.errors import IndexFormatError
from tipsearch.retrieval.dense import DenseIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray


def unit(rows: list[list[int]]) -> NDArray[np.float32]:
    vectors = np.array(rows, dtype=np.float32)
    lengths: NDArray[np.float32] = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / lengths, dtype=np.float32)


ROWS = st.lists(st.integers(-9, 9), min_size=3, max_size=3).filter(any)


@given(st.lists(ROWS, min_size=1, max_size=30), ROWS, st.integers(-1, 40), st.data())
def test_the_same_as_brute_force(
    rows: list[list[int]], asked: list[int], k: int, data: st.DataObject
) -> None:
    vectors, query = unit(rows), unit([asked])[0]
    index = DenseIndex(vectors)
    among = data.draw(st.none() | st.sets(st.integers(0, len(rows) - 1)))
    numbers = sorted(range(len(rows)) if among is None else among)
    allowed = None if among is None else np.array(numbers, dtype=np.int64)
    found = index.search(query, k, allowed)
    exact = vectors.astype(np.float64) @ query.astype(np.float64)
    assert len(found) == max(0, min(k, len(numbers)))
    assert set(found) <= set(numbers)
    assert list(found.values()) == pytest.approx(
        sorted((exact[n] for n in numbers), reverse=True)[: len(found)], abs=1e-6
    )
    assert all(found[n] == pytest.approx(exact[n], abs=1e-6) for n in found)
    assert index.vectors(numbers).tolist() == vectors[numbers].tolist()


def test_ties_go_by_id_also_at_the_cut() -> None:
    vectors = unit([[0, 1], [1, 0]] * 200)
    query = np.array([1, 0], dtype=np.float32)
    odd = list(range(1, 400, 2))
    assert list(DenseIndex(vectors).search(query, 3)) == odd[:3]
    assert list(DenseIndex(vectors).search(query, 150)) == odd[:150]
    allowed = np.array([9, 7, 100, 5], dtype=np.int64)
    assert DenseIndex(vectors).search(query, 9, allowed) == {5: 1, 7: 1, 9: 1, 100: 0}


def test_rows_are_kept() -> None:
    vectors = unit([[3, 4], [1, 0]])
    index = DenseIndex(vectors)
    assert len(index) == 2
    assert index.vectors([1, 0]).tolist() == [[1, 0], pytest.approx([0.6, 0.8])]


@pytest.mark.parametrize(
    "vectors",
    [
        np.array([[1, 0], [0, 0]], dtype=np.float32),
        np.array([[1, 0], [3, 4]], dtype=np.float32),
        np.array([[1, 0], [np.nan, 1]], dtype=np.float32),
        np.array([[1, 0], [0, np.inf]], dtype=np.float32),
        np.array([[1, 0]], dtype=np.float64),
        np.array([1, 0], dtype=np.float32),
    ],
    ids=["zero", "long", "nan", "inf", "float64", "1-D"],
)
def test_other_vectors_are_refused(vectors: NDArray[np.float32]) -> None:
    with pytest.raises(IndexFormatError):
        DenseIndex(vectors)


def test_no_vectors() -> None:
    assert DenseIndex(np.empty((0, 2), dtype=np.float32)).search(unit([[1, 0]])[0], 5) == {}
