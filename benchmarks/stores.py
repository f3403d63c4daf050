"""The same retrieval set in every store: whether it is ranked alike, and what it takes.

Usage: python benchmarks/stores.py SET_DIR [SET_DIR ...] [--store NAME=ADDRESS ...] [--every N]
                                   [--json FILE]

SET_DIR holds corpus.jsonl.gz and queries.jsonl.gz, as in the data sets of docs/evaluation.md. By
default the stores are a folder, PostgreSQL without and PGlite with pg_textsearch, and milvus-lite,
started as the tests start them; --store names servers of your own instead. Quality is over all
queries, or each Nth; times are medians over a hundred of them, questions embedded beforehand.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from tests.stores.servers import pglite, postgres

from tipsearch.evaluation import retrieval, runner
from tipsearch.retrieval.encoder import OnnxEncoder
from tipsearch.settings import Settings

TIMED = 100


@contextlib.contextmanager
def default_stores():
    with postgres() as server, pglite() as address, tempfile.TemporaryDirectory() as scratch:
        yield {
            "folder": f"{scratch}/index",
            "PostgreSQL, postings": server.address,
            "PGlite, pg_textsearch": address,
            "milvus-lite": f"milvus://{scratch}/milvus.db",
        }


def median_ms(work, items):
    times = []
    for item in items:
        start = time.perf_counter()
        work(item)
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def measure(held, where, encoder, settings):
    """Load a set into a store; return its quality and times."""
    start = time.perf_counter()
    snapshot = runner.index_texts(held.titles, where, encoder, settings)
    load_s = time.perf_counter() - start
    found = retrieval.runs(held, snapshot, None, lambda _: None)
    quality = retrieval.summary(held.queries, found)
    texts = [query.text for query in held.queries[:TIMED]]
    vectors = encoder.encode(texts)
    store, k = snapshot.store, settings.candidates
    result = {
        "passages": store.count().passages,
        "embed_and_load_s": round(load_s, 1),
        **{f"{leg}_ndcg@10": round(quality[leg]["ndcg@10"], 4) for leg in quality},
        "fused_mrr@10": round(quality["fused"]["mrr@10"], 4),
        "dense_ms": round(median_ms(lambda vector: store.dense(vector, k), vectors), 2),
        "lexical_ms": round(median_ms(lambda text: store.lexical(text, k), texts), 2),
        "search_ms": round(median_ms(snapshot.search, texts), 2),
    }
    store.close()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--store", action="append", default=[], metavar="NAME=ADDRESS")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="ask each Nth query")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    settings = Settings.from_environment()
    encoder = OnnxEncoder.open(settings)
    named = dict(one.split("=", 1) for one in args.store)
    table = {}
    with contextlib.nullcontext(named) if named else default_stores() as stores:
        for folder in args.sets:
            held = retrieval.load(folder, None)
            held = replace(held, queries=held.queries[:: args.every])
            for name, where in stores.items():
                table[f"{folder.name}: {name}"] = measure(held, where, encoder, settings)
                print(folder.name, name, json.dumps(table[f"{folder.name}: {name}"]), flush=True)
    if args.json:
        args.json.write_text(json.dumps(table, indent=1), "utf-8")


if __name__ == "__main__":
    main()
