"""Gold questions: what people would ask of the profiles, and how well that is answered.

A file holds one JSON object a line: ``id``, ``kind`` (one of `KINDS`) and, but for dialogues,
``question``, with what is right: ``answers`` (any of them), ``items`` (each a list of forms),
``must`` (points an overview mentions, each a list of forms), and ``evidence``, pairs of a profile
file's stem and a sentence of it. A dialogue has ``turns`` of the same. Nothing right: a refusal is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tipsearch.answering.assistant import Assistant
from tipsearch.answering.questions import wants_sentence
from tipsearch.errors import QueryError
from tipsearch.evaluation.squad import (
    RIGHT_F1,
    Prediction,
    best,
    exact_match,
    normalise,
    token_f1,
)
from tipsearch.types import Answer

FIRST, FOLLOW_UP = "dialogue, first turn", "dialogue, follow-up"
FACTS = ("fact", "confusable", FIRST, FOLLOW_UP)
REFUSED = ("unanswerable", "off_topic")
KINDS = (
    "fact",
    "confusable",
    *REFUSED,
    "list",
    "count",
    "comparison",
    "timeline",
    "overview",
    "dialogue",
)

Step = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and what is right; ``kind`` tells the turns of a dialogue apart."""

    id: str
    kind: str
    question: str
    answers: tuple[str, ...] = ()
    items: tuple[tuple[str, ...], ...] = ()
    must: tuple[tuple[str, ...], ...] = ()
    evidence: tuple[tuple[str, str], ...] = ()

    @property
    def is_answerable(self) -> bool:
        """Whether the profiles say something to this; else only a refusal is right."""
        return bool(self.answers or self.items or self.must)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was said to one question, and how good that was.

    Attributes
    ----------
    id, kind : str
        Those of the question.
    question : str
        As it was understood.
    said : str or None
        The answer; None is a refusal.
    confidence : float
        The answer's.
    score : float
        In [0, 1]: token F1 of a fact, set F1 of a list, share of the points of an overview;
        whether a count or comparison is right; whether what nothing answers is refused.
    exact : bool
        Whether nothing is missing and nothing too much.
    wrong : bool
        Whether an answer was given that is not right: worse than refusing.
    cited : bool or None
        Whether a citation meets the evidence; None without an answer or without evidence.
    answerable : bool
        Whether there is something to say.
    """

    id: str
    kind: str
    question: str
    said: str | None
    confidence: float
    score: float
    exact: bool
    wrong: bool
    cited: bool | None
    answerable: bool


def load(path: Path) -> list[list[Turn]]:
    """Read gold questions; each is a list of turns, of one turn but for dialogues.

    Raises
    ------
    QueryError
        If the file cannot be read, is empty, or a line is not of that form; the line is named.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise QueryError(f"{path} cannot be read: {error}") from error
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(_turns(json.loads(line)))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise QueryError(f"{path}, line {number}, is no gold question") from error
    if not found:
        raise QueryError(f"{path} holds no question")
    return found


def _turns(row: Mapping[str, Any]) -> list[Turn]:
    if row["kind"] not in KINDS:
        raise ValueError(row["kind"])
    if row["kind"] != "dialogue":
        return [_turn(row, str(row["id"]), row["kind"])]
    return [
        _turn(
            turn,
            f"{row['id']}/{number}",
            turn.get("kind") or (FIRST if number == 1 else FOLLOW_UP),
        )
        for number, turn in enumerate(row["turns"], 1)
    ]


def _turn(row: Mapping[str, Any], id_: str, kind: str) -> Turn:
    return Turn(
        id=id_,
        kind=kind,
        question=str(row["question"]),
        answers=tuple(row.get("answers", ())),
        items=tuple(tuple(forms) for forms in row.get("items", ())),
        must=tuple(tuple(forms) for forms in row.get("must", ())),
        evidence=tuple((str(profile), str(quote)) for profile, quote in row.get("evidence", ())),
    )


def ask_all(assistant: Assistant, gold: Iterable[Sequence[Turn]], step: Step) -> list[Outcome]:
    """Ask every question, a dialogue in one conversation, and judge what is said."""
    outcomes = []
    for turns in gold:
        chat = assistant.conversation()
        outcomes += [judge(turn, chat.ask(turn.question), assistant) for turn in turns]
        step(1)
    return outcomes


def predictions(assistant: Assistant, gold: Iterable[Sequence[Turn]]) -> list[Prediction]:
    """Ask every fact, and what nothing answers, refusing not allowed: for risk and coverage."""
    found = []
    for turns in gold:
        chat = assistant.conversation()
        for turn in turns:
            if turn.kind in {*FACTS, *REFUSED}:
                answer = chat.ask(turn.question, threshold=0.0)
                found.append(Prediction(answer.text or "", answer.confidence, right_answers(turn)))
    return found


def judge(turn: Turn, answer: Answer, assistant: Assistant) -> Outcome:
    """Compare an answer with what is right."""
    score = _score(turn, answer)
    return Outcome(
        id=turn.id,
        kind=turn.kind,
        question=answer.question,
        said=answer.text,
        confidence=answer.confidence,
        score=score,
        exact=_is_exact(turn, answer, score),
        wrong=answer.text is not None and score < RIGHT_F1,
        cited=_cited(turn, answer, assistant),
        answerable=turn.is_answerable,
    )


def _score(turn: Turn, answer: Answer) -> float:
    if not turn.is_answerable:
        return float(answer.text is None)
    if answer.text is None:
        return 0.0
    if turn.kind == "timeline":
        return timeline_f1(answer, turn.items)
    if turn.kind == "list":
        return set_f1(answer.items, turn.items)
    if turn.kind == "overview":
        said = normalise(" ".join([answer.text, *(c.quote for c in answer.citations)]))
        return sum(any(normalise(f) in said for f in forms) for forms in turn.must) / len(turn.must)
    measure = exact_match if turn.kind in {"count", "comparison"} else token_f1
    return best(measure, answer.text, right_answers(turn))


def right_answers(turn: Turn) -> tuple[str, ...]:
    """Return every right answer: where a sentence is wanted, those of the evidence too."""
    whole = [quote for _, quote in turn.evidence] if wants_sentence(turn.question) else []
    return (*turn.answers, *whole)


def _is_exact(turn: Turn, answer: Answer, score: float) -> bool:
    if turn.answers and answer.text is not None:
        return best(exact_match, answer.text, right_answers(turn)) == 1
    return score == 1


def set_f1(said: Sequence[str], items: Sequence[Sequence[str]]) -> float:
    """Return the harmonic mean of how many items said are right and how many right are said.

    An item is right if it equals a form of one, once both are normalised.

    Examples
    --------
    >>> set_f1(["Nepal", "Peru"], [["Nepal"], ["India"], ["the U.S.", "United States"]])
    0.4
    """
    forms = [{normalise(form) for form in item} for item in items]
    found = {normalise(item) for item in said}
    right_said = sum(any(item in item_forms for item_forms in forms) for item in found)
    said_right = sum(bool(item_forms & found) for item_forms in forms)
    if not found or not forms or not right_said:
        return float(not found and not forms)
    precision, recall = right_said / len(found), said_right / len(forms)
    return 2 * precision * recall / (precision + recall)


def timeline_f1(answer: Answer, items: Sequence[Sequence[str]]) -> float:
    """Return the harmonic mean of how many dated sentences are right and how many right are said.

    An item of the gold is a year and words of the sentence that tells the event.
    """
    said = {(day, c.quote) for day, c in zip(answer.items, answer.citations, strict=False)}

    def same(day: str, quote: str, year: str, words: str) -> bool:
        return year in day.split("(")[0] and words in quote

    right_said = sum(any(same(*s, y, w) for s in said) for y, w in items)
    said_right = sum(any(same(*s, y, w) for y, w in items) for s in said)
    if not right_said:
        return 0.0
    precision, recall = said_right / len(said), right_said / len(items)
    return 2 * precision * recall / (precision + recall)


def _cited(turn: Turn, answer: Answer, assistant: Assistant) -> bool | None:
    """Whether a citation overlaps a sentence of the evidence, in the same profile."""
    if answer.text is None or not turn.evidence:
        return None
    for citation in answer.citations:
        profile = assistant.index.profile(citation.profile_id)
        if profile is None:
            continue
        stem = PurePosixPath(profile.file).stem
        for of, quote in turn.evidence:
            at = profile.text.find(quote) if of == stem else -1
            if at >= 0 and citation.start < at + len(quote) and at < citation.end:
                return True
    return False


def summary(outcomes: Sequence[Outcome]) -> dict[str, dict[str, float]]:
    """Return percentages by kind of question, and of refusals over all of them.

    Returns
    -------
    dict
        By kind: ``questions`` (a number), ``score``, ``exact``, ``answered``, ``wrong`` and, of
        the answers given, ``cited``. Under ``refusals``, over facts and what nothing answers:
        ``precision`` (of the refused, the share that nothing answers), ``recall`` (of what nothing
        answers, the share refused) and ``answerable_refused``.
    """
    table: dict[str, dict[str, float]] = {}
    for kind in (*FACTS, *REFUSED, "list", "count", "comparison", "timeline", "overview"):
        if not (held := [outcome for outcome in outcomes if outcome.kind == kind]):
            continue
        table[kind] = {
            "questions": len(held),
            "score": _percent(outcome.score for outcome in held),
            "exact": _percent(outcome.exact for outcome in held),
            "answered": _percent(outcome.said is not None for outcome in held),
            "wrong": _percent(outcome.wrong for outcome in held),
            "cited": _percent(o.cited for o in held if o.cited is not None),
        }
    held = [outcome for outcome in outcomes if outcome.kind in {*FACTS, *REFUSED}]
    table["refusals"] = {
        "questions": len(held),
        "precision": _percent(not o.answerable for o in held if o.said is None),
        "recall": _percent(o.said is None for o in held if not o.answerable),
        "answerable_refused": _percent(o.said is None for o in held if o.answerable),
    }
    return table


def _percent(values: Iterable[float]) -> float:
    held = list(values)
    return round(100 * sum(held) / len(held), 1) if held else 0.0


def below(
    table: Mapping[str, Mapping[str, float]], floors: Mapping[str, Mapping[str, float]]
) -> list[str]:
    """Say which floors a summary breaks; ``wrong`` and ``answerable_refused`` are ceilings."""
    broken = []
    for kind, measures in floors.items():
        for measure, floor in measures.items():
            value = table.get(kind, {}).get(measure, 0.0)
            ceiling = measure in {"wrong", "answerable_refused"}
            if value > floor if ceiling else value < floor:
                side = "above" if ceiling else "below"
                broken.append(f"{kind}: {measure} is {value:g}, {side} {floor:g}")
    return broken


def changes(
    old: Mapping[str, Any], outcomes: Sequence[Outcome]
) -> tuple[list[Outcome], list[Outcome]]:
    """Return the outcomes that are better, and those that are worse, than in an older report.

    Raises
    ------
    QueryError
        If the older report is not one.
    """
    try:
        before = {row["id"]: (not row["wrong"], row["score"]) for row in old["outcomes"]}
    except (LookupError, TypeError) as error:
        raise QueryError("the older report is not one of tipsearch eval gold --json") from error
    compared = [(o, (not o.wrong, o.score), before[o.id]) for o in outcomes if o.id in before]
    better = [outcome for outcome, now, then in compared if now > then]
    return better, [outcome for outcome, now, then in compared if now < then]


def report(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return everything as plain values, to be kept and compared with."""
    return {"summary": summary(outcomes), "outcomes": [asdict(outcome) for outcome in outcomes]}
