"""Measure how follow-ups are made to stand on their own.

Usage: python benchmarks/followups.py FILE [INDEX]

FILE holds TREC CAsT turns, one JSON object a line: history, question, resolved (the question as a
person rewrote it). Counted are the turns that a person changed: a turn's entity is recovered if
every word that the person put in, beyond words of grammar, is in the question as tipsearch
understood it, by stems. INDEX is any index; its profiles have nothing to do with the questions.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path

from tipsearch.answering.assistant import Assistant
from tipsearch.answering.vocabulary import says_something, words
from tipsearch.retrieval import lexical


def content(text, stems):
    """Return the stems of the words that say something."""
    return {stem for word in words(text.lower()) if says_something(word) for stem in stems(word)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("index", type=Path, nargs="?", default=Path("index"))
    parser.add_argument("--show", action="store_true", help="print the turns that were not")
    args = parser.parse_args()
    assistant = Assistant.open(args.index)
    stems = lexical.words
    with gzip.open(args.file, "rt", encoding="utf-8") as lines:
        turns = [json.loads(line) for line in lines]
    counts = {"changed by a person": 0, "entity recovered": 0, "part of it": 0, "left alone": 0}
    untouched = kept = 0
    for turn in turns:
        chat = assistant.conversation()
        for before in turn["history"]:
            chat.ask(before.strip() or "?x")
        question = turn["question"].strip()
        said = chat.standalone(question)
        wanted = content(turn["resolved"], stems) - content(question, stems)
        if not wanted:
            untouched += 1
            kept += said == question
            continue
        counts["changed by a person"] += 1
        found = wanted & content(said, stems)
        counts["entity recovered"] += found == wanted
        counts["part of it"] += bool(found)
        counts["left alone"] += said == question
        if args.show and found != wanted:
            print(f"{question} -> {said} (a person: {turn['resolved']})")
    total = counts["changed by a person"]
    print({name: f"{count} ({count / total:.0%})" for name, count in counts.items()})
    share = f"{kept / untouched:.0%}"
    print({"stand alone already": untouched, "of these left as they are": share})


if __name__ == "__main__":
    main()
