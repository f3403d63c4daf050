"""Curves are drawn into files, and what cannot be drawn is said."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tipsearch.errors import QueryError
from tipsearch.evaluation import plot
from tipsearch.evaluation.squad import RiskPoint

CURVE = {"some questions": [RiskPoint(0.9, 0.25, 0.0), RiskPoint(0.2, 1.0, 0.5)]}


@pytest.mark.parametrize(("name", "starts"), [("c.svg", b"<?xml"), ("c.png", b"\x89PNG")])
def test_a_curve_is_drawn(tmp_path: Path, name: str, starts: bytes) -> None:
    plot.risk_coverage(CURVE, tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(starts)


@pytest.mark.parametrize("name", ["c.cake", "none/c.svg"])
def test_what_cannot_be_drawn_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(QueryError, match="cannot draw"):
        plot.risk_coverage(CURVE, tmp_path / name)


def test_without_matplotlib_one_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(QueryError, match=r"tipsearch\[eval\]"):
        plot.risk_coverage(CURVE, tmp_path / "c.svg")
