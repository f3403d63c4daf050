"""How well passages are found: each leg, their fusion, and the order after reading."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tipsearch.answering.reader import SpanReader, with_reader_scores
from tipsearch.errors import QueryError
from tipsearch.evaluation.datasets import read_text
from tipsearch.evaluation.metrics import ndcg, recall, reciprocal_rank
from tipsearch.index import Snapshot
from tipsearch.types import Hit

METHODS = ("dense", "lexical", "fused", "fused + reader")


@dataclass(frozen=True, slots=True)
class Query:
    """A question with the ids of the documents that are relevant to it."""

    id: str
    text: str
    relevant: frozenset[str]


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """A BEIR-style folder: each document's title by its text and its id by its text."""

    titles: dict[str, str]
    ids: dict[str, str]
    queries: tuple[Query, ...]


def load(folder: Path, split: str | None = None) -> RetrievalSet:
    """Read ``corpus.jsonl`` and ``queries.jsonl``, gzipped or not.

    Documents have ``_id``, ``title`` and ``text``; queries ``_id``, ``text``, ``relevant`` (ids)
    and perhaps ``split``. Documents of the same text are one.

    Parameters
    ----------
    folder : Path
        Holds the two files.
    split : str, optional
        Only queries with this split.

    Raises
    ------
    QueryError
        If a file is missing or not of that form, or no query is left.
    """
    try:
        corpus = [(r["_id"], r.get("title") or "", r["text"]) for r in _rows(folder, "corpus")]
        queries = [
            Query(row["_id"], row["text"], frozenset(row["relevant"]))
            for row in _rows(folder, "queries")
            if split is None or row.get("split") == split
        ]
    except (OSError, EOFError, ValueError, LookupError, TypeError) as error:
        raise QueryError(f"{folder} is no retrieval set: {error}") from error
    if not queries or not corpus:
        raise QueryError(f"{folder} holds no such query")
    first = {text: id_ for id_, _, text in reversed(corpus)}
    same = {id_: first[text] for id_, _, text in corpus}
    merged = [Query(q.id, q.text, frozenset(same.get(i, i) for i in q.relevant)) for q in queries]
    return RetrievalSet({text: title for _, title, text in corpus}, first, tuple(merged))


def _rows(folder: Path, name: str) -> list[dict[str, Any]]:
    plain = folder / f"{name}.jsonl"
    text = read_text(plain if plain.exists() else folder / f"{name}.jsonl.gz")
    return [json.loads(line) for line in text.splitlines()]


def runs(
    held: RetrievalSet, snapshot: Snapshot, reader: SpanReader | None, step: Callable[[int], None]
) -> dict[str, dict[str, list[str]]]:
    """Rank documents for every query by every method.

    A document ranks where its best passage does. Each leg ranks the passages that either found.

    Parameters
    ----------
    held : RetrievalSet
        What is asked.
    snapshot : Snapshot
        An index of its documents (`runner.index_texts`).
    reader : SpanReader or None
        Reads the best hits; None leaves that method out.
    step : callable
        Told of each query.

    Returns
    -------
    dict
        By method and query id: document ids, best first.
    """
    settings = snapshot.settings
    found: dict[str, dict[str, list[str]]] = {method: {} for method in METHODS if reader or
                                              method != METHODS[-1]}  # fmt: skip
    for query in held.queries:
        hits = snapshot.search(query.text, 2 * settings.candidates)
        orders = {
            "dense": sorted(hits, key=lambda hit: -hit.scores.dense),
            "lexical": sorted(
                (hit for hit in hits if hit.scores.lexical > 0), key=lambda h: -h.scores.lexical
            ),
            "fused": hits,
        }
        if reader:
            spans = reader.read(query.text, hits[: settings.reader_passages])
            orders["fused + reader"] = with_reader_scores(hits, spans)
        for method, order in orders.items():
            found[method][query.id] = _documents(order, held, snapshot)
        step(1)
    return found


def _documents(hits: Sequence[Hit], held: RetrievalSet, snapshot: Snapshot) -> list[str]:
    profiles = (snapshot.profile(hit.passage.profile_id) for hit in hits)
    return list(dict.fromkeys(held.ids[profile.text] for profile in profiles if profile))


def summary(
    queries: Sequence[Query], found: dict[str, dict[str, list[str]]]
) -> dict[str, dict[str, float]]:
    """Return by method nDCG@10, MRR@10 and recall@1, 5 and 10, means over the queries in [0, 1]."""
    table = {}
    for method, run in found.items():
        rows = [
            (
                ndcg(run[query.id], query.relevant, 10),
                reciprocal_rank(run[query.id], query.relevant, 10),
                *(recall(run[query.id], query.relevant, k) for k in (1, 5, 10)),
            )
            for query in queries
        ]
        names = ("ndcg@10", "mrr@10", "recall@1", "recall@5", "recall@10")
        means = (sum(column) / len(rows) for column in zip(*rows, strict=True))
        table[method] = dict(zip(names, means, strict=True))
    return table
