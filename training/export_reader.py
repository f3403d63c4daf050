"""Export a trained reader to int8 ONNX, the file the package ships.

Usage: python training/export_reader.py CHECKPOINT DATA_DIR [--out FOLDER]

Writes reader.onnx and reader.json (the sha256 of the graph with its tokenizer, and what it was made
of) after measuring fp32 and int8 on DATA_DIR/dev/squad2_A_tune.jsonl.gz: int8 may cost half a point
of F1.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import tempfile
import warnings
from dataclasses import asdict
from pathlib import Path

import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from tipsearch.evaluation import squad
from tipsearch.retrieval.graphs import model_folder
from tipsearch.settings import DEFAULT_MODEL, go_offline
from train_reader import Reader, load, predict, reader_tokenizer

PACKAGE = Path(__file__).parent.parent / "src" / "tipsearch" / "answering" / "model"
F1_COST = 0.5


class Logits(torch.nn.Module):
    """A reader's start and end logits, none left out: what may be chosen is up to the caller."""

    def __init__(self, reader):
        super().__init__()
        self.reader = reader

    def forward(self, input_ids, attention_mask, token_type_ids):
        """Return both logits, shape (n, tokens, 2)."""
        hidden = self.reader.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        return self.reader.ends(hidden)


class Session:
    """An exported graph that can stand in for the reader in ``predict``."""

    def __init__(self, graph):
        self.session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])

    def eval(self):
        """Do nothing: there is no dropout."""

    def train(self):
        """Do nothing either."""

    def __call__(self, ids, attention, types):
        """Return masked start and end logits, one row at a time, as they are run when served."""
        starts = torch.full(ids.shape, -1e4)
        ends = starts.clone()
        for row, length in enumerate(attention.sum(1).tolist()):
            names = ("input_ids", "attention_mask", "token_type_ids")
            inputs = (ids, attention, types)
            feeds = {
                n: t[row : row + 1, :length].numpy() for n, t in zip(names, inputs, strict=True)
            }
            logits = torch.from_numpy(self.session.run(None, feeds)[0][0])
            allowed = types[row, :length].bool()
            allowed[0] = True
            logits[~allowed] = -1e4
            starts[row, :length], ends[row, :length] = logits[:, 0], logits[:, 1]
        return starts, ends


def export(model, graph):
    names = ["input_ids", "attention_mask", "token_type_ids"]
    example = torch.ones(2, 7, dtype=torch.int64)
    axes = {name: {0: "n", 1: "tokens"} for name in [*names, "logits"]}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Logits(model).eval(), (example, example, example), str(graph), input_names=names,
            output_names=["logits"], dynamic_axes=axes, opset_version=17, dynamo=False,
        )  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--out", type=Path, default=PACKAGE)
    args = parser.parse_args()
    go_offline()
    logging.disable(logging.WARNING)
    folder = model_folder(DEFAULT_MODEL)
    held = torch.load(args.checkpoint, map_location="cpu", weights_only=True)
    options = held["options"]
    model = Reader(folder, options["frozen_layers"])
    model.load_state_dict(held["model"])
    args.out.mkdir(parents=True, exist_ok=True)
    target = args.out / "reader.onnx"
    tokenizer = reader_tokenizer(folder)
    rows = load(args.data_dir / "dev" / "squad2_A_tune.jsonl.gz")
    measured = {}
    with tempfile.TemporaryDirectory() as scratch:
        graph = Path(scratch, "fp32.onnx")
        export(model.eval(), graph)
        quantize_dynamic(graph, target, weight_type=QuantType.QInt8, per_channel=True)
        for name, file in (("fp32", graph), ("int8", target)):
            found = predict(Session(str(file)), tokenizer, rows, options["window_tokens"], "cpu")
            scores = squad.scores(found, squad.best_threshold(found))
            measured[name] = {key: round(value, 2) for key, value in asdict(scores).items()}
    words = Path(folder, "tokenizer.json").read_bytes()
    cost = measured["fp32"]["f1"] - measured["int8"]["f1"]
    about = {
        "sha256": hashlib.sha256(target.read_bytes() + words).hexdigest(),
        "steps": held["step"],
        "options": options,
        "squad2_A_tune": measured,
    }
    (args.out / "reader.json").write_text(json.dumps(about, indent=1) + "\n", "utf-8")
    print(json.dumps(about, indent=1))
    if cost > F1_COST:
        raise SystemExit(f"int8 costs {cost:.2f} points of F1, more than {F1_COST}")


if __name__ == "__main__":
    main()
