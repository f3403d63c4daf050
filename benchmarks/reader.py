"""Calibrate the reader and tune its threshold on SQuAD-style files, retrieving first.

Usage: python benchmarks/reader.py DEV_DIR [--json FILE]

DEV_DIR holds squad2_A_tune.jsonl.gz and qed_dev.jsonl.gz (id, question, context, answers). The
contexts of a file are indexed together, each question is asked of that index, and an answer is
right if its token F1 with a correct one is at least a half. Off-topic questions are those of one
file asked of the other's index. The calibration is fitted on every second question; all figures
are of the other half.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
from pathlib import Path

import numpy as np

from tipsearch.answering.reader import SpanReader, tidy
from tipsearch.evaluation.runner import index_texts
from tipsearch.evaluation.squad import best, token_f1
from tipsearch.retrieval.encoder import OnnxEncoder
from tipsearch.settings import Settings

FILES = ("squad2_A_tune", "qed_dev")
RIDGE = 0.1
RIGHT_F1 = 0.5
OFF_TOPIC = 800  # questions of the other file


def load(folder, name):
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def candidates(row, snapshot, reader, passages):
    """Return what speaks for each passage's best span, and how right it is."""
    found = reader.candidates(row["question"], snapshot.search(row["question"], passages))
    golds = [answer["text"] for answer in row["answers"]]
    features, f1 = [], []
    for candidate in found:
        text = candidate.hit.passage.text
        start, end = tidy(text, candidate.start, candidate.end)
        features.append((candidate.margin, candidate.hit.scores.dense))
        f1.append(best(token_f1, text[start:end], golds) if golds else 0.0)
    return np.array(features), np.array(f1)


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


def tops(groups, weights):
    """Return each question's highest probability, and the F1 of that span."""
    scores, f1 = [], []
    for features, values in groups:
        odds = 1 / (1 + np.exp(-(features @ weights[:-1] + weights[-1])))
        top = int(np.argmax(odds))
        scores.append(odds[top])
        f1.append(values[top])
    return np.array(scores), np.array(f1)


def curve(kinds, weights):
    """For each threshold: answered rightly or refused rightly, by kind of question."""
    found = {kind: tops(groups, weights) for kind, groups in kinds.items()}
    table = []
    for threshold in np.arange(0.05, 0.96, 0.05):
        row = {"threshold": round(float(threshold), 2)}
        answered = correct = 0
        for kind, (scores, f1) in found.items():
            given, right = scores >= threshold, f1 >= RIGHT_F1
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
    encoder, reader = OnnxEncoder.open(settings), SpanReader.open(settings)
    rows = {name: load(args.dev_dir, name) for name in FILES}
    fitted, held_out = [], {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, other in zip(FILES, FILES[::-1], strict=True):
            snapshot = index_texts(
                (row["context"] for row in rows[name]), Path(scratch, name), encoder, settings
            )
            for place, row in enumerate(rows[name]):
                group = candidates(row, snapshot, reader, settings.reader_passages)
                if place % 2 == 0:
                    fitted.append(group)
                    continue
                kind = "answerable" if row["answers"] else "not answered there"
                held_out.setdefault(f"{name} {kind}", []).append(group)
            for place, row in enumerate(rows[other][:OFF_TOPIC]):
                row = {**row, "answers": []}
                group = candidates(row, snapshot, reader, settings.reader_passages)
                if place % 2 == 0:
                    fitted.append(group)
                else:
                    held_out.setdefault(f"off-topic in {name}", []).append(group)
    weights = fit(
        np.concatenate([features for features, _ in fitted]),
        (np.concatenate([f1 for _, f1 in fitted]) >= RIGHT_F1).astype(float),
    )
    table = curve(held_out, weights)
    result = {
        "weights": dict(zip(("margin", "dense", "bias"), weights.round(3), strict=True)),
        "F1, refusing not allowed": {
            kind: round(float(100 * tops(groups, weights)[1].mean()), 1)
            for kind, groups in held_out.items()
            if "answerable" in kind
        },
        "best mean": max(table, key=lambda row: row["mean"]),
        "curve": table,
    }
    text = json.dumps(result, indent=1, default=float)
    if args.json:
        args.json.write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
