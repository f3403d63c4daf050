"""How cost grows with the corpus: build, update, search, memory and disk at several sizes.

Usage: python benchmarks/growth.py WORK_DIR SET_DIR [SET_DIR ...] [--sizes 1000 10000 100000]
                                   [--store NAME=ADDRESS ...] [--json FILE] [--plot FILE.svg]

SET_DIR holds corpus.jsonl.gz and queries.jsonl.gz. Their passages are real text; past their number
they come again with their names and numbers altered, never as random vectors, which make any
approximate search look wrong. Vectors are made once, into WORK_DIR, by what `tipsearch embed` runs:
a run that is stopped goes on. Each size is opened and searched in a process of its own, so that its
memory is its own. Times are medians over a hundred questions, embedded beforehand unless said.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import resource
import statistics
import subprocess
import sys
import time
from itertools import count, islice
from pathlib import Path

from tipsearch import bulk
from tipsearch.corpus import tables
from tipsearch.embedding import Embedding
from tipsearch.index import Index, write
from tipsearch.retrieval.encoder import OnnxEncoder
from tipsearch.settings import Settings
from tipsearch.stores.store import Change

TIMED = 100
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}")
_NUMBER = re.compile(r"\b\d{1,4}\b")


def rows(folder, name):
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def altered(text, others, turn):
    """Return a text with other names, and its numbers moved up."""
    text = _NAME.sub(lambda found: others[found[0]], text)
    return _NUMBER.sub(lambda found: str(int(found[0]) + turn), text)


def profiles(sets):
    """Yield profile files without end: the sets as they are, then altered, turn after turn."""
    told = [(r.get("title") or "", r["text"]) for folder in sets for r in rows(folder, "corpus")]
    names = sorted({name for _, text in told for name in _NAME.findall(text)})
    for turn in count():
        chance = random.Random(turn)  # noqa: S311 - the same text every time
        others = dict(zip(names, chance.sample(names, len(names)), strict=True))
        for place, (title, text) in enumerate(told):
            body = " ".join((altered(text, others, turn) if turn else text).split())
            front = f"---\nname: {json.dumps(title or 'Nobody')}\n---\n"
            yield f"{turn:04}-{place:06}.md", front + body


def make_table(path, sets, size):
    import pyarrow as pa
    import pyarrow.parquet as pq

    files, texts = zip(*islice(profiles(sets), size), strict=True)
    pq.write_table(pa.table({"file": files, "text": texts}), path, row_group_size=1_000)


def seconds(work):
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def times_ms(work, items):
    return [seconds(lambda item=item: work(item))[0] * 1e3 for item in items]


def searched(where, questions):
    """Measure an index in this process, which opened nothing else."""
    settings = Settings.from_environment()
    encoder = OnnxEncoder.open(settings)
    before_mb = resident_mb()
    open_s, index = seconds(lambda: Index.open(where, settings=settings, encoder=encoder))
    store, k = index.snapshot.store, settings.candidates
    vectors = encoder.encode(questions)
    index.search(questions[0])
    fused = times_ms(index.search, questions)
    found = {
        "profiles": store.count().profiles,
        "passages": store.count().passages,
        "open_s": open_s,
        "dense_ms": statistics.median(times_ms(lambda vector: store.dense(vector, k), vectors)),
        "lexical_ms": statistics.median(times_ms(lambda text: store.lexical(text, k), questions)),
        "search_ms": statistics.median(fused),
        "search_p95_ms": statistics.quantiles(fused, n=20)[-1],
    }
    now_mb = resident_mb()
    return {**found, "index_rss_mb": now_mb - before_mb, "rss_mb": now_mb}


def resident_mb():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * resource.getpagesize() / 1e6)


def measure(table, vectors, where, questions):
    """Build an index of a table whose vectors are known, change it, and search it."""
    settings = Settings.from_environment()
    encoder = OnnxEncoder.open(settings)
    corpus = tables.load(table, settings.file_bytes)
    known = bulk.VectorTable(vectors, encoder.info)
    build_s, index = seconds(lambda: write(where, corpus, encoder, settings, known=known))
    store = index.snapshot.store
    some = corpus.profiles[len(corpus.profiles) // 2]
    entries = list(Embedding(encoder, settings).entries([some], (), store))
    one_s, after = seconds(lambda: store.write(lambda _: Change(entries)))
    after.close()
    disk = 0
    if (folder := Path(str(where))).is_dir():
        current = folder / (folder / "CURRENT").read_text().strip()
        disk = sum(file.stat().st_size for file in current.rglob("*") if file.is_file())
    done = subprocess.run(
        [sys.executable, __file__, "--search", str(where)], check=True, capture_output=True,
        input=json.dumps(questions), text=True,
    )  # fmt: skip
    return {
        "build_with_known_vectors_s": build_s, "one_profile_written_s": one_s,
        **({"disk_mb": round(disk / 1e6)} if disk else {}), **json.loads(done.stdout),
    }  # fmt: skip


def plot(table, file):
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
    for axis, (title, columns) in zip(axes, PLOTS.items(), strict=True):
        for store in dict.fromkeys(row["store"] for row in table):
            held = [row for row in table if row["store"] == store]
            for column in columns:
                if all(column in row for row in held):
                    axis.plot(
                        [row["passages"] for row in held], [row[column] for row in held],
                        marker="o", label=f"{store}: {column}",
                    )  # fmt: skip
        axis.set(title=title, xscale="log", yscale="log", xlabel="passages")
        axis.legend(fontsize=7)
    figure.savefig(file)


PLOTS = {
    "ms a search": ("dense_ms", "lexical_ms", "search_ms"),
    "s to build, to open, to change": (
        "build_with_known_vectors_s",
        "open_s",
        "one_profile_written_s",
    ),
    "MB": ("disk_mb", "index_rss_mb"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--store", action="append", default=[], metavar="NAME=ADDRESS")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    questions = [row["text"] for folder in args.sets for row in rows(folder, "queries")]
    questions = questions[:: max(1, len(questions) // TIMED)][:TIMED]
    result = []
    for size in sorted(args.sizes):
        table = args.work / f"{size}.parquet"
        if not table.exists():
            make_table(table, args.sets, size)
        embed_s, done = seconds(
            lambda table=table: bulk.embed(
                table, args.work / "vectors", Settings.from_environment()
            )
        )
        if done.passages:
            print(f"{done.passages:,} passages embedded in {embed_s:,.0f} s", file=sys.stderr)
        stores = {
            "folder": args.work / f"index-{size}",
            **dict(s.split("=", 1) for s in args.store),
        }
        for name, where in stores.items():
            row = measure(table, args.work / "vectors", where, questions)
            row = {key: round(value, 3) for key, value in row.items()}
            result.append({"store": name, "size": size, **row})
            print(json.dumps(result[-1]), flush=True)
    if args.json:
        args.json.write_text(json.dumps(result, indent=1), "utf-8")
    if args.plot:
        plot(result, args.plot)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--search"]:
        print(json.dumps(searched(sys.argv[2], json.load(sys.stdin))))
    else:
        main()
