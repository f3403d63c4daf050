"""The shell: ``tipsearch build | update | search | ask | chat | serve | check | eval``."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tipsearch import __version__
from tipsearch.errors import (
    EXIT_BELOW_FLOOR,
    EXIT_SOME_FILES_SKIPPED,
    QueryError,
    TipsearchError,
)
from tipsearch.settings import SURE, Settings
from tipsearch.types import ANSWERED_KINDS, FIELD_NAMES, Kind

if TYPE_CHECKING:
    from tipsearch.corpus.desk import Finding
    from tipsearch.embedding import Progress
    from tipsearch.evaluation.squad import Prediction, RiskPoint
    from tipsearch.types import Answer, Hit, IndexUpdate, SkippedFile

_CLOSEST = 3  # passages shown with a refusal
_TABLE_CHARS = 120  # width of a table that goes into a file or a pipe


def _printable(text: str) -> str:
    """Show control characters by their number: a file name may hold any of them."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def _say(text: str = "", *, error: bool = False) -> None:
    click.echo("\n".join(map(_printable, text.split("\n"))), err=error)


def _say_json(record: object) -> None:
    def plain(value: Any) -> Any:  # noqa: ANN401 - json's own contract
        if is_dataclass(value) and not isinstance(value, type):
            return asdict(value)
        raise TypeError(type(value).__name__)

    click.echo(json.dumps(record, default=plain, ensure_ascii=False, indent=1))


def _filters(pairs: Sequence[str]) -> dict[str, list[str]]:
    filters: dict[str, list[str]] = {}
    for pair in pairs:
        field, equals, value = pair.partition("=")
        if not equals:
            raise QueryError(
                f"--filter {pair!r} is not field=value", f"as in {FIELD_NAMES[0]}=Nepal"
            )
        filters.setdefault(field.strip(), []).append(value.strip())
    return filters


@contextlib.contextmanager
def _progress() -> Iterator[Progress | None]:
    """Draw a bar on a terminal while work is going on; draw nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress as rich
    from rich.console import Console

    class Rate(rich.ProgressColumn):
        """How many a second."""

        def render(self, task: rich.Task) -> str:
            return f"{task.speed:,.0f}/s" if task.speed else ""

    with rich.Progress(
        rich.TextColumn("{task.description}"), rich.BarColumn(), rich.MofNCompleteColumn(), Rate(),
        rich.TimeRemainingColumn(), console=Console(stderr=True), transient=True,
    ) as bar:  # fmt: skip
        tasks = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done)

        yield show


_index = click.option(
    "--index", default="index", show_default=True, metavar="WHERE",
    help="The index folder, or postgresql://... or milvus://...",
)  # fmt: skip
_corpus = click.option(
    "--corpus", type=click.Path(path_type=Path), default="corpus", show_default=True,
    help="The folder of profile files.",
)  # fmt: skip
_threads = click.option(
    "--threads", type=click.IntRange(1), expose_value=False, metavar="N",
    callback=lambda _context, _option, n: n and os.environ.update(TIPSEARCH_THREADS=str(n)),
    help="Threads that embed.  [default: one a core]",
)  # fmt: skip
_json = click.option("--json", "as_json", is_flag=True, help="Print the record as JSON.")
_k = click.option("--k", type=int, default=None, help="Number of results.  [default: 10]")
_kind = click.option(
    "--kind", type=click.Choice([str(kind) for kind in ANSWERED_KINDS]), default=None,
    help="What is asked for, if it is taken for something else.",
)  # fmt: skip
_threshold = click.option(
    "--threshold", type=float, default=None,
    help=f"Least confidence of an answer, 0 to 1.  [default: {Settings().answer_threshold}]",
)  # fmt: skip
_filter = click.option(
    "--filter", "pairs", multiple=True, metavar="FIELD=VALUE",
    help=f"Only profiles with this value; may be repeated. Fields: {', '.join(FIELD_NAMES)}.",
)  # fmt: skip


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the whole traceback of an error.")
@click.version_option(__version__, prog_name="tipsearch")
def cli(*, debug: bool) -> None:
    r"""Search profiles of TIP Report Heroes: every answer is quoted and cited.

    \b
    Exit codes: 0 done, 2 wrong usage or port in use, 3 no usable profile,
    4 index missing or damaged, 5 index locked or not writable, 6 model missing,
    7 done but some files were skipped, 8 an evaluation fell below a floor.
    """
    if debug:
        os.environ["TIPSEARCH_DEBUG"] = "1"


@cli.command()
@_corpus
@_index
@click.option(
    "--vectors", type=click.Path(path_type=Path), default=None,
    help="A folder that 'tipsearch embed' wrote; what is in it is not embedded again.",
)  # fmt: skip
@_threads
@_json
def build(corpus: Path, index: str, vectors: Path | None, *, as_json: bool) -> None:
    """Index every profile anew."""
    from tipsearch.index import Index

    start = time.perf_counter()
    with _progress() as progress:
        changes = Index.build(corpus, index, progress=progress, vectors=vectors).changes
    _report(changes, time.perf_counter() - start, as_json=as_json)


@cli.command()
@click.argument("table", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--ray", is_flag=True, help="On the Ray cluster of RAY_ADDRESS, or one started here.")
@_threads
@_json
def embed(table: Path, folder: Path, *, ray: bool, as_json: bool) -> None:
    """Embed a Parquet TABLE of profile files into a FOLDER, to build indexes from.

    TABLE has the columns file and text. Run it again to go on where it ended.
    """
    from tipsearch import bulk

    with _progress() as progress:
        done = bulk.embed(table, folder, Settings.from_environment(), ray=ray, progress=progress)
    if as_json:
        _say_json(done)
    else:
        skipped = f", {done.skipped:,} of them no profile" if done.skipped else ""
        _say(f"{done.rows:,} new rows{skipped}: {done.passages:,} passages embedded")


@cli.command()
@_corpus
@_index
@_threads
@_json
def update(corpus: Path, index: str, *, as_json: bool) -> None:
    """Bring the index up to date; only new text is embedded.

    An index that is missing, damaged or of an older format is built.
    """
    from tipsearch.index import Index, store_at

    start = time.perf_counter()
    with _progress() as progress:
        if store_at(index).is_usable(index):
            changes = Index.open(index).update(corpus, progress=progress)
        else:
            changes = Index.build(corpus, index, progress=progress).changes
    _report(changes, time.perf_counter() - start, as_json=as_json)


def _report(changes: IndexUpdate, seconds: float, *, as_json: bool) -> None:
    """Print what a build or update did, and end with exit code 7 if files were skipped."""
    if as_json:
        _say_json(changes)
    else:
        for word in ("added", "changed", "removed"):
            for file in getattr(changes, word):
                _say(f"{word:8} {_printable(file)}")
        counts = ", ".join(
            f"{len(getattr(changes, word))} {word}" for word in ("added", "changed", "removed")
        )
        _say(
            f"{counts}, {changes.unchanged} unchanged; {changes.embedded_passages} passages"
            f" embedded, {changes.reused_passages} reused, in {seconds:.1f} s"
        )
    _end_with_skipped(changes.warnings, changes.skipped)


def _end_with_skipped(warnings: Sequence[SkippedFile], skipped: Sequence[SkippedFile]) -> None:
    """List doubtful and skipped files, and end with exit code 7 if there are skipped ones."""
    for word, files in (("warning", warnings), ("skipped", skipped)):
        for file in files:
            _say(f"{word}: {_printable(file.file)}: {file.reason}", error=True)
    if skipped:
        sys.exit(EXIT_SOME_FILES_SKIPPED)


@cli.command()
@click.argument("query")
@_index
@_k
@_filter
@_json
def search(query: str, index: str, k: int | None, pairs: Sequence[str], *, as_json: bool) -> None:
    """Find the passages closest to QUERY."""
    from tipsearch.index import Index

    hits = Index.open(index).search(query, k, _filters(pairs))
    if as_json:
        _say_json(hits)
    elif not hits:
        _say("No passage fits.")
    for hit in [] if as_json else hits:
        _say_hit(hit)


def _say_hit(hit: Hit) -> None:
    about = f"{hit.title}, paragraph {hit.passage.paragraph}"
    _say(f"{hit.rank:3}. {about}  [{hit.scores.fused:.2f}]")
    _say(_wrapped(hit.passage.text, "     ") + "\n")


def _wrapped(text: str, indent: str) -> str:
    import textwrap

    return textwrap.fill(text, 88, initial_indent=indent, subsequent_indent=indent)


@cli.command()
@click.argument("question")
@_index
@_k
@_filter
@_threshold
@_kind
@_json
def ask(
    question: str,
    index: str,
    k: int | None,
    pairs: Sequence[str],
    threshold: float | None,
    kind: str | None,
    *,
    as_json: bool,
) -> None:
    """Answer QUESTION with a quote from a profile, or say that there is none."""
    from tipsearch.answering.assistant import Assistant

    assistant = Assistant.open(index)
    asked_for = Kind(kind) if kind else None
    answer = assistant.phrase(assistant.ask(question, k, _filters(pairs), threshold, asked_for))
    if as_json:
        _say_json(answer)
    else:
        _say_answer(answer)
    if assistant.index.snapshot.notice:
        _say(f"warning: {assistant.index.snapshot.notice}", error=True)


def _say_answer(answer: Answer) -> None:
    if answer.understood:
        _say(f"({answer.understood})\n")
    if answer.text is None:
        _say(answer.detail)
        if answer.hits:
            _say("\nClosest passages (not an answer):")
        for hit in answer.hits[:_CLOSEST]:
            _say_hit(hit)
        return
    if answer.phrased:
        _say(_wrapped(" ".join(phrase.text for phrase in answer.phrased), ""))
        _say("(phrased by a language model; each sentence was checked against the quotes)\n")
    if answer.notice:
        _say(f"({answer.notice})\n")
    _say_quotes(answer)


def _say_quotes(answer: Answer) -> None:
    """Print an answer's short form, if the quotes do not say it, then each quote."""
    quotes = [citation.quote for citation in answer.citations]
    many = answer.items or answer.kind == Kind.OVERVIEW
    if answer.kind in {Kind.COUNT, Kind.COMPARISON} or not (many or answer.text in quotes):
        _say(f"{answer.text}\n")
    labels = [*answer.items, *(f"Possibly {name}" for name in answer.possibly)]
    for number, citation in enumerate(answer.citations):
        if number < len(labels):
            _say(labels[number])
        _say(_wrapped(f"“{citation.quote}”", "  "))
        _say(f"  — {citation.title}, paragraph {citation.paragraph}")
    if answer.confidence < SURE:
        _say("  Unsure: see whether the sentence really answers.")


@cli.command()
@_index
def chat(index: str) -> None:
    """Ask one question after another; "she", "there" and "And in 2010?" are understood."""
    from tipsearch.answering.assistant import Assistant

    assistant = Assistant.open(index)
    conversation = assistant.conversation()
    interactive = sys.stdin.isatty()
    if interactive:
        _say("Ask about the profiles. An empty line ends the conversation.")
    while True:
        try:
            question = input("> " if interactive else "")
        except EOFError:
            return
        if not question.strip():
            return
        assistant.refresh()
        try:
            answer = assistant.phrase(conversation.ask(question))
        except QueryError as error:
            _say(str(error))
            continue
        if answer.question != question:
            _say(f"(understood as: {answer.question})")
        _say_answer(answer)
        _say()


@cli.command()
@_index
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, default=7860, show_default=True, help="Port to listen on.")
def serve(index: str, host: str, port: int) -> None:
    """Open the web page; it takes up a rebuilt index by itself."""
    from tipsearch.answering.assistant import Assistant
    from tipsearch.web.server import listen
    from tipsearch.web.server import serve as serve_page

    with listen(host, port) as socket:
        serve_page(Assistant.open(index), socket)


@cli.command()
@_corpus
@_json
def check(corpus: Path, *, as_json: bool) -> None:
    """Say what an editor should look at: skipped files, empty fields, twins, disagreements."""
    from tipsearch.corpus import desk
    from tipsearch.corpus.profiles import load

    found = load(corpus, Settings.from_environment().file_bytes)
    findings = desk.look(found.profiles)
    if as_json:
        _say_json({
            "profiles": found.profiles,
            "findings": findings,
            "skipped": found.skipped,
            "warnings": found.warnings,
        })
    else:
        for profile in found.profiles:
            empty = [name for name in FIELD_NAMES if not getattr(profile.fields, name)]
            lacks = f"  (empty: {', '.join(empty)})" if empty else ""
            _say(f"ok       {_printable(profile.file)}: {profile.title}{lacks}")
        for finding in findings:
            _say_finding(finding)
    _end_with_skipped(found.warnings, found.skipped)


_FINDINGS = {
    "field": "the text may give {field}: {value}",
    "duplicate": "nearly the same, {value}",
    "disagreement": "worth a look, {value}",
}


def _say_finding(finding: Finding) -> None:
    told = _FINDINGS[finding.kind].format(field=finding.field, value=finding.value)
    _say(f"\nlook     {' and '.join(map(_printable, finding.files))}: {told}")
    for sentence in finding.sentences:
        _say(_wrapped(f"“{sentence}”", "  "))


@cli.group("eval")
def evaluate() -> None:
    """Measure how well questions are answered and passages found."""


_file = click.argument("file", type=click.Path(path_type=Path))
_plot = click.option(
    "--plot", type=click.Path(path_type=Path), default=None,
    help="Draw risk against coverage into this .svg or .png.",
)  # fmt: skip


@evaluate.command("squad")
@_file
@_plot
@_json
def eval_squad(file: Path, plot: Path | None, *, as_json: bool) -> None:
    """Ask each question of FILE of its own paragraph."""
    from tipsearch.answering.reader import SpanReader
    from tipsearch.evaluation import datasets, runner

    questions = datasets.load_questions(file)
    reader = SpanReader.open(Settings.from_environment())
    with _progress() as progress:
        predictions = runner.given(questions, reader, _count(progress, len(questions)))
    _say_scores(file, predictions, plot, as_json=as_json)


@evaluate.command("open")
@_file
@_plot
@_json
def eval_open(file: Path, plot: Path | None, *, as_json: bool) -> None:
    """Index all paragraphs of FILE together; retrieve, then read."""
    import tempfile

    from tipsearch.answering.reader import SpanReader
    from tipsearch.evaluation import datasets, runner
    from tipsearch.retrieval.encoder import OnnxEncoder

    questions = datasets.load_questions(file)
    settings = Settings.from_environment()
    reader = SpanReader.open(settings)
    with tempfile.TemporaryDirectory() as folder, _progress() as progress:
        contexts = {question.context: question.title for question in questions}
        encoder = OnnxEncoder.open(settings)
        snapshot = runner.index_texts(contexts, Path(folder), encoder, settings)
        step = _count(progress, len(questions))
        predictions = runner.retrieved(questions, snapshot, reader, step)
        snapshot.store.close()
    _say_scores(file, predictions, plot, as_json=as_json)


@evaluate.command("retrieval")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--split", default=None, help="Only queries with this split.")
@click.option("--no-reader", is_flag=True, help="Leave out the order after reading.")
@_json
def eval_retrieval(folder: Path, split: str | None, *, no_reader: bool, as_json: bool) -> None:
    """Measure how a BEIR-style FOLDER is ranked: each leg, fused, and after reading."""
    import tempfile

    from tipsearch.answering.reader import SpanReader
    from tipsearch.evaluation import retrieval, runner
    from tipsearch.retrieval.encoder import OnnxEncoder

    held = retrieval.load(folder, split)
    settings = Settings.from_environment()
    reader = None if no_reader else SpanReader.open(settings)
    with tempfile.TemporaryDirectory() as scratch, _progress() as progress:
        encoder = OnnxEncoder.open(settings)
        snapshot = runner.index_texts(held.titles, Path(scratch), encoder, settings)
        found = retrieval.runs(held, snapshot, reader, _count(progress, len(held.queries)))
        snapshot.store.close()
    table = retrieval.summary(held.queries, found)
    if as_json:
        _say_json({"documents": len(held.ids), "queries": len(held.queries), **table})
        return
    _say(f"{len(held.ids):,} documents, {len(held.queries):,} queries")
    columns = ["", *next(iter(table.values()))]
    _say_table(columns, [[n, *(f"{v:.3f}" for v in row.values())] for n, row in table.items()])


@evaluate.command("gold")
@_file
@_index
@click.option(
    "--compare", type=click.Path(path_type=Path), default=None,
    help="Say what is better and worse than in this older report.",
)  # fmt: skip
@click.option(
    "--floors", type=click.Path(path_type=Path), default=None,
    help=f"Exit with {EXIT_BELOW_FLOOR} if a figure of this file is not reached.",
)  # fmt: skip
@_plot
@_json
def eval_gold(
    file: Path, index: str, compare: Path | None, floors: Path | None, plot: Path | None,
    *, as_json: bool,
) -> None:  # fmt: skip
    """Ask the gold questions of FILE of an index, and judge each answer."""
    from tipsearch.answering.assistant import Assistant
    from tipsearch.evaluation import gold, squad

    asked = gold.load(file)
    old, least = (_read_json(path) if path else None for path in (compare, floors))
    assistant = Assistant.open(index)
    with _progress() as progress:
        outcomes = gold.ask_all(assistant, asked, _count(progress, len(asked)))
    report = gold.report(outcomes)
    if plot is not None:
        _draw(file, squad.risk_coverage(gold.predictions(assistant, asked)), plot)
    if as_json:
        _say_json(report)
    else:
        _say_gold(report["summary"])
    if old is not None:
        for name, changed in zip(("better", "worse"), gold.changes(old, outcomes), strict=True):
            _say(f"\n{len(changed)} {name}", error=as_json)
            for o in changed:
                _say(f"  {o.id}: {o.question} → {o.said or 'refused'}", error=as_json)
    if least is not None and (broken := gold.below(report["summary"], least)):
        for line in broken:
            _say(line, error=True)
        sys.exit(EXIT_BELOW_FLOOR)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise QueryError(f"{path} cannot be read: {error}") from error
    if not isinstance(record, dict):
        raise QueryError(f"{path} is not of that kind")
    return record


def _say_gold(summary: Mapping[str, Mapping[str, float]]) -> None:
    """Print a table by kind of question, and one of refusals."""
    kinds = {kind: row for kind, row in summary.items() if kind != "refusals"}
    for rows in (kinds, {"refusals": summary["refusals"]}):
        columns = ["", *next(iter(rows.values()))]
        _say_table(
            [name.replace("_", " ") for name in columns],
            [
                [kind.replace("_", "-"), *(f"{v:g}" for v in row.values())]
                for kind, row in rows.items()
            ],
        )


def _count(progress: Progress | None, total: int) -> Callable[[int], None]:
    done = 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress("Asking", done, total)

    return step


def _say_scores(
    file: Path, predictions: Sequence[Prediction], plot: Path | None, *, as_json: bool
) -> None:
    """Print the scores at two thresholds, the best one and another, and risk against coverage."""
    from tipsearch.evaluation import squad

    curve = squad.risk_coverage(predictions)
    if plot is not None:
        _draw(file, curve, plot)
    thresholds = {"best threshold": squad.best_threshold(predictions)}
    if any(prediction.golds for prediction in predictions):
        refusing = squad.threshold_refusing(predictions, 0.1)
        thresholds["10 % of answerable refused"] = refusing
    table = {name: asdict(squad.scores(predictions, at)) for name, at in thresholds.items()}
    risks = [squad.at_coverage(curve, tenth / 10) for tenth in range(1, 11)]
    if as_json:
        _say_json({"questions": len(predictions), **table, "risk_coverage": risks})
        return
    _say(f"{len(predictions)} questions")
    _say_table(["", *next(iter(table.values()))], [[n, *v.values()] for n, v in table.items()])
    _say("\nrisk: answers that are wrong, in %, by coverage: questions answered, in %")
    _say_table(
        ["coverage", *(f"{100 * point.coverage:.0f}" for point in risks)],
        [["risk", *(100 * point.risk for point in risks)]],
    )


def _draw(file: Path, curve: Sequence[RiskPoint], plot: Path) -> None:
    """Draw one file's risk against coverage."""
    from tipsearch.evaluation.plot import risk_coverage

    risk_coverage({file.name.split(".")[0]: curve}, plot)


def _say_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table whose first column holds names and the others figures."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, box=box.SIMPLE_HEAD)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(*(f"{v:.2f}" if isinstance(v, float) else str(v) for v in row))
    Console(width=None if sys.stdout.isatty() else _TABLE_CHARS).print(table)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command; every failure is one line on standard error and an exit code."""
    logging.basicConfig(format="%(message)s")
    logging.getLogger("tipsearch").setLevel(logging.INFO)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run(lambda: cli.main(arguments, "tipsearch", standalone_mode=False)))


def _run(command: Callable[[], object]) -> int:
    """Run a command and return its exit code; what goes wrong is said in one line."""
    code = 0
    try:
        command()
    except click.exceptions.Exit as leaving:
        code = leaving.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        code = 128 + signal.SIGINT
    except TipsearchError as error:
        _say_error(str(error))
        code = error.exit_code
    except Exception as error:
        _say_error(f"bug: {type(error).__name__}: {error}; run with --debug and report it")
        code = 1
    return code


def _say_error(line: str) -> None:
    if os.environ.get("TIPSEARCH_DEBUG"):
        traceback.print_exc()
    _say(f"tipsearch: {' '.join(line.split())}", error=True)
