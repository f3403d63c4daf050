"""Fit the similarity reader's weights and tune its threshold on SQuAD-style files.

Usage: python benchmarks/reader.py DEV_DIR [--json FILE]

DEV_DIR holds squad2_A_tune.jsonl.gz and qed_dev.jsonl.gz (id, question, context, answers). The
contexts of a file are indexed together, each question is asked of that index, and a sentence is
right if it holds a correct answer where the file says it stands. Off-topic questions are those of
one file asked of the other's index. Weights are fitted on every second question; all figures are
of the other half.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import tempfile
from dataclasses import astuple
from pathlib import Path

import numpy as np

from tipsearch.answering.reader import weigh
from tipsearch.corpus.passages import sentences
from tipsearch.corpus.profiles import Corpus
from tipsearch.index import write
from tipsearch.retrieval.encoder import OnnxEncoder
from tipsearch.settings import Settings
from tipsearch.stores.generation import write_lock
from tipsearch.types import Fields, Profile

FILES = ("squad2_A_tune", "qed_dev")
RIDGE = 0.1


def load(folder, name):
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def index_of(rows, root, encoder, settings):
    """Index the distinct contexts of a file, each as a profile without a title."""
    contexts = dict.fromkeys(row["context"] for row in rows)
    profiles = [
        Profile(
            f"p{n}", "", (), text, Fields(), (), f"p{n}", hashlib.sha256(text.encode()).hexdigest()
        )
        for n, text in enumerate(contexts)
    ]
    with write_lock(root):
        snapshot = write(
            root, Corpus(tuple(profiles), (), ()), None, encoder, settings, None
        ).snapshot
    return snapshot, {profile.text: profile.id for profile in profiles}


def candidates(row, snapshot, ids, passages):
    """Return the evidence for each sentence of the best hits, and whether it holds the answer."""
    home = ids.get(row["context"])
    found = {}
    for hit in snapshot.search(row["question"], passages):
        base = hit.passage.start
        for start, end in sentences(hit.passage.text):
            found[hit.passage.profile_id, base + start] = hit.passage.text[start:end]
    right = [
        profile == home
        and any(
            start <= answer["start"] and answer["start"] + len(answer["text"]) <= start + len(text)
            for answer in row["answers"]
        )
        for (profile, start), text in found.items()
    ]
    evidence = weigh(row["question"], [("", text) for text in found.values()], snapshot)
    return np.array([astuple(seen) for seen in evidence]), np.array(right)


def fit(features, labels, steps=50):
    """Logistic regression by Newton's method; returns the weights, the bias last."""
    inputs = np.column_stack([features, np.ones(len(features))])
    weights = np.zeros(inputs.shape[1])
    ridge = np.diag([RIDGE] * features.shape[1] + [0.0])
    for _ in range(steps):
        odds = 1 / (1 + np.exp(-inputs @ weights))
        gradient = inputs.T @ (odds - labels) + ridge @ weights
        curvature = (inputs.T * (odds * (1 - odds))) @ inputs + ridge
        weights -= np.linalg.solve(curvature, gradient)
    return weights


def best(groups, weights):
    """Return each question's highest score, and whether that sentence is right."""
    scores, right = [], []
    for features, labels in groups:
        odds = 1 / (1 + np.exp(-(features @ weights[:-1] + weights[-1])))
        top = int(np.argmax(odds))
        scores.append(odds[top])
        right.append(bool(labels[top]))
    return np.array(scores), np.array(right)


def curve(kinds, weights):
    """For each threshold: answered rightly or refused rightly, by kind of question."""
    tops = {kind: best(groups, weights) for kind, groups in kinds.items()}
    table = []
    for threshold in np.arange(0.02, 0.62, 0.02):
        row = {"threshold": round(float(threshold), 2)}
        answered = correct = 0
        for kind, (scores, right) in tops.items():
            given = scores >= threshold
            answered += given.sum()
            correct += (given & right).sum()
            if "answerable" in kind:
                row[f"{kind}: right"] = round(float((given & right).mean()), 3)
                row[f"{kind}: wrong"] = round(float((given & ~right).mean()), 3)
            else:
                row[f"{kind}: refused"] = round(float((~given).mean()), 3)
        row["given answers right"] = round(float(correct / max(answered, 1)), 3)
        scored = [value for key, value in row.items() if key.endswith((": right", ": refused"))]
        row["mean"] = round(float(np.mean(scored)), 4)
        table.append(row)
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dev_dir", type=Path)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    settings = Settings.from_environment()
    encoder = OnnxEncoder.open(settings)
    rows = {name: load(args.dev_dir, name) for name in FILES}
    fitted, held_out = [], {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, other in zip(FILES, FILES[::-1], strict=True):
            root = Path(scratch, name)
            snapshot, ids = index_of(rows[name], root, encoder, settings)
            for place, row in enumerate(rows[name]):
                group = candidates(row, snapshot, ids, settings.reader_passages)
                if place % 2 == 0:
                    fitted.append(group)
                    continue
                kind = "answerable" if row["answers"] else "not answered there"
                held_out.setdefault(f"{name} {kind}", []).append(group)
            for row in rows[other][1:800:2]:
                off_topic = candidates(
                    {**row, "answers": []}, snapshot, ids, settings.reader_passages
                )
                held_out.setdefault(f"off-topic in {name}", []).append(off_topic)
    weights = fit(
        np.concatenate([features for features, _ in fitted]),
        np.concatenate([labels for _, labels in fitted]).astype(float),
    )
    table = curve(held_out, weights)
    chosen = max(table, key=lambda row: row["mean"])
    result = {
        "weights": dict(zip(("whole", "words", "kind", "bias"), weights.round(3), strict=True)),
        "best sentence right, refusing not allowed": {
            kind: round(float(best(groups, weights)[1].mean()), 3)
            for kind, groups in held_out.items()
            if "answerable" in kind
        },
        "chosen": chosen,
        "curve": table,
    }
    text = json.dumps(result, indent=1, default=float)
    if args.json:
        args.json.write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
