"""Calibrate the reader and measure it, retrieving first.

Usage: python benchmarks/reader.py DEV_DIR [GOLD CORPUS] [--invented DIR] [--unseen GOLD]
                                   [--every N] [--write] [--plot F] [--json F]

DEV_DIR holds squad2_A_tune.jsonl.gz and qed_dev.jsonl.gz (question, context, title, answers). The
contexts of a file are indexed together, each question is asked of that index, and an answer is
right if its token F1 with a correct one is at least a half. Besides the questions that people wrote
to have no answer there are two kinds more: of the wrong profile (the passages of the right
paragraph are kept from the reader) and off-topic (those of one file asked of the other's index).
With GOLD (tests/gold/dev.jsonl) and CORPUS the facts of the gold questions, and those that nothing
answers, are asked as tipsearch asks them, and decide.

With --invented (training/profiles/held, which the reader was not trained on) the questions on those
profiles that name whom they are about are asked of an index of them, and decide as well.

Questions with and without an answer weigh the same, and so do the three kinds without and, in each,
the sets. The calibration is fitted on every second question of the profiles (of all files, without
GOLD), because how close a cosine is to the subject depends on the corpus. The curve is that of the
other half, or of --unseen: tests/gold/test.jsonl, for a threshold that was chosen on the dev half
looks too good there. The other files say how the calibration carries over.

--write puts the calibration and its curve beside the model that was measured, into its reader.json.
How passages rank before and after reading is measured by `tipsearch eval retrieval`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import tipsearch.answering
from tipsearch.answering import questions
from tipsearch.answering.assistant import Assistant
from tipsearch.answering.models import Calibration, CurvePoint
from tipsearch.answering.reader import Candidate, SpanReader, sentence_around
from tipsearch.corpus.passages import sentences
from tipsearch.evaluation import gold, plot
from tipsearch.evaluation.runner import index_texts
from tipsearch.evaluation.squad import RIGHT_F1, Prediction, best, is_right, risk_coverage, token_f1
from tipsearch.index import Index
from tipsearch.retrieval.encoder import OnnxEncoder
from tipsearch.settings import OWN_READER, Settings
from tipsearch.types import Kind

FILES = ("squad2_A_tune", "qed_dev")
PROFILES = "profiles"
INVENTED = "invented profiles"
RIDGE = 0.1
ROUNDS = 6  # of choosing the best spans and fitting how likely they are
OFF_TOPIC = 800  # questions of the other file
ANSWERABLE = "answerable"
KINDS = (ANSWERABLE, "written to have none", "of the wrong profile", "off-topic")


@dataclass(frozen=True)
class Group:
    """One question: what speaks for the best span of each passage, and how right each is."""

    set: str
    kind: str
    features: np.ndarray  # (passages, 2): margin, closeness
    f1: np.ndarray  # (passages,)
    texts: list[str]
    golds: tuple[str, ...]


def rows(path):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def group(row, kind, name, snapshot, reader):
    """Ask a question; of the wrong profile: without the paragraph it was written for."""
    passages = snapshot.settings.reader_passages
    hits = snapshot.search(row["question"], 2 * passages)
    if kind == "of the wrong profile":
        hits = [h for h in hits if snapshot.profile(h.passage.profile_id).text != row["context"]]
    golds = tuple(a["text"] for a in row["answers"]) if kind == ANSWERABLE else ()
    found = [c for c in reader.candidates(row["question"], hits[:passages]) if c.text]
    return judged(name, kind, found, reader.closeness(row["question"], found), golds)


def sentence_of(candidate):
    """Return the whole sentence a candidate stands in."""
    text = candidate.hit.passage.text
    return text[slice(*sentence_around(text, candidate.start, candidate.end))]


def judged(name, kind, found, close, golds, words=Candidate.text.fget):
    """Return what speaks for each candidate, and how right it is; ``words`` gives its answer."""
    texts = [words(c) for c in found]
    features = [(c.margin, near) for c, near in zip(found, close, strict=True)]
    f1 = [best(token_f1, text, golds) if golds else 0.0 for text in texts]
    return Group(name, kind, np.array(features), np.array(f1), texts, golds)


def ask_all(dev, every, encoder, reader, settings, scratch):
    """Ask every question of its own index, and some of the other's; yields a group a question."""
    held = {name: rows(dev / f"{name}.jsonl.gz")[::every] for name in FILES}
    for name, other in zip(FILES, FILES[::-1], strict=True):
        texts = {row["context"]: (row.get("title") or "").replace("_", " ") for row in held[name]}
        snapshot = index_texts(texts, Path(scratch, name), encoder, settings)
        for row in held[name]:
            kind = ANSWERABLE if row["answers"] else "written to have none"
            yield group(row, kind, name, snapshot, reader)
        for row in [row for row in held[name] if row["answers"]][::2]:
            yield group(row, "of the wrong profile", name, snapshot, reader)
        for row in held[other][: OFF_TOPIC // every]:
            yield group(row, "off-topic", name, snapshot, reader)


class Recorder:
    """Stands where the reader does, and keeps what it would judge."""

    def __init__(self, reader):
        self.reader = reader
        self.found = []
        self.close = []

    def read(self, question, hits):
        """Mark candidates and give none."""
        self.found = [c for c in self.reader.candidates(question, hits) if c.text]
        self.close = self.reader.closeness(question, self.found)
        return []


def write_invented(folder, scratch):
    """Write invented profiles as a corpus, and the questions that name somebody of them as gold."""
    corpus, asked = Path(scratch, "corpus"), []
    corpus.mkdir()
    profiles = [
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]
    for number, profile in enumerate(profiles):
        title, text = profile["title"], profile["text"]
        corpus.joinpath(f"{number}.md").write_text(
            f"---\nname: {json.dumps(title, ensure_ascii=False)}\n---\n{text}\n", "utf-8"
        )
        names = {word for word in re.findall(r"\w{4,}", title.casefold()) if word != "sister"}
        for place, row in enumerate(profile["questions"]):
            if names & set(re.findall(r"\w{4,}", row["question"].casefold())):
                answer = row["answer"]
                at = answer and text.index(answer, text.index(row.get("after", "")))
                quotes = [text[a:b] for a, b in sentences(text) if answer and a <= at < b]
                asked.append({
                    "id": f"{number}-{place}",
                    "kind": "fact" if answer else "unanswerable",
                    "question": row["question"],
                    "answers": [answer] if answer else [],
                    "evidence": [["", quote] for quote in quotes],
                })
    file = Path(scratch, "asked.jsonl")
    file.write_text("\n".join(map(json.dumps, asked)) + "\n", "utf-8")
    return file, corpus


def ask_profiles(gold_file, corpus, encoder, reader, settings, scratch, name=PROFILES):
    """Ask the gold facts, and what nothing answers, of the profiles; yields a group a question."""
    index = Index.build(corpus, Path(scratch, name), settings=settings, encoder=encoder)
    recorder = Recorder(reader)
    assistant = Assistant(index, recorder)
    kinds = {"unanswerable": "written to have none", "off_topic": "off-topic"}
    kinds |= {"fact": ANSWERABLE, "confusable": ANSWERABLE}
    for turn in (turns[0] for turns in gold.load(gold_file)):
        recorder.found = []
        if turn.kind in kinds:
            assistant.ask(turn.question, kind=Kind.FACT)
        if recorder.found:
            words = sentence_of if questions.wants_sentence(turn.question) else Candidate.text.fget
            golds = gold.right_answers(turn)
            yield judged(name, kinds[turn.kind], recorder.found, recorder.close, golds, words)


def weights_of(groups):
    """Weigh questions so that those with an answer count half, and the kinds without a sixth."""
    shares = {kind: 0.5 if kind == ANSWERABLE else 0.5 / (len(KINDS) - 1) for kind in KINDS}
    counts = Counter((g.kind, g.set) for g in groups)
    sets = Counter(kind for kind, _ in counts)
    return np.array([shares[g.kind] / sets[g.kind] / counts[g.kind, g.set] for g in groups])


def logistic(features, labels, weights, steps=50):
    """Weighted logistic regression by Newton's method; returns the weights, the bias last."""
    inputs = np.column_stack([features, np.ones(len(features))])
    weights = weights * len(weights) / weights.sum()
    found = np.zeros(inputs.shape[1])
    ridge = np.diag([RIDGE] * features.shape[1] + [0.0])
    for _ in range(steps):
        odds = 1 / (1 + np.exp(-inputs @ found))
        gradient = inputs.T @ (weights * (odds - labels)) + ridge @ found
        curvature = (inputs.T * (weights * odds * (1 - odds))) @ inputs + ridge
        found -= np.linalg.solve(curvature, gradient)
    return found


def fit(groups):
    """Fit how likely the best span of a question is right; the same weights say which is best."""
    weights = weights_of(groups)
    found = Calibration(margin=0.2, closeness=4.0, bias=0.0)
    for _ in range(ROUNDS):
        tops = [top(g, found) for g in groups]
        features = np.array([g.features[at] for g, at in zip(groups, tops, strict=True)])
        right = np.array([g.f1[at] >= RIGHT_F1 for g, at in zip(groups, tops, strict=True)])
        found = Calibration(*(round(float(v), 4) for v in logistic(features, right, weights)))
    return found


def top(g, calibration):
    """Return the place of a question's most likely span."""
    return int(np.argmax([calibration.probability(*features) for features in g.features]))


def answers(groups, calibration):
    """Return each question's most likely span as a prediction."""
    found = []
    for g in groups:
        at = top(g, calibration)
        odds = calibration.probability(*g.features[at])
        found.append(Prediction(g.texts[at], odds, g.golds))
    return found


def curve(groups, predictions):
    """For each threshold: how many of the answerable are answered, and how many answers right."""
    weights = weights_of(groups)
    scores = np.array([p.score for p in predictions])
    right = np.array([is_right(p) for p in predictions])
    answerable = np.array([g.kind == ANSWERABLE for g in groups])
    points = []
    for threshold in np.arange(0.0, 0.96, 0.05):
        given = scores >= threshold
        shares = weights[given]
        precision = (shares * right[given]).sum() / shares.sum() if given.any() else 1.0
        points.append(
            CurvePoint(
                *(round(float(v), 3) for v in (threshold, given[answerable].mean(), precision))
            )
        )
    return points


def table(groups, predictions, threshold):
    """By set and kind: answered rightly and wrongly, or refused."""
    out = {}
    for name in (*FILES, PROFILES, INVENTED):
        for kind in KINDS:
            here = [
                p
                for g, p in zip(groups, predictions, strict=True)
                if (g.set, g.kind) == (name, kind)
            ]
            if not here:
                continue
            given = np.array([p.score >= threshold for p in here])
            right = np.array([is_right(p) for p in here])
            shares = {"refused": (~given).mean()}
            if kind == ANSWERABLE:
                shares |= {"right": (given & right).mean(), "wrong": (given & ~right).mean()}
            out[f"{name}, {kind}"] = {key: round(float(100 * v), 1) for key, v in shares.items()}
    return out


def write(calibration, points, reader):
    """Put a calibration beside its model."""
    own = Path(tipsearch.answering.__file__).parent / "model"
    file = (own if reader == OWN_READER else Path(reader).expanduser()) / "reader.json"
    about = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    about |= {"calibration": asdict(calibration), "curve": [asdict(point) for point in points]}
    file.write_text(json.dumps(about, indent=1) + "\n", "utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dev_dir", type=Path)
    parser.add_argument("gold", type=Path, nargs="?")
    parser.add_argument("corpus", type=Path, nargs="?", default=Path("corpus"))
    parser.add_argument("--invented", type=Path, help="folder of invented profiles, held back")
    parser.add_argument("--unseen", type=Path, help="gold file that the curve is measured on")
    parser.add_argument("--every", type=int, default=1, help="ask every Nth question of DEV_DIR")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    settings = Settings.from_environment()
    encoder = OnnxEncoder.open(settings)
    reader = SpanReader.open(settings, encoder)
    with tempfile.TemporaryDirectory() as scratch:
        groups = list(ask_all(args.dev_dir, args.every, encoder, reader, settings, scratch))
        if args.gold:
            groups += ask_profiles(args.gold, args.corpus, encoder, reader, settings, scratch)
        decisive = [g for g in groups if g.set == PROFILES] or groups
        more = []
        if args.invented:
            file, corpus = write_invented(args.invented, scratch)
            more = list(ask_profiles(file, corpus, encoder, reader, settings, scratch, INVENTED))
        calibration = fit(decisive[::2] + more)
        unseen = decisive[1::2]
        if args.unseen:
            place = Path(scratch, "unseen")
            unseen = list(ask_profiles(args.unseen, args.corpus, encoder, reader, settings, place))
        points = curve(unseen, answers(unseen, calibration))
        held_out = [g for g in groups if g.set != decisive[0].set] + unseen + more
        predictions = answers(held_out, calibration)
        result = {"calibration": asdict(calibration), "curve": [asdict(p) for p in points]}
        for threshold in (settings.answer_threshold, 0.5):
            result[f"at {threshold}"] = table(held_out, predictions, threshold)
    if args.write:
        write(calibration, points, settings.reader)
    if args.plot:
        curves = {
            name: risk_coverage([
                p for g, p in zip(held_out, predictions, strict=True) if g.set == name
            ])
            for name in dict.fromkeys(g.set for g in held_out)
        }
        plot.risk_coverage(curves, args.plot)
    text = json.dumps(result, indent=1, default=float)
    if args.json:
        args.json.write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
