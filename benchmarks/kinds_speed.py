"""Time answers of every kind of gold question, median and p95 in ms, after one warm-up each.

Usage: python benchmarks/kinds_speed.py GOLD.jsonl [GOLD.jsonl ...] [--index INDEX] [--rounds N]
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from tipsearch.answering.assistant import Assistant
from tipsearch.evaluation import gold


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", type=Path, nargs="+")
    parser.add_argument("--index", type=Path, default=Path("index"))
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    assistant = Assistant.open(args.index)
    asked = [turns[0] for path in args.gold for turns in gold.load(path)]
    taken_ms = defaultdict(list)
    for turn in asked:
        answer = assistant.ask(turn.question)
        rounds = []
        for _ in range(args.rounds):
            started = time.perf_counter()
            assistant.ask(turn.question)
            rounds.append(1000 * (time.perf_counter() - started))
        taken_ms[answer.kind].append(float(np.median(rounds)))
    print("kind         questions  median   p95")
    for kind, held in sorted(taken_ms.items()):
        print(f"{kind:12} {len(held):9}  {np.median(held):6.1f}  {np.percentile(held, 95):5.1f}")


if __name__ == "__main__":
    main()
