"""Curves as pictures, for docs/ and reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tipsearch.errors import QueryError
from tipsearch.evaluation.squad import RiskPoint


def risk_coverage(curves: Mapping[str, Sequence[RiskPoint]], file: Path) -> None:
    """Draw risk against coverage.

    Parameters
    ----------
    curves : mapping
        Points by the name of their questions.
    file : Path
        The picture; its ending says which kind, such as ``.svg`` or ``.png``.

    Raises
    ------
    QueryError
        If matplotlib is missing, the kind is unknown, or the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise QueryError("drawing needs matplotlib", "pip install 'tipsearch[eval]'") from error
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for name, points in curves.items():
        axes.plot([100 * p.coverage for p in points], [100 * p.risk for p in points], label=name)
    axes.set(xlabel="coverage: questions answered, %", ylabel="risk: answers that are wrong, %")
    axes.set(xlim=(0, 100), ylim=(0, None))
    axes.grid(visible=True, alpha=0.3)
    axes.legend(frameon=False)
    try:
        figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)
    except (OSError, ValueError) as error:
        raise QueryError(f"cannot draw {file}: {error}", "use a name that ends in .svg") from error
