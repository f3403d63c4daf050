"""Check that profiles say nothing their facts do not: numbers, years and names, word by word.

Usage: python tests/gold/check_profiles.py FACTS.json [CORPUS]

FACTS.json is a list of people (name, slug, country_active_in, organization, tip_award_year, role,
focus, additional_recognition, facts: [{fact, source, source2}]); the profile of one is
CORPUS/slug.md. Prints what a profile says and its facts do not, which figures, years and names of
the facts it leaves out, and which fields differ; ends with 1 if anything was printed.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_WORD = re.compile(r"[^\W_]+(?:[’'&-][^\W_]+)*|\d[\d.,]*\d")
_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety "
    "hundred hundreds thousand thousands million half dozen dozens once twice first second third"
).split()
_RELATIVE = {"one", "two", "three", "first", "second", "once"}  # "one of", "the first time"
_APART = re.compile(
    r"[\w-]+ (?:years?|months?|days?) (?:later|after|before|earlier)", re.IGNORECASE
)
_WORDS = (200, 450)
_FIELDS = {
    "name": "name",
    "active_in": "country_active_in",
    "organization": "organization",
    "tip_award_year": "tip_award_year",
    "role": "role",
    "focus": "focus",
    "additional_recognition": "additional_recognition",
}


def telling(text: str, *, openings: bool = False) -> set[str]:
    """Return the words that can be wrong about a person: numbers and capitalised words.

    A word that opens a sentence counts only with ``openings`` or if it is capitalised elsewhere
    too; how many years after another a year is ("six years later") does not count.
    """
    found = set()
    for match in _WORD.finditer(text):
        word = re.sub(r"['’]s$", "", match[0])
        opens = not openings and re.search(r"(?:^|[.!?]\s+|\n)[“\"(]?$", text[: match.start()])
        if _APART.match(text, match.start()):
            continue
        number = any(c.isdigit() for c in word) or word.lower() in _NUMBERS
        if number or (word[0].isupper() and not opens):
            found.add(word.lower() if number else word)
    return found


def findings(person: Mapping[str, Any], source: str) -> list[str]:
    """Return what is wrong with one profile."""
    head, _, body = source.removeprefix("---\n").partition("\n---\n")
    front = yaml.safe_load(head)
    said = " ".join(fact["fact"] for fact in person["facts"])
    known = telling(json.dumps(person, ensure_ascii=False), openings=True)
    loose = {part for word in known for part in re.split(r"[-’'&]", word)}
    wrong = [
        f"not in the facts: {word}"
        for word in sorted(telling(body))
        if word not in known
        and word not in _RELATIVE
        and not set(re.split(r"[-’'&]", word)) <= loose
    ]
    told = {part for word in _WORD.findall(body) for part in (word, word.lower())}
    told |= {re.sub(r"['’]s$", "", word) for word in told}
    wrong += [
        f"left out: {word}"
        for word in sorted(telling(said))
        if any(c.isdigit() for c in word) and word not in told
    ]
    wrong += [
        f"field {own} is {front.get(own)!r}, the facts have {person[theirs]!r}"
        for own, theirs in _FIELDS.items()
        if (front.get(own) or None) != (person[theirs] or None)
    ]
    addresses = {
        fact[key] for fact in person["facts"] for key in ("source", "source2") if key in fact
    }
    if set(front.get("sources", ())) != addresses:
        wrong.append("sources differ")
    if not _WORDS[0] <= len(body.split()) <= _WORDS[1]:
        wrong.append(f"{len(body.split())} words")
    return wrong


def main() -> None:
    """Check every person's profile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("facts", type=Path)
    parser.add_argument("corpus", type=Path, nargs="?", default=Path("corpus"))
    parser.add_argument("slugs", nargs="*", help="only these")
    args = parser.parse_args()
    failed = False
    for person in json.loads(args.facts.read_text("utf-8")):
        if args.slugs and person["slug"] not in args.slugs:
            continue
        file = args.corpus / f"{person['slug']}.md"
        wrong = findings(person, file.read_text("utf-8")) if file.exists() else ["no profile"]
        for finding in wrong:
            print(f"{file.name}: {finding}")
        failed |= bool(wrong)
    sys.exit(failed)


if __name__ == "__main__":
    main()
