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
import math
import os
import random
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional

from tipsearch.evaluation import squad
from tipsearch.retrieval.encoder import model_folder
from tipsearch.settings import DEFAULT_MODEL, go_offline

POOL_BATCHES = 64  # examples are sorted by length within so many batches, then mixed again
LOG_STEPS = 100
NO_ANSWER = 0  # the place of [CLS]: a span that starts and ends there is "no answer"


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
    repeat: dict[str, int]
    seed: int


@dataclass(frozen=True)
class Example:
    """One question with one window of its context, as token ids and places in them."""

    ids: list[int]
    context_start: int
    start: int
    end: int


def reader_tokenizer(folder):
    """Open a model's tokenizer without its padding and truncation."""
    tokenizer = Tokenizer.from_file(str(Path(folder, "tokenizer.json")))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def load(path):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def windows(question, context, budget, stride):
    """Yield ``(first, last)`` token ranges of a context that fit beside the question."""
    room = max(budget - len(question.ids) - 3, stride)
    first = 0
    while True:
        last = min(first + room, len(context.ids))
        yield first, last
        if last == len(context.ids):
            return
        first += stride


def examples_of(rows, tokenizer, window_tokens, chance):
    """Turn rows into examples: the window with the answer, or any one if there is none."""
    cls, sep = (tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]"))
    questions = tokenizer.encode_batch([row["question"] for row in rows], add_special_tokens=False)
    contexts = tokenizer.encode_batch([row["context"] for row in rows], add_special_tokens=False)
    found = []
    for row, question, context in zip(rows, questions, contexts, strict=True):
        del question.ids[64:]
        places = list(windows(question, context, window_tokens, window_tokens // 2))
        start = end = None
        if row["answers"]:
            answer = row["answers"][0]
            begin, stop = answer["start"], answer["start"] + len(answer["text"])
            held = [n for n, (a, b) in enumerate(context.offsets) if a < stop and b > begin]
            if not held:
                continue
            start, end = held[0], held[-1]
            places = [(a, b) for a, b in places if a <= start and end < b]
            if not places:
                continue
        first, last = chance.choice(places)
        base = len(question.ids) + 2
        ids = [cls, *question.ids, sep, *context.ids[first:last], sep]
        shift = base - first
        span = (NO_ANSWER, NO_ANSWER) if start is None else (start + shift, end + shift)
        found.append(Example(ids, base, *span))
    return found


class Reader(nn.Module):
    """MiniLM with two outputs a token: how well an answer starts there, and ends there."""

    def __init__(self, folder, frozen_layers):
        super().__init__()
        from transformers import AutoModel

        self.encoder = AutoModel.from_pretrained(
            folder, attn_implementation="eager", add_pooling_layer=False,
            hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        )  # fmt: skip
        self.ends = nn.Linear(self.encoder.config.hidden_size, 2)
        for part in [self.encoder.embeddings, *self.encoder.encoder.layer[:frozen_layers]]:
            part.requires_grad_(False)

    def forward(self, ids, attention, types):
        """Return start and end logits, each of shape (n, tokens); question and padding are out."""
        hidden = self.encoder(
            input_ids=ids, attention_mask=attention, token_type_ids=types
        ).last_hidden_state
        logits = self.ends(hidden.float())
        allowed = types.bool()
        allowed[:, NO_ANSWER] = True
        logits = logits.masked_fill(~allowed.unsqueeze(-1), -1e4)
        return logits[..., 0], logits[..., 1]


def collate(batch):
    """Pad examples to the longest; token types are 1 for the context, its closing [SEP] not."""
    longest = max(len(example.ids) for example in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    attention, types = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, example in enumerate(batch):
        length = len(example.ids)
        ids[row, :length] = torch.tensor(example.ids)
        attention[row, :length] = 1
        types[row, example.context_start : length - 1] = 1
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


def best_span(starts, ends, longest_tokens=30):
    """Return the best ``(score, start, end)`` with start <= end, [CLS] left out.

    Parameters
    ----------
    starts, ends : ndarray of float32, shape (tokens,)
        Logits of one window.
    """
    total = starts[:, None] + ends[None, :]
    length = np.arange(len(ends))[None, :] - np.arange(len(starts))[:, None]
    total[(length < 0) | (length >= longest_tokens)] = -np.inf
    total[NO_ANSWER, :] = total[:, NO_ANSWER] = -np.inf
    start, end = np.unravel_index(int(np.argmax(total)), total.shape)
    return float(total[start, end]), int(start), int(end)


@torch.no_grad()
def predict(model, tokenizer, rows, window_tokens, device):
    """Answer each row from its own context, refusing not allowed.

    The score of an answer is how much more its logits say than those of "no answer", the least of
    which over a context's windows counts.
    """
    cls, sep = (tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]"))
    questions = tokenizer.encode_batch([row["question"] for row in rows], add_special_tokens=False)
    contexts = tokenizer.encode_batch([row["context"] for row in rows], add_special_tokens=False)
    jobs = []
    for number, (question, context) in enumerate(zip(questions, contexts, strict=True)):
        asked = question.ids[:64]
        for first, last in windows(question, context, window_tokens, window_tokens // 2):
            ids = [cls, *asked, sep, *context.ids[first:last], sep]
            jobs.append((number, first, Example(ids, len(asked) + 2, 0, 0)))
    jobs.sort(key=lambda job: len(job[2].ids))
    spans = [(-math.inf, 0, 0)] * len(rows)
    none = [math.inf] * len(rows)
    model.eval()
    for at in range(0, len(jobs), 32):
        part = jobs[at : at + 32]
        inputs = [tensor.to(device) for tensor in collate([example for *_, example in part])]
        with torch.autocast(device, torch.bfloat16):
            starts, ends = (logits.float().cpu().numpy() for logits in model(*inputs))
        for row, (number, first, example) in enumerate(part):
            none[number] = min(none[number], float(starts[row, NO_ANSWER] + ends[row, NO_ANSWER]))
            score, start, end = best_span(starts[row], ends[row])
            shift = first - example.context_start
            spans[number] = max(spans[number], (score, start + shift, end + shift))
    model.train()
    predictions = []
    for row, context, (score, start, end), nothing in zip(rows, contexts, spans, none, strict=True):
        text = row["context"][context.offsets[start][0] : context.offsets[end][1]]
        golds = tuple(answer["text"] for answer in row["answers"])
        predictions.append(squad.Prediction(text, score - nothing, golds))
    return predictions


def measure(model, tokenizer, dev, window_tokens, device):
    """Measure on every development file; returns a record for the log."""
    out = {}
    for name, rows in dev.items():
        predictions = predict(model, tokenizer, rows, window_tokens, device)
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
    examples = []
    for path in sorted(folder.glob("*.jsonl.gz")):
        rows = load(path)
        for _ in range(options.repeat.get(path.name.removesuffix(".jsonl.gz"), 1)):
            examples += examples_of(rows, tokenizer, options.window_tokens, chance)
    return examples


class Run:
    """A model in training, its optimizer and its step, kept in one checkpoint."""

    def __init__(self, options, out_dir, device):
        self.options = options
        self.device = device
        self.model = Reader(model_folder(DEFAULT_MODEL), options.frozen_layers).to(device)
        self.weights = [weight for weight in self.model.parameters() if weight.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.weights, lr=options.learning_rate, weight_decay=options.weight_decay
        )
        self.steps = max(1, options.examples // options.batch)
        self.step = 0
        self.path = out_dir / "checkpoint.pt"
        if self.path.exists():
            self.restore()

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
    parser.add_argument("--repeat", default="squad2_A_train=2", help="FILE=N,... seen N times")
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
        warm_up=0.06,
        frozen_layers=args.frozen_layers,
        weight_decay=0.01,
        repeat={name: int(times) for name, times in repeat.items()},
        seed=args.seed,
    )
    go_offline()
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = reader_tokenizer(model_folder(DEFAULT_MODEL))
    examples = training_examples(args.data_dir / "train", tokenizer, options)
    run = Run(options, args.out_dir, device)
    print(f"{len(examples)} examples, {run.steps} steps on {device}, from step {run.step}")
    with (args.out_dir / "log.jsonl").open("a", encoding="utf-8") as file:

        def log(record):
            for target in (file, None):
                print(json.dumps(record), file=target, flush=True)

        train(run, examples, args.save_steps, args.minutes, log)
        dev = {
            path.name.removesuffix(".jsonl.gz"): load(path)[: args.dev_rows]
            for path in sorted((args.data_dir / "dev").glob("*.jsonl.gz"))
        }
        report = measure(run.model, tokenizer, dev, options.window_tokens, device)
        log({"step": run.step, "of": run.steps, **report})


if __name__ == "__main__":
    main()
