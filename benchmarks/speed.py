"""Speed against txtai and plain sentence-transformers with FAISS, in the same run.

Usage: python benchmarks/speed.py SET_DIR [--peer-python PYTHON --peer-script FILE]
                                  [--passages N] [--rounds N] [--json FILE]

SET_DIR holds corpus.jsonl.gz (_id, title, text) and queries.jsonl.gz (_id, text, relevant). The
peer runs in an environment of its own (pip install txtai torch==2.13.0): name its Python and a
script that takes SET_DIR and a model folder and prints {"hybrid": {"index_passages_per_s",
"search_ms_median"}}. Every figure is the median of the rounds; nothing else should be running.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tipsearch.answering.assistant import Assistant
from tipsearch.answering.reader import SpanReader
from tipsearch.corpus.profiles import Corpus
from tipsearch.index import searchable, write
from tipsearch.retrieval.encoder import OnnxEncoder
from tipsearch.retrieval.graphs import model_folder
from tipsearch.settings import DEFAULT_MODEL, Settings
from tipsearch.types import Fields, Profile

QUESTIONS = 100
COLD_STARTS = 7
K = 10


def rows(path):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def times_ms(work, items):
    return [seconds(lambda item=item: work(item)) * 1e3 for item in items]


def median_ms(work, items):
    return statistics.median(times_ms(work, items))


def ours(texts, titles, questions, rounds):
    """Measure tipsearch on passages indexed as profiles, from embedding to a cited answer."""
    settings = Settings.from_environment()
    encoder = OnnxEncoder.open(settings)
    profiles = tuple(
        Profile(
            f"p{n}",
            title,
            (),
            text,
            Fields(),
            (),
            f"{n}",
            hashlib.sha256(text.encode()).hexdigest(),
        )
        for n, (title, text) in enumerate(zip(titles, texts, strict=True))
    )
    embed, build, question, search, answer = [], [], [], [], []
    searched = [searchable(title, text) for title, text in zip(titles, texts, strict=True)]
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(rounds):
            embed.append(len(texts) / seconds(lambda: encoder.encode(searched)))
            root = Path(scratch, str(number))
            start = time.perf_counter()
            index = write(root, Corpus(profiles, (), ()), encoder, settings)
            build.append(len(texts) / (time.perf_counter() - start))
            assistant = Assistant(index, SpanReader.open(settings))
            question.append(median_ms(lambda text: encoder.encode([text]), questions))
            search.append(median_ms(lambda text, index=index: index.search(text, K), questions))
            answer += times_ms(assistant.ask, questions)
    return {
        "embed_passages_per_s": statistics.median(embed),
        "index_passages_per_s": statistics.median(build),
        "embed_question_ms": statistics.median(question),
        "search_ms": statistics.median(search),
        "cited_answer_ms": statistics.median(answer),
        "cited_answer_p95_ms": statistics.quantiles(answer, n=20)[-1],
    }


def plain(texts, titles, questions, rounds):
    """Measure what a script of ten lines does: sentence-transformers in batches of 32, FAISS."""
    import faiss
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(model_folder(DEFAULT_MODEL), device="cpu")
    searched = [searchable(title, text) for title, text in zip(titles, texts, strict=True)]
    embed, question, search = [], [], []
    for _ in range(rounds):
        start = time.perf_counter()
        vectors = model.encode(searched, batch_size=32, normalize_embeddings=True)
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        embed.append(len(texts) / (time.perf_counter() - start))
        question.append(median_ms(lambda text: model.encode([text]), questions))
        search.append(
            median_ms(
                lambda text, index=index: index.search(
                    model.encode([text], normalize_embeddings=True), K
                ),
                questions,
            )
        )
    return {
        "index_passages_per_s": statistics.median(embed),
        "embed_question_ms": statistics.median(question),
        "search_ms": statistics.median(search),
    }


def cold(arguments, environment=None):
    """Return the median seconds of a whole process, the first one not counted."""
    times = [
        seconds(
            lambda: subprocess.run(
                arguments,
                check=True,
                stdout=subprocess.DEVNULL,
                env={**os.environ, **(environment or {})},
            )
        )
        for _ in range(COLD_STARTS + 1)
    ]
    return statistics.median(times[1:])


def cold_starts():
    """Measure a cold ``tipsearch ask`` on the repository's corpus, and the plain script's start."""
    with tempfile.TemporaryDirectory() as scratch:
        tipsearch = [sys.executable, "-m", "tipsearch"]
        subprocess.run(
            [*tipsearch, "build", "--index", scratch], check=True, stdout=subprocess.DEVNULL
        )
        ask = [*tipsearch, "ask", "When did Legros leave AFESIP?", "--index", scratch]
        script = (
            "from sentence_transformers import SentenceTransformer;"
            f"SentenceTransformer({model_folder(DEFAULT_MODEL)!r}, device='cpu').encode(['When?'])"
        )
        return {
            "tipsearch_ask_s": cold(ask),
            "plain_question_s": cold([sys.executable, "-c", script], {"HF_HUB_OFFLINE": "1"}),
        }


def peer(python, script, folder, corpus, queries):
    """Run the peer on the same passages and questions."""
    with tempfile.TemporaryDirectory() as scratch:
        part = Path(scratch, folder.name)
        part.mkdir()
        for name, part_rows in (("corpus", corpus), ("queries", queries)):
            with gzip.open(part / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
                file.writelines(json.dumps(row) + "\n" for row in part_rows)
        run = subprocess.run(
            [python, script, str(part), model_folder(DEFAULT_MODEL)],
            check=True, capture_output=True, text=True, env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )  # fmt: skip
    return json.loads(run.stdout[run.stdout.index("{") :])["hybrid"]


def machine():
    name = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return {"cpu": name, "cores": os.cpu_count(), "python": platform.python_version()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set_dir", type=Path)
    parser.add_argument("--peer-python")
    parser.add_argument("--peer-script")
    parser.add_argument("--passages", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    corpus = rows(args.set_dir / "corpus.jsonl.gz")[: args.passages]
    held = {row["_id"] for row in corpus}
    queries = [
        row for row in rows(args.set_dir / "queries.jsonl.gz") if held & set(row["relevant"])
    ]
    queries = queries[:: max(1, len(queries) // QUESTIONS)][:QUESTIONS]
    texts, titles = [row["text"] for row in corpus], [row["title"] for row in corpus]
    questions = [row["text"] for row in queries]
    result = {
        "machine": machine(),
        "set": args.set_dir.name,
        "passages": len(texts),
        "tipsearch": ours(texts, titles, questions, args.rounds),
        "plain": plain(texts, titles, questions, args.rounds),
        "cold": cold_starts(),
    }
    if args.peer_python:
        peers = [
            peer(args.peer_python, args.peer_script, args.set_dir, corpus, queries)
            for _ in range(args.rounds)
        ]
        result["txtai hybrid"] = {
            name: statistics.median(run[name] for run in peers)
            for name in ("index_passages_per_s", "search_ms_median")
        }
    text = json.dumps(result, indent=1)
    if args.json:
        args.json.write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
