"""Train the extractive reader: where an answer starts and ends, or that there is none.

Usage: python training/train_reader.py DATA_DIR OUT_DIR [--examples N] [--minutes M] ...

DATA_DIR holds train/*.jsonl.gz and dev/*.jsonl.gz of SQuAD-style rows (id, question, context,
answers: [{text, start}]; no answers: unanswerable). The start is all-MiniLM-L6-v2's weights. A run
that was stopped goes on where its last checkpoint was when the same command is given again.

What makes it fast on a CPU: bf16 where the processor has it, no dropout, the embeddings and the two
lowest layers frozen, batches of texts of about the same length, denormals flushed to zero.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import re
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import torch
from tokenizers import Encoding, Tokenizer
from torch import nn
from torch.nn import functional

from tipsearch.answering.models import WINDOW_TOKENS
from tipsearch.answering.reader import QUESTION_TOKENS, TITLE_TOKENS, SpanReader
from tipsearch.corpus import passages
from tipsearch.evaluation import runner, squad
from tipsearch.evaluation.datasets import load_questions
from tipsearch.retrieval.graphs import model_folder
from tipsearch.settings import DEFAULT_MODEL, Settings, go_offline
from tipsearch.types import Fields, Profile

POOL_BATCHES = 64  # examples are sorted by length within so many batches, then mixed again
LOG_STEPS = 100
REPEAT = (
    "profiles=4,own=2,squad2_A_train=3,google_re_train=.3,qamr_dev=.4,qamr_test=.4,ss_reddit=.5,"
    "synthetic_unanswerable=.25"
)
NO_ANSWER = 0  # the place of [CLS]: a span that starts and ends there is "no answer"
OVERLAP_TOKENS = 64
QUESTIONS = Path(__file__).parent / "questions"
PROFILES = Path(__file__).parent / "profiles"
ELSEWHERE = 0.5  # of the questions are asked a second time, of a passage that does not answer them
NO_TITLES = frozenset({"Filtered Reddit Comments"})


@dataclass(frozen=True)
class Options:
    """What decides how a run goes; a checkpoint made with others is not continued."""

    examples: int
    batch: int
    window_tokens: int
    learning_rate: float
    warm_up: float
    frozen_layers: int
    weight_decay: float
    repeat: dict[str, float]
    titled: float
    dropout: float
    start: str
    seed: int


@dataclass(frozen=True)
class Example:
    """One question with one window of its context, as token ids and places in them."""

    ids: list[int]
    types: list[int]
    start: int
    end: int


def open_tokenizer(folder):
    """Open a model's tokenizer without its padding and truncation."""
    tokenizer = Tokenizer.from_file(str(Path(folder, "tokenizer.json")))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def load(path):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def own_rows(files):
    """Turn the questions of training/questions into rows, with the passages they were asked of.

    Parameters
    ----------
    files : dict
        The training files by name; a passage is known by its file and the id of a row that has it.
    """
    passages = {
        f"{name}/{row['id']}": row for name, rows in files.items() for row in rows if "id" in row
    }
    found = []
    for path in sorted(QUESTIONS.glob("*.jsonl")):
        for asked in load(path):
            row = passages.get(asked["passage"])
            if row is None:
                continue
            answers = []
            if asked["answer"]:
                start, end = asked["answer"]
                answers = [{"text": row["context"][start:end], "start": start}]
            found.append({**row, "question": asked["question"], "answers": answers})
    return found


def profile_rows(tokenizer, chance):
    """Turn the invented profiles of training/profiles into rows, cut into passages as an index is.

    A question goes with the passage that holds its answer; one without an answer with the passage
    that has most of its words. Some are asked again of another passage of the profile, or of
    another profile, where nothing answers them.
    """
    settings = Settings()

    def count(texts):
        return [len(tokenizer.encode(text, add_special_tokens=False)) for text in texts]

    profiles = [profile for path in sorted(PROFILES.glob("*.jsonl")) for profile in load(path)]
    cut = [
        passages.cut(
            Profile("", profile["title"], (), profile["text"], Fields(), (), "", ""),
            count,
            settings.passage_tokens,
            settings.new_paragraph_tokens,
            settings.overlap_sentences,
        )
        for profile in profiles
    ]
    found = []
    for profile, own in zip(profiles, cut, strict=True):
        for asked in profile["questions"]:
            span = place_of(asked, profile["text"])
            holding = [p for p in own if span and p.start <= span[0] and span[1] <= p.end]
            if span and not holding:
                continue
            words = set(re.findall(r"\w{4,}", asked["question"].lower()))
            named = words & set(re.findall(r"\w{4,}", profile["title"].lower()))
            nearest = max(own, key=lambda p: sum(word in p.text.lower() for word in words))
            passage = holding[0] if holding else nearest
            row = {"title": profile["title"], "question": asked["question"], "titled": 1}
            answers = [{"text": asked["answer"], "start": span[0] - passage.start}] if span else []
            found.append({**row, "context": passage.text, "answers": answers})
            if chance.random() < ELSEWHERE:
                others = [p for p in own if p not in holding and p != nearest]
                if named and chance.random() < ELSEWHERE:  # "she" may have done it there too
                    number = chance.choice([n for n, held in enumerate(cut) if held is not own])
                    others, row["title"] = cut[number], profiles[number]["title"]
                if others:
                    found.append({**row, "context": chance.choice(others).text, "answers": []})
    return found


def place_of(asked, text):
    """Return the offsets of a question's answer in a profile's text, or None if it has none."""
    if asked["answer"] is None:
        return None
    start = text.index(asked["answer"], text.index(asked.get("after", "")))
    return start, start + len(asked["answer"])


def titled(row):
    """Return a row's title as it is put before a passage when tipsearch reads, or ""."""
    title = unquote(row.get("title") or "").replace("_", " ")
    return f"{title}." if title and title not in NO_TITLES else ""


def example_of(row, tokenizer, options, chance):
    """Turn a row into an example: a window with its answer, any window if it has none.

    Returns None where no window holds the answer.
    """
    asked, title, text = (
        tokenizer.encode(part, add_special_tokens=False)
        for part in (row["question"], titled(row), row["context"])
    )
    asked.truncate(QUESTION_TOKENS)
    title.truncate(TITLE_TOKENS if chance.random() < row.get("titled", options.titled) else 0)
    room = max(options.window_tokens - len(asked) - len(title) - 3, OVERLAP_TOKENS * 2)
    text.truncate(room, stride=OVERLAP_TOKENS)
    places = []
    for window in (text, *text.overflowing):
        pair = tokenizer.post_process(asked, Encoding.merge([title, window], growing_offsets=False))
        shift = len(asked) + 2 + len(title)
        span = span_of(row["answers"], window.offsets)
        if span:
            places.append(Example(pair.ids, pair.type_ids, span[0] + shift, span[1] + shift))
        elif not row["answers"]:
            places.append(Example(pair.ids, pair.type_ids, NO_ANSWER, NO_ANSWER))
    return chance.choice(places) if places else None


def span_of(answers, offsets):
    """Return the first and last token of a row's first answer, or None if not all are there."""
    if not answers or not offsets:
        return None
    begin = answers[0]["start"]
    end = begin + len(answers[0]["text"])
    if begin < offsets[0][0] or end > offsets[-1][1]:
        return None
    held = [at for at, (first, last) in enumerate(offsets) if first < end and last > begin]
    return (held[0], held[-1]) if held else None


class SharedDropout(nn.Module):
    """Dropout with one mask for all tokens of a text: a mask a token costs a CPU half its speed."""

    def __init__(self, share):
        super().__init__()
        self.share = share

    def forward(self, hidden):
        """Drop the same features of every token; hidden has shape (n, tokens, features)."""
        if not self.training or not self.share:
            return hidden
        kept = torch.rand(hidden.shape[0], 1, hidden.shape[2], device=hidden.device) >= self.share
        return hidden * (kept.to(hidden.dtype) / (1 - self.share))


class Reader(nn.Module):
    """MiniLM with two outputs a token: how well an answer starts there, and ends there."""

    def __init__(self, folder, frozen_layers, dropout=0.0):
        super().__init__()
        from transformers import AutoModel

        self.encoder = AutoModel.from_pretrained(
            folder, attn_implementation="eager", add_pooling_layer=False,
            hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        )  # fmt: skip
        self.ends = nn.Linear(self.encoder.config.hidden_size, 2)
        for part in [self.encoder.embeddings, *self.encoder.encoder.layer[:frozen_layers]]:
            part.requires_grad_(False)
        for layer in self.encoder.encoder.layer[frozen_layers:]:
            layer.attention.output.dropout = SharedDropout(dropout)
            layer.output.dropout = SharedDropout(dropout)

    def forward(self, ids, attention, types):
        """Return start and end logits, each of shape (n, tokens); question and padding are out."""
        hidden = self.encoder(
            input_ids=ids, attention_mask=attention, token_type_ids=types
        ).last_hidden_state
        logits = self.ends(hidden.float())
        allowed = types.bool()
        allowed[torch.arange(len(ids)), attention.sum(1) - 1] = False  # the closing [SEP]
        allowed[:, NO_ANSWER] = True
        logits = logits.masked_fill(~allowed.unsqueeze(-1), -1e4)
        return logits[..., 0], logits[..., 1]


def collate(batch):
    """Pad examples to the longest; token types are 1 for the context and its closing [SEP]."""
    longest = max(len(example.ids) for example in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    attention, types = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, example in enumerate(batch):
        length = len(example.ids)
        ids[row, :length] = torch.tensor(example.ids)
        types[row, :length] = torch.tensor(example.types)
        attention[row, :length] = 1
    return ids, attention, types


def batches(examples, size, seed):
    """Yield batches for ever: shuffled anew each epoch, alike in length, in mixed order."""
    epoch = 0
    while True:
        chance = random.Random(f"{seed} {epoch}")  # noqa: S311
        order = list(range(len(examples)))
        chance.shuffle(order)
        pool = size * POOL_BATCHES
        for first in range(0, len(order), pool):
            part = sorted(order[first : first + pool], key=lambda n: len(examples[n].ids))
            cut = [part[at : at + size] for at in range(0, len(part), size)]
            chance.shuffle(cut)
            for batch in cut:
                yield [examples[n] for n in batch]
        epoch += 1


def rate(step, steps, warm_up):
    """Return the share of the learning rate: up linearly, then down linearly to nothing."""
    rising = warm_up * steps
    return step / rising if step < rising else max(0.0, (steps - step) / (steps - rising))


class TorchModel:
    """A reader in training, in the place of `tipsearch.answering.models.SpanModel`."""

    def __init__(self, reader, tokenizer, window_tokens, device):
        self.reader = reader
        self.tokenizer = tokenizer
        self.window_tokens = window_tokens
        self.device = device

    def encode(self, text):
        """Return a text's tokens, special ones not added."""
        return self.tokenizer.encode(text, add_special_tokens=False)

    @torch.no_grad()
    def logits(self, question, text):
        """Score a question and a text that fit the window together."""
        pair = self.tokenizer.post_process(question, text)
        inputs = collate([Example(pair.ids, pair.type_ids, 0, 0)])
        with torch.autocast(self.device, torch.bfloat16):
            starts, ends = self.reader(*(tensor.to(self.device) for tensor in inputs))
        both = torch.stack([starts[0], ends[0]], -1).float().cpu().numpy()
        first = len(pair.ids) - len(text) - 1
        return both[first:-1], float(both[NO_ANSWER].sum())


def measure(model, dev):
    """Measure on every development file as tipsearch reads it; returns a record for the log."""
    out = {}
    for name, questions in dev.items():
        predictions = runner.given(questions, SpanReader(model, threads=1), lambda _: None)
        at_best = squad.scores(predictions, squad.best_threshold(predictions))
        out[name] = {key: round(value, 2) for key, value in asdict(at_best).items()}
        if any(not prediction.golds for prediction in predictions):
            refusing = squad.threshold_refusing(predictions, 0.1)
            at_ten = squad.scores(predictions, refusing).unanswerable_refused
            out[name]["unanswerable_refused_at_10%_of_answerable"] = round(at_ten, 2)
    return out


def training_examples(folder, tokenizer, options):
    """Turn every training file into examples, the repeated ones with other windows each time."""
    chance = random.Random(options.seed)  # noqa: S311
    names = {
        path: path.name.removesuffix(".jsonl.gz") for path in sorted(folder.glob("*.jsonl.gz"))
    }
    files = {name: load(path) for path, name in names.items()}
    if not files:
        raise SystemExit(f"no *.jsonl.gz in {folder}")
    if own := own_rows(files):
        files["own"] = own
    if "profiles" in options.repeat:
        files["profiles"] = profile_rows(tokenizer, chance)
    rows = []
    for name, held in files.items():
        times = options.repeat.get(name, 1)
        while times > 0:
            rows += held if times >= 1 else chance.sample(held, round(times * len(held)))
            times -= 1
    made = (example_of(row, tokenizer, options, chance) for row in rows)
    return [example for example in made if example]


MATRICES = (
    "attention.self.query", "attention.self.key", "attention.self.value",
    "attention.output.dense", "intermediate.dense", "output.dense",
)  # fmt: skip


def weights_of(path, fallback):
    """Return the weights of a checkpoint, or of an exported reader.onnx, its int8 made floats.

    Embeddings are those of ``fallback`` then. The export names no matrix, but keeps their order.
    """
    if path.suffix != ".onnx":
        return torch.load(path, map_location="cpu", weights_only=True)["model"]
    import onnx
    from onnx.numpy_helper import to_array

    held = {given.name: to_array(given) for given in onnx.load(path).graph.initializer}
    weights = dict(fallback)
    for name, value in held.items():
        if (own := name.removeprefix("reader.")) in weights:
            weights[own] = torch.tensor(value)
    layers = sum(name.endswith("intermediate.dense.weight") for name in weights)
    names = [f"encoder.encoder.layer.{at}.{part}" for at in range(layers) for part in MATRICES]
    matrices = [name for name in held if name.startswith("onnx::") and name.endswith("_quantized")]
    for name, matrix in zip([*names, "ends"], matrices, strict=True):
        scale = held[matrix.replace("_quantized", "_scale")]
        zero = held[matrix.replace("_quantized", "_zero_point")].astype(np.float32)
        weights[f"{name}.weight"] = torch.tensor((held[matrix] - zero) * scale).T.contiguous()
    return weights


class Run:
    """A model in training, its optimizer and its step, kept in one checkpoint."""

    def __init__(self, options, out_dir, device):
        self.options = options
        self.device = device
        folder = model_folder(DEFAULT_MODEL)
        self.model = Reader(folder, options.frozen_layers, options.dropout).to(device).train()
        self.weights = [weight for weight in self.model.parameters() if weight.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.weights, lr=options.learning_rate, weight_decay=options.weight_decay
        )
        self.steps = max(1, options.examples // options.batch)
        self.step = 0
        self.path = out_dir / "checkpoint.pt"
        if self.path.exists():
            self.restore()
        elif options.start:
            self.model.load_state_dict(weights_of(Path(options.start), self.model.state_dict()))

    def restore(self):
        """Go on from the checkpoint."""
        held = torch.load(self.path, map_location=self.device, weights_only=True)
        if held["options"] != asdict(self.options):
            raise SystemExit(f"{self.path} was made with other options; use another OUT_DIR")
        self.model.load_state_dict(held["model"])
        self.optimizer.load_state_dict(held["optimizer"])
        self.step = held["step"]

    def keep(self):
        """Write the checkpoint so that a killed run leaves the old one or the new one."""
        work = self.path.with_suffix(".tmp")
        record = {"options": asdict(self.options), "step": self.step}
        record |= {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        torch.save(record, work)
        with work.open("rb") as file:
            os.fsync(file.fileno())
        work.replace(self.path)

    def learn(self, batch):
        """Take one step on a batch and return its loss."""
        torch.manual_seed(self.options.seed * 1_000_003 + self.step)  # the same after a stop
        for group in self.optimizer.param_groups:
            share = rate(self.step, self.steps, self.options.warm_up)
            group["lr"] = self.options.learning_rate * share
        inputs = [tensor.to(self.device) for tensor in collate(batch)]
        with torch.autocast(self.device, torch.bfloat16):
            starts, ends = self.model(*inputs)
        begins = torch.tensor([example.start for example in batch], device=self.device)
        stops = torch.tensor([example.end for example in batch], device=self.device)
        loss = functional.cross_entropy(starts, begins) + functional.cross_entropy(ends, stops)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.weights, 1.0)
        self.optimizer.step()
        self.step += 1
        return loss.item()


def train(run, examples, save_steps, minutes, log):
    """Train to the last step, or for so many minutes; the checkpoint says how far it came."""
    source = batches(examples, run.options.batch, run.options.seed)
    for _ in range(run.step):
        next(source)
    started, first, losses = time.monotonic(), run.step, []
    while run.step < run.steps and not (minutes and time.monotonic() - started > minutes * 60):
        losses.append(run.learn(next(source)))
        if run.step % LOG_STEPS == 0:
            seen = (run.step - first) * run.options.batch
            speed = round(seen / (time.monotonic() - started), 1)
            log({
                "step": run.step,
                "loss": round(float(np.mean(losses)), 4),
                "examples_per_s": speed,
            })
            losses = []
        if run.step % save_steps == 0:
            run.keep()
    run.keep()


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--examples", type=int, default=190_000, help="seen in all")
    parser.add_argument("--minutes", type=float, default=0, help="stop then, to be continued")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--window-tokens", type=int, default=192)
    parser.add_argument("--learning-rate", type=float, default=1.5e-4)
    parser.add_argument("--frozen-layers", type=int, default=2)
    parser.add_argument("--repeat", default=REPEAT, help="FILE=N,... seen N times")
    parser.add_argument("--titled", type=float, default=0.5, help="share that gets its title")
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--start", default="", help="checkpoint or reader.onnx to start from")
    parser.add_argument(
        "--compile", action="store_true", help="a quarter faster; needs a C++ compiler"
    )
    parser.add_argument("--save-steps", type=int, default=250)
    parser.add_argument("--dev-rows", type=int, default=None, help="of each development file")
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args(arguments)
    args.out_dir.mkdir(parents=True, exist_ok=True)
    repeat = dict(pair.split("=") for pair in args.repeat.split(",") if pair)
    options = Options(
        examples=args.examples,
        batch=args.batch,
        window_tokens=args.window_tokens,
        learning_rate=args.learning_rate,
        warm_up=0.03,
        frozen_layers=args.frozen_layers,
        weight_decay=0.01,
        repeat={name: float(times) for name, times in repeat.items()},
        titled=args.titled,
        dropout=args.dropout,
        start=args.start,
        seed=args.seed,
    )
    go_offline()
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = open_tokenizer(model_folder(DEFAULT_MODEL))
    examples = training_examples(args.data_dir / "train", tokenizer, options)
    run = Run(options, args.out_dir, device)
    if args.compile:
        run.model.encoder.compile(dynamic=True)
    print(f"{len(examples)} examples, {run.steps} steps on {device}, from step {run.step}")
    with (args.out_dir / "log.jsonl").open("a", encoding="utf-8") as file:

        def log(record):
            for target in (file, None):
                print(json.dumps(record), file=target, flush=True)

        train(run, examples, args.save_steps, args.minutes, log)
        dev = {
            path.name.removesuffix(".jsonl.gz"): load_questions(path)[: args.dev_rows]
            for path in sorted((args.data_dir / "dev").glob("*.jsonl.gz"))
        }
        report = measure(TorchModel(run.model.eval(), tokenizer, WINDOW_TOKENS, device), dev)
        log({"step": run.step, "of": run.steps, **report})


if __name__ == "__main__":
    main()
