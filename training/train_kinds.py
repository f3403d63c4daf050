"""Train what tells kinds of questions apart, on the labelled questions of training/kinds.

Usage: python training/train_kinds.py [--held FILE.jsonl]

Writes src/tipsearch/answering/model/kinds.json. With --held, also prints how often the result is
right on other labelled questions, and the confusion matrix.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from tipsearch.answering import kinds
from tipsearch.corpus.profiles import fold
from tipsearch.retrieval.encoder import OnnxEncoder
from tipsearch.settings import Settings
from tipsearch.types import Kind

EXAMPLES = Path(__file__).parent / "kinds"
LEAST = 4  # questions that a word must be in to be kept
SMALL = 0.05  # weights below this are left out
MEANING = 6.0  # of 1, 3 and 6, the best in cross-validation


def load(paths):
    """Return (question, kind) pairs, each question once."""
    rows = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]
    return list({row["question"]: (row["question"], row["kind"]) for row in rows}.values())


def common_words(questions):
    """Return the words that enough questions have, but names: what mostly has a capital.

    What opens a question says nothing of its case, and is counted for how common it is alone.
    """
    counts, capitals, inside = Counter(), Counter(), Counter()
    for question in questions:
        tokens = [match[0] for match in kinds._TOKEN.finditer(question) if match[0][0].isalpha()]
        folded = [fold(token).replace("’", "'") for token in tokens]
        counts.update(set(folded))
        if not (question.isupper() or question.istitle()):
            inside.update(folded[1:])
            typed = zip(tokens[1:], folded[1:], strict=True)
            capitals.update(f for t, f in typed if t[0].isupper() and len(t) > 1)  # "I" is none
    kept = (word for word, count in counts.items() if count >= LEAST)
    return {word for word in kept if capitals[word] * 2 <= inside[word]}


def train(pairs, encoder, strength):
    """Fit the weights; the embedding counts MEANING times, or regularisation would silence it."""
    words = common_words([question for question, _ in pairs])
    rows = [set(kinds.features(kinds.skeleton(question, words))) for question, _ in pairs]
    counts = Counter(name for row in rows for name in row)
    rows = [{name: 1.0 for name in row if counts[name] > 1} for row in rows]
    vectors = DictVectorizer()
    meant = encoder.encode([question for question, _ in pairs]) * MEANING
    matrix = hstack([vectors.fit_transform(rows), csr_matrix(meant)])
    model = LogisticRegression(C=strength, max_iter=3000).fit(matrix, [kind for _, kind in pairs])
    fitted = model.coef_[[list(model.classes_).index(kind) for kind in Kind]]
    bias = model.intercept_[[list(model.classes_).index(kind) for kind in Kind]]
    names = vectors.feature_names_
    weights = {
        str(name): [round(float(w), 2) for w in fitted[:, column]]
        for column, name in enumerate(names)
        if abs(fitted[:, column]).max() >= SMALL
    }
    weights["bias"] = [round(float(b), 3) for b in bias]
    meaning = [[round(float(w) * MEANING, 2) for w in row] for row in fitted[:, len(names) :]]
    return {"words": sorted(words), "weights": weights, "meaning": meaning}


def report(pairs, encoder):
    """Print how often the model is right, and what it takes for what; return what is wrong."""
    meant = encoder.encode([question for question, _ in pairs])
    said = [str(kinds.kind(q, vector)) for (q, _), vector in zip(pairs, meant, strict=True)]
    confused = Counter((told, given) for (_, told), given in zip(pairs, said, strict=True))
    wrong = [(t, g, q) for (q, t), g in zip(pairs, said, strict=True) if t != g]
    share = 1 - len(wrong) / len(pairs)
    print(f"{len(pairs) - len(wrong)} of {len(pairs)} right, {share:.1%}")
    names = [str(kind) for kind in Kind]
    print("told \\ said".ljust(12), *(name[:8].rjust(9) for name in names))
    for told in names:
        print(told.ljust(12), *(str(confused[told, given] or "").rjust(9) for given in names))
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held", type=Path, action="append", default=[])
    parser.add_argument("--also", type=Path, action="append", default=[], help="to learn from")
    parser.add_argument("--strength", type=float, default=1.0)
    parser.add_argument("--wrong", action="store_true", help="print the questions that are wrong")
    args = parser.parse_args()
    pairs = load([*sorted(EXAMPLES.glob("*.jsonl")), *args.also])
    encoder = OnnxEncoder.open(Settings.from_environment())
    model = train(pairs, encoder, args.strength)
    kinds.MODEL.write_text(json.dumps(model, ensure_ascii=False), "utf-8")
    print(f"{len(pairs)} questions, {len(model['weights'])} weights")
    for path in args.held:
        print(path)
        for told, given, question in report(load([path]), encoder):
            if args.wrong:
                print(f"  {told} -> {given}: {question}")


if __name__ == "__main__":
    main()
