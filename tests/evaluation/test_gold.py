"""The gold questions are sound, they are judged as they should be, and the dev half holds."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.conftest import CORPUS, ROOT
from tests.test_cli import failed, tipsearch
from tipsearch.answering.assistant import Assistant
from tipsearch.answering.reader import SpanReader
from tipsearch.errors import QueryError
from tipsearch.evaluation import gold
from tipsearch.index import Index
from tipsearch.types import Answer, Citation, Reason

GOLD = ROOT / "tests" / "gold"
HALVES = {name: gold.load(GOLD / f"{name}.jsonl") for name in ("dev", "test")}
TURNS = [turn for half in HALVES.values() for turns in half for turn in turns]


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (GOLD / f"{name}.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def assistant(real_index: Index, reader: SpanReader) -> Assistant:
    return Assistant(real_index, reader)


def test_there_are_as_many_of_each_kind_as_promised() -> None:
    asked = Counter(turn.kind for turn in TURNS)
    least = {
        "fact": 6 * 32, "unanswerable": 3 * 32, "list": 30, "count": 10, "comparison": 15,
        "confusable": 20, gold.FIRST: 15, gold.FOLLOW_UP: 15, "overview": 10, "off_topic": 20,
    }  # fmt: skip
    assert {kind: asked[kind] for kind, count in least.items() if asked[kind] < count} == {}
    assert max(Counter(turn.id for turn in TURNS).values()) == 1
    stems = {PurePosixPath(file.name).stem for file in CORPUS.iterdir()}
    rows = [row for name in HALVES for row in lines(name)]
    for kind, count in (("fact", 6), ("unanswerable", 3)):
        held = Counter(row["profile"] for row in rows if row["kind"] == kind)
        assert set(held) == stems
        assert min(held.values()) >= count


def test_no_profile_is_in_both_halves() -> None:
    halves = [{row["profile"] for row in lines(name) if row.get("profile")} for name in HALVES]
    assert not halves[0] & halves[1]


def test_each_evidence_is_text_of_its_profile(real_index: Index) -> None:
    texts = {PurePosixPath(p.file).stem: p.text for p in real_index.profiles()}
    for turn in TURNS:
        for stem, quote in turn.evidence:
            assert quote in texts[stem], turn.id
        if turn.kind in gold.FACTS:
            assert bool(turn.answers) == bool(turn.evidence), turn.id
            for answer in turn.answers:
                assert any(answer in texts[stem] for stem, _ in turn.evidence), (turn.id, answer)


def citation(real_index: Index, words: str) -> Citation:
    profile = next(p for p in real_index.profiles() if words in p.text)
    at = profile.text.index(words)
    end = at + len(words)
    return Citation(profile.id, profile.title, 1, at, end, at, end, words, profile.sha256)


def test_answers_are_judged(assistant: Assistant, real_index: Index) -> None:
    quote = "Legros helped her to escape, and they moved together to France."
    evidence = (("somaly-mam-pierre-legros", quote),)
    turn = gold.Turn("1", "fact", "?", ("to France", "France"), evidence=evidence)
    cited = citation(real_index, "Legros helped her to escape")
    right = gold.judge(turn, Answer("?", "France", "fact", 0.9, (cited,)), assistant)
    assert (right.score, right.exact, right.wrong, right.cited) == (1.0, True, False, True)
    elsewhere = citation(real_index, "They moved back to Cambodia in 1994.")
    wrong = gold.judge(turn, Answer("?", "Cambodia", "fact", 0.9, (elsewhere,)), assistant)
    assert (wrong.score, wrong.exact, wrong.wrong, wrong.cited) == (0.0, False, True, False)
    refusal = Answer("?", None, "fact", 0.0, reason=Reason.NOT_SAID)
    refused = gold.judge(turn, refusal, assistant)
    assert (refused.score, refused.wrong, refused.cited) == (0.0, False, None)
    nothing = gold.Turn("2", "unanswerable", "?")
    assert gold.judge(nothing, refusal, assistant).score == 1.0
    assert gold.judge(nothing, Answer("?", "1994", "fact", 0.9, (cited,)), assistant).wrong


def test_lists_counts_and_overviews_are_judged(assistant: Assistant, real_index: Index) -> None:
    cited = (citation(real_index, "They moved back to Cambodia in 1994."),)
    listed = gold.Turn("1", "list", "?", items=(("Nepal",), ("India",)))
    answer = Answer("?", "Nepal, Peru", "list", 1.0, cited, ("Nepal", "Peru"))
    assert gold.judge(listed, answer, assistant).score == 0.5
    empty = gold.Turn("2", "list", "?")
    assert gold.judge(empty, Answer("?", None, "list", 0.0), assistant).score == 1.0
    counted = gold.Turn("3", "count", "?", ("3", "three"), items=(("Nepal",),))
    assert gold.judge(counted, Answer("?", "three", "count", 1.0, cited), assistant).score == 1.0
    assert gold.judge(counted, Answer("?", "3 of 4", "count", 1.0, cited), assistant).score == 0.0
    told = gold.Turn("4", "overview", "?", must=(("1994",), ("AFESIP", "the group"), ("Laos",)))
    answer = Answer("?", "The group spread.", "overview", 1.0, cited)
    assert gold.judge(told, answer, assistant).score == pytest.approx(2 / 3)


def outcome(
    id_: str, kind: str, *, said: str | None, right: bool, answerable: bool
) -> gold.Outcome:
    wrong = said is not None and not right
    return gold.Outcome(id_, kind, "?", said, 0.5, float(right), right, wrong, None, answerable)


def test_refusals_are_counted_over_what_can_be_answered_and_what_cannot() -> None:
    outcomes = [
        outcome("1", "fact", said="x", right=True, answerable=True),
        outcome("2", "fact", said=None, right=False, answerable=True),
        outcome("3", "unanswerable", said=None, right=True, answerable=False),
        outcome("4", "off_topic", said=None, right=True, answerable=False),
        outcome("5", "unanswerable", said="x", right=False, answerable=False),
    ]
    table = gold.summary(outcomes)
    assert table["fact"]["score"] == table["fact"]["answered"] == 50
    assert table["unanswerable"]["wrong"] == 50
    refusals = table["refusals"]
    assert refusals["precision"] == refusals["recall"] == 66.7
    assert refusals["answerable_refused"] == 50
    assert gold.below(table, {"fact": {"score": 50, "wrong": 0}}) == []
    assert gold.below(table, {"fact": {"score": 51}, "unanswerable": {"wrong": 49}}) == [
        "fact: score is 50, below 51",
        "unanswerable: wrong is 50, above 49",
    ]
    assert gold.below(table, {"count": {"exact": 1}}) == ["count: exact is 0, below 1"]


def test_what_got_better_and_worse_is_told_by_question() -> None:
    old = gold.report([
        outcome("1", "fact", said="x", right=True, answerable=True),
        outcome("2", "fact", said="x", right=False, answerable=True),
        outcome("3", "fact", said=None, right=False, answerable=True),
    ])
    new = [
        outcome("1", "fact", said=None, right=False, answerable=True),
        outcome("2", "fact", said=None, right=False, answerable=True),
        outcome("3", "fact", said=None, right=False, answerable=True),
        outcome("4", "fact", said="x", right=True, answerable=True),
    ]
    better, worse = gold.changes(json.loads(json.dumps(old)), new)
    assert [o.id for o in better] == ["2"]  # to refuse is better than to be wrong
    assert [o.id for o in worse] == ["1"]
    with pytest.raises(QueryError, match="is not one of"):
        gold.changes({}, new)


@pytest.mark.parametrize(
    "line", ["", "[]", "{}", '{"id": "1", "kind": "riddle", "question": "?"}', '{"kind": "list"}']
)
def test_what_is_no_gold_question_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_text(f"{line}\n" if line else "", "utf-8")
    with pytest.raises(QueryError, match=r"line 1, is no gold question|holds no question"):
        gold.load(file)


def test_the_dev_half_stays_above_its_floors(assistant: Assistant) -> None:
    floors = json.loads((GOLD / "floors.json").read_text("utf-8"))
    outcomes = gold.ask_all(assistant, HALVES["dev"], lambda _: None)
    assert gold.below(gold.summary(outcomes), floors) == []


def test_the_shell_judges_compares_draws_and_fails_below_a_floor(
    tmp_path: Path, real_index: Index
) -> None:
    asked = (GOLD / "dev.jsonl").read_text("utf-8").splitlines()[:12]
    file, old, floors = (tmp_path / name for name in ("gold.jsonl", "old.json", "floors.json"))
    file.write_text("\n".join(asked), "utf-8")
    where = ("eval", "gold", str(file), "--index", str(real_index.where))
    run = tipsearch(*where, "--json")
    assert run.returncode == 0, run.stderr
    old.write_text(run.stdout, "utf-8")
    report = json.loads(run.stdout)
    assert len(report["outcomes"]) == 12
    floors.write_text(json.dumps({"fact": {"score": 101}}), "utf-8")
    curve = tmp_path / "curve.svg"
    run = tipsearch(*where, "--compare", str(old), "--floors", str(floors), "--plot", str(curve))
    assert run.returncode == 8
    assert "fact: score is" in run.stderr
    assert "0 better" in run.stdout
    assert "refusals" in run.stdout
    assert curve.stat().st_size > 1000
    assert "cannot be read" in failed(tipsearch(*where, "--compare", str(tmp_path / "none")), 2)
