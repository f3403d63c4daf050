"""Measure retrieval on BEIR-style folders: dense, lexical, rank fusion, and weighted sums.

Usage: python benchmarks/retrieval.py SET_DIR [SET_DIR ...] [--json FILE]

A SET_DIR holds corpus.jsonl.gz (_id, title, text) and queries.jsonl.gz (_id, text, relevant).
The dense weight is chosen on every second question; all figures are of the other half.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np

from tipsearch.evaluation.metrics import ndcg, recall, reciprocal_rank
from tipsearch.evaluation.retrieval import load
from tipsearch.index import searchable
from tipsearch.retrieval.dense import DenseIndex
from tipsearch.retrieval.encoder import OnnxEncoder
from tipsearch.retrieval.fusion import fuse
from tipsearch.retrieval.lexical import LexicalIndex, LexicalWriter
from tipsearch.settings import Settings

RRF_CONSTANT = 60  # Cormack, Clarke and Büttcher, SIGIR 2009
WEIGHTS = [weight / 20 for weight in range(21)]
DEPTH = Settings().candidates


def reciprocal_rank_fusion(dense, lexical):
    scores: dict[int, float] = {}
    for ranking in (dense, lexical):
        for rank, passage in enumerate(ranking, 1):
            scores[passage] = scores.get(passage, 0.0) + 1 / (RRF_CONSTANT + rank)
    return sorted(scores, key=lambda passage: (-scores[passage], passage))


def rankings(index, words, vectors, queries):
    """Yield each query's rankings by every method, as passage numbers."""
    for vector, query in zip(vectors, queries, strict=True):
        dense, lexical = index.search(vector, DEPTH), words.search(query.text, DEPTH)
        union = sorted({*dense, *lexical})
        cosines = dict(zip(union, index.scores(vector, union).tolist(), strict=True))
        found = {
            "dense": list(dense),
            "lexical": list(lexical),
            "RRF": reciprocal_rank_fusion(dense, lexical),
        }
        for weight in WEIGHTS:
            found[f"sum {weight:.2f}"] = [p for p, _ in fuse(cosines, lexical, weight)]
        yield found


def measure(folder, encoders):
    held = load(folder)
    queries = held.queries
    texts = [searchable(title, text) for text, title in held.titles.items()]
    ids = [held.ids[text] for text in held.titles]
    out = {"set": folder.name, "passages": len(texts), "questions": len(queries)}
    with tempfile.TemporaryDirectory() as scratch:
        with LexicalWriter(Path(scratch)) as writer:
            for text in texts:
                writer.add(0, text)
        words = LexicalIndex.open(Path(scratch))
        for precision, encoder in encoders.items():
            start = time.perf_counter()
            index = DenseIndex(encoder.encode(texts))
            rate = len(texts) / (time.perf_counter() - start)
            vectors = encoder.encode([query.text for query in queries])
            scores: dict[str, list[tuple[float, ...]]] = {}
            for query, found in zip(queries, rankings(index, words, vectors, queries), strict=True):
                for method, passages in found.items():
                    ranking = [ids[passage] for passage in passages[:DEPTH]]
                    wanted = query.relevant
                    scores.setdefault(method, []).append((
                        ndcg(ranking, wanted),
                        reciprocal_rank(ranking, wanted),
                        recall(ranking, wanted, 1),
                        recall(ranking, wanted, 10),
                    ))
            out[precision] = {"passages_per_s": round(rate, 1), **summary(scores)}
            print(json.dumps({folder.name: {precision: out[precision]}}), file=sys.stderr)
    return out


def summary(scores):
    names = ("ndcg@10", "mrr@10", "recall@1", "recall@10")
    halves = {
        method: [np.mean(values[half::2], axis=0).round(4).tolist() for half in (0, 1)]
        for method, values in scores.items()
    }
    sums = {method: tune[0] for method, (tune, _) in halves.items() if method.startswith("sum")}
    best = max(sums, key=lambda method: sums[method])
    return {
        "best_on_tuning_half": best,
        "tuning_ndcg@10": {method[4:]: value for method, value in sums.items()},
        "held_out": {
            method: dict(zip(names, held_out, strict=True))
            for method, (_, held_out) in halves.items()
            if not method.startswith("sum") or method in {best, "sum 0.50"}
        },
        "held_out_sums_ndcg@10": {m[4:]: h[0] for m, (_, h) in halves.items() if m[:3] == "sum"},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set_dir", type=Path, nargs="+")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    settings = Settings.from_environment()
    encoders = {
        precision: OnnxEncoder.open(replace(settings, precision=precision))
        for precision in ("fp32", "int8")
    }
    results = [measure(folder, encoders) for folder in args.set_dir]
    tuning = [result["int8"]["tuning_ndcg@10"] for result in results]
    means = {weight: fmean(t[weight] for t in tuning) for weight in tuning[0]}
    best = max(means, key=lambda weight: means[weight])
    results.append({"mean_tuning_ndcg@10": means, "best_weight": best})
    if args.json:
        args.json.write_text(json.dumps(results, indent=1), "utf-8")
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
