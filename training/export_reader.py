"""Export a trained reader to int8 ONNX, the file the package ships.

Usage: python training/export_reader.py CHECKPOINT [CHECKPOINT ...] DATA_DIR [--out FOLDER]

Several checkpoints are averaged. Writes reader.onnx and reader.json (the sha256 of the graph with
its tokenizer, and what it was made of) after measuring fp32 and int8 on every file of DATA_DIR/dev,
as tipsearch reads it: int8 may cost half a point of F1 on squad2_A_tune.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import tempfile
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from tipsearch.answering.models import WINDOW_TOKENS, Calibration, SpanModel
from tipsearch.evaluation.datasets import load_questions
from tipsearch.retrieval import graphs
from tipsearch.settings import DEFAULT_MODEL, go_offline
from train_reader import Reader, measure, open_tokenizer

PACKAGE = Path(__file__).parent.parent / "src" / "tipsearch" / "answering" / "model"
F1_COST = 0.5
DECIDES = "squad2_A_tune"


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


def averaged(checkpoints):
    """Return the mean of several checkpoints' weights."""
    held = [torch.load(path, map_location="cpu", weights_only=True) for path in checkpoints]
    return held[-1], {
        name: sum(one["model"][name] for one in held) / len(held) for name in held[0]["model"]
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path, nargs="+")
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--out", type=Path, default=PACKAGE)
    args = parser.parse_args()
    go_offline()
    logging.disable(logging.WARNING)
    folder = graphs.model_folder(DEFAULT_MODEL)
    held, weights = averaged(args.checkpoint)
    model = Reader(folder, held["options"]["frozen_layers"])
    model.load_state_dict(weights)
    args.out.mkdir(parents=True, exist_ok=True)
    target = args.out / "reader.onnx"
    dev = {
        path.name.removesuffix(".jsonl.gz"): load_questions(path)
        for path in sorted((args.data_dir / "dev").glob("*.jsonl.gz"))
    }
    measured = {}
    with tempfile.TemporaryDirectory() as scratch:
        graph = Path(scratch, "fp32.onnx")
        inputs = ("input_ids", "attention_mask", "token_type_ids")
        graphs.trace(Logits(model), inputs, {"logits": {0: "n", 1: "tokens"}}, graph)
        quantize_dynamic(graph, target, weight_type=QuantType.QInt8, per_channel=True)
        for name, file in (("fp32", graph), ("int8", target)):
            session = graphs.cpu_session(file.read_bytes())
            nothing = Calibration(0.0, 0.0, 0.0)
            reading = SpanModel(session, open_tokenizer(folder), WINDOW_TOKENS, nothing)
            measured[name] = measure(reading, dev)
    words = Path(folder, "tokenizer.json").read_bytes()
    file = args.out / "reader.json"
    before = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    about = {
        "sha256": hashlib.sha256(target.read_bytes() + words).hexdigest(),
        "steps": held["step"],
        "options": {**held["options"], "start": Path(held["options"]["start"]).name},
        "dev": measured,
        "calibration": before.get("calibration", {}),
        "curve": before.get("curve", []),
    }
    file.write_text(json.dumps(about, indent=1) + "\n", "utf-8")
    print(json.dumps(about, indent=1))
    cost = measured["fp32"][DECIDES]["f1"] - measured["int8"][DECIDES]["f1"]
    if cost > F1_COST:
        raise SystemExit(f"int8 costs {cost:.2f} points of F1, more than {F1_COST}")


if __name__ == "__main__":
    main()
