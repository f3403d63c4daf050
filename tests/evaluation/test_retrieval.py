"""Rankings of a small set by every method, measured here and by trec_eval."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import pytrec_eval

from tests.test_cli import failed, tipsearch
from tipsearch.answering.reader import SpanReader
from tipsearch.errors import QueryError
from tipsearch.evaluation import retrieval
from tipsearch.evaluation.runner import index_texts
from tipsearch.retrieval.encoder import OnnxEncoder
from tipsearch.settings import Settings

_CORPUS = [
    ("a", "Ana Roy", "Ana Roy founded the charity HOPE in 2001. It helps children in Peru."),
    ("b", "Bo Li", "Bo Li opened a shelter in Oslo in 1999. He left it to his sister."),
    ("c", "Cy Fox", "Cy Fox wrote of fishing boats, and of the men who had to work on them."),
    ("d", "", "The shelter in Oslo closed in 2005."),
    ("e", "Ana Roy", "Ana Roy founded the charity HOPE in 2001. It helps children in Peru."),
]
_QUERIES = [
    ("1", "Who opened a house for people in need in Oslo?", ["b", "d"], "tune"),
    ("2", "When did HOPE begin?", ["e"], "tune"),
    ("3", "Which writer told of forced work at sea?", ["c"], "other"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    documents = [{"_id": i, "title": title, "text": text} for i, title, text in _CORPUS]
    queries = [{"_id": i, "text": t, "relevant": r, "split": s} for i, t, r, s in _QUERIES]
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in documents))
    packed = "".join(json.dumps(row) + "\n" for row in queries).encode()
    (tmp_path / "queries.jsonl.gz").write_bytes(gzip.compress(packed))
    return tmp_path


def test_every_method_is_measured_as_trec_eval_does(
    folder: Path, tmp_path: Path, encoder: OnnxEncoder, reader: SpanReader
) -> None:
    held = retrieval.load(folder)
    snapshot = index_texts(held.titles, tmp_path / "i", encoder, Settings())
    steps: list[int] = []
    found = retrieval.runs(held, snapshot, reader, steps.append)
    assert steps == [1, 1, 1]
    assert tuple(found) == retrieval.METHODS
    assert found["fused"]["2"][0] == "a"  # "e" is the same text: one document
    table = retrieval.summary(held.queries, found)
    qrels = {query.id: dict.fromkeys(query.relevant, 1) for query in held.queries}
    measures = {"ndcg_cut.10": "ndcg@10", "recall.5": "recall@5", "recip_rank": "mrr@10"}
    for method, run in found.items():
        scored = {q: {i: float(-rank) for rank, i in enumerate(ids)} for q, ids in run.items()}
        theirs = pytrec_eval.RelevanceEvaluator(qrels, set(measures)).evaluate(scored)
        for measure, ours in measures.items():
            values = [row[measure.replace(".", "_")] for row in theirs.values()]
            assert table[method][ours] == pytest.approx(sum(values) / len(values)), (method, ours)


def test_a_split_and_no_reader(folder: Path) -> None:
    held = retrieval.load(folder, "tune")
    assert [query.id for query in held.queries] == ["1", "2"]
    assert held.queries[1].relevant == {"a"}
    run = tipsearch("eval", "retrieval", str(folder), "--split", "tune", "--no-reader", "--json")
    assert run.returncode == 0, run.stderr
    scores = json.loads(run.stdout)
    assert (scores["documents"], scores["queries"]) == (4, 2)
    assert set(scores) - {"documents", "queries"} == set(retrieval.METHODS[:3])
    shown = tipsearch("eval", "retrieval", str(folder))
    assert shown.stdout.startswith("4 documents, 3 queries")
    assert "fused + reader" in shown.stdout


@pytest.mark.parametrize("damage", ["missing", "no json", "no id", "no query"])
def test_a_folder_that_is_no_set_is_named(folder: Path, damage: str) -> None:
    if damage == "missing":
        (folder / "corpus.jsonl").unlink()
    elif damage == "no query":
        (folder / "queries.jsonl.gz").write_bytes(gzip.compress(b""))
    else:
        (folder / "corpus.jsonl").write_text("{" if damage == "no json" else "{}\n")
    with pytest.raises(QueryError, match=r"holds no such query|is no retrieval set"):
        retrieval.load(folder)
    assert str(folder) in failed(tipsearch("eval", "retrieval", str(folder)), 2)
