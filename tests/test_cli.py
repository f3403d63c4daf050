"""The shell as a person uses it: a real process, its output, its one-line errors, its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CORPUS, write_corpus

_QUESTION = "When did Legros leave AFESIP?"


def tipsearch(
    *arguments: str, stdin: str = "", cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tipsearch", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, **environment},
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "index"
    built = tipsearch("build", "--corpus", str(CORPUS), "--index", str(folder))
    assert built.returncode == 0, built.stderr
    return folder


def failed(run: subprocess.CompletedProcess[str], code: int) -> str:
    """Return the one line a command that failed with a code has said."""
    assert run.returncode == code, (run.returncode, run.stdout, run.stderr)
    assert "Traceback" not in run.stderr
    (line,) = run.stderr.strip().splitlines()
    assert line.startswith("tipsearch: ")
    return line


def test_ask_prints_the_quote_and_where_it_stands(index: Path) -> None:
    run = tipsearch("ask", _QUESTION, "--index", str(index))
    assert run.returncode == 0
    assert "resigned from AFESIP in 2004" in " ".join(run.stdout.split())
    assert "— Pierre Legros and Somaly Mam, paragraph 2" in run.stdout


def test_ask_says_so_when_there_is_no_answer(index: Path) -> None:
    run = tipsearch("ask", "How old is Somaly Mam?", "--index", str(index))
    assert run.returncode == 0
    assert run.stdout.startswith("The profiles do not say, or not in words close to the question.")
    assert "Closest passages (not an answer):" in run.stdout


def test_json_is_the_record_field_for_field(index: Path) -> None:
    answer = json.loads(tipsearch("ask", _QUESTION, "--index", str(index), "--json").stdout)
    assert answer["reason"] is None
    (citation,) = answer["citations"]
    assert set(citation) == {
        "profile_id", "title", "paragraph", "start", "end", "answer_start", "answer_end",
        "quote", "sha256",
    }  # fmt: skip
    hits = json.loads(
        tipsearch("search", "boats", "--k", "2", "--index", str(index), "--json").stdout
    )
    assert [hit["rank"] for hit in hits] == [1, 2]


def test_search_takes_filters(index: Path) -> None:
    run = tipsearch("search", "work", "--filter", "active_in=nepal", "--index", str(index))
    assert "Charimaya Tamang" in run.stdout
    assert "Sakamoto" not in run.stdout
    none = tipsearch("search", "work", "--filter", "active_in=Atlantis", "--index", str(index))
    assert none.stdout == "No passage fits.\n"


def test_chat_understands_a_follow_up_and_survives_a_bad_question(index: Path) -> None:
    run = tipsearch(
        "chat", "--index", str(index), stdin="Who founded AFESIP?\n???\nWhen did he leave it?\n"
    )
    assert run.returncode == 0
    assert "nothing to search for" in run.stdout
    assert "(understood as: When did Pierre Legros leave AFESIP?)" in run.stdout


def test_update_lists_what_changed_and_builds_what_is_missing(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "c", {"a.md": "Ana Roy left.", "b.md": "Bo Li came."})
    where = ("--corpus", str(corpus), "--index", str(tmp_path / "i"))
    assert "2 added" in tipsearch("update", *where).stdout
    write_corpus(corpus, {"a.md": "Ana Roy stayed.", "c.md": "Cy Oz won."})
    run = tipsearch("update", *where)
    assert run.stdout.splitlines()[:3] == ["added    c.md", "changed  a.md", "removed  b.md"]
    assert "1 added, 1 changed, 1 removed, 0 unchanged; 2 passages embedded" in run.stdout
    again = json.loads(tipsearch("update", *where, "--json").stdout)
    assert (again["added"], again["unchanged"], again["embedded_passages"]) == ([], 2, 0)


def test_skipped_files_are_listed_and_exit_with_7(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "c", {"a.md": "Ana Roy left.", "empty.txt": ""})
    (corpus / "photo.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    for command in ("build", "update", "check"):
        where = ["--corpus", str(corpus)]
        if command != "check":
            where += ["--index", str(tmp_path / "i")]
        run = tipsearch(command, *where)
        assert run.returncode == 7
        assert "skipped: empty.txt: empty" in run.stderr
        assert "skipped: photo.txt: binary, not text" in run.stderr


def test_check_says_what_each_profile_lacks() -> None:
    run = tipsearch("check", "--corpus", str(CORPUS))
    assert run.returncode == 0
    assert "Pierre Legros and Somaly Mam  (empty: active_in, organization, award_year" in run.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ask", ""], "the question is empty"),
        (["ask", "x" * 2001], "2,001 characters; at most 2,000"),
        (["ask", "who", "--k", "0"], "k is 0"),
        (
            ["search", "who", "--filter", "planet=Mars"],
            "unknown filter field 'planet'; use active_in",
        ),
        (["search", "who", "--filter", "Mars"], "is not field=value"),
    ],
)
def test_a_request_that_cannot_be_used_exits_with_2(
    index: Path, arguments: list[str], said: str
) -> None:
    assert said in failed(tipsearch(*arguments, "--index", str(index)), 2)


def test_wrong_usage_exits_with_2() -> None:
    assert tipsearch("ask").returncode == 2
    assert tipsearch("frobnicate").returncode == 2


def test_no_usable_profile_exits_with_3(tmp_path: Path) -> None:
    corpus = tmp_path / "c"
    where = ("--corpus", str(corpus), "--index", str(tmp_path / "i"))
    assert f"no corpus folder at {corpus}" in failed(tipsearch("build", *where), 3)
    corpus.mkdir()
    assert "no usable profile" in failed(tipsearch("build", *where), 3)
    (corpus / "labels.txt").write_text("Loading\nActive in:\nFocus:\n")
    assert "labels.txt (no text besides labels)" in failed(tipsearch("build", *where), 3)
    assert not (tmp_path / "i" / "CURRENT").exists()


def test_a_missing_index_exits_with_4_and_says_what_to_do(tmp_path: Path) -> None:
    line = failed(tipsearch("ask", _QUESTION, "--index", str(tmp_path / "none")), 4)
    assert "no index at" in line
    assert "tipsearch build" in line


def test_an_index_of_another_model_exits_with_4_and_names_both(index: Path) -> None:
    line = failed(tipsearch("ask", _QUESTION, "--index", str(index), TIPSEARCH_PRECISION="fp32"), 4)
    assert "(int8)" in line
    assert "(fp32)" in line


def test_an_index_that_cannot_be_written_exits_with_5(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    corpus = write_corpus(tmp_path / "c", {"a.md": "Ana Roy left."})
    run = tipsearch("build", "--corpus", str(corpus), "--index", str(tmp_path / "file" / "i"))
    assert "cannot write" in failed(run, 5)


def test_a_missing_model_exits_with_6_at_once(index: Path, tmp_path: Path) -> None:
    missing = str(tmp_path / "nowhere")
    run = tipsearch("ask", _QUESTION, "--index", str(index), TIPSEARCH_MODEL=missing)
    assert missing in failed(run, 6)


def test_a_setting_of_the_wrong_type_is_named(index: Path) -> None:
    run = tipsearch("ask", "who", "--index", str(index), TIPSEARCH_K="many")
    assert "TIPSEARCH_K='many' is not a whole number" in failed(run, 2)


def test_a_closed_pipe_and_an_ascii_terminal_are_no_error(index: Path) -> None:
    command = f"{sys.executable} -m tipsearch search Brasil --index {index} | head -n 1"
    run = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stderr == ""
    assert run.stdout.startswith("  1. ")
    ascii_only = tipsearch(
        "search", "Repórter", "--index", str(index), PYTHONIOENCODING="ascii", PYTHONUTF8="0"
    )
    assert ascii_only.returncode == 0
    assert "Leonardo Sakamoto" in ascii_only.stdout


def test_a_file_name_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "c", {"a.md": "Ana Roy left.", "x\x1b[31m\n.txt": ""})
    run = tipsearch("check", "--corpus", str(corpus))
    assert run.returncode == 7
    assert "\x1b" not in run.stderr
    assert "skipped: x\\x1b[31m\\x0a.txt: empty" in run.stderr


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    run = tipsearch("--debug", "ask", "who", "--index", str(tmp_path / "none"))
    assert run.returncode == 4
    assert "Traceback" in run.stderr


def test_asking_imports_neither_torch_nor_gradio_and_calls_nobody(index: Path) -> None:
    code = (
        "import os, sys; from tipsearch import Assistant;"
        f"Assistant.open({str(index)!r}).ask({_QUESTION!r});"
        "heavy = {'torch', 'gradio', 'transformers', 'sentence_transformers'};"
        "print(sorted(heavy & set(sys.modules)), os.environ['ORT_DISABLE_TELEMETRY'])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout.strip() == "[] 1"
